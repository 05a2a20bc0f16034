//! What the steps of a scenario can do, in detail.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::expectation::Predicate;
use crate::scenario::{Bindings, Step};
use crate::template::Template;
use crate::yaml::Located;

/// A request to send.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Send {
    /// An endpoint by its metadata name, such as `token_endpoint`, or an address.
    pub to: Template,
    /// The method; without it POST when there is a body and GET otherwise.
    #[serde(default)]
    pub method: Option<String>,
    /// The client role that authenticates, as the provider file says how.
    #[serde(default, rename = "as")]
    pub client: Option<Template>,
    /// What the client authentication does differently.
    #[serde(default)]
    pub auth: Option<ClientAuth>,
    /// Query parameters.
    #[serde(default)]
    pub query: Bindings,
    /// A form body.
    #[serde(default)]
    pub form: Option<Bindings>,
    /// A form body as it goes onto the wire, for one that is malformed on purpose.
    #[serde(default)]
    pub raw: Option<Template>,
    /// A JSON body.
    #[serde(default)]
    pub json: Option<serde_json::Value>,
    /// Header fields.
    #[serde(default)]
    pub headers: Bindings,
    /// An access token to send as RFC 6750 §2.1 says.
    #[serde(default)]
    pub bearer: Option<Template>,
}

/// An address to open in the browser.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Visit {
    /// An endpoint by its metadata name, such as `authorization_endpoint`, or an address.
    pub to: Template,
    /// The client role; its `client_id` is the first query parameter.
    #[serde(default, rename = "as")]
    pub client: Option<Template>,
    /// Query parameters.
    #[serde(default)]
    pub query: Bindings,
    /// A form body; the visit then begins with a POST.
    #[serde(default)]
    pub form: Option<Bindings>,
    /// The user who logs in when a page asks for it; `nobody` stops at the login page.
    #[serde(default)]
    pub user: Option<Template>,
    /// `shared` for the cookies of the user's earlier visits in this run, `fresh` for a browser
    /// without cookies that keeps none. A provider may tie what it grants to the session, so a
    /// case that has something revoked wants one of its own.
    #[serde(default)]
    pub session: Option<Template>,
    /// What the user answers when asked.
    #[serde(default)]
    pub decision: Decision,
    /// The code to type in on a device verification page.
    #[serde(default)]
    pub user_code: Option<Template>,
}

/// The sessions that a visit can start with.
pub const SESSIONS: [&str; 2] = ["shared", "fresh"];

/// What the user answers on a consent page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Approves.
    #[default]
    Approve,
    /// Denies.
    Deny,
}

/// What a client authentication does differently from the correct one.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientAuth {
    /// The method to use instead of the client's own.
    #[serde(default)]
    pub method: Option<AuthMethod>,
    /// The secret to use instead of the client's own.
    #[serde(default)]
    pub secret: Option<Template>,
}

/// How a client authenticates: the registered names of RFC 7591 §2, and sending nothing at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// A public client: its `client_id` in the body.
    None,
    /// RFC 6749 §2.3.1, the `Authorization: Basic` header.
    ClientSecretBasic,
    /// RFC 6749 §2.3.1, `client_id` and `client_secret` in the body.
    ClientSecretPost,
    /// No identification at all, not even a `client_id`.
    Nothing,
    /// The secret in the `Authorization` header and in the body at once, which nobody may do.
    TwoMethods,
}

/// A JWT to build. It is assembled by hand, so that forbidden ones can be built too.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Jwt {
    /// The name to bind it to.
    pub name: Located<String>,
    /// The JOSE header, without `alg`, which follows from the key and `sign`.
    #[serde(default)]
    pub header: serde_json::Value,
    /// Whether the public key goes into the header as `jwk` (RFC 9449 §4.2).
    #[serde(default)]
    pub embed_key: bool,
    /// The claims.
    pub claims: serde_json::Value,
    /// Whose key signs.
    #[serde(default)]
    pub key: SigningKey,
    /// How it is signed.
    #[serde(default)]
    pub sign: Signing,
}

/// The key that signs a JWT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SigningKey {
    /// An ES256 key of this run, as a `DPoP` proof uses it.
    #[default]
    Ephemeral,
    /// The private key that the provider file gives for the client role in `${client}`.
    Client,
}

/// How a JWT is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Signing {
    /// As it should be.
    #[default]
    Correct,
    /// With `alg: none` and no signature.
    None,
    /// With a key that nobody knows.
    WrongKey,
    /// Correctly, and then one bit of the signature is changed.
    Tampered,
}

/// Time that must pass.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// How long, in seconds.
    pub seconds: Template,
    /// What is waited for, in the words of a report: "the device code to expire".
    #[serde(rename = "for")]
    pub purpose: String,
}

/// Branches that start together.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Race {
    /// How many copies of each branch start.
    #[serde(default = "one")]
    pub times: usize,
    /// The branches.
    pub branches: Vec<Vec<Step>>,
}

/// Steps done again and again.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// How many rounds at the most.
    pub times: usize,
    /// The pause between rounds, in seconds.
    #[serde(default)]
    pub every: Option<Template>,
    /// Ends early once these hold for the last step of a round.
    #[serde(default)]
    pub until: Vec<Predicate>,
    /// The steps of a round.
    pub steps: Vec<Step>,
}

fn one() -> usize {
    1
}

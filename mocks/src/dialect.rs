//! Dialects: what a kind of provider serves, to whom, and for how long. Data, from `mocks/dialects`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::error::StubError;
use crate::fault::Fault;
use crate::keys::KeySettings;
use crate::manners::{Authorization, ClientLogout, Login, Page, Refusals, Shape, Tokens};
use crate::quota::Exceeded;
use crate::user_pool::UserPool;

/// The embedded dialects by name.
pub const EMBEDDED: [(&str, &str); 5] = [
    ("auth0", include_str!("../dialects/auth0.yaml")),
    ("cognito", include_str!("../dialects/cognito.yaml")),
    ("cognito-device", include_str!("../dialects/cognito-device.yaml")),
    ("django-oauth-toolkit", include_str!("../dialects/django-oauth-toolkit.yaml")),
    ("strict", include_str!("../dialects/strict.yaml")),
];

/// One kind of provider.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dialect {
    /// Its name, as in [`EMBEDDED`].
    pub name: String,
    /// What the issuer identifier has after the base URL.
    #[serde(default)]
    pub issuer_path: String,
    /// The faults that are this product's ways: always on.
    #[serde(default)]
    pub habits: BTreeSet<Fault>,
    /// Where it answers.
    pub endpoints: Endpoints,
    /// How long things last.
    pub lifetimes: Lifetimes,
    /// How devices must poll.
    pub device: Polling,
    /// How keys are named and used.
    #[serde(default)]
    pub keys: KeySettings,
    /// All scopes it knows.
    pub scopes: Vec<String>,
    /// What a request without a scope asks for.
    pub default_scope: Vec<String>,
    /// The audience of access tokens.
    pub resource: String,
    /// The metadata document, with `${issuer}`, `${token_endpoint}` and their kin.
    pub metadata: Map<String, Value>,
    /// The document of RFC 8414, where it is another one.
    #[serde(default)]
    pub authorization_server_metadata: Option<Map<String, Value>>,
    /// Endpoints that take their parameters as a JSON object, too, by name.
    #[serde(default)]
    pub json_endpoints: Vec<String>,
    /// Endpoints for forms that take their parameters from the query of a GET, too, by name.
    #[serde(default)]
    pub get_endpoints: Vec<String>,
    /// How refusals are worded.
    #[serde(default)]
    pub refusals: Refusals,
    /// How the authorization endpoint answers.
    #[serde(default)]
    pub authorization: Authorization,
    /// The login page.
    pub login: Login,
    /// What tokens are.
    pub tokens: Tokens,
    /// Headers that all answers of an endpoint have, by its name; `*` stands for all endpoints. `${uuid}` in
    /// a value is a new one each time.
    #[serde(default)]
    pub headers: BTreeMap<String, BTreeMap<String, String>>,
    /// The logout by `client_id`.
    #[serde(default)]
    pub client_logout: ClientLogout,
    /// Pages that are always the same, by path.
    #[serde(default)]
    pub pages: BTreeMap<String, Page>,
    /// What is answered beyond a quota.
    #[serde(default)]
    pub quota_exceeded: Exceeded,
    /// Who can log in.
    pub users: Vec<User>,
    /// Who can ask for tokens.
    pub clients: Vec<Client>,
    /// The user pool behind a JSON API, if there is one.
    #[serde(default)]
    pub user_pool: Option<UserPool>,
}

/// Paths on the stub's base URL; nothing is served at an empty one.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
// Each field is the path of the endpoint it is named after.
pub struct Endpoints {
    pub openid_configuration: String,
    pub authorization_server_metadata: String,
    pub jwks: String,
    pub authorization: String,
    pub login: String,
    pub consent: String,
    pub token: String,
    pub userinfo: String,
    pub revocation: String,
    pub introspection: String,
    pub device_authorization: String,
    pub device_verification: String,
    pub end_session: String,
    pub client_logout: String,
    /// Where people become users, confirm that, and ask for another code.
    pub sign_up: String,
    pub confirm_sign_up: String,
    pub resend_code: String,
    /// Where they ask for a code instead of their password, and use it.
    pub forgot_password: String,
    pub confirm_forgot_password: String,
    /// Where a login leads before it leads to the client.
    pub resume: String,
    /// The one endpoint of the device grant, whose parameters are all in the query.
    pub device_grant: String,
    /// Where an upstream login of that endpoint returns to.
    pub device_callback: String,
}

/// Seconds from issue to expiry.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
// Each field is the life time of what it is named after.
pub struct Lifetimes {
    pub authorization_code: u64,
    pub access_token: u64,
    pub refresh_token: u64,
    pub device_code: u64,
    pub session: u64,
    pub id_token: u64,
    pub pending_authorization: u64,
}

/// How devices must poll (RFC 8628 §3.5), in seconds.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Polling {
    /// The least time between two polls.
    pub interval: u64,
    /// What every `slow_down` adds to the interval.
    pub slow_down: u64,
    /// The interval grows no further than this.
    pub longest_interval: u64,
    /// Whether the first poll, too, must keep its distance: from the issue of the device code.
    #[serde(default)]
    pub timed_from_issue: bool,
    /// Whether an expired device code is unknown from the second poll on.
    #[serde(default)]
    pub expired_told_once: bool,
    /// What a device code looks like; without it, 32 base64url characters.
    #[serde(default)]
    pub device_code: Option<Shape>,
    /// What a user code looks like; without it, eight consonants.
    #[serde(default)]
    pub user_code: Option<Shape>,
}

/// Someone who can log in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The name to log in with, and the claim `preferred_username`.
    pub username: String,
    /// The password to log in with.
    pub password: String,
    /// The claim `sub`.
    pub sub: String,
    /// The claim `name`.
    pub name: String,
    /// The claim `email`.
    pub email: String,
    /// The groups that the user is in.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Further attributes, which are claims of ID tokens as well.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    /// Whether the account is locked.
    #[serde(default)]
    pub disabled: bool,
}

/// A registered client.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// The `client_id`.
    pub id: String,
    /// The `client_secret`, of a confidential client.
    #[serde(default)]
    pub secret: Option<String>,
    /// The authentication methods that the client may use.
    pub authentication: Vec<Authentication>,
    /// Its redirection URIs.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Where a logout may lead.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// The grant types that it may use.
    #[serde(default)]
    pub grants: Vec<GrantType>,
    /// The scopes that it may be granted.
    pub scopes: Vec<String>,
    /// When the user is asked.
    pub consent: Consent,
    /// Whether it is a resource server that may introspect the tokens of other clients.
    #[serde(default)]
    pub introspects_every_token: bool,
}

/// A client authentication method, by its registered name.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
// The names are those of RFC 7591 §2.
pub enum Authentication {
    None,
    ClientSecretBasic,
    ClientSecretPost,
}

/// A grant type, by its registered name.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
// The names are those of RFC 7591 §2 and RFC 8628 §3.4.
pub enum GrantType {
    AuthorizationCode,
    Implicit,
    RefreshToken,
    ClientCredentials,
    #[serde(rename = "urn:ietf:params:oauth:grant-type:device_code")]
    DeviceCode,
}

/// When the user is asked whether a client may have what it asks for.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// At every authorization.
    Always,
    /// Unless the user has agreed to these scopes before.
    First,
    /// Only with `prompt=consent`.
    Never,
}

/// The text of the embedded dialect of that name.
///
/// # Errors
/// When there is none.
pub fn embedded(name: &str) -> Result<&'static str, StubError> {
    let found = EMBEDDED.iter().find(|(known, _)| *known == name);
    let unknown =
        || StubError::UnknownDialect { name: name.into(), known: crate::dialects().join(", ") };
    found.map(|(_, text)| *text).ok_or_else(unknown)
}

/// The embedded dialect of that name.
///
/// # Errors
/// When there is none.
pub fn find(name: &str) -> Result<Dialect, StubError> {
    embedded(name).map(crate::yaml::parse)
}

/// The client with that identifier.
pub fn client<'a>(dialect: &'a Dialect, id: &str) -> Option<&'a Client> {
    dialect.clients.iter().find(|client| client.id == id)
}

/// The user with that name.
pub fn user<'a>(dialect: &'a Dialect, username: &str) -> Option<&'a User> {
    dialect.users.iter().find(|user| user.username == username)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_dialect_is_valid_and_has_its_own_name() {
        for (name, _) in EMBEDDED {
            let dialect = find(name).expect(name);
            assert_eq!(dialect.name, name);
            for client in &dialect.clients {
                let known = |scope| dialect.scopes.contains(scope);
                assert!(client.scopes.iter().all(known), "{} of {name}", client.id);
            }
        }
    }
}

//! How a dialect behaves where providers differ: data that the modules of the endpoints consult.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::reason::Reason;

/// How refusals are worded.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Refusals {
    /// No `error_description`, unless `words` give one.
    pub terse: bool,
    /// Status codes other than those of the specifications, by endpoint (`*` for all) and error code.
    pub status: BTreeMap<String, BTreeMap<String, u16>>,
    /// Other words, by reason.
    pub words: BTreeMap<Reason, Words>,
    /// Other words at one endpoint, by its name and the reason; they win over `words`.
    pub words_at: BTreeMap<String, BTreeMap<Reason, Words>>,
    /// The `WWW-Authenticate` of a failed client authentication; an empty one is not sent.
    pub challenge: Option<String>,
    /// What stands in the place of the JSON body, by status code.
    pub bodies: BTreeMap<u16, Body>,
}

/// A body that is always the same.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// The `Content-Type`; an empty one is not sent.
    pub media_type: String,
    /// The body.
    pub text: String,
}

/// The words of one refusal; what is left out stays as the specifications have it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Words {
    /// The status code.
    pub status: Option<u16>,
    /// The error code.
    pub error: Option<String>,
    /// The `error_description`; `${name}` is a parameter of the token request.
    pub description: Option<String>,
    /// The `Content-Type` of the body.
    pub media_type: Option<String>,
}

/// How the authorization endpoint answers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch in the dialect's file")]
pub struct Authorization {
    /// What an authorization code looks like.
    pub code: Secret,
    /// GET only.
    pub refuses_post: bool,
    /// The parameters that name the audience of the access token (RFC 8707 §2), first choice first.
    pub audience: Vec<String>,
    /// A request names one audience at the most; RFC 8707 §2 allows several.
    pub one_audience: bool,
    /// The values of `identity_provider` that it knows; with none the parameter means nothing.
    pub identity_providers: Vec<String>,
    /// Nobody is ever asked for consent, not even with `prompt=consent`.
    pub never_asks: bool,
    /// A code is spent by an exchange that fails because of its redirect URI or verifier.
    pub failure_spends_code: bool,
    /// A redirect after a form has status 302 instead of 303.
    pub found: bool,
    /// Confidential clients, too, must send a `code_challenge`.
    pub pkce_for_all: bool,
    /// A challenge without a method is a plain one, as RFC 7636 §4.3 has it.
    pub missing_method_is_plain: bool,
    /// Any text is a challenge.
    pub challenge_unchecked: bool,
    /// An OpenID request, too, may leave out a `redirect_uri` of which only one is registered.
    pub redirect_uri_optional: bool,
    /// Parameters that mean nothing here.
    pub ignored: Vec<String>,
    /// The audiences that exist; with none, any may be asked for.
    pub audiences: Vec<String>,
    /// The page about errors that no redirect URI may learn, with `${error}` and `${description}`.
    pub error_html: Option<String>,
    /// Also the implicit grant: `response_type=token`.
    pub implicit: bool,
    /// The `token_type` of its responses, if it is written in another way there.
    pub implicit_token_type: Option<String>,
    /// The page to which errors lead that no redirect URI may learn; without it they are shown at once.
    pub error_page: Option<String>,
}

/// What a code or a token without content looks like.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Secret {
    /// 32 base64url characters.
    #[default]
    Text,
    /// A UUID.
    Uuid,
    /// Five base64url parts with dots between them, like an encrypted token.
    FiveParts,
    /// 30 letters and digits.
    Letters,
}

/// The login page.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Login {
    /// How the page knows what it is for.
    pub carries: Carrier,
    /// The query parameter, and hidden input, that carries it.
    pub parameter: String,
    /// The names of the inputs and of the cookie against forged forms.
    pub fields: Fields,
    /// The name of the cookie of a logged-in browser.
    pub session_cookie: String,
    /// Whether the cookie says how long it is good; otherwise it ends with the browser.
    pub session_cookie_outlives_browser: bool,
    /// The page as HTML, with `${action}`, `${csrf}`, `${carried}` and `${message}`.
    pub page: String,
    /// The status of the page that says that the password is wrong.
    pub failed_status: u16,
    /// Whether the form is built by a script, which sends it and is answered in JSON.
    pub scripted: bool,
}

/// How the login page knows what it is for.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Carrier {
    /// A handle under which the stub remembers the request.
    Handle,
    /// The query of the authorization request itself.
    Query,
    /// The address to return to.
    Next,
}

/// The names in a login form.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fields {
    /// The input that proves that the form is the stub's.
    pub csrf: String,
    /// The cookie that it must equal.
    pub csrf_cookie: String,
    /// The input for the name.
    pub username: String,
    /// The input for the password.
    pub password: String,
    /// What the text against forged forms looks like.
    pub csrf_form: Secret,
}

/// What tokens are, and what the token response says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch in the dialect's file")]
pub struct Tokens {
    /// The claims of access tokens; without them access tokens are opaque.
    pub access_token_claims: Option<Map<String, Value>>,
    /// Access tokens without an audience are opaque all the same.
    pub opaque_without_audience: bool,
    /// What an opaque access token looks like.
    pub access_token_form: Secret,
    /// The `sub` of a client that acts for itself, with `${client_id}`; without it, the `client_id`.
    pub client_subject: Option<String>,
    /// A refresh ends the access tokens that were issued before it.
    pub refresh_ends_predecessors: bool,
    /// The claims of ID tokens.
    pub id_token_claims: Map<String, Value>,
    /// The answer of the userinfo endpoint.
    pub userinfo: Map<String, Value>,
    /// The `WWW-Authenticate` of an error with a code, with `${error}` and `${description}`.
    pub challenge: Option<String>,
    /// Only refresh tokens can be revoked.
    pub only_refresh_tokens_revocable: bool,
    /// Whether the scope `openid` without any other shows all that is known of a user.
    pub openid_alone_shows_all: bool,
    /// When a refresh token is issued.
    pub refresh_token: RefreshToken,
    /// What a refresh token looks like.
    pub refresh_token_form: Secret,
    /// Members that the token response lacks.
    pub response_omits: Vec<String>,
}

/// When a refresh token is issued to a client that may use it.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum RefreshToken {
    /// When the scope has `offline_access` (OIDC Core §11).
    #[default]
    OfflineAccess,
    /// Whenever a user has logged in.
    Always,
}

impl Default for Login {
    fn default() -> Login {
        Login {
            carries: Carrier::Handle,
            parameter: "request".into(),
            fields: Fields::default(),
            session_cookie: "stub_session".into(),
            session_cookie_outlives_browser: false,
            page: String::new(),
            failed_status: 200,
            scripted: false,
        }
    }
}

impl Default for Fields {
    fn default() -> Fields {
        Fields {
            csrf: "csrf".into(),
            csrf_cookie: "stub_csrf".into(),
            username: "username".into(),
            password: "password".into(),
            csrf_form: Secret::Text,
        }
    }
}

/// A logout that a client asks for by its `client_id`: the product's own, not OpenID Connect's.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClientLogout {
    /// The parameter with the address to return to.
    pub address: String,
    /// Whether the parameters of an authorization request lead to a new login instead.
    pub back_to_login: bool,
    /// What the refusal says when neither is there or right.
    pub error: String,
}

/// A page that is always the same.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// Its status code.
    #[serde(default = "ok")]
    pub status: u16,
    /// Its heading.
    pub title: String,
    /// Its body as HTML.
    pub html: String,
}

fn ok() -> u16 {
    200
}

/// What a code of the device grant looks like.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// The characters that it is made of.
    pub alphabet: String,
    /// How many of them.
    pub length: usize,
    /// A dash stands after so many when people read it; with 0 there is none.
    #[serde(default)]
    pub group: usize,
}

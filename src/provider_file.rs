//! The provider file, as it is written.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::time::Duration;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::action::AuthMethod;
use crate::capability::{CAPABILITIES, ENDPOINTS, HOOKS, ROLES};
use crate::login::Login;
use crate::pages::PageRules;
use crate::secret::SecretSource;
use crate::template::Template;
use crate::yaml::Located;

/// The environment variables that the text of a provider file names without a default, outside its
/// comments.
pub fn variables(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let rests = lines.flat_map(|line| line.split("env:").skip(1)).map(str::trim_start);
    let names = rests.filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let (name, rest) = rest.split_at(end.unwrap_or(rest.len()));
        (!name.is_empty() && !rest.starts_with(':')).then(|| name.to_owned())
    });
    names.collect()
}

/// A provider file, as written.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProviderFile {
    /// A short name for reports.
    pub name: String,
    /// The issuer identifier; `${env:NAME}` and `${env:NAME:default}` are filled in.
    pub issuer: Template,
    /// What its answers are evidence of.
    #[serde(default)]
    pub evidence: Basis,
    /// The profile that decides where specifications disagree; `--profile` wins over it.
    #[serde(default)]
    pub profile: Option<Located<String>>,
    /// Where the metadata is, when it is not `{issuer}/.well-known/openid-configuration`.
    #[serde(default)]
    pub discovery: Option<Template>,
    /// The `iss` that tokens carry, when it is not the issuer.
    #[serde(default)]
    pub expected_iss: Option<Template>,
    /// Endpoints that the metadata lacks or gives wrongly, by their metadata names.
    #[serde(default)]
    #[schemars(extend("propertyNames" = { "enum": ENDPOINTS }))]
    pub endpoints: BTreeMap<String, Template>,
    /// Whether there is a metadata document. Without one, this file says everything.
    #[serde(default = "yes")]
    pub publishes_metadata: bool,
    /// Endpoints that take their parameters in the query instead of a form, by their metadata names.
    #[serde(default)]
    pub query_endpoints: Vec<String>,
    /// Further origins that may be contacted, such as a sign-in domain. Those of the issuer, of
    /// `endpoints` and of hooks may be anyway; no other one is, whatever metadata or a redirect says.
    #[serde(default)]
    pub origins: Vec<Template>,
    /// The redirect URI that all clients have registered.
    pub redirect_uri: Template,
    /// An https redirect URI off the loopback that the client `two_uris` has registered as well.
    /// Nothing needs to answer there; with a slash at its end it shows more.
    #[serde(default)]
    pub https_redirect_uri: Option<Template>,
    /// Where clients have registered to be sent after a logout.
    #[serde(default)]
    pub post_logout_redirect_uri: Option<Template>,
    /// A redirect URI that no client has registered.
    #[serde(default)]
    pub stranger_uri: Option<Template>,
    /// The scope to ask for.
    #[serde(default)]
    pub scope: Option<String>,
    /// What it takes to get a refresh token.
    #[serde(default)]
    pub offline: Offline,
    /// The clients, by role.
    #[schemars(extend("propertyNames" = { "enum": ROLES }))]
    pub clients: BTreeMap<String, ClientEntry>,
    /// The role that signs users in; `public` unless said otherwise.
    #[serde(default)]
    pub client: Option<Located<String>>,
    /// The role that introspects tokens; `resource_server`, or else `confidential`.
    #[serde(default)]
    pub introspect_as: Option<Located<String>>,
    /// The users; the first one named signs in.
    #[serde(default)]
    pub users: BTreeMap<String, UserEntry>,
    /// The user who signs in; `alice` unless said otherwise.
    #[serde(default)]
    pub user: Option<Located<String>>,
    /// Capabilities that the provider has or lacks, whatever its metadata says.
    #[serde(default)]
    #[schemars(extend("propertyNames" = { "enum": CAPABILITIES.as_slice() }))]
    pub offers: BTreeMap<String, bool>,
    /// How users log in; by the forms on its pages unless said otherwise.
    #[serde(default)]
    pub login: Login,
    /// How its login, consent and device pages differ from what the form driver finds by itself.
    #[serde(default)]
    pub pages: PageRules,
    /// How to ask its administration for something, by hook name.
    #[serde(default)]
    #[schemars(extend("propertyNames" = { "enum": HOOKS }))]
    pub hooks: BTreeMap<String, Hook>,
    /// How to treat it.
    #[serde(default)]
    pub pace: Pace,
    /// Deviations that are known and accepted for now.
    #[serde(default)]
    pub known: Vec<KnownDeviation>,
}

/// What the answers of a provider are evidence of.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The product itself.
    #[default]
    Measured,
    /// What the product's documentation says, or a stub: the product itself may do otherwise.
    Documented,
}

/// What it takes to get a refresh token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Offline {
    /// The scope to ask for, when it is not the ordinary one.
    #[serde(default)]
    pub scope: Option<String>,
    /// The `prompt` to send.
    #[serde(default)]
    pub prompt: Option<String>,
}

/// A client, as written.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientEntry {
    /// Its `client_id`.
    pub client_id: Template,
    /// How it authenticates.
    pub auth: AuthMethod,
    /// Where its secret is kept.
    #[serde(default)]
    pub secret: Option<SecretSource>,
    /// Where its private key is kept, as PKCS#8 in PEM, for the assertions it signs.
    #[serde(default)]
    pub key: Option<SecretSource>,
    /// The scope it may ask for by itself.
    #[serde(default)]
    pub scope: Option<String>,
    /// What each of its requests has beside the parameters of the specifications, such as an
    /// `audience`.
    #[serde(default)]
    pub parameters: BTreeMap<String, Template>,
}

fn yes() -> bool {
    true
}

/// A user, as written.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserEntry {
    /// The name to log in with.
    pub username: Template,
    /// Where the password is kept.
    pub password: SecretSource,
}

/// A way to ask the provider's administration for something.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Hook {
    /// A POST with a JSON body; success is a 2xx answer.
    Post(PostHook),
    /// A program and its arguments; success is exit code 0. An empty program means no hook.
    Command(Vec<Template>),
}

/// A hook that is an HTTP request.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PostHook {
    /// The address.
    pub url: Template,
    /// The JSON body.
    #[serde(default)]
    pub json: serde_json::Value,
}

/// How a provider is to be treated.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Pace {
    /// How long one exchange may take; written in seconds.
    #[serde(deserialize_with = "seconds")]
    #[schemars(with = "f64")]
    pub timeout: Duration,
    /// The pause after each request, which then go one by one; written in seconds.
    #[serde(deserialize_with = "seconds")]
    #[schemars(with = "f64")]
    pub pause: Duration,
    /// The most requests that are begun in a second.
    pub rate: Option<Rate>,
    /// The most requests, and cases, that are under way at once. Without it four cases are, and a
    /// race sends all its requests at once.
    pub concurrency: Option<NonZeroUsize>,
    /// The longest `Retry-After` that is waited for; written in seconds.
    #[serde(deserialize_with = "seconds")]
    #[schemars(with = "f64")]
    pub retry_after: Duration,
}

/// So many requests a second; above zero.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(try_from = "f64")]
pub struct Rate(pub f64);

impl TryFrom<f64> for Rate {
    type Error = String;

    fn try_from(number: f64) -> Result<Self, String> {
        let slow = number.is_finite() && number >= 0.001;
        slow.then_some(Self(number)).ok_or_else(|| {
            format!("`{number}` is no number of requests per second, expected 0.001 or more")
        })
    }
}

impl Default for Pace {
    fn default() -> Self {
        // Slow password hashing takes 400 ms a request at one real product, so be patient.
        Self {
            timeout: Duration::from_secs(20),
            pause: Duration::ZERO,
            rate: None,
            concurrency: None,
            retry_after: Duration::from_secs(10),
        }
    }
}

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let number = f64::deserialize(deserializer)?;
    Duration::try_from_secs_f64(number)
        .map_err(|_| D::Error::custom(format!("`{number}` is no number of seconds to wait")))
}

/// A deviation that is known and accepted until a date.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KnownDeviation {
    /// The requirement that is not met.
    pub requirement: Located<String>,
    /// The one case that it is about; all of the requirement's cases when absent.
    #[serde(default)]
    pub case: Option<Located<String>>,
    /// Why it is accepted.
    pub reason: String,
    /// Where this can be read up.
    pub source: String,
    /// It comes and goes, as a race does: a run that does not show it does not make it stale.
    #[serde(default)]
    pub intermittent: bool,
    /// The last day on which it is accepted, as YYYY-MM-DD.
    #[schemars(with = "String")]
    pub until: NaiveDate,
}

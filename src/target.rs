//! The target of a run: the provider with its endpoints, its users' sessions, and the names that
//! every case starts with.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::sync::Mutex;
use url::Url;

use crate::capability::{Capabilities, ENDPOINTS};
use crate::chromium::Chromium;
use crate::driver::Session;
use crate::evaluate::CLIENT_IDS;
use crate::jose::PrivateKey;
use crate::polite;
use crate::provider::Provider;
use crate::transport::Transport;
use crate::variables::Variables;
use crate::wire::{Request, TransportError};

/// What every case of a run shares.
pub struct Target<'a> {
    /// The provider.
    pub provider: &'a Provider,
    /// What it offers.
    pub capabilities: Arc<Capabilities>,
    /// The names that every case starts with.
    pub variables: Variables,
    /// Its endpoints by their text, read once: a load asks the same few a million times.
    pub addresses: Arc<HashMap<String, Url>>,
    /// Where a browser may be sent to.
    pub origins: Arc<[Url]>,
    /// Where a browser leaves the provider for a client.
    pub callbacks: Arc<[Url]>,
    /// Each user's browser.
    pub sessions: BTreeMap<String, Mutex<Session>>,
    /// The program that shows pages with scripts, where the provider file asks for it.
    pub chromium: Arc<Chromium>,
    /// The key of this run for proofs of possession.
    pub key: Arc<PrivateKey>,
    /// The longest that a step may wait without a clock hook.
    pub max_wait: Duration,
}

/// The names that every case starts with, beside the endpoints.
pub const NAMES: [&str; 16] = [
    "issuer",
    "expected_iss",
    "redirect_uri",
    "https_redirect_uri",
    "post_logout_redirect_uri",
    "stranger_uri",
    "scope",
    "offline_scope",
    "offline_prompt",
    "client",
    "device_scope",
    "service_scope",
    "introspector",
    "user",
    "session",
    CLIENT_IDS,
];

/// Reads the provider's metadata and prepares a run against it.
///
/// # Errors
/// When the provider cannot be reached. Any answer is good enough here: whether it is a proper
/// metadata document is for the checks to tell.
pub async fn prepare<'a>(
    provider: &'a Provider,
    transport: &impl Transport,
    max_wait: Duration,
) -> Result<Target<'a>, TransportError> {
    let metadata = if provider.publishes_metadata {
        fetch_metadata(provider, transport).await?
    } else {
        Ok(Value::Null)
    };
    let endpoints = endpoints(provider, metadata.as_ref().unwrap_or(&Value::Null));
    let capabilities = Capabilities::determine(provider, &metadata, &endpoints);
    Ok(Target {
        provider,
        capabilities: Arc::new(capabilities),
        variables: variables(provider, &endpoints),
        addresses: Arc::new(addresses(&endpoints)),
        origins: polite::origins(provider).into(),
        callbacks: callbacks(provider).into(),
        chromium: Arc::new(Chromium::new(provider.pace.timeout)),
        sessions: provider.users.keys().map(|user| (user.clone(), Mutex::default())).collect(),
        key: Arc::new(PrivateKey::generate()),
        max_wait,
    })
}

/// The same target with a browser of its own, for one of many workers, and the user who signs in.
pub fn fork<'a>(target: &Target<'a>, user: &str) -> Target<'a> {
    let mut variables = target.variables.clone();
    variables.insert("user".into(), user.into());
    Target {
        provider: target.provider,
        capabilities: Arc::clone(&target.capabilities),
        variables,
        addresses: Arc::clone(&target.addresses),
        origins: Arc::clone(&target.origins),
        callbacks: Arc::clone(&target.callbacks),
        chromium: Arc::clone(&target.chromium),
        sessions: BTreeMap::from([(user.to_owned(), Mutex::default())]),
        key: Arc::clone(&target.key),
        max_wait: target.max_wait,
    }
}

/// The endpoints without one of which nothing begins.
const ENTRANCES: [&str; 3] =
    ["authorization_endpoint", "token_endpoint", "device_authorization_endpoint"];

/// The metadata document, or why it cannot be read.
async fn fetch_metadata(
    provider: &Provider,
    transport: &impl Transport,
) -> Result<Result<Value, String>, TransportError> {
    let request = Request {
        method: "GET".into(),
        url: provider.discovery.clone(),
        headers: vec![("accept".into(), "application/json".into())],
        body: Vec::new(),
    };
    let response = transport.exchange(request).await.outcome?;
    Ok(match (response.status, response.json()) {
        (200, Ok(document)) if document.is_object() => Ok(document.clone()),
        (200, Ok(_)) => Err("it is no JSON object".into()),
        (200, Err(why)) => Err(why),
        // Nothing is published: then the provider file says everything, or else nobody does, and what
        // cannot be found cannot be called absent.
        (404, _) if ENTRANCES.iter().any(|name| provider.endpoints.contains_key(*name)) => {
            Ok(Value::Null)
        }
        (404, _) => {
            Err("nothing is published there (404), and the provider file names no endpoint".into())
        }
        (status, _) => Err(format!("the provider answered {status}")),
    })
}

/// The provider file's endpoints win over the metadata's.
fn endpoints(provider: &Provider, metadata: &Value) -> BTreeMap<String, String> {
    let published = ENDPOINTS
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), metadata.get(name)?.as_str()?.to_owned())));
    let mut endpoints: BTreeMap<String, String> = published.collect();
    endpoints.extend(provider.endpoints.clone());
    endpoints.insert("openid_configuration".into(), provider.discovery.to_string());
    endpoints
}

fn addresses(endpoints: &BTreeMap<String, String>) -> HashMap<String, Url> {
    let read = |text: &String| Some((text.clone(), Url::parse(text).ok()?));
    endpoints.values().filter_map(read).collect()
}

fn variables(provider: &Provider, endpoints: &BTreeMap<String, String>) -> Variables {
    let ids = provider.clients.iter().map(|(role, c)| (role.clone(), c.client_id.clone().into()));
    let optional = |text: Option<&str>| text.map_or(Value::Null, Value::from);
    let scope = optional(provider.scope.as_deref());
    let own_scope =
        |role: &str| provider.clients.get(role).and_then(|client| client.scope.as_deref());
    let pairs = [
        ("issuer", provider.issuer.as_str().into()),
        ("expected_iss", provider.expected_iss.as_str().into()),
        ("redirect_uri", provider.redirect_uri.as_str().into()),
        ("https_redirect_uri", optional(provider.https_redirect_uri.as_ref().map(Url::as_str))),
        (
            "post_logout_redirect_uri",
            optional(provider.post_logout_redirect_uri.as_ref().map(Url::as_str)),
        ),
        ("stranger_uri", provider.stranger_uri.as_str().into()),
        ("scope", scope.clone()),
        (
            "offline_scope",
            provider.offline.scope.as_ref().map_or(scope.clone(), |s| s.as_str().into()),
        ),
        ("offline_prompt", optional(provider.offline.prompt.as_deref())),
        ("client", provider.client.as_str().into()),
        ("device_scope", own_scope("device").map_or(scope, Value::from)),
        ("service_scope", optional(own_scope("service"))),
        ("introspector", provider.introspect_as.as_str().into()),
        ("user", provider.user.as_str().into()),
        ("session", "shared".into()),
        (CLIENT_IDS, Value::Object(ids.collect::<Map<_, _>>())),
    ];
    let endpoints = endpoints.iter().map(|(name, at)| (name.clone(), at.as_str().into()));
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(endpoints).collect()
}

fn callbacks(provider: &Provider) -> Vec<Url> {
    let others = provider.https_redirect_uri.iter().chain(&provider.post_logout_redirect_uri);
    [&provider.redirect_uri].into_iter().chain(others).cloned().collect()
}

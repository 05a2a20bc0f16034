//! Capabilities: what a provider offers, and so which scenarios apply to it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::action::AuthMethod;
use crate::provider::Provider;

/// The endpoints a scenario can name, by their metadata names; `openid_configuration` is the
/// metadata document itself.
pub const ENDPOINTS: [&str; 11] = [
    "openid_configuration",
    "authorization_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
    "jwks_uri",
    "revocation_endpoint",
    "introspection_endpoint",
    "device_authorization_endpoint",
    "end_session_endpoint",
    "pushed_authorization_request_endpoint",
    "registration_endpoint",
];

/// The client roles a scenario can name.
pub const ROLES: [&str; 9] = [
    "public",
    "public2",
    "consent",
    "confidential",
    "confidential_post",
    "service",
    "device",
    "resource_server",
    "signed",
];

/// The hooks a provider file can give.
pub const HOOKS: [&str; 2] = ["rotate_keys", "advance_clock"];

/// The capabilities a scenario can need.
pub const CAPABILITIES: [&str; 22] = [
    "discovery",
    "jwks",
    "authorization_code",
    "pkce",
    "openid",
    "refresh_token",
    "client_credentials",
    "device_code",
    "userinfo",
    "revocation",
    "introspection",
    "end_session",
    "pushed_authorization_requests",
    "dpop",
    "request_object",
    "public_client",
    "second_client",
    "confidential_client",
    "client_secret_basic",
    "client_secret_post",
    "signing_client",
    "rotate_keys",
];

/// For each capability, nothing, or the reason why the provider lacks it.
#[derive(Debug, Clone)]
pub struct Capabilities(BTreeMap<&'static str, Result<(), String>>);

/// What the reasons are taken from.
struct Facts<'a> {
    provider: &'a Provider,
    metadata: &'a Value,
    endpoints: &'a BTreeMap<String, String>,
}

impl Capabilities {
    /// Decides each capability from the provider file and the metadata; the file's `offers` wins.
    pub fn determine(
        provider: &Provider,
        metadata: &Value,
        endpoints: &BTreeMap<String, String>,
    ) -> Self {
        let facts = Facts { provider, metadata, endpoints };
        let decide = |name: &'static str| match provider.offers.get(name) {
            Some(true) => (name, Ok(())),
            Some(false) => (name, Err("the provider file says that it is not offered".into())),
            None => (name, facts.offered(name)),
        };
        Self(CAPABILITIES.into_iter().map(decide).collect())
    }

    /// Why a capability is missing; `None` when it is there.
    pub fn missing(&self, name: &str) -> Option<String> {
        match self.0.get(name) {
            Some(Ok(())) => None,
            Some(Err(reason)) => Some(format!("needs {name}: {reason}")),
            None => Some(format!("needs {name}, which is no capability")),
        }
    }

    /// Each capability with nothing, or the reason why it is missing.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Result<(), String>)> {
        self.0.iter().map(|(name, decision)| (*name, decision))
    }
}

impl Facts<'_> {
    fn offered(&self, capability: &str) -> Result<(), String> {
        match capability {
            "discovery" => Ok(()),
            "jwks" => self.endpoint("jwks_uri"),
            "authorization_code" => self.authorization_code(),
            "pkce" => self.listed("code_challenge_methods_supported", "S256"),
            "openid" => self.openid(),
            "refresh_token" => self.grant("refresh_token"),
            "client_credentials" => {
                self.role("service").and_then(|()| self.grant("client_credentials"))
            }
            "device_code" => self.device_code(),
            "userinfo" => self.endpoint("userinfo_endpoint"),
            "revocation" => self.endpoint("revocation_endpoint"),
            "introspection" => self.introspection(),
            "end_session" => self.endpoint("end_session_endpoint"),
            "pushed_authorization_requests" => {
                self.endpoint("pushed_authorization_request_endpoint")
            }
            "dpop" => self.present("dpop_signing_alg_values_supported"),
            "request_object" => self.request_object(),
            "public_client" => self.role("public"),
            "second_client" => self.role("public2"),
            "confidential_client" => self.role("confidential"),
            "client_secret_basic" => self.client_secret_basic(),
            "client_secret_post" => self.role("confidential_post"),
            "signing_client" => self.role("signed"),
            hook => self.hook(hook),
        }
    }

    fn endpoint(&self, name: &str) -> Result<(), String> {
        if self.endpoints.contains_key(name) {
            Ok(())
        } else {
            Err(format!("neither the metadata nor the provider file has a {name}"))
        }
    }

    fn role(&self, role: &str) -> Result<(), String> {
        if self.provider.clients.contains_key(role) {
            Ok(())
        } else {
            Err(format!("the provider file has no client for the role `{role}`"))
        }
    }

    fn hook(&self, name: &str) -> Result<(), String> {
        if self.provider.hooks.contains_key(name) {
            Ok(())
        } else {
            Err(format!("the provider file has no hook `{name}`"))
        }
    }

    fn present(&self, member: &str) -> Result<(), String> {
        match self.metadata.get(member) {
            Some(_) => Ok(()),
            None => Err(format!("the metadata has no {member}")),
        }
    }

    /// A list in the metadata decides when it is there; saying nothing is not a refusal.
    fn listed(&self, member: &str, value: &str) -> Result<(), String> {
        match self.metadata.get(member).and_then(Value::as_array) {
            Some(list) if !list.iter().any(|item| item == value) => {
                Err(format!("the metadata's {member} does not list {value}"))
            }
            _ => Ok(()),
        }
    }

    fn grant(&self, grant: &str) -> Result<(), String> {
        self.endpoint("token_endpoint")?;
        self.listed("grant_types_supported", grant)
    }

    fn authorization_code(&self) -> Result<(), String> {
        self.endpoint("authorization_endpoint")?;
        self.role(&self.provider.client)?;
        self.grant("authorization_code")
    }

    fn device_code(&self) -> Result<(), String> {
        self.endpoint("device_authorization_endpoint")?;
        self.role("device")?;
        self.grant("urn:ietf:params:oauth:grant-type:device_code")
    }

    fn openid(&self) -> Result<(), String> {
        let scope = self.provider.scope.as_deref().unwrap_or_default();
        if scope.split(' ').any(|token| token == "openid") {
            Ok(())
        } else {
            Err("the provider file's scope has no `openid`".into())
        }
    }

    fn introspection(&self) -> Result<(), String> {
        self.endpoint("introspection_endpoint")?;
        let role = &self.provider.introspect_as;
        match self.provider.clients.get(role).map(|client| client.auth) {
            None | Some(AuthMethod::None | AuthMethod::Nothing) => {
                Err("the provider file has no confidential client that may introspect".into())
            }
            Some(_) => Ok(()),
        }
    }

    fn client_secret_basic(&self) -> Result<(), String> {
        self.role("confidential")?;
        match self.provider.clients.get("confidential").map(|client| client.auth) {
            Some(AuthMethod::ClientSecretBasic) => Ok(()),
            _ => Err("the client `confidential` authenticates in another way".into()),
        }
    }

    fn request_object(&self) -> Result<(), String> {
        match self.metadata.get("request_parameter_supported") {
            Some(Value::Bool(true)) => Ok(()),
            _ => Err("the metadata does not say request_parameter_supported: true".into()),
        }
    }
}

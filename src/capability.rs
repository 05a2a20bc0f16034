//! Capabilities: what a provider offers, and so which scenarios apply to it.

mod advertised;

use std::collections::BTreeMap;

use serde_json::Value;
use url::Url;

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
pub const ROLES: [&str; 14] = [
    "public",
    "public2",
    "consent",
    "confidential",
    "confidential_post",
    "service",
    "device",
    // Another client with the device grant, a confidential one, and one that may not use the grant.
    "device2",
    "device_confidential",
    "no_device",
    "resource_server",
    // May introspect, but not the tokens of the client under test.
    "other_resource_server",
    // Has registered the file's `https_redirect_uri` beside its `redirect_uri`.
    "two_uris",
    "signed",
];

/// The hooks a provider file can give. A run calls the last one itself, before anything else.
pub const HOOKS: [&str; 3] = ["rotate_keys", "advance_clock", "reset_clock"];

/// The capabilities a scenario can need.
pub const CAPABILITIES: [&str; 53] = [
    "discovery",
    "jwks",
    "authorization_code",
    "pkce",
    "openid",
    "refresh_token",
    "client_credentials",
    "service_scope",
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
    "second_device_client",
    "confidential_device_client",
    "client_without_device_grant",
    "other_resource_server",
    "client_secret_basic",
    "client_secret_post",
    "signing_client",
    "authorization_server_metadata",
    "authorization_grant",
    "iss_parameter",
    "loopback_ports",
    "consent_client",
    "device_client",
    "expired_access_token",
    "expired_device_code",
    "refresh_token_rotation",
    "revocation_of_successors",
    "rotate_keys",
    "advance_clock",
    "second_user",
    "https_redirect_uri",
    "slash_redirect_uri",
    "grant_types_listed",
    "response_type_none_listed",
    "response_type_token_listed",
    "response_type_id_token_listed",
    "response_type_id_token_token_listed",
    "response_type_code_token_listed",
    "response_type_code_id_token_listed",
    "response_type_code_id_token_token_listed",
    "response_type_token_unlisted",
    "response_type_id_token_unlisted",
    "response_mode_fragment_unlisted",
    "grant_type_password_unlisted",
];

/// For each capability, nothing, or why it is not there.
#[derive(Debug, Clone)]
pub struct Capabilities(BTreeMap<&'static str, Result<(), Lack>>);

/// Why a capability is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lack {
    /// The provider does not have it, for this reason.
    Absent(String),
    /// It cannot be told, because the metadata could not be read.
    Unknown(String),
}

/// What the reasons are taken from.
struct Facts<'a> {
    provider: &'a Provider,
    metadata: &'a Value,
    /// Why the metadata could not be read.
    unread: Option<&'a str>,
    endpoints: &'a BTreeMap<String, String>,
}

impl Capabilities {
    /// Decides each capability from the provider file and the metadata; the file's `offers` wins.
    /// Metadata that could not be read excuses nothing: what it would have decided is unknown.
    pub fn determine(
        provider: &Provider,
        metadata: &Result<Value, String>,
        endpoints: &BTreeMap<String, String>,
    ) -> Self {
        let unread = metadata.as_ref().err().map(String::as_str);
        let metadata = metadata.as_ref().unwrap_or(&Value::Null);
        let facts = Facts { provider, metadata, unread, endpoints };
        let decide = |name: &'static str| match provider.offers.get(name) {
            Some(true) => (name, Ok(())),
            Some(false) => {
                let reason = "the provider file says that it is not offered";
                (name, Err(Lack::Absent(reason.into())))
            }
            None => (name, facts.offered(name)),
        };
        Self(CAPABILITIES.into_iter().map(decide).collect())
    }

    /// Why a capability is missing; `None` when it is there.
    pub fn missing(&self, name: &str) -> Option<Lack> {
        let need = |why: &str| format!("needs {name}: {why}");
        match self.0.get(name)? {
            Ok(()) => None,
            Err(Lack::Absent(why)) => Some(Lack::Absent(need(why))),
            Err(Lack::Unknown(why)) => Some(Lack::Unknown(need(why))),
        }
    }
}

impl Facts<'_> {
    fn offered(&self, capability: &str) -> Result<(), Lack> {
        if let Some(decided) = self.advertised(capability) {
            return decided;
        }
        match capability {
            // A provider file says no where tokens outlive every run, or the wait would be in vain,
            // and where refresh tokens are not replaced: that one is a violation of its own.
            "expired_access_token"
            | "expired_device_code"
            | "refresh_token_rotation"
            | "revocation_of_successors" => Ok(()),
            "discovery" => self.discovery(),
            "jwks" => self.endpoint("jwks_uri"),
            "authorization_code" => self.authorization_code(),
            "pkce" => self.listed("code_challenge_methods_supported", "S256"),
            "openid" => self.openid(),
            "refresh_token" => self.grant("refresh_token"),
            "client_credentials" => {
                self.role("service").and_then(|()| self.grant("client_credentials"))
            }
            "service_scope" => self.service_scope(),
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
            "second_device_client" => self.role("device2"),
            "confidential_device_client" => self.role("device_confidential"),
            "client_without_device_grant" => self.role("no_device"),
            "other_resource_server" => self.role("other_resource_server"),
            "client_secret_basic" => self.client_secret_basic(),
            "client_secret_post" => self.role("confidential_post"),
            "signing_client" => self.role("signed"),
            "consent_client" => self.role("consent"),
            "device_client" => self.role("device"),
            // RFC 8414 §2: what grant_types_supported means when it is left out.
            "authorization_grant" => self.listed("grant_types_supported", "authorization_code"),
            "iss_parameter" => self.iss_parameter(),
            "grant_types_listed" => self.present("grant_types_supported"),
            "second_user" => self.second_user(),
            "https_redirect_uri" => self.https_redirect_uri().map(drop),
            "slash_redirect_uri" => self.slash_redirect_uri(),
            named @ ("authorization_server_metadata" | "loopback_ports") => {
                Err(Lack::Absent(format!("the provider file has no `offers: {{ {named}: true }}`")))
            }
            hook => self.hook(hook),
        }
    }

    /// What the metadata does not say is only lacking when the metadata could be read.
    fn unless_unread(&self, reason: String) -> Lack {
        match self.unread {
            Some(why) => {
                Lack::Unknown(format!("{reason}, and the metadata could not be read: {why}"))
            }
            None => Lack::Absent(reason),
        }
    }

    fn discovery(&self) -> Result<(), Lack> {
        let none = "the provider file says that no metadata is published";
        let published = self.provider.publishes_metadata;
        published.then_some(()).ok_or_else(|| Lack::Absent(none.into()))
    }

    fn endpoint(&self, name: &str) -> Result<(), Lack> {
        if self.endpoints.contains_key(name) {
            Ok(())
        } else {
            let reason = format!("neither the metadata nor the provider file has {name}");
            Err(self.unless_unread(reason))
        }
    }

    fn role(&self, role: &str) -> Result<(), Lack> {
        if self.provider.clients.contains_key(role) {
            Ok(())
        } else {
            Err(Lack::Absent(format!("the provider file has no client for the role `{role}`")))
        }
    }

    /// What the client that acts for itself may have, which nothing but the file says.
    fn service_scope(&self) -> Result<(), Lack> {
        let scope = self.provider.clients.get("service").and_then(|client| client.scope.as_ref());
        let none = "the provider file gives the client `service` no scope";
        scope.map(drop).ok_or_else(|| Lack::Absent(none.into()))
    }

    fn hook(&self, name: &str) -> Result<(), Lack> {
        if self.provider.hooks.contains_key(name) {
            Ok(())
        } else {
            Err(Lack::Absent(format!("the provider file has no hook `{name}`")))
        }
    }

    fn present(&self, member: &str) -> Result<(), Lack> {
        match self.metadata.get(member) {
            Some(_) => Ok(()),
            None => Err(self.unless_unread(format!("the metadata has no {member}"))),
        }
    }

    /// A list in the metadata decides when it is there; saying nothing is not a refusal.
    fn listed(&self, member: &str, value: &str) -> Result<(), Lack> {
        match self.metadata.get(member).and_then(Value::as_array) {
            Some(list) if !list.iter().any(|item| item == value) => {
                Err(Lack::Absent(format!("the metadata's {member} does not list {value}")))
            }
            _ => Ok(()),
        }
    }

    fn grant(&self, grant: &str) -> Result<(), Lack> {
        self.endpoint("token_endpoint")?;
        self.listed("grant_types_supported", grant)
    }

    fn authorization_code(&self) -> Result<(), Lack> {
        self.endpoint("authorization_endpoint")?;
        self.role(&self.provider.client)?;
        self.grant("authorization_code")
    }

    fn device_code(&self) -> Result<(), Lack> {
        self.endpoint("device_authorization_endpoint")?;
        self.role("device")?;
        self.grant("urn:ietf:params:oauth:grant-type:device_code")
    }

    fn openid(&self) -> Result<(), Lack> {
        let scope = self.provider.scope.as_deref().unwrap_or_default();
        if scope.split(' ').any(|token| token == "openid") {
            Ok(())
        } else {
            Err(Lack::Absent("the provider file's scope has no `openid`".into()))
        }
    }

    fn introspection(&self) -> Result<(), Lack> {
        self.endpoint("introspection_endpoint")?;
        let role = &self.provider.introspect_as;
        match self.provider.clients.get(role).map(|client| client.auth) {
            None | Some(AuthMethod::None | AuthMethod::Nothing) => Err(Lack::Absent(
                "the provider file has no confidential client that may introspect".into(),
            )),
            Some(_) => Ok(()),
        }
    }

    fn client_secret_basic(&self) -> Result<(), Lack> {
        self.role("confidential")?;
        match self.provider.clients.get("confidential").map(|client| client.auth) {
            Some(AuthMethod::ClientSecretBasic) => Ok(()),
            _ => Err(Lack::Absent("the client `confidential` authenticates in another way".into())),
        }
    }

    fn second_user(&self) -> Result<(), Lack> {
        if self.provider.users.contains_key("bob") {
            Ok(())
        } else {
            Err(Lack::Absent("the provider file has no user `bob`".into()))
        }
    }

    /// The fixture of the redirect URIs that only an address off the loopback can show.
    fn https_redirect_uri(&self) -> Result<&Url, Lack> {
        self.role("two_uris")?;
        let uri = self.provider.https_redirect_uri.as_ref();
        uri.ok_or_else(|| Lack::Absent("the provider file has no https_redirect_uri".into()))
    }

    fn slash_redirect_uri(&self) -> Result<(), Lack> {
        let uri = self.https_redirect_uri()?;
        if uri.path().len() > 1 && uri.path().ends_with('/') {
            Ok(())
        } else {
            Err(Lack::Absent("the https_redirect_uri has no slash at its end to leave out".into()))
        }
    }

    fn iss_parameter(&self) -> Result<(), Lack> {
        match self.metadata.get("authorization_response_iss_parameter_supported") {
            Some(Value::Bool(true)) => Ok(()),
            _ => Err(self.unless_unread("the metadata does not announce it".into())),
        }
    }

    fn request_object(&self) -> Result<(), Lack> {
        match self.metadata.get("request_parameter_supported") {
            Some(Value::Bool(true)) => Ok(()),
            _ => Err(self.unless_unread(
                "the metadata does not say request_parameter_supported: true".into(),
            )),
        }
    }
}

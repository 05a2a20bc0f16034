//! Metadata (OIDC Discovery §4, RFC 8414 §3) and the key set (RFC 7517 §5).

use serde_json::{Value, json};

use crate::fault::Fault;
use crate::keys;
use crate::provider::{self, Provider, has};
use crate::refusal::{self, Refusal};
use crate::wire::{self, Request, Response};

const CACHE_CONTROL: &str = "public, max-age=300";

/// Answers at `/.well-known/openid-configuration`.
pub fn openid_configuration(provider: &mut Provider, _: &Request) -> Response {
    if has(provider, Fault::OpenidConfigurationMissing) {
        return not_found();
    }
    let mut metadata = metadata(provider);
    if has(provider, Fault::MetadataIssuerWithSlash) {
        metadata["issuer"] = format!("{}/", provider.issuer).into();
    }
    if has(provider, Fault::MetadataIssuerWithQuery) {
        metadata["issuer"] = format!("{}?tenant=1", provider.issuer).into();
    }
    if has(provider, Fault::MetadataJwksUriRelative) {
        metadata["jwks_uri"] = provider.dialect.endpoints.jwks.clone().into();
    }
    spoil(provider, &mut metadata);
    let mut response = wire::cacheable_json(200, &metadata, CACHE_CONTROL);
    if has(provider, Fault::MetadataAsText) {
        // RFC 8414 §3.2: application/json.
        response.headers[0].1 = "text/plain".into();
    }
    response
}

/// What the faults leave out of the document, or put into it.
fn spoil(provider: &Provider, metadata: &mut Value) {
    const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
    let omitted = [
        (Fault::MetadataWithoutResponseTypes, "response_types_supported"),
        (Fault::MetadataWithoutAuthorizationEndpoint, "authorization_endpoint"),
        (Fault::MetadataWithoutTokenEndpoint, "token_endpoint"),
        (Fault::MetadataWithoutPkceMethods, "code_challenge_methods_supported"),
        (Fault::MetadataDoesNotAnnounceIss, "authorization_response_iss_parameter_supported"),
    ];
    for (_, member) in omitted.iter().filter(|(fault, _)| has(provider, *fault)) {
        metadata.as_object_mut().and_then(|members| members.remove(*member));
    }
    if has(provider, Fault::MetadataWithEmptyArray) {
        metadata["ui_locales_supported"] = json!([]);
    }
    if has(provider, Fault::MetadataOffersPlain) {
        metadata["code_challenge_methods_supported"] = json!(["S256", "plain"]);
    }
    if has(provider, Fault::MetadataWithoutDeviceGrant)
        && let Some(grants) = metadata["grant_types_supported"].as_array_mut()
    {
        grants.retain(|grant| grant != DEVICE);
    }
}

/// Answers at `/.well-known/oauth-authorization-server`.
pub fn authorization_server_metadata(provider: &mut Provider, _: &Request) -> Response {
    if has(provider, Fault::AuthorizationServerMetadataMissing) {
        return not_found();
    }
    let mut metadata = metadata(provider);
    if has(provider, Fault::MetadataDocumentsDisagree) {
        metadata["token_endpoint"] = format!("{}/oauth/token", provider.issuer).into();
    }
    wire::cacheable_json(200, &metadata, CACHE_CONTROL)
}

/// The answer at a path that no endpoint has.
pub fn elsewhere(provider: &mut Provider, request: &Request) -> Response {
    if has(provider, Fault::MetadataAtEveryPath) && request.path.contains("/.well-known/") {
        return openid_configuration(provider, request);
    }
    // RFC 8414 §3.1: each issuer has metadata of its own; this provider has one issuer.
    not_found()
}

/// The answer at a path where nothing is.
pub fn not_found() -> Response {
    let (error, description) = ("not_found", "nothing is served at this path");
    refusal::answer(&Refusal { status: 404, error, description })
}

fn metadata(provider: &Provider) -> Value {
    let endpoints = &provider.dialect.endpoints;
    let at = |path: &String| format!("{}{path}", provider.issuer);
    let missing = has(provider, Fault::MetadataNamesMissingEndpoint);
    let mut metadata = json!({
        "issuer": provider.issuer,
        "authorization_endpoint": at(&endpoints.authorization),
        "token_endpoint": at(&endpoints.token),
        "userinfo_endpoint": at(&endpoints.userinfo),
        "jwks_uri": at(&endpoints.jwks),
        "revocation_endpoint": at(&endpoints.revocation),
        "introspection_endpoint": at(&endpoints.introspection),
        "device_authorization_endpoint": at(&endpoints.device_authorization),
        "end_session_endpoint": at(&endpoints.end_session),
        "scopes_supported": provider.dialect.scopes,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "form_post"],
        "grant_types_supported": [
            "authorization_code",
            "refresh_token",
            "client_credentials",
            "urn:ietf:params:oauth:grant-type:device_code",
        ],
        "token_endpoint_auth_methods_supported":
            ["client_secret_basic", "client_secret_post", "none"],
        "revocation_endpoint_auth_methods_supported":
            ["client_secret_basic", "client_secret_post", "none"],
        "introspection_endpoint_auth_methods_supported":
            ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": [
            "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "sid",
            "name", "preferred_username", "email", "email_verified",
        ],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "authorization_response_iss_parameter_supported": true,
        // OpenID Connect Discovery §3: true if it is left out.
        "request_uri_parameter_supported": false,
    });
    if missing {
        metadata["pushed_authorization_request_endpoint"] = at(&"/par".into()).into();
    }
    metadata
}

/// Answers at the key set's address.
pub fn jwks(provider: &mut Provider, _: &Request) -> Response {
    let now = provider::now(provider);
    let mut published = Vec::new();
    for key in &mut provider.keys.keys {
        if key.hidden_answers > 0 {
            key.hidden_answers -= 1;
        } else if key.retires_at.is_none_or(|retires_at| now < retires_at) {
            published.push(keys::jwk(&key.key, Some(&key.kid)));
        }
    }
    published.extend(faulty_keys(provider));
    wire::cacheable_json(200, &json!({ "keys": published }), CACHE_CONTROL)
}

/// The keys that only faults publish. None of them signs anything.
fn faulty_keys(provider: &Provider) -> Vec<Value> {
    let mut faulty = Vec::new();
    if has(provider, Fault::JwksKeyWithoutKty) {
        faulty.push(json!({ "use": "sig", "alg": "RS256", "kid": "without-kty" }));
    }
    if has(provider, Fault::JwksKeyWithoutKid) {
        faulty.push(keys::jwk(&keys::decoy(1), None));
    }
    if has(provider, Fault::JwksDuplicateKid) {
        faulty.extend([1, 2].map(|index| keys::jwk(&keys::decoy(index), Some("shared"))));
    }
    if has(provider, Fault::JwksKeyWithPrivatePart) {
        let mut key = keys::jwk(&keys::decoy(1), Some("private"));
        // RFC 7518 §6.3.2.1; any value will do, nobody can use it.
        key["d"] = key["n"].clone();
        faulty.push(key);
    }
    if has(provider, Fault::JwksWeakKey) {
        let mut key = keys::jwk(&keys::decoy(1), Some("weak"));
        // 168 base64url characters are 126 octets: 1008 bits.
        key["n"] = key["n"].as_str().map(|modulus| &modulus[..168]).into();
        faulty.push(key);
    }
    if has(provider, Fault::JwksEncryptionKeyWithoutUse) {
        let key = keys::decoy(1);
        let (n, e) = (&key.modulus, &key.exponent);
        faulty.push(json!({ "kty": "RSA", "alg": "RSA-OAEP-256", "kid": "enc", "n": n, "e": e }));
    }
    faulty
}

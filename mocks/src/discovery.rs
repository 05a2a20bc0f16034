//! Metadata (OIDC Discovery §4, RFC 8414 §3) and the key set (RFC 7517 §5).

use std::iter;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::fault::Fault;
use crate::key::{self, Algorithm, Key};
use crate::keys::{self, Purpose, RingKey};
use crate::provider::{self, Provider, has};
use crate::reason::Reason;
use crate::refusal;
use crate::template::{self, Facts};
use crate::wire::{self, Request, Response};

const CACHE_CONTROL: &str = "public, max-age=300";

/// Answers at `/.well-known/openid-configuration`.
pub fn openid_configuration(provider: &mut Provider, _: &Request) -> Response {
    if has(provider, Fault::OpenidConfigurationMissing) {
        return not_found(provider);
    }
    let mut metadata = metadata(provider, &provider.dialect.metadata);
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
    if has(provider, Fault::MetadataOffersIdToken)
        && let Some(types) = metadata["response_types_supported"].as_array_mut()
    {
        types.push(json!("id_token"));
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
        return not_found(provider);
    }
    let own = &provider.dialect.authorization_server_metadata;
    let template = own.as_ref().unwrap_or(&provider.dialect.metadata);
    let mut metadata = metadata(provider, template);
    if has(provider, Fault::MetadataDocumentsDisagree) {
        metadata["token_endpoint"] = format!("{}/oauth/token", provider.base_url).into();
    }
    wire::cacheable_json(200, &metadata, CACHE_CONTROL)
}

/// The answer at a path that no endpoint has.
pub fn elsewhere(provider: &mut Provider, request: &Request) -> Response {
    if has(provider, Fault::MetadataAtEveryPath) && request.path.contains("/.well-known/") {
        return openid_configuration(provider, request);
    }
    // RFC 8414 §3.1: each issuer has metadata of its own; this provider has one issuer.
    not_found(provider)
}

/// The answer at a path where nothing is.
fn not_found(provider: &Provider) -> Response {
    refusal::refuse(provider, Reason::NothingHere)
}

/// The document of the dialect.
fn metadata(provider: &Provider, template: &Map<String, Value>) -> Value {
    let at = &provider.dialect.endpoints;
    let endpoints = [
        ("authorization_endpoint", &at.authorization),
        ("token_endpoint", &at.token),
        ("userinfo_endpoint", &at.userinfo),
        ("jwks_uri", &at.jwks),
        ("revocation_endpoint", &at.revocation),
        ("introspection_endpoint", &at.introspection),
        ("device_authorization_endpoint", &at.device_authorization),
        ("end_session_endpoint", &at.end_session),
    ];
    let served = endpoints.into_iter().filter(|(_, path)| !path.is_empty());
    let mut facts: Facts =
        served.map(|(name, path)| (name, format!("{}{path}", provider.base_url).into())).collect();
    facts.insert("issuer", provider.issuer.clone().into());
    facts.insert("signing", key::name(provider.dialect.keys.signing).into());
    facts.insert("scopes", provider.dialect.scopes.clone().into());
    let mut metadata: Value = template::members(template, &facts).into();
    if has(provider, Fault::MetadataNamesMissingEndpoint) {
        let missing = format!("{}/par", provider.base_url);
        metadata["pushed_authorization_request_endpoint"] = missing.into();
    }
    metadata
}

/// Answers at the key set's address.
pub fn jwks(provider: &mut Provider, _: &Request) -> Response {
    let now = provider::now(provider);
    let mut published = Vec::new();
    let rings = iter::once(&mut provider.keys).chain(&mut provider.access_token_keys);
    for key in rings.flat_map(|ring| &mut ring.keys) {
        if key.hidden_answers > 0 {
            key.hidden_answers -= 1;
        } else if key.retires_at.is_none_or(|retires_at| now < retires_at) {
            published.push(jwk(key));
        }
    }
    published.extend(faulty_keys(provider));
    wire::cacheable_json(200, &json!({ "keys": published }), CACHE_CONTROL)
}

/// A key as the key set has it.
fn jwk(key: &RingKey) -> Value {
    let mut jwk = key::jwk(&key.key, Some(&key.kid));
    if let Some(certificate) = &key.certificate {
        jwk["x5t"] = certificate.x5t.clone().into();
        jwk["x5c"] = json!([certificate.x5c]);
    }
    jwk
}

/// An RSA key that signs nothing.
fn decoy(index: usize) -> Arc<Key> {
    keys::pooled(Purpose::Decoys, Algorithm::RS256, index)
}

/// The keys that only faults publish. None of them signs anything.
fn faulty_keys(provider: &Provider) -> Vec<Value> {
    let mut faulty = Vec::new();
    if has(provider, Fault::JwksKeyWithoutKty) {
        faulty.push(json!({ "use": "sig", "alg": "RS256", "kid": "without-kty" }));
    }
    if has(provider, Fault::JwksKeyWithoutKid) {
        faulty.push(key::jwk(&decoy(1), None));
    }
    if has(provider, Fault::JwksDuplicateKid) {
        faulty.extend([1, 2].map(|index| key::jwk(&decoy(index), Some("shared"))));
    }
    if has(provider, Fault::JwksKeyWithPrivatePart) {
        let mut key = key::jwk(&decoy(1), Some("private"));
        // RFC 7518 §6.3.2.1; any value will do, nobody can use it.
        key["d"] = key["n"].clone();
        faulty.push(key);
    }
    if has(provider, Fault::JwksWeakKey) {
        let mut key = key::jwk(&decoy(1), Some("weak"));
        // 168 base64url characters are 126 octets: 1008 bits.
        key["n"] = key["n"].as_str().map(|modulus| &modulus[..168]).into();
        faulty.push(key);
    }
    if has(provider, Fault::JwksEncryptionKeyWithoutUse) {
        let key = decoy(1);
        let mut key = Value::Object(key.members.clone());
        (key["alg"], key["kid"]) = ("RSA-OAEP-256".into(), "enc".into());
        faulty.push(key);
    }
    faulty
}

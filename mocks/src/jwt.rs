//! Compact JSON Web Signatures, assembled by hand so that the harness judges them with other code.

use std::iter;
use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::key::{self, Key};
use crate::keys::{self, KeyRing, Purpose};
use crate::provider::{Provider, has};
use crate::random;
use crate::wire::Response;

/// A token that is sent with a placeholder, which its signature replaces once nobody waits for it.
#[derive(Clone, Debug)]
pub struct Unsigned {
    message: String,
    placeholder: String,
    key: Arc<Key>,
}

/// The claims as a signed token.
pub fn sign(provider: &Provider, claims: &Value) -> String {
    sign_with(provider, &provider.keys, claims)
}

/// The claims as an access token.
pub fn sign_access_token(provider: &Provider, claims: &Value) -> String {
    sign_with(provider, provider.access_token_keys.as_ref().unwrap_or(&provider.keys), claims)
}

fn sign_with(provider: &Provider, ring: &KeyRing, claims: &Value) -> String {
    let signer = &ring.keys[ring.signing];
    if has(provider, Fault::SignsWithUnpublishedKey) {
        let decoy = keys::pooled(Purpose::Decoys, signer.key.algorithm, 0);
        return assemble(provider, &decoy, &decoy.thumbprint, claims);
    }
    assemble(provider, &signer.key, &signer.kid, claims)
}

/// The claims as an access token whose signature [`complete`] adds to the response. No fault about
/// signatures applies.
pub fn sign_access_token_later(provider: &mut Provider, claims: &Value) -> String {
    let ring = provider.access_token_keys.as_ref().unwrap_or(&provider.keys);
    let signer = &ring.keys[ring.signing];
    let message = message(provider, key::name(signer.key.algorithm), &signer.kid, claims);
    let (key, placeholder) = (Arc::clone(&signer.key), random::secret());
    let token = format!("{message}.{placeholder}");
    provider.unsigned.push(Unsigned { message, placeholder, key });
    token
}

/// The response with the signature in the place that was kept for it.
pub fn complete(mut response: Response, unsigned: &Unsigned) -> Response {
    let placeholder = unsigned.placeholder.as_bytes();
    let at = response.body.windows(placeholder.len()).position(|part| part == placeholder);
    if let Some(at) = at {
        let signature = key::sign(&unsigned.key, unsigned.message.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(signature).into_bytes();
        response.body.splice(at..at + placeholder.len(), signature);
    }
    response
}

fn message(provider: &Provider, alg: &str, kid: &str, claims: &Value) -> String {
    let mut header = json!({ "alg": alg, "kid": kid });
    if provider.dialect.keys.typ {
        header["typ"] = "JWT".into();
    }
    // RFC 7515 §3.1 and §5.1: BASE64URL(header) . BASE64URL(payload) . BASE64URL(signature).
    let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    format!("{}.{}", encode(&header), encode(claims))
}

fn assemble(provider: &Provider, key: &Key, kid: &str, claims: &Value) -> String {
    let message = |algorithm: &str| message(provider, algorithm, kid, claims);
    let (message, signature) = if has(provider, Fault::SignsWithUnfittingAlgorithm) {
        key::sign_unfittingly(key, message)
    } else {
        let message = message(key::name(key.algorithm));
        let signature = key::sign(key, message.as_bytes());
        (message, signature)
    };
    let signature = as_sent(provider, signature);
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// The signature as this stub sends it. Applied twice it changes nothing.
fn as_sent(provider: &Provider, mut signature: Vec<u8>) -> Vec<u8> {
    if has(provider, Fault::SignatureDoesNotVerify) {
        signature.iter_mut().rev().take(8).for_each(|byte| *byte ^= 0xa5);
    }
    signature
}

/// The claims of a token that this stub has signed, however long ago.
pub fn verify(provider: &Provider, token: &str) -> Option<Value> {
    let (message, signature) = token.rsplit_once('.')?;
    let (_, payload) = message.split_once('.')?;
    let signature = as_sent(provider, URL_SAFE_NO_PAD.decode(signature).ok()?);
    let right = |key: &Key| key::verifies(key, message.as_bytes(), &signature);
    let rings = iter::once(&provider.keys).chain(&provider.access_token_keys);
    let ours = rings.flat_map(|ring| &ring.keys).any(|ring_key| right(&ring_key.key));
    let algorithm = provider.dialect.keys.signing;
    let decoy = || keys::pooled(Purpose::Decoys, algorithm, 0);
    let decoys = || has(provider, Fault::SignsWithUnpublishedKey) && right(&decoy());
    if !(ours || decoys()) {
        return None;
    }
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

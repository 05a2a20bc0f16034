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

/// What a stub does wrong with signatures.
const FAULTS: [Fault; 3] = [
    Fault::SignsWithUnpublishedKey,
    Fault::SignsWithUnfittingAlgorithm,
    Fault::SignatureDoesNotVerify,
];

/// The claims as a token whose signature [`complete`] adds to the response.
pub fn sign_later(provider: &mut Provider, claims: &Value) -> String {
    if FAULTS.iter().any(|fault| has(provider, *fault)) {
        return sign(provider, claims);
    }
    let signer = &provider.keys.keys[provider.keys.signing];
    let message = message(provider, key::name(signer.key.algorithm), &signer.kid, claims);
    let key = Arc::clone(&signer.key);
    defer(provider, message, key)
}

/// The claims as an access token whose signature [`complete`] adds to the response. No fault about
/// signatures applies.
pub fn sign_access_token_later(provider: &mut Provider, claims: &Value) -> String {
    let ring = provider.access_token_keys.as_ref().unwrap_or(&provider.keys);
    let signer = &ring.keys[ring.signing];
    let message = message(provider, key::name(signer.key.algorithm), &signer.kid, claims);
    let key = Arc::clone(&signer.key);
    defer(provider, message, key)
}

fn defer(provider: &mut Provider, message: String, key: Arc<Key>) -> String {
    let placeholder = random::secret();
    let token = format!("{message}.{placeholder}");
    provider.unsigned.push(Unsigned { message, placeholder, key });
    token
}

/// The response with the signature in the place that was kept for it, in its body or in an address.
pub fn complete(mut response: Response, unsigned: &Unsigned) -> Response {
    let placeholder = &unsigned.placeholder;
    let sign = || URL_SAFE_NO_PAD.encode(key::sign(&unsigned.key, unsigned.message.as_bytes()));
    let kept = |part: &[u8]| part == placeholder.as_bytes();
    if let Some(at) = response.body.windows(placeholder.len()).position(kept) {
        response.body.splice(at..at + placeholder.len(), sign().into_bytes());
    }
    for (_, value) in &mut response.headers {
        if value.contains(placeholder) {
            *value = value.replace(placeholder, &sign());
        }
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::conditions::Conditions;
    use crate::{dialect, provider};

    #[test]
    fn a_signature_is_added_wherever_its_token_is_sent() {
        let dialect = dialect::find("strict").expect("it is built in");
        let (faults, conditions) = (BTreeSet::new(), Conditions::default());
        let mut provider = provider::new(dialect, faults, "http://127.0.0.1", conditions);
        let token = sign_later(&mut provider, &json!({ "sub": "a" }));
        let unsigned = provider.unsigned.pop().expect("it waits for its signature");
        let headers = vec![("Location".to_owned(), format!("/callback#id_token={token}&state=s"))];
        let response = Response { status: 303, headers, body: token.into_bytes() };
        let sent = complete(response, &unsigned);
        let address = sent.headers[0].1.strip_suffix("&state=s").expect("the rest stays");
        let (_, in_address) = address.split_once('=').expect("a parameter");
        for token in [in_address, std::str::from_utf8(&sent.body).expect("text")] {
            assert_eq!(verify(&provider, token), Some(json!({ "sub": "a" })), "{token}");
        }
    }
}

//! Verifying tokens as a resource server does: by itself, with the provider's published keys.
//!
//! Verification here is for speed, with keys that are parsed once; what conforms is judged
//! elsewhere, with other code.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use tokio::sync::Mutex;
use url::Url;

use crate::jose;
use crate::load::profile::KeySource;
use crate::transport::Transport;
use crate::wire::Request;

/// The most different JOSE headers that are remembered: a provider has a handful of keys.
const HEADERS: usize = 64;

/// A public key, parsed once, for one algorithm.
#[derive(Debug)]
pub struct Verifier(ParsedPublicKey);

/// The verifier for a JWK and an `alg` of RFC 7518 §3.1 or RFC 8037 §3.1.
///
/// # Errors
/// Says what does not fit.
pub fn verifier(jwk: &Value, algorithm: &str) -> Result<Verifier, String> {
    let bytes = |name: &str| {
        let text = jwk.get(name).and_then(Value::as_str).unwrap_or_default();
        let bytes = URL_SAFE_NO_PAD.decode(text);
        bytes.map_err(|e| format!("the key's `{name}` is not base64url: {e}"))
    };
    let malformed = |e: &dyn std::fmt::Display| format!("the key cannot be used: {e}");
    let parsed = match algorithm {
        "RS256" => {
            let components = PublicKeyComponents { n: bytes("n")?, e: bytes("e")? };
            let der = components.as_der().map_err(|e| malformed(&e))?;
            ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der.as_ref())
        }
        "ES256" => {
            // SEC 1 §2.3.3: an uncompressed point is 04, then x, then y.
            let point = [vec![4], bytes("x")?, bytes("y")?].concat();
            ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
        }
        "EdDSA" | "Ed25519" => ParsedPublicKey::new(&ED25519, bytes("x")?),
        other => return Err(format!("tokens signed with `{other}` are not verified under load")),
    };
    parsed.map(Verifier).map_err(|e| malformed(&e))
}

/// Verifies the signature of a compact JWS.
///
/// # Errors
/// When it does not verify.
pub fn verify_signature(verifier: &Verifier, token: &str) -> Result<(), String> {
    let (message, signature) = token.rsplit_once('.').ok_or("the token is not a JWT")?;
    let signature = URL_SAFE_NO_PAD
        .decode(signature)
        .map_err(|e| format!("the signature is not base64url: {e}"))?;
    let verified = verifier.0.verify_sig(message.as_bytes(), &signature);
    verified.map_err(|_| "the signature does not verify".into())
}

/// The keys of a provider, as a resource server keeps them.
#[derive(Debug)]
pub struct KeyCache {
    address: Option<Url>,
    issuer: String,
    /// By the encoded header of the tokens, which saves decoding it.
    known: RwLock<HashMap<String, Arc<Verifier>>>,
    /// One fetch at a time: those who wait for it use what it brought.
    fetching: Mutex<()>,
    fetches: AtomicU64,
}

impl KeyCache {
    /// An empty cache for the keys at an address, for tokens of an issuer.
    pub fn new(address: Option<Url>, issuer: &str) -> Self {
        Self {
            address,
            issuer: issuer.to_owned(),
            known: RwLock::default(),
            fetching: Mutex::default(),
            fetches: AtomicU64::new(0),
        }
    }

    /// How often the keys were fetched.
    pub fn fetches(&self) -> u64 {
        self.fetches.load(Ordering::Relaxed)
    }

    fn find(&self, header: &str) -> Option<Arc<Verifier>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(header).cloned()
    }

    fn remember(&self, header: &str, verifier: &Arc<Verifier>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= HEADERS {
            known.clear();
        }
        known.insert(header.to_owned(), Arc::clone(verifier));
    }
}

/// Verifies a token: its signature with the key that it names, its issuer and its expiry.
///
/// # Errors
/// Says what does not hold. That the key set lacks the key is an error too: during a rotation no
/// token may be without its key.
pub async fn verify<T: Transport>(
    token: &str,
    source: KeySource,
    cache: &KeyCache,
    transport: &T,
) -> Result<(), String> {
    let header = token.split('.').next().unwrap_or_default();
    let verifier = match source {
        KeySource::Fetched => Arc::new(fetch(token, cache, transport).await?),
        KeySource::Cached => match cache.find(header) {
            Some(known) => known,
            None => fetch_once(token, header, cache, transport).await?,
        },
    };
    verify_signature(&verifier, token)?;
    check_claims(&jose::claims(token)?, &cache.issuer)
}

async fn fetch_once<T: Transport>(
    token: &str,
    header: &str,
    cache: &KeyCache,
    transport: &T,
) -> Result<Arc<Verifier>, String> {
    let _alone = cache.fetching.lock().await;
    if let Some(known) = cache.find(header) {
        return Ok(known);
    }
    let fetched = Arc::new(fetch(token, cache, transport).await?);
    cache.remember(header, &fetched);
    Ok(fetched)
}

async fn fetch<T: Transport>(
    token: &str,
    cache: &KeyCache,
    transport: &T,
) -> Result<Verifier, String> {
    let address = cache.address.as_ref().ok_or("the provider has no jwks_uri")?;
    cache.fetches.fetch_add(1, Ordering::Relaxed);
    let request = Request {
        method: "GET".into(),
        url: address.clone(),
        headers: vec![("accept".into(), "application/json".into())],
        body: Vec::new(),
    };
    let response = transport.exchange(request).await.outcome;
    let response = response.map_err(|e| format!("the key set cannot be had: {e}"))?;
    let header = jose::header(token)?;
    let algorithm = header.get("alg").and_then(Value::as_str).unwrap_or_default();
    let candidates = jose::candidates(&header, response.json()?)?;
    let key = candidates.first().ok_or("the JWK Set has no key for the token")?;
    verifier(key, algorithm)
}

fn check_claims(claims: &Value, issuer: &str) -> Result<(), String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    match claims.get("exp").and_then(Value::as_u64) {
        Some(expiry) if expiry > now => {}
        Some(_) => return Err("the token has expired".into()),
        None => return Err("the token has no exp".into()),
    }
    if claims.get("iss").and_then(Value::as_str) == Some(issuer) {
        Ok(())
    } else {
        Err("the token's iss is not the provider's".into())
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256};
    use serde_json::json;

    use std::time::Duration;

    use super::*;
    use crate::action::Signing;
    use crate::wire::{Exchange, Response};

    const ISSUER: &str = "https://op.example";

    /// A provider that has one key set.
    struct Publisher(Value);

    impl Transport for Publisher {
        async fn exchange(&self, request: Request) -> Exchange {
            let body = self.0.to_string().into_bytes();
            let response = Response { status: 200, body, ..Response::default() };
            let (started, elapsed) = (SystemTime::now(), Duration::ZERO);
            Exchange { request, outcome: Ok(response), started, repeats: 0, elapsed }
        }
    }

    /// The whole way of a token: header, key set, signature, claims.
    #[tokio::test]
    async fn every_algorithm_is_verified_with_cached_and_with_fetched_keys() {
        for algorithm in ["RS256", "ES256", "EdDSA"] {
            let (token, mut key) = signed(algorithm);
            key["kid"] = "one".into();
            let publisher = Publisher(json!({ "keys": [key] }));
            let address = Url::parse("https://op.example/jwks").ok();
            let cache = KeyCache::new(address, ISSUER);
            for (source, fetches) in [
                (KeySource::Cached, 1),
                (KeySource::Cached, 1),
                (KeySource::Fetched, 2),
                (KeySource::Fetched, 3),
            ] {
                let verified = verify(&token, source, &cache, &publisher).await;
                assert_eq!(verified, Ok(()), "{algorithm}");
                assert_eq!(cache.fetches(), fetches, "{algorithm}");
            }
            let (stranger, _) = signed(algorithm);
            let verified = verify(&stranger, KeySource::Cached, &cache, &publisher).await;
            assert_eq!(verified, Err("the signature does not verify".into()), "{algorithm}");
            let other = KeyCache::new(cache.address.clone(), "https://other.example");
            assert!(verify(&token, KeySource::Cached, &other, &publisher).await.is_err());
        }
    }

    fn encode(bytes: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// A token and the key it verifies with.
    fn signed(algorithm: &str) -> (String, Value) {
        let header = json!({"alg": algorithm, "kid": "one"});
        let claims = json!({"sub": "alice", "iss": ISSUER, "exp": 4_000_000_000_u64});
        let message = format!(
            "{}.{}",
            encode(header.to_string().as_bytes()),
            encode(claims.to_string().as_bytes())
        );
        match algorithm {
            "RS256" => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
                let mut signature = vec![0; pair.public_modulus_len()];
                let random = SystemRandom::new();
                pair.sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature)
                    .expect("signs");
                let public = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                let key = json!({"kty": "RSA", "n": encode(&public.n), "e": encode(&public.e)});
                (format!("{message}.{}", encode(&signature)), key)
            }
            "ES256" => {
                let key = jose::PrivateKey::generate();
                let token = jose::build(&header, &claims, &key, Signing::Correct).expect("signs");
                (token, key.public.clone())
            }
            _ => {
                let pair = Ed25519KeyPair::generate().expect("a key");
                let signature = pair.sign(message.as_bytes());
                let key = json!({"kty": "OKP", "crv": "Ed25519", "x": encode(pair.public_key().as_ref())});
                (format!("{message}.{}", encode(signature.as_ref())), key)
            }
        }
    }

    #[test]
    fn every_algorithm_verifies_its_own_tokens_and_no_others() {
        for algorithm in ["RS256", "ES256", "EdDSA"] {
            let (token, key) = signed(algorithm);
            let own = verifier(&key, algorithm).expect(algorithm);
            assert_eq!(verify_signature(&own, &token), Ok(()), "{algorithm}");
            let (stranger, _) = signed(algorithm);
            assert!(verify_signature(&own, &stranger).is_err(), "{algorithm}");
            let cut = &token[..token.len() - 8];
            assert!(verify_signature(&own, cut).is_err(), "{algorithm}");
        }
        assert!(verifier(&json!({}), "RS256").is_err() && verifier(&json!({}), "HS256").is_err());
    }

    #[test]
    fn a_token_must_be_the_issuers_and_alive() {
        let check = |claims: Value| check_claims(&claims, "https://op.example");
        assert_eq!(check(json!({"iss": "https://op.example", "exp": 4_000_000_000_u64})), Ok(()));
        assert!(check(json!({"iss": "https://op.example", "exp": 1})).is_err());
        assert!(check(json!({"iss": "https://op.example"})).is_err());
        assert!(check(json!({"iss": "https://other.example", "exp": 4_000_000_000_u64})).is_err());
    }
}

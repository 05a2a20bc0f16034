//! JOSE: reading JWTs and JWK Sets raw, verifying signatures, building JWTs right and wrong.
//!
//! Headers and claims are read as plain JSON, because a typed parser drops just what a conformance
//! check looks for. The JOSE library verifies and signs; the compact form is assembled here, so
//! that tokens can be built which the library refuses to build.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, crypto};
use serde_json::{Value, json};
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::action::Signing;

/// The JOSE header of a compact JWS.
///
/// # Errors
/// Says which part is malformed.
pub fn header(jwt: &str) -> Result<Value, String> {
    part(jwt, 0, "header")
}

/// The claims of a JWT in compact JWS form; the signature is not looked at.
///
/// # Errors
/// Says which part is malformed.
pub fn claims(jwt: &str) -> Result<Value, String> {
    part(jwt, 1, "payload")
}

fn part(jwt: &str, index: usize, what: &str) -> Result<Value, String> {
    let parts: Vec<&str> = jwt.split('.').collect();
    if parts.len() != 3 {
        let length = parts.len();
        return Err(format!("not a JWT: expected 3 parts separated by dots, but found {length}"));
    }
    let bytes = URL_SAFE_NO_PAD
        .decode(parts[index])
        .map_err(|e| format!("the JWT's {what} is not base64url: {e}"))?;
    serde_json::from_slice(&bytes).map_err(|e| format!("the JWT's {what} is not JSON: {e}"))
}

/// Verifies a JWS with the key of a JWK Set that its `kid` names (RFC 7515 §4.1.4).
///
/// # Errors
/// Says what does not fit: no such key, an algorithm that is not the key's, a wrong signature.
pub fn verify(jwt: &str, key_set: &Value) -> Result<(), String> {
    let header = header(jwt)?;
    let name = header.get("alg").and_then(Value::as_str).unwrap_or_default();
    let algorithm: Algorithm = name
        .parse()
        .map_err(|_| format!("the alg `{name}` cannot be verified with a public key"))?;
    let keys = candidates(&header, key_set)?;
    let (message, signature) = jwt.rsplit_once('.').ok_or("not a JWT")?;
    let mut why = String::new();
    for key in keys {
        match check(message, signature, key, algorithm) {
            Ok(()) => return Ok(()),
            Err(reason) => why = reason,
        }
    }
    Err(why)
}

/// The left half of the hash of a text, with the hash function of a JWT's `alg` (OIDC Core §3.1.3.6).
///
/// # Errors
/// When the `alg` names no hash function.
pub fn left_hash(jwt: &str, text: &str) -> Result<String, String> {
    let header = header(jwt)?;
    let name = header.get("alg").and_then(Value::as_str).unwrap_or_default();
    let hash = match name {
        "EdDSA" | "Ed25519" => Sha512::digest(text).to_vec(),
        _ if name.ends_with("256") => Sha256::digest(text).to_vec(),
        _ if name.ends_with("384") => Sha384::digest(text).to_vec(),
        _ if name.ends_with("512") => Sha512::digest(text).to_vec(),
        _ => return Err(format!("the alg `{name}` names no hash function")),
    };
    Ok(URL_SAFE_NO_PAD.encode(&hash[..hash.len() / 2]))
}

/// The keys that the header names.
///
/// # Errors
/// When there is none. Without a `kid` the set must leave no choice: trying all keys
/// would hide that a client cannot know which one to use.
pub fn candidates<'a>(header: &Value, key_set: &'a Value) -> Result<Vec<&'a Value>, String> {
    let keys = key_set.get("keys").and_then(Value::as_array);
    let keys = keys.ok_or("the JWK Set has no `keys` array")?;
    let Some(kid) = header.get("kid") else {
        return match keys.as_slice() {
            [only] => Ok(vec![only]),
            _ => Err(format!("the token has no kid and the JWK Set has {} keys", keys.len())),
        };
    };
    let named: Vec<&Value> = keys.iter().filter(|key| key.get("kid") == Some(kid)).collect();
    if named.is_empty() {
        let published: Vec<String> =
            keys.iter().map(|key| key.get("kid").map_or("none".into(), Value::to_string)).collect();
        return Err(format!(
            "the token's kid {kid} is not in the JWK Set, which has {}",
            published.join(", ")
        ));
    }
    Ok(named)
}

fn check(message: &str, signature: &str, key: &Value, algorithm: Algorithm) -> Result<(), String> {
    let jwk: Jwk = serde_json::from_value(key.clone())
        .map_err(|e| format!("the key that the token names is malformed: {e}"))?;
    let decoding = DecodingKey::from_jwk(&jwk)
        .map_err(|e| format!("the key that the token names cannot be used: {e}"))?;
    match crypto::verify(signature, message.as_bytes(), &decoding, algorithm) {
        Ok(true) => Ok(()),
        Ok(false) => Err("the signature does not verify with the key that the token names".into()),
        Err(e) => Err(format!("the signature cannot be verified: {e}")),
    }
}

/// A private key of this run, with its public half as a JWK.
pub struct PrivateKey {
    encoding: EncodingKey,
    algorithm: Algorithm,
    /// The public key; null for a client's own key, which is registered at the provider.
    pub public: Value,
}

impl PrivateKey {
    /// A new P-256 key.
    pub fn generate() -> Self {
        use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
        let rng = aws_lc_rs::rand::SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &rng)
            .expect("a P-256 key can always be generated");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref())
            .expect("a key just generated is well-formed");
        // SEC 1 §2.3.3: an uncompressed point is 04, then x, then y.
        let point = pair.public_key().as_ref();
        let coordinate = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let public = json!({"kty": "EC", "crv": "P-256", "x": coordinate(&point[1..33]), "y": coordinate(&point[33..])});
        let encoding = EncodingKey::from_ec_der(document.as_ref());
        Self { encoding, algorithm: Algorithm::ES256, public }
    }

    /// A client's own key: P-256 or RSA, as PKCS#8 in PEM.
    ///
    /// # Errors
    /// When it is neither.
    pub fn from_pem(pem: &str) -> Result<Self, String> {
        let curve = EncodingKey::from_ec_pem(pem.as_bytes()).map(|key| (key, Algorithm::ES256));
        let key = curve.or_else(|_| {
            EncodingKey::from_rsa_pem(pem.as_bytes()).map(|key| (key, Algorithm::RS256))
        });
        let (encoding, algorithm) =
            key.map_err(|e| format!("the client's key is no P-256 or RSA key in PEM: {e}"))?;
        Ok(Self { encoding, algorithm, public: Value::Null })
    }
}

/// Builds a JWT, correct or broken on purpose.
///
/// # Errors
/// When the key cannot sign.
pub fn build(
    header: &Value,
    claims: &Value,
    key: &PrivateKey,
    signing: Signing,
) -> Result<String, String> {
    let mut header = header.clone();
    if !header.is_object() {
        header = json!({});
    }
    let algorithm = json!(key.algorithm);
    header["alg"] = if signing == Signing::None { json!("none") } else { algorithm };
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", encode(&header), encode(claims));
    let signature = match signing {
        Signing::None => String::new(),
        Signing::Correct => sign(&message, key)?,
        Signing::WrongKey => sign(&message, &stranger(key.algorithm)?)?,
        Signing::Tampered => flip(&sign(&message, key)?),
    };
    Ok(format!("{message}.{signature}"))
}

fn sign(message: &str, key: &PrivateKey) -> Result<String, String> {
    crypto::sign(message.as_bytes(), &key.encoding, key.algorithm)
        .map_err(|e| format!("the JWT cannot be signed: {e}"))
}

/// A key that nobody knows, of the same kind, so that only the key is wrong.
fn stranger(algorithm: Algorithm) -> Result<PrivateKey, String> {
    if algorithm == Algorithm::ES256 {
        return Ok(PrivateKey::generate());
    }
    use aws_lc_rs::encoding::AsDer;
    use aws_lc_rs::rsa::{KeyPair, KeySize};
    let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| "no RSA key can be generated")?;
    let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> =
        pair.as_der().map_err(|_| "an RSA key cannot be encoded")?;
    let body = base64::engine::general_purpose::STANDARD.encode(der.as_ref());
    PrivateKey::from_pem(&format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----"))
}

/// Changes one bit in the middle of a base64url text.
fn flip(signature: &str) -> String {
    let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap_or_default();
    let middle = bytes.len() / 2;
    if let Some(byte) = bytes.get_mut(middle) {
        *byte ^= 1;
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(keys: &[Value]) -> Value {
        json!({ "keys": keys })
    }

    fn named(key: &PrivateKey, kid: &str) -> Value {
        let mut public = key.public.clone();
        public["kid"] = json!(kid);
        public
    }

    #[test]
    fn a_signature_verifies_only_with_the_key_that_is_named() {
        let (key, other) = (PrivateKey::generate(), PrivateKey::generate());
        let build = |kid, signing| {
            build(&json!({"kid": kid}), &json!({"sub": "a"}), &key, signing).expect("signs")
        };
        let keys = set(&[named(&key, "one"), named(&other, "two"), json!({"kty": "weird"})]);
        let rows = [
            ("one", Signing::Correct, None),
            ("two", Signing::Correct, Some("does not verify")),
            ("three", Signing::Correct, Some("is not in the JWK Set")),
            ("one", Signing::Tampered, Some("does not verify")),
            ("one", Signing::WrongKey, Some("does not verify")),
            ("one", Signing::None, Some("alg `none`")),
        ];
        for (kid, signing, why) in rows {
            let verdict = verify(&build(kid, signing), &keys);
            match why {
                None => assert_eq!(verdict, Ok(())),
                Some(why) => {
                    assert!(verdict.as_ref().is_err_and(|e| e.contains(why)), "{verdict:?}");
                }
            }
        }
    }

    #[test]
    fn without_a_kid_the_set_must_leave_no_choice() {
        let key = PrivateKey::generate();
        let jwt = build(&json!({}), &json!({}), &key, Signing::Correct).expect("signs");
        assert_eq!(verify(&jwt, &set(&[named(&key, "one")])), Ok(()));
        let two = set(&[named(&key, "one"), named(&PrivateKey::generate(), "two")]);
        assert!(verify(&jwt, &two).is_err());
    }

    #[test]
    fn malformed_tokens_say_what_is_wrong() {
        for (jwt, why) in [("abc", "found 1"), ("!.e30.", "base64url"), ("e30.YQ.", "JSON")] {
            let error = claims(jwt).and(header(jwt)).expect_err(jwt);
            assert!(error.contains(why), "{jwt}: {error}");
        }
    }
}

//! One signing key: how it is made, what it signs, and its public half as a JSON Web Key.

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING,
    ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair, UnparsedPublicKey,
    VerificationAlgorithm,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256, Sha512};

/// A signature algorithm by its registered name (RFC 7518 §3.1, RFC 8037 §3.1).
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
// The names are those of the registry.
pub enum Algorithm {
    #[default]
    RS256,
    ES256,
    EdDSA,
}

/// A key pair with its public half as a JSON Web Key has it.
#[derive(Debug)]
pub struct Key {
    /// What it signs with.
    pub algorithm: Algorithm,
    /// The RFC 7638 thumbprint.
    pub thumbprint: String,
    /// The members of the JSON Web Key that make the key: those that the thumbprint is about.
    pub members: Map<String, Value>,
    /// The public half, in the form that its algorithm has for it.
    pub public: Vec<u8>,
    pair: Pair,
}

#[derive(Debug)]
enum Pair {
    Rsa(RsaKeyPair),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// The registered name of an algorithm.
pub fn name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::RS256 => "RS256",
        Algorithm::ES256 => "ES256",
        Algorithm::EdDSA => "EdDSA",
    }
}

/// A new key. RSA keys have 2048 bits and take about 200 ms; the others take none.
pub fn generate(algorithm: Algorithm) -> Arc<Key> {
    const MADE: &str = "the library can make such a key";
    let (pair, public) = match algorithm {
        Algorithm::RS256 => {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect(MADE);
            let public = pair.public_key().as_ref().to_vec();
            (Pair::Rsa(pair), public)
        }
        Algorithm::ES256 => {
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect(MADE);
            let public = pair.public_key().as_ref().to_vec();
            (Pair::Ecdsa(pair), public)
        }
        Algorithm::EdDSA => {
            let pair = Ed25519KeyPair::generate().expect(MADE);
            let public = pair.public_key().as_ref().to_vec();
            (Pair::Ed25519(pair), public)
        }
    };
    let members = members(algorithm, &public);
    Arc::new(Key { algorithm, thumbprint: thumbprint(&members), members, public, pair })
}

/// The members of RFC 7518 §6.2.1 and §6.3.1 or RFC 8037 §2, in lexicographic order.
fn members(algorithm: Algorithm, public: &[u8]) -> Map<String, Value> {
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let members = match algorithm {
        Algorithm::RS256 => {
            let (modulus, exponent) = components(public);
            json!({ "e": encode(exponent), "kty": "RSA", "n": encode(modulus) })
        }
        Algorithm::ES256 => {
            // SEC 1 §2.3.3: an uncompressed point is 04, x and y.
            let (x, y) = public[1..].split_at(32);
            json!({ "crv": "P-256", "kty": "EC", "x": encode(x), "y": encode(y) })
        }
        Algorithm::EdDSA => json!({ "crv": "Ed25519", "kty": "OKP", "x": encode(public) }),
    };
    members.as_object().cloned().unwrap_or_default()
}

fn thumbprint(members: &Map<String, Value>) -> String {
    // RFC 7638 §3.2: exactly the required members, in lexicographic order, without white space.
    let text = Value::Object(members.clone()).to_string();
    URL_SAFE_NO_PAD.encode(Sha256::digest(text))
}

/// Modulus and exponent of an `RSAPublicKey` (RFC 8017 §A.1.1) without leading zeros.
fn components(der: &[u8]) -> (&[u8], &[u8]) {
    let (sequence, _) = element(der);
    let (modulus, rest) = element(sequence);
    let (exponent, _) = element(rest);
    // RFC 7518 §6.3.1: Base64urlUInt has no leading zero octets; DER adds one to keep the sign.
    (stripped(modulus), stripped(exponent))
}

fn stripped(integer: &[u8]) -> &[u8] {
    integer.strip_prefix(&[0]).unwrap_or(integer)
}

/// The contents of the first DER element, and what follows it.
fn element(der: &[u8]) -> (&[u8], &[u8]) {
    let (length, start) = match der[1] {
        short @ 0..=0x7f => (usize::from(short), 2),
        long => {
            let octets = usize::from(long & 0x7f);
            let fold = |length, octet: &u8| length << 8 | usize::from(*octet);
            (der[2..2 + octets].iter().fold(0, fold), 2 + octets)
        }
    };
    der[start..].split_at(length)
}

/// The signature of a message.
pub fn sign(key: &Key, message: &[u8]) -> Vec<u8> {
    match &key.pair {
        Pair::Rsa(pair) => sign_rsa(pair, &RSA_PKCS1_SHA256, message),
        // RFC 7518 §3.4: r and s at their full length, which is what the fixed form has.
        Pair::Ecdsa(pair) => {
            let signature = pair.sign(&SystemRandom::new(), message);
            signature.expect("the system's random source does not fail").as_ref().to_vec()
        }
        Pair::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
    }
}

/// The signature of a certificate, which differs for ECDSA only: there it is a DER sequence (RFC 5758 §3.2).
pub fn sign_certificate(key: &Key, message: &[u8]) -> Vec<u8> {
    let Pair::Ecdsa(pair) = &key.pair else { return sign(key, message) };
    let same = pair.to_pkcs8v1().ok();
    let same = same.and_then(|document| {
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref()).ok()
    });
    let pair = same.expect("a key pair can be written and read");
    let signature = pair.sign(&SystemRandom::new(), message);
    signature.expect("the system's random source does not fail").as_ref().to_vec()
}

/// A message that names an algorithm which the key is not published for, and its signature. Only a fault
/// sends it. RSA keys alone have a second algorithm, by which the signature verifies all the same.
pub fn sign_unfittingly(key: &Key, message: impl Fn(&str) -> String) -> (String, Vec<u8>) {
    if let Pair::Rsa(pair) = &key.pair {
        let message = message("PS256");
        let signature = sign_rsa(pair, &RSA_PSS_SHA256, message.as_bytes());
        return (message, signature);
    }
    let message = message("RS256");
    let signature = sign(key, message.as_bytes());
    (message, signature)
}

fn sign_rsa(pair: &RsaKeyPair, padding: &'static dyn RsaEncoding, message: &[u8]) -> Vec<u8> {
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(padding, &SystemRandom::new(), message, &mut signature)
        .expect("the buffer is as long as the modulus");
    signature
}

/// Whether the signature of a message is right.
pub fn verifies(key: &Key, message: &[u8], signature: &[u8]) -> bool {
    let algorithm: &'static dyn VerificationAlgorithm = match key.algorithm {
        Algorithm::RS256 => &RSA_PKCS1_2048_8192_SHA256,
        Algorithm::ES256 => &ECDSA_P256_SHA256_FIXED,
        Algorithm::EdDSA => &ED25519,
    };
    UnparsedPublicKey::new(algorithm, &key.public).verify(message, signature).is_ok()
}

/// The JSON Web Key of a key (RFC 7517 §4); without a name when `kid` is none.
pub fn jwk(key: &Key, kid: Option<&str>) -> Value {
    let mut jwk = Value::Object(key.members.clone());
    jwk["use"] = "sig".into();
    jwk["alg"] = name(key.algorithm).into();
    if let Some(kid) = kid {
        jwk["kid"] = kid.into();
    }
    jwk
}

/// The hash of a text that the claim `at_hash` halves (OIDC Core §3.1.3.6): the one that the
/// algorithm uses, which for Ed25519 is SHA-512 (RFC 8032 §5.1).
pub fn hash(algorithm: Algorithm, text: &str) -> Vec<u8> {
    match algorithm {
        Algorithm::RS256 | Algorithm::ES256 => Sha256::digest(text).to_vec(),
        Algorithm::EdDSA => Sha512::digest(text).to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn der_elements_have_short_and_long_lengths() {
        let mut long = vec![0x30, 0x81, 0x80];
        long.extend([7; 0x80]);
        assert_eq!(element(&long), (&[7; 0x80][..], &[][..]));
        assert_eq!(components(&[0x30, 7, 2, 2, 0, 0x81, 2, 1, 3]), (&[0x81][..], &[3][..]));
    }

    #[test]
    fn a_signature_verifies_until_it_is_altered() {
        for algorithm in [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA] {
            let key = generate(algorithm);
            let mut signature = sign(&key, b"message");
            assert!(verifies(&key, b"message", &signature), "{algorithm:?}");
            assert!(!verifies(&generate(algorithm), b"message", &signature), "{algorithm:?}");
            signature[0] ^= 1;
            assert!(!verifies(&key, b"message", &signature), "{algorithm:?}");
        }
    }

    #[test]
    fn thumbprints_are_those_of_the_specifications() {
        // RFC 7638 §3.1.
        let modulus = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1\
            L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65\
            YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-\
            bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        let members = json!({ "e": "AQAB", "kty": "RSA", "n": modulus });
        let thumbprint = thumbprint(members.as_object().expect("an object"));
        assert_eq!(thumbprint, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        // RFC 8037 §A.2 and §A.3.
        let public = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let public = URL_SAFE_NO_PAD.decode(public).expect("base64url");
        let thumbprint = super::thumbprint(&super::members(Algorithm::EdDSA, &public));
        assert_eq!(thumbprint, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }
}

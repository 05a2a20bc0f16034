//! RSA signing keys: the pool that generates them, the ring that a stub publishes, and its rotation.

use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::RsaEncoding;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaKeyPair};
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// An RSA-2048 key pair with its public half as a JSON Web Key has it.
#[derive(Debug)]
pub struct Key {
    /// The RFC 7638 thumbprint.
    pub thumbprint: String,
    /// The member `n`.
    pub modulus: String,
    /// The member `e`.
    pub exponent: String,
    /// The key pair.
    pub pair: RsaKeyPair,
}

/// A key as one stub uses it.
#[derive(Clone, Debug)]
pub struct RingKey {
    /// The name under which it is published.
    pub kid: String,
    /// The key.
    pub key: Arc<Key>,
    /// When it leaves the key set, in seconds since 1970; a key in use stays.
    pub retires_at: Option<u64>,
    /// How many key sets still leave it out.
    pub hidden_answers: u32,
}

/// The keys of one stub for one purpose, oldest first. Retired keys stay: a logout hint may be signed by one.
#[derive(Clone, Debug)]
pub struct KeyRing {
    /// The keys.
    pub keys: Vec<RingKey>,
    /// The index of the one that signs.
    pub signing: usize,
    /// How they are named.
    pub kid: KidStyle,
    /// What they sign.
    pub purpose: Purpose,
}

/// How a dialect names and uses its keys.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeySettings {
    /// What a `kid` looks like.
    pub kid: KidStyle,
    /// Whether a token's header has `typ`.
    pub typ: bool,
    /// Whether access tokens are signed with a key of their own.
    pub access_token_key: bool,
    /// Whether the key set has the next signing key before it signs.
    pub next_published: bool,
}

impl Default for KeySettings {
    fn default() -> KeySettings {
        KeySettings {
            kid: KidStyle::default(),
            typ: true,
            access_token_key: false,
            next_published: false,
        }
    }
}

/// What a `kid` looks like.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum KidStyle {
    /// The RFC 7638 thumbprint.
    #[default]
    Thumbprint,
    /// 32 octets in padded base64 (RFC 4648 §4), which are no thumbprint.
    PaddedBase64,
}

/// What the keys of a ring sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Whatever no other ring signs.
    General,
    /// Access tokens.
    AccessTokens,
}

/// How a rotation treats the key set.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Rotation {
    /// The new key signs at once; the old one stays published while its tokens live.
    #[default]
    Overlap,
    /// The new key signs at once; the old one is removed at once.
    Drop,
    /// The new key is published only; the next rotation makes it sign.
    Prepublish,
}

static SIGNING: Mutex<Vec<Arc<Key>>> = Mutex::new(Vec::new());
static ACCESS_TOKENS: Mutex<Vec<Arc<Key>>> = Mutex::new(Vec::new());
static DECOYS: Mutex<Vec<Arc<Key>>> = Mutex::new(Vec::new());

/// A key that no rotation ever reaches, for the faults that need one.
pub fn decoy(index: usize) -> Arc<Key> {
    pooled(&DECOYS, index)
}

/// A new ring with its first key, and the next one if that is published beforehand.
pub fn ring(kid: KidStyle, purpose: Purpose, next: bool) -> KeyRing {
    let keys = (0..=usize::from(next)).map(|index| fresh(index, kid, purpose)).collect();
    KeyRing { keys, signing: 0, kid, purpose }
}

/// Generating a key takes about 200 ms, so the stubs of one process share theirs.
fn pooled(pool: &Mutex<Vec<Arc<Key>>>, index: usize) -> Arc<Key> {
    let mut keys = pool.lock().unwrap_or_else(PoisonError::into_inner);
    while keys.len() <= index {
        keys.push(Arc::new(generate()));
    }
    Arc::clone(&keys[index])
}

fn fresh(index: usize, kid: KidStyle, purpose: Purpose) -> RingKey {
    let pool = match purpose {
        Purpose::General => &SIGNING,
        Purpose::AccessTokens => &ACCESS_TOKENS,
    };
    let key = pooled(pool, index);
    let kid = match kid {
        KidStyle::Thumbprint => key.thumbprint.clone(),
        KidStyle::PaddedBase64 => STANDARD.encode(Sha256::digest(key.pair.public_key())),
    };
    RingKey { kid, key, retires_at: None, hidden_answers: 0 }
}

fn generate() -> Key {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("2048 bits is a supported size");
    let (modulus, exponent) = components(pair.public_key().as_ref());
    let (modulus, exponent) = (URL_SAFE_NO_PAD.encode(modulus), URL_SAFE_NO_PAD.encode(exponent));
    let thumbprint = thumbprint(&exponent, &modulus);
    Key { thumbprint, modulus, exponent, pair }
}

fn thumbprint(exponent: &str, modulus: &str) -> String {
    // RFC 7638 §3.2: exactly the required members, in lexicographic order, without white space.
    let members = format!(r#"{{"e":"{exponent}","kty":"RSA","n":"{modulus}"}}"#);
    URL_SAFE_NO_PAD.encode(Sha256::digest(members))
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

/// The RS256 signature of a message.
pub fn sign(key: &Key, message: &[u8]) -> Vec<u8> {
    sign_with(key, &RSA_PKCS1_SHA256, message)
}

/// The PS256 signature of a message, which only a fault sends.
pub fn sign_pss(key: &Key, message: &[u8]) -> Vec<u8> {
    sign_with(key, &RSA_PSS_SHA256, message)
}

fn sign_with(key: &Key, padding: &'static dyn RsaEncoding, message: &[u8]) -> Vec<u8> {
    let mut signature = vec![0; key.pair.public_modulus_len()];
    key.pair
        .sign(padding, &SystemRandom::new(), message, &mut signature)
        .expect("the buffer is as long as the modulus");
    signature
}

/// Whether the RS256 signature of a message is right.
pub fn verifies(key: &Key, message: &[u8], signature: &[u8]) -> bool {
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.pair.public_key());
    public.verify(message, signature).is_ok()
}

/// The JSON Web Key of a key; without a name when `kid` is none.
pub fn jwk(key: &Key, kid: Option<&str>) -> Value {
    // RFC 7517 §4 and RFC 7518 §6.3.1.
    let mut jwk = json!({
        "kty": "RSA", "use": "sig", "alg": "RS256", "n": key.modulus, "e": key.exponent,
    });
    if let Some(kid) = kid {
        jwk["kid"] = kid.into();
    }
    jwk
}

/// The ring after a rotation; a key that stops signing leaves the key set at `retires_at`.
pub fn rotate(ring: &mut KeyRing, rotation: Rotation, now: u64, retires_at: u64) {
    let waiting = ring.signing + 1 < ring.keys.len();
    if !waiting {
        ring.keys.push(fresh(ring.keys.len(), ring.kid, ring.purpose));
    }
    if rotation == Rotation::Prepublish && !waiting {
        return;
    }
    let drops = rotation == Rotation::Drop;
    ring.keys[ring.signing].retires_at = Some(if drops { now } else { retires_at });
    ring.signing += 1;
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
        let key = &ring(KidStyle::Thumbprint, Purpose::General, false).keys[0].key;
        let mut signature = sign(key, b"message");
        assert!(verifies(key, b"message", &signature));
        signature[0] ^= 1;
        assert!(!verifies(key, b"message", &signature));
    }

    #[test]
    fn the_thumbprint_is_that_of_rfc_7638() {
        // RFC 7638 §3.1.
        let modulus = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1\
            L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65\
            YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-\
            bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        assert_eq!(thumbprint("AQAB", modulus), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn a_padded_kid_has_44_characters() {
        let ring = ring(KidStyle::PaddedBase64, Purpose::AccessTokens, false);
        let kid = &ring.keys[0].kid;
        assert!(kid.len() == 44 && kid.ends_with('='), "{kid}");
    }

    #[test]
    fn prepublishing_delays_the_change_of_the_signing_key() {
        let mut ring = ring(KidStyle::Thumbprint, Purpose::General, false);
        let mut states = Vec::new();
        for rotation in [Rotation::Prepublish, Rotation::Overlap, Rotation::Overlap] {
            rotate(&mut ring, rotation, 0, 10);
            states.push((ring.keys.len(), ring.signing));
        }
        assert_eq!(states, [(2, 0), (2, 1), (3, 2)]);
    }
}

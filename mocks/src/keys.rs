//! Signing keys: the pools that they come from, the ring that a stub publishes, and its rotation.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::certificate::{self, Certificate};
use crate::key::{self, Algorithm, Key};

/// A key as one stub uses it.
#[derive(Clone, Debug)]
pub struct RingKey {
    /// The name under which it is published.
    pub kid: String,
    /// The key.
    pub key: Arc<Key>,
    /// Its certificate, if key sets have them.
    pub certificate: Option<Certificate>,
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
    /// How they are named and used.
    pub settings: KeySettings,
    /// What they sign.
    pub purpose: Purpose,
}

/// How a dialect names and uses its keys.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch in the dialect's file")]
pub struct KeySettings {
    /// What they sign with.
    pub signing: Algorithm,
    /// What a `kid` looks like.
    pub kid: KidStyle,
    /// Whether a token's header has `typ`.
    pub typ: bool,
    /// Whether access tokens are signed with a key of their own.
    pub access_token_key: bool,
    /// Whether the key set has the next signing key before it signs.
    pub next_published: bool,
    /// Whether the key set has certificates: `x5c` and `x5t`.
    pub certificates: bool,
}

impl Default for KeySettings {
    fn default() -> KeySettings {
        KeySettings {
            signing: Algorithm::default(),
            kid: KidStyle::default(),
            typ: true,
            access_token_key: false,
            next_published: false,
            certificates: false,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// Whatever no other ring signs.
    General,
    /// Access tokens.
    AccessTokens,
    /// Nothing that is right: the faults' keys, which no rotation ever reaches.
    Decoys,
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

type Pools = BTreeMap<(Purpose, Algorithm), Vec<Arc<Key>>>;

/// Generating an RSA key takes about 200 ms, so the stubs of one process share theirs.
static POOLS: Mutex<Pools> = Mutex::new(Pools::new());

/// A key of a pool, which is filled as far as that.
pub fn pooled(purpose: Purpose, algorithm: Algorithm, index: usize) -> Arc<Key> {
    let mut pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
    let keys = pools.entry((purpose, algorithm)).or_default();
    while keys.len() <= index {
        keys.push(key::generate(algorithm));
    }
    Arc::clone(&keys[index])
}

/// A new ring with its first key, and the next one if that is published beforehand.
pub fn ring(settings: KeySettings, purpose: Purpose) -> KeyRing {
    let indices = 0..=usize::from(settings.next_published);
    let keys = indices.map(|index| fresh(index, settings, purpose)).collect();
    KeyRing { keys, signing: 0, settings, purpose }
}

fn fresh(index: usize, settings: KeySettings, purpose: Purpose) -> RingKey {
    let key = pooled(purpose, settings.signing, index);
    let kid = match settings.kid {
        KidStyle::Thumbprint => key.thumbprint.clone(),
        KidStyle::PaddedBase64 => STANDARD.encode(Sha256::digest(&key.public)),
    };
    let certificate = settings.certificates.then(|| certificate::certify(&key));
    RingKey { kid, key, certificate, retires_at: None, hidden_answers: 0 }
}

/// The ring after a rotation; a key that stops signing leaves the key set at `retires_at`.
pub fn rotate(ring: &mut KeyRing, rotation: Rotation, now: u64, retires_at: u64) {
    let waiting = ring.signing + 1 < ring.keys.len();
    if !waiting {
        ring.keys.push(fresh(ring.keys.len(), ring.settings, ring.purpose));
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
    fn a_padded_kid_has_44_characters() {
        let settings = KeySettings { kid: KidStyle::PaddedBase64, ..KeySettings::default() };
        let ring = ring(settings, Purpose::AccessTokens);
        let kid = &ring.keys[0].kid;
        assert!(kid.len() == 44 && kid.ends_with('='), "{kid}");
    }

    #[test]
    fn prepublishing_delays_the_change_of_the_signing_key() {
        let mut ring = ring(KeySettings::default(), Purpose::General);
        let mut states = Vec::new();
        for rotation in [Rotation::Prepublish, Rotation::Overlap, Rotation::Overlap] {
            rotate(&mut ring, rotation, 0, 10);
            states.push((ring.keys.len(), ring.signing));
        }
        assert_eq!(states, [(2, 0), (2, 1), (3, 2)]);
    }
}

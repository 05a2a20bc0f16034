//! What verifying a token costs, next to `openssl speed` where that is installed.

use std::process::Command;
use std::time::{Duration, Instant};

use authgauge::load::health;
use authgauge::load::verification::{verifier, verify_signature};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::ratio::tell;

const ROUNDS: usize = 5;

/// A way to sign.
pub struct Algorithm {
    name: &'static str,
    /// What `openssl speed` calls it.
    openssl: &'static str,
    goal: &'static str,
    /// A new public key, and the signature of a message.
    sign: fn(&[u8]) -> (Value, Vec<u8>),
}

/// Those that are verified under load.
pub const ALL: [Algorithm; 3] = [
    Algorithm { name: "RS256", openssl: "rsa2048", goal: "0.85", sign: rs256 },
    Algorithm { name: "ES256", openssl: "ecdsap256", goal: "1", sign: es256 },
    Algorithm { name: "EdDSA", openssl: "ed25519", goal: "2", sign: eddsa },
];

/// Verifications of a whole token in a second of one processor.
pub fn beside_openssl(algorithm: &Algorithm) {
    let (key, token) = token(algorithm);
    let own = verifier(&key, algorithm.name).expect("a key");
    let ratios = (0..ROUNDS).filter_map(|_| {
        let rate = rate(|| verify_signature(&own, &token).expect("verifies"));
        Some(rate / openssl(algorithm)?)
    });
    tell(
        &format!("{} verifications / openssl speed", algorithm.name),
        ratios.collect(),
        algorithm.goal,
    );
}

fn token(algorithm: &Algorithm) -> (Value, String) {
    let header = encode(json!({"alg": algorithm.name}).to_string());
    let message = format!("{header}.{}", encode(json!({"sub": "a".repeat(500)}).to_string()));
    let (key, signature) = (algorithm.sign)(message.as_bytes());
    (key, format!("{message}.{}", encode(signature)))
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn rs256(message: &[u8]) -> (Value, Vec<u8>) {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
    let public = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).expect("signs");
    (json!({"n": encode(&public.n), "e": encode(&public.e)}), signature)
}

fn es256(message: &[u8]) -> (Value, Vec<u8>) {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
    let signature = pair.sign(&SystemRandom::new(), message).expect("signs");
    // SEC 1 §2.3.3: an uncompressed point is 04, then x, then y.
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    (json!({"x": encode(x), "y": encode(y)}), signature.as_ref().to_vec())
}

fn eddsa(message: &[u8]) -> (Value, Vec<u8>) {
    let pair = Ed25519KeyPair::generate().expect("a key");
    (json!({"x": encode(pair.public_key())}), pair.sign(message).as_ref().to_vec())
}

/// How often something can be done in a second of processor time, for others use the machine, too.
fn rate(mut work: impl FnMut()) -> f64 {
    let (begun, before) = (Instant::now(), health::processor_time().expect("Linux"));
    let mut done = 0.0;
    while begun.elapsed() < Duration::from_secs(1) {
        work();
        done += 1.0;
    }
    done / health::processor_time().expect("Linux").saturating_sub(before).as_secs_f64()
}

/// Verifications per second of OpenSSL, if it is installed. It counts processor time.
fn openssl(algorithm: &Algorithm) -> Option<f64> {
    let speed = ["speed", "-mr", "-seconds", "1", algorithm.openssl];
    let output = Command::new("openssl").args(speed).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    // One line has the figures, signatures before verifications.
    let line = text.lines().find(|line| line.starts_with("+F"))?;
    line.rsplit(':').next()?.parse().ok()
}

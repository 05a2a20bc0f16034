//! Reading a JSON Web Signature with a key set.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

fn decode(part: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(part.as_str().expect("text")).expect("base64url")
}

fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).expect("three parts");
    serde_json::from_slice(&decode(&part.into())).expect("JSON")
}

pub fn claims(token: &str) -> Value {
    part(token, 1)
}

pub fn header(token: &str) -> Value {
    part(token, 0)
}

pub fn kid(token: &str) -> Value {
    part(token, 0)["kid"].clone()
}

/// Whether the key that the token names verifies it.
pub fn verifies(keys: &[Value], token: &str) -> bool {
    let kid = kid(token);
    let Some(key) = keys.iter().find(|key| key["kid"] == kid) else {
        return false;
    };
    let (message, signature) = token.rsplit_once('.').expect("three parts");
    let key = RsaPublicKeyComponents { n: decode(&key["n"]), e: decode(&key["e"]) };
    let signature = decode(&signature.into());
    key.verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &signature).is_ok()
}

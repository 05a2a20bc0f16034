//! Unguessable text.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::manners::Secret;

/// 192 random bits as 32 base64url characters.
pub fn secret() -> String {
    // RFC 6749 §10.10: the chance of guessing a token must be at most 2^-128.
    let mut bytes = [0; 24];
    fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A random UUID (RFC 9562 §5.4).
pub fn uuid() -> String {
    let mut bytes = [0; 16];
    fill(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

/// `length` random bytes.
pub fn bytes(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    fill(&mut bytes);
    bytes
}

/// A code or token of that form.
pub fn text(form: Secret) -> String {
    match form {
        Secret::Text => secret(),
        Secret::Uuid => uuid(),
        Secret::FiveParts => [(); 5].map(|()| secret()).join("."),
    }
}

/// `length` letters that are easy to read aloud and spell no words.
pub fn letters(length: usize) -> String {
    // RFC 8628 §6.1: the base-20 alphabet without vowels.
    const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
    let mut text = String::with_capacity(length);
    while text.len() < length {
        let mut byte = [0];
        fill(&mut byte);
        // 240 is the largest multiple of 20 in a byte: every letter is equally likely.
        if byte[0] < 240 {
            text.push(char::from(ALPHABET[usize::from(byte[0] % 20)]));
        }
    }
    text
}

fn fill(bytes: &mut [u8]) {
    aws_lc_rs::rand::fill(bytes).expect("the operating system's random source does not fail");
}

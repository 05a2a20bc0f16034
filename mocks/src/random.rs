//! Unguessable text.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::RngCore as _;

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
    let digits = format!("{:032x}", u128::from_be_bytes(bytes));
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
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
        Secret::Letters => of(LETTERS, 30),
        Secret::FiveParts => [(); 5].map(|()| secret()).join("."),
    }
}

/// RFC 8628 §6.1: the base-20 alphabet without vowels, easy to read aloud and spelling no words.
pub const CONSONANTS: &str = "BCDFGHJKLMNPQRSTVWXZ";

const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// `length` characters of an ASCII alphabet; of letters and digits, if it is none.
pub fn of(alphabet: &str, length: usize) -> String {
    let alphabet = if alphabet.is_ascii() && (1..=256).contains(&alphabet.len()) {
        alphabet.as_bytes()
    } else {
        LETTERS.as_bytes()
    };
    // Bytes from the last incomplete run on are drawn again, so that each is equally likely.
    let fair = 256 - 256 % alphabet.len();
    let mut text = String::with_capacity(length);
    while text.len() < length {
        let mut byte = [0];
        fill(&mut byte);
        let drawn = usize::from(byte[0]);
        if drawn < fair {
            text.push(char::from(alphabet[drawn % alphabet.len()]));
        }
    }
    text
}

fn fill(bytes: &mut [u8]) {
    rand::rng().fill_bytes(bytes);
}

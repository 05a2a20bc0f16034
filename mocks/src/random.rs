//! Unguessable text.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// 192 random bits as 32 base64url characters.
pub fn secret() -> String {
    // RFC 6749 §10.10: the chance of guessing a token must be at most 2^-128.
    let mut bytes = [0; 24];
    fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// `length` random bytes.
pub fn bytes(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    fill(&mut bytes);
    bytes
}

/// 16 bytes in the notation of a UUID (RFC 9562 §4); they need not be a valid one.
pub fn uuid(bytes: [u8; 16]) -> String {
    let number = u128::from_be_bytes(bytes);
    let (low, high) = (number & 0xffff_ffff_ffff, number >> 48);
    let (third, second, first) = (high >> 16 & 0xffff, high >> 32 & 0xffff, high >> 48);
    format!("{first:08x}-{second:04x}-{third:04x}-{:04x}-{low:012x}", high & 0xffff)
}

/// A random UUID (RFC 9562 §5.4).
pub fn fresh_uuid() -> String {
    let mut bytes = [0; 16];
    fill(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    uuid(bytes)
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

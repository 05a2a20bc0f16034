//! Time-based one-time passwords (RFC 6238) as authenticator apps make them: SHA-1, six digits, half a
//! minute each.

use aws_lc_rs::hmac;

/// Seconds for which a code is the current one.
const STEP: u64 = 30;

/// The code of a time in seconds since 1970.
pub fn code(secret: &[u8], now: u64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &(now / STEP).to_be_bytes());
    let tag = tag.as_ref();
    // RFC 4226 §5.3: the last four bits say where the 31 bits stand.
    let at = usize::from(tag[tag.len() - 1] & 0x0f);
    let number = tag[at..at + 4].iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
    format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
}

/// Whether a code is right, or was or will be half a minute from now (RFC 6238 §5.2).
pub fn is_right(secret: &[u8], now: u64, sent: &str) -> bool {
    let times = [now.saturating_sub(STEP), now, now.saturating_add(STEP)];
    times.iter().any(|time| code(secret, *time) == sent)
}

/// A secret as people type it into an app: base32 (RFC 4648 §6) without padding.
pub fn base32(secret: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits = |byte: u8| (0..8).rev().map(move |shift| u16::from(byte >> shift & 1));
    let bits: Vec<u16> = secret.iter().copied().flat_map(bits).collect();
    let letter = |five: &[u16]| {
        let value = five.iter().fold(0, |value, bit| value << 1 | bit) << (5 - five.len());
        char::from(ALPHABET[usize::from(value)])
    };
    bits.chunks(5).map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_rfc_6238() {
        // Appendix B; six digits are the last six of eight.
        let secret = b"12345678901234567890";
        let rows = [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")];
        for (time, expected) in rows {
            assert_eq!(code(secret, time), expected, "{time}");
            assert!(is_right(secret, time + STEP, expected), "{time}");
            assert!(!is_right(secret, time + 3 * STEP, expected), "{time}");
        }
    }

    #[test]
    fn base32_is_that_of_rfc_4648() {
        let rows =
            [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foobar", "MZXW6YTBOI")];
        for (bytes, text) in rows {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
    }
}

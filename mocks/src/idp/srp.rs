//! Secure Remote Password as the pool does it: the server's half of the arithmetic, and nothing else.
//!
//! `I`, `p`, `s` are user, password and salt; `v` is the verifier, `a` and `b` the two secrets, `A` and
//! `B` what is sent instead of them (RFC 2945, RFC 5054). The only module that names num-bigint.

use std::sync::LazyLock;

use aws_lc_rs::hmac;
use num_bigint::BigUint;
use sha2::{Digest, Sha256};

/// The 3072-bit group of RFC 3526 §4, whose generator is 2.
const PRIME: &str = "\
    ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea6\
    3b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245\
    e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7edee386bfb5a899fa5ae9f2411\
    7c4b1fe649286651ece45b3dc2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f\
    83655d23dca3ad961c62f356208552bb9ed529077096966d670c354e4abc9804f1746c08\
    ca18217c32905e462e36ce3be39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9\
    de2bcbf6955817183995497cea956ae515d2261898fa051015728e5a8aaac42dad33170d\
    04507a33a85521abdf1cba64ecfb850458dbef0a8aea71575d060c7db3970f85a6e1e4c7\
    abf5ae8cdb0933d71e8c94e04a25619dcee3d2261ad2ee6bf12ffa06d98a0864d8760273\
    3ec86a64521f2b18177b200cbbe117577a615d6c770988c0bad946e208e24fa074e5ab31\
    43db5bfce0fd108e4b82d120a93ad2caffffffffffffffff";

/// The group and the multiplier `k`.
struct Group {
    prime: BigUint,
    generator: BigUint,
    multiplier: BigUint,
}

static GROUP: LazyLock<Group> = LazyLock::new(|| {
    let prime = BigUint::parse_bytes(PRIME.as_bytes(), 16).expect("hexadecimal digits");
    let generator = BigUint::from(2_u8);
    let multiplier = hash(&[&padded(&prime), &padded(&generator)]);
    Group { prime, generator, multiplier }
});

/// A number that one side tells the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Public(BigUint);

/// The server's half of one login.
#[derive(Debug)]
pub struct Server {
    /// `B` in hexadecimal digits, without leading zeros.
    pub public: String,
    /// The key that both sides have agreed upon if the password was right.
    pub key: [u8; 16],
}

/// Who logs in, as far as SRP is concerned.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'a> {
    /// What follows the underscore in the pool's identifier.
    pub pool: &'a str,
    /// `USER_ID_FOR_SRP`.
    pub user: &'a str,
}

/// `A` from the client's hexadecimal digits; none if it is malformed or would fix the key.
pub fn client_public(digits: &str) -> Option<Public> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    // RFC 5054 §2.5.4: the server aborts if A mod N is zero. More digits than N has are no residue.
    let number = BigUint::parse_bytes(digits.as_bytes(), 16).filter(|_| plain)?;
    (number > BigUint::ZERO && number < GROUP.prime).then_some(Public(number))
}

/// What the server answers to `A`; `secret` are the random bytes of `b`.
pub fn respond(
    identity: Identity,
    password: &str,
    salt: &[u8],
    client: &Public,
    secret: &[u8],
) -> Server {
    let Group { prime, generator, multiplier } = &*GROUP;
    let verifier = generator.modpow(&private_key(identity, password, salt), prime);
    let secret = BigUint::from_bytes_be(secret);
    let public = (multiplier * &verifier + generator.modpow(&secret, prime)) % prime;
    let scrambler = scrambler(&client.0, &public);
    // RFC 5054 §2.6: S = (A · v^u)^b.
    let base = &client.0 * verifier.modpow(&scrambler, prime) % prime;
    let shared = base.modpow(&secret, prime);
    Server { public: public.to_str_radix(16), key: derived_key(&scrambler, &shared) }
}

/// The claim that proves the key: HMAC-SHA256 over pool, user, secret block and time.
pub fn signature(
    key: &[u8; 16],
    identity: Identity,
    secret_block: &[u8],
    timestamp: &str,
) -> Vec<u8> {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    let parts = [identity.pool.as_bytes(), identity.user.as_bytes()];
    for part in parts.into_iter().chain([secret_block, timestamp.as_bytes()]) {
        context.update(part);
    }
    context.sign().as_ref().to_vec()
}

/// The salt in hexadecimal digits, without leading zeros.
pub fn hexadecimal(salt: &[u8]) -> String {
    BigUint::from_bytes_be(salt).to_str_radix(16)
}

/// `x`.
fn private_key(identity: Identity, password: &str, salt: &[u8]) -> BigUint {
    let credentials = format!("{}{}:{password}", identity.pool, identity.user);
    let salt = padded(&BigUint::from_bytes_be(salt));
    hash(&[&salt, &Sha256::digest(credentials)])
}

/// `u`.
fn scrambler(client: &BigUint, server: &BigUint) -> BigUint {
    hash(&[&padded(client), &padded(server)])
}

/// HKDF (RFC 5869) with one block of output, cut to 16 bytes.
fn derived_key(scrambler: &BigUint, shared: &BigUint) -> [u8; 16] {
    let salt = hmac::Key::new(hmac::HMAC_SHA256, &padded(scrambler));
    let extracted = hmac::sign(&salt, &padded(shared));
    let expand = hmac::Key::new(hmac::HMAC_SHA256, extracted.as_ref());
    let expanded = hmac::sign(&expand, b"Caldera Derived Key\x01");
    let mut key = [0; 16];
    key.copy_from_slice(&expanded.as_ref()[..16]);
    key
}

fn hash(parts: &[&[u8]]) -> BigUint {
    let hash = parts.iter().fold(Sha256::new(), Digest::chain_update);
    BigUint::from_bytes_be(&hash.finalize())
}

/// The number as two's complement has it: with a zero byte before a leading bit that is set.
fn padded(number: &BigUint) -> Vec<u8> {
    let mut bytes = number.to_bytes_be();
    if bytes[0] >= 0x80 {
        bytes.insert(0, 0);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    use super::*;

    const IDENTITY: Identity = Identity { pool: "EXAMPLE1", user: "u1" };

    /// The 1024-bit secret made of four times the hash of a letter.
    fn secret(letter: &str) -> Vec<u8> {
        Sha256::digest(letter).repeat(4)
    }

    fn digest(number: &BigUint) -> String {
        hexadecimal(&Sha256::digest(number.to_str_radix(16)))
    }

    fn digits(number: &BigUint) -> String {
        number.to_str_radix(16)
    }

    #[test]
    fn the_group_has_the_known_hashes() {
        let prime = Sha256::digest(GROUP.prime.to_bytes_be());
        assert_eq!(
            hexadecimal(&prime),
            "48cf8b092fbce4359d9871abf74f98e25b6163379eaa15cd9087e800c6d1c55c"
        );
        assert_eq!(
            digits(&GROUP.multiplier),
            "538282c4354742d7cbbde2359fcf67f9f5b3a6b08791e5011b43b8a5b66d9ee6"
        );
    }

    #[test]
    fn both_sides_agree_with_the_test_vector() {
        let salt = BigUint::parse_bytes(b"63479ad69a090b258277ec8fba6f9941", 16).expect("digits");
        let salt = salt.to_bytes_be();
        let a = BigUint::from_bytes_be(&secret("a"));
        let client = GROUP.generator.modpow(&a, &GROUP.prime);
        assert_eq!(
            digest(&client),
            "beee990bbc56d44949fcaf8f3f1eb77cc8d1b09d87723a902acbf00d02ab627f"
        );
        let public = client_public(&digits(&client)).expect("a residue");
        let server = respond(IDENTITY, "Passw0rd!", &salt, &public, &secret("b"));
        let b = BigUint::parse_bytes(server.public.as_bytes(), 16).expect("digits");
        assert_eq!(digest(&b), "98b9ee1bcbe56cadaf88b592e8a9ca8e673468d68442dd2a7c7faa111c223b2b");
        let x = private_key(IDENTITY, "Passw0rd!", &salt);
        assert_eq!(digits(&x), "1627beb1d006048947ed2837aeaee4a672a651e6d015a326584f5a0d1e95ef63");
        let u = scrambler(&client, &b);
        assert_eq!(digits(&u), "5abc996b7538a91ffb50f46beff86b521cb9fe9fb2e8adc996c37171c0ad18df");
        let verifier = GROUP.generator.modpow(&x, &GROUP.prime);
        let masked = &GROUP.multiplier * verifier % &GROUP.prime;
        let shared = (&b + &GROUP.prime - masked).modpow(&(a + &u * x), &GROUP.prime);
        assert_eq!(
            digest(&shared),
            "92d703f02a5ac796b2f095495b405567421a4f443a6617a9df52915187bc6da9"
        );
        assert_eq!(hexadecimal(&server.key), "2da8980481e6aa704b621157eb967861");
        let block = STANDARD.decode("c2VjcmV0LWJsb2NrLTAxMjM0NTY3ODk=").expect("base64");
        let signature = signature(&server.key, IDENTITY, &block, "Sat Nov 21 02:18:05 UTC 2026");
        assert_eq!(STANDARD.encode(signature), "G9ojxsCcUaPRq1UmMdI9C14fBgpjf03lSl4FWPqq9Ns=");
    }

    #[test]
    fn numbers_that_would_fix_the_key_are_refused() {
        let prime = digits(&GROUP.prime);
        for sent in ["", "0", "000", "-1", "+1", "0x10", "1_0", "é", &prime, &format!("{prime}0")]
        {
            assert_eq!(client_public(sent), None, "{sent}");
        }
        assert!(client_public("00fF").is_some());
    }
}

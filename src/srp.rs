//! Secure Remote Password, the client's half: SRP-6a (RFC 5054) over the 3072-bit group with
//! SHA-256, with a claim that is signed by the common key.
//!
//! The arithmetic takes no constant time, which is fine for accounts that exist for tests. It shares
//! nothing with the stub, whose half would otherwise agree with any mistake of this one.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::Utc;
use num_bigint::BigUint;
use sha2::{Digest, Sha256};

/// RFC 3526 §4, the 3072-bit MODP group, as lines of eight bytes each four; its generator is 2.
const MODULUS: [&str; 12] = [
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74",
    "020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437",
    "4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED",
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF05",
    "98DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB",
    "9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B",
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718",
    "3995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33",
    "A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7",
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864",
    "D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E2",
    "08E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
];

/// What tells the common key from other uses of the same secret.
const LABEL: &[u8] = b"Caldera Derived Key\x01";

/// One login's secret number.
pub struct Client {
    secret: BigUint,
}

/// What the proof is made of, beside the secret number.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The name of the pool.
    pub pool: String,
    /// The name of the user.
    pub user: String,
    /// The password.
    pub password: String,
    /// The salt, in hexadecimal digits.
    pub salt: String,
    /// The server's public number, in hexadecimal digits.
    pub public: String,
    /// What the server wants back, in base64.
    pub secret_block: String,
    /// The time, as [`timestamp`] writes it.
    pub timestamp: String,
}

impl Client {
    /// A client with a new secret number of 1024 bits.
    pub fn new() -> Self {
        let mut bytes = [0; 128];
        aws_lc_rs::rand::fill(&mut bytes).expect("the operating system has randomness");
        Self { secret: BigUint::from_bytes_be(&bytes) }
    }

    /// The public number, in hexadecimal digits.
    pub fn public(&self) -> String {
        self.public_number().to_str_radix(16)
    }

    fn public_number(&self) -> BigUint {
        BigUint::from(2_u8).modpow(&self.secret, &modulus())
    }

    /// The signature that proves the password, in base64.
    ///
    /// # Errors
    /// Names the fact that cannot be used.
    pub fn prove(&self, facts: &Facts) -> Result<String, String> {
        let block = STANDARD.decode(&facts.secret_block);
        let block = block.map_err(|why| format!("srp: `secret_block` is no base64: {why}"))?;
        let key = self.key(facts)?;
        let parts =
            [facts.pool.as_bytes(), facts.user.as_bytes(), &block, facts.timestamp.as_bytes()];
        Ok(STANDARD.encode(mac(&key, &parts.concat())))
    }

    /// The key that both sides agree upon when the password is right.
    fn key(&self, facts: &Facts) -> Result<Vec<u8>, String> {
        let modulus = modulus();
        let server = number("b", &facts.public)? % &modulus;
        // RFC 5054 §2.5.4: such a number would make the key known to everybody.
        if server == BigUint::ZERO {
            return Err("srp: `b` is a multiple of the modulus".into());
        }
        let salt = number("salt", &facts.salt)?;
        let scramble = hash(&[bytes(&self.public_number()), bytes(&server)].concat());
        let who = format!("{}{}:{}", facts.pool, facts.user, facts.password);
        let inner = Sha256::digest(who);
        let private = hash(&[bytes(&salt), inner.to_vec()].concat());
        let generator = BigUint::from(2_u8);
        let multiplier = hash(&[bytes(&modulus), vec![2]].concat());
        let blind = multiplier * generator.modpow(&private, &modulus) % &modulus;
        let base = (&server + &modulus - blind) % &modulus;
        let common = base.modpow(&(&self.secret + &scramble * private), &modulus);
        let extracted = mac(&bytes(&scramble), &bytes(&common));
        Ok(mac(&extracted, LABEL)[..16].to_vec())
    }
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}

/// Now, as the signature and the request say it: English, the day without a leading zero.
pub fn timestamp() -> String {
    Utc::now().format("%a %b %-d %H:%M:%S UTC %Y").to_string()
}

fn modulus() -> BigUint {
    BigUint::parse_bytes(MODULUS.concat().as_bytes(), 16).expect("these are hexadecimal digits")
}

fn number(what: &str, digits: &str) -> Result<BigUint, String> {
    // Longer numbers than the modulus are no honest ones and would only cost time.
    let written = Some(digits).filter(|digits| digits.len() <= 1024);
    let number = written.and_then(|digits| BigUint::parse_bytes(digits.as_bytes(), 16));
    number.ok_or_else(|| format!("srp: `{what}` is no number in hexadecimal digits"))
}

/// The shortest two's complement of a number: a zero goes before a first bit that is set.
fn bytes(number: &BigUint) -> Vec<u8> {
    let mut bytes = number.to_bytes_be();
    if bytes[0] >= 0x80 {
        bytes.insert(0, 0);
    }
    bytes
}

fn hash(bytes: &[u8]) -> BigUint {
    BigUint::from_bytes_be(&Sha256::digest(bytes))
}

fn mac(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), bytes).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use super::{BigUint, Client, Facts, Sha256, bytes, hash, modulus};
    use sha2::Digest as _;

    fn secret(letter: &str) -> BigUint {
        let digest = Sha256::digest(letter).to_vec();
        BigUint::from_bytes_be(&[digest.clone(), digest.clone(), digest.clone(), digest].concat())
    }

    /// The server's public number for a password: `k·g^x + g^b`.
    fn server(facts: &Facts) -> BigUint {
        let salt = BigUint::parse_bytes(facts.salt.as_bytes(), 16).expect("digits");
        let inner = Sha256::digest(format!("{}{}:{}", facts.pool, facts.user, facts.password));
        let private = hash(&[bytes(&salt), inner.to_vec()].concat());
        let multiplier = hash(&[bytes(&modulus()), vec![2]].concat());
        let two = BigUint::from(2_u8);
        let shown = two.modpow(&secret("b"), &modulus());
        (multiplier * two.modpow(&private, &modulus()) + shown) % modulus()
    }

    #[test]
    fn the_proof_is_the_one_of_another_implementation() {
        let mut facts = Facts {
            pool: "EXAMPLE1".into(),
            user: "u1".into(),
            password: "Passw0rd!".into(),
            salt: "63479ad69a090b258277ec8fba6f9941".into(),
            public: String::new(),
            secret_block: "c2VjcmV0LWJsb2NrLTAxMjM0NTY3ODk=".into(),
            timestamp: "Sat Nov 21 02:18:05 UTC 2026".into(),
        };
        facts.public = server(&facts).to_str_radix(16);
        let client = Client { secret: secret("a") };
        let digest = |text: &str| hash(text.as_bytes()).to_str_radix(16);
        assert_eq!(
            digest(&client.public()),
            "beee990bbc56d44949fcaf8f3f1eb77cc8d1b09d87723a902acbf00d02ab627f"
        );
        assert_eq!(
            digest(&facts.public),
            "98b9ee1bcbe56cadaf88b592e8a9ca8e673468d68442dd2a7c7faa111c223b2b"
        );
        let key = client.key(&facts).expect("the facts are in order");
        assert_eq!(
            BigUint::from_bytes_be(&key).to_str_radix(16),
            "2da8980481e6aa704b621157eb967861"
        );
        let signature = "G9ojxsCcUaPRq1UmMdI9C14fBgpjf03lSl4FWPqq9Ns=";
        assert_eq!(client.prove(&facts).as_deref(), Ok(signature));
    }

    #[test]
    fn a_hostile_server_gets_no_proof() {
        let facts = |public: String, salt: &str, block: &str| Facts {
            pool: "p".into(),
            user: "u".into(),
            password: "w".into(),
            salt: salt.into(),
            public,
            secret_block: block.into(),
            timestamp: String::new(),
        };
        let rows = [
            (facts(modulus().to_str_radix(16), "ab", ""), "multiple of the modulus"),
            (facts("0".into(), "ab", ""), "multiple of the modulus"),
            (facts("xyz".into(), "ab", ""), "`b` is no number"),
            (facts("f".repeat(100_000), "ab", ""), "`b` is no number"),
            (facts("5".into(), "", ""), "`salt` is no number"),
            (facts("5".into(), "ab", "%"), "`secret_block` is no base64"),
        ];
        for (facts, expected) in rows {
            let why = Client::new().prove(&facts).expect_err(expected);
            assert!(why.contains(expected), "{why}");
        }
    }
}

//! Signing in by SRP with a client that is written from the formulae, in texts of hexadecimal digits
//! as the product's own clients do it.

use std::sync::LazyLock;

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use num_bigint::BigInt;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::idp::{ALICE, Api, CAROL, POOL, initiate, respond};

/// RFC 3526 §4 gives the prime of the 3072-bit group as a formula; its digits of pi are checked here
/// by the hash of the result.
static PRIME: LazyLock<BigInt> = LazyLock::new(|| {
    let one = BigInt::from(1);
    let pi = (pi_shifted(2942 + 64) >> 64) + 1_690_314;
    (&one << 3072_u32) - (&one << 3008_u32) - &one + (pi << 64_u32)
});

/// Pi times two to the power of `bits`, by Machin's formula.
fn pi_shifted(bits: u32) -> BigInt {
    let guard = bits + 32;
    (16 * arctangent(5, guard) - 4 * arctangent(239, guard)) >> 32_u32
}

/// The arctangent of `1 / x`, times two to the power of `bits`.
fn arctangent(x: u32, bits: u32) -> BigInt {
    let mut power = (BigInt::from(1) << bits) / x;
    let (mut sum, mut divisor, mut sign) = (BigInt::ZERO, 1_u32, 1);
    while power > BigInt::ZERO {
        sum += sign * (&power / divisor);
        power /= x * x;
        divisor += 2;
        sign = -sign;
    }
    sum
}

fn number(hex: &str) -> BigInt {
    BigInt::parse_bytes(hex.as_bytes(), 16).expect("hexadecimal digits")
}

fn bytes(hex: &str) -> Vec<u8> {
    let pairs = (0..hex.len()).step_by(2).map(|at| &hex[at..at + 2]);
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("two digits")).collect()
}

/// An even number of digits, the first of which is at most 7.
fn pad(number: &BigInt) -> String {
    let hex = number.to_str_radix(16);
    match hex.len() % 2 {
        1 => format!("0{hex}"),
        _ if hex.as_bytes()[0] >= b'8' => format!("00{hex}"),
        _ => hex,
    }
}

/// The SHA-256 of a message in hexadecimal digits.
fn digest(message: &[u8]) -> String {
    let bytes = Sha256::digest(message);
    bytes.iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"))
}

fn hash(hex: &str) -> BigInt {
    let digits = digest(&bytes(hex));
    number(&digits)
}

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref().to_vec()
}

struct Client {
    secret: BigInt,
}

const TIMESTAMP: &str = "Sun Nov 1 02:18:05 UTC 2026";

impl Client {
    fn new(seed: &str) -> Client {
        let digits = digest(seed.as_bytes());
        Client { secret: number(&digits.repeat(4)) }
    }

    fn public(&self) -> BigInt {
        BigInt::from(2).modpow(&self.secret, &PRIME)
    }

    fn parameters(&self, username: &str) -> Value {
        json!({ "USERNAME": username, "SRP_A": self.public().to_str_radix(16) })
    }

    fn key(&self, challenge: &Value, password: &str) -> Vec<u8> {
        let text = |name: &str| challenge[name].as_str().expect("a text").to_owned();
        let (salt, server) = (number(&text("SALT")), number(&text("SRP_B")));
        let multiplier = hash(&format!("00{}02", PRIME.to_str_radix(16)));
        let u = hash(&format!("{}{}", pad(&self.public()), pad(&server)));
        let pool = POOL.split('_').nth(1).expect("a name");
        let credentials = format!("{pool}{}:{password}", text("USER_ID_FOR_SRP"));
        let inner = digest(credentials.as_bytes());
        let x = hash(&format!("{}{inner}", pad(&salt)));
        let base = server - multiplier * BigInt::from(2).modpow(&x, &PRIME);
        let shared = base.modpow(&(&self.secret + u.clone() * x), &PRIME);
        let extracted = hmac(&bytes(&pad(&u)), &bytes(&pad(&shared)));
        hmac(&extracted, b"Caldera Derived Key\x01")[..16].to_vec()
    }

    fn claim(&self, challenge: &Value, password: &str, timestamp: &str) -> String {
        let text = |name: &str| challenge[name].as_str().expect("a text");
        let pool = POOL.split('_').nth(1).expect("a name");
        let mut message = format!("{pool}{}", text("USER_ID_FOR_SRP")).into_bytes();
        message.extend(STANDARD.decode(text("SECRET_BLOCK")).expect("base64"));
        message.extend(timestamp.as_bytes());
        STANDARD.encode(hmac(&self.key(challenge, password), &message))
    }

    fn responses(&self, challenge: &Value, password: &str) -> Value {
        json!({
            "USERNAME": challenge["USERNAME"],
            "PASSWORD_CLAIM_SECRET_BLOCK": challenge["SECRET_BLOCK"],
            "PASSWORD_CLAIM_SIGNATURE": self.claim(challenge, password, TIMESTAMP),
            "TIMESTAMP": TIMESTAMP,
        })
    }
}

fn verifier(client: &str, responses: &Value) -> Value {
    respond(client, "PASSWORD_VERIFIER", &Value::Null, responses)
}

#[test]
fn the_formula_of_the_group_gives_the_known_prime() {
    let digits = digest(&bytes(&PRIME.to_str_radix(16)));
    assert_eq!(digits, "48cf8b092fbce4359d9871abf74f98e25b6163379eaa15cd9087e800c6d1c55c");
}

#[test]
fn the_right_password_signs_in_and_a_wrong_one_does_not() {
    let api = Api::new();
    for round in 0..4 {
        let client = Client::new(&format!("client secret {round}"));
        let output = api.initiate("public", "USER_SRP_AUTH", &client.parameters("alice"));
        assert_eq!(output["ChallengeName"], "PASSWORD_VERIFIER");
        assert_eq!(output["Session"], Value::Null);
        let challenge = &output["ChallengeParameters"];
        let wrong = verifier("public", &client.responses(challenge, "wrong"));
        let incorrect = ("NotAuthorizedException".into(), "Incorrect username or password.".into());
        assert_eq!(api.refused("RespondToAuthChallenge", &wrong), incorrect);
        // The secret block was good for one answer.
        let right = verifier("public", &client.responses(challenge, ALICE.1));
        let (_, message) = api.refused("RespondToAuthChallenge", &right);
        assert_eq!(message, "Invalid session for the user.");

        let output = api.initiate("public", "USER_SRP_AUTH", &client.parameters("alice"));
        let challenge = &output["ChallengeParameters"];
        let right = verifier("public", &client.responses(challenge, ALICE.1));
        let output = api.ok("RespondToAuthChallenge", &right);
        assert!(output["AuthenticationResult"]["RefreshToken"].is_string());
    }
}

#[test]
fn the_signed_day_has_no_leading_zero() {
    let api = Api::new();
    let client = Client::new("a");
    let padded = "Sun Nov 01 02:18:05 UTC 2026";
    let output = api.initiate("public", "USER_SRP_AUTH", &client.parameters("alice"));
    let challenge = &output["ChallengeParameters"];
    let mut responses = client.responses(challenge, ALICE.1);
    responses["PASSWORD_CLAIM_SIGNATURE"] = client.claim(challenge, ALICE.1, padded).into();
    responses["TIMESTAMP"] = padded.into();
    let (_, message) = api.refused("RespondToAuthChallenge", &verifier("public", &responses));
    assert_eq!(message, "Incorrect username or password.");
    responses["TIMESTAMP"] = "2026-11-01T02:18:05Z".into();
    let refusal = api.refused("RespondToAuthChallenge", &verifier("public", &responses));
    let message = "TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.";
    assert_eq!(refusal, ("InvalidParameterException".into(), message.into()));
}

#[test]
fn an_alias_signs_in_under_the_name_that_the_challenge_tells() {
    let api = Api::new();
    let client = Client::new("a");
    let parameters = client.parameters("alice@example.com");
    let output = api.initiate("public", "USER_SRP_AUTH", &parameters);
    let challenge = &output["ChallengeParameters"];
    assert_eq!(challenge["USERNAME"], "alice");
    let right = verifier("public", &client.responses(challenge, ALICE.1));
    api.ok("RespondToAuthChallenge", &right);
}

#[test]
fn the_same_user_has_the_same_salt_and_never_the_same_number() {
    let api = Api::new();
    let challenge = |name: &str| {
        let parameters = Client::new("a").parameters(name);
        api.initiate("discreet", "USER_SRP_AUTH", &parameters)["ChallengeParameters"].clone()
    };
    for name in ["alice", "nobody"] {
        let (first, second) = (challenge(name), challenge(name));
        assert_eq!(first["SALT"], second["SALT"]);
        assert_ne!(first["SRP_B"], second["SRP_B"]);
        assert_ne!(first["SECRET_BLOCK"], second["SECRET_BLOCK"]);
    }
}

#[test]
fn nobody_gets_a_challenge_and_is_refused_as_a_wrong_password_is() {
    let api = Api::new();
    let client = Client::new("a");
    let output = api.initiate("discreet", "USER_SRP_AUTH", &client.parameters("nobody"));
    let challenge = &output["ChallengeParameters"];
    let input = verifier("discreet", &client.responses(challenge, "whatever"));
    let (_, message) = api.refused("RespondToAuthChallenge", &input);
    assert_eq!(message, "Incorrect username or password.");
    let input = initiate("public", "USER_SRP_AUTH", &client.parameters("nobody"));
    assert_eq!(api.refused("InitiateAuth", &input).0, "UserNotFoundException");
}

#[test]
fn a_number_that_would_fix_the_key_is_refused() {
    let api = Api::new();
    let prime = PRIME.to_str_radix(16);
    for digits in ["0", "xyz", "-1", &prime, &"f".repeat(10_000)] {
        let parameters = json!({ "USERNAME": "alice", "SRP_A": digits });
        let input = initiate("public", "USER_SRP_AUTH", &parameters);
        assert_eq!(api.refused("InitiateAuth", &input).0, "InvalidParameterException", "{digits}");
    }
}

#[test]
fn the_challenge_is_bound_to_client_user_and_time() {
    let api = Api::new();
    let client = Client::new("a");
    let begin = || {
        let output = api.initiate("public", "USER_SRP_AUTH", &client.parameters("alice"));
        client.responses(&output["ChallengeParameters"], ALICE.1)
    };
    let refused = |client: &str, responses: &Value| {
        api.refused("RespondToAuthChallenge", &verifier(client, responses)).1
    };
    let mut responses = begin();
    assert_eq!(refused("discreet", &responses), "Invalid session for the user.");
    responses["USERNAME"] = "bob".into();
    assert_eq!(refused("public", &responses), "Invalid session for the user.");
    let responses = begin();
    api.advance(180);
    let expired = "Invalid session for the user, session is expired.";
    assert_eq!(refused("public", &responses), expired);
}

#[test]
fn a_temporary_password_proven_by_srp_must_be_replaced_too() {
    let api = Api::new();
    let client = Client::new("a");
    let output = api.initiate("public", "USER_SRP_AUTH", &client.parameters("carol"));
    let responses = client.responses(&output["ChallengeParameters"], CAROL.1);
    let output = api.ok("RespondToAuthChallenge", &verifier("public", &responses));
    assert_eq!(output["ChallengeName"], "NEW_PASSWORD_REQUIRED");
}

#[test]
fn srp_may_be_preferred_or_selected() {
    let api = Api::new();
    let client = Client::new("a");
    let mut parameters = client.parameters("alice");
    parameters["PREFERRED_CHALLENGE"] = "PASSWORD_SRP".into();
    let preferred = api.initiate("choice", "USER_AUTH", &parameters);
    let choice = api.initiate("choice", "USER_AUTH", &json!({ "USERNAME": "alice" }));
    let mut responses = client.parameters("alice");
    responses["ANSWER"] = "PASSWORD_SRP".into();
    let input = respond("choice", "SELECT_CHALLENGE", &choice["Session"], &responses);
    let selected = api.ok("RespondToAuthChallenge", &input);
    for output in [preferred, selected] {
        assert_eq!(output["ChallengeName"], "PASSWORD_VERIFIER");
        let responses = client.responses(&output["ChallengeParameters"], ALICE.1);
        let output = api.ok("RespondToAuthChallenge", &verifier("choice", &responses));
        assert!(output["AuthenticationResult"]["AccessToken"].is_string());
    }
}

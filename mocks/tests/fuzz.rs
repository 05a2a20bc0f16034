//! A property test over [`Engine::answer`]: whatever is asked, in whatever order, the stub answers,
//! and not with a server error.
//!
//! Requests are mutated from good ones, and what the stub has issued is put into later ones, so that
//! the test gets past the first checks. It runs for `AUTHGAUGE_FUZZ_SECONDS`, three by default, and
//! names the seed of a failure; `AUTHGAUGE_FUZZ_SEED` repeats it.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use authgauge_mocks::{Engine, Request, Response};

const BASE: &str = "http://127.0.0.1:9";

/// Names and values that mean something somewhere.
const WORDS: [&str; 64] = [
    "client_id=public",
    "client_id=confidential",
    "client_secret=confidential-secret",
    "client_id=device",
    "client_id=service",
    "response_type=code",
    "response_type=token",
    "response_mode=form_post",
    "redirect_uri=http%3A%2F%2F127.0.0.1%3A18999%2Fcallback",
    "scope=openid+profile+email+offline_access",
    "scope=openid",
    "state=%C3%A9",
    "nonce=n",
    "prompt=none",
    "prompt=login+consent",
    "max_age=0",
    "max_age=18446744073709551616",
    "code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    "code_challenge_method=S256",
    "code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    "grant_type=authorization_code",
    "grant_type=refresh_token",
    "grant_type=client_credentials",
    "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code",
    "code=",
    "refresh_token=",
    "device_code=",
    "token=",
    "token_type_hint=refresh_token",
    "user_code=BBBB-BBBB",
    "username=alice",
    "password=alice-password",
    "password=Alice-passw0rd!",
    "csrf=",
    "_csrf=",
    "request=",
    "next=%2F%2Fstranger.example",
    "state=",
    "approve=yes",
    "deny=yes",
    "id_token_hint=",
    "post_logout_redirect_uri=http%3A%2F%2F127.0.0.1%3A18999%2Floggedout",
    "logout_uri=http%3A%2F%2F127.0.0.1%3A18999%2Floggedout",
    "identity_provider=COGNITO",
    "resource=https%3A%2F%2Fapi.example",
    "audience=https%3A%2F%2Fapi.example",
    "access_token=",
    "request_uri=urn%3Ax",
    "{\"AuthFlow\":\"USER_PASSWORD_AUTH\",\"ClientId\":\"public\",\"AuthParameters\":{\"USERNAME\":\"alice\",\"PASSWORD\":\"Alice-passw0rd!\"}}",
    "{\"AuthFlow\":\"USER_SRP_AUTH\",\"ClientId\":\"public\",\"AuthParameters\":{\"USERNAME\":\"alice\",\"SRP_A\":\"00ff\"}}",
    "{\"AuthFlow\":\"REFRESH_TOKEN_AUTH\",\"ClientId\":\"public\",\"AuthParameters\":{\"REFRESH_TOKEN\":\"",
    "{\"ChallengeName\":\"PASSWORD_VERIFIER\",\"ClientId\":\"public\",\"ChallengeResponses\":{\"USERNAME\":\"alice\",\"TIMESTAMP\":\"Sat Nov 21 02:18:05 UTC 2026\",\"PASSWORD_CLAIM_SECRET_BLOCK\":\"AAAA\",\"PASSWORD_CLAIM_SIGNATURE\":\"AAAA\"}}",
    "{\"AccessToken\":\"",
    "{\"Token\":\"",
    "{\"advance\":18446744073709551615}",
    "{\"advance\":1}",
    "{\"mode\":\"drop\"}",
    "{\"set\":[\"code_reusable\"]}",
    "{\"set\":[]}",
    "{\"user_code\":\"BBBBBBBB\",\"action\":\"approve\"}",
    "{\"p50\":-1,\"p99\":1e308}",
    "{\"}}\"",
    "[[[[[[[[",
    "%",
];

const HEADERS: [(&str, &str); 14] = [
    ("Content-Type", "application/x-www-form-urlencoded"),
    ("Content-Type", "application/json"),
    ("Content-Type", "application/x-amz-json-1.1"),
    ("Content-Type", "text/plain; charset=\u{fffd}"),
    ("Authorization", "Basic Y29uZmlkZW50aWFsOmNvbmZpZGVudGlhbC1zZWNyZXQ="),
    ("Authorization", "Basic ////"),
    ("Authorization", "Bearer "),
    ("Cookie", "stub_session="),
    ("Cookie", "cognito=; XSRF-TOKEN="),
    ("X-Amz-Target", "AWSCognitoIdentityProviderService.InitiateAuth"),
    ("X-Amz-Target", "AWSCognitoIdentityProviderService.RespondToAuthChallenge"),
    ("X-Amz-Target", "AWSCognitoIdentityProviderService.GetUser"),
    ("X-Amz-Target", "AWSCognitoIdentityProviderService.RevokeToken"),
    ("Host", "stranger.example"),
];

/// Xorshift: a seed names a run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap_or_default() % sides.max(1)
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.roll(from.len())]
    }
}

/// What earlier answers had in them that a later request may want to send.
#[derive(Default)]
struct Loot(Vec<String>);

impl Loot {
    fn take(&mut self, response: &Response) {
        let text = String::from_utf8_lossy(&response.body).into_owned();
        let headers = response.headers.iter().map(|(_, value)| value.as_str());
        let all = headers.chain([text.as_str()]).collect::<Vec<_>>().join("\n");
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let found = all.split(|c| !plain(c)).filter(|word| (20..2000).contains(&word.len()));
        self.0.extend(found.take(20).map(str::to_owned));
        if self.0.len() > 500 {
            self.0.drain(..250);
        }
    }
}

fn parameters(dice: &mut Dice, loot: &Loot) -> String {
    let mut text = String::new();
    for _ in 0..dice.roll(12) {
        let word = dice.pick(&WORDS);
        let stolen = if loot.0.is_empty() { "" } else { dice.pick(&loot.0).as_str() };
        let value = if word.ends_with(['=', '"']) { stolen } else { "" };
        // Writing to a String does not fail.
        let _ = write!(text, "{word}{value}&");
    }
    text
}

fn noisy(dice: &mut Dice, text: String) -> Vec<u8> {
    let mut bytes = text.into_bytes();
    for _ in 0..dice.roll(8).saturating_sub(4) {
        let at = dice.roll(bytes.len() + 1);
        match dice.roll(4) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, u8::try_from(dice.roll(256)).unwrap_or_default()),
            2 => bytes.extend_from_within(at.min(bytes.len())..),
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = byte.wrapping_add(1);
                }
            }
        }
    }
    bytes
}

fn request(dice: &mut Dice, paths: &[String], loot: &Loot) -> Request {
    let header = |dice: &mut Dice| {
        let (name, value) = *dice.pick(&HEADERS);
        let stolen = if loot.0.is_empty() { "" } else { dice.pick(&loot.0).as_str() };
        (name.to_owned(), value.replace(';', &format!("{stolen};")) + stolen)
    };
    let parameters_of = |dice: &mut Dice| parameters(dice, loot);
    let query = parameters_of(dice);
    let body = parameters_of(dice);
    let headers: Vec<_> = (0..dice.roll(5)).map(|_| header(dice)).collect();
    Request {
        method: (*dice.pick(&["GET", "POST", "POST", "HEAD", "OPTIONS", ""])).into(),
        path: dice.pick(paths).clone(),
        query: String::from_utf8_lossy(&noisy(dice, query)).into_owned(),
        headers,
        body: noisy(dice, body),
    }
}

/// The file of a dialect.
fn text(dialect: &str) -> String {
    let file = format!("{}/dialects/{dialect}.yaml", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(file).expect("every dialect has a file")
}

/// The paths that a dialect's file names, wherever it does.
fn paths(dialect: &str) -> Vec<String> {
    let text = text(dialect);
    let quoted = |c: char| c.is_whitespace() || "\"',{}[]".contains(c);
    let named = text.split(quoted).map(|word| word.trim_end_matches(':'));
    let mut paths: Vec<String> =
        named.filter(|word| word.starts_with('/')).map(str::to_owned).collect();
    let control = ["clock", "rotate", "device", "faults", "counters", ""];
    paths.extend(control.map(|name| format!("/_stub/{name}")));
    paths.push("/".into());
    paths.sort();
    paths.dedup();
    paths
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn no_request_makes_it_panic_or_fail() {
    let budget = Duration::from_secs(number("AUTHGAUGE_FUZZ_SECONDS").unwrap_or(3));
    let first = number("AUTHGAUGE_FUZZ_SEED").unwrap_or(0x9e37_79b9_7f4a_7c15);
    let (start, mut seed, mut asked) = (Instant::now(), first, 0_u64);
    while start.elapsed() < budget {
        for dialect in authgauge_mocks::dialects() {
            let engine = Engine::new(dialect, &[], BASE).expect("an embedded dialect");
            let (mut dice, mut loot, paths) = (Dice(seed), Loot::default(), paths(dialect));
            for _ in 0..200 {
                let request = request(&mut dice, &paths, &loot);
                let answer = || engine.answer(&request);
                let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(answer));
                let Ok(response) = outcome else {
                    panic!("{dialect}: panicked with seed {seed} on {request:?}");
                };
                // Some products answer 500 to certain mistakes, and their dialects say so.
                let worded = text(dialect).contains("500");
                let known =
                    (200..600).contains(&response.status) && (response.status != 500 || worded);
                assert!(known, "{dialect}: {} with seed {seed} on {request:?}", response.status);
                loot.take(&response);
                asked += 1;
            }
        }
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1).max(1);
    }
    assert!(asked > 0, "not one request was made in {budget:?}");
}

//! Whatever arrives, the answer is not a server error, and no panic.

use authgauge_mocks::Request;

use crate::browser::*;

const PATHS: [&str; 20] = [
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
    "/jwks",
    "/authorize",
    "/login",
    "/consent",
    "/token",
    "/userinfo",
    "/revoke",
    "/introspect",
    "/device_authorization",
    "/device",
    "/logout",
    "/_stub/",
    "/_stub/clock",
    "/_stub/device",
    "/_stub/faults",
    "/_stub/counters",
    "/_stub/nothing",
    "/\0%zz/é",
];

/// Xorshift: the same bytes in every run.
pub struct Bytes(pub u64);

impl Bytes {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn take(&mut self, most: u64) -> Vec<u8> {
        let length = self.next() % most;
        (0..length).map(|_| self.next().to_le_bytes()[3]).collect()
    }

    pub fn text(&mut self) -> String {
        String::from_utf8_lossy(&self.take(40)).into_owned()
    }
}

/// Parameters with the right names, so that random values get past the first check.
fn mutated(bytes: &mut Bytes, good: &str) -> Vec<u8> {
    let mut raw = good.as_bytes().to_vec();
    for _ in 0..bytes.next() % 4 {
        let at = usize::try_from(bytes.next()).unwrap_or_default() % raw.len();
        let noise = bytes.take(6);
        raw.splice(at..at, noise);
    }
    raw
}

#[test]
fn random_bytes_to_every_endpoint() {
    let mut browser = Browser::new(&[]);
    browser.tokens();
    let mut bytes = Bytes(0x9e37_79b9_7f4a_7c15);
    let good = authorize_url(&[]).replace("/authorize?", "")
        + "&grant_type=refresh_token&refresh_token=a&token=b&user_code=BBBB-BBBB&csrf=c&request=d";
    for round in 0..60 {
        for path in PATHS {
            let body = if round % 2 == 0 { bytes.take(300) } else { mutated(&mut bytes, &good) };
            let mut request = post(path, &[]);
            request.query = String::from_utf8_lossy(&mutated(&mut bytes, &good)).into_owned();
            request.body = body;
            request.method = ["GET", "POST", "PUT", "HEAD", ""][round % 5].into();
            let value = [bytes.text(), format!("Basic {}", bytes.text()), "Bearer \0".into()];
            request.headers.push(("Authorization".into(), value[round % 3].clone()));
            request.headers.push(("Cookie".into(), bytes.text()));
            check(&mut browser, request);
        }
    }
}

#[test]
fn huge_and_odd_requests() {
    let mut browser = Browser::new(&[]);
    let long = "a".repeat(1 << 20);
    for path in PATHS {
        for body in [long.clone().into_bytes(), b"&&&===%".to_vec(), vec![0; 100]] {
            let request = Request { body, query: long.clone(), ..post(path, &[]) };
            check(&mut browser, Request { method: "GET".into(), ..request.clone() });
            check(&mut browser, request);
        }
    }
    let crlf = authorize_url(&[("state", "a\r\nSet-Cookie: x=y"), ("scope", "\r\n")]);
    let response = browser.get(&crlf);
    assert_clean(&response.headers);
}

fn check(browser: &mut Browser, request: Request) {
    let shown = format!("{} {} {:?}", request.method, request.path, request.query.get(..80));
    let response = browser.send(request);
    assert!((200..500).contains(&response.status), "{} for {shown}", response.status);
    assert_clean(&response.headers);
}

pub fn assert_clean(headers: &[(String, String)]) {
    for (name, value) in headers {
        assert!(value.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{name}: {value:?}");
    }
}

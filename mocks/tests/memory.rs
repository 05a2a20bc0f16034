//! The memory of a stub that issues token after token. A test program of its own, so that nothing
//! else uses memory meanwhile. Only Linux says how much that is without another library.
#![cfg(target_os = "linux")]

use authgauge_mocks::{Engine, Request};

/// Enough to fill the store several times over.
const REQUESTS: usize = 300_000;
/// What a sweep may leave behind by fragmentation, in kB.
const TOLERANCE: u64 = 8 << 10;

#[test]
fn three_hundred_thousand_live_tokens_take_the_memory_of_half_of_them() {
    let engine = Engine::new("strict", &[], "http://stub.test").expect("known names");
    issue(&engine, REQUESTS / 2);
    let after_half = resident();
    let last = issue(&engine, REQUESTS / 2);
    let at_the_end = resident();
    assert!(at_the_end <= after_half + TOLERANCE, "{after_half} kB have become {at_the_end} kB");
    let answer = introspect(&engine, &last);
    assert!(answer.contains("\"active\":true"), "the last token is forgotten: {answer}");
}

/// Issues tokens that all live for an hour, and returns the last answer's token.
fn issue(engine: &Engine, requests: usize) -> String {
    let request = post("/token", "service:service-secret", "grant_type=client_credentials");
    let mut last = String::new();
    for _ in 0..requests {
        let response = engine.answer(&request);
        assert_eq!(response.status, 200);
        last = String::from_utf8(response.body).expect("JSON");
    }
    let answer: serde_json::Value = serde_json::from_str(&last).expect("JSON");
    answer["access_token"].as_str().expect("a token").to_owned()
}

fn introspect(engine: &Engine, token: &str) -> String {
    let body = format!("token={token}");
    let response = engine.answer(&post("/introspect", "service:service-secret", &body));
    String::from_utf8(response.body).expect("JSON")
}

fn post(path: &str, credentials: &str, body: &str) -> Request {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let headers = [
        ("Authorization", format!("Basic {}", STANDARD.encode(credentials))),
        ("Content-Type", "application/x-www-form-urlencoded".into()),
    ];
    Request {
        method: "POST".into(),
        path: path.into(),
        headers: headers.map(|(name, value)| (name.into(), value)).to_vec(),
        body: body.as_bytes().to_vec(),
        ..Request::default()
    }
}

/// The resident memory of this process, in kB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux has /proc");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

//! The dialect `cognito-device`: the AWS sample of the device grant.

use serde_json::Value;

use crate::browser::*;

const SECRET: &str = "device-secret-of-the-stub";

/// A POST whose parameters are all in the query.
fn send(browser: &mut Browser, client: (&str, &str), query: &Form) -> authgauge_mocks::Response {
    // The body is ignored, whatever it says.
    let path = format!("/token?{}", encode(query));
    let (path, query) = path.split_once('?').expect("just built");
    let mut request = basic(path, client);
    request.query = query.into();
    browser.send(request)
}

fn basic(path: &str, (id, secret): (&str, &str)) -> authgauge_mocks::Request {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let mut request = post(path, &[("client_id", "ignored")]);
    let credentials = STANDARD.encode(format!("{id}:{secret}"));
    request.headers.push(("Authorization".into(), format!("Basic {credentials}")));
    request
}

fn start(browser: &mut Browser) -> Value {
    let (status, device) = json(&send(browser, ("device", SECRET), &[("client_id", "device")]));
    assert_eq!(status, 200, "{device}");
    device
}

fn poll(browser: &mut Browser, device: &Value) -> String {
    poll_as(browser, ("device", SECRET), device)
}

fn poll_as(browser: &mut Browser, client: (&str, &str), device: &Value) -> String {
    let code = member(device, "device_code");
    let query = [("client_id", client.0), ("grant_type", DEVICE_GRANT), ("device_code", &*code)];
    let response = send(browser, client, &query);
    assert_eq!(header(&response, "Cache-Control").as_deref(), Some("no-store"));
    line(&response)
}

#[test]
fn codes() {
    let mut browser = Browser::of("cognito-device");
    let device = start(&mut browser);
    let (user_code, device_code) = (member(&device, "user_code"), member(&device, "device_code"));
    assert_eq!((user_code.len(), device_code.len()), (8, 64));
    assert!(user_code.chars().all(|c| c.is_ascii_digit() || "BCDFGHJKLMNPQRSTVWXYZ".contains(c)));
    assert_eq!((&device["interval"], &device["expires_in"]), (&5.into(), &1800.into()));
    let complete = format!("{BASE}/device?code={user_code}&authorize=true");
    assert_eq!(device["verification_uri_complete"], complete);
}

#[test]
fn whoever_asks_wrongly_gets_an_empty_answer() {
    let mut browser = Browser::of("cognito-device");
    let right = ("device", SECRET);
    let cases: [((&str, &str), &Form, &str); 5] = [
        (("device", "wrong"), &[("client_id", "device")], "401 "),
        (("unknown", SECRET), &[("client_id", "unknown")], "401 "),
        (("public", ""), &[("client_id", "public")], "401 "),
        (right, &[], "405 "),
        (right, &[("client_id", "device"), ("device_code", "x")], "405 "),
    ];
    for (client, query, expected) in cases {
        let response = send(&mut browser, client, query);
        assert_eq!(line(&response), expected, "{query:?}");
        assert_eq!(header(&response, "WWW-Authenticate"), None);
    }
    assert_eq!(line(&browser.get("/token?client_id=device")), "405 ");
    assert_eq!(line(&browser.get("/nowhere")), "405 ");
}

#[test]
fn the_timer_runs_from_the_issue_and_the_interval_never_grows() {
    let mut browser = Browser::of("cognito-device");
    let device = start(&mut browser);
    let cases = [
        (0, "slow_down"),
        (4, "slow_down"),
        (5, "authorization_pending"),
        (6, "authorization_pending"),
    ];
    for (wait, error) in cases {
        browser.advance(wait);
        assert_eq!(poll(&mut browser, &device), format!(r#"400 {{"error":"{error}"}}"#));
    }
    browser.advance(1800);
    assert_eq!(poll(&mut browser, &device), r#"400 {"error":"expired_token"}"#);
}

#[test]
fn the_link_itself_approves_and_the_answer_has_no_token_type() {
    let mut browser = Browser::of("cognito-device");
    let device = start(&mut browser);
    let end = browser.walk_as_user(&member(&device, "verification_uri_complete"));
    assert!(
        text(&end).contains("Thanks, Device has been Authorized. You can return to your device.")
    );
    let other = ("device2", "device2-secret-of-the-stub");
    assert_eq!(poll_as(&mut browser, other, &device), r#"400 {"error":"expired_token"}"#);
    let code = member(&device, "device_code");
    let query = [("client_id", "device"), ("grant_type", DEVICE_GRANT), ("device_code", &*code)];
    let (status, tokens) = json(&send(&mut browser, ("device", SECRET), &query));
    let names: Vec<&str> =
        tokens.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!((status, names), (200, vec!["access_token", "expires_in", "refresh_token"]));
    assert_eq!(poll(&mut browser, &device), r#"400 {"error":"expired_token"}"#);
}

#[test]
fn a_denial_is_told_in_its_own_word() {
    let mut browser = Browser::of("cognito-device");
    let device = start(&mut browser);
    let code = member(&device, "user_code");
    browser.walk_as_user("/device");
    let lower = browser.get(&format!("/device?code={}&authorize=false", code.to_lowercase()));
    let differs = code.to_lowercase() != code;
    assert_eq!(lower.status, if differs { 400 } else { 200 });
    let denied = browser.get(&format!("/device?code={code}&authorize=false"));
    assert_eq!(denied.status, if differs { 200 } else { 400 }, "{}", text(&denied));
    assert_eq!(poll(&mut browser, &device), r#"400 {"error":"denied"}"#);
}

#[test]
fn nobody_returns_with_the_login_of_another_browser() {
    let mut browser = Browser::of("cognito-device");
    let answer = browser.walk_as_user("/callback?code=x&state=unknown");
    assert_eq!(answer.status, 400);
    assert!(text(&answer).contains("Error, can't update status"));
}

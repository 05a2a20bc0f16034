//! The control plane.

use crate::browser::*;
use crate::signature::claims;

#[test]
fn every_control_answers_and_explains_what_it_wants() {
    let mut browser = Browser::new(&[]);
    let cases = [
        ("", "GET", 200, "POST /_stub/clock"),
        ("", "{}", 405, "use GET"),
        ("counters", "GET", 200, "requests"),
        ("counters", "{}", 405, "use GET"),
        ("faults", "GET", 200, "code_reusable"),
        ("faults", r#"{"set": ["code_reusable"]}"#, 200, r#""set":["code_reusable"]"#),
        ("faults", r#"{"set": []}"#, 200, r#""set":[]"#),
        ("faults", r#"{"set": ["typo"]}"#, 400, "known: openid_configuration_missing"),
        ("faults", "{}", 400, "code_reusable"),
        ("clock", "GET", 405, "use POST"),
        ("clock", r#"{"advance": 5}"#, 200, r#""ahead":5"#),
        ("clock", r#"{"advance": "5"}"#, 200, r#""ahead":10"#),
        ("clock", r#"{"advance": "soon"}"#, 400, "whole seconds"),
        ("clock", r#"{"advance": -5}"#, 400, "whole seconds"),
        ("clock", r#"{"advance": 18446744073709551615}"#, 400, "century"),
        ("clock", "", 400, "advance"),
        ("clock", "{}", 400, "reset"),
        ("clock", r#"{"reset": true}"#, 200, r#""ahead":0"#),
        ("clock", r#"{"advance": 5, "reset": true}"#, 400, "reset"),
        ("rotate", "GET", 405, "use POST"),
        ("rotate", "", 200, "signing_kid"),
        ("rotate", r#"{"mode": "sideways"}"#, 400, "prepublish"),
        ("device", "GET", 405, "use POST"),
        ("device", r#"{"user_code": "x", "action": "approve"}"#, 400, "unknown, used or expired"),
        ("device", r#"{"user_code": "x", "action": "eat"}"#, 400, "approve"),
        ("users", "GET", 200, r#"{"username":"alice","disabled":false}"#),
        ("users", r#"{"disable": "nobody"}"#, 400, "the user is unknown"),
        ("users", r#"{"remove": "alice"}"#, 400, "expected one of `add`, `disable`, `enable`"),
        ("users", r#"{"disable": "alice"}"#, 200, r#"{"username":"alice","disabled":true}"#),
        ("users", r#"{"enable": "alice"}"#, 200, r#"{"username":"alice","disabled":false}"#),
        ("latency", "GET", 405, "use POST"),
        ("latency", r#"{"p50": 1, "p99": 2}"#, 200, r#"{"p50":1.0,"p99":2.0}"#),
        ("latency", r#"{"p50": 0, "p99": 0}"#, 200, r#"{"p50":null,"p99":null}"#),
        ("latency", r#"{"p50": 3, "p99": 2}"#, 400, "0 < median <= percentile"),
        ("latency", r#"{"p50": 3}"#, 400, "stall_ms"),
        ("latency", r#"{"stall_ms": 0}"#, 200, "null"),
        ("latency", r#"{"stall_ms": 18446744073709551615}"#, 400, "ten minutes"),
        ("quota", "GET", 405, "use POST"),
        ("quota", r#"{"token": 5}"#, 200, r#"{"token":5.0}"#),
        ("quota", r#"{"tokens": 5}"#, 400, "a quota is for all, openid_configuration"),
        ("quota", r#"{"token": 0}"#, 400, "more than 0"),
        ("quota", "{}", 200, "{}"),
        ("coffee", "GET", 404, "GET /_stub/"),
    ];
    for (name, body, status, part) in cases {
        let response = browser.control(name, body);
        assert_eq!(response.status, status, "{name} {body}");
        assert!(text(&response).contains(part), "{name} {body}: {}", text(&response));
    }
}

#[test]
fn a_device_is_approved_for_the_user_who_is_named() {
    let mut browser = Browser::new(&[]);
    for (user, status) in [("nobody", 400), ("bob", 200)] {
        let device = browser.device();
        let code = &device["user_code"];
        let body = format!(r#"{{"user_code": {code}, "action": "approve", "user": "{user}"}}"#);
        assert_eq!(browser.control("device", &body).status, status);
        let (polled, tokens) = browser.poll(&device);
        assert_eq!(polled, status, "{tokens}");
        if status == 200 {
            assert_eq!(browser.introspect(&member(&tokens, "access_token")).1["username"], user);
        }
    }
}

#[test]
fn after_a_reset_tokens_say_the_real_time() {
    let mut browser = Browser::new(&[]);
    browser.advance(100_000);
    let ahead = member(&browser.tokens(), "id_token");
    browser.control("clock", r#"{"reset": true}"#);
    browser.cookies.clear();
    let real = member(&browser.tokens(), "id_token");
    let issued = |token: &str| claims(token)["iat"].as_u64().expect("a number");
    assert!(issued(&ahead) > issued(&real) + 99_000);
}

#[test]
fn counters_count() {
    let mut browser = Browser::new(&[]);
    browser.tokens();
    let (_, counters) = json(&browser.control("counters", "GET"));
    assert_eq!(counters["requests"]["token"], 1);
    for kind in ["authorization_code", "access_token", "refresh_token", "id_token"] {
        assert_eq!(counters["issued"][kind], 1, "{kind}");
    }
}

#[test]
fn a_locked_account_has_no_session_and_no_tokens() {
    let mut browser = Browser::new(&[]);
    let tokens = browser.tokens();
    let (access, refresh) = (member(&tokens, "access_token"), member(&tokens, "refresh_token"));
    assert_eq!(browser.userinfo(&access).status, 200);
    browser.control("users", r#"{"disable": "alice"}"#);
    assert_eq!(browser.userinfo(&access).status, 401);
    assert_eq!(browser.refresh(&refresh, &[]).1["error"], "invalid_grant");
    let login = location(&browser.get(&authorize_url(&[]))).expect("the session has ended");
    let page = browser.get(&login);
    let refused = browser.log_in(&page);
    assert_eq!(location(&refused), None, "a locked account can log in");
    browser.control("users", r#"{"enable": "alice"}"#);
    assert!(location(&browser.log_in(&refused)).is_some(), "an unlocked account cannot log in");
    assert_eq!(browser.userinfo(&access).status, 401, "what was revoked stays so");
}

#[test]
fn a_new_user_can_log_in() {
    let mut browser = Browser::new(&[]);
    let eve = r#"{"add": {"username": "eve", "password": "p", "sub": "s-eve", "name": "Eve", "email": "eve@example.com"}}"#;
    assert_eq!(browser.control("users", eve).status, 200);
    let login = location(&browser.get(&authorize_url(&[]))).expect("a login is needed");
    let page = browser.get(&login);
    let refused = browser.submit(&page, &[("username", "eve"), ("password", "q")]);
    assert_eq!(location(&refused), None);
    let address = browser.submit(&refused, &[("username", "eve"), ("password", "p")]);
    let code = parameter(&location(&address).expect("logged in"), "code").expect("a code");
    let (_, tokens) = browser.exchange(&code, &[]);
    assert_eq!(claims(&member(&tokens, "id_token"))["sub"], "s-eve");
}

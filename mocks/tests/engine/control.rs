//! The control plane.

use crate::browser::*;

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
        ("rotate", "GET", 405, "use POST"),
        ("rotate", "", 200, "signing_kid"),
        ("rotate", r#"{"mode": "sideways"}"#, 400, "prepublish"),
        ("device", "GET", 405, "use POST"),
        ("device", r#"{"user_code": "x", "action": "approve"}"#, 400, "unknown, used or expired"),
        ("device", r#"{"user_code": "x", "action": "eat"}"#, 400, "approve"),
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
fn counters_count() {
    let mut browser = Browser::new(&[]);
    browser.tokens();
    let (_, counters) = json(&browser.control("counters", "GET"));
    assert_eq!(counters["requests"]["token"], 1);
    for kind in ["authorization_code", "access_token", "refresh_token", "id_token"] {
        assert_eq!(counters["issued"][kind], 1, "{kind}");
    }
}

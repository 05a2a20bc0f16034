//! The authorization endpoint, the pages, and the code grant.

use std::time::{Duration, Instant};

use crate::browser::*;
use crate::signature::{claims, verifies};

#[test]
fn a_whole_code_flow_gives_tokens_that_work() {
    let mut browser = Browser::new(&[]);
    let address = browser.authorize(&[]);
    assert!(address.starts_with(CALLBACK));
    assert_eq!(parameter(&address, "state").as_deref(), Some("s t&te"));
    assert_eq!(parameter(&address, "iss").as_deref(), Some(BASE));
    let code = parameter(&address, "code").expect("a code");
    let (status, tokens) = browser.exchange(&code, &[]);
    assert_eq!(status, 200, "{tokens}");
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["scope"], "openid offline_access read");
    let id_token = member(&tokens, "id_token");
    assert!(verifies(&browser.jwks(), &id_token));
    let claims = claims(&id_token);
    for (name, value) in [("iss", BASE), ("aud", "public"), ("nonce", "n-0S6")] {
        assert_eq!(claims[name], value);
    }
    let info = browser.userinfo(&member(&tokens, "access_token"));
    assert_eq!(json(&info), (200, serde_json::json!({ "sub": claims["sub"] })));
}

#[test]
fn errors_of_the_authorization_request() {
    let cases: [(&Form, &str); 19] = [
        (&[("response_type", "")], "invalid_request"),
        (&[("response_type", "token")], "unsupported_response_type"),
        (&[("response_mode", "fragment")], "invalid_request"),
        (&[("request", "e30.e30.")], "request_not_supported"),
        (&[("request_uri", "urn:x")], "request_uri_not_supported"),
        (&[("scope", "read nothing")], "invalid_scope"),
        (&[("code_challenge", "")], "invalid_request"),
        (&[("code_challenge", "short")], "invalid_request"),
        (&[("code_challenge", ""), ("code_challenge_method", "")], "invalid_request"),
        (&[("code_challenge_method", "")], "invalid_request"),
        (&[("code_challenge_method", "plain")], "invalid_request"),
        (&[("code_challenge_method", "s256")], "invalid_request"),
        (&[("prompt", "none")], "login_required"),
        (&[("prompt", "none login")], "invalid_request"),
        (&[("prompt", "dance")], "invalid_request"),
        (&[("max_age", "-1")], "invalid_request"),
        (&[("max_age", "soon")], "invalid_request"),
        (&[("id_token_hint", "a.b.c")], "invalid_request"),
        (&[("nonce", "a"), ("nonce", "b")], "invalid_request"),
    ];
    for (change, error) in cases {
        let address = Browser::new(&[]).authorize(change);
        assert_eq!(parameter(&address, "error").as_deref(), Some(error), "{change:?}");
        assert_eq!(parameter(&address, "state").as_deref(), Some("s t&te"), "{change:?}");
        assert_eq!(parameter(&address, "iss").as_deref(), Some(BASE), "{change:?}");
        assert_eq!(parameter(&address, "code"), None, "{change:?}");
    }
}

#[test]
fn errors_that_must_not_redirect() {
    let cases: [&Form; 8] = [
        &[("client_id", "")],
        &[("client_id", "nobody")],
        &[("client_id", "public"), ("client_id", "public2")],
        &[("client_id", "device")],
        &[("redirect_uri", "")],
        &[("redirect_uri", "http://127.0.0.1:18999/other")],
        &[("redirect_uri", CALLBACK), ("redirect_uri", "https://evil.example")],
        &[("redirect_uri", "https://evil.example")],
    ];
    for change in cases {
        let response = Browser::new(&[]).get(&authorize_url(change));
        assert_eq!((response.status, location(&response)), (400, None), "{change:?}");
    }
    assert_eq!(Browser::new(&[]).get("/authorize?client_id=%zz").status, 400);
}

#[test]
fn one_registered_address_may_be_left_out_of_plain_oauth() {
    let mut browser = Browser::new(&[]);
    let code = browser.code(&[("redirect_uri", ""), ("scope", "read")]);
    assert_eq!(browser.exchange(&code, &[("redirect_uri", "")]).0, 200);
    let port = "http://127.0.0.1:40000/callback";
    let code = browser.code(&[("redirect_uri", port)]);
    assert_eq!(browser.exchange(&code, &[("redirect_uri", port)]).0, 200);
}

#[test]
fn a_session_spares_the_login_until_the_request_wants_one() {
    let mut browser = Browser::new(&[]);
    browser.tokens();
    browser.advance(100);
    let hint = member(&browser.tokens(), "id_token");
    let cases: [(&Form, &str); 8] = [
        (&[], CALLBACK),
        (&[("prompt", "none")], CALLBACK),
        (&[("prompt", "none"), ("id_token_hint", &hint)], CALLBACK),
        (&[("max_age", "1000")], CALLBACK),
        (&[("max_age", "50")], BASE),
        (&[("max_age", "0")], BASE),
        (&[("prompt", "login")], BASE),
        (&[("prompt", "consent")], BASE),
    ];
    for (change, destination) in cases {
        let address = location(&browser.get(&authorize_url(change))).expect("a redirect");
        assert!(address.starts_with(destination), "{change:?}: {address}");
    }
    browser.advance(86_400 * 31);
    assert!(browser.authorize(&[("prompt", "none")]).contains("login_required"));
}

#[test]
fn the_login_page_guards_itself() {
    let mut browser = Browser::new(&[]);
    let next = location(&browser.get(&authorize_url(&[]))).expect("the login page");
    let page = browser.get(&next);
    for (name, value) in [("X-Frame-Options", "DENY"), ("Cache-Control", "no-store")] {
        assert_eq!(header(&page, name).as_deref(), Some(value));
    }
    let wrong = browser.submit(&page, &[("username", "alice"), ("password", "wrong")]);
    assert_eq!((wrong.status, location(&wrong)), (200, None));
    assert!(text(&wrong).contains("is wrong"));
    let request = parameter(&next, "request").expect("a handle");
    let right = [("username", "alice"), ("password", "alice-password"), ("request", &*request)];
    for csrf in [&[][..], &[("csrf", "wrong")]] {
        let form = [&right[..], csrf].concat();
        assert_eq!(browser.post("/login", &form).status, 403);
    }
    let cancelled = browser.submit(&page, &[("cancel", "yes")]);
    assert_eq!(cancelled.status, 303);
    assert!(location(&cancelled).expect("to the client").contains("error=access_denied"));
    assert_eq!(browser.get(&next).status, 400);
}

#[test]
fn consent_is_asked_for_and_can_be_denied() {
    let mut browser = Browser::new(&[]);
    browser.tokens();
    for (button, result) in [("deny", "error=access_denied"), ("approve", "code=")] {
        let redirect = browser.get(&authorize_url(&[("client_id", "consent")]));
        let page = browser.get(&location(&redirect).expect("the consent page"));
        assert!(text(&page).contains("<b>consent</b>") && text(&page).contains("offline_access"));
        let asked_again = browser.submit(&page, &[("csrf", "")]);
        assert_eq!(asked_again.status, 200, "no button was pressed");
        let answer = browser.submit(&page, &[(button, "yes")]);
        assert!(location(&answer).expect("to the client").contains(result));
    }
    let silent = [("client_id", "consent"), ("prompt", "none")];
    assert!(browser.authorize(&silent).contains("consent_required"));
}

#[test]
fn a_forged_consent_is_refused() {
    let mut browser = Browser::new(&[]);
    browser.tokens();
    let redirect = browser.get(&authorize_url(&[("client_id", "consent")]));
    let next = location(&redirect).expect("the consent page");
    let handle = parameter(&next, "request").expect("a handle");
    let form = [("request", &*handle), ("approve", "yes")];
    assert_eq!(browser.post("/consent", &form).status, 403);
    browser.cookies.clear();
    assert_eq!(browser.get(&next).status, 400);
}

#[test]
fn form_post_carries_the_answer_in_a_form() {
    let mut browser = Browser::new(&[]);
    browser.tokens();
    let state = "\"><script>";
    let page = browser.get(&authorize_url(&[("response_mode", "form_post"), ("state", state)]));
    let html = text(&page);
    assert_eq!(page.status, 200);
    assert!(html.contains(&format!("action=\"{CALLBACK}\"")) && html.contains("name=\"code\""));
    assert!(!html.contains(state) && html.contains("&quot;&gt;&lt;script&gt;"));
}

#[test]
fn errors_of_the_exchange() {
    let cases: [(&Form, &str); 12] = [
        (&[("code", "")], "invalid_request"),
        (&[("code", "unknown")], "invalid_grant"),
        (&[("redirect_uri", "")], "invalid_grant"),
        (&[("redirect_uri", "http://127.0.0.1:1/callback")], "invalid_grant"),
        (&[("code_verifier", "")], "invalid_grant"),
        (&[("code_verifier", "short")], "invalid_grant"),
        (&[("code_verifier", CHALLENGE)], "invalid_grant"),
        (&[("client_id", "public2")], "invalid_grant"),
        (&[("client_id", "")], "invalid_client"),
        (&[("client_id", "nobody")], "invalid_client"),
        (&[("client_secret", "x")], "invalid_client"),
        (&[("code", "a"), ("code", "b")], "invalid_request"),
    ];
    let mut browser = Browser::new(&[]);
    let code = browser.code(&[]);
    for (change, error) in cases {
        let (status, body) = browser.exchange(&code, change);
        assert_eq!(body["error"], error, "{change:?}");
        assert_eq!(status, if error == "invalid_client" { 401 } else { 400 }, "{change:?}");
    }
    assert_eq!(browser.exchange(&code, &[]).0, 200, "none of these burns the code");
    let code = browser.code(&[]);
    browser.advance(60);
    assert_eq!(browser.exchange(&code, &[]).1["error"], "invalid_grant");
}

#[test]
fn a_replay_kills_the_tokens_only_if_it_has_the_verifier() {
    let mut browser = Browser::new(&[]);
    let code = browser.code(&[]);
    let (_, tokens) = browser.exchange(&code, &[]);
    let access_token = member(&tokens, "access_token");
    for (change, alive) in [(&[("code_verifier", CHALLENGE)][..], 200), (&[], 401)] {
        assert_eq!(browser.exchange(&code, change).1["error"], "invalid_grant");
        assert_eq!(browser.userinfo(&access_token).status, alive);
    }
    let refresh_token = member(&tokens, "refresh_token");
    assert_eq!(browser.refresh(&refresh_token, &[]).1["error"], "invalid_grant");
}

#[test]
fn a_verifier_without_a_challenge_is_refused() {
    let mut browser = Browser::new(&[]);
    let without = [("client_id", "confidential"), ("code_challenge", "")];
    let code = browser.code(&[&without[..], &[("code_challenge_method", "")]].concat());
    let secret = ("confidential", "confidential-secret");
    let form = [("grant_type", "authorization_code"), ("code", &*code), ("redirect_uri", CALLBACK)];
    let with = [&form[..], &[("code_verifier", VERIFIER)]].concat();
    assert_eq!(json(&browser.post_basic("/token", secret, &with)).1["error"], "invalid_grant");
    assert_eq!(browser.post_basic("/token", secret, &form).status, 200);
}

#[test]
fn an_exchange_costs_the_same_when_much_is_remembered() {
    let mut browser = Browser::new(&[]);
    let fresh = fastest_exchange(&mut browser, 30);
    (0..6000).for_each(|_| drop(browser.code(&[("scope", "read")])));
    let full = fastest_exchange(&mut browser, 30);
    assert!(full < fresh * 5, "{fresh:?} has become {full:?}");
}

/// The fastest of some, for other tests run beside it.
fn fastest_exchange(browser: &mut Browser, times: usize) -> Duration {
    let exchanges = (0..times).map(|_| {
        let code = browser.code(&[("scope", "read")]);
        let begun = Instant::now();
        assert_eq!(browser.exchange(&code, &[]).0, 200);
        begun.elapsed()
    });
    exchanges.min().expect("some")
}

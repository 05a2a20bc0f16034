//! The device authorization grant.

use crate::browser::*;

#[test]
fn a_user_approves_or_denies_on_the_verification_page() {
    for (button, status) in [("approve", 200), ("deny", 400)] {
        let mut browser = Browser::new(&[]);
        let device = browser.device();
        let login = browser.get(&member(&device, "verification_uri_complete"));
        let page = browser.get(&location(&login).expect("the login page"));
        let back = location(&browser.log_in(&page)).expect("back to the verification page");
        let page = browser.get(&back);
        assert!(text(&page).contains(&member(&device, "user_code")));
        assert_eq!(browser.poll(&device).1["error"], "authorization_pending");
        let unknown = browser.submit(&page, &[("user_code", "BBBB-BBBB")]);
        assert!(text(&unknown).contains("unknown, used or expired"));
        let typed = member(&device, "user_code").to_lowercase().replace('-', " ");
        let confirm = browser.submit(&page, &[("user_code", &typed)]);
        assert!(text(&confirm).contains("<b>device</b>"), "{}", text(&confirm));
        assert_eq!(browser.submit(&confirm, &[(button, "yes")]).status, 200);
        let again = browser.submit(&page, &[("user_code", &typed)]);
        assert!(text(&again).contains("unknown, used or expired"));
        let (answered, body) = browser.poll(&device);
        assert_eq!(answered, status, "{body}");
        let (refused, body) = browser.poll(&device);
        let error = if status == 200 { "invalid_grant" } else { "access_denied" };
        assert_eq!((refused, body["error"].as_str()), (400, Some(error)));
    }
}

#[test]
fn the_verification_page_refuses_forged_forms() {
    let mut browser = Browser::new(&[]);
    let device = browser.device();
    browser.tokens();
    let user_code = member(&device, "user_code");
    let form = [("user_code", &*user_code), ("approve", "yes")];
    assert_eq!(browser.post("/device", &form).status, 403);
    let link = format!("/device?{}", encode(&form));
    assert_eq!(browser.get(&link).status, 200);
    assert_eq!(browser.poll(&device).1["error"], "authorization_pending");
}

#[test]
fn polling() {
    let mut browser = Browser::new(&[]);
    let device = browser.device();
    // Seconds since the last poll, and the answer. Every slow_down adds five to the interval.
    let cases = [
        (0, "authorization_pending"),
        (0, "slow_down"),
        (9, "slow_down"),
        (15, "authorization_pending"),
        (15, "authorization_pending"),
        (1, "slow_down"),
        (20, "authorization_pending"),
    ];
    for (wait, error) in cases {
        browser.advance(wait);
        assert_eq!(browser.poll(&device).1["error"], error, "after {wait} s");
    }
    browser.decide(&device, "approve");
    let (status, tokens) = browser.poll(&device);
    assert_eq!(status, 200, "{tokens}");
    assert!(tokens["id_token"].is_string() && tokens["refresh_token"].is_string());
}

#[test]
fn a_hasty_client_is_never_stuck() {
    let mut browser = Browser::new(&[]);
    let device = browser.device();
    for _ in 0..100 {
        browser.poll(&device);
    }
    browser.advance(60);
    assert_eq!(browser.poll(&device).1["error"], "authorization_pending");
}

#[test]
fn a_device_code_expires() {
    let mut browser = Browser::new(&[]);
    let (device, approved) = (browser.device(), browser.device());
    browser.decide(&approved, "approve");
    browser.advance(600);
    for device in [&device, &approved] {
        assert_eq!(browser.poll(device).1["error"], "expired_token");
    }
    let body = format!("{{\"user_code\": {}, \"action\": \"deny\"}}", device["user_code"]);
    assert_eq!(browser.control("device", &body).status, 400);
}

#[test]
fn errors_of_the_device_endpoints() {
    let mut browser = Browser::new(&[]);
    let device = browser.device();
    let code = member(&device, "device_code");
    let cases: [(&str, &Form, &str); 6] = [
        ("/device_authorization", &[("client_id", "public")], "unauthorized_client"),
        ("/device_authorization", &[("client_id", "device"), ("scope", "x")], "invalid_scope"),
        ("/device_authorization", &[("scope", "read")], "invalid_client"),
        ("/token", &[("client_id", "device")], "invalid_request"),
        ("/token", &[("client_id", "device"), ("device_code", "x")], "invalid_grant"),
        ("/token", &[("client_id", "public"), ("device_code", &code)], "unauthorized_client"),
    ];
    for (path, form, error) in cases {
        let grant: &Form = if path == "/token" { &[("grant_type", DEVICE_GRANT)] } else { &[] };
        let (_, body) = json(&browser.post(path, &[grant, form].concat()));
        assert_eq!(body["error"], error, "{path} {form:?}");
    }
}

//! The dialect `django-oauth-toolkit`: the answers that the library gives with its default settings.

use crate::browser::*;

const TOKEN: &str = "/o/token/";

fn authorize(change: &Form) -> String {
    let scope = [("scope", "openid read")];
    let scope = scope.iter().filter(|(name, _)| !change.iter().any(|(other, _)| other == name));
    let change: Vec<_> = scope.chain(change).copied().collect();
    authorize_url(&change).replacen("/authorize?", "/o/authorize/?", 1)
}

fn code(browser: &mut Browser, change: &Form) -> String {
    let end = browser.walk(&authorize(change));
    let address = location(&end).unwrap_or_else(|| panic!("{}", line(&end)));
    parameter(&address, "code").unwrap_or_else(|| panic!("no code in {address}"))
}

fn redeem(browser: &mut Browser, code: &str, change: &Form) -> String {
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "public"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let response = browser.post(TOKEN, &changed(&form, change));
    if response.status == 200 { "200".into() } else { line(&response) }
}

#[test]
fn mistakes_about_the_client_are_shown_on_a_page() {
    let mut browser = Browser::of("django-oauth-toolkit");
    let cases = [
        (("client_id", "unknown"), "Invalid client_id parameter value."),
        (("client_id", ""), "Missing client_id parameter."),
        (("redirect_uri", "https://stranger.test/"), "Mismatching redirect URI."),
    ];
    for (change, message) in cases {
        let page = browser.get(&authorize(&[change]));
        assert_eq!(page.status, 400, "{change:?}");
        assert_eq!(header(&page, "Content-Type").as_deref(), Some("text/html; charset=utf-8"));
        assert!(text(&page).contains("Error: invalid_request"), "{}", text(&page));
        assert!(text(&page).contains(message), "{}", text(&page));
    }
}

#[test]
fn the_other_mistakes_are_redirected() {
    let mut browser = Browser::of("django-oauth-toolkit");
    code(&mut browser, &[]);
    let no_pkce = [("code_challenge", ""), ("code_challenge_method", "")];
    let cases: [(&Form, &str, Option<&str>); 8] = [
        (&no_pkce, "invalid_request", Some("Code challenge required.")),
        (&[("code_challenge", "")], "invalid_request", Some("Code challenge required.")),
        (
            &[("code_challenge_method", "s256")],
            "invalid_request",
            Some("Transform algorithm not supported."),
        ),
        (&[("code_challenge_method", "plain")], "", None),
        (&[("code_challenge_method", "")], "", None),
        (&[("code_challenge", "short")], "", None),
        (&[("scope", "unknown")], "invalid_scope", None),
        (&[("response_type", "")], "invalid_request", Some("Missing response_type parameter.")),
    ];
    for (change, error, description) in cases {
        let response = browser.get(&authorize(change));
        let address = location(&response).unwrap_or_else(|| panic!("{}", line(&response)));
        assert_eq!(parameter(&address, "error").unwrap_or_default(), error, "{change:?}");
        assert_eq!(parameter(&address, "error_description").as_deref(), description, "{change:?}");
        assert_eq!(parameter(&address, "iss"), None);
        assert_eq!(response.status, 302);
    }
}

#[test]
fn a_login_comes_back_to_where_it_was_asked_for() {
    let mut browser = Browser::of("django-oauth-toolkit");
    let address = location(&browser.get(&authorize(&[]))).expect("a redirect");
    assert!(address.starts_with(&format!("{BASE}/accounts/login/?next=%2Fo%2Fauthorize%2F")));
    let page = browser.get(&address);
    assert!(text(&page).contains("csrfmiddlewaretoken"));
    assert!(browser.cookies.iter().any(|(name, _)| name == "csrftoken"));
    let wrong = browser.submit(&page, &[("username", "alice"), ("password", "wrong")]);
    assert_eq!(wrong.status, 200);
    let back = browser.log_in(&page);
    assert_eq!(back.status, 302);
    assert!(browser.cookies.iter().any(|(name, _)| name == "sessionid"));
    let next = location(&back).expect("a redirect");
    assert!(next.starts_with(&format!("{BASE}/o/authorize/?")), "{next}");
}

#[test]
fn the_token_endpoint() {
    let mut browser = Browser::of("django-oauth-toolkit");
    let wrong = "0123456789012345678901234567890123456789012";
    let code = |browser: &mut Browser| code(browser, &[]);
    let first = code(&mut browser);
    assert_eq!(
        redeem(&mut browser, &first, &[("code_verifier", wrong)]),
        r#"400 {"error":"invalid_grant"}"#
    );
    assert_eq!(redeem(&mut browser, &first, &[]), "200", "a wrong verifier does not consume it");
    assert_eq!(redeem(&mut browser, &first, &[]), r#"400 {"error":"invalid_grant"}"#);
    let cases: [(&Form, &str); 5] = [
        (
            &[("code_verifier", "")],
            r#"400 {"error":"invalid_request","error_description":"Code verifier required."}"#,
        ),
        (
            &[("redirect_uri", "http://127.0.0.1:18999/other")],
            r#"400 {"error":"invalid_request","error_description":"Mismatching redirect URI."}"#,
        ),
        (&[("redirect_uri", "")], "200"),
        (&[("grant_type", "")], r#"400 {"error":"unsupported_grant_type"}"#),
        (
            &[("code", "")],
            r#"400 {"error":"invalid_request","error_description":"Missing code parameter."}"#,
        ),
    ];
    for (change, expected) in cases {
        let code = code(&mut browser);
        assert_eq!(redeem(&mut browser, &code, change), expected, "{change:?}");
    }
}

#[test]
fn a_short_verifier_is_good_enough() {
    let mut browser = Browser::of("django-oauth-toolkit");
    // The challenge of the verifier 12345.
    let challenge = [("code_challenge", "WZRHGrsBESr8wYFZ9sx0tPURuZgG2lmzyvWpwXPKz8U")];
    let code = code(&mut browser, &challenge);
    assert_eq!(redeem(&mut browser, &code, &[("code_verifier", "12345")]), "200");
}

#[test]
fn a_failed_client_authentication_names_the_bearer_scheme() {
    let mut browser = Browser::of("django-oauth-toolkit");
    let form = [("grant_type", "client_credentials")];
    for client in [("service", "wrong"), ("unknown", "x")] {
        let response = browser.post_basic(TOKEN, client, &form);
        assert_eq!(line(&response), r#"401 {"error":"invalid_client"}"#);
        let challenge = header(&response, "WWW-Authenticate");
        assert_eq!(challenge.as_deref(), Some("Bearer error=\"invalid_client\""));
    }
    let refused = browser.get(TOKEN);
    assert_eq!((line(&refused), header(&refused, "Allow")), ("405 ".into(), Some("POST".into())));
    let mut odd = post(TOKEN, &form);
    odd.query = "client_id=public".into();
    let response = browser.send(odd);
    assert_eq!(
        line(&response),
        r#"400 {"error":"invalid_request","error_description":"URL query parameters are not allowed"}"#
    );
    assert_eq!(header(&response, "Content-Type").as_deref(), Some("text/html"));
}

#[test]
fn userinfo_and_introspection() {
    let mut browser = Browser::of("django-oauth-toolkit");
    let bare = browser.get("/o/userinfo/");
    assert_eq!(bare.status, 401);
    assert_eq!(header(&bare, "Content-Type").as_deref(), Some("text/html"));
    let challenge = header(&bare, "WWW-Authenticate").expect("a challenge");
    assert!(challenge.starts_with("Bearer error=\"invalid_token\", error_description="));
    let anonymous = browser.post("/o/introspect/", &[("token", "x")]);
    assert_eq!(line(&anonymous), "403 ");
    let query = encode(&[
        ("client_id", "resource-server"),
        ("client_secret", "resource-server-secret"),
        ("token", "x"),
    ]);
    let by_get = browser.get(&format!("/o/introspect/?{query}"));
    assert_eq!(line(&by_get), r#"200 {"active":false}"#);
}

#[test]
fn the_two_documents_differ() {
    let mut browser = Browser::of("django-oauth-toolkit");
    let response = browser.get("/o/.well-known/openid-configuration");
    assert_eq!(header(&response, "Access-Control-Allow-Origin").as_deref(), Some("*"));
    let (_, openid) = json(&response);
    let (_, oauth) = json(&browser.get("/.well-known/oauth-authorization-server/o"));
    assert_eq!(openid["issuer"], format!("{BASE}/o"));
    assert_eq!(openid["code_challenge_methods_supported"], serde_json::json!(["plain", "S256"]));
    for endpoint in ["revocation_endpoint", "introspection_endpoint"] {
        assert!(openid[endpoint].is_null() && oauth[endpoint].is_string(), "{endpoint}");
    }
    assert!(oauth["grant_types_supported"].to_string().contains("password"));
    let keys = browser.get("/o/.well-known/jwks.json");
    let cache = "public, max-age=3600, stale-while-revalidate=3600, stale-if-error=3600";
    assert_eq!(header(&keys, "Cache-Control").as_deref(), Some(cache));
}

#[test]
fn devices() {
    let mut browser = Browser::of("django-oauth-toolkit");
    let start =
        browser.post("/o/device-authorization/", &[("client_id", "device"), ("scope", "openid")]);
    assert_eq!(header(&start, "Cache-Control"), None);
    let (_, device) = json(&start);
    let (user_code, device_code) = (member(&device, "user_code"), member(&device, "device_code"));
    assert_eq!((user_code.len(), device_code.len()), (8, 30));
    assert_eq!((&device["expires_in"], &device["interval"]), (&1800.into(), &5.into()));
    let grant = [("grant_type", DEVICE_GRANT), ("client_id", "device")];
    let poll = [&grant[..], &[("device_code", &*device_code)]].concat();
    for _ in 0..3 {
        assert_eq!(line(&browser.post(TOKEN, &poll)), r#"400 {"error":"authorization_pending"}"#);
    }
    let page = browser.walk(&format!("{BASE}/o/device/?user_code={user_code}"));
    let confirm = browser.submit(&page, &[("user_code", &user_code)]);
    assert_eq!(browser.submit(&confirm, &[("approve", "yes")]).status, 200);
    browser.advance(1801);
    for _ in 0..2 {
        assert_eq!(browser.post(TOKEN, &poll).status, 200, "late and again");
    }
    let unknown = [&grant[..], &[("device_code", "unknown")]].concat();
    assert_eq!(line(&browser.post(TOKEN, &unknown)), r#"404 {"error":"device_not_found"}"#);
    assert_eq!(browser.post(TOKEN, &grant).status, 500);
    let stranger = browser.post("/o/device-authorization/", &[("client_id", "unknown")]);
    assert_eq!(
        line(&stranger),
        r#"400 {"error":"invalid_request","error_description":"Invalid client_id parameter value."}"#
    );
    assert_eq!(browser.post("/o/device-authorization/", &[]).status, 500);
}

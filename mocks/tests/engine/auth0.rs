//! The dialect `auth0`: the answers of the product's documentation.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::browser::*;

const TOKEN: &str = "/oauth/token";
const API: &str = "https://api.stub.test/";
const OTHER_VERIFIER: &str = "0123456789012345678901234567890123456789012";

fn code(browser: &mut Browser, change: &Form) -> String {
    let scope = [("scope", "openid offline_access read:things")];
    let end = browser.walk(&authorize_url(&[&scope[..], change].concat()));
    let address = location(&end).unwrap_or_else(|| panic!("{}", line(&end)));
    parameter(&address, "code").unwrap_or_else(|| panic!("no code in {address}"))
}

fn redemption<'a>(code: &'a str, change: &Form<'a>) -> Vec<(&'a str, &'a str)> {
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "public"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    changed(&form, change)
}

fn tokens(browser: &mut Browser, change: &Form) -> Value {
    let code = code(browser, change);
    let (status, tokens) = json(&browser.post(TOKEN, &redemption(&code, &[])));
    assert_eq!(status, 200, "{tokens}");
    tokens
}

fn claims(jwt: &str) -> Value {
    let payload = jwt.split('.').nth(1).expect("a JWT has three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64url")).expect("JSON")
}

#[test]
fn the_token_endpoint_refuses_with_403_and_these_texts() {
    let invalid_code =
        r#"403 {"error":"invalid_grant","error_description":"Invalid authorization code"}"#;
    let wrong_verifier =
        r#"403 {"error":"invalid_grant","error_description":"Failed to verify code verifier"}"#;
    let mut browser = Browser::of("auth0");
    let cases: [(&Form, &str); 5] = [
        (&[("code", "unknown")], invalid_code),
        (&[("redirect_uri", "http://127.0.0.1:18999/other")], invalid_code),
        (&[("client_id", "public2")], invalid_code),
        (&[("code_verifier", OTHER_VERIFIER)], wrong_verifier),
        (&[("code_verifier", "")], wrong_verifier),
    ];
    for (change, refusal) in cases {
        let code = code(&mut browser, &[]);
        let answer = browser.post(TOKEN, &redemption(&code, change));
        assert_eq!(line(&answer), refusal, "{change:?}");
    }
    let code = code(&mut browser, &[]);
    assert_eq!(browser.post(TOKEN, &redemption(&code, &[])).status, 200);
    assert_eq!(line(&browser.post(TOKEN, &redemption(&code, &[]))), invalid_code);
    let unknown =
        [("grant_type", "refresh_token"), ("client_id", "public"), ("refresh_token", "x")];
    assert_eq!(
        line(&browser.post(TOKEN, &unknown)),
        r#"403 {"error":"invalid_grant","error_description":"Unknown or invalid refresh token."}"#
    );
}

#[test]
fn clients_and_audiences_are_refused_with_these_texts() {
    let mut browser = Browser::of("auth0");
    let machine = [("grant_type", "client_credentials"), ("client_id", "service")];
    let secret = ("client_secret", "service-secret");
    let cases = [
        (
            [&machine[..], &[("client_secret", "wrong")]].concat(),
            r#"401 {"error":"access_denied","error_description":"Unauthorized"}"#,
        ),
        (
            [&machine[..], &[secret, ("audience", "https://nowhere/")]].concat(),
            r#"403 {"error":"access_denied","error_description":"Service not found: https://nowhere/"}"#,
        ),
        (
            vec![("grant_type", "client_credentials"), ("client_id", "public")],
            r#"403 {"error":"unauthorized_client","error_description":"Grant type 'client_credentials' not allowed for the client."}"#,
        ),
    ];
    for (form, refusal) in cases {
        assert_eq!(line(&browser.post(TOKEN, &form)), refusal);
    }
}

#[test]
fn the_device_grant_says_403_and_429() {
    let mut browser = Browser::of("auth0");
    let start = [("client_id", "device"), ("scope", "openid"), ("audience", API)];
    let (_, device) = json(&browser.post("/oauth/device/code", &start));
    assert_eq!((&device["expires_in"], &device["interval"]), (&900.into(), &5.into()));
    let user_code = member(&device, "user_code");
    assert_eq!(device["verification_uri"], format!("{BASE}/activate"));
    let complete = format!("{BASE}/activate?user_code={user_code}");
    assert_eq!(device["verification_uri_complete"], complete);
    let device_code = member(&device, "device_code");
    let poll = [("grant_type", DEVICE_GRANT), ("client_id", "device")];
    let poll = [&poll[..], &[("device_code", &*device_code)]].concat();
    assert_eq!(
        line(&browser.post(TOKEN, &poll)),
        r#"403 {"error":"authorization_pending","error_description":"User has yet to authorize device code."}"#
    );
    assert_eq!(
        line(&browser.post(TOKEN, &poll)),
        r#"429 {"error":"slow_down","error_description":"You are polling faster than the specified interval of 5 seconds."}"#
    );
    browser.decide(&device, "deny");
    assert_eq!(
        line(&browser.post(TOKEN, &poll)),
        r#"403 {"error":"access_denied","error_description":"User cancelled the confirmation prompt."}"#
    );
    browser.advance(901);
    let (status, body) = json(&browser.post(TOKEN, &poll));
    assert_eq!((status, &body["error"]), (403, &"expired_token".into()));
    assert_eq!(
        line(&browser.post(TOKEN, &poll)),
        r#"403 {"error":"invalid_grant","error_description":"Invalid or expired device code."}"#
    );
}

#[test]
fn an_audience_makes_the_access_token_a_jwt() {
    let mut browser = Browser::of("auth0");
    let opaque = member(&tokens(&mut browser, &[]), "access_token");
    assert_eq!(opaque.split('.').count(), 5);
    let answer = tokens(&mut browser, &[("audience", API)]);
    assert_eq!(answer["expires_in"], 86400);
    let of_user = claims(&member(&answer, "access_token"));
    assert_eq!(of_user["iss"], format!("{BASE}/"));
    assert_eq!(of_user["aud"], serde_json::json!([API, format!("{BASE}/userinfo")]));
    assert_eq!((&of_user["azp"], &of_user["gty"]), (&"public".into(), &Value::Null));
    let form = [("grant_type", "client_credentials"), ("client_id", "service")];
    let form = [&form[..], &[("client_secret", "service-secret"), ("audience", API)]].concat();
    let (_, answer) = json(&browser.post(TOKEN, &form));
    let of_machine = claims(&member(&answer, "access_token"));
    assert_eq!(of_machine["sub"], "service@clients");
    assert_eq!(of_machine["gty"], "client-credentials");
    assert_eq!(of_machine["aud"], serde_json::json!([API]));
}

#[test]
fn the_login_goes_over_its_own_pages() {
    let mut browser = Browser::of("auth0");
    let first = browser.get(&authorize_url(&[("scope", "openid")]));
    let address = location(&first).expect("a redirect");
    assert!(address.starts_with(&format!("{BASE}/u/login?state=")), "{address}");
    let page = browser.get(&address);
    let wrong = [("username", "alice"), ("password", "wrong"), ("action", "default")];
    assert_eq!(browser.submit(&page, &wrong).status, 400);
    let resumed = browser.log_in(&page);
    let address = location(&resumed).expect("a redirect");
    assert_eq!(resumed.status, 302);
    assert!(address.starts_with(&format!("{BASE}/authorize/resume?state=")), "{address}");
    let mut stranger = Browser::of("auth0");
    assert_eq!(stranger.get(&address).status, 400);
    let end = location(&browser.get(&address)).expect("a redirect");
    assert!(end.starts_with(CALLBACK) && parameter(&end, "code").is_some(), "{end}");
    assert_eq!(parameter(&end, "iss"), None);
}

#[test]
fn mistakes_at_the_authorization_endpoint() {
    let mut browser = Browser::of("auth0");
    let page = browser.get(&authorize_url(&[("redirect_uri", "https://stranger.test/")]));
    assert_eq!(page.status, 403);
    assert!(text(&page).contains("Oops!, something went wrong"));
    assert!(text(&page).contains("Callback URL mismatch"));
    let silent = browser.get(&authorize_url(&[("prompt", "none"), ("scope", "openid")]));
    let address = location(&silent).expect("a redirect");
    assert_eq!(parameter(&address, "error").as_deref(), Some("login_required"));
    assert_eq!(parameter(&address, "error_description").as_deref(), Some("Login required"));
    assert_eq!(parameter(&address, "state").as_deref(), Some("s t&te"));
}

#[test]
fn revocation_takes_json_and_logout_wants_a_listed_address() {
    let mut browser = Browser::of("auth0");
    let refresh_token = member(&tokens(&mut browser, &[]), "refresh_token");
    let mut request = post("/oauth/revoke", &[]);
    request.headers = vec![("Content-Type".into(), "application/json".into())];
    let json = serde_json::json!({ "client_id": "public", "token": refresh_token });
    request.body = json.to_string().into_bytes();
    let revoked = browser.send(request);
    assert_eq!(line(&revoked), "200 ");
    let refresh = [("grant_type", "refresh_token"), ("client_id", "public")];
    let refresh = [&refresh[..], &[("refresh_token", &*refresh_token)]].concat();
    assert_eq!(browser.post(TOKEN, &refresh).status, 403);
    let logout =
        |to: &str| format!("/v2/logout?{}", encode(&[("client_id", "public"), ("returnTo", to)]));
    let left = browser.get(&logout("http://127.0.0.1:18999/loggedout"));
    assert_eq!(location(&left).as_deref(), Some("http://127.0.0.1:18999/loggedout"));
    assert_eq!(browser.get(&logout("https://stranger.test/")).status, 400);
}

#[test]
fn metadata_keys_and_headers() {
    let mut browser = Browser::of("auth0");
    let response = browser.get("/.well-known/openid-configuration");
    assert_eq!(header(&response, "x-ratelimit-limit").as_deref(), Some("300"));
    assert!(
        header(&response, "x-ratelimit-reset").is_some_and(|reset| reset.parse::<u64>().is_ok())
    );
    let (_, metadata) = json(&response);
    assert_eq!(metadata["issuer"], format!("{BASE}/"));
    assert_eq!(metadata["jwks_uri"], format!("{BASE}/.well-known/jwks.json"));
    assert_eq!(metadata["code_challenge_methods_supported"], serde_json::json!(["S256", "plain"]));
    let (_, set) = json(&browser.get("/.well-known/jwks.json"));
    let kids = |set: &Value| -> Vec<String> {
        set["keys"].as_array().expect("keys").iter().map(|key| member(key, "kid")).collect()
    };
    let before = kids(&set);
    assert_eq!(before.len(), 2);
    assert_eq!(browser.control("rotate", "").status, 200);
    let (_, set) = json(&browser.get("/.well-known/jwks.json"));
    let after = kids(&set);
    assert_eq!((after.len(), &after[..2]), (3, &before[..]));
}

//! The hosted pages and the token endpoint of the Cognito dialect: statuses, headers and bodies to the letter.

use authgauge_mocks::{Engine, Request, Response};
use serde_json::{Value, json};

use crate::browser::*;
use crate::signature::{claims, header as jose_header, kid, verifies};

const POOL: &str = "/us-east-1_Example01";
const LOGGED_OUT: &str = "http://127.0.0.1:18999/loggedout";
const CONFIDENTIAL: (&str, &str) = ("confidential", "confidential-secret-of-the-stub");
const SERVICE: (&str, &str) = ("service", "service-secret-of-the-stub");

/// The credentials of a Basic header, if there is one.
type Basic = Option<(&'static str, &'static str)>;

fn browser() -> Browser {
    let engine = Engine::new("cognito", &[], BASE).expect("an embedded dialect");
    Browser { engine, cookies: Vec::new() }
}

/// A sound authorization request of the public client, with changes.
fn query(change: &Form) -> String {
    let sound = [
        ("client_id", "public"),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid email"),
        ("state", "s t&te"),
        ("nonce", "n-0S6"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    encode(&changed(&sound, change))
}

fn authorize(browser: &mut Browser, change: &Form) -> Response {
    browser.get(&format!("/oauth2/authorize?{}", query(change)))
}

/// Submits the form of the login page at an address, as a browser that has seen it.
fn submit(browser: &mut Browser, login: &str, password: &str) -> Response {
    let (_, query) = login.split_once('?').expect("a query");
    let csrf = browser.cookies.iter().find(|(name, _)| name == "XSRF-TOKEN").expect("a cookie");
    let csrf = csrf.1.clone();
    let form = [("_csrf", csrf.as_str()), ("cognitoAsfData", ""), ("username", "alice")];
    let form = [&form[..], &[("password", password)]].concat();
    browser.send(Request { query: query.into(), ..post("/login", &form) })
}

/// The address that a sound request with changes ends at.
fn sign_in(browser: &mut Browser, change: &Form) -> String {
    let login = location(&authorize(browser, change)).expect("a redirect");
    assert_eq!(browser.get(&login).status, 200);
    let done = submit(browser, &login, "Alice-passw0rd!");
    assert_eq!(done.status, 302, "{}", text(&done));
    location(&done).expect("a redirect")
}

fn exchange(browser: &mut Browser, code: &str, change: &Form) -> Response {
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "public"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    browser.post("/oauth2/token", &changed(&form, change))
}

fn code(browser: &mut Browser, change: &Form) -> String {
    browser.cookies.clear();
    let address = sign_in(browser, change);
    parameter(&address, "code").unwrap_or_else(|| panic!("no code in {address}"))
}

fn tokens(browser: &mut Browser, change: &Form) -> Value {
    let code = code(browser, change);
    let (status, tokens) = json(&exchange(browser, &code, &[]));
    assert_eq!(status, 200, "{tokens}");
    tokens
}

fn members(object: &Value) -> Vec<&str> {
    let mut names: Vec<&str> =
        object.as_object().expect("an object").keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

fn userinfo(browser: &mut Browser, authorization: &str) -> Response {
    let mut request = post("/oauth2/userInfo", &[]);
    request.method = "GET".into();
    request.body.clear();
    request.headers = vec![("Authorization".into(), authorization.into())];
    request.headers.retain(|(_, value)| !value.is_empty());
    browser.send(request)
}

/// Where the first form of a page goes.
fn form_action(html: &str) -> String {
    let (_, rest) = html.split_once("action=\"").expect("a form");
    rest.split_once('"').expect("the end of the attribute").0.replace("&amp;", "&")
}

fn uuid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

#[test]
fn errors_that_the_client_may_learn_go_to_its_redirect_uri() {
    let cases: [(&Form, &str); 9] = [
        (&[("response_type", "")], "invalid_request"),
        (&[("code_challenge_method", "")], "invalid_request"),
        (&[("code_challenge", "")], "invalid_request"),
        (&[("code_challenge_method", "plain")], "invalid_request"),
        (&[("code_challenge_method", "s256")], "invalid_request"),
        (&[("scope", "openid unheard-of")], "invalid_scope"),
        (&[("scope", "unheard-of")], "invalid_scope"),
        (&[("scope", "openid api/write")], "invalid_scope"),
        (&[("prompt", "none")], "login_required"),
    ];
    let mut browser = browser();
    for (change, error) in cases {
        let response = authorize(&mut browser, change);
        let expected = format!("{CALLBACK}?error={error}&state=s+t%26te");
        assert_eq!((response.status, location(&response)), (302, Some(expected)), "{change:?}");
        assert_eq!(header(&response, "Access-Control-Allow-Origin"), None);
    }
}

#[test]
fn errors_that_nobody_else_may_learn_lead_to_the_error_page() {
    let missing = "error=Required+parameters+missing";
    let everything: Vec<(&str, &str)> =
        ["client_id", "redirect_uri", "scope", "state", "nonce"].map(|name| (name, "")).to_vec();
    let cases: [(&Form, &str); 6] = [
        (
            &[("redirect_uri", "https://elsewhere.example/")],
            "error=redirect_mismatch&client_id=public",
        ),
        (
            &[("redirect_uri", "http://127.0.0.1:1/callback")],
            "error=redirect_mismatch&client_id=public",
        ),
        (&[("client_id", "nobody")], "error=invalid_request&client_id=nobody"),
        (&[("client_id", "")], missing),
        (&everything, missing),
        (&[("identity_provider", "Elsewhere")], "error=invalid_request&client_id=public"),
    ];
    let mut browser = browser();
    for (change, query) in cases {
        let response = authorize(&mut browser, change);
        let expected = format!("{BASE}/error?{query}");
        assert_eq!(
            (response.status, location(&response)),
            (302, Some(expected.clone())),
            "{change:?}"
        );
        let page = browser.get(&expected);
        assert_eq!(page.status, 400);
        assert!(text(&page).contains("An error was encountered with the requested page."));
        assert!(header(&page, "Content-Type").is_some_and(|media| media.starts_with("text/html")));
    }
}

#[test]
fn a_request_names_one_resource() {
    let mut browser = browser();
    let one = format!("/oauth2/authorize?{}&resource=https%3A%2F%2Fapi.example", query(&[]));
    let login = location(&browser.get(&one)).expect("a redirect");
    assert!(login.starts_with(&format!("{BASE}/login?")), "{login}");
    let two = format!("{one}&resource=https%3A%2F%2Fother.example");
    let refused = location(&browser.get(&two)).expect("a redirect");
    assert_eq!(parameter(&refused, "error").as_deref(), Some("invalid_request"));
}

#[test]
fn the_login_page_knows_who_is_expected() {
    let mut browser = browser();
    let login = format!("{BASE}/login?{}&login_hint=al%22ice", query(&[]));
    let html = text(&browser.get(&login));
    assert_eq!(html.matches("value=\"al&quot;ice\"").count(), 2, "{html}");
}

#[test]
fn authorize_leads_to_the_login_page_with_the_same_query_and_past_it_with_a_session() {
    let mut browser = browser();
    let response = authorize(&mut browser, &[]);
    let login = format!("{BASE}/login?{}", query(&[]));
    assert_eq!((response.status, location(&response)), (302, Some(login.clone())));
    let page = browser.get(&login);
    let html = text(&page);
    assert_eq!((page.status, html.matches("name=\"cognitoSignInForm\"").count()), (200, 2));
    for input in ["_csrf", "cognitoAsfData", "username", "password", "signInSubmitButton"] {
        assert_eq!(html.matches(&format!("name=\"{input}\"")).count(), 2, "{input}");
    }
    let (_, csrf) =
        browser.cookies.iter().find(|(name, _)| name == "XSRF-TOKEN").expect("a cookie");
    let action = form_action(&html);
    assert_eq!(action, format!("/login?{}", query(&[])));
    assert!(uuid(csrf) && html.matches(&format!("value=\"{csrf}\"")).count() == 2, "{csrf}");
    let again = submit(&mut browser, &login, "wrong");
    assert_eq!(again.status, 200);
    assert!(text(&again).contains("cognitoSignInForm") && text(&again).contains("is wrong"));
    let done = submit(&mut browser, &login, "Alice-passw0rd!");
    let address = location(&done).expect("a redirect");
    assert_eq!((done.status, done.body.len()), (302, 0));
    assert!(uuid(&parameter(&address, "code").expect("a code")), "{address}");
    assert_eq!(parameter(&address, "state").as_deref(), Some("s t&te"));
    assert_eq!(parameter(&address, "iss"), None);
    let session = headers(&done, "Set-Cookie").find(|cookie| cookie.starts_with("cognito="));
    let rest = "; Max-Age=3600; Path=/; HttpOnly; SameSite=Lax";
    assert!(session.is_some_and(|cookie| cookie.ends_with(rest)), "{session:?}");
    for seconds in [0, 3599] {
        browser.advance(seconds);
        let address = location(&authorize(&mut browser, &[])).expect("a redirect");
        assert!(address.starts_with(&format!("{CALLBACK}?code=")), "{address}");
    }
    // One hour from the sign-in, however often it was used.
    browser.advance(1);
    assert_eq!(location(&authorize(&mut browser, &[])), Some(login));
    assert_eq!(browser.post("/oauth2/authorize", &[("client_id", "public")]).status, 405);
}

#[test]
fn every_answer_has_the_headers_of_the_product() {
    let mut browser = browser();
    let answers = [
        authorize(&mut browser, &[]),
        browser.get(&format!("/login?{}", query(&[]))),
        browser.post("/oauth2/token", &[]),
        browser.get("/error"),
    ];
    for response in answers {
        let expected = [
            ("X-Content-Type-Options", "nosniff"),
            ("X-XSS-Protection", "1; mode=block"),
            ("Cache-Control", "no-cache, no-store, max-age=0, must-revalidate"),
            ("Pragma", "no-cache"),
            ("Expires", "0"),
            ("Strict-Transport-Security", "max-age=31536000 ; includeSubDomains"),
            ("X-Frame-Options", "DENY"),
            ("Server", "Server"),
        ];
        for (name, value) in expected {
            assert_eq!(headers(&response, name).collect::<Vec<_>>(), [value], "{name}");
        }
        assert!(header(&response, "x-amz-cognito-request-id").is_some_and(|id| uuid(&id)));
    }
}

#[test]
fn the_implicit_grant_answers_in_the_fragment() {
    let mut browser = browser();
    let implicit =
        [("response_type", "token"), ("code_challenge", ""), ("code_challenge_method", "")];
    let address = sign_in(&mut browser, &implicit);
    let (uri, fragment) = address.split_once('#').expect("a fragment");
    assert_eq!(uri, CALLBACK);
    let members: Vec<(String, String)> =
        url::form_urlencoded::parse(fragment.as_bytes()).into_owned().collect();
    let member = |name: &str| {
        let member = members.iter().find(|(known, _)| known == name);
        member.map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    assert_eq!(members.len(), 5, "{fragment}");
    assert_eq!((member("token_type"), member("expires_in")), ("bearer", "3600"));
    assert_eq!(member("state"), "s t&te");
    assert_eq!(claims(member("id_token"))["nonce"], "n-0S6");
    assert_eq!(claims(member("access_token"))["token_use"], "access");
    let plain = [implicit[0], implicit[1], implicit[2], ("scope", "aws.cognito.signin.user.admin")];
    browser.cookies.clear();
    assert!(!sign_in(&mut browser, &plain).contains("id_token"), "only with openid");
}

#[test]
fn the_token_response_has_these_members_and_no_scope() {
    let mut browser = browser();
    let code = code(&mut browser, &[("scope", "openid")]);
    let response = exchange(&mut browser, &code, &[]);
    let media = header(&response, "Content-Type");
    assert_eq!(media.as_deref(), Some("application/json;charset=UTF-8"));
    assert_eq!(header(&response, "Access-Control-Allow-Origin").as_deref(), Some("*"));
    let (status, tokens) = json(&response);
    let all = ["access_token", "expires_in", "id_token", "refresh_token", "token_type"];
    assert_eq!((status, members(&tokens)), (200, all.to_vec()));
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(3600)));
    let refresh_token = member(&tokens, "refresh_token");
    let form = [("grant_type", "refresh_token"), ("client_id", "public")];
    let form = [&form[..], &[("refresh_token", refresh_token.as_str())]].concat();
    let (status, refreshed) = json(&browser.post("/oauth2/token", &form));
    let without_rotation = ["access_token", "expires_in", "id_token", "token_type"];
    assert_eq!((status, members(&refreshed)), (200, without_rotation.to_vec()));
    let (before, after) = (member(&tokens, "id_token"), member(&refreshed, "id_token"));
    for name in ["auth_time", "origin_jti", "sub"] {
        assert_eq!(claims(&before)[name], claims(&after)[name], "{name}");
    }
    assert_eq!(claims(&after)["nonce"], json!(null));
    let own = browser.post_basic("/oauth2/token", SERVICE, &[("grant_type", "client_credentials")]);
    let (status, tokens) = json(&own);
    assert_eq!((status, members(&tokens)), (200, vec!["access_token", "expires_in", "token_type"]));
}

#[test]
fn tokens_have_the_claims_of_the_product() {
    let mut browser = browser();
    let tokens = tokens(&mut browser, &[]);
    let (access, identity) = (member(&tokens, "access_token"), member(&tokens, "id_token"));
    let (_, set) = json(&browser.get(&format!("{POOL}/.well-known/jwks.json")));
    let keys = set["keys"].as_array().expect("a key set").clone();
    assert_eq!(keys.len(), 2);
    for key in &keys {
        assert_eq!(members(key), ["alg", "e", "kid", "kty", "n", "use"]);
        assert!(member(key, "kid").len() == 44 && member(key, "kid").ends_with('='), "{key}");
    }
    assert_ne!(kid(&access), kid(&identity));
    for token in [&access, &identity] {
        assert!(verifies(&keys, token));
        assert_eq!(members(&jose_header(token)), ["alg", "kid"]);
    }
    let names = [
        "auth_time",
        "client_id",
        "cognito:groups",
        "event_id",
        "exp",
        "iat",
        "iss",
        "jti",
        "origin_jti",
        "scope",
        "sub",
        "token_use",
        "username",
        "version",
    ];
    assert_eq!(members(&claims(&access)), names);
    let names = [
        "at_hash",
        "aud",
        "auth_time",
        "cognito:groups",
        "cognito:username",
        "custom:tenant",
        "email",
        "email_verified",
        "event_id",
        "exp",
        "iat",
        "iss",
        "jti",
        "locale",
        "nonce",
        "origin_jti",
        "sub",
        "token_use",
    ];
    assert_eq!(members(&claims(&identity)), names);
    assert_eq!(claims(&identity)["aud"], "public");
    assert_eq!(claims(&identity)["iss"], format!("{BASE}{POOL}"));
    assert_eq!(claims(&identity)["email_verified"], true);
    assert_eq!(claims(&access)["scope"], "openid email");
    let resource = [("resource", "https://api.example.com")];
    let bound = self::tokens(&mut browser, &resource);
    assert_eq!(claims(&member(&bound, "access_token"))["aud"], "https://api.example.com");
}

#[test]
fn a_client_that_acts_for_itself_gets_few_claims() {
    let mut browser = browser();
    let forms: [&Form; 2] = [
        &[("grant_type", "client_credentials")],
        &[("grant_type", "client_credentials"), ("scope", "api/read")],
    ];
    for form in forms {
        let (status, tokens) = json(&browser.post_basic("/oauth2/token", SERVICE, form));
        assert_eq!(status, 200, "{tokens}");
        let claims = claims(&member(&tokens, "access_token"));
        let names = [
            "auth_time",
            "client_id",
            "exp",
            "iat",
            "iss",
            "jti",
            "scope",
            "sub",
            "token_use",
            "version",
        ];
        assert_eq!(members(&claims), names);
        assert_eq!((&claims["sub"], &claims["client_id"]), (&json!("service"), &json!("service")));
        assert_eq!(
            (&claims["token_use"], &claims["scope"]),
            (&json!("access"), &json!("api/read"))
        );
        assert_eq!((&claims["version"], &claims["auth_time"]), (&json!(2), &claims["iat"]));
    }
}

#[test]
fn the_token_endpoint_refuses_to_the_letter() {
    let mut browser = browser();
    let code = code(&mut browser, &[]);
    let wrong_secret = r#"{"error":"invalid_client","error_description":"invalid_client_secret"}"#;
    let cases: [(Basic, &Form, &str); 9] = [
        (None, &[], r#"{"error":"invalid_client"}"#),
        (None, &[("client_id", "public")], r#"{"error":"invalid_request"}"#),
        (None, &[("client_id", "nobody")], r#"{"error":"invalid_client"}"#),
        (Some(("confidential", "wrong")), &[("grant_type", "refresh_token")], wrong_secret),
        (None, &[("client_id", "confidential"), ("grant_type", "refresh_token")], wrong_secret),
        (
            Some(CONFIDENTIAL),
            &[("grant_type", "password"), ("username", "alice"), ("password", "Alice-passw0rd!")],
            r#"{"error":"unsupported_grant_type"}"#,
        ),
        (
            Some(CONFIDENTIAL),
            &[("grant_type", "client_credentials")],
            r#"{"error":"unauthorized_client"}"#,
        ),
        (
            None,
            &[("client_id", "public"), ("grant_type", "authorization_code"), ("code", "unknown")],
            r#"{"error":"invalid_grant"}"#,
        ),
        (
            None,
            &[
                ("client_id", "public"),
                ("grant_type", "refresh_token"),
                ("refresh_token", "unknown"),
            ],
            r#"{"error":"invalid_grant"}"#,
        ),
    ];
    for (basic, form, body) in cases {
        let response = match basic {
            Some(basic) => browser.post_basic("/oauth2/token", basic, form),
            None => browser.post("/oauth2/token", form),
        };
        assert_eq!((response.status, text(&response).as_str()), (400, body), "{form:?}");
        let media = header(&response, "Content-Type");
        assert_eq!(media.as_deref(), Some("application/json;charset=UTF-8"));
        assert_eq!(header(&response, "WWW-Authenticate"), None);
    }
    assert_eq!(exchange(&mut browser, &code, &[]).status, 200);
    assert_eq!(text(&exchange(&mut browser, &code, &[])), r#"{"error":"invalid_grant"}"#);
}

#[test]
fn a_failed_exchange_spends_the_code_and_so_do_five_minutes() {
    let other = "another-verifier-that-is-long-enough-for-everybody";
    let mismatch = r#"{"error":"unauthorized_client","error_description":"invalid_redirect"}"#;
    let cases: [(&Form, &str); 4] = [
        (&[("code_verifier", other)], r#"{"error":"invalid_grant"}"#),
        (&[("code_verifier", "")], r#"{"error":"invalid_grant"}"#),
        (&[("redirect_uri", "https://elsewhere.example/")], mismatch),
        (&[("redirect_uri", "")], mismatch),
    ];
    let mut browser = browser();
    for (change, body) in cases {
        let code = code(&mut browser, &[]);
        let response = exchange(&mut browser, &code, change);
        assert_eq!((response.status, text(&response).as_str()), (400, body), "{change:?}");
        let (status, again) = json(&exchange(&mut browser, &code, &[]));
        assert_eq!((status, again), (400, json!({ "error": "invalid_grant" })), "{change:?}");
    }
    for (seconds, status) in [(299, 200), (300, 400)] {
        let code = code(&mut browser, &[]);
        browser.advance(seconds);
        assert_eq!(exchange(&mut browser, &code, &[]).status, status, "{seconds} s");
    }
}

#[test]
fn userinfo_says_email_verified_as_text_and_explains_itself_in_a_header() {
    let mut browser = browser();
    let access = member(&tokens(&mut browser, &[]), "access_token");
    let response = userinfo(&mut browser, &format!("Bearer {access}"));
    let body = json!({
        "sub": "a4b8c4d8-4091-70e5-2d3c-1f0e9a7b6c5d",
        "username": "alice",
        "email": "alice@example.com",
        "email_verified": "true",
    });
    assert_eq!(json(&response), (200, body));
    assert_eq!(header(&response, "Access-Control-Allow-Origin").as_deref(), Some("*"));
    // With openid alone, everything that the client may read.
    let alone = member(&tokens(&mut browser, &[("scope", "openid")]), "access_token");
    let (_, all) = json(&userinfo(&mut browser, &format!("Bearer {alone}")));
    assert_eq!(members(&all), ["email", "email_verified", "name", "sub", "username"]);
    let admin = tokens(&mut browser, &[("scope", "aws.cognito.signin.user.admin")]);
    let admin = member(&admin, "access_token");
    let bad =
        r#"error="invalid_request", error_description="Bad OAuth2 request at UserInfo Endpoint""#;
    let dead = r#"error="invalid_token", error_description="Access token is expired, disabled, or deleted, or the user has globally signed out.""#;
    let narrow =
        r#"error="invalid_token", error_description="Access token does not contain openid scope""#;
    let cases = [
        (String::new(), 400, bad),
        ("Bearer unknown".into(), 401, dead),
        (format!("Bearer {admin}"), 401, narrow),
    ];
    for (authorization, status, challenge) in cases {
        let response = userinfo(&mut browser, &authorization);
        assert_eq!(response.status, status, "{authorization}");
        assert_eq!(header(&response, "WWW-Authenticate").as_deref(), Some(challenge));
    }
    browser.advance(3600);
    let expired = userinfo(&mut browser, &format!("Bearer {access}"));
    assert_eq!(header(&expired, "WWW-Authenticate").as_deref(), Some(dead));
}

#[test]
fn only_refresh_tokens_can_be_revoked_and_their_family_goes_with_them() {
    let mut browser = browser();
    let tokens = tokens(&mut browser, &[]);
    let [access, identity, refresh] =
        ["access_token", "id_token", "refresh_token"].map(|name| member(&tokens, name));
    let unsupported = r#"{"error":"unsupported_token_type"}"#;
    let public = ("client_id", "public");
    let cases: [(&Form, u16, &str); 6] = [
        (&[public], 400, r#"{"error":"invalid_request"}"#),
        (&[public, ("token", &access)], 400, unsupported),
        (&[public, ("token", &identity)], 400, unsupported),
        (&[public, ("token", "unknown")], 200, ""),
        (&[("client_id", "nobody"), ("token", &refresh)], 401, r#"{"error":"invalid_client"}"#),
        (
            &[("client_id", "irrevocable"), ("token", "unknown")],
            400,
            r#"{"error":"invalid_request"}"#,
        ),
    ];
    for (form, status, body) in cases {
        assert_eq!(userinfo(&mut browser, &format!("Bearer {access}")).status, 200);
        let response = browser.post("/oauth2/revoke", form);
        assert_eq!((response.status, text(&response).as_str()), (status, body), "{form:?}");
        assert_eq!(header(&response, "Access-Control-Allow-Origin").as_deref(), Some("*"));
    }
    for time in ["first", "second"] {
        let response = browser.post("/oauth2/revoke", &[public, ("token", &refresh)]);
        assert_eq!((response.status, response.body.len()), (200, 0), "the {time} time");
    }
    assert_eq!(userinfo(&mut browser, &format!("Bearer {access}")).status, 401);
    let form = [("grant_type", "refresh_token"), public, ("refresh_token", &*refresh)];
    let refused = browser.post("/oauth2/token", &form);
    assert_eq!((refused.status, text(&refused).as_str()), (400, r#"{"error":"invalid_grant"}"#));
    let wrong = browser.post_basic("/oauth2/revoke", ("confidential", "wrong"), &[("token", "x")]);
    assert_eq!((wrong.status, json(&wrong).1["error"].clone()), (401, json!("invalid_client")));
}

#[test]
fn the_logout_returns_to_the_application_or_to_a_fresh_login() {
    let mut browser = browser();
    let fresh = query(&[]);
    let back = encode(&[("client_id", "public"), ("logout_uri", LOGGED_OUT)]);
    let both = format!("{fresh}&{}", encode(&[("logout_uri", LOGGED_OUT)]));
    let cases = [
        (back, LOGGED_OUT.to_owned()),
        (fresh.clone(), format!("{BASE}/login?{fresh}")),
        (both, LOGGED_OUT.to_owned()),
    ];
    for (sent, leads_to) in cases {
        browser.cookies.clear();
        sign_in(&mut browser, &[]);
        let kept = browser.cookies.clone();
        let response = browser.get(&format!("/logout?{sent}"));
        assert_eq!((response.status, location(&response)), (302, Some(leads_to)), "{sent}");
        // The session has ended, not only the cookie.
        browser.cookies = kept;
        let login = location(&authorize(&mut browser, &[])).expect("a redirect");
        assert!(login.starts_with(&format!("{BASE}/login?")), "{login}");
    }
    let error = format!("{BASE}/error?error=Required+parameters+missing");
    let incomplete = [
        String::new(),
        "client_id=public".into(),
        encode(&[("client_id", "public"), ("logout_uri", "https://elsewhere.example/")]),
        encode(&[("logout_uri", LOGGED_OUT)]),
    ];
    for sent in incomplete {
        let response = browser.get(&format!("/logout?{sent}"));
        assert_eq!((response.status, location(&response)), (302, Some(error.clone())), "{sent}");
    }
}

#[test]
fn discovery_is_at_the_issuer_alone_and_leaves_out_what_the_product_leaves_out() {
    let mut browser = browser();
    let path = "/.well-known/openid-configuration";
    assert_eq!(browser.get(path).status, 404);
    let (status, document) = json(&browser.get(&format!("{POOL}{path}")));
    let names = [
        "authorization_endpoint",
        "id_token_signing_alg_values_supported",
        "issuer",
        "jwks_uri",
        "response_types_supported",
        "scopes_supported",
        "subject_types_supported",
        "token_endpoint",
        "token_endpoint_auth_methods_supported",
        "userinfo_endpoint",
    ];
    assert_eq!((status, members(&document)), (200, names.to_vec()));
    assert_eq!(document["issuer"], format!("{BASE}{POOL}"));
    assert_eq!(document["userinfo_endpoint"], format!("{BASE}/oauth2/userInfo"));
}

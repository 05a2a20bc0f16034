//! Refresh, client credentials, client authentication, userinfo, revocation and introspection.

use authgauge_mocks::Request;
use serde_json::json;

use crate::browser::*;
use crate::signature::claims;

#[test]
fn a_refresh_rotates_and_a_reuse_kills_the_family() {
    let mut browser = Browser::new(&[]);
    let first = browser.tokens();
    let old = member(&first, "refresh_token");
    let (status, second) = browser.refresh(&old, &[]);
    assert_eq!(status, 200, "{second}");
    let (new, access_token) = (member(&second, "refresh_token"), member(&second, "access_token"));
    assert_ne!(new, old);
    assert_ne!(access_token, member(&first, "access_token"));
    assert_eq!(claims(&member(&second, "id_token"))["nonce"], json!(null));
    assert_eq!(browser.userinfo(&access_token).status, 200);
    assert_eq!(browser.refresh(&old, &[("client_id", "public2")]).1["error"], "invalid_grant");
    assert_eq!(browser.userinfo(&access_token).status, 200, "another client is not the family");
    assert_eq!(browser.refresh(&old, &[]).1["error"], "invalid_grant");
    assert_eq!(browser.refresh(&new, &[]).1["error"], "invalid_grant");
    assert_eq!(browser.userinfo(&access_token).status, 401);
}

#[test]
fn the_scope_of_a_refresh_may_shrink_for_once_and_never_grow() {
    let mut browser = Browser::new(&[]);
    let mut token = member(&browser.tokens(), "refresh_token");
    let cases = [
        ("openid email", 400, "invalid_scope"),
        ("read", 200, "read"),
        ("", 200, "openid offline_access read"),
    ];
    for (scope, status, result) in cases {
        let (answered, body) = browser.refresh(&token, &[("scope", scope)]);
        assert_eq!(answered, status, "{scope}: {body}");
        let member_name = if status == 200 { "scope" } else { "error" };
        assert_eq!(body[member_name], result, "{scope}");
        token = body["refresh_token"].as_str().map_or(token, str::to_owned);
    }
    browser.advance(86_400 * 30);
    assert_eq!(browser.refresh(&token, &[]).1["error"], "invalid_grant");
}

#[test]
fn no_refresh_token_without_offline_access() {
    let mut browser = Browser::new(&[]);
    let code = browser.code(&[("scope", "openid profile email")]);
    let (_, tokens) = browser.exchange(&code, &[]);
    assert_eq!(tokens["refresh_token"], json!(null));
    let (_, info) = json(&browser.userinfo(&member(&tokens, "access_token")));
    assert_eq!(
        (&info["name"], &info["email"]),
        (&json!("Alice Adams"), &json!("alice@example.com"))
    );
}

#[test]
fn the_token_endpoint_knows_its_clients() {
    let grant: &Form = &[("grant_type", "client_credentials")];
    let with = |more: &Form<'static>| [grant, more].concat();
    let right = Some(("service", "service-secret"));
    let cases = [
        (right, with(&[]), 200, ""),
        (Some(("service", "service%2Dsecret")), with(&[]), 200, ""),
        (right, with(&[("scope", "write")]), 400, "invalid_scope"),
        (right, with(&[("client_id", "service")]), 200, ""),
        (right, with(&[("client_id", "public")]), 400, "invalid_request"),
        (right, with(&[("client_secret", "service-secret")]), 400, "invalid_request"),
        (right, vec![], 400, "invalid_request"),
        (right, vec![("grant_type", "password")], 400, "unsupported_grant_type"),
        (right, vec![("grant_type", "refresh_token")], 400, "unauthorized_client"),
        (Some(("service", "wrong")), with(&[]), 401, "invalid_client"),
        (Some(("service", "")), with(&[]), 401, "invalid_client"),
        (Some(("nobody", "secret")), with(&[]), 401, "invalid_client"),
        (Some(("public", "")), with(&[]), 401, "invalid_client"),
        (Some(("confidential-post", "confidential-post-secret")), with(&[]), 401, "invalid_client"),
        (None, with(&[]), 401, "invalid_client"),
        (None, with(&[("client_id", "service")]), 401, "invalid_client"),
        (None, with(&[("client_id", "public")]), 400, "unauthorized_client"),
        (
            None,
            with(&[("client_id", "service"), ("client_secret", "service-secret")]),
            401,
            "invalid_client",
        ),
        (
            None,
            with(&[
                ("client_id", "confidential-post"),
                ("client_secret", "confidential-post-secret"),
            ]),
            400,
            "unauthorized_client",
        ),
    ];
    let mut browser = Browser::new(&[]);
    for (basic, form, status, error) in cases {
        let response = match basic {
            Some(basic) => browser.post_basic("/token", basic, &form),
            None => browser.post("/token", &form),
        };
        let (answered, body) = json(&response);
        assert_eq!(
            (answered, body["error"].as_str().unwrap_or_default()),
            (status, error),
            "{form:?}"
        );
        assert_eq!(header(&response, "Cache-Control").as_deref(), Some("no-store"));
        assert_eq!(header(&response, "WWW-Authenticate").is_some(), status == 401);
        assert_eq!(body["refresh_token"], json!(null));
    }
}

#[test]
fn the_token_endpoint_wants_one_form_in_the_body() {
    let mut browser = Browser::new(&[]);
    let good = post("/token", &[("grant_type", "refresh_token"), ("client_id", "public")]);
    let json_type = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    let cases = [
        (Request { method: "GET".into(), ..good.clone() }, 405),
        (Request { query: "client_id=public".into(), ..good.clone() }, 400),
        (Request { headers: json_type, ..good.clone() }, 400),
        (Request { headers: vec![], ..good.clone() }, 400),
        (Request { body: b"grant_type=%".to_vec(), ..good.clone() }, 400),
        (Request { body: b"grant_type=%ff".to_vec(), ..good.clone() }, 400),
        (Request { body: vec![b'a'; 64 * 1024 + 1], ..good }, 413),
    ];
    for (request, status) in cases {
        let response = browser.send(request);
        assert_eq!(response.status, status);
        assert_eq!(header(&response, "Content-Type").as_deref(), Some("application/json"));
        assert_eq!(header(&response, "Allow").as_deref(), (status == 405).then_some("POST"));
    }
}

#[test]
fn userinfo_says_what_is_wrong_in_its_challenge() {
    let mut browser = Browser::new(&[]);
    let good = member(&browser.tokens(), "access_token");
    let code = browser.code(&[("scope", "read")]);
    let (_, plain) = browser.exchange(&code, &[]);
    let plain = member(&plain, "access_token");
    let cases = [
        (format!("bearer {good}"), "", 200, ""),
        (format!("Bearer {good}"), "access_token=x", 400, "invalid_request"),
        (format!("Bearer {plain}"), "", 403, "insufficient_scope"),
        ("Bearer unknown".into(), "", 401, "invalid_token"),
        ("Bearer".into(), "", 401, "invalid_token"),
        ("Basic eDp5".into(), "", 401, ""),
        (String::new(), "", 401, ""),
    ];
    for (authorization, body, status, error) in cases {
        let mut request = post("/userinfo", &[]);
        request.body = body.into();
        if !authorization.is_empty() {
            request.headers.push(("authorization".into(), authorization.clone()));
        }
        let response = browser.send(request);
        let challenge = header(&response, "WWW-Authenticate").unwrap_or_default();
        assert_eq!(response.status, status, "{authorization}");
        assert_eq!(challenge.starts_with("Bearer"), status != 200, "{authorization}");
        assert_eq!(challenge.contains("error="), !error.is_empty(), "{authorization}");
        assert!(challenge.contains(error), "{authorization}");
    }
    browser.advance(3600);
    assert_eq!(browser.userinfo(&good).status, 401);
}

#[test]
fn revocation_and_introspection_agree() {
    let mut browser = Browser::new(&[]);
    let (first, second) = (browser.tokens(), browser.tokens());
    let access = |tokens| member(tokens, "access_token");
    let (_, active) = browser.introspect(&access(&first));
    assert_eq!((&active["active"], &active["username"]), (&json!(true), &json!("alice")));
    assert_eq!(active["aud"], "urn:authgauge:stub:api");
    // An access token dies alone, a refresh token with everything of its grant.
    assert_eq!(browser.revoke(&access(&first)), 200);
    assert_eq!(browser.introspect(&access(&first)).1, json!({ "active": false }));
    assert_eq!(browser.introspect(&member(&first, "refresh_token")).1["active"], true);
    assert_eq!(browser.revoke(&member(&second, "refresh_token")), 200);
    assert_eq!(browser.introspect(&access(&second)).1, json!({ "active": false }));
    assert_eq!(browser.refresh(&member(&second, "refresh_token"), &[]).1["error"], "invalid_grant");
    assert_eq!(browser.userinfo(&access(&second)).status, 401);
}

#[test]
fn revocation_minds_its_client() {
    let mut browser = Browser::new(&[]);
    let token = member(&browser.tokens(), "access_token");
    let cases: [(&Form, u16); 5] = [
        (&[("client_id", "public2"), ("token", &token)], 400),
        (&[("client_id", "public")], 400),
        (&[("token", &token)], 401),
        (&[("client_id", "public"), ("token", "unknown")], 200),
        (&[("client_id", "public"), ("token", "unknown"), ("token_type_hint", "odd")], 200),
    ];
    for (form, status) in cases {
        assert_eq!(browser.post("/revoke", form).status, status, "{form:?}");
    }
    assert_eq!(browser.userinfo(&token).status, 200);
    let hinted =
        [("client_id", "public"), ("token", &*token), ("token_type_hint", "refresh_token")];
    assert_eq!(browser.post("/revoke", &hinted).status, 200);
    assert_eq!(browser.userinfo(&token).status, 401);
}

#[test]
fn introspection_minds_its_caller() {
    let mut browser = Browser::new(&[]);
    let token = member(&browser.tokens(), "access_token");
    let form: &Form = &[("token", &token)];
    let service = ("service", "service-secret");
    assert_eq!(json(&browser.post_basic("/introspect", service, form)).1, json!({"active": false}));
    assert_eq!(browser.introspect("unknown"), (200, json!({ "active": false })));
    let public = [("token", &*token), ("client_id", "public")];
    for response in [browser.post("/introspect", form), browser.post("/introspect", &public)] {
        assert_eq!(response.status, 401);
        assert!(header(&response, "WWW-Authenticate").is_some());
    }
    assert_eq!(browser.post_basic("/introspect", service, &[]).status, 400);
    browser.advance(3600);
    assert_eq!(browser.introspect(&token).1, json!({ "active": false }));
}

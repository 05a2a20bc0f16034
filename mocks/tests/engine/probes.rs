//! What the fault table looks at: one thing each that a fault changes.

use authgauge_mocks::{Request, Response};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use crate::browser::*;
use crate::signature::verifies;

pub fn outcome((status, body): (u16, serde_json::Value)) -> String {
    let error = body["error"].as_str().unwrap_or_default();
    format!("{status} {error}").trim_end().to_owned()
}

pub fn openid_configuration(browser: &mut Browser) -> String {
    assert_eq!(browser.get("/.well-known/oauth-authorization-server").status, 200);
    browser.get("/.well-known/openid-configuration").status.to_string()
}

pub fn issuer(browser: &mut Browser) -> String {
    member(&json(&browser.get("/.well-known/openid-configuration")).1, "issuer")
}

pub fn keys_without_kty(browser: &mut Browser) -> String {
    let keys = browser.jwks();
    let without = keys.iter().filter(|key| key["kty"].is_null()).count();
    format!("{without} of {}", keys.len())
}

pub fn distinct_kids(browser: &mut Browser) -> String {
    let keys = browser.jwks();
    let kids: std::collections::BTreeSet<_> =
        keys.iter().filter_map(|key| key["kid"].as_str()).collect();
    format!("{} of {}", kids.len(), keys.len())
}

pub fn id_token(browser: &mut Browser) -> String {
    let token = member(&browser.tokens(), "id_token");
    let verdict = if verifies(&browser.jwks(), &token) { "verifies" } else { "fails" };
    let silent = browser.authorize(&[("prompt", "none"), ("id_token_hint", &token)]);
    format!("{verdict}, hint {}", silent.contains("code="))
}

pub fn exchange(browser: &mut Browser, change: &Form) -> String {
    let code = browser.code(&[]);
    outcome(browser.exchange(&code, change))
}

pub fn right_verifier(browser: &mut Browser) -> String {
    exchange(browser, &[])
}

pub fn wrong_verifier(browser: &mut Browser) -> String {
    assert_eq!(exchange(browser, &[("code_verifier", "")]), "400 invalid_grant");
    exchange(browser, &[("code_verifier", CHALLENGE)])
}

pub fn right_after_wrong_verifier(browser: &mut Browser) -> String {
    let code = browser.code(&[]);
    let wrong = browser.exchange(&code, &[("code_verifier", CHALLENGE)]);
    assert_eq!(outcome(wrong), "400 invalid_grant");
    outcome(browser.exchange(&code, &[]))
}

pub fn missing_verifier(browser: &mut Browser) -> String {
    assert_eq!(exchange(browser, &[("code_verifier", CHALLENGE)]), "400 invalid_grant");
    exchange(browser, &[("code_verifier", "")])
}

pub fn lowercase_s256(browser: &mut Browser) -> String {
    let address = browser.authorize(&[("code_challenge_method", "s256")]);
    let Some(code) = parameter(&address, "code") else {
        return "refused".into();
    };
    let (plain, _) = browser.exchange(&code, &[("code_verifier", CHALLENGE)]);
    let code = browser.code(&[("code_challenge_method", "s256")]);
    format!("hashed {}, plain {plain}", browser.exchange(&code, &[]).0)
}

pub fn token_type(browser: &mut Browser) -> String {
    browser.tokens()["token_type"].to_string()
}

pub fn second_exchange(browser: &mut Browser) -> String {
    let code = browser.code(&[]);
    assert_eq!(browser.exchange(&code, &[]).0, 200);
    outcome(browser.exchange(&code, &[]))
}

pub fn no_grant_type(browser: &mut Browser) -> String {
    exchange(browser, &[("grant_type", "")])
}

pub fn odd_grant_type(browser: &mut Browser) -> String {
    exchange(browser, &[("grant_type", "odd")])
}

pub fn wrong_secret(browser: &mut Browser) -> String {
    let form = [("grant_type", "client_credentials")];
    let missing = [&form[..], &[("client_id", "service")]].concat();
    assert_eq!(browser.post("/token", &missing).status, 401);
    outcome(json(&browser.post_basic("/token", ("service", "wrong"), &form)))
}

pub fn same_after_refresh(browser: &mut Browser) -> String {
    let tokens = browser.tokens();
    let (_, refreshed) = browser.refresh(&member(&tokens, "refresh_token"), &[]);
    (tokens["access_token"] == refreshed["access_token"]).to_string()
}

pub fn device_expires_in(browser: &mut Browser) -> String {
    browser.device()["expires_in"].to_string()
}

pub fn first_poll(browser: &mut Browser) -> String {
    let device = browser.device();
    outcome(browser.poll(&device))
}

pub fn second_poll(browser: &mut Browser) -> String {
    let device = browser.device();
    browser.poll(&device);
    outcome(browser.poll(&device))
}

pub fn approved_poll(browser: &mut Browser) -> String {
    let device = browser.device();
    browser.decide(&device, "approve");
    outcome(browser.poll(&device))
}

pub fn late_poll(browser: &mut Browser) -> String {
    let device = browser.device();
    browser.advance(601);
    outcome(browser.poll(&device))
}

pub fn device_interval(browser: &mut Browser) -> String {
    browser.device()["interval"].to_string()
}

pub fn device_by_get(browser: &mut Browser) -> String {
    browser.get("/device_authorization?client_id=device&scope=openid").status.to_string()
}

pub fn start_device(browser: &mut Browser, form: &Form) -> String {
    outcome(json(&browser.post("/device_authorization", form)))
}

pub fn device_unknown_client(browser: &mut Browser) -> String {
    start_device(browser, &[("client_id", "unknown"), ("scope", "openid")])
}

pub fn device_no_client(browser: &mut Browser) -> String {
    start_device(browser, &[("scope", "openid")])
}

pub fn device_no_secret(browser: &mut Browser) -> String {
    start_device(browser, &[("client_id", "device-confidential"), ("scope", "openid")])
}

pub fn device_without_grant(browser: &mut Browser) -> String {
    start_device(browser, &[("client_id", "public"), ("scope", "openid")])
}

pub fn device_odd_scope(browser: &mut Browser) -> String {
    let form = [("client_id", "device"), ("scope", "openid odd")];
    let (_, device) = json(&browser.post("/device_authorization", &form));
    browser.decide(&device, "approve");
    browser.poll(&device).1["scope"].to_string()
}

pub fn anonymous_approval(browser: &mut Browser) -> String {
    let device = browser.device();
    let page = browser.get(&member(&device, "verification_uri_complete"));
    if page.status == 200 {
        let confirm = browser.submit(&page, &[("user_code", &member(&device, "user_code"))]);
        browser.submit(&confirm, &[("approve", "yes")]);
    }
    format!("{}, {}", page.status, outcome(browser.poll(&device)))
}

pub fn unknown_device_code(browser: &mut Browser) -> String {
    outcome(browser.poll(&serde_json::json!({ "device_code": "unknown" })))
}

pub fn poll_by_device2(browser: &mut Browser) -> String {
    let device = browser.device();
    browser.decide(&device, "approve");
    let code = member(&device, "device_code");
    let form = [("grant_type", DEVICE_GRANT), ("client_id", "device2"), ("device_code", &code)];
    outcome(json(&browser.post("/token", &form)))
}

pub fn patient_poll(browser: &mut Browser) -> String {
    let device = browser.device();
    browser.poll(&device);
    browser.advance(5);
    outcome(browser.poll(&device))
}

/// A device that was told to slow down.
pub fn slowed(browser: &mut Browser) -> serde_json::Value {
    let device = browser.device();
    browser.poll(&device);
    assert_eq!(outcome(browser.poll(&device)), "400 slow_down");
    device
}

pub fn slowed_poll(browser: &mut Browser) -> String {
    let device = slowed(browser);
    browser.advance(10);
    outcome(browser.poll(&device))
}

pub fn slowed_approved_poll(browser: &mut Browser) -> String {
    let device = slowed(browser);
    browser.decide(&device, "approve");
    browser.advance(10);
    outcome(browser.poll(&device))
}

pub fn old_polled_device(browser: &mut Browser) -> String {
    let device = browser.device();
    browser.advance(300);
    browser.poll(&device);
    browser.advance(300);
    outcome(browser.poll(&device))
}

pub fn denied_polls(browser: &mut Browser) -> String {
    let device = browser.device();
    browser.decide(&device, "deny");
    let first = outcome(browser.poll(&device));
    browser.advance(5);
    format!("{first}, {}", outcome(browser.poll(&device)))
}

pub fn second_fetch(browser: &mut Browser) -> String {
    let device = browser.device();
    browser.decide(&device, "approve");
    assert_eq!(browser.poll(&device).0, 200);
    outcome(browser.poll(&device))
}

pub fn revoke_access_token(browser: &mut Browser) -> String {
    let token = member(&browser.tokens(), "access_token");
    format!("{} {}", browser.revoke(&token), browser.userinfo(&token).status)
}

pub fn revoke_nothing(browser: &mut Browser) -> String {
    browser.post("/revoke", &[("client_id", "public")]).status.to_string()
}

pub fn revoke_twice(browser: &mut Browser) -> String {
    let token = member(&browser.tokens(), "refresh_token");
    format!("{} {}", browser.revoke(&token), browser.revoke(&token))
}

pub fn revoke_without_secret(browser: &mut Browser) -> String {
    browser.post("/revoke", &[("client_id", "confidential"), ("token", "x")]).status.to_string()
}

pub fn revoke_by_public2(browser: &mut Browser) -> String {
    let token = member(&browser.tokens(), "refresh_token");
    let form = [("client_id", "public2"), ("token", &*token)];
    let status = browser.post("/revoke", &form).status;
    format!("{status}, then {}", browser.refresh(&token, &[]).0)
}

pub fn revoke_with_wrong_hint(browser: &mut Browser) -> String {
    let token = member(&browser.tokens(), "refresh_token");
    let form = [("client_id", "public"), ("token", &*token), ("token_type_hint", "access_token")];
    let status = browser.post("/revoke", &form).status;
    format!("{status} {}", browser.refresh(&token, &[]).0)
}

pub fn use_after_revocation(browser: &mut Browser) -> String {
    let token = member(&browser.tokens(), "refresh_token");
    format!("{} {}", browser.revoke(&token), browser.refresh(&token, &[]).0)
}

pub fn revoke_unknown(browser: &mut Browser) -> String {
    browser.revoke("unknown").to_string()
}

pub fn introspect_live(browser: &mut Browser) -> String {
    let token = member(&browser.tokens(), "access_token");
    browser.introspect(&token).1["active"].to_string()
}

pub fn introspect_unknown(browser: &mut Browser) -> String {
    let (status, body) = browser.introspect("unknown");
    format!("{status} {}", body["active"])
}

pub fn introspect_as_nobody(browser: &mut Browser) -> String {
    let token = member(&browser.tokens(), "access_token");
    browser.post("/introspect", &[("token", &token)]).status.to_string()
}

pub fn introspect_revoked(browser: &mut Browser) -> String {
    let token = member(&browser.tokens(), "access_token");
    assert_eq!(browser.revoke(&token), 200);
    browser.introspect(&token).1["active"].to_string()
}

pub fn introspect_expired(browser: &mut Browser) -> String {
    let token = member(&browser.tokens(), "access_token");
    browser.advance(3600);
    browser.introspect(&token).1["active"].to_string()
}

pub fn introspect_by_service(browser: &mut Browser) -> String {
    let token = member(&browser.tokens(), "access_token");
    let caller = ("service", "service-secret");
    let (status, body) = json(&browser.post_basic("/introspect", caller, &[("token", &token)]));
    format!("{status} {}", body["active"])
}

pub fn introspect_unknown_members(browser: &mut Browser) -> String {
    let (_, body) = browser.introspect("unknown");
    body.as_object().map_or(0, serde_json::Map::len).to_string()
}

pub fn introspected(browser: &mut Browser, name: &str) -> String {
    let token = member(&browser.tokens(), "access_token");
    let kind = match &browser.introspect(&token).1[name] {
        serde_json::Value::Number(_) => "number",
        serde_json::Value::String(_) => "text",
        serde_json::Value::Array(_) => "array",
        _ => "something else",
    };
    kind.into()
}

pub fn introspect_exp(browser: &mut Browser) -> String {
    introspected(browser, "exp")
}

pub fn introspect_scope(browser: &mut Browser) -> String {
    introspected(browser, "scope")
}

pub fn rotation(browser: &mut Browser) -> String {
    let old = member(&browser.tokens(), "id_token");
    browser.control("rotate", "");
    let new = member(&browser.tokens(), "id_token");
    let keys = browser.jwks();
    let (old, new) = (verifies(&keys, &old), verifies(&keys, &new));
    format!("{} keys, old {old}, new {new}", keys.len())
}

pub fn publication(browser: &mut Browser) -> String {
    browser.control("rotate", "");
    let token = member(&browser.tokens(), "id_token");
    format!("{:?}", [(); 5].map(|()| verifies(&browser.jwks(), &token)))
}

pub fn authorize_error(browser: &mut Browser) -> String {
    parameter(&browser.authorize(&[("prompt", "none")]), "error").expect("an error")
}

/// An exchange of a code for the challenge of this verifier.
pub fn exchange_with(browser: &mut Browser, verifier: &str) -> String {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
    let code = browser.code(&[("code_challenge", &challenge)]);
    outcome(browser.exchange(&code, &[("code_verifier", verifier)]))
}

pub fn challenge_as_verifier(browser: &mut Browser) -> String {
    exchange(browser, &[("code_verifier", CHALLENGE)])
}

pub fn verifier_in_other_case(browser: &mut Browser) -> String {
    assert_eq!(exchange(browser, &[("code_verifier", CHALLENGE)]), "400 invalid_grant");
    let swap =
        |c: char| if c.is_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
    exchange(browser, &[("code_verifier", &VERIFIER.chars().map(swap).collect::<String>())])
}

pub fn verifier_of_42(browser: &mut Browser) -> String {
    exchange_with(browser, &"a".repeat(42))
}

pub fn verifier_of_128(browser: &mut Browser) -> String {
    exchange_with(browser, &"a".repeat(128))
}

pub fn verifier_of_129(browser: &mut Browser) -> String {
    exchange_with(browser, &"a".repeat(129))
}

pub fn verifier_with_plus(browser: &mut Browser) -> String {
    exchange_with(browser, &"+".repeat(43))
}

pub fn verifier_without_challenge(browser: &mut Browser) -> String {
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    let code = browser.code(&[&without[..], &[("client_id", "confidential")]].concat());
    let (client, secret) = ("confidential", "confidential-secret");
    outcome(json(&browser.post_basic("/token", (client, secret), &code_form(&code))))
}

pub fn code_form(code: &str) -> [(&str, &str); 4] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ]
}

/// The error of an authorization request, or that it brought a code.
pub fn code_or_error(browser: &mut Browser, change: &Form) -> String {
    let address = browser.authorize(change);
    parameter(&address, "error").unwrap_or_else(|| "a code".into())
}

pub fn no_challenge(browser: &mut Browser) -> String {
    code_or_error(browser, &[("code_challenge", ""), ("code_challenge_method", "")])
}

pub fn odd_method(browser: &mut Browser) -> String {
    code_or_error(browser, &[("code_challenge_method", "S512")])
}

pub fn plain_method(browser: &mut Browser) -> String {
    code_or_error(browser, &[("code_challenge_method", "plain")])
}

pub fn no_method(browser: &mut Browser) -> String {
    code_or_error(browser, &[("code_challenge_method", "")])
}

pub fn expires_in(browser: &mut Browser) -> String {
    browser.tokens()["expires_in"].to_string()
}

/// The answer to an exchange that is right.
pub fn token_response(browser: &mut Browser) -> Response {
    let code = browser.code(&[]);
    let form = [&code_form(&code)[..], &[("client_id", "public")]].concat();
    browser.post("/token", &form)
}

pub fn cache_control(browser: &mut Browser) -> String {
    header(&token_response(browser), "Cache-Control").expect("Cache-Control")
}

pub fn token_media_type(browser: &mut Browser) -> String {
    header(&token_response(browser), "Content-Type").expect("Content-Type")
}

pub fn late_second_exchange(browser: &mut Browser) -> String {
    let code = browser.code(&[]);
    assert_eq!(browser.exchange(&code, &[]).0, 200);
    assert_eq!(browser.exchange(&code, &[("code_verifier", CHALLENGE)]).0, 400);
    browser.advance(30);
    outcome(browser.exchange(&code, &[]))
}

pub fn refresh_after_code_reuse(browser: &mut Browser) -> String {
    let code = browser.code(&[]);
    let token = member(&browser.exchange(&code, &[]).1, "refresh_token");
    assert_eq!(browser.exchange(&code, &[]).0, 400);
    outcome(browser.refresh(&token, &[]))
}

pub fn code_of_another(browser: &mut Browser) -> String {
    exchange(browser, &[("client_id", "public2")])
}

pub fn unknown_code(browser: &mut Browser) -> String {
    outcome(browser.exchange("unknown", &[]))
}

pub fn upper_case_code(browser: &mut Browser) -> String {
    let code = browser.code(&[]).to_uppercase();
    outcome(browser.exchange(&code, &[]))
}

pub fn no_code(browser: &mut Browser) -> String {
    outcome(browser.exchange("", &[("code", "")]))
}

pub fn code_as_refresh_token(browser: &mut Browser) -> String {
    let token = member(&browser.tokens(), "refresh_token");
    let (exchanged, _) = browser.exchange(&token, &[]);
    let code = browser.code(&[]);
    let refreshed = outcome(browser.refresh(&code, &[]));
    assert_eq!(exchanged == 200, refreshed == "200", "both directions alike");
    refreshed
}

pub fn other_redirect_uri(browser: &mut Browser) -> String {
    exchange(browser, &[("redirect_uri", "https://example.com/")])
}

pub fn no_redirect_uri(browser: &mut Browser) -> String {
    exchange(browser, &[("redirect_uri", "")])
}

pub fn wider_exchange(browser: &mut Browser) -> String {
    let code = browser.code(&[("scope", "openid read")]);
    member(&browser.exchange(&code, &[("scope", "openid read write")]).1, "scope")
}

pub fn grant_of_others(browser: &mut Browser) -> String {
    let form = [("grant_type", "client_credentials"), ("client_id", "public")];
    outcome(json(&browser.post("/token", &form)))
}

pub fn token_by_get(browser: &mut Browser) -> String {
    let code = browser.code(&[]);
    let form = [&code_form(&code)[..], &[("client_id", "public")]].concat();
    outcome(json(&browser.get(&format!("/token?{}", encode(&form)))))
}

pub fn token_by_json(browser: &mut Browser) -> String {
    let code = browser.code(&[]);
    let form = [&code_form(&code)[..], &[("client_id", "public")]].concat();
    let members: serde_json::Map<String, serde_json::Value> =
        form.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let body = serde_json::Value::Object(members).to_string().into_bytes();
    let headers = vec![("Content-Type".into(), "application/json".into())];
    outcome(json(&browser.send(Request { headers, body, ..post("/token", &[]) })))
}

pub fn repeated_code(browser: &mut Browser) -> String {
    let code = browser.code(&[]);
    let more = [("client_id", "public"), ("code", &code)];
    let form = [&code_form(&code)[..], &more[..]].concat();
    outcome(json(&browser.post("/token", &form)))
}

pub fn malformed_form(browser: &mut Browser) -> String {
    let body = b"grant_type=authorization_code&code=%zz&client_id=public".to_vec();
    outcome(json(&browser.send(Request { body, ..post("/token", &[]) })))
}

pub fn error_media_type(browser: &mut Browser) -> String {
    let response = browser.post("/token", &[("client_id", "public")]);
    header(&response, "Content-Type").expect("Content-Type")
}

const OWN: (&str, &str) = ("grant_type", "client_credentials");
const SERVICE: (&str, &str) = ("service", "service-secret");

pub fn empty_secret(browser: &mut Browser) -> String {
    outcome(json(&browser.post_basic("/token", ("service", ""), &[OWN])))
}

pub fn no_secret(browser: &mut Browser) -> String {
    outcome(json(&browser.post("/token", &[OWN, ("client_id", "service")])))
}

pub fn no_client(browser: &mut Browser) -> String {
    exchange(browser, &[("client_id", "")])
}

pub fn two_methods(browser: &mut Browser) -> String {
    let form = [OWN, ("client_secret", "service-secret")];
    outcome(json(&browser.post_basic("/token", SERVICE, &form)))
}

pub fn basic(browser: &mut Browser) -> String {
    outcome(json(&browser.post_basic("/token", SERVICE, &[OWN])))
}

pub fn secret_in_form(browser: &mut Browser) -> String {
    let code = browser.code(&[("client_id", "confidential-post")]);
    let id = [("client_id", "confidential-post"), ("client_secret", "confidential-post-secret")];
    let form = [&code_form(&code)[..], &id[..]].concat();
    outcome(json(&browser.post("/token", &form)))
}

pub fn basic_challenge(browser: &mut Browser) -> String {
    let response = browser.post_basic("/token", ("service", "wrong"), &[OWN]);
    header(&response, "WWW-Authenticate").unwrap_or_else(|| "none".into())
}

pub fn own_refresh_token(browser: &mut Browser) -> String {
    let (_, tokens) = json(&browser.post_basic("/token", SERVICE, &[OWN]));
    tokens["refresh_token"].is_string().to_string()
}

pub fn own_odd_scope(browser: &mut Browser) -> String {
    outcome(json(&browser.post_basic("/token", SERVICE, &[OWN, ("scope", "odd")])))
}

pub fn own_id_token(browser: &mut Browser) -> String {
    let response = browser.post_basic("/token", SERVICE, &[OWN, ("scope", "openid")]);
    let (status, tokens) = json(&response);
    assert_eq!(status == 200, tokens["id_token"].is_string(), "{tokens}");
    outcome((status, tokens))
}

/// A refresh with a good token, with changes.
pub fn refreshed(browser: &mut Browser, change: &Form) -> (u16, serde_json::Value) {
    let token = member(&browser.tokens(), "refresh_token");
    browser.refresh(&token, change)
}

pub fn refresh_by_another(browser: &mut Browser) -> String {
    outcome(refreshed(browser, &[("client_id", "public2")]))
}

pub fn unknown_refresh_token(browser: &mut Browser) -> String {
    outcome(browser.refresh("unknown", &[]))
}

pub fn no_refresh_token(browser: &mut Browser) -> String {
    outcome(browser.refresh("", &[("refresh_token", "")]))
}

pub fn rotated(browser: &mut Browser) -> String {
    let token = member(&browser.tokens(), "refresh_token");
    let rotated = browser.refresh(&token, &[]).1["refresh_token"].is_string();
    assert_eq!(
        browser.refresh(&token, &[]).0 == 400,
        rotated,
        "the old one is good without a new one"
    );
    rotated.to_string()
}

pub fn second_refresh(browser: &mut Browser) -> String {
    let token = member(&browser.tokens(), "refresh_token");
    assert_eq!(browser.refresh(&token, &[]).0, 200);
    outcome(browser.refresh(&token, &[]))
}

pub fn successor_after_reuse(browser: &mut Browser) -> String {
    let token = member(&browser.tokens(), "refresh_token");
    let successor = member(&browser.refresh(&token, &[]).1, "refresh_token");
    assert_eq!(browser.refresh(&token, &[]).0, 400);
    outcome(browser.refresh(&successor, &[]))
}

pub fn wider_refresh(browser: &mut Browser) -> String {
    outcome(refreshed(browser, &[("scope", "openid offline_access read write")]))
}

pub fn narrower_refresh(browser: &mut Browser) -> String {
    member(&refreshed(browser, &[("scope", "openid")]).1, "scope")
}

//! Every fault changes what it says, and the strict dialect does not show it.

use authgauge_mocks::{Request, Response, StubError, faults};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use crate::browser::*;
use crate::signature::verifies;

/// A fault, something to look at, what it is without the fault, and what with it.
type Row = (&'static str, fn(&mut Browser) -> String, &'static str, &'static str);

const ROWS: &[Row] = &[
    ("openid_configuration_missing", openid_configuration, "200", "404"),
    ("metadata_issuer_with_slash", issuer, BASE, "http://stub.test/"),
    ("jwks_key_without_kty", keys_without_kty, "0 of 1", "1 of 2"),
    ("jwks_key_without_kid", distinct_kids, "1 of 1", "1 of 2"),
    ("jwks_duplicate_kid", distinct_kids, "1 of 1", "2 of 3"),
    ("signs_with_unpublished_key", id_token, "verifies, hint true", "fails, hint true"),
    ("signature_does_not_verify", id_token, "verifies, hint true", "fails, hint true"),
    ("refuses_correct_verifier", right_verifier, "200", "400 invalid_grant"),
    ("ignores_verifier", wrong_verifier, "400 invalid_grant", "200"),
    ("verifier_optional", missing_verifier, "400 invalid_grant", "200"),
    ("accepts_lowercase_s256", lowercase_s256, "refused", "hashed 200, plain 400"),
    ("lowercase_s256_means_plain", lowercase_s256, "refused", "hashed 400, plain 200"),
    ("challenge_matches_itself", challenge_as_verifier, "400 invalid_grant", "200"),
    ("verifier_case_ignored", verifier_in_other_case, "400 invalid_grant", "200"),
    ("short_verifier_accepted", verifier_of_42, "400 invalid_grant", "200"),
    ("long_verifier_accepted", verifier_of_129, "400 invalid_grant", "200"),
    ("verifier_characters_unchecked", verifier_with_plus, "400 invalid_grant", "200"),
    ("longest_verifier_refused", verifier_of_128, "200", "400 invalid_grant"),
    ("verifier_without_challenge_accepted", verifier_without_challenge, "400 invalid_grant", "200"),
    ("public_client_needs_no_pkce", no_challenge, "invalid_request", "a code"),
    ("unknown_challenge_method_accepted", odd_method, "invalid_request", "a code"),
    ("plain_challenge_accepted", plain_method, "invalid_request", "a code"),
    ("missing_method_means_s256", no_method, "invalid_request", "a code"),
    ("token_response_without_token_type", token_type, "\"Bearer\"", "null"),
    ("expires_in_as_string", expires_in, "3600", "\"3600\""),
    ("token_response_cacheable", cache_control, "no-store", "public, max-age=300"),
    ("token_response_as_html", token_media_type, "application/json", "text/html"),
    ("code_reusable", second_exchange, "400 invalid_grant", "200"),
    ("code_reusable_later", late_second_exchange, "400 invalid_grant", "200"),
    ("code_reuse_revokes_nothing", refresh_after_code_reuse, "400 invalid_grant", "200"),
    ("code_not_bound_to_client", code_of_another, "400 invalid_grant", "200"),
    ("unknown_code_accepted", unknown_code, "400 invalid_grant", "200"),
    ("code_compared_without_case", upper_case_code, "400 invalid_grant", "200"),
    ("code_optional", no_code, "400 invalid_request", "200"),
    ("code_and_refresh_token_interchangeable", code_as_refresh_token, "400 invalid_grant", "200"),
    ("redirect_uri_not_compared", other_redirect_uri, "400 invalid_grant", "200"),
    ("redirect_uri_optional_at_exchange", no_redirect_uri, "400 invalid_grant", "200"),
    ("exchange_widens_scope", wider_exchange, "openid read", "openid read write"),
    ("grant_type_optional", no_grant_type, "400 invalid_request", "200"),
    ("unknown_grant_type_accepted", odd_grant_type, "400 unsupported_grant_type", "200"),
    ("grant_types_unchecked", grant_of_others, "400 unauthorized_client", "200"),
    ("token_request_by_get", token_by_get, "405 invalid_request", "200"),
    ("json_token_request_accepted", token_by_json, "400 invalid_request", "200"),
    ("repeated_token_parameter_accepted", repeated_code, "400 invalid_request", "200"),
    ("malformed_token_request_crashes", malformed_form, "400 invalid_request", "500 server_error"),
    ("token_error_as_html", error_media_type, "application/json", "text/html"),
    ("invalid_grant_with_status200", unknown_code, "400 invalid_grant", "200 invalid_grant"),
    ("ignores_client_secret", wrong_secret, "401 invalid_client", "200"),
    ("empty_secret_accepted", empty_secret, "401 invalid_client", "200"),
    ("client_secret_optional", no_secret, "401 invalid_client", "200"),
    ("client_identification_optional", no_client, "401 invalid_client", "200"),
    ("several_client_authentications_accepted", two_methods, "400 invalid_request", "200"),
    ("refuses_basic_at_token_endpoint", basic, "200", "401 invalid_client"),
    ("refuses_client_secret_post", secret_in_form, "200", "401 invalid_client"),
    ("failed_basic_without_challenge", basic_challenge, "Basic realm=\"authgauge stub\"", "none"),
    ("client_credentials_with_refresh_token", own_refresh_token, "false", "true"),
    ("client_credentials_with_any_scope", own_odd_scope, "400 invalid_scope", "200"),
    ("client_credentials_with_id_token", own_id_token, "400 invalid_scope", "200"),
    ("refresh_returns_same_access_token", same_after_refresh, "false", "true"),
    ("refresh_token_not_bound_to_client", refresh_by_another, "400 invalid_grant", "200"),
    ("unknown_refresh_token_accepted", unknown_refresh_token, "400 invalid_grant", "200"),
    ("refresh_token_optional", no_refresh_token, "400 invalid_request", "200"),
    ("refresh_token_not_rotated", rotated, "true", "false"),
    ("refresh_token_reusable", second_refresh, "400 invalid_grant", "200"),
    ("refresh_reuse_spares_family", successor_after_reuse, "400 invalid_grant", "200"),
    ("refresh_widens_scope", wider_refresh, "400 invalid_scope", "200"),
    ("refresh_ignores_scope", narrower_refresh, "openid", "openid offline_access read"),
    ("device_response_without_expires_in", device_expires_in, "600", "null"),
    ("device_needs_no_approval", first_poll, "400 authorization_pending", "200"),
    ("never_slows_down", second_poll, "400 slow_down", "400 authorization_pending"),
    ("device_approval_lost", approved_poll, "200", "400 authorization_pending"),
    ("device_code_never_expires", late_poll, "400 expired_token", "400 authorization_pending"),
    ("expired_device_code_is_unknown", late_poll, "400 expired_token", "400 invalid_grant"),
    ("revocation_does_nothing", use_after_revocation, "200 400", "200 200"),
    ("revocation_of_unknown_token_is_an_error", revoke_unknown, "200", "400"),
    ("introspection_active_as_string", introspect_live, "true", "\"true\""),
    ("introspection_of_unknown_token_is_an_error", introspect_unknown, "200 false", "400 null"),
    ("introspection_says_all_active", introspect_unknown, "200 false", "200 true"),
    (
        "drops_old_key_at_rotation",
        rotation,
        "2 keys, old true, new true",
        "1 keys, old false, new true",
    ),
    (
        "reuses_kid_at_rotation",
        rotation,
        "2 keys, old true, new true",
        "1 keys, old false, new true",
    ),
    (
        "publishes_new_key_late",
        publication,
        "[true, true, true, true, true]",
        "[false, false, false, false, true]",
    ),
    (
        "wrong_token_error_codes",
        odd_grant_type,
        "400 unsupported_grant_type",
        "400 invalid_request",
    ),
    ("wrong_authorize_error_codes", authorize_error, "login_required", "server_error"),
];

#[test]
fn every_fault_shows_and_strict_shows_none() {
    for &(fault, look, strict, faulty) in ROWS {
        assert_eq!(look(&mut Browser::new(&[])), strict, "without {fault}");
        assert_eq!(look(&mut Browser::new(&[fault])), faulty, "with {fault}");
    }
}

#[test]
fn the_table_has_every_fault() {
    let listed: Vec<String> = faults().into_iter().map(|row| row.name).collect();
    let tested: Vec<&str> = ROWS.iter().map(|(fault, ..)| *fault).collect();
    assert_eq!(listed, tested);
}

#[test]
fn unknown_names_are_errors_that_list_the_known_ones() {
    let engine = |dialect, fault: &str| {
        authgauge_mocks::Engine::new(dialect, &[fault.to_owned()], BASE).map_err(|e| e.to_string())
    };
    let message = engine("nonsense", "code_reusable").expect_err("unknown dialect");
    assert!(message.contains("nonsense") && message.contains("strict"), "{message}");
    let message = engine("strict", "typo").expect_err("unknown fault");
    assert!(message.contains("typo") && message.contains("code_reusable"), "{message}");
    let _: fn(StubError) -> String = |error| error.to_string();
}

fn outcome((status, body): (u16, serde_json::Value)) -> String {
    let error = body["error"].as_str().unwrap_or_default();
    format!("{status} {error}").trim_end().to_owned()
}

fn openid_configuration(browser: &mut Browser) -> String {
    assert_eq!(browser.get("/.well-known/oauth-authorization-server").status, 200);
    browser.get("/.well-known/openid-configuration").status.to_string()
}

fn issuer(browser: &mut Browser) -> String {
    member(&json(&browser.get("/.well-known/openid-configuration")).1, "issuer")
}

fn keys_without_kty(browser: &mut Browser) -> String {
    let keys = browser.jwks();
    let without = keys.iter().filter(|key| key["kty"].is_null()).count();
    format!("{without} of {}", keys.len())
}

fn distinct_kids(browser: &mut Browser) -> String {
    let keys = browser.jwks();
    let kids: std::collections::BTreeSet<_> =
        keys.iter().filter_map(|key| key["kid"].as_str()).collect();
    format!("{} of {}", kids.len(), keys.len())
}

fn id_token(browser: &mut Browser) -> String {
    let token = member(&browser.tokens(), "id_token");
    let verdict = if verifies(&browser.jwks(), &token) { "verifies" } else { "fails" };
    let silent = browser.authorize(&[("prompt", "none"), ("id_token_hint", &token)]);
    format!("{verdict}, hint {}", silent.contains("code="))
}

fn exchange(browser: &mut Browser, change: &Form) -> String {
    let code = browser.code(&[]);
    outcome(browser.exchange(&code, change))
}

fn right_verifier(browser: &mut Browser) -> String {
    exchange(browser, &[])
}

fn wrong_verifier(browser: &mut Browser) -> String {
    assert_eq!(exchange(browser, &[("code_verifier", "")]), "400 invalid_grant");
    exchange(browser, &[("code_verifier", CHALLENGE)])
}

fn missing_verifier(browser: &mut Browser) -> String {
    assert_eq!(exchange(browser, &[("code_verifier", CHALLENGE)]), "400 invalid_grant");
    exchange(browser, &[("code_verifier", "")])
}

fn lowercase_s256(browser: &mut Browser) -> String {
    let address = browser.authorize(&[("code_challenge_method", "s256")]);
    let Some(code) = parameter(&address, "code") else {
        return "refused".into();
    };
    let (plain, _) = browser.exchange(&code, &[("code_verifier", CHALLENGE)]);
    let code = browser.code(&[("code_challenge_method", "s256")]);
    format!("hashed {}, plain {plain}", browser.exchange(&code, &[]).0)
}

fn token_type(browser: &mut Browser) -> String {
    browser.tokens()["token_type"].to_string()
}

fn second_exchange(browser: &mut Browser) -> String {
    let code = browser.code(&[]);
    assert_eq!(browser.exchange(&code, &[]).0, 200);
    outcome(browser.exchange(&code, &[]))
}

fn no_grant_type(browser: &mut Browser) -> String {
    exchange(browser, &[("grant_type", "")])
}

fn odd_grant_type(browser: &mut Browser) -> String {
    exchange(browser, &[("grant_type", "odd")])
}

fn wrong_secret(browser: &mut Browser) -> String {
    let form = [("grant_type", "client_credentials")];
    let missing = [&form[..], &[("client_id", "service")]].concat();
    assert_eq!(browser.post("/token", &missing).status, 401);
    outcome(json(&browser.post_basic("/token", ("service", "wrong"), &form)))
}

fn same_after_refresh(browser: &mut Browser) -> String {
    let tokens = browser.tokens();
    let (_, refreshed) = browser.refresh(&member(&tokens, "refresh_token"), &[]);
    (tokens["access_token"] == refreshed["access_token"]).to_string()
}

fn device_expires_in(browser: &mut Browser) -> String {
    browser.device()["expires_in"].to_string()
}

fn first_poll(browser: &mut Browser) -> String {
    let device = browser.device();
    outcome(browser.poll(&device))
}

fn second_poll(browser: &mut Browser) -> String {
    let device = browser.device();
    browser.poll(&device);
    outcome(browser.poll(&device))
}

fn approved_poll(browser: &mut Browser) -> String {
    let device = browser.device();
    browser.decide(&device, "approve");
    outcome(browser.poll(&device))
}

fn late_poll(browser: &mut Browser) -> String {
    let device = browser.device();
    browser.advance(601);
    outcome(browser.poll(&device))
}

fn use_after_revocation(browser: &mut Browser) -> String {
    let token = member(&browser.tokens(), "refresh_token");
    format!("{} {}", browser.revoke(&token), browser.refresh(&token, &[]).0)
}

fn revoke_unknown(browser: &mut Browser) -> String {
    browser.revoke("unknown").to_string()
}

fn introspect_live(browser: &mut Browser) -> String {
    let token = member(&browser.tokens(), "access_token");
    browser.introspect(&token).1["active"].to_string()
}

fn introspect_unknown(browser: &mut Browser) -> String {
    let (status, body) = browser.introspect("unknown");
    format!("{status} {}", body["active"])
}

fn rotation(browser: &mut Browser) -> String {
    let old = member(&browser.tokens(), "id_token");
    browser.control("rotate", "");
    let new = member(&browser.tokens(), "id_token");
    let keys = browser.jwks();
    let (old, new) = (verifies(&keys, &old), verifies(&keys, &new));
    format!("{} keys, old {old}, new {new}", keys.len())
}

fn publication(browser: &mut Browser) -> String {
    browser.control("rotate", "");
    let token = member(&browser.tokens(), "id_token");
    format!("{:?}", [(); 5].map(|()| verifies(&browser.jwks(), &token)))
}

fn authorize_error(browser: &mut Browser) -> String {
    parameter(&browser.authorize(&[("prompt", "none")]), "error").expect("an error")
}

/// An exchange of a code for the challenge of this verifier.
fn exchange_with(browser: &mut Browser, verifier: &str) -> String {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
    let code = browser.code(&[("code_challenge", &challenge)]);
    outcome(browser.exchange(&code, &[("code_verifier", verifier)]))
}

fn challenge_as_verifier(browser: &mut Browser) -> String {
    exchange(browser, &[("code_verifier", CHALLENGE)])
}

fn verifier_in_other_case(browser: &mut Browser) -> String {
    assert_eq!(exchange(browser, &[("code_verifier", CHALLENGE)]), "400 invalid_grant");
    let swap =
        |c: char| if c.is_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
    exchange(browser, &[("code_verifier", &VERIFIER.chars().map(swap).collect::<String>())])
}

fn verifier_of_42(browser: &mut Browser) -> String {
    exchange_with(browser, &"a".repeat(42))
}

fn verifier_of_128(browser: &mut Browser) -> String {
    exchange_with(browser, &"a".repeat(128))
}

fn verifier_of_129(browser: &mut Browser) -> String {
    exchange_with(browser, &"a".repeat(129))
}

fn verifier_with_plus(browser: &mut Browser) -> String {
    exchange_with(browser, &"+".repeat(43))
}

fn verifier_without_challenge(browser: &mut Browser) -> String {
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    let code = browser.code(&[&without[..], &[("client_id", "confidential")]].concat());
    let (client, secret) = ("confidential", "confidential-secret");
    outcome(json(&browser.post_basic("/token", (client, secret), &code_form(&code))))
}

fn code_form(code: &str) -> [(&str, &str); 4] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ]
}

/// The error of an authorization request, or that it brought a code.
fn asked(browser: &mut Browser, change: &Form) -> String {
    let address = browser.authorize(change);
    parameter(&address, "error").unwrap_or_else(|| "a code".into())
}

fn no_challenge(browser: &mut Browser) -> String {
    asked(browser, &[("code_challenge", ""), ("code_challenge_method", "")])
}

fn odd_method(browser: &mut Browser) -> String {
    asked(browser, &[("code_challenge_method", "S512")])
}

fn plain_method(browser: &mut Browser) -> String {
    asked(browser, &[("code_challenge_method", "plain")])
}

fn no_method(browser: &mut Browser) -> String {
    asked(browser, &[("code_challenge_method", "")])
}

fn expires_in(browser: &mut Browser) -> String {
    browser.tokens()["expires_in"].to_string()
}

/// The answer to an exchange that is right.
fn token_response(browser: &mut Browser) -> Response {
    let code = browser.code(&[]);
    let form = [&code_form(&code)[..], &[("client_id", "public")]].concat();
    browser.post("/token", &form)
}

fn cache_control(browser: &mut Browser) -> String {
    header(&token_response(browser), "Cache-Control").expect("Cache-Control")
}

fn token_media_type(browser: &mut Browser) -> String {
    header(&token_response(browser), "Content-Type").expect("Content-Type")
}

fn late_second_exchange(browser: &mut Browser) -> String {
    let code = browser.code(&[]);
    assert_eq!(browser.exchange(&code, &[]).0, 200);
    assert_eq!(browser.exchange(&code, &[("code_verifier", CHALLENGE)]).0, 400);
    browser.advance(30);
    outcome(browser.exchange(&code, &[]))
}

fn refresh_after_code_reuse(browser: &mut Browser) -> String {
    let code = browser.code(&[]);
    let token = member(&browser.exchange(&code, &[]).1, "refresh_token");
    assert_eq!(browser.exchange(&code, &[]).0, 400);
    outcome(browser.refresh(&token, &[]))
}

fn code_of_another(browser: &mut Browser) -> String {
    exchange(browser, &[("client_id", "public2")])
}

fn unknown_code(browser: &mut Browser) -> String {
    outcome(browser.exchange("unknown", &[]))
}

fn upper_case_code(browser: &mut Browser) -> String {
    let code = browser.code(&[]).to_uppercase();
    outcome(browser.exchange(&code, &[]))
}

fn no_code(browser: &mut Browser) -> String {
    outcome(browser.exchange("", &[("code", "")]))
}

fn code_as_refresh_token(browser: &mut Browser) -> String {
    let token = member(&browser.tokens(), "refresh_token");
    let (exchanged, _) = browser.exchange(&token, &[]);
    let code = browser.code(&[]);
    let refreshed = outcome(browser.refresh(&code, &[]));
    assert_eq!(exchanged == 200, refreshed == "200", "both directions alike");
    refreshed
}

fn other_redirect_uri(browser: &mut Browser) -> String {
    exchange(browser, &[("redirect_uri", "https://example.com/")])
}

fn no_redirect_uri(browser: &mut Browser) -> String {
    exchange(browser, &[("redirect_uri", "")])
}

fn wider_exchange(browser: &mut Browser) -> String {
    let code = browser.code(&[("scope", "openid read")]);
    member(&browser.exchange(&code, &[("scope", "openid read write")]).1, "scope")
}

fn grant_of_others(browser: &mut Browser) -> String {
    let form = [("grant_type", "client_credentials"), ("client_id", "public")];
    outcome(json(&browser.post("/token", &form)))
}

fn token_by_get(browser: &mut Browser) -> String {
    let code = browser.code(&[]);
    let form = [&code_form(&code)[..], &[("client_id", "public")]].concat();
    outcome(json(&browser.get(&format!("/token?{}", encode(&form)))))
}

fn token_by_json(browser: &mut Browser) -> String {
    let code = browser.code(&[]);
    let form = [&code_form(&code)[..], &[("client_id", "public")]].concat();
    let members: serde_json::Map<String, serde_json::Value> =
        form.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let body = serde_json::Value::Object(members).to_string().into_bytes();
    let headers = vec![("Content-Type".into(), "application/json".into())];
    outcome(json(&browser.send(Request { headers, body, ..post("/token", &[]) })))
}

fn repeated_code(browser: &mut Browser) -> String {
    let code = browser.code(&[]);
    let more = [("client_id", "public"), ("code", &code)];
    let form = [&code_form(&code)[..], &more[..]].concat();
    outcome(json(&browser.post("/token", &form)))
}

fn malformed_form(browser: &mut Browser) -> String {
    let body = b"grant_type=authorization_code&code=%zz&client_id=public".to_vec();
    outcome(json(&browser.send(Request { body, ..post("/token", &[]) })))
}

fn error_media_type(browser: &mut Browser) -> String {
    let response = browser.post("/token", &[("client_id", "public")]);
    header(&response, "Content-Type").expect("Content-Type")
}

const OWN: (&str, &str) = ("grant_type", "client_credentials");
const SERVICE: (&str, &str) = ("service", "service-secret");

fn empty_secret(browser: &mut Browser) -> String {
    outcome(json(&browser.post_basic("/token", ("service", ""), &[OWN])))
}

fn no_secret(browser: &mut Browser) -> String {
    outcome(json(&browser.post("/token", &[OWN, ("client_id", "service")])))
}

fn no_client(browser: &mut Browser) -> String {
    exchange(browser, &[("client_id", "")])
}

fn two_methods(browser: &mut Browser) -> String {
    let form = [OWN, ("client_secret", "service-secret")];
    outcome(json(&browser.post_basic("/token", SERVICE, &form)))
}

fn basic(browser: &mut Browser) -> String {
    outcome(json(&browser.post_basic("/token", SERVICE, &[OWN])))
}

fn secret_in_form(browser: &mut Browser) -> String {
    let code = browser.code(&[("client_id", "confidential-post")]);
    let id = [("client_id", "confidential-post"), ("client_secret", "confidential-post-secret")];
    let form = [&code_form(&code)[..], &id[..]].concat();
    outcome(json(&browser.post("/token", &form)))
}

fn basic_challenge(browser: &mut Browser) -> String {
    let response = browser.post_basic("/token", ("service", "wrong"), &[OWN]);
    header(&response, "WWW-Authenticate").unwrap_or_else(|| "none".into())
}

fn own_refresh_token(browser: &mut Browser) -> String {
    let (_, tokens) = json(&browser.post_basic("/token", SERVICE, &[OWN]));
    tokens["refresh_token"].is_string().to_string()
}

fn own_odd_scope(browser: &mut Browser) -> String {
    outcome(json(&browser.post_basic("/token", SERVICE, &[OWN, ("scope", "odd")])))
}

fn own_id_token(browser: &mut Browser) -> String {
    let response = browser.post_basic("/token", SERVICE, &[OWN, ("scope", "openid")]);
    let (status, tokens) = json(&response);
    assert_eq!(status == 200, tokens["id_token"].is_string(), "{tokens}");
    outcome((status, tokens))
}

/// A refresh with a good token, with changes.
fn refreshed(browser: &mut Browser, change: &Form) -> (u16, serde_json::Value) {
    let token = member(&browser.tokens(), "refresh_token");
    browser.refresh(&token, change)
}

fn refresh_by_another(browser: &mut Browser) -> String {
    outcome(refreshed(browser, &[("client_id", "public2")]))
}

fn unknown_refresh_token(browser: &mut Browser) -> String {
    outcome(browser.refresh("unknown", &[]))
}

fn no_refresh_token(browser: &mut Browser) -> String {
    outcome(browser.refresh("", &[("refresh_token", "")]))
}

fn rotated(browser: &mut Browser) -> String {
    let token = member(&browser.tokens(), "refresh_token");
    let rotated = browser.refresh(&token, &[]).1["refresh_token"].is_string();
    assert_eq!(
        browser.refresh(&token, &[]).0 == 400,
        rotated,
        "the old one is good without a new one"
    );
    rotated.to_string()
}

fn second_refresh(browser: &mut Browser) -> String {
    let token = member(&browser.tokens(), "refresh_token");
    assert_eq!(browser.refresh(&token, &[]).0, 200);
    outcome(browser.refresh(&token, &[]))
}

fn successor_after_reuse(browser: &mut Browser) -> String {
    let token = member(&browser.tokens(), "refresh_token");
    let successor = member(&browser.refresh(&token, &[]).1, "refresh_token");
    assert_eq!(browser.refresh(&token, &[]).0, 400);
    outcome(browser.refresh(&successor, &[]))
}

fn wider_refresh(browser: &mut Browser) -> String {
    outcome(refreshed(browser, &[("scope", "openid offline_access read write")]))
}

fn narrower_refresh(browser: &mut Browser) -> String {
    member(&refreshed(browser, &[("scope", "openid")]).1, "scope")
}

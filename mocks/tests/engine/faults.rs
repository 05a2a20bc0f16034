//! Every fault changes what it says, and the strict dialect does not show it.

use authgauge_mocks::{Request, Response, StubError, faults};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use crate::browser::*;
use crate::looks::*;
use crate::signature::verifies;

/// A fault, something to look at, what it is without the fault, and what with it.
type Row = (&'static str, fn(&mut Browser) -> String, &'static str, &'static str);

const ROWS: &[Row] = &[
    ("openid_configuration_missing", openid_configuration, "200", "404"),
    ("metadata_issuer_with_slash", issuer, BASE, "http://stub.test/"),
    ("metadata_as_text", metadata_type, "application/json", "text/plain"),
    (
        "metadata_without_response_types",
        |b| metadata(b, "response_types_supported"),
        "[\"code\"]",
        "null",
    ),
    (
        "metadata_without_authorization_endpoint",
        |b| metadata(b, "authorization_endpoint"),
        "\"http://stub.test/authorize\"",
        "null",
    ),
    (
        "metadata_without_token_endpoint",
        |b| metadata(b, "token_endpoint"),
        "\"http://stub.test/token\"",
        "null",
    ),
    ("metadata_with_empty_array", |b| metadata(b, "ui_locales_supported"), "null", "[]"),
    (
        "metadata_without_pkce_methods",
        |b| metadata(b, "code_challenge_methods_supported"),
        "[\"S256\"]",
        "null",
    ),
    (
        "metadata_offers_plain",
        |b| metadata(b, "code_challenge_methods_supported"),
        "[\"S256\"]",
        "[\"S256\",\"plain\"]",
    ),
    (
        "metadata_without_device_grant",
        |b| metadata(b, "grant_types_supported").contains(DEVICE_GRANT).to_string(),
        "true",
        "false",
    ),
    (
        "metadata_does_not_announce_iss",
        |b| metadata(b, "authorization_response_iss_parameter_supported"),
        "true",
        "null",
    ),
    ("authorization_server_metadata_missing", oauth_metadata, "200", "404"),
    ("metadata_documents_disagree", token_endpoints, "true", "false"),
    ("metadata_at_every_path", elsewhere, "404", "200"),
    ("jwks_key_without_kty", keys_without_kty, "0 of 1", "1 of 2"),
    ("jwks_key_without_kid", distinct_kids, "1 of 1", "1 of 2"),
    ("jwks_duplicate_kid", distinct_kids, "1 of 1", "2 of 3"),
    ("jwks_key_with_private_part", |b| last_key(b, "d"), "none", "342"),
    ("jwks_weak_key", |b| last_key(b, "n"), "342", "168"),
    ("jwks_encryption_key_without_use", |b| last_key(b, "use"), "3", "none"),
    ("signs_with_unpublished_key", id_token, "verifies, hint true", "fails, hint true"),
    ("signature_does_not_verify", id_token, "verifies, hint true", "fails, hint true"),
    ("signs_with_unfitting_algorithm", id_token_alg, "RS256", "PS256"),
    (
        "id_token_of_other_issuer",
        |b| claim(b, "iss"),
        "\"http://stub.test\"",
        "\"http://stub.test/\"",
    ),
    ("id_token_sub_changes", same_sub, "true", "false"),
    ("id_token_for_other_audience", |b| claim(b, "aud"), "\"public\"", "\"http://stub.test\""),
    ("id_token_azp_of_other_client", |b| claim(b, "azp"), "null", "\"another-client\""),
    ("id_token_times_in_milliseconds", iat_digits, "10", "13"),
    ("id_token_cuts_nonce", |b| nonce(b, "a nonce of thirty characters.+"), "30", "20"),
    ("id_token_invents_nonce", |b| nonce(b, ""), "none", "32"),
    ("id_token_at_hash_of_whole_hash", at_hash_length, "22", "43"),
    ("refuses_correct_verifier", right_verifier, "200", "400 invalid_grant"),
    ("ignores_verifier", wrong_verifier, "400 invalid_grant", "200"),
    ("verifier_optional", missing_verifier, "400 invalid_grant", "200"),
    ("accepts_lowercase_s256", lowercase_s256, "refused", "hashed 200, plain 400"),
    ("lowercase_s256_means_plain", lowercase_s256, "refused", "hashed 400, plain 200"),
    ("authorize_refuses_get", |b| asked(b, &[]), "code", "405"),
    ("refuses_unknown_parameters", |b| asked(b, &[("extra", "x")]), "code", "invalid_request"),
    ("repeated_client_id_accepted", asked_twice, "400", "code"),
    ("response_type_optional", |b| asked(b, &[("response_type", "")]), "invalid_request", "code"),
    (
        "unknown_response_type_is_code",
        |b| asked(b, &[("response_type", "odd")]),
        "unsupported_response_type",
        "code",
    ),
    (
        "client_errors_are_redirected",
        |b| asked(b, &[("client_id", "nobody")]),
        "400",
        "invalid_request",
    ),
    ("error_without_state", |b| returned(b, &[("prompt", "none")], "state"), "s t&te", "none"),
    ("state_decoded_twice", |b| returned(b, &[("state", "a+b")], "state"), "a+b", "a b"),
    ("invents_state", |b| returned(b, &[("state", "")], "state"), "none", "invented"),
    (
        "code_in_fragment",
        |b| returned(b, &[("prompt", "login")], "code").len().to_string(),
        "32",
        "4",
    ),
    ("denial_grants_code", denied, "access_denied", "code"),
    ("unknown_scope_granted", granted_scope, "refused", "odd"),
    (
        "unknown_scope_refused_with_openid",
        |b| asked(b, &[("scope", "openid odd")]),
        "code",
        "invalid_scope",
    ),
    ("success_without_iss", |b| returned(b, &[], "iss"), "http://stub.test", "none"),
    (
        "error_without_iss",
        |b| returned(b, &[("prompt", "none")], "iss"),
        "http://stub.test",
        "none",
    ),
    ("any_redirect_uri", |b| redirect_uri(b, "https://stranger.invalid/"), "400", "code"),
    (
        "redirect_uri_by_prefix",
        |b| redirect_uri(b, "http://127.0.0.1:18999/callback/x"),
        "400",
        "code",
    ),
    (
        "redirect_uri_by_host_prefix",
        |b| redirect_uri(b, "http://127.0.0.1.stranger.invalid/"),
        "400",
        "code",
    ),
    (
        "redirect_uri_by_host_suffix",
        |b| redirect_uri(b, "http://x.127.0.0.1:18999/callback"),
        "400",
        "code",
    ),
    (
        "redirect_uri_ignores_case",
        |b| redirect_uri(b, "http://127.0.0.1:18999/CALLBACK"),
        "400",
        "code",
    ),
    ("redirect_uri_checked_last", stranger_with_bad_prompt, "400", "invalid_request"),
    ("loopback_port_fixed", |b| redirect_uri(b, "http://127.0.0.1:2/callback"), "code", "400"),
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
    ("device_interval_as_string", device_interval, "5", "\"5\""),
    ("device_endpoint_answers_get", device_by_get, "405", "200"),
    ("device_endpoint_accepts_unknown_clients", device_unknown_client, "401 invalid_client", "200"),
    ("device_endpoint_needs_no_client", device_no_client, "401 invalid_client", "200"),
    ("device_endpoint_needs_no_secret", device_no_secret, "401 invalid_client", "200"),
    ("device_grant_for_every_client", device_without_grant, "400 unauthorized_client", "200"),
    ("device_grants_unknown_scope", device_odd_scope, "\"openid\"", "\"openid odd\""),
    (
        "verification_needs_no_login",
        anonymous_approval,
        "302, 400 authorization_pending",
        "200, 200",
    ),
    (
        "unknown_device_code_is_pending",
        unknown_device_code,
        "400 invalid_grant",
        "400 authorization_pending",
    ),
    ("device_code_of_any_client", poll_by_device2, "400 invalid_grant", "200"),
    ("first_poll_slows_down", first_poll, "400 authorization_pending", "400 slow_down"),
    ("patience_is_denied", patient_poll, "400 authorization_pending", "400 access_denied"),
    ("slow_down_is_for_ever", slowed_poll, "400 authorization_pending", "400 slow_down"),
    ("slow_down_loses_approval", slowed_approved_poll, "200", "400 authorization_pending"),
    (
        "polling_extends_device_code",
        old_polled_device,
        "400 expired_token",
        "400 authorization_pending",
    ),
    (
        "device_denial_lost",
        denied_polls,
        "400 access_denied, 400 access_denied",
        "400 authorization_pending, 400 authorization_pending",
    ),
    (
        "denied_device_is_told_once",
        denied_polls,
        "400 access_denied, 400 access_denied",
        "400 access_denied, 400 authorization_pending",
    ),
    ("device_code_reusable", second_fetch, "400 invalid_grant", "200"),
    ("revocation_does_nothing", use_after_revocation, "200 400", "200 200"),
    ("revocation_of_unknown_token_is_an_error", revoke_unknown, "200", "400"),
    ("access_token_survives_revocation", revoke_access_token, "200 401", "200 200"),
    ("revocation_without_token_succeeds", revoke_nothing, "400", "200"),
    ("second_revocation_is_an_error", revoke_twice, "200 200", "200 400"),
    ("revocation_needs_no_secret", revoke_without_secret, "401", "200"),
    ("revokes_tokens_of_other_clients", revoke_by_public2, "400, then 200", "200, then 400"),
    ("revocation_by_other_client_is_silent", revoke_by_public2, "400, then 200", "200, then 200"),
    ("revocation_trusts_hint", revoke_with_wrong_hint, "200 400", "200 200"),
    ("revocation_needs_a_secret", revoke_unknown, "200", "401"),
    ("introspection_active_as_string", introspect_live, "true", "\"true\""),
    ("introspection_of_unknown_token_is_an_error", introspect_unknown, "200 false", "400 null"),
    ("introspection_says_all_active", introspect_unknown, "200 false", "200 true"),
    ("introspection_needs_no_client", introspect_as_nobody, "401", "200"),
    ("introspection_ignores_revocation", introspect_revoked, "false", "true"),
    ("introspection_ignores_expiry", introspect_expired, "false", "true"),
    ("introspection_for_every_client", introspect_by_service, "200 false", "200 true"),
    ("not_entitled_is_an_error", introspect_by_service, "200 false", "403 null"),
    ("inactive_says_more", introspect_unknown_members, "1", "2"),
    ("introspection_exp_as_string", introspect_exp, "number", "text"),
    ("introspection_scope_as_array", introspect_scope, "text", "array"),
    ("userinfo_refuses_all", userinfo_live, "200", "401 invalid_token"),
    ("userinfo_without_challenge", userinfo_without_token, "401 Bearer", "401 none"),
    (
        "userinfo_error_without_token",
        userinfo_without_token,
        "401 Bearer",
        "401 Bearer with an error",
    ),
    ("userinfo_forbids_invalid_tokens", userinfo_unknown, "401 invalid_token", "403 invalid_token"),
    ("userinfo_accepts_unknown_tokens", userinfo_unknown, "401 invalid_token", "200"),
    ("userinfo_ignores_expiry", userinfo_late, "401 invalid_token", "200"),
    ("userinfo_compares_beginnings", userinfo_altered, "401 invalid_token", "200"),
    ("userinfo_accepts_id_tokens", userinfo_id_token, "401 invalid_token", "200"),
    ("userinfo_accepts_query_tokens", userinfo_query, "401", "200"),
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
    ("keeps_old_signer_at_rotation", signer_after_rotation, "new", "old"),
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

fn device_interval(browser: &mut Browser) -> String {
    browser.device()["interval"].to_string()
}

fn device_by_get(browser: &mut Browser) -> String {
    browser.get("/device_authorization?client_id=device&scope=openid").status.to_string()
}

fn start_device(browser: &mut Browser, form: &Form) -> String {
    outcome(json(&browser.post("/device_authorization", form)))
}

fn device_unknown_client(browser: &mut Browser) -> String {
    start_device(browser, &[("client_id", "unknown"), ("scope", "openid")])
}

fn device_no_client(browser: &mut Browser) -> String {
    start_device(browser, &[("scope", "openid")])
}

fn device_no_secret(browser: &mut Browser) -> String {
    start_device(browser, &[("client_id", "device-confidential"), ("scope", "openid")])
}

fn device_without_grant(browser: &mut Browser) -> String {
    start_device(browser, &[("client_id", "public"), ("scope", "openid")])
}

fn device_odd_scope(browser: &mut Browser) -> String {
    let form = [("client_id", "device"), ("scope", "openid odd")];
    let (_, device) = json(&browser.post("/device_authorization", &form));
    browser.decide(&device, "approve");
    browser.poll(&device).1["scope"].to_string()
}

fn anonymous_approval(browser: &mut Browser) -> String {
    let device = browser.device();
    let page = browser.get(&member(&device, "verification_uri_complete"));
    if page.status == 200 {
        let confirm = browser.submit(&page, &[("user_code", &member(&device, "user_code"))]);
        browser.submit(&confirm, &[("approve", "yes")]);
    }
    format!("{}, {}", page.status, outcome(browser.poll(&device)))
}

fn unknown_device_code(browser: &mut Browser) -> String {
    outcome(browser.poll(&serde_json::json!({ "device_code": "unknown" })))
}

fn poll_by_device2(browser: &mut Browser) -> String {
    let device = browser.device();
    browser.decide(&device, "approve");
    let code = member(&device, "device_code");
    let form = [("grant_type", DEVICE_GRANT), ("client_id", "device2"), ("device_code", &code)];
    outcome(json(&browser.post("/token", &form)))
}

fn patient_poll(browser: &mut Browser) -> String {
    let device = browser.device();
    browser.poll(&device);
    browser.advance(5);
    outcome(browser.poll(&device))
}

/// A device that was told to slow down.
fn slowed(browser: &mut Browser) -> serde_json::Value {
    let device = browser.device();
    browser.poll(&device);
    assert_eq!(outcome(browser.poll(&device)), "400 slow_down");
    device
}

fn slowed_poll(browser: &mut Browser) -> String {
    let device = slowed(browser);
    browser.advance(10);
    outcome(browser.poll(&device))
}

fn slowed_approved_poll(browser: &mut Browser) -> String {
    let device = slowed(browser);
    browser.decide(&device, "approve");
    browser.advance(10);
    outcome(browser.poll(&device))
}

fn old_polled_device(browser: &mut Browser) -> String {
    let device = browser.device();
    browser.advance(300);
    browser.poll(&device);
    browser.advance(300);
    outcome(browser.poll(&device))
}

fn denied_polls(browser: &mut Browser) -> String {
    let device = browser.device();
    browser.decide(&device, "deny");
    let first = outcome(browser.poll(&device));
    browser.advance(5);
    format!("{first}, {}", outcome(browser.poll(&device)))
}

fn second_fetch(browser: &mut Browser) -> String {
    let device = browser.device();
    browser.decide(&device, "approve");
    assert_eq!(browser.poll(&device).0, 200);
    outcome(browser.poll(&device))
}

fn revoke_access_token(browser: &mut Browser) -> String {
    let token = member(&browser.tokens(), "access_token");
    format!("{} {}", browser.revoke(&token), browser.userinfo(&token).status)
}

fn revoke_nothing(browser: &mut Browser) -> String {
    browser.post("/revoke", &[("client_id", "public")]).status.to_string()
}

fn revoke_twice(browser: &mut Browser) -> String {
    let token = member(&browser.tokens(), "refresh_token");
    format!("{} {}", browser.revoke(&token), browser.revoke(&token))
}

fn revoke_without_secret(browser: &mut Browser) -> String {
    browser.post("/revoke", &[("client_id", "confidential"), ("token", "x")]).status.to_string()
}

fn revoke_by_public2(browser: &mut Browser) -> String {
    let token = member(&browser.tokens(), "refresh_token");
    let form = [("client_id", "public2"), ("token", &*token)];
    let status = browser.post("/revoke", &form).status;
    format!("{status}, then {}", browser.refresh(&token, &[]).0)
}

fn revoke_with_wrong_hint(browser: &mut Browser) -> String {
    let token = member(&browser.tokens(), "refresh_token");
    let form = [("client_id", "public"), ("token", &*token), ("token_type_hint", "access_token")];
    let status = browser.post("/revoke", &form).status;
    format!("{status} {}", browser.refresh(&token, &[]).0)
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

fn introspect_as_nobody(browser: &mut Browser) -> String {
    let token = member(&browser.tokens(), "access_token");
    browser.post("/introspect", &[("token", &token)]).status.to_string()
}

fn introspect_revoked(browser: &mut Browser) -> String {
    let token = member(&browser.tokens(), "access_token");
    assert_eq!(browser.revoke(&token), 200);
    browser.introspect(&token).1["active"].to_string()
}

fn introspect_expired(browser: &mut Browser) -> String {
    let token = member(&browser.tokens(), "access_token");
    browser.advance(3600);
    browser.introspect(&token).1["active"].to_string()
}

fn introspect_by_service(browser: &mut Browser) -> String {
    let token = member(&browser.tokens(), "access_token");
    let caller = ("service", "service-secret");
    let (status, body) = json(&browser.post_basic("/introspect", caller, &[("token", &token)]));
    format!("{status} {}", body["active"])
}

fn introspect_unknown_members(browser: &mut Browser) -> String {
    let (_, body) = browser.introspect("unknown");
    body.as_object().map_or(0, serde_json::Map::len).to_string()
}

fn introspected(browser: &mut Browser, name: &str) -> String {
    let token = member(&browser.tokens(), "access_token");
    let kind = match &browser.introspect(&token).1[name] {
        serde_json::Value::Number(_) => "number",
        serde_json::Value::String(_) => "text",
        serde_json::Value::Array(_) => "array",
        _ => "something else",
    };
    kind.into()
}

fn introspect_exp(browser: &mut Browser) -> String {
    introspected(browser, "exp")
}

fn introspect_scope(browser: &mut Browser) -> String {
    introspected(browser, "scope")
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
fn code_or_error(browser: &mut Browser, change: &Form) -> String {
    let address = browser.authorize(change);
    parameter(&address, "error").unwrap_or_else(|| "a code".into())
}

fn no_challenge(browser: &mut Browser) -> String {
    code_or_error(browser, &[("code_challenge", ""), ("code_challenge_method", "")])
}

fn odd_method(browser: &mut Browser) -> String {
    code_or_error(browser, &[("code_challenge_method", "S512")])
}

fn plain_method(browser: &mut Browser) -> String {
    code_or_error(browser, &[("code_challenge_method", "plain")])
}

fn no_method(browser: &mut Browser) -> String {
    code_or_error(browser, &[("code_challenge_method", "")])
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

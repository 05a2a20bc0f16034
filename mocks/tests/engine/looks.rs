//! What the faults of metadata, keys, ID tokens, authorization and userinfo can be seen by.

use serde_json::Value;

use crate::browser::*;

const OPENID: &str = "/.well-known/openid-configuration";
const OAUTH: &str = "/.well-known/oauth-authorization-server";
const STRANGER: &str = "https://stranger.invalid/callback";

pub fn metadata_type(browser: &mut Browser) -> String {
    header(&browser.get(OPENID), "Content-Type").expect("a type")
}

/// A member of the metadata, in JSON.
pub fn metadata(browser: &mut Browser, member: &str) -> String {
    json(&browser.get(OPENID)).1[member].to_string()
}

pub fn oauth_metadata(browser: &mut Browser) -> String {
    browser.get(OAUTH).status.to_string()
}

pub fn token_endpoints(browser: &mut Browser) -> String {
    let [one, other] =
        [OPENID, OAUTH].map(|at| member(&json(&browser.get(at)).1, "token_endpoint"));
    (one == other).to_string()
}

pub fn elsewhere(browser: &mut Browser) -> String {
    browser.get(&format!("/tenant{OPENID}")).status.to_string()
}

/// A member of the key that is published last, cut to what a row can show.
pub fn last_key(browser: &mut Browser, member: &str) -> String {
    let keys = browser.jwks();
    let value = &keys.last().expect("a key")[member];
    value.as_str().map_or("none".into(), |text| text.len().to_string())
}

/// A header parameter or claim of an ID token.
fn part(token: &str, index: usize) -> Value {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let part = token.split('.').nth(index).expect("three parts");
    let bytes = URL_SAFE_NO_PAD.decode(part).expect("base64url");
    serde_json::from_slice(&bytes).expect("JSON")
}

pub fn id_token_alg(browser: &mut Browser) -> String {
    member(&part(&member(&browser.tokens(), "id_token"), 0), "alg")
}

pub fn claim(browser: &mut Browser, name: &str) -> String {
    part(&member(&browser.tokens(), "id_token"), 1)[name].to_string()
}

pub fn same_sub(browser: &mut Browser) -> String {
    (claim(browser, "sub") == claim(browser, "sub")).to_string()
}

pub fn iat_digits(browser: &mut Browser) -> String {
    claim(browser, "iat").len().to_string()
}

pub fn at_hash_length(browser: &mut Browser) -> String {
    claim(browser, "at_hash").trim_matches('"').len().to_string()
}

/// The nonce in the ID token of a request with this one, or with none.
pub fn nonce(browser: &mut Browser, sent: &str) -> String {
    let code = browser.code(&[("nonce", sent)]);
    let (_, tokens) = browser.exchange(&code, &[]);
    let claims = part(&member(&tokens, "id_token"), 1);
    claims["nonce"].as_str().map_or("none".into(), |nonce| nonce.len().to_string())
}

/// What an authorization request with a change comes to: the error code, `code`, or a page's status.
pub fn asked(browser: &mut Browser, change: &Form) -> String {
    let response = browser.get(&authorize_url(change));
    match location(&response) {
        None => response.status.to_string(),
        Some(next) if next.starts_with(BASE) => ending(&browser.authorize(change)),
        Some(address) => ending(&address),
    }
}

/// The error in an address, which need not be one that a URL parser takes.
fn ending(address: &str) -> String {
    let error = address.split(['?', '&']).find_map(|pair| pair.strip_prefix("error="));
    error.unwrap_or("code").to_owned()
}

pub fn asked_twice(browser: &mut Browser) -> String {
    browser.authorize(&[]);
    let response = browser.get(&format!("{}&client_id=public", authorize_url(&[])));
    location(&response).map_or(response.status.to_string(), |address| ending(&address))
}

/// A parameter of the response to a request with a change.
pub fn returned(browser: &mut Browser, change: &Form, name: &str) -> String {
    parameter(&browser.authorize(change), name).unwrap_or_else(|| "none".into())
}

pub fn denied(browser: &mut Browser) -> String {
    let to_login = browser.get(&authorize_url(&[("client_id", "consent")]));
    let page = browser.get(&location(&to_login).expect("a login"));
    let to_consent = browser.log_in(&page);
    let page = browser.get(&location(&to_consent).expect("a consent"));
    let answer = browser.submit(&page, &[("deny", "yes")]);
    location(&answer).map_or(answer.status.to_string(), |address| ending(&address))
}

pub fn granted_scope(browser: &mut Browser) -> String {
    if asked(browser, &[("scope", "odd")]) != "code" {
        return "refused".into();
    }
    let code = browser.code(&[("scope", "odd")]);
    member(&browser.exchange(&code, &[]).1, "scope")
}

pub fn redirect_uri(browser: &mut Browser, uri: &str) -> String {
    asked(browser, &[("redirect_uri", uri)])
}

pub fn stranger_with_bad_prompt(browser: &mut Browser) -> String {
    let mistake = [("redirect_uri", STRANGER), ("prompt", "odd")];
    assert_eq!(redirect_uri(browser, STRANGER), "400");
    asked(browser, &mistake)
}

/// Status and error of userinfo for a token.
fn userinfo(browser: &mut Browser, token: &str) -> String {
    let response = browser.userinfo(token);
    let challenge = header(&response, "WWW-Authenticate").unwrap_or_default();
    let error = if challenge.contains("invalid_token") { " invalid_token" } else { "" };
    format!("{}{error}", response.status)
}

pub fn userinfo_live(browser: &mut Browser) -> String {
    let token = member(&browser.tokens(), "access_token");
    userinfo(browser, &token)
}

pub fn userinfo_unknown(browser: &mut Browser) -> String {
    userinfo(browser, "unknown-token")
}

pub fn userinfo_late(browser: &mut Browser) -> String {
    let token = member(&browser.tokens(), "access_token");
    browser.advance(3601);
    userinfo(browser, &token)
}

pub fn userinfo_altered(browser: &mut Browser) -> String {
    let token = member(&browser.tokens(), "access_token");
    assert_eq!(userinfo_unknown(browser), "401 invalid_token");
    userinfo(browser, &format!("{}!", &token[..20]))
}

pub fn userinfo_id_token(browser: &mut Browser) -> String {
    let token = member(&browser.tokens(), "id_token");
    userinfo(browser, &token)
}

pub fn userinfo_without_token(browser: &mut Browser) -> String {
    let response = browser.get("/userinfo");
    let challenge = header(&response, "WWW-Authenticate").unwrap_or_else(|| "none".into());
    let error = if challenge.contains("error=") { " with an error" } else { "" };
    format!("{} {}{error}", response.status, challenge.split(' ').next().unwrap_or_default())
}

pub fn userinfo_query(browser: &mut Browser) -> String {
    let token = member(&browser.tokens(), "access_token");
    browser.get(&format!("/userinfo?access_token={token}")).status.to_string()
}

pub fn signer_after_rotation(browser: &mut Browser) -> String {
    let kid =
        |browser: &mut Browser| part(&member(&browser.tokens(), "id_token"), 0)["kid"].clone();
    let old = kid(browser);
    browser.control("rotate", "");
    if kid(browser) == old { "old".into() } else { "new".into() }
}

//! What the faults of combinations, races and second redirection URIs can be seen by.

use serde_json::Value;

use crate::browser::*;
use crate::looks::{asked, redirect_uri};
use crate::probes::outcome;

const STRANGER: &str = "https://stranger.invalid/callback";

pub fn has_id_token(browser: &mut Browser, scope: &str) -> String {
    let code = browser.code(&[("scope", scope)]);
    browser.exchange(&code, &[]).1["id_token"].is_string().to_string()
}

pub fn malformed_request(browser: &mut Browser) -> String {
    browser.get(&format!("{}&x=%zz", authorize_url(&[]))).status.to_string()
}

pub fn times_iss(browser: &mut Browser) -> String {
    browser.authorize(&[]).matches("iss=").count().to_string()
}

/// What a request of the client with two redirection URIs comes to.
pub fn second_uri(browser: &mut Browser, uri: &str) -> String {
    let registered = "https://client.example/callback/";
    let client = ("client_id", "two-uris");
    assert_eq!(asked(browser, &[client, ("redirect_uri", registered)]), "code");
    asked(browser, &[client, ("redirect_uri", uri)])
}

pub fn stranger_with_prompt_none(browser: &mut Browser) -> String {
    assert_eq!(redirect_uri(browser, STRANGER), "400");
    asked(browser, &[("redirect_uri", STRANGER), ("prompt", "none")])
}

pub fn fourth_exchange(browser: &mut Browser) -> String {
    let code = browser.code(&[]);
    let statuses = [(); 3].map(|()| browser.exchange(&code, &[]).0);
    assert_eq!(statuses, [200, 400, 400]);
    outcome(browser.exchange(&code, &[]))
}

/// Who the code of the first user is exchanged for, when the second user has got one since.
pub fn sub_of_first_code(browser: &mut Browser) -> String {
    let scope = ("scope", "openid");
    let code = browser.code(&[scope]);
    browser.cookies.clear();
    let to_login = browser.get(&authorize_url(&[scope]));
    let page = browser.get(&location(&to_login).expect("a login"));
    browser.submit(&page, &[("username", "bob"), ("password", "bob-password")]);
    let (_, tokens) = browser.exchange(&code, &[]);
    let response = browser.userinfo(&member(&tokens, "access_token"));
    json(&response).1["sub"].to_string()
}

pub fn fifth_refusal(browser: &mut Browser) -> String {
    let refusals = [(); 5].map(|()| outcome(browser.exchange("unknown", &[])));
    assert_eq!(refusals[3], "400 invalid_grant");
    refusals[4].clone()
}

pub fn own_token(browser: &mut Browser) -> String {
    let form = [("grant_type", "client_credentials")];
    outcome(json(&browser.post_basic("/token", ("service", "service-secret"), &form)))
}

/// A refresh token with so many refreshes behind it.
fn refreshed(browser: &mut Browser, times: usize) -> String {
    let mut token = member(&browser.tokens(), "refresh_token");
    for _ in 0..times {
        token = member(&browser.refresh(&token, &[]).1, "refresh_token");
    }
    token
}

pub fn fifth_refresh(browser: &mut Browser) -> String {
    let token = refreshed(browser, 4);
    outcome(browser.refresh(&token, &[]))
}

pub fn scope_after_narrower(browser: &mut Browser) -> String {
    let token = member(&browser.tokens(), "refresh_token");
    let (_, narrow) = browser.refresh(&token, &[("scope", "openid offline_access")]);
    let (_, whole) = browser.refresh(&member(&narrow, "refresh_token"), &[]);
    member(&whole, "scope")
}

pub fn tenth_poll(browser: &mut Browser) -> String {
    let device = browser.device();
    let mut last = (0, Value::Null);
    for _ in 0..10 {
        last = browser.poll(&device);
        browser.advance(5);
    }
    outcome(last)
}

pub fn revocation_after_refreshes(browser: &mut Browser) -> String {
    let token = refreshed(browser, 3);
    assert_eq!(browser.revoke(&token), 200);
    outcome(browser.refresh(&token, &[]))
}

pub fn introspect_nothing_as_nobody(browser: &mut Browser) -> String {
    let (status, body) = json(&browser.post("/introspect", &[("token", "unknown")]));
    assert_eq!(status, 401);
    body["active"].to_string()
}

pub fn userinfo_without_scope(browser: &mut Browser) -> String {
    let code = browser.code(&[("scope", "read")]);
    let token = member(&browser.exchange(&code, &[]).1, "access_token");
    outcome(json(&browser.userinfo(&token))).replace(" insufficient_scope", "")
}

pub fn userinfo_after_rotation(browser: &mut Browser) -> String {
    let token = member(&browser.tokens(), "access_token");
    browser.control("rotate", "");
    outcome(json(&browser.userinfo(&token)))
}

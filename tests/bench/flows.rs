//! Sign-ins with a code and PKCE in a bare loop: what every client must do, and nothing else.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, Response};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::cost::{client, closed, per_processor_second};
use crate::saturate::saturate;
use crate::stub::Stub;

/// The same for the product. No ID token is asked for, so that signatures are not the limit.
const PROFILE: &str = "title: bench
validity: { lag: 1, sent: 0.999, processor: 1 }
operations:
  - name: sign_in
    prepare: [{ flow: sign_in }]
    steps: [{ flow: sign_in, with: { scope: profile } }]
";
const REDIRECT_URI: &str = "http://127.0.0.1:18999/callback";

/// Sign-ins of the product per CPU-second.
pub fn product(stub: &Stub, users: usize) -> f64 {
    per_processor_second(&closed(stub, PROFILE, users, "standard"))
}

/// Sign-ins of a bare loop per CPU-second: users sign in again and again, with the session of their
/// first login.
pub fn bare(base: &str, users: usize) -> f64 {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let client = client();
    let users = (0..users).map(|_| {
        let cookie = runtime.block_on(log_in(&client, base));
        (client.clone(), base.to_owned(), cookie)
    });
    let users = users.collect();
    saturate(&runtime, users, |(client, base, cookie)| async move {
        sign_in(&client, &base, &cookie).await;
    })
}

async fn sign_in(client: &Client, base: &str, cookie: &str) {
    let verifier: String = std::iter::repeat_with(|| {
        char::from(b"abcdefghijklmnopqrstuvwxyz012345"[fastrand::usize(..32)])
    })
    .take(43)
    .collect();
    let state = format!("{:024x}", fastrand::u128(..) >> 32);
    let url = address(base, &state, &verifier);
    let answer = client.get(url).header(COOKIE, cookie).send().await.expect("an answer");
    let callback = target(&answer);
    answer.bytes().await.expect("a body");
    let value = |name: &str| callback.query_pairs().find(|(known, _)| known == name);
    assert_eq!(value("state").expect("a state").1, state);
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "authorization_code")
        .append_pair("client_id", "public")
        .append_pair("redirect_uri", REDIRECT_URI)
        .append_pair("code", &value("code").expect("a code").1)
        .append_pair("code_verifier", &verifier)
        .finish();
    let request = client.post(format!("{base}/token"));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let answer = request.body(form).send().await.expect("an answer");
    let tokens: Value =
        serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON");
    assert!(tokens["access_token"].is_string(), "{tokens}");
}

fn address(base: &str, state: &str, verifier: &str) -> Url {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
    let mut url = Url::parse(&format!("{base}/authorize")).expect("an address");
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", "public")
        .append_pair("redirect_uri", REDIRECT_URI)
        .append_pair("scope", "profile")
        .append_pair("state", state)
        .append_pair("nonce", state)
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256");
    url
}

/// The session cookie of a new login.
async fn log_in(client: &Client, base: &str) -> String {
    let answer = client.get(address(base, "s", "v")).send().await.expect("an answer");
    let page = target(&answer);
    let answer = client.get(page.clone()).send().await.expect("a page");
    let csrf = cookie(&answer);
    let request = page.query_pairs().find(|(name, _)| name == "request").expect("a request").1;
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("csrf", csrf.split_once('=').expect("a cookie").1)
        .append_pair("request", &request)
        .append_pair("username", "alice")
        .append_pair("password", "alice-password")
        .finish();
    let login = client.post(page.clone()).header(COOKIE, &csrf);
    let login = login.header("content-type", "application/x-www-form-urlencoded").body(form);
    cookie(&login.send().await.expect("an answer"))
}

fn target(answer: &Response) -> Url {
    let place = answer.headers().get(LOCATION).expect("a redirect").to_str().expect("text");
    Url::parse(place).expect("an address")
}

fn cookie(answer: &Response) -> String {
    let set = answer.headers().get(SET_COOKIE).expect("a cookie").to_str().expect("text");
    set.split(';').next().expect("a pair").to_owned()
}

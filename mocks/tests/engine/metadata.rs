//! Metadata, keys, logout, and what is not served.

use crate::browser::*;
use crate::signature::{kid, verifies};

#[test]
fn both_metadata_documents_agree_and_are_served() {
    let mut browser = Browser::new(&[]);
    let (_, metadata) = json(&browser.get("/.well-known/openid-configuration"));
    assert_eq!(metadata["issuer"], BASE);
    assert_eq!(metadata, json(&browser.get("/.well-known/oauth-authorization-server")).1);
    for (name, value) in metadata.as_object().expect("an object") {
        assert_ne!(value.as_array().map(Vec::len), Some(0), "{name}");
        if name.ends_with("_endpoint") || name == "jwks_uri" {
            let path = value.as_str().and_then(|url| url.strip_prefix(BASE)).expect("ours");
            assert_ne!(browser.get(path).status, 404, "{name}");
        }
    }
}

#[test]
fn unknown_paths_and_methods() {
    let mut browser = Browser::new(&[]);
    let cases = [("/", 404, None), ("/token/", 404, None), ("/token", 405, Some("POST"))];
    for (path, status, allow) in cases {
        let response = browser.get(path);
        assert_eq!((response.status, header(&response, "Allow").as_deref()), (status, allow));
    }
    assert_eq!(header(&browser.post("/jwks", &[]), "Allow").as_deref(), Some("GET"));
}

#[test]
fn rotations() {
    // The mode, how many keys are published afterwards, and whether the old token still verifies.
    let cases = [
        ("", 2, true, true),
        (r#"{"mode": "overlap"}"#, 2, true, true),
        (r#"{"mode": "drop"}"#, 1, false, true),
        (r#"{"mode": "prepublish"}"#, 2, true, false),
    ];
    for (mode, published, old_verifies, signer_changes) in cases {
        let mut browser = Browser::new(&[]);
        let old = member(&browser.tokens(), "id_token");
        assert_eq!(browser.control("rotate", mode).status, 200);
        let new = member(&browser.tokens(), "id_token");
        let keys = browser.jwks();
        assert_eq!(keys.len(), published, "{mode}");
        assert_eq!(verifies(&keys, &old), old_verifies, "{mode}");
        assert!(verifies(&keys, &new), "{mode}");
        assert_eq!(kid(&old) != kid(&new), signer_changes, "{mode}");
    }
}

#[test]
fn an_old_key_retires_with_its_last_token() {
    let mut browser = Browser::new(&[]);
    browser.control("rotate", "");
    for (wait, published) in [(3599, 2), (1, 1)] {
        browser.advance(wait);
        assert_eq!(browser.jwks().len(), published);
    }
}

#[test]
fn a_logout_ends_the_session_and_leads_nowhere_unregistered() {
    let registered = "http://127.0.0.1:18999/loggedout";
    let evil = "https://evil.example/";
    // Whether the hint is sent, the address, whether the session ends, where it leads.
    let cases = [
        (true, registered, true, Some("http://127.0.0.1:18999/loggedout?state=x%26y")),
        (true, evil, true, None),
        (false, registered, false, None),
        (false, evil, false, None),
    ];
    for (hinted, address, ends, destination) in cases {
        let mut browser = Browser::new(&[]);
        let hint = member(&browser.tokens(), "id_token");
        let hint = if hinted { &*hint } else { "a.b.c" };
        let form =
            [("id_token_hint", hint), ("post_logout_redirect_uri", address), ("state", "x&y")];
        let response = browser.get(&format!("/logout?{}", encode(&form)));
        assert_eq!(location(&response).as_deref(), destination, "{hinted} {address}");
        let silent = browser.authorize(&[("prompt", "none")]);
        assert_eq!(silent.contains("login_required"), ends, "{hinted} {address}");
    }
}

#[test]
fn a_logout_without_a_hint_is_confirmed_first() {
    let mut browser = Browser::new(&[]);
    browser.tokens();
    let address = "http://127.0.0.1:18999/loggedout";
    let form = [("client_id", "public"), ("post_logout_redirect_uri", address)];
    let page = browser.post("/logout", &form);
    assert_eq!((page.status, location(&page)), (200, None));
    let done = browser.submit(&page, &[("confirm", "yes")]);
    assert_eq!((done.status, location(&done).as_deref()), (303, Some(address)));
    assert!(browser.authorize(&[("prompt", "none")]).contains("login_required"));
}

//! The algorithms that a stub can sign with, verified by a library that it does not use.

use authgauge_mocks::Engine;
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};
use sha2::{Digest, Sha256, Sha512};

use crate::browser::*;
use crate::idp::{self, Api};

const ALGORITHMS: [(&str, Algorithm); 3] =
    [("RS256", Algorithm::RS256), ("ES256", Algorithm::ES256), ("EdDSA", Algorithm::EdDSA)];

fn engine(dialect: &str, name: &str) -> Engine {
    let config = format!("keys: {{ signing: {name} }}\n");
    Engine::configured(dialect, &config, BASE).expect("a valid configuration")
}

/// The claims of a token that a key of the set verifies, by an algorithm and no other.
fn verified(keys: &[Value], token: &str, algorithm: Algorithm) -> Option<Value> {
    let set: JwkSet = serde_json::from_value(json!({ "keys": keys })).expect("a key set");
    let header = jsonwebtoken::decode_header(token).expect("a header");
    assert_eq!(header.alg, algorithm);
    let key: &Jwk = set.find(&header.kid?)?;
    let mut rules = Validation::new(algorithm);
    rules.validate_aud = false;
    let key = DecodingKey::from_jwk(key).expect("a key");
    jsonwebtoken::decode(token, &key, &rules).ok().map(|token| token.claims)
}

#[test]
fn id_tokens_verify_with_the_key_set_whatever_signs_them() {
    for (name, algorithm) in ALGORITHMS {
        let mut browser = Browser { engine: engine("strict", name), cookies: Vec::new() };
        let path = "/.well-known/openid-configuration";
        let (_, metadata) = json(&browser.get(path));
        assert_eq!(metadata["id_token_signing_alg_values_supported"], json!([name]));
        let tokens = browser.tokens();
        let keys = browser.jwks();
        assert_eq!((&keys[0]["alg"], &keys[0]["use"]), (&json!(name), &json!("sig")));
        let token = member(&tokens, "id_token");
        let claims = verified(&keys, &token, algorithm).expect("it verifies");
        let access_token = member(&tokens, "access_token");
        let hash = match algorithm {
            Algorithm::EdDSA => Sha512::digest(access_token).to_vec(),
            _ => Sha256::digest(access_token).to_vec(),
        };
        let half = URL_SAFE_NO_PAD.encode(&hash[..hash.len() / 2]);
        assert_eq!(claims["at_hash"], half, "{name}");
        let forged = token.replacen('.', ".e30", 1);
        assert_eq!(verified(&keys, &forged, algorithm), None, "{name}");
    }
}

#[test]
fn a_rotation_brings_another_key_of_the_same_kind() {
    for (name, algorithm) in ALGORITHMS {
        let mut browser = Browser { engine: engine("strict", name), cookies: Vec::new() };
        let old = member(&browser.tokens(), "id_token");
        assert_eq!(browser.control("rotate", "").status, 200);
        let new = member(&browser.tokens(), "id_token");
        let keys = browser.jwks();
        assert_eq!(keys.len(), 2, "{name}");
        assert!(keys.iter().all(|key| key["alg"] == name), "{keys:?}");
        for token in [&old, &new] {
            assert!(verified(&keys, token, algorithm).is_some(), "{name}");
        }
        browser.control("rotate", r#"{"mode": "drop"}"#);
        assert_eq!(verified(&browser.jwks(), &new, algorithm), None, "{name}");
    }
}

#[test]
fn both_rings_of_a_pool_sign_alike_and_its_own_tokens_are_good() {
    for (name, algorithm) in ALGORITHMS {
        let api = Api { engine: engine("cognito", name) };
        let (tokens, keys) = (api.sign_in("public"), api.keys());
        assert_eq!(keys.len(), 2);
        for member in ["AccessToken", "IdToken"] {
            let token = tokens[member].as_str().expect("a token");
            assert_eq!(verified(&keys, token, algorithm).expect(name)["iss"], issuer());
        }
        api.ok("GetUser", &json!({ "AccessToken": tokens["AccessToken"] }));
        let other = Api::new().sign_in("public");
        let other = api.refused("GetUser", &json!({ "AccessToken": other["AccessToken"] })).1;
        // The stubs of one process share their keys, so only another algorithm tells them apart.
        let expected = match algorithm {
            Algorithm::RS256 => "Access Token has been revoked",
            _ => "Could not verify signature for Access Token",
        };
        assert_eq!(other, expected, "{name}");
    }
}

fn issuer() -> String {
    format!("{BASE}/{}", idp::POOL)
}

#[test]
fn an_algorithm_that_it_cannot_sign_with_is_refused() {
    let refused = Engine::configured("strict", "keys: { signing: HS256 }\n", BASE);
    let message = refused.expect_err("no such algorithm").to_string();
    assert!(message.contains("HS256") && message.contains("ES256"), "{message}");
}

#[test]
fn certificates_are_about_their_key_and_its_thumbprint() {
    for (name, _) in ALGORITHMS {
        let mut browser = Browser { engine: engine("auth0", name), cookies: Vec::new() };
        let (_, keys) = json(&browser.get("/.well-known/jwks.json"));
        let keys = keys["keys"].as_array().expect("a list").clone();
        assert_eq!(keys.len(), 2);
        for key in keys {
            assert_eq!(key["x5c"].as_array().expect("a list").len(), 1);
            let der = STANDARD.decode(key["x5c"][0].as_str().expect("text")).expect("base64");
            let thumbprint = digest(&SHA1_FOR_LEGACY_USE_ONLY, &der);
            assert_eq!(key["x5t"], URL_SAFE_NO_PAD.encode(thumbprint), "{name}");
            // RFC 7517 §4.7: the certificate's key is the one that the other members make.
            let part = if name == "RS256" { "n" } else { "x" };
            let part = URL_SAFE_NO_PAD.decode(member(&key, part)).expect("base64url");
            assert!(der.windows(part.len()).any(|bytes| bytes == part), "{name}");
        }
    }
}

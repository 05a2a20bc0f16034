//! Access tokens that say themselves what they are worth (RFC 9068): the stub needs to remember none
//! of a client's own until somebody asks about one, however many it issues.

use serde_json::Value;

use crate::dialect::Client;
use crate::form::{self, one};
use crate::issue;
use crate::jwt;
use crate::provider::{self, Provider};
use crate::scope;
use crate::store::{self, AccessToken, Grant};
use crate::wire::{Request, headers};

/// The token response to a client that asks for itself, if its token need not be remembered. The
/// signature is added when the next request can be answered already.
pub fn tokens(provider: &mut Provider, client: &Client, scope: &[String]) -> Option<Value> {
    // Faults are about tokens that are remembered.
    if !provider.faults.is_empty() || provider.conditions.reuse_tokens > 0 {
        return None;
    }
    let grant = issue::grant_to_itself(&client.id, scope);
    let claims = issue::access_token_claims(provider, &grant, scope)?;
    // Claims that do not say enough cannot stand for what they leave out.
    read(&claims)?;
    let token = jwt::sign_access_token_later(provider, &claims);
    provider::count_issued(provider, "access_token");
    Some(issue::as_sent(provider, issue::response(provider, &token, scope)))
}

/// Remembers the token that a request is about, so that it can be revoked like any other.
pub fn unpack(provider: &mut Provider, endpoint: &str, request: &Request) {
    if provider.dialect.tokens.access_token_claims.is_none() {
        return;
    }
    let Some(secret) = named(endpoint, request) else { return };
    if provider.store.access_tokens.contains_key(&secret) {
        return;
    }
    let claims = jwt::verify(provider, &secret);
    if let Some((grant, mut token)) = claims.and_then(|claims| read(&claims)) {
        token.grant = store::add_grant(&mut provider.store, grant);
        provider.store.access_tokens.insert(secret, token);
    }
}

/// The token that a request at that endpoint is about.
fn named(endpoint: &str, request: &Request) -> Option<String> {
    match endpoint {
        "introspection" | "revocation" => {
            let form = form::parse(&request.body).ok()?;
            one(&form, "token").map(str::to_owned)
        }
        "userinfo" => {
            let (_, token) = headers(request, "authorization").next()?.trim().split_once(' ')?;
            Some(token.trim().to_owned())
        }
        _ => None,
    }
}

/// What the claims of an access token say about a client that has asked for itself.
fn read(claims: &Value) -> Option<(Grant, AccessToken)> {
    let client_id = claims["client_id"].as_str()?;
    // A user's tokens are remembered, and one that is not was forgotten for a reason.
    if claims["sub"] != claims["client_id"] {
        return None;
    }
    let scope = scope::split(claims["scope"].as_str()?);
    let (issued_at, expires_at) = (claims["iat"].as_u64()?, claims["exp"].as_u64()?);
    let grant = issue::grant_to_itself(client_id, &scope);
    Some((grant, AccessToken { grant: 0, scope, issued_at, expires_at, revoked: false }))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::conditions::Conditions;
    use crate::dialect;
    use crate::engine::Engine;

    /// An engine of the strict dialect with JWTs for access tokens.
    fn engine(faults: &[&str]) -> Engine {
        let mut dialect = dialect::find("strict").expect("embedded");
        let claims = ["sub", "client_id", "scope", "exp", "jti"];
        let claims = claims.map(|name| (name.to_owned(), json!(format!("${{{name}}}"))));
        let mut claims: serde_json::Map<String, Value> = claims.into_iter().collect();
        claims.insert("iat".into(), json!("${now}"));
        dialect.tokens.access_token_claims = Some(claims);
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        Engine::under(dialect, &faults, "http://stub.test", Conditions::default()).expect("known")
    }

    fn ask(engine: &Engine, path: &str, body: &str) -> Value {
        // service:service-secret
        let basic = "Basic c2VydmljZTpzZXJ2aWNlLXNlY3JldA==";
        let form = "application/x-www-form-urlencoded";
        let headers = [("Authorization", basic), ("Content-Type", form)];
        let response = engine.answer(&Request {
            method: "POST".into(),
            path: path.into(),
            headers: headers.map(|(name, value)| (name.into(), value.into())).to_vec(),
            body: body.as_bytes().to_vec(),
            ..Request::default()
        });
        serde_json::from_slice(&response.body).unwrap_or_default()
    }

    #[test]
    fn a_token_that_was_never_stored_can_be_introspected_and_revoked() {
        let engine = engine(&[]);
        let token =
            |_| ask(&engine, "/token", "grant_type=client_credentials")["access_token"].clone();
        let tokens: Vec<Value> = (0..3).map(token).collect();
        let different: BTreeSet<&str> = tokens.iter().filter_map(Value::as_str).collect();
        assert_eq!(different.len(), 3);
        let about = |token: &Value| format!("token={}", token.as_str().expect("text"));
        for token in &tokens {
            let answer = ask(&engine, "/introspect", &about(token));
            assert_eq!(
                (&answer["active"], &answer["client_id"]),
                (&json!(true), &json!("service"))
            );
        }
        ask(&engine, "/revoke", &about(&tokens[0]));
        let active = |token| ask(&engine, "/introspect", &about(token))["active"].clone();
        assert_eq!((active(&tokens[0]), active(&tokens[1])), (json!(false), json!(true)));
        let forged = json!(tokens[1].as_str().expect("text").replace('.', ".e30"));
        assert_eq!(active(&forged), json!(false));
        ask(&engine, "/_stub/clock", r#"{"advance": 3600}"#);
        assert_eq!(active(&tokens[2]), json!(false));
    }

    #[test]
    fn a_fault_about_signatures_applies_to_these_tokens() {
        let engine = engine(&["signature_does_not_verify"]);
        let answer = ask(&engine, "/token", "grant_type=client_credentials");
        let token = answer["access_token"].as_str().expect("a token").to_owned();
        let sound = super::tests::engine(&[]);
        let answer = ask(&sound, "/introspect", &format!("token={token}"));
        assert_eq!(answer["active"], json!(false), "it verifies");
    }
}

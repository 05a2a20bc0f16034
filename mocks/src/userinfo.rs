//! The userinfo endpoint: OIDC Core §5.3, with the errors of RFC 6750 §3.

use serde_json::{Value, json};

use crate::dialect;
use crate::fault::Fault;
use crate::form::{self, one};
use crate::jwt;
use crate::provider::{self, Provider, has};
use crate::scope;
use crate::store::{self, AccessToken};
use crate::wire::{self, Request, Response, headers};

/// An error of RFC 6750 §3.1; `error` is empty when the request had no credentials at all.
struct Challenge {
    status: u16,
    error: &'static str,
    description: &'static str,
}

/// Answers at the userinfo endpoint.
pub fn answer(provider: &mut Provider, request: &Request) -> Response {
    match claims(provider, request) {
        Ok(claims) => wire::json(200, &claims),
        Err(challenge) => refuse(provider, &as_sent(provider, challenge)),
    }
}

/// The error as this stub sends it.
fn as_sent(provider: &Provider, sent: Challenge) -> Challenge {
    match sent.error {
        "" if has(provider, Fault::UserinfoErrorWithoutToken) => {
            challenge(401, "invalid_token", "there is no token")
        }
        "insufficient_scope" if has(provider, Fault::UserinfoCallsScopeInvalid) => {
            challenge(401, "invalid_token", sent.description)
        }
        "invalid_token" if has(provider, Fault::UserinfoForbidsInvalidTokens) => {
            Challenge { status: 403, ..sent }
        }
        _ => sent,
    }
}

fn refuse(provider: &Provider, challenge: &Challenge) -> Response {
    let Challenge { status, error, description } = challenge;
    let header = "Bearer realm=\"authgauge stub\"";
    if has(provider, Fault::UserinfoWithoutChallenge) {
        return wire::json(*status, &json!({ "error": error }));
    }
    if error.is_empty() {
        // RFC 6750 §3.1: without credentials, no error code.
        return wire::with_header(wire::empty(*status), "WWW-Authenticate", header);
    }
    let body = json!({ "error": error, "error_description": description });
    let header = format!("{header}, error=\"{error}\", error_description=\"{description}\"");
    wire::with_header(wire::json(*status, &body), "WWW-Authenticate", &header)
}

fn challenge(status: u16, error: &'static str, description: &'static str) -> Challenge {
    Challenge { status, error, description }
}

fn claims(provider: &Provider, request: &Request) -> Result<Value, Challenge> {
    let invalid = challenge(401, "invalid_token", "the token is unknown, expired or revoked");
    let secret = match bearer(request) {
        Err(_) if has(provider, Fault::UserinfoAcceptsQueryTokens) && has_token(&request.query) => {
            query_token(request)
        }
        sent => sent?.to_owned(),
    };
    if has(provider, Fault::UserinfoRefusesAll) {
        return Err(invalid);
    }
    if let Some(sub) = faulty_sub(provider, &secret) {
        return Ok(json!({ "sub": sub }));
    }
    let known = provider.store.access_tokens.get(&secret);
    let expired = known.is_some_and(|token| provider::now(provider) >= token.expires_at);
    let silent = expired && has(provider, Fault::UserinfoSilentOnExpiry);
    let dead = if silent { challenge(401, "", "") } else { invalid };
    let token = live(provider, &secret).ok_or(dead)?;
    if !scope::contains(&token.scope, "openid") {
        return Err(challenge(403, "insufficient_scope", "the scope openid is needed"));
    }
    let grant = provider.store.grants.get(&token.grant);
    let login = grant.and_then(|grant| grant.login.as_ref());
    let user = login.and_then(|login| dialect::user(&provider.dialect, &login.username));
    let user = user.ok_or(challenge(403, "insufficient_scope", "the token is no user's"))?;
    let mut claims = json!({ "sub": user.sub });
    // OIDC Core §5.4: which scope asks for which claims.
    if scope::contains(&token.scope, "profile") {
        claims["name"] = user.name.clone().into();
        claims["preferred_username"] = user.username.clone().into();
    }
    if scope::contains(&token.scope, "email") {
        claims["email"] = user.email.clone().into();
        claims["email_verified"] = true.into();
    }
    Ok(claims)
}

/// The token in the Authorization header, the only place where this provider takes one.
fn bearer(request: &Request) -> Result<&str, Challenge> {
    let mut authorization = headers(request, "authorization");
    let (header, second) = (authorization.next(), authorization.next());
    let header = header.ok_or(challenge(401, "", ""))?;
    // RFC 6750 §3.1: more than one method of sending the token is invalid_request.
    if second.is_some() || has_token(&request.query) || body_has_token(request) {
        return Err(challenge(400, "invalid_request", "send the token once, in the header"));
    }
    let (scheme, token) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
    // RFC 7235 §2.1: the scheme is compared without regard to case.
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(challenge(401, "", ""));
    }
    Ok(token.trim())
}

fn query_token(request: &Request) -> String {
    let query = form::parse(request.query.as_bytes()).unwrap_or_default();
    one(&query, "access_token").unwrap_or_default().to_owned()
}

/// Whose claims a token brings that only a fault accepts.
fn faulty_sub(provider: &Provider, secret: &str) -> Option<String> {
    let known = provider.store.access_tokens.contains_key(secret);
    let same_beginning =
        || provider.store.access_tokens.keys().any(|live| live.get(..8) == secret.get(..8));
    let expired =
        |token: &AccessToken| !token.revoked && store::is_live(&provider.store, token.grant);
    let accepted = has(provider, Fault::UserinfoAcceptsUnknownTokens) && !known
        || has(provider, Fault::UserinfoAcceptsIdTokens) && jwt::verify(provider, secret).is_some()
        || has(provider, Fault::UserinfoComparesBeginnings) && !known && same_beginning()
        || has(provider, Fault::UserinfoIgnoresExpiry)
            && provider.store.access_tokens.get(secret).is_some_and(expired);
    accepted.then(|| provider.dialect.users[0].sub.clone())
}

fn has_token(encoded: &str) -> bool {
    form::parse(encoded.as_bytes()).is_ok_and(|form| one(&form, "access_token").is_some())
}

fn body_has_token(request: &Request) -> bool {
    form::body(request).is_ok_and(|form| one(&form, "access_token").is_some())
}

/// The access token of that value, if it may be used now.
pub fn live<'a>(provider: &'a Provider, secret: &str) -> Option<&'a AccessToken> {
    let token = provider.store.access_tokens.get(secret)?;
    let fresh = !token.revoked && provider::now(provider) < token.expires_at;
    (fresh && store::is_live(&provider.store, token.grant)).then_some(token)
}

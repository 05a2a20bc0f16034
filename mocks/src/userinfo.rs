//! The userinfo endpoint: OIDC Core §5.3, with the errors of RFC 6750 §3.

use serde_json::{Value, json};

use crate::dialect;
use crate::fault::Fault;
use crate::form::{self, one};
use crate::jwt;
use crate::provider::{self, Provider, has};
use crate::reason::Reason;
use crate::refusal::{self, Refusal};
use crate::scope;
use crate::store::{self, AccessToken};
use crate::template;
use crate::user;
use crate::wire::{self, Request, Response, headers};

/// Answers at the userinfo endpoint.
pub fn answer(provider: &mut Provider, request: &Request) -> Response {
    match claims(provider, request) {
        Ok(claims) => wire::json(200, &claims),
        Err(reason) => refuse(provider, &as_sent(provider, reason)),
    }
}

/// The error as this stub sends it.
fn as_sent(provider: &Provider, reason: Reason) -> Refusal {
    let refusal = refusal::worded(provider, reason);
    match reason {
        Reason::AccessTokenMissing if has(provider, Fault::UserinfoErrorWithoutToken) => {
            refusal::worded(provider, Reason::AccessTokenInvalid)
        }
        Reason::ScopeInsufficient if has(provider, Fault::UserinfoCallsScopeInvalid) => {
            refusal::worded(provider, Reason::AccessTokenInvalid)
        }
        Reason::AccessTokenInvalid if has(provider, Fault::UserinfoForbidsInvalidTokens) => {
            Refusal { status: 403, ..refusal }
        }
        _ => refusal,
    }
}

fn refuse(provider: &Provider, refusal: &Refusal) -> Response {
    let Refusal { status, error, description, media_type, .. } = refusal;
    let description = description.as_deref().unwrap_or_default();
    if has(provider, Fault::UserinfoWithoutChallenge) {
        return wire::json(*status, &json!({ "error": error }));
    }
    if error.is_empty() {
        // RFC 6750 §3.1: without credentials, no error code.
        return wire::with_header(wire::empty(*status), "WWW-Authenticate", CHALLENGE);
    }
    let body = json!({ "error": error, "error_description": description });
    let header = match &provider.dialect.tokens.challenge {
        Some(template) => {
            template.replace("${error}", error).replace("${description}", description)
        }
        None => format!("{CHALLENGE}, error=\"{error}\", error_description=\"{description}\""),
    };
    let mut response = wire::json(*status, &body);
    if let Some(media_type) = media_type {
        response.headers.retain(|(name, _)| name != "Content-Type");
        response = wire::with_header(response, "Content-Type", media_type);
    }
    wire::with_header(response, "WWW-Authenticate", &header)
}

const CHALLENGE: &str = "Bearer realm=\"authgauge stub\"";

fn claims(provider: &Provider, request: &Request) -> Result<Value, Reason> {
    let invalid = Reason::AccessTokenInvalid;
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
    let dead = if silent { Reason::AccessTokenMissing } else { invalid };
    let token = live(provider, &secret).ok_or(dead)?;
    if !scope::contains(&token.scope, "openid") {
        return Err(Reason::ScopeInsufficient);
    }
    let grant = provider.store.grants.get(&token.grant);
    let login = grant.and_then(|grant| grant.login.as_ref());
    let user = login.and_then(|login| dialect::user(&provider.dialect, &login.username));
    let user = user.ok_or(Reason::AccessTokenOfNobody)?;
    let facts = user::facts(&provider.dialect, user, &token.scope);
    Ok(template::members(&provider.dialect.tokens.userinfo, &facts).into())
}

/// The token in the Authorization header, the only place where this provider takes one.
fn bearer(request: &Request) -> Result<&str, Reason> {
    let mut authorization = headers(request, "authorization");
    let (header, second) = (authorization.next(), authorization.next());
    let header = header.ok_or(Reason::AccessTokenMissing)?;
    // RFC 6750 §3.1: more than one method of sending the token is invalid_request.
    if second.is_some() || has_token(&request.query) || body_has_token(request) {
        return Err(Reason::AccessTokenSentTwice);
    }
    let (scheme, token) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
    // RFC 7235 §2.1: the scheme is compared without regard to case.
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Reason::AccessTokenMissing);
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

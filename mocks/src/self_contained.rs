//! Access tokens that say themselves what they are worth (RFC 9068): the stub needs to remember none
//! of a client's own until somebody asks about one, however many it issues.

use serde_json::{Value, json};

use crate::dialect::{self, AccessTokens, Client};
use crate::form::{self, one};
use crate::issue;
use crate::jwt;
use crate::provider::{self, Provider};
use crate::random;
use crate::scope;
use crate::store::{self, AccessToken, Grant};
use crate::wire::{Request, headers};

/// The claims of an access token: RFC 9068 §2.2.
pub fn claims(provider: &Provider, grant: &Grant, scope: &[String]) -> Value {
    let now = provider::now(provider);
    let login = grant.login.as_ref();
    let user = login.and_then(|login| dialect::user(&provider.dialect, &login.username));
    json!({
        "iss": provider.issuer,
        "sub": user.map_or(&grant.client_id, |user| &user.sub),
        "aud": provider.dialect.resource,
        "client_id": grant.client_id,
        "scope": scope.join(" "),
        "iat": now,
        "exp": now + provider.dialect.lifetimes.access_token,
        "jti": random::secret(),
    })
}

/// Whether a client's own token need not be remembered. Faults are about remembered ones.
pub fn suffices(provider: &Provider) -> bool {
    provider.dialect.access_tokens == AccessTokens::Jwt
        && provider.faults.is_empty()
        && provider.conditions.reuse_tokens == 0
}

/// The token response to a client that asks for itself. The signature is added when the next
/// request can be answered already.
pub fn tokens(provider: &mut Provider, client: &Client, scope: &[String]) -> Value {
    let claims = claims(provider, &issue::grant_to_itself(&client.id, scope), scope);
    let token = jwt::sign_access_token_later(provider, &claims);
    provider::count_issued(provider, "access_token");
    issue::response(provider, &token, scope)
}

/// Remembers the token that a request is about, so that it can be revoked like any other.
pub fn unpack(provider: &mut Provider, endpoint: &str, request: &Request) {
    if provider.dialect.access_tokens != AccessTokens::Jwt {
        return;
    }
    let Some(secret) = named(endpoint, request) else { return };
    if provider.store.access_tokens.contains_key(&secret) {
        return;
    }
    if let Some((grant, mut token)) = read(provider, &secret) {
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

/// What a token of this stub says about a client that has asked for itself.
fn read(provider: &Provider, secret: &str) -> Option<(Grant, AccessToken)> {
    let claims = jwt::verify(provider, secret)?;
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

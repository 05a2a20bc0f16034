//! What an access token allows at the API.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use super::exception::{Exception, exception, not_authorized};
use super::tokens::API_SCOPE;
use super::user::{self, Account};
use crate::fault::Fault;
use crate::jwt;
use crate::provider::{self, Provider, has};
use crate::store;
use crate::user_pool::UserStatus;

/// The user that an access token speaks for.
pub fn account(provider: &Provider, token: &str) -> Result<Account, Exception> {
    let invalid = || not_authorized("Invalid Access Token");
    let unverified = claims(token).ok_or_else(invalid)?;
    let forged = || not_authorized("Could not verify signature for Access Token");
    let claims = jwt::verify(provider, token).ok_or_else(forged)?;
    if unverified["token_use"] != "access" || claims["iss"] != provider.issuer {
        return Err(invalid());
    }
    let expired = claims["exp"].as_u64().is_none_or(|exp| provider::now(provider) >= exp);
    if expired && !has(provider, Fault::ApiExpiredAccessTokenAccepted) {
        return Err(not_authorized("Access Token has expired"));
    }
    if claims["origin_jti"].is_string() && is_revoked(provider, token) {
        return Err(not_authorized("Access Token has been revoked"));
    }
    let scope = claims["scope"].as_str().unwrap_or_default();
    let username = claims["username"].as_str();
    let Some(username) = username.filter(|_| scope.split(' ').any(|word| word == API_SCOPE)) else {
        return Err(not_authorized("Access Token does not have required scopes"));
    };
    let missing = || exception("UserNotFoundException", "User does not exist.");
    let account = user::find(provider, username).ok_or_else(missing)?;
    match account.status {
        UserStatus::Disabled => Err(not_authorized("User is disabled.")),
        _ => Ok(account),
    }
}

/// The claims of a token in its three parts, whoever has signed it.
fn claims(token: &str) -> Option<Value> {
    let [_, payload, _] = token.split('.').collect::<Vec<_>>()[..] else {
        return None;
    };
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    claims.is_object().then_some(claims)
}

/// Whether a token is dead that has an `origin_jti`, without which none can be revoked.
fn is_revoked(provider: &Provider, token: &str) -> bool {
    let known = provider.store.access_tokens.get(token);
    known.is_none_or(|token| token.revoked || !store::is_live(&provider.store, token.grant))
}

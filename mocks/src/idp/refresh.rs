//! Refresh tokens: `GetTokensFromRefreshToken`, the refresh flow, and rotation.

use serde::Deserialize;
use serde_json::{Value, json};

use super::client::{self, AppClient};
use super::exception::{Exception, Outcome, exception, not_authorized};
use super::{input, secret_hash, sign_in, tokens, user};
use crate::fault::Fault;
use crate::issue::{self, Occasion};
use crate::provider::{self, Provider, has};
use crate::store::Grant;
use crate::user_pool::{self, Rotation};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    refresh_token: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
}

/// Why a refresh token is no good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// Nobody has issued it, or not to this client.
    Unknown,
    /// Its time is over.
    Expired,
    /// It, or everything of its user, was revoked.
    Revoked,
    /// It was rotated, and the time for retries is over.
    Reused,
}

/// Answers `GetTokensFromRefreshToken`.
pub fn answer(provider: &mut Provider, input: Value) -> Outcome {
    let input: Input = input::parse(input)?;
    let token = input::token(input.refresh_token.as_ref(), "refreshToken")?;
    let client_id = input::required(input.client_id.as_ref(), "clientId")?;
    let client = client::find(provider, client_id)?;
    if client.secret != input.client_secret {
        return Err(not_authorized("Invalid client secret."));
    }
    let number = usable(provider, &client.id, token).map_err(refused)?;
    let grant = grant_of_active_user(provider, number)?;
    let successor = rotate(provider, &client.id, token);
    let result =
        tokens::authentication_result(provider, number, &grant, successor, Occasion::Refresh);
    Ok(json!({ "AuthenticationResult": result }))
}

/// The result of the refresh flow, which never replaces the token.
pub fn with_hash(
    provider: &mut Provider,
    client: &AppClient,
    token: &str,
    hash: Option<&str>,
) -> Outcome {
    let number = usable(provider, &client.id, token).map_err(refused)?;
    let grant = grant_of_active_user(provider, number)?;
    let username = grant.login.as_ref().map(|login| &*login.username);
    secret_hash::check(provider, client, username.unwrap_or_default(), hash)?;
    Ok(tokens::authentication_result(provider, number, &grant, None, Occasion::Refresh))
}

fn grant_of_active_user(provider: &Provider, number: u64) -> Result<Grant, Exception> {
    let grant = provider.store.grants.get(&number).cloned().ok_or(refused(Unusable::Revoked))?;
    let username = grant.login.as_ref().map(|login| &*login.username);
    match username.and_then(|username| user::find(provider, username)) {
        Some(account) => sign_in::check_status(provider, &account).map(|()| grant),
        None => Err(refused(Unusable::Unknown)),
    }
}

fn refused(reason: Unusable) -> Exception {
    match reason {
        Unusable::Unknown => not_authorized("Invalid Refresh Token"),
        Unusable::Expired => not_authorized("Refresh Token has expired"),
        Unusable::Revoked => not_authorized("Refresh Token has been revoked"),
        Unusable::Reused => {
            exception("RefreshTokenReuseException", "Refresh token has been used before")
        }
    }
}

/// The number of the grant of a refresh token that this client may use now.
pub fn usable(provider: &Provider, client_id: &str, secret: &str) -> Result<u64, Unusable> {
    let token = provider.store.refresh_tokens.get(secret).ok_or(Unusable::Unknown)?;
    let grant = provider.store.grants.get(&token.grant);
    let grant = grant.filter(|grant| grant.client_id == client_id).ok_or(Unusable::Unknown)?;
    let now = provider::now(provider);
    let retry = may_retry(provider, secret);
    let lives_on = has(provider, Fault::ApiRevokedRefreshTokenAccepted);
    let retry = retry || has(provider, Fault::ApiRotatedRefreshTokenAccepted);
    match () {
        () if grant.revoked && !lives_on => Err(Unusable::Revoked),
        () if now >= token.expires_at => Err(Unusable::Expired),
        () if token.used && !retry => Err(Unusable::Reused),
        () => Ok(token.grant),
    }
}

/// Whether a rotated token is in the time in which it may be sent again.
pub fn may_retry(provider: &Provider, secret: &str) -> bool {
    let now = provider::now(provider);
    provider.store.pool.retries.get(secret).is_some_and(|until| now < *until)
}

/// The successor of a usable refresh token, if the client's tokens rotate. It lives as long as the
/// original would have.
pub fn rotate(provider: &mut Provider, client_id: &str, secret: &str) -> Option<String> {
    let settings = user_pool::of(provider).clients.get(client_id)?;
    let Rotation { retry_grace_period_seconds } = settings.refresh_token_rotation?;
    let now = provider::now(provider);
    let token = provider.store.refresh_tokens.get_mut(secret)?;
    let (grant, expires_at) = (token.grant, token.expires_at);
    if !token.used {
        token.used = true;
        let until = now + retry_grace_period_seconds;
        provider.store.pool.retries.insert(secret.to_owned(), until);
    }
    let successor = issue::refresh_token(provider, grant);
    if let Some(token) = provider.store.refresh_tokens.get_mut(&successor) {
        token.expires_at = expires_at;
    }
    Some(successor)
}

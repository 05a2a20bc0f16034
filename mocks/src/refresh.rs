//! The refresh grant: RFC 6749 §6, with rotation as RFC 9700 §4.14.2 describes it.

use serde_json::Value;

use crate::dialect::Client;
use crate::fault::Fault;
use crate::form::{Parameters, one};
use crate::idp;
use crate::issue::{self, Occasion};
use crate::provider::{self, Provider, has};
use crate::reason::Reason;
use crate::scope;
use crate::store;

/// Exchanges a refresh token for its successor and a new access token.
pub fn exchange(
    provider: &mut Provider,
    client: &Client,
    form: &Parameters,
) -> Result<Value, Reason> {
    let Some(secret) = one(form, "refresh_token") else {
        return missing(provider, client);
    };
    let known = provider.store.refresh_tokens.contains_key(secret);
    if !known && has(provider, Fault::UnknownRefreshTokenAccepted) {
        return issue::undeserved(provider, client);
    }
    let number = usable(provider, client, secret)?;
    let granted = provider.store.grants.get(&number).map(|grant| grant.scope.clone());
    let scope = narrowed(provider, &granted.unwrap_or_default(), one(form, "scope"))?;
    if provider.dialect.tokens.refresh_ends_predecessors {
        store::revoke_access_tokens(&mut provider.store, number);
    }
    if let Some(grant) = provider.store.grants.get_mut(&number)
        && provider.faults.contains(&Fault::RefreshForgetsScope)
    {
        grant.scope.clone_from(&scope);
    }
    let mut tokens = issue::tokens(provider, number, &scope, Occasion::Refresh)?;
    let rotated = !has(provider, Fault::RefreshTokenNotRotated);
    if let Some(token) = provider.store.refresh_tokens.get_mut(secret).filter(|_| rotated) {
        token.used = true;
    }
    if provider.dialect.user_pool.is_some()
        && let Some(successor) = idp::rotate(provider, &client.id, secret)
    {
        tokens["refresh_token"] = successor.into();
    }
    Ok(tokens)
}

fn missing(provider: &mut Provider, client: &Client) -> Result<Value, Reason> {
    if has(provider, Fault::RefreshTokenOptional) {
        return issue::undeserved(provider, client);
    }
    Err(Reason::RefreshTokenMissing)
}

/// The number of the grant, if the token is the client's and still good.
fn usable(provider: &mut Provider, client: &Client, secret: &str) -> Result<u64, Reason> {
    if let Some(code) = provider.store.codes.get(secret)
        && has(provider, Fault::CodeAndRefreshTokenInterchangeable)
    {
        return Ok(code.grant);
    }
    let token = provider.store.refresh_tokens.get(secret).cloned();
    let token = token.ok_or(Reason::RefreshTokenUnknown)?;
    let grant = provider.store.grants.get(&token.grant);
    // RFC 6749 §6: the refresh token is bound to the client it was issued to.
    let bound = !has(provider, Fault::RefreshTokenNotBoundToClient);
    if grant.is_none_or(|grant| bound && grant.client_id != client.id) {
        return Err(Reason::RefreshTokenUnknown);
    }
    let may_retry = idp::may_retry(provider, secret) || has(provider, Fault::RefreshTokenReusable);
    if token.used && !may_retry {
        // RFC 9700 §4.14.2: one of the two who used it is a thief, so the whole family dies.
        if !has(provider, Fault::RefreshReuseSparesFamily) {
            store::revoke_grant(&mut provider.store, token.grant);
        }
        return Err(Reason::RefreshTokenUsed);
    }
    if has(provider, Fault::RefreshChainBreaks)
        && store::refreshes(&provider.store, token.grant) > 3
    {
        return Err(Reason::RefreshTokenUnknown);
    }
    if provider::now(provider) >= token.expires_at || !store::is_live(&provider.store, token.grant)
    {
        return Err(Reason::RefreshTokenDead);
    }
    Ok(token.grant)
}

fn narrowed(
    provider: &Provider,
    granted: &[String],
    asked: Option<&str>,
) -> Result<Vec<String>, Reason> {
    let heard = asked.filter(|_| !has(provider, Fault::RefreshIgnoresScope));
    let Some(asked) = heard.map(scope::split) else {
        return Ok(granted.to_vec());
    };
    if has(provider, Fault::RefreshWidensScope) {
        return Ok(asked);
    }
    // RFC 6749 §6: no scope that was not granted; omitted means the same as before.
    if asked.is_empty() || !asked.iter().all(|scope| granted.contains(scope)) {
        return Err(Reason::ScopeExceeded);
    }
    Ok(asked)
}

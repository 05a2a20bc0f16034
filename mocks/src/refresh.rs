//! The refresh grant: RFC 6749 §6, with rotation as RFC 9700 §4.14.2 describes it.

use serde_json::Value;

use crate::dialect::Client;
use crate::form::{Parameters, one};
use crate::issue::{self, Occasion};
use crate::provider::{self, Provider};
use crate::refusal::{Refusal, refuse};
use crate::scope;
use crate::store;

/// Exchanges a refresh token for its successor and a new access token.
pub fn exchange(
    provider: &mut Provider,
    client: &Client,
    form: &Parameters,
) -> Result<Value, Refusal> {
    let secret = one(form, "refresh_token");
    let secret = secret.ok_or(refuse("invalid_request", "refresh_token is missing"))?;
    let number = usable(provider, client, secret)?;
    let granted = provider.store.grants.get(&number).map(|grant| grant.scope.clone());
    let scope = narrowed(&granted.unwrap_or_default(), one(form, "scope"))?;
    let tokens = issue::tokens(provider, number, &scope, Occasion::Refresh)?;
    if let Some(token) = provider.store.refresh_tokens.get_mut(secret) {
        token.used = true;
    }
    Ok(tokens)
}

/// The number of the grant, if the token is the client's and still good.
fn usable(provider: &mut Provider, client: &Client, secret: &str) -> Result<u64, Refusal> {
    let token = provider.store.refresh_tokens.get(secret).cloned();
    let token = token.ok_or(refuse("invalid_grant", "the refresh_token is unknown"))?;
    let grant = provider.store.grants.get(&token.grant);
    // RFC 6749 §6: the refresh token is bound to the client it was issued to.
    if grant.is_none_or(|grant| grant.client_id != client.id) {
        return Err(refuse("invalid_grant", "the refresh_token is unknown"));
    }
    if token.used {
        // RFC 9700 §4.14.2: one of the two who used it is a thief, so the whole family dies.
        store::revoke_grant(&mut provider.store, token.grant);
        return Err(refuse("invalid_grant", "the refresh_token was used before"));
    }
    if provider::now(provider) >= token.expires_at || !store::is_live(&provider.store, token.grant)
    {
        return Err(refuse("invalid_grant", "the refresh_token has expired or was revoked"));
    }
    Ok(token.grant)
}

fn narrowed(granted: &[String], asked: Option<&str>) -> Result<Vec<String>, Refusal> {
    let Some(asked) = asked.map(scope::split) else {
        return Ok(granted.to_vec());
    };
    // RFC 6749 §6: no scope that was not granted; omitted means the same as before.
    if asked.is_empty() || !asked.iter().all(|scope| granted.contains(scope)) {
        return Err(refuse("invalid_scope", "the scope exceeds the one that was granted"));
    }
    Ok(asked)
}

//! `RevokeToken`: the end of a refresh token and of what was issued with it.

use serde::Deserialize;
use serde_json::{Value, json};

use super::exception::{Outcome, exception};
use super::{client, input};
use crate::fault::Fault;
use crate::jwt;
use crate::provider::{Provider, has};
use crate::store;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    token: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
}

/// Answers `RevokeToken`.
pub fn answer(provider: &mut Provider, input: Value) -> Outcome {
    let input: Input = input::parse(input)?;
    let token = input::token(input.token.as_ref(), "token")?;
    let client_id = input::required(input.client_id.as_ref(), "clientId")?;
    let client = client::find(provider, client_id)?;
    if client.secret != input.client_secret {
        return Err(exception("UnauthorizedException", "Invalid client secret."));
    }
    if !client.settings.enable_token_revocation {
        let message = "Token revocation is not enabled for this client.";
        return Err(exception("UnsupportedOperationException", message));
    }
    if jwt::verify(provider, token).is_some() {
        let message = "Only refresh tokens can be revoked.";
        return Err(exception("UnsupportedTokenTypeException", message));
    }
    // RFC 7009 §2.2: a token that is unknown is as good as revoked.
    let Some(number) = provider.store.refresh_tokens.get(token).map(|token| token.grant) else {
        return Ok(json!({}));
    };
    let owner = provider.store.grants.get(&number).map(|grant| &grant.client_id);
    if owner.is_some_and(|owner| *owner != client.id) {
        let message = "The token was issued to another client.";
        return Err(exception("UnauthorizedException", message));
    }
    if has(provider, Fault::ApiRevokeTokenDoesNothing) {
        return Ok(json!({}));
    }
    store::revoke_grant(&mut provider.store, number);
    Ok(json!({}))
}

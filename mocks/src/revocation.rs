//! The revocation endpoint: RFC 7009.

use crate::client_auth;
use crate::dialect::Client;
use crate::fault::Fault;
use crate::form::{self, one};
use crate::provider::{Provider, has};
use crate::refusal::{Refusal, either, refuse};
use crate::store;
use crate::wire::{self, Request, Response};

/// Answers at the revocation endpoint.
pub fn answer(provider: &mut Provider, request: &Request) -> Response {
    either(revoke(provider, request))
}

fn revoke(provider: &mut Provider, request: &Request) -> Result<Response, Refusal> {
    let form = form::back_channel(request)?;
    let client = client_auth::authenticate(provider, request, &form)?;
    let secret = one(&form, "token").ok_or(refuse("invalid_request", "token is missing"))?;
    // RFC 7009 §2.1: the hint only speeds up the search, which needs no speeding up here.
    let Some((grant, is_refresh_token)) = find(provider, secret) else {
        return unknown(provider);
    };
    check_owner(provider, &client, grant)?;
    if has(provider, Fault::RevocationDoesNothing) {
        return Ok(wire::empty(200));
    }
    if is_refresh_token {
        // RFC 7009 §2.1: the access tokens of the same grant should die with a refresh token.
        store::revoke_grant(&mut provider.store, grant);
    } else if let Some(token) = provider.store.access_tokens.get_mut(secret) {
        token.revoked = true;
    }
    Ok(wire::empty(200))
}

/// The grant of a token, and whether it is a refresh token.
fn find(provider: &Provider, secret: &str) -> Option<(u64, bool)> {
    let refresh = provider.store.refresh_tokens.get(secret).map(|token| (token.grant, true));
    refresh.or_else(|| provider.store.access_tokens.get(secret).map(|token| (token.grant, false)))
}

fn unknown(provider: &Provider) -> Result<Response, Refusal> {
    if has(provider, Fault::RevocationOfUnknownTokenIsAnError) {
        return Err(refuse("invalid_request", "the token is unknown"));
    }
    // RFC 7009 §2.2: an invalid token is no error: what the client wanted is already true.
    Ok(wire::empty(200))
}

fn check_owner(provider: &Provider, client: &Client, grant: u64) -> Result<(), Refusal> {
    // RFC 7009 §2.1: refuse if the token was issued to another client.
    match provider.store.grants.get(&grant) {
        Some(grant) if grant.client_id != client.id => {
            Err(refuse("invalid_grant", "the token belongs to another client"))
        }
        _ => Ok(()),
    }
}

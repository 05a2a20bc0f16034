//! The revocation endpoint: RFC 7009.

use crate::client_auth;
use crate::dialect::{self, Client};
use crate::fault::Fault;
use crate::form::{self, Parameters, one};
use crate::jwt;
use crate::provider::{Provider, has};
use crate::reason::Reason;
use crate::refusal::either;
use crate::store;
use crate::user_pool;
use crate::wire::{self, Request, Response};

/// Answers at the revocation endpoint.
pub fn answer(provider: &mut Provider, request: &Request) -> Response {
    let outcome = revoke(provider, request);
    either(provider, outcome)
}

fn revoke(provider: &mut Provider, request: &Request) -> Result<Response, Reason> {
    let form = form::back_channel(request)?;
    let client = client(provider, request, &form)?;
    if !user_pool::is_revocable(&provider.dialect, &client.id) {
        return Err(Reason::RevocationDisabled);
    }
    let Some(secret) = one(&form, "token") else {
        return without_token(provider);
    };
    let hint = one(&form, "token_type_hint");
    let Some((grant, is_refresh_token)) = find(provider, secret, hint) else {
        return unknown(provider, secret);
    };
    if !owns(provider, &client, grant) {
        return not_owned(provider);
    }
    if !is_refresh_token && provider.dialect.tokens.only_refresh_tokens_revocable {
        return Err(Reason::TokenTypeUnsupported);
    }
    let again = is_revoked(provider, secret, grant);
    if again && has(provider, Fault::SecondRevocationIsAnError) {
        return Err(Reason::TokenRevokedBefore);
    }
    let lost = is_refresh_token
        && has(provider, Fault::RevocationLosesToRefresh)
        && store::refreshes(&provider.store, grant) > 2;
    if lost || spared(provider, is_refresh_token) {
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

/// RFC 7009 §2.1: a client authenticates, or names itself if it is public.
fn client(provider: &Provider, request: &Request, form: &Parameters) -> Result<Client, Reason> {
    let unproven = || dialect::client(&provider.dialect, one(form, "client_id")?).cloned();
    let careless = has(provider, Fault::RevocationNeedsNoSecret);
    let client = client_auth::authenticate(provider, request, form)
        .or_else(|refusal| unproven().filter(|_| careless).ok_or(refusal))?;
    if client.secret.is_none() && has(provider, Fault::RevocationNeedsASecret) {
        return Err(Reason::PublicClientRevokes);
    }
    Ok(client)
}

fn without_token(provider: &Provider) -> Result<Response, Reason> {
    if has(provider, Fault::RevocationWithoutTokenSucceeds) {
        return Ok(wire::empty(200));
    }
    // RFC 7009 §2.1: token is required.
    Err(Reason::TokenMissing)
}

/// The grant of a token, and whether it is a refresh token.
fn find(provider: &Provider, secret: &str, hint: Option<&str>) -> Option<(u64, bool)> {
    // RFC 7009 §2.1: the hint only speeds up the search, which needs no speeding up here.
    let hint = hint.filter(|_| has(provider, Fault::RevocationTrustsHint));
    let refresh = provider.store.refresh_tokens.get(secret).map(|token| (token.grant, true));
    let access = || provider.store.access_tokens.get(secret).map(|token| (token.grant, false));
    match hint {
        Some("access_token") => access(),
        Some("refresh_token") => refresh,
        _ => refresh.or_else(access),
    }
}

fn is_revoked(provider: &Provider, secret: &str, grant: u64) -> bool {
    let token = provider.store.access_tokens.get(secret);
    token.is_some_and(|token| token.revoked) || !store::is_live(&provider.store, grant)
}

/// Whether a token lives on because of a fault.
fn spared(provider: &Provider, is_refresh_token: bool) -> bool {
    let spares_access_tokens = has(provider, Fault::AccessTokenSurvivesRevocation);
    has(provider, Fault::RevocationDoesNothing) || (spares_access_tokens && !is_refresh_token)
}

fn unknown(provider: &Provider, secret: &str) -> Result<Response, Reason> {
    // An ID token, or an access token that was forgotten: its signature says that it is one.
    let only_refresh_tokens = provider.dialect.tokens.only_refresh_tokens_revocable;
    if only_refresh_tokens && jwt::verify(provider, secret).is_some() {
        return Err(Reason::TokenTypeUnsupported);
    }
    if has(provider, Fault::RevocationOfUnknownTokenIsAnError) {
        return Err(Reason::TokenUnknown);
    }
    // RFC 7009 §2.2: an invalid token is no error: what the client wanted is already true.
    Ok(wire::empty(200))
}

fn owns(provider: &Provider, client: &Client, grant: u64) -> bool {
    let grant = provider.store.grants.get(&grant);
    let other = grant.is_some_and(|grant| grant.client_id != client.id);
    !other || has(provider, Fault::RevokesTokensOfOtherClients)
}

fn not_owned(provider: &Provider) -> Result<Response, Reason> {
    if has(provider, Fault::RevocationByOtherClientIsSilent) {
        return Ok(wire::empty(200));
    }
    // RFC 7009 §2.1: refuse if the token was issued to another client.
    Err(Reason::TokenOfOtherClient)
}

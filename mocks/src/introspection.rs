//! The introspection endpoint: RFC 7662.

use serde_json::{Value, json};

use crate::client_auth;
use crate::dialect::{self, Client};
use crate::fault::Fault;
use crate::form::{self, one};
use crate::provider::{self, Provider, has};
use crate::refusal::{Refusal, either, refuse};
use crate::store::{self, Grant};
use crate::userinfo;
use crate::wire::{self, Request, Response};

/// A live token of either kind.
struct Live<'a> {
    grant: &'a Grant,
    scope: &'a [String],
    issued_at: u64,
    expires_at: u64,
    is_access_token: bool,
}

/// Answers at the introspection endpoint.
pub fn answer(provider: &mut Provider, request: &Request) -> Response {
    either(introspect(provider, request))
}

fn introspect(provider: &Provider, request: &Request) -> Result<Response, Refusal> {
    let form = form::back_channel(request)?;
    let client = client_auth::authenticate(provider, request, &form)?;
    // RFC 7662 §2.1: some authorization is required, or tokens could be scanned for.
    if client.secret.is_none() {
        return Err(refuse("invalid_client", "a public client may not introspect tokens"));
    }
    let secret = one(&form, "token").ok_or(refuse("invalid_request", "token is missing"))?;
    if !is_known(provider, secret) {
        return unknown(provider);
    }
    // RFC 7662 §2.2: a token that the caller may not see is inactive, and nothing more is said.
    let visible = live(provider, secret).filter(|live| may_see(&client, live));
    let answer = visible.map_or_else(inactive, |live| description(provider, &live));
    Ok(wire::json(200, &answer))
}

fn is_known(provider: &Provider, secret: &str) -> bool {
    let store = &provider.store;
    store.access_tokens.contains_key(secret) || store.refresh_tokens.contains_key(secret)
}

fn unknown(provider: &Provider) -> Result<Response, Refusal> {
    if has(provider, Fault::IntrospectionOfUnknownTokenIsAnError) {
        return Err(refuse("invalid_request", "the token is unknown"));
    }
    if has(provider, Fault::IntrospectionSaysAllActive) {
        return Ok(wire::json(200, &json!({ "active": true })));
    }
    // RFC 7662 §2.2: an unknown token is not an error.
    Ok(wire::json(200, &inactive()))
}

fn inactive() -> Value {
    json!({ "active": false })
}

fn may_see(client: &Client, live: &Live) -> bool {
    client.introspects_every_token || live.grant.client_id == client.id
}

fn live<'a>(provider: &'a Provider, secret: &str) -> Option<Live<'a>> {
    access_token(provider, secret).or_else(|| refresh_token(provider, secret))
}

fn access_token<'a>(provider: &'a Provider, secret: &str) -> Option<Live<'a>> {
    let token = userinfo::live(provider, secret)?;
    Some(Live {
        grant: provider.store.grants.get(&token.grant)?,
        scope: &token.scope,
        issued_at: token.issued_at,
        expires_at: token.expires_at,
        is_access_token: true,
    })
}

fn refresh_token<'a>(provider: &'a Provider, secret: &str) -> Option<Live<'a>> {
    let token = provider.store.refresh_tokens.get(secret)?;
    let good = !token.used && provider::now(provider) < token.expires_at;
    let grant = provider.store.grants.get(&token.grant)?;
    (good && store::is_live(&provider.store, token.grant)).then_some(Live {
        grant,
        scope: &grant.scope,
        issued_at: token.issued_at,
        expires_at: token.expires_at,
        is_access_token: false,
    })
}

/// RFC 7662 §2.2: what is said about an active token.
fn description(provider: &Provider, live: &Live) -> Value {
    let as_string = has(provider, Fault::IntrospectionActiveAsString);
    let active = if as_string { json!("true") } else { json!(true) };
    let mut description = json!({
        "active": active,
        "scope": live.scope.join(" "),
        "client_id": live.grant.client_id,
        "iss": provider.issuer,
        "iat": live.issued_at,
        "exp": live.expires_at,
    });
    let login = live.grant.login.as_ref();
    match login.and_then(|login| dialect::user(&provider.dialect, &login.username)) {
        Some(user) => {
            description["username"] = user.username.clone().into();
            description["sub"] = user.sub.clone().into();
        }
        // RFC 9068 §2.2 has the same rule: a client that acts for itself is the subject.
        None => description["sub"] = live.grant.client_id.clone().into(),
    }
    if live.is_access_token {
        description["token_type"] = "Bearer".into();
        description["aud"] = provider.dialect.resource.clone().into();
    }
    description
}

//! The introspection endpoint: RFC 7662.

use serde_json::{Value, json};

use crate::client_auth;
use crate::dialect::{self, Client};
use crate::fault::Fault;
use crate::form::{self, Parameters, one};
use crate::provider::{self, Provider, has};
use crate::reason::Reason;
use crate::refusal::{self, either};
use crate::scope;
use crate::store::{self, AccessToken, Grant};
use crate::userinfo;
use crate::wire::{self, Request, Response, headers};

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
    match introspect(provider, request) {
        Err(reason) if is_anonymous(request) => refuse_anonymous(provider, reason),
        outcome => either(provider, outcome),
    }
}

fn is_anonymous(request: &Request) -> bool {
    let named = form::body(request).is_ok_and(|form| one(&form, "client_id").is_some());
    !named && headers(request, "authorization").next().is_none()
}

/// The refusal of a request without authentication, as this stub sends it.
fn refuse_anonymous(provider: &Provider, reason: Reason) -> Response {
    let mut refusal = refusal::worded(provider, reason);
    if has(provider, Fault::IntrospectionRefusalSaysMore) {
        return wire::json(refusal.status, &json!({ "error": refusal.error, "active": true }));
    }
    if has(provider, Fault::IntrospectionForbidsAnonymous) {
        refusal.status = 403;
    }
    refusal::answer(&refusal)
}

fn introspect(provider: &Provider, request: &Request) -> Result<Response, Reason> {
    let form = form::back_channel(request)?;
    let client = client(provider, request, &form)?;
    let secret = one(&form, "token").ok_or(Reason::TokenMissing)?;
    if !is_known(provider, secret) {
        return unknown(provider);
    }
    // RFC 7662 §2.2: a token that the caller may not see is inactive, and nothing more is said.
    let live = live(provider, secret);
    let visible = match live {
        Some(live) if !may_see(provider, &client, &live) => {
            if has(provider, Fault::NotEntitledIsAnError) {
                return Err(Reason::NotEntitled);
            }
            None
        }
        other => other,
    };
    let answer = visible.map_or_else(|| inactive(provider), |live| description(provider, &live));
    Ok(wire::json(200, &answer))
}

/// Who asks.
fn client(provider: &Provider, request: &Request, form: &Parameters) -> Result<Client, Reason> {
    if is_anonymous(request) && has(provider, Fault::IntrospectionNeedsNoClient) {
        let server = dialect::client(&provider.dialect, "resource-server").cloned();
        return server.ok_or(Reason::NoResourceServer);
    }
    let client = client_auth::authenticate(provider, request, form)?;
    // RFC 7662 §2.1: some authorization is required, or tokens could be scanned for.
    if client.secret.is_none() {
        return Err(Reason::PublicClientIntrospects);
    }
    Ok(client)
}

fn is_known(provider: &Provider, secret: &str) -> bool {
    let store = &provider.store;
    store.access_tokens.contains_key(secret) || store.refresh_tokens.contains_key(secret)
}

fn unknown(provider: &Provider) -> Result<Response, Reason> {
    if has(provider, Fault::IntrospectionOfUnknownTokenIsAnError) {
        return Err(Reason::TokenUnknown);
    }
    if has(provider, Fault::IntrospectionSaysAllActive) {
        return Ok(wire::json(200, &json!({ "active": true })));
    }
    // RFC 7662 §2.2: an unknown token is not an error.
    Ok(wire::json(200, &inactive(provider)))
}

fn inactive(provider: &Provider) -> Value {
    if has(provider, Fault::InactiveSaysMore) {
        return json!({ "active": false, "client_id": "somebody" });
    }
    // RFC 7662 §2.2: nothing more is said about a token that is not active.
    json!({ "active": false })
}

fn may_see(provider: &Provider, client: &Client, live: &Live) -> bool {
    let own = client.introspects_every_token || live.grant.client_id == client.id;
    own || has(provider, Fault::IntrospectionForEveryClient)
}

fn live<'a>(provider: &'a Provider, secret: &str) -> Option<Live<'a>> {
    access_token(provider, secret).or_else(|| refresh_token(provider, secret))
}

fn access_token<'a>(provider: &'a Provider, secret: &str) -> Option<Live<'a>> {
    let token = userinfo::live(provider, secret).or_else(|| dead(provider, secret))?;
    Some(Live {
        grant: provider.store.grants.get(&token.grant)?,
        scope: &token.scope,
        issued_at: token.issued_at,
        expires_at: token.expires_at,
        is_access_token: true,
    })
}

/// A dead access token that a fault takes for a live one.
fn dead<'a>(provider: &'a Provider, secret: &str) -> Option<&'a AccessToken> {
    let token = provider.store.access_tokens.get(secret)?;
    let revoked = token.revoked || !store::is_live(&provider.store, token.grant);
    let expired = provider::now(provider) >= token.expires_at;
    let forgiven = (!revoked || has(provider, Fault::IntrospectionIgnoresRevocation))
        && (!expired || has(provider, Fault::IntrospectionIgnoresExpiry));
    forgiven.then_some(token)
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
        if !provider.dialect.resource.is_empty() {
            description["aud"] = provider.dialect.resource.clone().into();
        }
    }
    spoil_types(provider, &mut description);
    description
}

fn spoil_types(provider: &Provider, description: &mut Value) {
    if has(provider, Fault::IntrospectionExpAsString) {
        description["exp"] = description["exp"].to_string().into();
    }
    if has(provider, Fault::IntrospectionScopeAsArray) {
        let scopes = description["scope"].as_str().map(scope::split);
        description["scope"] = scopes.unwrap_or_default().into();
    }
}

//! The token endpoint: RFC 6749 §3.2 and §5.

use serde_json::Value;

use crate::client_auth;
use crate::client_credentials;
use crate::code;
use crate::device;
use crate::dialect::{Client, GrantType};
use crate::fault::Fault;
use crate::form::{self, Parameters, one};
use crate::provider::{Provider, has};
use crate::refresh;
use crate::refusal::{self, Refusal, refuse};
use crate::wire::{self, Request, Response};

/// Answers at the token endpoint.
pub fn answer(provider: &mut Provider, request: &Request) -> Response {
    match exchange(provider, request) {
        Ok(tokens) => wire::json(200, &tokens),
        Err(refusal) => refusal::answer(&as_sent(provider, refusal)),
    }
}

fn exchange(provider: &mut Provider, request: &Request) -> Result<Value, Refusal> {
    let form = form::back_channel(request)?;
    let client = client_auth::authenticate(provider, request, &form)?;
    let name = match one(&form, "grant_type") {
        Some(name) => name,
        None if has(provider, Fault::GrantTypeOptional) => "authorization_code",
        None => return Err(refuse("invalid_request", "grant_type is missing")),
    };
    let Some(grant_type) = grant_type(name) else {
        return unknown(provider, &client, &form);
    };
    if !client.grants.contains(&grant_type) {
        return Err(refuse("unauthorized_client", "the client may not use this grant"));
    }
    match grant_type {
        GrantType::AuthorizationCode => code::exchange(provider, &client, &form),
        GrantType::RefreshToken => refresh::exchange(provider, &client, &form),
        GrantType::ClientCredentials => client_credentials::exchange(provider, &client, &form),
        GrantType::DeviceCode => device::poll(provider, &client, &form),
    }
}

fn grant_type(name: &str) -> Option<GrantType> {
    match name {
        "authorization_code" => Some(GrantType::AuthorizationCode),
        "refresh_token" => Some(GrantType::RefreshToken),
        "client_credentials" => Some(GrantType::ClientCredentials),
        // RFC 8628 §3.4.
        "urn:ietf:params:oauth:grant-type:device_code" => Some(GrantType::DeviceCode),
        _ => None,
    }
}

fn unknown(provider: &mut Provider, client: &Client, form: &Parameters) -> Result<Value, Refusal> {
    if has(provider, Fault::UnknownGrantTypeAccepted) {
        return client_credentials::exchange(provider, client, form);
    }
    Err(refuse("unsupported_grant_type", "the grant_type is unknown"))
}

/// The refusal as this stub sends it.
fn as_sent(provider: &Provider, refusal: Refusal) -> Refusal {
    // The device grant is unusable without its codes, and that would be another fault.
    let kept =
        ["invalid_client", "authorization_pending", "slow_down", "access_denied", "expired_token"];
    if has(provider, Fault::WrongTokenErrorCodes) && !kept.contains(&refusal.error) {
        return Refusal { error: "invalid_request", ..refusal };
    }
    refusal
}

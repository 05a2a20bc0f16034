//! The token endpoint: RFC 6749 §3.2 and §5.

use serde_json::{Value, json};

use crate::client_auth;
use crate::client_credentials;
use crate::code;
use crate::device;
use crate::dialect::{Client, GrantType};
use crate::fault::Fault;
use crate::form::{self, Parameters, one};
use crate::page;
use crate::provider::{Provider, has};
use crate::reason::Reason;
use crate::refresh;
use crate::refusal::{self, Refusal};
use crate::template;
use crate::wire::{self, Request, Response};

/// Answers at the token endpoint.
pub fn answer(provider: &mut Provider, request: &Request) -> Response {
    if has(provider, Fault::MalformedTokenRequestCrashes) && form::parse(&request.body).is_err() {
        return wire::json(500, &json!({ "error": "server_error" }));
    }
    match exchange(provider, request) {
        Ok(tokens) => granted(provider, &tokens),
        Err(_) if collapses(provider, request) => page::error(500, "Something went wrong."),
        Err(reason) => refused(provider, &as_sent(provider, request, reason)),
    }
}

/// Counts the refusals of a code, and tells whether a fault has had too many of them.
fn collapses(provider: &mut Provider, request: &Request) -> bool {
    let form = form::body(request).unwrap_or_default();
    let Some(code) = one(&form, "code").filter(|_| has(provider, Fault::RefusalCrashesUnderLoad))
    else {
        return false;
    };
    let refusals = provider.counters.refusals.entry(code.to_owned()).or_default();
    *refusals += 1;
    *refusals > 4
}

fn granted(provider: &Provider, tokens: &Value) -> Response {
    if has(provider, Fault::TokenResponseCacheable) {
        return wire::cacheable_json(200, tokens, "public, max-age=300");
    }
    let response = wire::json(200, tokens);
    if has(provider, Fault::TokenResponseAsHtml) { as_html(response) } else { response }
}

fn refused(provider: &Provider, refusal: &Refusal) -> Response {
    let mut response = refusal::answer(refusal);
    if has(provider, Fault::FailedBasicWithoutChallenge) {
        response.headers.retain(|(name, _)| name != "WWW-Authenticate");
    }
    if refusal.error == "invalid_grant" && has(provider, Fault::InvalidGrantWithStatus200) {
        response.status = 200;
    }
    if has(provider, Fault::TokenErrorAsHtml) { as_html(response) } else { response }
}

/// The response with another media type and the same body.
fn as_html(mut response: Response) -> Response {
    response.headers.retain(|(name, _)| name != "Content-Type");
    wire::with_header(response, "Content-Type", "text/html")
}

/// The request as a POST of its query: only a fault answers a GET.
pub fn posted(request: &Request) -> Request {
    let media_type = "application/x-www-form-urlencoded".to_owned();
    Request {
        method: "POST".into(),
        path: request.path.clone(),
        query: String::new(),
        headers: vec![("Content-Type".into(), media_type)],
        body: request.query.clone().into_bytes(),
    }
}

fn parameters(provider: &Provider, request: &Request) -> Result<Parameters, Reason> {
    if has(provider, Fault::JsonTokenRequestAccepted)
        && let Ok(Value::Object(members)) = serde_json::from_slice(&request.body)
    {
        let texts = members.into_iter().filter_map(|(k, v)| Some((k, v.as_str()?.to_owned())));
        return Ok(Parameters(texts.collect()));
    }
    if has(provider, Fault::RepeatedTokenParameterAccepted) && request.query.is_empty() {
        return form::body(request);
    }
    form::back_channel(request)
}

fn exchange(provider: &mut Provider, request: &Request) -> Result<Value, Reason> {
    let form = parameters(provider, request)?;
    let basic = wire::headers(request, "authorization").count() > 0;
    if basic && has(provider, Fault::RefusesBasicAtTokenEndpoint) {
        return Err(Reason::AuthenticationMethodNotAllowed);
    }
    let client = client_auth::authenticate(provider, request, &form)?;
    let name = match one(&form, "grant_type") {
        Some(name) => name,
        None if has(provider, Fault::GrantTypeOptional) => "authorization_code",
        None => return Err(Reason::GrantTypeMissing),
    };
    let unsupported = has(provider, Fault::ClientCredentialsUnsupported);
    let known = grant_type(name);
    let known = known.filter(|known| !unsupported || *known != GrantType::ClientCredentials);
    let Some(grant_type) = known else {
        return unknown(provider, &client, &form);
    };
    if !client.grants.contains(&grant_type) && !has(provider, Fault::GrantTypesUnchecked) {
        return Err(Reason::GrantNotAllowed);
    }
    match grant_type {
        GrantType::AuthorizationCode => code::exchange(provider, &client, &form),
        // It has no token request: RFC 6749 §4.2.
        GrantType::Implicit => Err(Reason::GrantTypeUnsupported),
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

fn unknown(provider: &mut Provider, client: &Client, form: &Parameters) -> Result<Value, Reason> {
    if has(provider, Fault::UnknownGrantTypeAccepted) {
        return client_credentials::exchange(provider, client, form);
    }
    if one(form, "grant_type") == Some("password") && has(provider, Fault::UnlistedGrantTypeKnown) {
        return Err(Reason::CodeUnknown);
    }
    Err(Reason::GrantTypeUnsupported)
}

/// The refusal as this stub sends it.
fn as_sent(provider: &Provider, request: &Request, reason: Reason) -> Refusal {
    let refusal = explained(refusal::worded(provider, reason), request);
    // The device grant is unusable without its codes, and that would be another fault.
    let kept =
        ["invalid_client", "authorization_pending", "slow_down", "access_denied", "expired_token"];
    if has(provider, Fault::WrongTokenErrorCodes) && !kept.contains(&refusal.error.as_str()) {
        return Refusal { error: "invalid_request".into(), ..refusal };
    }
    refusal
}

/// The refusal with the parameters of the request that its description quotes.
fn explained(refusal: Refusal, request: &Request) -> Refusal {
    let Some(template) = refusal.description.as_ref().filter(|text| text.contains("${")) else {
        return refusal;
    };
    let form = form::body(request).unwrap_or_default();
    let sent = |name: &str| Some(one(&form, name).unwrap_or_default().to_owned());
    Refusal { description: template::substitute(template, sent), ..refusal }
}

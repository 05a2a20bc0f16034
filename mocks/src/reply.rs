//! The authorization response: RFC 6749 §4.1.2, with `iss` of RFC 9207.

use serde_json::Value;

use crate::authorize::ReplyTo;
use crate::fault::Fault;
use crate::form;
use crate::page;
use crate::provider::{Provider, has};
use crate::reason::Reason;
use crate::refusal::{self, Refusal};
use crate::response_type::ResponseMode;
use crate::wire::{self, Request, Response};

/// Sends a code to the client.
pub fn grant(provider: &Provider, request: &Request, to: &ReplyTo, code: &str) -> Response {
    if has(provider, Fault::CodeInFragment) {
        let rest = with_query(&to.redirect_uri, &common(provider, to, None));
        return wire::redirect(request, &format!("{rest}#code={code}"));
    }
    send(provider, request, to, &[("code", code)])
}

/// Sends tokens to the client: RFC 6749 §4.2.2, never with a refresh token.
pub fn tokens(provider: &Provider, request: &Request, to: &ReplyTo, tokens: &Value) -> Response {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let members = tokens.as_object().into_iter().flatten();
    let members = members.filter(|(name, _)| *name != "refresh_token");
    let token_type = provider.dialect.authorization.implicit_token_type.as_ref();
    let written = |name: &String, value| {
        token_type.filter(|_| name == "token_type").cloned().unwrap_or_else(|| text(value))
    };
    let members: Vec<_> =
        members.map(|(name, value)| (name.as_str(), written(name, value))).collect();
    let members: Vec<_> = members.iter().map(|(name, value)| (*name, value.as_str())).collect();
    send(provider, request, to, &members)
}

/// Sends an error to the client.
pub fn deny(provider: &Provider, request: &Request, to: &ReplyTo, reason: Reason) -> Response {
    let wrong = has(provider, Fault::WrongAuthorizeErrorCodes);
    let Refusal { error, description, .. } = refusal::worded(provider, reason);
    let error = if wrong { "server_error" } else { error.as_str() };
    let description = description.as_deref().map(|text| ("error_description", text));
    let parameters: Vec<_> = [("error", error)].into_iter().chain(description).collect();
    send(provider, request, to, &parameters)
}

fn send(provider: &Provider, request: &Request, to: &ReplyTo, what: &[(&str, &str)]) -> Response {
    let error = what.iter().find(|(name, _)| *name == "error").map(|(_, code)| *code);
    let common = common(provider, to, error);
    let mut parameters = what.to_vec();
    parameters.extend(common.iter().map(|(name, value)| (*name, value.as_str())));
    match to.response_mode {
        ResponseMode::Query => wire::redirect(request, &with_query(&to.redirect_uri, &parameters)),
        ResponseMode::Fragment => {
            let fragment = form::encode(&parameters);
            wire::redirect(request, &format!("{}#{fragment}", to.redirect_uri))
        }
        ResponseMode::FormPost => form_post(&to.redirect_uri, &parameters),
    }
}

/// The parameters that success and error responses alike have.
fn common(provider: &Provider, to: &ReplyTo, error: Option<&str>) -> Vec<(&'static str, String)> {
    let mut parameters = Vec::new();
    // RFC 6749 §4.1.2: state is required if the request had one, with the exact value received.
    let lost = has(provider, Fault::ErrorWithoutState) && error.is_some();
    parameters.extend(to.state.clone().filter(|_| !lost).map(|state| ("state", state)));
    if has(provider, Fault::InventsState) && to.state.is_none() {
        parameters.push(("state", "invented".into()));
    }
    if has(provider, Fault::StateDecodedTwice) {
        for (_, state) in &mut parameters {
            *state = state.replace('+', " ");
        }
    }
    // RFC 9207 §2: iss in success and error responses alike.
    let fault = if error.is_some() { Fault::ErrorWithoutIss } else { Fault::SuccessWithoutIss };
    if !has(provider, fault) {
        parameters.push(("iss", provider.issuer.clone()));
    }
    if has(provider, Fault::IssTwice) && error.is_none() {
        parameters.push(("iss", provider.issuer.clone()));
    }
    parameters
}

fn with_query<V: AsRef<str>>(uri: &str, parameters: &[(&str, V)]) -> String {
    // RFC 6749 §3.1.2: a query that the redirection URI has already is retained.
    let separator = if uri.contains('?') { '&' } else { '?' };
    let parameters: Vec<_> = parameters.iter().map(|(k, v)| (*k, v.as_ref())).collect();
    format!("{uri}{separator}{}", form::encode(&parameters))
}

/// OAuth 2.0 Form Post Response Mode §2. The button serves whoever runs no scripts.
fn form_post(uri: &str, parameters: &[(&str, &str)]) -> Response {
    let button = "<button type=\"submit\">Continue</button>";
    let form = page::form(uri, parameters, button);
    let script = "<script>document.forms[0].submit()</script>";
    page::page(200, "Returning to the application", &format!("{form}\n{script}"))
}

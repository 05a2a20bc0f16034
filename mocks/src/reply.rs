//! The authorization response: RFC 6749 §4.1.2, with `iss` of RFC 9207.

use crate::authorize::{Denial, ReplyTo, ResponseMode};
use crate::fault::Fault;
use crate::form;
use crate::page;
use crate::provider::{Provider, has};
use crate::wire::{self, Request, Response};

/// Sends a code to the client.
pub fn grant(provider: &Provider, request: &Request, to: &ReplyTo, code: &str) -> Response {
    send(provider, request, to, &[("code", code)])
}

/// Sends an error to the client.
pub fn deny(provider: &Provider, request: &Request, to: &ReplyTo, denial: Denial) -> Response {
    let wrong = has(provider, Fault::WrongAuthorizeErrorCodes);
    let error = if wrong { "server_error" } else { denial.error };
    send(provider, request, to, &[("error", error), ("error_description", denial.description)])
}

fn send(provider: &Provider, request: &Request, to: &ReplyTo, what: &[(&str, &str)]) -> Response {
    let mut parameters = what.to_vec();
    // RFC 6749 §4.1.2: state is required if the request had one, with the exact value received.
    parameters.extend(to.state.as_deref().map(|state| ("state", state)));
    // RFC 9207 §2: iss in success and error responses alike.
    parameters.push(("iss", &provider.issuer));
    match to.response_mode {
        ResponseMode::Query => wire::redirect(request, &with_query(&to.redirect_uri, &parameters)),
        ResponseMode::FormPost => form_post(&to.redirect_uri, &parameters),
    }
}

fn with_query(uri: &str, parameters: &[(&str, &str)]) -> String {
    // RFC 6749 §3.1.2: a query that the redirection URI has already is retained.
    let separator = if uri.contains('?') { '&' } else { '?' };
    format!("{uri}{separator}{}", form::encode(parameters))
}

/// OAuth 2.0 Form Post Response Mode §2. The button serves whoever runs no scripts.
fn form_post(uri: &str, parameters: &[(&str, &str)]) -> Response {
    let button = "<button type=\"submit\">Continue</button>";
    let form = page::form(uri, parameters, button);
    let script = "<script>document.forms[0].submit()</script>";
    page::page(200, "Returning to the application", &format!("{form}\n{script}"))
}

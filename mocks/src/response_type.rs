//! What an authorization request asks for, and how the answer travels.

use serde_json::Value;

use crate::dialect::{Client, GrantType};
use crate::fault::Fault;
use crate::form::{Parameters, one};
use crate::provider::{Provider, has};
use crate::reason::Reason;

/// How the parameters of an authorization response travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseMode {
    /// In the query of a redirect.
    Query,
    /// In a form that the browser posts.
    FormPost,
    /// In the fragment of a redirect.
    Fragment,
}

/// How the answer to a request travels.
pub fn mode(provider: &Provider, parameters: &Parameters) -> ResponseMode {
    match (one(parameters, "response_type"), one(parameters, "response_mode")) {
        // RFC 6749 §4.2.2: the implicit grant answers in the fragment.
        (Some("token"), _) if provider.dialect.authorization.implicit => ResponseMode::Fragment,
        (_, Some("form_post")) => ResponseMode::FormPost,
        _ => ResponseMode::Query,
    }
}

/// Whether a client may ask for this type of response, in this mode.
pub fn check(provider: &Provider, client: &Client, parameters: &Parameters) -> Result<(), Reason> {
    match one(parameters, "response_type") {
        Some("code") => {}
        Some("token") if provider.dialect.authorization.implicit => {}
        None if has(provider, Fault::ResponseTypeOptional) => {}
        Some(_) if has(provider, Fault::UnknownResponseTypeIsCode) => {}
        Some("token" | "id_token") if has(provider, Fault::UnlistedResponseTypeAnswered) => {}
        // RFC 6749 §3.1.1: a missing response_type is an error of its own.
        None => return Err(Reason::ResponseTypeMissing),
        // RFC 6749 §4.1.2.1: what the provider supports may still not be for this client.
        Some(listed) if is_listed(provider, listed) => {
            return Err(Reason::GrantNotAllowed);
        }
        Some(_) => return Err(Reason::ResponseTypeUnsupported),
    }
    let implicit = mode(provider, parameters) == ResponseMode::Fragment;
    let grant = if implicit { GrantType::Implicit } else { GrantType::AuthorizationCode };
    if !client.grants.contains(&grant) {
        return Err(Reason::GrantNotAllowed);
    }
    match one(parameters, "response_mode") {
        None | Some("query" | "form_post") => Ok(()),
        Some("fragment") if has(provider, Fault::UnlistedResponseModeIgnored) => Ok(()),
        Some(_) => Err(Reason::ResponseModeUnsupported),
    }
}

fn is_listed(provider: &Provider, response_type: &str) -> bool {
    let listed = provider.dialect.metadata.get("response_types_supported");
    listed.and_then(Value::as_array).is_some_and(|types| types.iter().any(|t| t == response_type))
}

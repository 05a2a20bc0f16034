//! The error answers of the endpoints that clients call directly.

use serde_json::json;

use crate::provider::Provider;
use crate::reason::{self, Reason};
use crate::wire::{self, Response};

/// An error of RFC 6749 §5.2 and its kin, in the words of the dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status code.
    pub status: u16,
    /// The error code.
    pub error: String,
    /// A sentence for the developer of the client.
    pub description: Option<String>,
}

/// How the dialect says it.
pub fn worded(provider: &Provider, reason: Reason) -> Refusal {
    let dialect = &provider.dialect.refusals;
    let words = dialect.words.get(&reason);
    let given = words.and_then(|words| words.error.clone());
    let error = given.unwrap_or_else(|| reason::error(reason).to_owned());
    let mut rows = [provider.endpoint, "*"].into_iter().filter_map(|name| dialect.status.get(name));
    let by_code = rows.find_map(|row| row.get(&error)).copied();
    let status = words.and_then(|words| words.status).or(by_code);
    let description = words.and_then(|words| words.description.clone());
    let sentence = (!dialect.terse).then(|| reason::sentence(reason).to_owned());
    Refusal {
        status: status.unwrap_or_else(|| conforming_status(reason)),
        error,
        description: description.or(sentence),
    }
}

fn conforming_status(reason: Reason) -> u16 {
    match reason {
        Reason::AccessTokenMissing | Reason::AccessTokenInvalid => 401,
        Reason::NotEntitled | Reason::ScopeInsufficient | Reason::AccessTokenOfNobody => 403,
        Reason::NothingHere => 404,
        Reason::MethodNotAllowed => 405,
        Reason::BodyTooLong => 413,
        // RFC 6749 §5.2: invalid_client may be 401, and must be if the client used the header.
        _ if reason::error(reason) == "invalid_client" => 401,
        _ => 400,
    }
}

/// The response that a reason makes.
pub fn refuse(provider: &Provider, reason: Reason) -> Response {
    answer(&worded(provider, reason))
}

/// The JSON response that a refusal makes.
pub fn answer(refusal: &Refusal) -> Response {
    let mut body = json!({ "error": refusal.error });
    if let Some(description) = &refusal.description {
        body["error_description"] = description.clone().into();
    }
    let response = wire::json(refusal.status, &body);
    if refusal.status != 401 {
        return response;
    }
    // RFC 6749 §5.2: the 401 response names the scheme that the client may use.
    wire::with_header(response, "WWW-Authenticate", "Basic realm=\"authgauge stub\"")
}

/// Either the response or the one that the reason makes.
pub fn either(provider: &Provider, outcome: Result<Response, Reason>) -> Response {
    outcome.unwrap_or_else(|reason| refuse(provider, reason))
}

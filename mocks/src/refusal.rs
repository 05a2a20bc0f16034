//! The error answers of the endpoints that clients call directly.

use serde_json::json;

use crate::manners::{Body, Words};
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
    /// The `Content-Type` of the body.
    pub media_type: Option<String>,
    /// What stands in the place of the JSON.
    pub body: Option<Body>,
    /// The `WWW-Authenticate`, if the status is 401.
    pub challenge: String,
}

/// How the dialect says it.
pub fn worded(provider: &Provider, reason: Reason) -> Refusal {
    let dialect = &provider.dialect.refusals;
    let words = words(provider, reason);
    let given = words.and_then(|words| words.error.clone());
    let error = given.unwrap_or_else(|| reason::error(reason).to_owned());
    let mut rows = [provider.endpoint, "*"].into_iter().filter_map(|name| dialect.status.get(name));
    let by_code = rows.find_map(|row| row.get(&error)).copied();
    let status = words.and_then(|words| words.status).or(by_code);
    let description = words.and_then(|words| words.description.clone());
    let sentence = (!dialect.terse).then(|| reason::sentence(reason).to_owned());
    let status = status.unwrap_or_else(|| conforming_status(reason));
    let challenge = dialect.challenge.clone();
    Refusal {
        status,
        error,
        description: description.or(sentence),
        media_type: words.and_then(|words| words.media_type.clone()),
        body: dialect.bodies.get(&status).cloned(),
        challenge: challenge.unwrap_or_else(|| "Basic realm=\"authgauge stub\"".into()),
    }
}

/// The words of the dialect, at the endpoint that is answering or everywhere.
fn words(provider: &Provider, reason: Reason) -> Option<&Words> {
    let dialect = &provider.dialect.refusals;
    let here = dialect.words_at.get(provider.endpoint).and_then(|words| words.get(&reason));
    here.or_else(|| dialect.words.get(&reason))
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

/// The response that a refusal makes.
pub fn answer(refusal: &Refusal) -> Response {
    let mut response = body(refusal);
    if let Some(media_type) = &refusal.media_type {
        response.headers.retain(|(name, _)| name != "Content-Type");
        response = wire::with_header(response, "Content-Type", media_type);
    }
    if refusal.status != 401 || refusal.challenge.is_empty() {
        return response;
    }
    // RFC 6749 §5.2: the 401 response names the scheme that the client may use.
    wire::with_header(response, "WWW-Authenticate", &refusal.challenge)
}

fn body(refusal: &Refusal) -> Response {
    if let Some(body) = &refusal.body {
        let response = Response { body: body.text.clone().into(), ..wire::empty(refusal.status) };
        return match body.media_type.as_str() {
            "" => response,
            media_type => wire::with_header(response, "Content-Type", media_type),
        };
    }
    let mut body = json!({ "error": refusal.error });
    if let Some(description) = &refusal.description {
        body["error_description"] = description.clone().into();
    }
    wire::json(refusal.status, &body)
}

/// Either the response or the one that the reason makes.
pub fn either(provider: &Provider, outcome: Result<Response, Reason>) -> Response {
    outcome.unwrap_or_else(|reason| refuse(provider, reason))
}

//! The error answers of the endpoints that clients call directly.

use serde_json::json;

use crate::wire::{self, Response};

/// An error of RFC 6749 §5.2 and its kin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status code.
    pub status: u16,
    /// The error code.
    pub error: &'static str,
    /// A sentence for the developer of the client.
    pub description: &'static str,
}

/// A refusal with the status that belongs to its code.
pub fn refuse(error: &'static str, description: &'static str) -> Refusal {
    // RFC 6749 §5.2: invalid_client may be 401, and must be if the client used the header.
    let status = if error == "invalid_client" { 401 } else { 400 };
    Refusal { status, error, description }
}

/// The JSON response that a refusal makes.
pub fn answer(refusal: &Refusal) -> Response {
    let body = json!({ "error": refusal.error, "error_description": refusal.description });
    let response = wire::json(refusal.status, &body);
    if refusal.error != "invalid_client" {
        return response;
    }
    // RFC 6749 §5.2: the 401 response names the scheme that the client may use.
    wire::with_header(response, "WWW-Authenticate", "Basic realm=\"authgauge stub\"")
}

/// Either the response or the one that the refusal makes.
pub fn either(outcome: Result<Response, Refusal>) -> Response {
    outcome.unwrap_or_else(|refusal| answer(&refusal))
}

//! What the API answers when it does not do what it is asked.

use serde_json::{Value, json};

use crate::user_pool::Switches;
use crate::wire::{Response, with_header};

/// The media type of AWS JSON 1.1.
pub const MEDIA_TYPE: &str = "application/x-amz-json-1.1";

/// A refusal. Its status is 400, whatever the reason: the model's 403, 404 and 429 never reach the wire.
#[derive(Debug)]
pub struct Exception {
    /// The name of its type.
    pub name: &'static str,
    /// What is said about it; the protocol's own errors say nothing.
    pub message: Option<String>,
}

/// What an operation answers.
pub type Outcome = Result<Value, Exception>;

/// A refusal of that type.
pub fn exception(name: &'static str, message: impl Into<String>) -> Exception {
    Exception { name, message: Some(message.into()) }
}

/// The user, the client or the token may not do this.
pub fn not_authorized(message: impl Into<String>) -> Exception {
    exception("NotAuthorizedException", message)
}

/// A parameter cannot be what it is.
pub fn invalid_parameter(message: impl Into<String>) -> Exception {
    exception("InvalidParameterException", message)
}

/// A member of the input breaks the model.
pub fn invalid_member(member: &str, constraint: &str) -> Exception {
    invalid_parameter(format!(
        "1 validation error detected: Value at '{member}' failed to satisfy constraint: {constraint}"
    ))
}

/// The request is not the protocol's.
pub fn protocol(name: &'static str) -> Exception {
    Exception { name, message: None }
}

/// The refusal as a response.
pub fn response(exception: &Exception, switches: Switches) -> Response {
    let mut body = json!({ "__type": exception.name });
    if let Some(message) = &exception.message {
        body["message"] = message.clone().into();
    }
    let colon = if switches.error_type_with_colon { ":" } else { "" };
    let name = format!("{}{colon}", exception.name);
    let response = with_header(json_response(400, &body), "x-amzn-ErrorType", &name);
    // A message may quote the request, and a header cannot carry everything that JSON can.
    let printable = |text: &&String| text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    match exception.message.as_ref().filter(printable) {
        Some(message) => with_header(response, "x-amzn-ErrorMessage", message),
        None => response,
    }
}

/// A JSON response of the API.
pub fn json_response(status: u16, body: &Value) -> Response {
    let headers = vec![("Content-Type".into(), MEDIA_TYPE.into())];
    Response { status, headers, body: body.to_string().into_bytes() }
}

//! The wire: one request as sent and one response as received.
//!
//! Everything is kept raw, ordered and repeatable, because negative cases send what a well-behaved
//! client would never send and a provider may answer with anything. The typed views on a
//! [`Response`] return `Option` or `Result`: reading an answer never fails a run.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use url::Url;

/// A request, exactly as it goes to the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method, spelled as it is sent.
    pub method: String,
    /// The absolute address, query included and already percent-encoded.
    pub url: Url,
    /// Header fields in the order in which they are sent; names may repeat.
    pub headers: Vec<(String, String)>,
    /// The body; empty when there is none.
    pub body: Vec<u8>,
}

/// A response, exactly as it came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Header fields with lower-case names; names may repeat.
    pub headers: Vec<(String, String)>,
    /// The body, up to the transport's limit.
    pub body: Vec<u8>,
    /// Whether the body was longer than the transport's limit and the rest was not read.
    pub truncated: bool,
    /// What [`Response::json`] has read of the body.
    pub document: Document,
}

/// A body as JSON, read when it is first asked for: every predicate and every kept name asks.
#[derive(Debug, Clone, Default)]
pub struct Document(OnceLock<Result<Value, String>>);

/// It adds nothing to the body that it is read from.
impl PartialEq for Document {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Document {}

/// One request and what became of it.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// What was sent.
    pub request: Request,
    /// What came back, or why nothing did.
    pub outcome: Result<Response, TransportError>,
    /// When the request was handed to the transport.
    pub started: SystemTime,
    /// How often it was sent before and answered 429 with a `Retry-After` that was waited for.
    pub repeats: u32,
    /// From handing the request over until the last byte of the body was read.
    pub elapsed: Duration,
}

/// Why a request got no response: the environment's fault, never a verdict on the provider.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// No connection could be made: name resolution, TCP or TLS.
    #[error("could not connect to {host}: {cause}")]
    Connect {
        /// Host and port.
        host: String,
        /// The whole chain of causes.
        cause: String,
    },
    /// The response did not arrive within the time allowed.
    #[error("no complete response from {host} within {} s", after.as_secs_f32())]
    TimedOut {
        /// Host and port.
        host: String,
        /// The time allowed.
        after: Duration,
    },
    /// The connection was made and then failed.
    #[error("the exchange with {host} broke off: {cause}")]
    Broken {
        /// Host and port.
        host: String,
        /// The whole chain of causes.
        cause: String,
    },
    /// The address is none of the provider's.
    #[error(
        "{origin} is not contacted, because the provider file does not name it; if it belongs to \
         the provider, add it to `origins`"
    )]
    NotNamed {
        /// Scheme, host and port.
        origin: String,
    },
    /// The request cannot be sent as HTTP, for example because a header has a line break.
    #[error("the request cannot be sent: {0}")]
    Unsendable(String),
}

impl Exchange {
    /// The response, when there is one.
    pub fn response(&self) -> Option<&Response> {
        self.outcome.as_ref().ok()
    }
}

impl Response {
    /// The first value of a header field; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// All values of a header field; `name` in lower case.
    pub fn headers_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// The body as text; what is not UTF-8 becomes U+FFFD.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// Says in one clause why the body is not JSON.
    pub fn json(&self) -> Result<&Value, String> {
        self.document.0.get_or_init(|| self.read_json()).as_ref().map_err(Clone::clone)
    }

    fn read_json(&self) -> Result<Value, String> {
        if self.body.is_empty() {
            return Err("the body is empty".into());
        }
        if self.truncated {
            return Err(format!("the body is longer than {} bytes", self.body.len()));
        }
        serde_json::from_slice(&self.body).map_err(|e| format!("the body is not JSON ({e})"))
    }

    /// The media type, in lower case and without parameters.
    pub fn media_type(&self) -> Option<String> {
        let value = self.header("content-type")?;
        Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    }

    /// Whether this is a redirect with a target.
    pub fn redirects(&self) -> bool {
        (300..400).contains(&self.status) && self.header("location").is_some()
    }
}

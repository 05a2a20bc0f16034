//! The transport: the only module that names reqwest.

use std::error::Error;
use std::future::Future;
use std::time::{Duration, Instant, SystemTime};

use http::{HeaderMap, HeaderValue, StatusCode};

use crate::wire::{Exchange, Request, Response, TransportError};

/// Sends one request and reads one response; follows nothing, retries nothing, keeps no cookies.
pub trait Transport: Sync {
    /// Sends the request. A failure is part of the exchange, never an `Err`.
    fn exchange(&self, request: Request) -> impl Future<Output = Exchange> + Send;
}

/// The longest body that is kept, in bytes; the rest of a longer one is not read.
pub const BODY_LIMIT: usize = 1 << 20;

/// The transport over real connections.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    client: reqwest::Client,
    timeout: Duration,
}

impl HttpTransport {
    /// A transport that allows each exchange `timeout`, from connecting to the last byte.
    ///
    /// # Errors
    /// When no TLS roots can be loaded from the system.
    pub fn new(timeout: Duration) -> Result<Self, String> {
        // Retries must be off: reqwest would resend after a protocol-level refusal, and a replayed
        // single-use code would then look like the provider's fault.
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .timeout(timeout)
            .build()
            .map_err(|e| chain(&e))?;
        Ok(Self { client, timeout })
    }

    async fn perform(&self, request: &Request) -> Result<Response, TransportError> {
        let prepared = prepare(request)?;
        let mut answer =
            self.client.execute(prepared).await.map_err(|e| self.explain(request, &e))?;
        let mut response = head(answer.status(), answer.headers());
        while let Some(chunk) = answer.chunk().await.map_err(|e| self.explain(request, &e))? {
            append(&mut response, &chunk);
            if response.truncated {
                break;
            }
        }
        Ok(response)
    }

    fn explain(&self, request: &Request, error: &reqwest::Error) -> TransportError {
        let host = host(request);
        if error.is_timeout() {
            TransportError::TimedOut { host, after: self.timeout }
        } else if error.is_connect() {
            TransportError::Connect { host, cause: chain(error) }
        } else if error.is_builder() {
            TransportError::Unsendable(chain(error))
        } else {
            TransportError::Broken { host, cause: chain(error) }
        }
    }
}

impl Transport for HttpTransport {
    async fn exchange(&self, request: Request) -> Exchange {
        let (started, clock) = (SystemTime::now(), Instant::now());
        let outcome = self.perform(&request).await;
        Exchange { request, outcome, started, repeats: 0, elapsed: clock.elapsed() }
    }
}

fn prepare(request: &Request) -> Result<reqwest::Request, TransportError> {
    let unsendable = |what: &str, e: &dyn Error| TransportError::Unsendable(format!("{what}: {e}"));
    let method = reqwest::Method::from_bytes(request.method.as_bytes())
        .map_err(|e| unsendable("bad method", &e))?;
    let mut prepared = reqwest::Request::new(method, request.url.clone());
    for (name, value) in &request.headers {
        let name = reqwest::header::HeaderName::from_bytes(name.as_bytes())
            .map_err(|e| unsendable("bad header name", &e))?;
        let value = reqwest::header::HeaderValue::from_bytes(value.as_bytes())
            .map_err(|e| unsendable("bad header value", &e))?;
        prepared.headers_mut().append(name, value);
    }
    if !request.body.is_empty() {
        *prepared.body_mut() = Some(request.body.clone().into());
    }
    Ok(prepared)
}

/// A response without its body.
pub fn head(status: StatusCode, headers: &HeaderMap) -> Response {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    Response {
        status: status.as_u16(),
        headers: headers.iter().map(|(name, value)| (name.as_str().into(), text(value))).collect(),
        ..Response::default()
    }
}

/// Adds what has come of a body, up to [`BODY_LIMIT`]; beyond it the response is truncated.
pub fn append(response: &mut Response, chunk: &[u8]) {
    let room = BODY_LIMIT - response.body.len();
    response.body.extend_from_slice(&chunk[..chunk.len().min(room)]);
    response.truncated |= chunk.len() > room;
}

/// The host and port that a request goes to, as messages name them.
pub fn host(request: &Request) -> String {
    let url = &request.url;
    let port = url.port_or_known_default().map(|p| format!(":{p}")).unwrap_or_default();
    format!("{}{port}", url.host_str().unwrap_or("?"))
}

/// An error with all its causes: a TLS failure names its reason only at the end of the chain.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let said = cause.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        source = cause.source();
    }
    text
}

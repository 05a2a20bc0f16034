//! The lean transport: one that costs less processor time for each request than the standard one.
//! It knows no proxies and no compression, which few providers under load are reached through.

use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::transport::{BODY_LIMIT, Transport, chain, host};
use crate::wire::{Exchange, Request, Response, TransportError};

/// Connections, and how long an exchange may take.
#[derive(Debug, Clone)]
pub struct LeanTransport {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    timeout: Duration,
}

impl LeanTransport {
    /// A transport that allows each exchange `timeout`, from connecting to the last byte.
    ///
    /// # Errors
    /// When no TLS roots can be loaded from the system.
    pub fn new(timeout: Duration) -> Result<Self, String> {
        let mut sockets = HttpConnector::new();
        sockets.enforce_http(false);
        sockets.set_nodelay(true);
        let builder = HttpsConnectorBuilder::new().try_with_platform_verifier();
        let builder = builder.map_err(|e| chain(&e))?.https_or_http();
        let connector = builder.enable_all_versions().wrap_connector(sockets);
        // A request that was sent once is never sent again: a code that was used twice would look
        // like the provider's fault.
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .retry_canceled_requests(false)
            .build(connector);
        Ok(Self { client, timeout })
    }

    async fn perform(&self, request: &Request) -> Result<Response, TransportError> {
        let answer = self.client.request(prepare(request)?).await;
        let answer = answer.map_err(|e| explain(request, &e))?;
        let headers = answer.headers().iter();
        let mut response = Response {
            status: answer.status().as_u16(),
            headers: headers
                .map(|(n, v)| (n.to_string(), String::from_utf8_lossy(v.as_bytes()).into_owned()))
                .collect(),
            ..Response::default()
        };
        let mut body = answer.into_body();
        while let Some(frame) = body.frame().await {
            let broken = |e| TransportError::Broken { host: host(request), cause: chain(&e) };
            let Ok(chunk) = frame.map_err(broken)?.into_data() else { continue };
            let room = BODY_LIMIT - response.body.len();
            response.body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if chunk.len() > room {
                response.truncated = true;
                break;
            }
        }
        Ok(response)
    }
}

impl Transport for LeanTransport {
    async fn exchange(&self, request: Request) -> Exchange {
        let (started, clock) = (SystemTime::now(), Instant::now());
        let performed = tokio::time::timeout(self.timeout, self.perform(&request)).await;
        let outcome = performed.unwrap_or_else(|_| {
            Err(TransportError::TimedOut { host: host(&request), after: self.timeout })
        });
        Exchange { request, outcome, started, repeats: 0, elapsed: clock.elapsed() }
    }
}

fn prepare(request: &Request) -> Result<http::Request<Full<Bytes>>, TransportError> {
    let mut prepared =
        http::Request::builder().method(request.method.as_bytes()).uri(request.url.as_str());
    for (name, value) in &request.headers {
        prepared = prepared.header(name.as_bytes(), value.as_bytes());
    }
    let body = Full::new(Bytes::copy_from_slice(&request.body));
    prepared.body(body).map_err(|e| TransportError::Unsendable(e.to_string()))
}

fn explain(request: &Request, error: &Error) -> TransportError {
    let (host, cause) = (host(request), chain(error));
    if error.is_connect() {
        TransportError::Connect { host, cause }
    } else {
        TransportError::Broken { host, cause }
    }
}

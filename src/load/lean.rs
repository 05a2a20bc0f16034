//! The lean transport: one that costs less processor time for each request than the standard one.
//! The price: HTTP/1.1 only, and neither proxies nor compression, which few providers under load
//! need.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;
use url::{Position, Url};

use crate::load::connection::{Body, Connection};
use crate::transport::{Transport, chain, host};
use crate::wire::{Exchange, Request, Response, TransportError};

type Stream = MaybeHttpsStream<TokioIo<TcpStream>>;

/// Connections, and how long an exchange may take.
#[derive(Debug)]
pub struct LeanTransport {
    connector: HttpsConnector<HttpConnector>,
    /// The connections that nobody uses, by scheme, host and port.
    idle: Mutex<HashMap<String, Vec<Connection<Stream>>>>,
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
        let connector = builder.enable_http1().wrap_connector(sockets);
        Ok(Self { connector, idle: Mutex::default(), timeout })
    }

    async fn perform(&self, request: &Request) -> Result<Response, TransportError> {
        let prepared = prepare(request)?;
        let mut connection = match self.reuse(&request.url).await {
            Some(connection) => connection,
            None => Box::pin(self.connect(request)).await?,
        };
        let response = connection.exchange(prepared).await;
        let response = response
            .map_err(|e| TransportError::Broken { host: host(request), cause: chain(&e) })?;
        self.keep(&request.url, connection);
        Ok(response)
    }

    /// A connection that is open and not in use. One that the provider has closed in the meantime
    /// is noticed here: a request that was sent once is never sent again, for a code that was used
    /// twice would look like the provider's fault.
    async fn reuse(&self, url: &Url) -> Option<Connection<Stream>> {
        loop {
            let mut connection = self.idle().get_mut(origin(url))?.pop()?;
            if connection.is_ready().await {
                return Some(connection);
            }
        }
    }

    async fn connect(&self, request: &Request) -> Result<Connection<Stream>, TransportError> {
        let failed = |cause| TransportError::Connect { host: host(request), cause };
        let unsendable = |e: http::uri::InvalidUri| TransportError::Unsendable(e.to_string());
        let uri = origin(&request.url).parse().map_err(unsendable)?;
        let stream = self.connector.clone().call(uri).await;
        let stream = stream.map_err(|e| failed(chain(&*e)))?;
        Connection::over(stream).await.map_err(|e| failed(chain(&e)))
    }

    fn keep(&self, url: &Url, connection: Connection<Stream>) {
        if connection.ended {
            return;
        }
        let (mut idle, origin) = (self.idle(), origin(url));
        match idle.get_mut(origin) {
            Some(known) => known.push(connection),
            None => drop(idle.insert(origin.to_owned(), vec![connection])),
        }
    }

    fn idle(&self) -> MutexGuard<'_, HashMap<String, Vec<Connection<Stream>>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
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

/// Scheme, host and port.
fn origin(url: &Url) -> &str {
    &url[..Position::BeforePath]
}

fn prepare(request: &Request) -> Result<http::Request<Body>, TransportError> {
    let url = &request.url;
    let mut prepared = http::Request::builder()
        .method(request.method.as_bytes())
        .uri(&url[Position::BeforePath..Position::AfterQuery]);
    if !request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        // RFC 9112 §3.2: a client sends it in every request.
        prepared =
            prepared.header(http::header::HOST, &url[Position::BeforeHost..Position::AfterPort]);
    }
    for (name, value) in &request.headers {
        prepared = prepared.header(name.as_bytes(), value.as_bytes());
    }
    let body = Body::new(Bytes::copy_from_slice(&request.body));
    prepared.body(body).map_err(|e| TransportError::Unsendable(e.to_string()))
}

//! The lean transport: one that costs less processor time for each request than the standard one.
//!
//! Who sends a request also drives the connection that carries it, so that no other task has to be
//! woken. The price: HTTP/1.1 only, and neither proxies nor compression, which few providers under
//! load need.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;
use url::{Position, Url};

use crate::transport::{BODY_LIMIT, Transport, chain, host};
use crate::wire::{Exchange, Request, Response, TransportError};

type Stream = MaybeHttpsStream<TokioIo<TcpStream>>;
type Body = Full<Bytes>;

/// Connections, and how long an exchange may take.
#[derive(Debug)]
pub struct LeanTransport {
    connector: HttpsConnector<HttpConnector>,
    /// The connections that nobody uses, by scheme, host and port.
    idle: Mutex<HashMap<String, Vec<Connection>>>,
    timeout: Duration,
}

/// A connection that makes progress only while it is used.
#[derive(Debug)]
struct Connection {
    sender: SendRequest<Body>,
    driver: http1::Connection<Stream, Body>,
    ended: bool,
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
            None => self.connect(request).await?,
        };
        let broken =
            |e: hyper::Error| TransportError::Broken { host: host(request), cause: chain(&e) };
        let answer = connection.sender.send_request(prepared);
        let answer = beside(&mut connection.driver, &mut connection.ended, answer).await;
        let answer = answer.map_err(broken)?;
        let mut response = head(&answer);
        let mut body = answer.into_body();
        loop {
            let frame = beside(&mut connection.driver, &mut connection.ended, body.frame()).await;
            let Some(frame) = frame.transpose().map_err(broken)? else { break };
            let Ok(chunk) = frame.into_data() else { continue };
            let room = BODY_LIMIT - response.body.len();
            response.body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if chunk.len() > room {
                response.truncated = true;
                return Ok(response);
            }
        }
        self.keep(&request.url, connection);
        Ok(response)
    }

    /// A connection that is open and not in use. One that the provider has closed in the meantime
    /// is noticed here: a request that was sent once is never sent again, for a code that was used
    /// twice would look like the provider's fault.
    async fn reuse(&self, url: &Url) -> Option<Connection> {
        loop {
            let mut connection = self.idle().get_mut(origin(url))?.pop()?;
            let ready = connection.sender.ready();
            let ready = beside(&mut connection.driver, &mut connection.ended, ready).await;
            if ready.is_ok() && !connection.ended {
                return Some(connection);
            }
        }
    }

    async fn connect(&self, request: &Request) -> Result<Connection, TransportError> {
        let failed = |cause| TransportError::Connect { host: host(request), cause };
        let unsendable = |e: http::uri::InvalidUri| TransportError::Unsendable(e.to_string());
        let uri = origin(&request.url).parse().map_err(unsendable)?;
        let stream = self.connector.clone().call(uri).await;
        let stream = stream.map_err(|e| failed(chain(&*e)))?;
        let hands = http1::handshake(stream).await;
        let (sender, driver) = hands.map_err(|e| failed(chain(&e)))?;
        Ok(Connection { sender, driver, ended: false })
    }

    fn keep(&self, url: &Url, connection: Connection) {
        if connection.ended {
            return;
        }
        let (mut idle, origin) = (self.idle(), origin(url));
        match idle.get_mut(origin) {
            Some(known) => known.push(connection),
            None => drop(idle.insert(origin.to_owned(), vec![connection])),
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, HashMap<String, Vec<Connection>>> {
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

/// Waits for something that a connection brings, and drives the connection meanwhile.
async fn beside<O>(
    driver: &mut http1::Connection<Stream, Body>,
    ended: &mut bool,
    wanted: impl Future<Output = O>,
) -> O {
    let mut wanted = pin!(wanted);
    poll_fn(|context| {
        // What has arrived is read before anything is sent; then comes what is to be sent.
        drive(driver, ended, context);
        if let Poll::Ready(brought) = wanted.as_mut().poll(context) {
            return Poll::Ready(brought);
        }
        drive(driver, ended, context);
        wanted.as_mut().poll(context)
    })
    .await
}

fn drive(
    driver: &mut http1::Connection<Stream, Body>,
    ended: &mut bool,
    context: &mut Context<'_>,
) {
    if !*ended {
        // Why a connection ended is told to whoever waits for its answer.
        *ended = Pin::new(driver).poll(context).is_ready();
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
    let body = Full::new(Bytes::copy_from_slice(&request.body));
    prepared.body(body).map_err(|e| TransportError::Unsendable(e.to_string()))
}

fn head(answer: &http::Response<Incoming>) -> Response {
    let headers = answer.headers().iter();
    Response {
        status: answer.status().as_u16(),
        headers: headers
            .map(|(n, v)| (n.as_str().into(), String::from_utf8_lossy(v.as_bytes()).into_owned()))
            .collect(),
        ..Response::default()
    }
}

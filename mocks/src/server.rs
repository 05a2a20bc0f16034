//! The engine behind hyper: HTTP/1.1 and HTTP/2, plain or with TLS, for whoever needs a stub on its
//! own. The only module that names hyper.

use std::convert::Infallible;
use std::future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_LENGTH, HOST, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};

use crate::conditions::Conditions;
use crate::dialect;
use crate::engine::{Answer, Engine, LONGEST_BODY};
use crate::error::{StubError, cannot_listen};
use crate::overlay::{self, Configured};
use crate::tls::{self, Tls};
use crate::wire::{Request, Response};

/// A longer body is read up to here, so that its sender listens to the refusal.
const LONGEST_READ: usize = 2 << 20;
/// Further connections wait until one of these ends.
const MOST_CONNECTIONS: usize = 16_384;
/// How long the requests that have begun may take once the stub is to stop.
const FAREWELL: Duration = Duration::from_secs(5);

/// What to start.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// The name of the dialect.
    pub dialect: String,
    /// A file to lay over the dialect.
    pub config: Option<PathBuf>,
    /// The names of the faults that are on.
    pub faults: Vec<String>,
    /// The address to listen on.
    pub host: IpAddr,
    /// The port; 0 for any free one.
    pub port: u16,
    /// Whether to speak TLS.
    pub tls: bool,
    /// Where the certificate of the throw-away authority goes; a temporary file by default.
    pub ca_file: Option<PathBuf>,
    /// Under what conditions it answers.
    pub conditions: Conditions,
    /// How long a client may take to send a request's head, or its body.
    pub patience: Duration,
}

impl Default for ServerOptions {
    fn default() -> ServerOptions {
        ServerOptions {
            dialect: "strict".into(),
            config: None,
            faults: Vec::new(),
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            tls: false,
            ca_file: None,
            conditions: Conditions::default(),
            patience: Duration::from_secs(30),
        }
    }
}

/// A stub that listens; [`Server::serve`] makes it answer.
pub struct Server {
    listener: TcpListener,
    address: String,
    issuer: String,
    shared: Arc<Shared>,
}

struct Shared {
    engine: Engine,
    tls: Option<Tls>,
    patience: Duration,
}

impl Server {
    /// Listens.
    ///
    /// # Errors
    /// When a name is unknown, a file is invalid or the port cannot be had.
    pub async fn bind(options: &ServerOptions) -> Result<Server, StubError> {
        let Configured { dialect, base_url } = match &options.config {
            Some(path) => overlay::read(&options.dialect, path)?,
            None => Configured { dialect: dialect::find(&options.dialect)?, base_url: None },
        };
        let (host, port) = (options.host, options.port);
        let taken = |source| cannot_listen(host, port, source);
        let listener = TcpListener::bind((host, port)).await.map_err(taken)?;
        let address = address(options.tls, listener.local_addr().map_err(taken)?);
        let base_url = base_url.unwrap_or_else(|| address.clone());
        let engine =
            Engine::under(dialect, &options.faults, &base_url, options.conditions.clone())?;
        let issuer = engine.issuer();
        let tls = options.tls.then(|| tls::new(host, options.ca_file.as_deref())).transpose()?;
        let shared = Arc::new(Shared { engine, tls, patience: options.patience });
        Ok(Server { listener, address, issuer, shared })
    }

    /// Where it answers, without a trailing slash: `https://127.0.0.1:41234`.
    pub fn base_url(&self) -> &str {
        &self.address
    }

    /// Its issuer identifier.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The file with the certificate that clients must trust, when it speaks TLS.
    pub fn ca_file(&self) -> Option<&Path> {
        self.shared.tls.as_ref().map(|tls| tls.authority.path.as_path())
    }

    /// Answers until `stop` comes; then finishes the requests that have begun.
    pub async fn serve(self, stop: impl Future<Output = ()>) {
        let (graceful, mut stop) = (GracefulShutdown::new(), pin!(stop));
        let slots = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        loop {
            let (stream, slot) = tokio::select! {
                () = &mut stop => break,
                accepted = accept(&self.listener, &slots) => accepted,
            };
            tokio::spawn(connection(stream, slot, Arc::clone(&self.shared), graceful.watcher()));
        }
        drop(self.listener);
        // Whoever takes longer is cut off: nothing of a stub is worth waiting for.
        drop(timeout(FAREWELL, graceful.shutdown()).await);
    }
}

fn address(tls: bool, listens_at: SocketAddr) -> String {
    let scheme = if tls { "https" } else { "http" };
    // Nobody can connect to the unspecified address.
    if listens_at.ip().is_unspecified() {
        return format!("{scheme}://localhost:{}", listens_at.port());
    }
    format!("{scheme}://{listens_at}")
}

async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> (TcpStream, Option<OwnedSemaphorePermit>) {
    // Nobody closes the semaphore, so there is always a slot in the end.
    let slot = Arc::clone(slots).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, slot),
            // The client has gone, or the process has too many files: the next one may succeed.
            Err(_) => sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn connection(
    stream: TcpStream,
    slot: Option<OwnedSemaphorePermit>,
    shared: Arc<Shared>,
    watcher: Watcher,
) {
    // An answer must not wait for the acknowledgement of the last one. It is an optimization only.
    drop(stream.set_nodelay(true));
    match &shared.tls {
        None => converse(stream, &shared, watcher).await,
        Some(tls) => {
            let handshake = timeout(shared.patience, tls.acceptor.accept(stream));
            if let Ok(Ok(stream)) = handshake.await {
                converse(stream, &shared, watcher).await;
            }
        }
    }
    drop(slot);
}

/// Serves one connection to its end, or to the end of the stub's patience.
async fn converse<S>(stream: S, shared: &Arc<Shared>, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let asked = Arc::new(AtomicBool::new(false));
    let service = service_fn({
        let (shared, asked) = (Arc::clone(shared), Arc::clone(&asked));
        move |request| {
            asked.store(true, Ordering::Relaxed);
            exchange(Arc::clone(&shared), request)
        }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(shared.patience);
    builder.http1().max_buf_size(LONGEST_BODY);
    builder.http2().timer(TokioTimer::new()).max_header_list_size(16 << 10);
    builder.http2().max_concurrent_streams(256).keep_alive_interval(shared.patience);
    let connection = watcher.watch(builder.serve_connection(TokioIo::new(stream), service));
    // How a connection ends is the client's business.
    tokio::select! {
        ended = connection => drop(ended),
        () = silence(&asked, shared.patience) => {}
    }
}

/// Returns once nobody has asked anything for so long. hyper's own limit begins when it knows the
/// version of HTTP, which a client may never say.
async fn silence(asked: &AtomicBool, patience: Duration) {
    sleep(patience).await;
    if asked.load(Ordering::Relaxed) {
        future::pending::<()>().await;
    }
}

type HttpResponse = hyper::Response<Full<Bytes>>;

async fn exchange(
    shared: Arc<Shared>,
    request: hyper::Request<Incoming>,
) -> Result<HttpResponse, Infallible> {
    let (parts, body) = request.into_parts();
    let body = match timeout(shared.patience, collect(body)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return Ok(bare(400)),
        Err(_) => return Ok(bare(408)),
    };
    let Answer { response, delay } = shared.engine.handle(&read(&parts, body));
    if !delay.is_zero() {
        sleep(delay).await;
    }
    Ok(write(response, parts.method == hyper::Method::HEAD))
}

/// The body, or as much of it as shows that it is too long.
async fn collect(mut body: Incoming) -> Result<Vec<u8>, hyper::Error> {
    let (mut bytes, mut length) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await.transpose()? {
        let Some(data) = frame.data_ref() else { continue };
        length += data.len();
        let room = LONGEST_BODY + 1 - bytes.len();
        bytes.extend_from_slice(&data[..data.len().min(room)]);
        if length > LONGEST_READ {
            break;
        }
    }
    Ok(bytes)
}

fn read(parts: &Parts, body: Vec<u8>) -> Request {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let authority = parts.uri.authority().map(|authority| ("host".into(), authority.to_string()));
    // RFC 9112 §3.2.2 and RFC 9113 §8.3.1: the authority of the target goes before the Host header.
    let replaced = authority.is_some();
    let headers = parts.headers.iter().filter(|(name, _)| !(replaced && *name == HOST));
    let headers = headers.map(|(name, value)| (name.as_str().to_owned(), text(value)));
    Request {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: authority.into_iter().chain(headers).collect(),
        body,
    }
}

fn write(response: Response, head: bool) -> HttpResponse {
    let mut sent = bare(response.status);
    for (name, value) in &response.headers {
        // What HTTP does not allow is left out; a header is not worth a panic.
        if let (Ok(name), Ok(value)) = (HeaderName::from_str(name), HeaderValue::from_str(value)) {
            sent.headers_mut().append(name, value);
        }
    }
    if head {
        // RFC 9110 §9.3.2: the length that GET would have, and no body.
        sent.headers_mut().insert(CONTENT_LENGTH, response.body.len().into());
    } else {
        *sent.body_mut() = Full::from(response.body);
    }
    sent
}

/// A response without headers and body.
fn bare(status: u16) -> HttpResponse {
    let mut response = HttpResponse::default();
    // A dialect may have any number there, and an answer is owed all the same.
    let status = hyper::StatusCode::from_u16(status);
    *response.status_mut() = status.unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR);
    response
}

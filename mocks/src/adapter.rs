//! The engine behind wiremock; the only module that names wiremock.

use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::str::FromStr;

use wiremock::http::{HeaderName, HeaderValue};
use wiremock::{Mock, MockServer, Respond, ResponseTemplate, matchers};

use crate::engine::{Answer, Engine};
use crate::error::{StubError, cannot_listen};
use crate::wire::{Request, Response};

/// What to start.
#[derive(Clone, Debug)]
pub struct Options {
    /// The name of the dialect.
    pub dialect: String,
    /// The names of the faults that are on.
    pub faults: Vec<String>,
    /// The port on 127.0.0.1; 0 for any free one.
    pub port: u16,
}

impl Default for Options {
    fn default() -> Options {
        Options { dialect: "strict".into(), faults: Vec::new(), port: 0 }
    }
}

/// A running stub. Dropping it stops it.
#[derive(Debug)]
pub struct Stub {
    #[expect(dead_code, reason = "it serves until it is dropped")]
    server: MockServer,
    base_url: String,
    issuer: String,
}

impl Stub {
    /// Starts a stub on 127.0.0.1.
    ///
    /// # Errors
    /// When a name is unknown or the port cannot be had.
    pub async fn start(options: &Options) -> Result<Stub, StubError> {
        let (host, port) = (IpAddr::V4(Ipv4Addr::LOCALHOST), options.port);
        let taken = |source| cannot_listen(host, port, source);
        let listener = TcpListener::bind((host, port)).map_err(taken)?;
        let address = listener.local_addr().map_err(taken)?;
        let base_url = format!("http://{address}");
        let engine = Engine::new(&options.dialect, &options.faults, &base_url)?;
        let issuer = engine.issuer();
        let builder = MockServer::builder().listener(listener).disable_request_recording();
        let server = builder.start().await;
        Mock::given(matchers::any()).respond_with(Adapter(engine)).mount(&server).await;
        Ok(Stub { server, base_url, issuer })
    }

    /// Where it answers, without a trailing slash: `http://127.0.0.1:41234`.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Its issuer identifier.
    pub fn issuer(&self) -> String {
        self.issuer.clone()
    }
}

struct Adapter(Engine);

impl Respond for Adapter {
    fn respond(&self, request: &wiremock::Request) -> ResponseTemplate {
        let Answer { response, delay } = self.0.handle(&read(request));
        let template = write(response);
        if delay.is_zero() { template } else { template.set_delay(delay) }
    }
}

fn read(request: &wiremock::Request) -> Request {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = request.headers.iter();
    Request {
        method: request.method.to_string(),
        path: request.url.path().to_owned(),
        query: request.url.query().unwrap_or_default().to_owned(),
        headers: headers.map(|(name, value)| (name.to_string(), text(value))).collect(),
        body: request.body.clone(),
    }
}

fn write(response: Response) -> ResponseTemplate {
    let template = ResponseTemplate::new(response.status).set_body_bytes(response.body);
    response.headers.iter().fold(template, |template, (name, value)| {
        // The template panics on what HTTP does not allow; a header is not worth that.
        match (HeaderName::from_str(name), HeaderValue::from_str(value)) {
            (Ok(name), Ok(value)) => template.append_header(name, value),
            _ => template,
        }
    })
}

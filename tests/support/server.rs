//! A tiny HTTP server on loopback that answers whatever a test wants, be it HTTP or not.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// More than any honest request of these tests, in bytes.
const REQUEST_LIMIT: usize = 1 << 20;
/// How long a connection may stay silent.
const PATIENCE: Duration = Duration::from_secs(15);

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    /// The path without the query.
    pub path: String,
    pub query: String,
    /// The header fields, as they came.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// What to do with a request.
pub enum Answer {
    /// Writes these bytes and closes.
    Bytes(Vec<u8>),
    /// Writes nothing until the client gives up.
    Stall,
}

/// A running server. Dropping it stops it.
pub struct Server {
    address: SocketAddr,
    stopped: Arc<AtomicBool>,
}

impl Server {
    /// Starts a server on a free port; each request is answered on a thread of its own.
    pub fn start(answer: impl Fn(&Asked, &str) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let (stopped, answer) = (Arc::new(AtomicBool::new(false)), Arc::new(answer));
        let flag = Arc::clone(&stopped);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if flag.load(Ordering::Relaxed) {
                    return;
                }
                let answer = Arc::clone(&answer);
                let origin = format!("http://{address}");
                thread::spawn(move || serve(stream, |asked| answer(asked, &origin)));
            }
        });
        Self { address, stopped }
    }

    /// `http://127.0.0.1:port`.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // The listener waits for a connection before it looks at the flag.
        drop(TcpStream::connect(self.address));
    }
}

/// An address at which nothing listens.
pub fn closed_port() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("it is bound")
}

/// A response with its length and `Connection: close`.
pub fn response(status: &str, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Answer {
    let body = body.as_ref();
    let mut text = format!("HTTP/1.1 {status}\r\nConnection: close\r\n");
    text.extend(headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")));
    let mut bytes = format!("{text}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    Answer::Bytes(bytes)
}

/// A JSON document.
pub fn json(status: &str, document: &serde_json::Value) -> Answer {
    response(status, &[("Content-Type", "application/json")], document.to_string())
}

/// Writes a provider file for a server into a folder.
pub fn provider_file(folder: &Path, issuer: &str, rest: &str) -> PathBuf {
    let path = folder.join("provider.yaml");
    let head =
        format!("name: test\nissuer: {issuer}\nredirect_uri: http://127.0.0.1:18999/callback\n");
    std::fs::write(&path, head + rest).expect("the folder can be written");
    path
}

fn serve(mut stream: TcpStream, answer: impl Fn(&Asked) -> Answer) {
    // Whatever fails here is the client going away, which is its right.
    drop(stream.set_read_timeout(Some(PATIENCE)));
    drop(stream.set_write_timeout(Some(PATIENCE)));
    let Some(asked) = read(&mut stream) else { return };
    match answer(&asked) {
        Answer::Bytes(bytes) => drop(stream.write_all(&bytes)),
        Answer::Stall => drop(stream.read(&mut [0])),
    }
}

fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 16 * 1024];
    loop {
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
        }
        if let Some(asked) = parse(&bytes) {
            return Some(asked);
        }
        if bytes.len() > REQUEST_LIMIT {
            return None;
        }
    }
}

/// The request, once all of it is there.
fn parse(bytes: &[u8]) -> Option<Asked> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: usize = length.map_or(0, |(_, value)| value.parse().unwrap_or(0));
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let (path, query) = (path.to_owned(), query.to_owned());
    (body.len() >= length).then(|| Asked { method, path, query, headers, body: body.to_owned() })
}

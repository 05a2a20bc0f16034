//! What a core gives: the stub behind hyper and behind wiremock, next to a bare hyper server, and
//! signatures. `cargo bench -p authgauge-mocks --bench stub`; Linux only, for it reads `/proc`.
//!
//! Each server is a process of its own, so that the client's processor time is not counted. The
//! memory of a longer run: `AUTHGAUGE_BENCH_REQUESTS=10000000`.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::convert::Infallible;
use std::future::{Future, pending};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use authgauge_mocks::{Conditions, Options, Server, ServerOptions, Stub};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// What tells a child what to serve.
const SERVE: &str = "AUTHGAUGE_BENCH_SERVE";
/// How many requests the memory is watched over.
const REQUESTS: &str = "AUTHGAUGE_BENCH_REQUESTS";
const CONNECTIONS: usize = 32;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(2);
/// Linux counts processor time in hundredths of a second.
const TICKS: f64 = 100.0;

const JWKS: &str = "GET /jwks HTTP/1.1\r\nHost: stub\r\n\r\n";
const TOKEN: &str = "POST /token HTTP/1.1\r\nHost: stub\r\n\
    Authorization: Basic c2VydmljZTpzZXJ2aWNlLXNlY3JldA==\r\n\
    Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 29\r\n\r\n\
    grant_type=client_credentials";

/// What makes access tokens JWTs.
const JWT: &str = "
tokens:
  access_token_claims:
    iss: ${issuer}
    sub: ${sub}
    aud: ${resource}
    client_id: ${client_id}
    scope: ${scope}
    iat: ${now}
    exp: ${exp}
    jti: ${jti}
";

/// What is measured: a name, the server, and the request.
const ROWS: [(&str, &str, &str); 8] = [
    ("bare hyper, a fixed body of 1 kB", "bare", JWKS),
    ("stub behind hyper, key set", "opaque", JWKS),
    ("stub behind hyper, opaque token", "opaque", TOKEN),
    ("stub behind hyper, JWT from the cache", "cached", TOKEN),
    ("stub behind hyper, new JWT by RS256", "jwt", TOKEN),
    ("stub behind hyper, new JWT by ES256", "es256", TOKEN),
    ("stub behind wiremock, key set", "wiremock", JWKS),
    ("stub behind wiremock, opaque token", "wiremock", TOKEN),
];

fn main() {
    let runtime = Runtime::new().expect("threads can be started");
    if let Ok(what) = std::env::var(SERVE) {
        return runtime.block_on(serve(&what));
    }
    signatures();
    throughput(&runtime);
    memory(&runtime);
}

async fn serve(what: &str) {
    match what {
        "bare" => bare().await,
        "wiremock" => {
            let stub = Stub::start(&Options::default()).await.expect("a free port");
            println!("{}", stub.base_url());
            pending::<()>().await;
        }
        _ => stub(what).await,
    }
}

async fn stub(what: &str) {
    let file = std::env::temp_dir().join(format!("authgauge-bench-{}.yaml", std::process::id()));
    let signing = if what == "es256" { "keys: { signing: ES256 }" } else { "" };
    let config = if what == "opaque" { "{}".into() } else { format!("{signing}{JWT}") };
    std::fs::write(&file, config).expect("a temporary file");
    let reuse_tokens = if what == "cached" { 3600 } else { 0 };
    let conditions = Conditions { reuse_tokens, ..Conditions::default() };
    let options = ServerOptions { config: Some(file.clone()), conditions, ..Default::default() };
    let server = Server::bind(&options).await.expect("a free port");
    drop(std::fs::remove_file(file));
    println!("{}", server.base_url());
    server.serve(pending()).await;
}

async fn bare() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    println!("http://{}", listener.local_addr().expect("it is bound"));
    let body = Bytes::from(vec![b'x'; 1024]);
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        stream.set_nodelay(true).expect("an open connection");
        let body = body.clone();
        tokio::spawn(async move {
            let service = service_fn(|_| {
                let response = hyper::Response::new(Full::<Bytes>::from(body.clone()));
                async { Ok::<_, Infallible>(response) }
            });
            let builder = auto::Builder::new(TokioExecutor::new());
            drop(builder.serve_connection(TokioIo::new(stream), service).await);
        });
    }
}

/// A server in a process of its own, which ends with this value.
struct Served {
    process: Child,
    id: String,
    address: String,
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn start(what: &str) -> Served {
    let program = std::env::current_exe().expect("this program");
    let mut process = Command::new(program)
        .env(SERVE, what)
        .stdout(Stdio::piped())
        .spawn()
        .expect("it can be started");
    let mut line = String::new();
    let out = process.stdout.take().expect("it is piped");
    BufReader::new(out).read_line(&mut line).expect("it says where it listens");
    let address = line.trim().strip_prefix("http://").expect("plain HTTP").to_owned();
    Served { id: process.id().to_string(), process, address }
}

/// The processor time of a process so far, in seconds.
fn processor_time(process: &str) -> f64 {
    let stat = proc(process, "stat");
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    // proc(5): utime and stime are the 14th and 15th field; the name in parentheses is the second.
    let ticks = |index: usize| fields[index].parse::<f64>().expect("a number");
    (ticks(11) + ticks(12)) / TICKS
}

/// The resident memory of a process, in MB.
fn resident(process: &str) -> f64 {
    let status = proc(process, "status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
    line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number") / 1024.0
}

fn proc(process: &str, file: &str) -> String {
    let path = format!("/proc/{process}/{file}");
    std::fs::read_to_string(path).expect("Linux has /proc")
}

/// Sends a request over and over until `more` says no; returns how many were answered with 200.
async fn load(
    address: &str,
    request: &'static str,
    more: impl Fn() -> bool + Send + Sync + 'static,
) -> u64 {
    let more = Arc::new(more);
    let answered = Arc::new(AtomicU64::new(0));
    let connections: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (address, more, answered) = (address.to_owned(), more.clone(), answered.clone());
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(address).await.expect("it listens");
                stream.set_nodelay(true).expect("an open connection");
                let mut buffer = vec![0; 16 << 10];
                while more() {
                    exchange(&mut stream, request, &mut buffer).await;
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for connection in connections {
        connection.await.expect("every answer is 200");
    }
    answered.load(Ordering::Relaxed)
}

async fn exchange(stream: &mut TcpStream, request: &str, buffer: &mut [u8]) {
    stream.write_all(request.as_bytes()).await.expect("an open connection");
    let mut length = 0;
    loop {
        let read = stream.read(&mut buffer[length..]).await.expect("an open connection");
        assert!(read > 0, "the server has hung up");
        length += read;
        if is_whole(&buffer[..length]) {
            assert!(buffer.starts_with(b"HTTP/1.1 200"), "the answer is not 200");
            return;
        }
    }
}

fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|part| part == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
    let length: usize = length.and_then(|length| length.parse().ok()).expect("a length");
    answer.len() >= end + 4 + length
}

fn block<T>(runtime: &Runtime, work: impl Future<Output = T>) -> T {
    runtime.block_on(work)
}

/// Requests per second of the server's processor time. The rows take turns, and the median round
/// counts, so that a busy machine is busy for all of them.
fn throughput(runtime: &Runtime) {
    let servers =
        ["bare", "opaque", "cached", "jwt", "es256", "wiremock"].map(|what| (what, start(what)));
    let mut rates = [const { Vec::new() }; ROWS.len()];
    for _ in 0..ROUNDS {
        for (row, (_, what, request)) in ROWS.iter().enumerate() {
            let (_, server) = servers.iter().find(|(name, _)| name == what).expect("started");
            let (before, end) = (processor_time(&server.id), Instant::now() + ROUND);
            let work = load(&server.address, request, move || Instant::now() < end);
            let answered = block(runtime, work);
            #[expect(clippy::cast_precision_loss, reason = "there are not that many")]
            rates[row].push(answered as f64 / (processor_time(&server.id) - before));
        }
    }
    let rates = rates.map(median);
    println!("\nrequests per second of the server's processor time, median of {ROUNDS} rounds");
    for ((name, ..), rate) in ROWS.iter().zip(rates) {
        println!("{name:42}{rate:>10.0}{:>8.0} %", 100.0 * rate / rates[0]);
    }
}

/// The memory of the stub while it issues tokens, which it must remember if they are opaque.
fn memory(runtime: &Runtime) {
    let requests = std::env::var(REQUESTS).ok().and_then(|number| number.parse().ok());
    let requests: u64 = requests.unwrap_or(300_000);
    for what in ["opaque", "jwt"] {
        let server = start(what);
        let requests = if what == "jwt" { requests / 10 } else { requests };
        println!("\nresident memory behind hyper, {what} tokens");
        println!("{:>12} requests {:>8.1} MB", 0, resident(&server.id));
        for part in 1..=10 {
            let left = AtomicU64::new(requests / 10);
            let more = move || {
                left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1))
                    .is_ok()
            };
            block(runtime, load(&server.address, TOKEN, more));
            println!("{:>12} requests {:>8.1} MB", part * requests / 10, resident(&server.id));
        }
    }
}

/// Signatures per second of one core, with keys that are parsed once.
fn signatures() {
    let random = SystemRandom::new();
    let rsa = RsaKeyPair::generate(KeySize::Rsa2048).expect("a supported size");
    let mut signature = vec![0; rsa.public_modulus_len()];
    let ec = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
    println!(
        "signatures per second of one core, a message of 600 bytes, median of {ROUNDS} rounds"
    );
    beside_openssl("RS256", "rsa2048", || {
        rsa.sign(&RSA_PKCS1_SHA256, &random, &[7; 600], &mut signature).expect("a signature");
    });
    beside_openssl("ES256", "ecdsap256", || {
        ec.sign(&random, &[7; 600]).expect("a signature");
    });
}

/// Takes turns with OpenSSL, and compares what neighbours in time gave.
fn beside_openssl(name: &str, algorithm: &str, mut sign: impl FnMut()) {
    let rounds: Vec<_> = (0..ROUNDS).map(|_| (rate(&mut sign), openssl(algorithm))).collect();
    let rates = rounds.iter().map(|(rate, _)| *rate).collect();
    let ratios: Vec<f64> =
        rounds.iter().filter_map(|(rate, openssl)| Some(100.0 * rate / (*openssl)?)).collect();
    let compared = match ratios.len() {
        0 => String::new(),
        _ => format!("{:>8.0} % of `openssl speed {algorithm}`", median(ratios)),
    };
    println!("{name:42}{:>10.0}{compared}", median(rates));
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// How often something can be done in a second of processor time, for others use the machine, too.
fn rate(mut work: impl FnMut()) -> f64 {
    let (before, end) = (processor_time("self"), Instant::now() + Duration::from_secs(1));
    let mut done = 0.0;
    while Instant::now() < end {
        work();
        done += 1.0;
    }
    done / (processor_time("self") - before)
}

/// Signatures per second of OpenSSL, if it is installed. It counts processor time.
fn openssl(algorithm: &str) -> Option<f64> {
    let output =
        Command::new("openssl").args(["speed", "-seconds", "1", algorithm]).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    // The last line ends in signatures/s and verifications/s.
    let line = text.lines().last()?;
    line.split_whitespace().rev().nth(1)?.parse().ok()
}

//! `authgauge stub` as the real program: what comes over the wire, and how it ends.

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use reqwest::{Certificate, Client, ClientBuilder, Method, StatusCode, Version};
use serde_json::{Value, json};

use support::program::{Ended, authgauge, command, finish, folder, signal, text};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(15);

/// A running stub. Dropping it kills it.
struct Stub {
    child: Option<Child>,
    issuer: String,
    base: String,
    trust: Option<PathBuf>,
}

impl Stub {
    fn start(arguments: &[&str]) -> Stub {
        let mut command = command(["stub"].iter().chain(arguments));
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.expect("the program can be started");
        let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let greeting: Vec<String> = lines
            .map(|line| line.expect("text"))
            .take_while(|line| !line.starts_with("stop"))
            .collect();
        let said = |label: &str| {
            let line = greeting.iter().find_map(|line| line.strip_prefix(label));
            line.map(|rest| rest.trim().to_owned())
        };
        let (issuer, base) = (said("issuer"), said("listens at"));
        let trust = said("trust").map(PathBuf::from);
        let (issuer, base) = (issuer.expect("the issuer"), base.expect("the address"));
        Stub { child: Some(child), issuer, base, trust }
    }

    fn end(mut self, with: &str) -> Ended {
        let child = self.child.take().expect("it runs");
        signal(with, child.id());
        finish(child)
    }

    fn connect(&self) -> TcpStream {
        let address = self.base.split("//").nth(1).expect("a URL");
        let stream = TcpStream::connect(address).expect("the stub listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("more than no time");
        stream
    }

    /// Sends bytes and reads to the end of the connection.
    fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        // Whoever is refused early may find the connection closed before all is written.
        drop(stream.write_all(bytes));
        let mut answer = Vec::new();
        drop(stream.read_to_end(&mut answer));
        String::from_utf8_lossy(&answer).into_owned()
    }

    async fn get(&self, client: &Client, path: &str) -> (StatusCode, Version, Value) {
        let answer = client.get(format!("{}{path}", self.base)).send().await.expect("an answer");
        let (status, version) = (answer.status(), answer.version());
        let body = answer.bytes().await.expect("a body");
        (status, version, serde_json::from_slice(&body).unwrap_or_default())
    }

    async fn control(&self, name: &str, body: Value) -> Value {
        let url = format!("{}/_stub/{name}", self.base);
        let answer = client(|c| c).post(url).body(body.to_string()).send().await;
        let answer = answer.expect("an answer");
        assert_eq!(answer.status(), 200, "{name} {body}");
        serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON")
    }

    async fn token(&self) -> (StatusCode, Value) {
        let request = client(|c| c)
            .post(format!("{}/token", self.base))
            .basic_auth("service", Some("service-secret"))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials");
        let answer = request.send().await.expect("an answer");
        let status = answer.status();
        let body = answer.bytes().await.expect("a body");
        (status, serde_json::from_slice(&body).expect("JSON"))
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

fn client(configured: impl Fn(ClientBuilder) -> ClientBuilder) -> Client {
    let builder = Client::builder().no_proxy().timeout(PATIENCE).retry(reqwest::retry::never());
    configured(builder).build().expect("a valid configuration")
}

#[tokio::test]
async fn plain_http_comes_in_both_versions() {
    let stub = Stub::start(&[]);
    assert_eq!((&stub.issuer, &stub.trust), (&stub.base, &None));
    for (client, version) in [
        (client(ClientBuilder::http1_only), Version::HTTP_11),
        (client(ClientBuilder::http2_prior_knowledge), Version::HTTP_2),
    ] {
        let path = "/.well-known/openid-configuration";
        let (status, spoken, metadata) = stub.get(&client, path).await;
        assert_eq!((status, spoken), (StatusCode::OK, version));
        assert_eq!(metadata["issuer"], *stub.issuer);
        let request = client.request(Method::HEAD, format!("{}{path}", stub.base)).send().await;
        let head = request.expect("an answer");
        assert_eq!(head.headers()["content-length"], metadata.to_string().len().to_string());
        assert_eq!(head.bytes().await.expect("no body").len(), 0);
    }
}

#[tokio::test]
async fn tls_is_trusted_through_the_file_alone() {
    let stub = Stub::start(&["--tls"]);
    assert!(stub.base.starts_with("https://127.0.0.1:"), "{}", stub.base);
    let file = stub.trust.clone().expect("the certificate of the authority");
    let pem = std::fs::read(&file).expect("it can be read");
    let trusting =
        |c: ClientBuilder| c.tls_certs_only([Certificate::from_pem(&pem).expect("a certificate")]);
    for (client, version) in [
        (client(trusting), Version::HTTP_2),
        (client(|c| trusting(c).http1_only()), Version::HTTP_11),
    ] {
        let (status, spoken, keys) = stub.get(&client, "/jwks").await;
        assert_eq!((status, spoken), (StatusCode::OK, version));
        assert_eq!(keys["keys"][0]["kty"], "RSA");
    }
    let localhost = stub.base.replace("127.0.0.1", "localhost") + "/jwks";
    assert_eq!(client(trusting).get(localhost).send().await.expect("an answer").status(), 200);
    let stranger = client(|c| c).get(format!("{}/jwks", stub.base)).send().await;
    assert!(stranger.expect_err("nobody vouches for it").is_connect());
    assert_eq!(stub.end("TERM").code, Some(0));
    assert!(!file.exists(), "the temporary file stays");
}

#[tokio::test]
async fn the_certificate_goes_where_it_is_wanted() {
    let file = folder("stub-ca").join("ca.pem");
    let stub = Stub::start(&["--tls", "--ca-file", text(&file)]);
    assert_eq!(stub.trust.as_deref(), Some(&*file));
    assert_eq!(stub.end("INT").code, Some(0));
    assert!(std::fs::read_to_string(&file).expect("it stays").contains("BEGIN CERTIFICATE"));
    let nowhere = authgauge(&["stub", "--tls", "--ca-file", "no/such/folder/ca.pem"]);
    assert_eq!(nowhere.code, Some(2));
    assert!(nowhere.stderr.contains("no/such/folder/ca.pem cannot be written"), "{nowhere:#?}");
}

#[tokio::test]
async fn what_has_begun_is_finished_before_the_end() {
    for name in ["TERM", "INT"] {
        let stub = Stub::start(&[]);
        stub.control("latency", json!({ "stall_ms": 700 })).await;
        let mut stream = stub.connect();
        stream.write_all(b"GET /jwks HTTP/1.1\r\nHost: stub\r\n\r\n").expect("it is open");
        // The request has arrived once a later one has been counted.
        let arrived = Instant::now();
        loop {
            let (.., counters) = stub.get(&client(|c| c), "/_stub/counters").await;
            if counters["requests"]["jwks"] == 1 {
                break;
            }
            assert!(arrived.elapsed() < PATIENCE, "the request does not arrive");
        }
        let ended = stub.end(name);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:#?}");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("the connection ends in order");
        assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("\"keys\""), "{answer}");
    }
}

#[test]
fn slow_clients_are_cut_off() {
    let stub = Stub::start(&["--read-timeout", "1"]);
    let rows: [(&[u8], &str); 6] = [
        (b"", ""),
        (b"P", ""),
        (b"PRI * HTTP/2.0\r\n", ""),
        (b"GET /jwks HTTP/1.1\r\nHost: st", ""),
        (b"POST /token HTTP/1.1\r\nHost: stub\r\nContent-Length: 9\r\n\r\na=b", "HTTP/1.1 408 "),
        (b"GET /jwks HTTP/1.1\r\nHost: stub\r\n\r\n", "HTTP/1.1 200 OK"),
    ];
    thread::scope(|scope| {
        for (bytes, beginning) in rows {
            let stub = &stub;
            scope.spawn(move || {
                let started = Instant::now();
                let answer = stub.raw(bytes);
                let shown = String::from_utf8_lossy(bytes);
                assert!(answer.starts_with(beginning), "{shown:?}: {answer:?}");
                assert!(!beginning.is_empty() || !answer.contains("200"), "{shown:?}: {answer:?}");
                let elapsed = started.elapsed();
                assert!(elapsed < PATIENCE, "{shown:?} held the connection for {elapsed:?}");
            });
        }
    });
}

#[tokio::test]
async fn long_bodies_are_refused_and_read_no_further_than_they_must() {
    let stub = Stub::start(&[]);
    let clients = [client(ClientBuilder::http1_only), client(ClientBuilder::http2_prior_knowledge)];
    for (client, length) in clients.iter().flat_map(|c| [(c, 65_537), (c, 1 << 20)]) {
        let answer = client.post(format!("{}/token", stub.base)).body(vec![b'a'; length]).send();
        let answer = answer.await.expect("an answer");
        assert_eq!(answer.status(), 413, "{length}");
        let (status, ..) = stub.get(client, "/jwks").await;
        assert_eq!(status, 200, "the connection is of no more use");
    }
    let endless = b"POST /token HTTP/1.1\r\nHost: stub\r\nContent-Length: 99999999999\r\n\r\n";
    let answer = stub.raw(&[&endless[..], &vec![b'a'; 3 << 20]].concat());
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[test]
fn odd_requests_are_answered() {
    let stub = Stub::start(&[]);
    let closing = "Host: stub\r\nConnection: close\r\n\r\n";
    let jwks = stub.raw(format!("GET /jwks HTTP/1.1\r\n{closing}").as_bytes());
    let body = jwks.split("\r\n\r\n").nth(1).expect("a body").to_owned();
    let long = format!("GET /jwks?{} HTTP/1.1\r\n{closing}", "a".repeat(100_000));
    let many = format!("GET /jwks HTTP/1.1\r\n{}{closing}", "a: b\r\n".repeat(1000));
    let rows: [(&[u8], &str, &str); 13] = [
        (b"GET http://other.test/jwks HTTP/1.1\r\nHost: stub\r\nConnection: close\r\n\r\n", "200", &body),
        (b"GET /jwks HTTP/1.0\r\n\r\n", "200", &body),
        (b"BREW /jwks HTTP/1.1\r\nHost: stub\r\nConnection: close\r\n\r\n", "405", "GET"),
        (b"OPTIONS * HTTP/1.1\r\nHost: stub\r\nConnection: close\r\n\r\n", "404", "not_found"),
        (b"CONNECT stub:443 HTTP/1.1\r\nHost: stub\r\nConnection: close\r\n\r\n", "404", ""),
        (b"GET /userinfo HTTP/1.1\r\nHost: stub\r\nAuthorization: Bearer \xff\xfe\r\nConnection: close\r\n\r\n", "401", "invalid_token"),
        (b"GET /%zz%00 HTTP/1.1\r\nHost: stub\r\nConnection: close\r\n\r\n", "404", "not_found"),
        (b"POST /token HTTP/1.1\r\nHost: stub\r\nContent-Length: 2\r\nConnection: close\r\n\r\n\xff\xfe", "400", "error"),
        (b"\x00\x01\x02\x03\r\n\r\n", "400", ""),
        (b"GET /jwks HTTP/1.1\r\nHo st: a\r\n\r\n", "400", ""),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a client hello\r\n\r\n", "400", ""),
        (long.as_bytes(), "431", ""),
        (many.as_bytes(), "431", ""),
    ];
    for (bytes, status, part) in rows {
        let answer = stub.raw(bytes);
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).into_owned();
        let (beginnings, known) = (
            [format!("HTTP/1.1 {status} "), format!("HTTP/1.0 {status} ")],
            answer.get(..13).unwrap_or_default(),
        );
        assert!(beginnings.iter().any(|b| b == known), "{shown:?}: {answer}");
        assert!(answer.contains(part), "{shown:?}: {answer}");
    }
    assert_eq!(stub.end("TERM").code, Some(0), "it lives after all that");
}

#[tokio::test]
async fn a_file_changes_the_dialect() {
    let folder = folder("stub-config");
    let file = folder.join("mine.yaml");
    let config = "base_url: https://login.example.com\nlifetimes: { access_token: 77 }\nclients:\n  - id: service\n    \
        secret: other-secret\n    authentication: [client_secret_post]\n    grants: [client_credentials]\n    \
        scopes: [read]\n    consent: never\n";
    std::fs::write(&file, config).expect("the folder can be written");
    let stub = Stub::start(&["--config", text(&file)]);
    assert_eq!(stub.issuer, "https://login.example.com");
    let (.., metadata) = stub.get(&client(|c| c), "/.well-known/openid-configuration").await;
    assert_eq!(metadata["token_endpoint"], "https://login.example.com/token");
    let request = client(|c| c).post(format!("{}/token", stub.base));
    let form = "grant_type=client_credentials&client_id=service&client_secret=other-secret";
    let request = request.header("Content-Type", "application/x-www-form-urlencoded").body(form);
    let answer = request.send().await.expect("an answer").text().await.expect("a body");
    assert!(answer.contains("\"expires_in\":77"), "{answer}");
    assert_eq!(stub.token().await.0, 401, "the client of the dialect is replaced");
}

#[test]
fn a_mistake_in_the_file_has_its_place() {
    let file = folder("stub-mistakes").join("mine.yaml");
    let rows = [
        (
            "lifetimes:\n  acess_token: 60\n",
            ":2:3: unknown field `acess_token`, expected one of `authorization_code`, `access_token`",
        ),
        (
            "users: 7\n",
            ":1:1: invalid type: integer `7`, expected a sequence\nhint: it may have base_url",
        ),
        ("a: [\n", ":1:4: "),
    ];
    for (config, message) in rows {
        std::fs::write(&file, config).expect("the folder can be written");
        let ended = authgauge(&["stub", "--config", text(&file)]);
        let message = format!("error: {}{message}", file.display());
        assert!(ended.stderr.starts_with(&message), "{config}: {}", ended.stderr);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
    }
    let ended = authgauge(&["stub", "--config", "no/such/file.yaml"]);
    assert!(ended.stderr.starts_with("error: no/such/file.yaml cannot be read: "), "{ended:#?}");
    assert_eq!(ended.code, Some(2));
}

#[tokio::test]
async fn answers_are_held_back_as_long_as_was_asked_for() {
    let stub = Stub::start(&["--latency", "100,150", "--seed", "3"]);
    assert!((85.0..200.0).contains(&median(&stub, "/jwks").await), "the option");
    assert!(median(&stub, "/_stub/").await < 60.0, "the control plane is not concerned");
    stub.control("latency", json!({ "p50": 0, "p99": 0 })).await;
    assert!(median(&stub, "/jwks").await < 60.0, "no delays any more");
    stub.control("latency", json!({ "p50": 150, "p99": 200 })).await;
    assert!((130.0..300.0).contains(&median(&stub, "/jwks").await), "the control plane");
}

/// The median duration of a request, in milliseconds.
async fn median(stub: &Stub, path: &str) -> f64 {
    let client = client(|c| c);
    let mut times = Vec::new();
    for _ in 0..21 {
        let started = Instant::now();
        stub.get(&client, path).await;
        times.push(started.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    times[10]
}

#[tokio::test]
async fn a_frozen_stub_thaws() {
    let stub = Stub::start(&[]);
    stub.control("latency", json!({ "stall_ms": 600 })).await;
    let (started, client) = (Instant::now(), client(|c| c));
    let (first, second) = tokio::join!(stub.get(&client, "/jwks"), stub.get(&client, "/jwks"));
    assert!(started.elapsed() >= Duration::from_millis(500), "{:?}", started.elapsed());
    assert_eq!((first.0, second.0), (StatusCode::OK, StatusCode::OK));
    assert!(median(&stub, "/jwks").await < 100.0, "it is frozen once");
}

#[tokio::test]
async fn beyond_a_quota_there_is_429_and_a_count() {
    // The bucket gets one request more in 1000 seconds.
    let stub = Stub::start(&["--quota", "token=0.001"]);
    assert_eq!(stub.token().await.0, 200);
    let (status, body) = stub.token().await;
    assert_eq!(
        (status, body),
        (StatusCode::TOO_MANY_REQUESTS, json!({ "error": "too_many_requests" }))
    );
    let answer = client(|c| c).post(format!("{}/token", stub.base)).send().await;
    assert_eq!(answer.expect("an answer").headers()["retry-after"], "1");
    assert_eq!(stub.get(&client(|c| c), "/jwks").await.0, 200, "another endpoint");
    let (.., counters) = stub.get(&client(|c| c), "/_stub/counters").await;
    assert_eq!(counters["requests"], json!({ "jwks": 1, "token": 3 }));
    assert_eq!(
        (&counters["limited"], &counters["issued"]),
        (&json!({ "token": 2 }), &json!({ "access_token": 1 }))
    );
    stub.control("quota", json!({})).await;
    assert_eq!(stub.token().await.0, 200, "the quota is gone");
}

#[tokio::test]
async fn tokens_are_given_again_while_they_are_recent() {
    let stub = Stub::start(&["--reuse-tokens", "60"]);
    let (first, second) = (stub.token().await.1, stub.token().await.1);
    assert_eq!(first["access_token"], second["access_token"]);
    stub.control("clock", json!({ "advance": 61 })).await;
    assert_ne!(first["access_token"], stub.token().await.1["access_token"]);
    let other = Stub::start(&[]);
    assert_ne!(other.token().await.1["access_token"], other.token().await.1["access_token"]);
}

#[test]
fn wrong_options_say_what_would_be_right() {
    let rows: [(&[&str], &str); 5] = [
        (&["--latency", "20"], "the median and the 99th percentile in milliseconds"),
        (
            &["--quota", "tokens=5"],
            "there is no endpoint \"tokens\"\nhint: a quota is for all, openid_configuration",
        ),
        (&["--quota", "token=0"], "must be more than 0"),
        (&["--host", "example.com"], "invalid IP address"),
        (&["--ca-file", "x"], "--tls"),
    ];
    for (arguments, part) in rows {
        let ended = authgauge(&[&["stub"], arguments].concat());
        assert!(ended.stderr.contains(part), "{arguments:?}: {}", ended.stderr);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{arguments:?}");
    }
}

#[test]
fn a_run_does_not_mind_where_an_earlier_one_has_left_the_clock() {
    let stub = Stub::start(&["cognito"]);
    let selected = ["oidc-core/2", "rfc6750/3.1/expired-token"];
    for _ in 0..2 {
        let issuer = ["--issuer", &stub.issuer];
        let run = ["run", "--provider", "stub-cognito"];
        let ended = authgauge(&[&run[..], &issuer, &selected].concat());
        assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    }
}

/// A path, a media type, an operation of the API, a body; the status and a part of the answer.
type Nonsense<'a> = (&'a str, &'a str, &'a str, &'a [u8], &'a str, &'a str);

#[test]
fn the_endpoints_of_a_pool_answer_what_makes_no_sense() {
    let stub = Stub::start(&["cognito"]);
    let form = "application/x-www-form-urlencoded";
    let json = "application/x-amz-json-1.1";
    let (initiate, unknown) = ("InitiateAuth", "MakeCoffee");
    let long = vec![b'a'; 1 << 20];
    let rows: [Nonsense<'_>; 11] = [
        ("/oauth2/token", form, "", b"grant_type=%zz", "400", "invalid_request"),
        ("/oauth2/token", form, "", b"grant_type=%ff", "400", "invalid_request"),
        ("/oauth2/token", form, "", b"\xff\xfe=\xff&&&=", "400", "invalid_request"),
        ("/oauth2/token", "text/plain", "", b"grant_type=refresh_token", "400", "invalid_request"),
        ("/oauth2/token", form, "", &long, "413", "error"),
        ("/login", form, "", b"_csrf=%zz", "400", "malformed"),
        ("/", json, unknown, b"{}", "400", "UnknownOperationException"),
        ("/", "text/plain", initiate, b"{}", "400", "UnknownOperationException"),
        ("/", json, initiate, b"{\"ClientId\": \"\xff\"}", "400", "SerializationException"),
        ("/", json, initiate, b"[[[[", "400", "SerializationException"),
        ("/", json, initiate, &long, "413", "error"),
    ];
    for (path, media_type, target, body, status, part) in rows {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: stub\r\nConnection: close\r\nContent-Type: {media_type}\r\n\
             X-Amz-Target: AWSCognitoIdentityProviderService.{target}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let answer = stub.raw(&[head.as_bytes(), body].concat());
        let shown = String::from_utf8_lossy(&body[..body.len().min(40)]);
        let first = format!("HTTP/1.1 {status} ");
        assert!(answer.starts_with(&first), "{path} {media_type} {shown:?}: {answer}");
        assert!(answer.contains(part), "{path} {media_type} {shown:?}: {answer}");
    }
    assert_eq!(stub.end("TERM").code, Some(0), "it lives after all that");
}

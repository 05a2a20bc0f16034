//! The lean transport does what the standard one does, at less cost.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use authgauge::load::lean::LeanTransport;
use authgauge::transport::{BODY_LIMIT, Transport as _};
use authgauge::wire::{Request, Response, TransportError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use support::program::{command, run, text};
use support::workload::{Stub, TOKEN, number, profile, read};

const HEAD: &str =
    "rate: 50\nduration: 2\nusers: 8\nthresholds: [{ step: token, error_rate: 0, achieved: 1 }]\n";
const LEAN: [&str; 3] = ["--transport", "lean", "--json"];

#[test]
fn what_it_counts_is_what_the_stub_counts() {
    let stub = Stub::start(&[]);
    let (folder, profile) = profile("lean", HEAD, TOKEN);
    let json = folder.join("summary.json");
    let ended = stub.load(&profile, &[&LEAN[..], &[text(&json)]].concat());
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let summary = read(&json);
    assert_eq!(summary["generator"]["transport"], "lean");
    let counted = number(&summary["load"]["requests"]);
    assert!((counted - 100.0).abs() < 0.5, "{counted}");
    let counters = stub.control("counters", None);
    assert_eq!(counters["requests"]["token"], 100, "{counters}");
}

#[test]
fn it_trusts_what_the_system_trusts_and_nothing_else() {
    let (folder, profile) = profile("lean_tls", HEAD, TOKEN);
    let ca = folder.join("ca.pem");
    let stub = Stub::start(&["--tls", "--ca-file", text(&ca)]);
    for (trusted, code, words) in [(true, 0, ""), (false, 3, "certificate")] {
        let mut lean = command(stub.arguments(&profile, &["--transport", "lean"]));
        lean.env_remove("SSL_CERT_FILE");
        if trusted {
            lean.env("SSL_CERT_FILE", &ca);
        }
        let ended = run(&mut lean);
        assert_eq!(ended.code, Some(code), "{}{}", ended.stdout, ended.stderr);
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
    }
}

#[test]
fn a_proxy_is_not_gone_around() {
    let stub = Stub::start(&[]);
    let (_, profile) = profile("lean_proxy", HEAD, TOKEN);
    let mut through = command(stub.arguments(&profile, &["--transport", "lean"]));
    let ended = run(through.env("http_proxy", "http://127.0.0.1:9").env_remove("no_proxy"));
    assert_eq!(ended.code, Some(2), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.contains("http://127.0.0.1:9 is between"), "{}", ended.stderr);
}

/// What a server does with each request of a connection; it hears how many came before on it.
type Answer = fn(usize) -> (String, Then);

enum Then {
    Stay,
    Close,
    CloseSoon,
    Hang,
}

const FINE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// A server, and how many connections and requests it has seen.
struct Peer {
    url: Url,
    connections: Arc<AtomicUsize>,
    heads: Arc<std::sync::Mutex<Vec<String>>>,
}

async fn peer(answer: Answer) -> Peer {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let url = Url::parse(&format!("http://{address}/a?b=c#d")).expect("an address");
    let peer = Peer { url, connections: Arc::default(), heads: Arc::default() };
    let (connections, heads) = (Arc::clone(&peer.connections), Arc::clone(&peer.heads));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            connections.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(converse(stream, answer, Arc::clone(&heads)));
        }
    });
    peer
}

async fn converse(
    mut stream: TcpStream,
    answer: Answer,
    heads: Arc<std::sync::Mutex<Vec<String>>>,
) {
    for number in 0.. {
        let mut head = [0; 2000];
        let Ok(length @ 1..) = stream.read(&mut head).await else { return };
        heads.lock().expect("no panic").push(String::from_utf8_lossy(&head[..length]).into());
        let (text, then) = answer(number);
        // Whoever has read enough may have gone.
        if stream.write_all(text.as_bytes()).await.is_err() {
            return;
        }
        match then {
            Then::Stay => {}
            Then::Close => return,
            Then::CloseSoon => return tokio::time::sleep(Duration::from_millis(10)).await,
            Then::Hang => tokio::time::sleep(Duration::from_secs(5)).await,
        }
    }
}

async fn fetch(transport: &LeanTransport, peer: &Peer) -> Result<Response, TransportError> {
    let url = peer.url.clone();
    let request = Request { method: "GET".into(), url, headers: Vec::new(), body: Vec::new() };
    transport.exchange(request).await.outcome
}

async fn ask(transport: &LeanTransport, peer: &Peer) -> Result<String, TransportError> {
    fetch(transport, peer).await.map(|response| response.text())
}

fn lean() -> LeanTransport {
    LeanTransport::new(Duration::from_millis(500)).expect("roots")
}

#[tokio::test]
async fn connections_are_used_again_and_no_more_are_made_than_needed() {
    let (transport, peer) = (lean(), peer(|_| (FINE.into(), Then::Stay)).await);
    for _ in 0..3 {
        let asked = (0..8).map(|_| ask(&transport, &peer));
        for answer in futures_util::future::join_all(asked).await {
            assert_eq!(answer.as_deref(), Ok("ok"));
        }
    }
    assert_eq!(peer.connections.load(Ordering::Relaxed), 8);
    let heads = peer.heads.lock().expect("no panic");
    assert_eq!(heads.len(), 24);
    let host =
        format!("\r\nhost: {}\r\n", &peer.url[url::Position::BeforeHost..url::Position::AfterPort]);
    assert!(
        heads.iter().all(|head| head.starts_with("GET /a?b=c HTTP/1.1") && head.contains(&host))
    );
}

#[tokio::test]
async fn a_connection_that_was_closed_is_replaced_and_nothing_is_sent_twice() {
    const ALOUD: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok";
    const ENDLESS: &str = "HTTP/1.1 200 OK\r\n\r\nok";
    let servers: [Answer; 4] = [
        |_| (FINE.into(), Then::Close),
        |_| (FINE.into(), Then::CloseSoon),
        |_| (ALOUD.into(), Then::Stay),
        |_| (ENDLESS.into(), Then::Close),
    ];
    for server in servers {
        let (transport, peer) = (lean(), peer(server).await);
        for _ in 0..4 {
            assert_eq!(ask(&transport, &peer).await.as_deref(), Ok("ok"));
            // The end of the connection is on its way.
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        assert_eq!(peer.connections.load(Ordering::Relaxed), 4);
        assert_eq!(peer.heads.lock().expect("no panic").len(), 4);
    }
}

#[tokio::test]
async fn what_is_late_or_broken_is_named_and_its_connection_is_given_up() {
    type Wanted = fn(&TransportError) -> bool;
    const HALF: &str = "HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\nok";
    let broken: Wanted = |error| matches!(error, TransportError::Broken { .. });
    let late: Wanted = |error| matches!(error, TransportError::TimedOut { .. });
    let servers: [(Answer, Wanted); 5] = [
        (|_| (HALF.into(), Then::Close), broken),
        (|_| (HALF.into(), Then::Hang), late),
        (|_| (String::new(), Then::Hang), late),
        (|_| (String::new(), Then::Close), broken),
        (|_| ("SSH-2.0-x\r\n".into(), Then::Stay), broken),
    ];
    for (server, wanted) in servers {
        let (transport, peer) = (lean(), peer(server).await);
        for asked in 1..3 {
            let error = ask(&transport, &peer).await.expect_err("no answer");
            assert!(wanted(&error), "{error}");
            assert_eq!(peer.connections.load(Ordering::Relaxed), asked);
            assert_eq!(peer.heads.lock().expect("no panic").len(), asked);
        }
    }
    let nobody = Peer {
        url: Url::parse("http://127.0.0.1:9/").expect("an address"),
        connections: Arc::default(),
        heads: Arc::default(),
    };
    let refused = ask(&lean(), &nobody).await.expect_err("nobody listens");
    assert!(matches!(refused, TransportError::Connect { .. }), "{refused}");
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_cut_and_its_connection_is_given_up() {
    const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-length: 3000000\r\n\r\n";
    let long: Answer = |_| (format!("{HEAD}{}", " ".repeat(1_500_000)), Then::Hang);
    let (transport, peer) = (lean(), peer(long).await);
    for asked in 1..3 {
        let response = fetch(&transport, &peer).await.expect("a response");
        assert_eq!((response.truncated, response.body.len()), (true, BODY_LIMIT));
        assert_eq!(peer.connections.load(Ordering::Relaxed), asked);
    }
}

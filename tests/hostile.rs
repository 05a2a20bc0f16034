//! Providers that answer with anything: the program neither crashes nor hangs, and is never green.
//!
//! Where a row's misbehaviour is not, the provider answers as an honest one that grants nothing new
//! would; `one_sane_provider` shows that the rows fail for their own reason.

mod support;

use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::{Value, json};

use support::program::{BOUND, Ended, authgauge, folder, text};
use support::server::{Answer, Asked, Server, json, provider_file, response};

/// Clients, users and endpoints, so that nothing depends on metadata that may be broken.
const REST: &str = "\
scope: openid profile
clients:
  public: { client_id: public, auth: none }
  public2: { client_id: public2, auth: none }
  consent: { client_id: consent, auth: none }
  confidential: { client_id: confidential, auth: client_secret_basic, secret: { published: confidential-secret } }
  service: { client_id: service, auth: client_secret_post, secret: { published: service-secret }, scope: read }
  device: { client_id: device, auth: none }
users:
  alice: { username: alice, password: { published: alice-password } }
  bob: { username: bob, password: { published: bob-password } }
endpoints:
  authorization_endpoint: \"${issuer}/authorize\"
  token_endpoint: \"${issuer}/token\"
  userinfo_endpoint: \"${issuer}/userinfo\"
  jwks_uri: \"${issuer}/jwks\"
  revocation_endpoint: \"${issuer}/revoke\"
  introspection_endpoint: \"${issuer}/introspect\"
  device_authorization_endpoint: \"${issuer}/device\"
  end_session_endpoint: \"${issuer}/logout\"
hooks:
  rotate_keys: { post: { url: \"${issuer}/rotate\" } }
pace: { timeout: 0.5, concurrency: 16 }
";

/// One visit, one exchange or more at each endpoint: a row need not run everything.
const SELECTION: [&str; 9] = [
    "oidc-core/10.1/kid-in-jwks",
    "oidc-discovery",
    "rfc6749/6",
    "rfc7009/2.2",
    "rfc7517",
    "rfc7636/4.3",
    "rfc7636/4.6/verifier-mismatch",
    "rfc7662",
    "rfc8628/3.2",
];

/// Where a provider misbehaves.
#[derive(Clone, Copy)]
enum At {
    /// In its metadata document, from which a run starts.
    Metadata,
    /// Everywhere but there.
    Rest,
    /// At one path.
    Path(&'static str),
}

/// What is to be seen of a run.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Seen {
    /// Exit code 1: the misbehaviour breaks requirements.
    Red,
    /// Exit code 3, after a run: no verdict was possible where it misbehaves.
    Unknown,
    /// Exit code 3, and not even a report: the provider cannot be reached.
    Unreachable,
}

use At::{Metadata, Path, Rest};
use Seen::{Red, Unknown, Unreachable};

type Row = (&'static str, At, Seen, fn(&Asked) -> Answer);

const ROWS: [Row; 51] = [
    ("html", Metadata, Red, |_| page("<!doctype html><title>Welcome</title><p>Hello")),
    ("html", Rest, Red, |_| page("<!doctype html><title>Welcome</title><p>Hello")),
    ("empty body", Metadata, Red, |_| response("200 OK", &[], "")),
    ("empty body", Rest, Red, |_| response("200 OK", &[], "")),
    ("204", Metadata, Red, |_| raw("HTTP/1.1 204 No Content\r\n\r\n")),
    ("204", Rest, Red, |_| raw("HTTP/1.1 204 No Content\r\n\r\n")),
    ("5 MB", Metadata, Unknown, |_| response("200 OK", JSON, five_megabytes())),
    ("5 MB", Rest, Unknown, |_| response("200 OK", JSON, five_megabytes())),
    ("5 MB of HTML", Path("/authorize"), Unknown, |_| page(&"<p>x</p>".repeat(700_000))),
    ("less than announced", Metadata, Unreachable, |_| cut_short()),
    ("less than announced", Rest, Unknown, |_| cut_short()),
    ("half a document", Metadata, Red, |_| response("200 OK", JSON, "{\"issuer\": \"ht")),
    ("half a document", Rest, Red, |_| response("200 OK", JSON, "{\"keys\": [{\"kty\"")),
    ("no UTF-8", Metadata, Red, |_| response("200 OK", JSON, b"{\"issuer\": \"\xff\xfe\"}")),
    ("no UTF-8", Rest, Red, |_| response("200 OK", JSON, b"{\"error\": \"\xff\xfe\"}")),
    ("deep JSON", Metadata, Red, |_| response("200 OK", JSON, "[".repeat(200_000))),
    ("deep JSON", Rest, Red, |_| response("200 OK", JSON, "{\"a\":".repeat(100_000))),
    ("wrong types", Rest, Red, |_| response("200 OK", JSON, WRONG_TYPES)),
    ("scalars", Rest, Red, |_| response("200 OK", JSON, "42")),
    ("redirects without end", Metadata, Red, redirect),
    ("redirects without end", Path("/authorize"), Unknown, redirect),
    ("redirects nowhere", Path("/authorize"), Unknown, |_| location("http://[")),
    ("redirects without a target", Path("/authorize"), Unknown, |_| response("302 Found", &[], "")),
    ("stalls", Metadata, Unreachable, |_| Answer::Stall),
    ("stalls", Rest, Unknown, |_| Answer::Stall),
    ("garbage", Metadata, Unreachable, |_| raw("\x16\x03\x01 what is this\r\n\r\n")),
    ("garbage", Rest, Unknown, |_| raw("\x16\x03\x01 what is this\r\n\r\n")),
    ("nothing", Rest, Unknown, |_| raw("")),
    ("status 999", Metadata, Red, |_| raw("HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n")),
    ("status 999", Rest, Red, |_| raw("HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n")),
    ("status 99", Rest, Unknown, |_| raw("HTTP/1.1 99 Odd\r\nContent-Length: 0\r\n\r\n")),
    ("control characters", Rest, Unknown, |_| raw("HTTP/1.1 200 OK\r\nX-A: a\x01\x00b\r\n\r\n{}")),
    ("escapes", Rest, Red, |_| response("400 Bad Request", JSON, ESCAPES)),
    ("two lengths", Rest, Unknown, |_| {
        raw("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 9\r\n\r\n{}")
    }),
    ("chunked garbage", Metadata, Unreachable, |_| raw(CHUNKED)),
    ("chunked garbage", Rest, Unknown, |_| raw(CHUNKED)),
    ("no gzip", Rest, Unknown, |_| {
        response("200 OK", &[("Content-Encoding", "gzip")], "plain text")
    }),
    ("500", Rest, Red, |_| response("500 Internal Server Error", &[], "stack trace")),
    ("429", Metadata, Unknown, |_| response("429 Too Many Requests", &[("Retry-After", "0")], "")),
    ("429", Rest, Unknown, |_| response("429 Too Many Requests", &[("Retry-After", "0")], "")),
    ("503", Metadata, Unknown, |_| response("503 Service Unavailable", &[], "back soon")),
    ("503", Rest, Unknown, |_| {
        response("503 Service Unavailable", JSON, r#"{"error":"temporarily_unavailable"}"#)
    }),
    ("junk keys", Path("/jwks"), Red, |_| response("200 OK", JSON, junk_keys())),
    ("keys are an object", Path("/jwks"), Red, |_| {
        response("200 OK", JSON, r#"{"keys":{"kty":"RSA"}}"#)
    }),
    ("junk keys and tokens", Rest, Red, grants_with_junk),
    ("any page", Path("/authorize"), Unknown, |_| {
        page("<!doctype html><title>Welcome</title><p>Hello")
    }),
    ("any error", Path("/authorize"), Unknown, |_| {
        location("http://127.0.0.1:18999/callback?error=unauthorized_client")
    }),
    ("cookies without end", Path("/authorize"), Unknown, |_| cookies()),
    ("nested page", Path("/authorize"), Unknown, |_| page(&("<div>".repeat(100_000) + LOGIN))),
    ("unclosed page", Path("/authorize"), Unknown, |_| page(&("<p><b><a>".repeat(50_000) + LOGIN))),
    ("login without end", Path("/authorize"), Unknown, |_| page(&login_without_end())),
];

const JSON: &[(&str, &str)] = &[("Content-Type", "application/json")];
const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n";
const ESCAPES: &str =
    r#"{"error":"\u001b[2J\u001b]0;owned\u0007\u0000","error_description":"\u202e"}"#;
const WRONG_TYPES: &str = r#"{"error":[1],"access_token":{},"token_type":7,"expires_in":"soon","id_token":"a.b.c",
"refresh_token":false,"device_code":1,"user_code":[],"interval":-1e300,"active":"yes","keys":"none"}"#;
const LOGIN: &str = "<form method=post action=/authorize><input name=username>\
    <input name=password type=password><button>Log in</button></form>";

#[test]
fn nothing_crashes_hangs_or_is_green() {
    let next = AtomicUsize::new(0);
    let wrong = thread::scope(|scope| {
        // Most of a row's time is waiting.
        let workers: Vec<_> = (0..6).map(|_| scope.spawn(|| work(&next))).collect();
        let results = workers.into_iter().flat_map(|worker| worker.join().expect("it reports"));
        results.collect::<Vec<String>>()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn work(next: &AtomicUsize) -> Vec<String> {
    let mut wrong = Vec::new();
    while let Some((index, row)) = take(next) {
        let outcome = std::panic::catch_unwind(|| check(index, row));
        let why = outcome.unwrap_or_else(|panic| panic.downcast_ref::<String>().cloned());
        wrong.extend(why.map(|why| format!("{} {}: {why}", row.0, place(row.1))));
    }
    wrong
}

fn take(next: &AtomicUsize) -> Option<(usize, &'static Row)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    ROWS.get(index).map(|row| (index, row))
}

fn place(at: At) -> &'static str {
    match at {
        Metadata => "in the metadata",
        Rest => "everywhere else",
        Path(path) => path,
    }
}

/// What is wrong with the run against a row's provider, if anything is.
fn check(index: usize, row: &'static Row) -> Option<String> {
    let &(_, at, seen, answer) = row;
    let server = Server::start(move |asked, origin| match at {
        Metadata if is_metadata(asked) => answer(asked),
        Rest if !is_metadata(asked) => answer(asked),
        Path(path) if asked.path == path => answer(asked),
        _ => honest(asked, origin),
    });
    let (ended, report) = attack(&format!("hostile-{index}"), &server, &SELECTION);
    let verdict = match (ended.code, &report) {
        (Some(1), Value::Object(_)) => Some(Red),
        (Some(3), Value::Object(_)) => Some(Unknown),
        (Some(3), Value::Null) => Some(Unreachable),
        _ => None,
    };
    if verdict != Some(seen) {
        return Some(format!(
            "expected {seen:?}, but got {verdict:?}: {}",
            explain(&ended, &report)
        ));
    }
    let lines = ended.stdout.lines().map(str::len).max().unwrap_or_default();
    let steers = ended.stdout.chars().any(|c| c.is_control() && c != '\n' && c != '\t');
    let unclear = ended.stderr.contains("\\u{") || ended.stderr.lines().count() > 3;
    (lines > 2000 || steers || unclear).then(|| {
        format!("a line of {lines} bytes, control characters: {steers}, {:.400}", ended.stderr)
    })
}

/// A run against a server; the JSON report is null when there is none.
fn attack(name: &str, server: &Server, selection: &[&str]) -> (Ended, Value) {
    let folder = folder(name);
    let file = provider_file(&folder, &server.origin(), REST);
    let path = folder.join("report.json");
    let options = ["run", "--max-wait", "0", "--provider", text(&file), "--json", text(&path)];
    let ended = authgauge(&[&options, selection].concat());
    assert!(ended.elapsed < BOUND, "it took {:?}", ended.elapsed);
    let report = std::fs::read_to_string(&path).unwrap_or_else(|_| "null".into());
    (ended, serde_json::from_str(&report).expect("the report is JSON"))
}

/// The findings that are not as the exit code should have them.
fn explain(ended: &Ended, report: &Value) -> String {
    let mut text = format!("exit code {:?} {:.300}", ended.code, ended.stderr);
    let findings = report["findings"].as_array().into_iter().flatten();
    let told = findings.filter(|f| f["verdict"] == "fail" || f["verdict"] == "pass");
    for finding in told.take(12) {
        let field = |name: &str| finding[name].as_str().unwrap_or_default();
        let (verdict, case) = (field("verdict"), field("case"));
        let (expected, actual) = (field("expected"), field("actual"));
        write!(
            text,
            "\n    {verdict} {} {case}: {expected:.80} / {actual:.160}",
            field("requirement")
        )
        .expect("text grows");
    }
    text
}

#[test]
fn throttling_is_never_a_verdict() {
    for status in ["429 Too Many Requests", "503 Service Unavailable"] {
        let server = Server::start(move |_, _| response(status, &[], ""));
        let (ended, report) = attack(&format!("throttled-{}", &status[..3]), &server, &[]);
        assert_eq!(ended.code, Some(3), "{}", explain(&ended, &report));
        let findings = report["findings"].as_array().expect("a report");
        assert!(findings.len() > 20, "only {} findings", findings.len());
        // What the provider file decides is known, however the provider answers.
        let decided =
            |f: &&Value| f["why"].as_str().is_some_and(|why| why.contains(": the provider file"));
        let told = findings.iter().filter(|f| f["verdict"] != "inconclusive" && !decided(f));
        let told: Vec<String> =
            told.map(|f| format!("{} {}: {}", f["case"], f["verdict"], f["why"])).collect();
        assert!(told.is_empty(), "{status}:\n{}", told.join("\n"));
        // A step that a case never came to is told by what kept the case from it.
        let interrupted = |f: &&Value| f["why"].as_str().is_some_and(|w| w.contains("interrupted"));
        assert_eq!(findings.iter().find(interrupted), None);
    }
}

/// What is not known to be missing is not "not applicable", or a broken provider would be green.
#[test]
fn metadata_that_cannot_be_read_excuses_nothing() {
    const CLIENT: &str = "clients:
  service: { client_id: s, auth: client_secret_post, secret: { published: service-secret }, scope: read }
endpoints: { token_endpoint: \"${issuer}/token\" }
";
    for status in ["429 Too Many Requests", "500 Internal Server Error", "503 Service Unavailable"]
    {
        let server = Server::start(move |asked, _| {
            match (is_metadata(asked), asked.body.contains("grant_type=client_credentials")) {
                (true, _) => response(status, &[], ""),
                (false, true) => json("200 OK", &json!({ "access_token": "opaque-token-123456" })),
                (false, false) => json("400 Bad Request", &json!({ "error": "invalid_request" })),
            }
        });
        let file = provider_file(&folder("no-metadata"), &server.origin(), CLIENT);
        let ended = authgauge(&["run", "--scenarios", "tests/cli", "--provider", text(&file)]);
        assert_eq!(ended.code, Some(3), "{status}: {}", ended.stdout);
    }
}

/// A hostile row must turn red or unknown what is neither here.
#[test]
fn one_sane_provider() {
    let server = Server::start(honest);
    let (ended, report) = attack("honest", &server, &[]);
    let red = report["totals"]["fail"].as_u64().expect("a report");
    let green = report["totals"]["pass"].as_u64().expect("a report");
    assert!(red == 0 && green >= 3, "{}", explain(&ended, &report));
}

fn is_metadata(asked: &Asked) -> bool {
    asked.path == "/.well-known/openid-configuration"
}

/// A provider that conforms as far as it goes: it has metadata and keys, and throttles the rest.
fn honest(asked: &Asked, origin: &str) -> Answer {
    let key = json!({ "kty": "RSA", "kid": "one", "use": "sig", "alg": "RS256", "e": "AQAB",
        "n": "3nOUF0Zw37QgFz2CytBRQlHpfvS3SU1Hm-jouBiYsmHJ6I9eipUSkpZoLp3bLOnh4BXV48oG3vzhUzuZFZA8Dm" });
    match asked.path.as_str() {
        "/.well-known/openid-configuration" => json(
            "200 OK",
            &json!({
                "issuer": origin,
                "authorization_endpoint": format!("{origin}/authorize"),
                "token_endpoint": format!("{origin}/token"),
                "jwks_uri": format!("{origin}/jwks"),
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
            }),
        ),
        "/jwks" => json("200 OK", &json!({ "keys": [key] })),
        _ => response("429 Too Many Requests", &[], ""),
    }
}

fn raw(text: &str) -> Answer {
    Answer::Bytes(text.as_bytes().to_vec())
}

fn page(html: &str) -> Answer {
    response("200 OK", &[("Content-Type", "text/html; charset=utf-8")], html)
}

fn cut_short() -> Answer {
    raw(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"keys\": [",
    )
}

fn five_megabytes() -> String {
    format!("{{\"padding\":\"{}\"}}", "x".repeat(5 << 20))
}

fn location(target: &str) -> Answer {
    response("302 Found", &[("Location", target)], "")
}

/// Another address each time, so that nothing can see the loop by comparing.
fn redirect(asked: &Asked) -> Answer {
    location(&format!("{}?n={}", asked.path, asked.query.len()))
}

/// As many and as large as fit into a response head, with a redirect to more.
fn cookies() -> Answer {
    let fields = (0..90).map(|i| format!("Set-Cookie: c{i}={}; Path=/\r\n", "v".repeat(3000)));
    let fields: String = fields.collect();
    raw(&format!("HTTP/1.1 302 Found\r\nLocation: /authorize\r\n{fields}Content-Length: 0\r\n\r\n"))
}

fn login_without_end() -> String {
    let field = |i: usize| format!("<input name=field{i} value={}>", "v".repeat(50));
    format!("{LOGIN}<form method=post>{}", (0..5000).map(field).collect::<String>())
}

/// Grants every request, with tokens that name the junk keys.
fn grants_with_junk(asked: &Asked) -> Answer {
    const TOKEN: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6Im9uZSJ9.eyJpc3MiOjF9.AAAA";
    let state = asked.query.split('&').find(|pair| pair.starts_with("state=")).unwrap_or_default();
    match asked.path.as_str() {
        "/authorize" => location(&format!("http://127.0.0.1:18999/callback?code=c0de&{state}")),
        "/token" => json(
            "200 OK",
            &json!({ "access_token": TOKEN, "id_token": TOKEN, "refresh_token": "r",
            "token_type": "Bearer", "expires_in": 60 }),
        ),
        "/jwks" => response("200 OK", JSON, junk_keys()),
        _ => response("200 OK", JSON, "{}"),
    }
}

fn junk_keys() -> String {
    let huge = "A".repeat(400_000);
    json!({ "keys": [null, 7, "text", [], {}, { "kid": "no kty" }, { "kty": 5, "kid": 5 },
        { "kty": "RSA", "kid": ["list"] }, { "kty": "RSA", "kid": "one", "n": huge, "e": "AQAB" },
        { "kty": "RSA", "kid": "two", "n": "***", "e": 3 }, { "kty": "EC", "crv": "P-256" }] })
    .to_string()
}

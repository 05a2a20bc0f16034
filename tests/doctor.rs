//! `authgauge doctor` and `authgauge init` as the real program: each mistake in a configuration gets
//! a message that names its cause and the setting to change, and is never a verdict.

mod support;

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::thread;

use serde_json::{Value, json};

use support::program::{Ended, authgauge, command, folder, run, signal, text};
use support::server::{Answer, Asked, Server, closed_port, json, provider_file, response};

/// A stub of a test's own; it is stopped when this is dropped.
struct Stub {
    child: Child,
    issuer: String,
}

impl Stub {
    fn start() -> Self {
        let mut child = command(["stub"]).stdout(Stdio::piped()).spawn().expect("the stub starts");
        let mut out = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut line = String::new();
        while !line.contains("http://") {
            line.clear();
            assert!(out.read_line(&mut line).expect("the stub speaks") > 0, "no issuer");
        }
        let issuer = line.split_whitespace().last().expect("a word").to_owned();
        Self { child, issuer }
    }

    fn doctor(&self, file: &Path) -> Ended {
        authgauge(&["doctor", "--provider", text(file), "--issuer", &self.issuer])
    }
}

/// The provider file of the stub with changes to its text.
fn stub_file(name: &str, changes: &[(&str, &str)]) -> PathBuf {
    let mut source = include_str!("../scenarios/providers/stub.yaml").to_owned();
    for (from, to) in changes {
        assert!(source.contains(from), "{from} is not in the file of the stub");
        source = source.replacen(from, to, 1);
    }
    let path = folder(name).join("provider.yaml");
    std::fs::write(&path, source).expect("the folder can be written");
    path
}

impl Drop for Stub {
    fn drop(&mut self) {
        signal("INT", self.child.id());
        drop(self.child.wait());
    }
}

#[track_caller]
fn says(ended: &Ended, code: i32, words: &[&str]) {
    assert_eq!(ended.code, Some(code), "{ended:#?}");
    for word in words {
        assert!(
            ended.stdout.contains(word),
            "{word:?} is not in\n{}{}",
            ended.stdout,
            ended.stderr
        );
    }
    for verdict in ["violat", "conform"] {
        assert!(!ended.stdout.contains(verdict), "a verdict in\n{}", ended.stdout);
    }
}

#[test]
fn a_right_configuration_is_well() {
    let stub = Stub::start();
    let file = stub_file("doctor-well", &[]);
    let json = file.with_extension("json");
    let ended = authgauge(&[
        "doctor",
        "--provider",
        text(&file),
        "--issuer",
        &stub.issuer,
        "--json",
        text(&json),
    ]);
    says(
        &ended,
        0,
        &[
            "ok      alice: logged in",
            "ok      device_code: a token",
            "ok      refresh_token: a token",
            "ok      resource_server: known",
            "yes  device_code",
            "no   pushed_authorization_requests",
            "cases apply",
            "all is well",
        ],
    );
    assert!(!ended.stdout.contains("CHANGE"), "{}", ended.stdout);
    let report = std::fs::read_to_string(&json).expect("it is written");
    let report: Value = serde_json::from_str(&report).expect("it is JSON");
    assert_eq!(report["schema"], "authgauge/doctor/v1");
    assert_eq!(report["exit_code"], 0);
    let states: Vec<&Value> =
        report["signs"].as_array().expect("a list").iter().map(|sign| &sign["state"]).collect();
    assert!(states.len() > 20 && states.iter().all(|state| *state == "well"), "{states:?}");
    assert!(report["cases"]["apply"].as_u64() > Some(200), "{}", report["cases"]);
}

/// A change to the stub's provider file, and what the doctor makes of it.
type Row = (&'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);

const ROWS: [Row; 10] = [
    (
        "wrong-secret",
        &[("published: confidential-secret", "published: nonsense-secret")],
        &[
            "CHANGE  confidential: 401 error=invalid_client",
            "the secret (`clients.confidential.secret`)",
        ],
    ),
    (
        "wrong-method",
        &[(
            "client_id: confidential, auth: client_secret_basic",
            "client_id: confidential, auth: client_secret_post",
        )],
        &[
            "it is let in by client_secret_basic",
            "set `clients.confidential.auth` to client_secret_basic",
        ],
    ),
    (
        "unknown-client",
        &[("client_id: public2", "client_id: nobody-knows-it")],
        &["CHANGE  public2: ", "correct `clients.public2.client_id`"],
    ),
    (
        "unknown-first-client",
        &[("public: { client_id: public,", "public: { client_id: nobody-knows-it,")],
        // What follows from it is not told as if it were mistakes of its own.
        &["CHANGE  public: 401", "-       alice: waits for clients `public`", "\n1 to change"],
    ),
    (
        "redirect-uri",
        &[(
            "redirect_uri: http://127.0.0.1:18999/callback",
            "redirect_uri: http://127.0.0.1:18999/elsewhere",
        )],
        &[
            "CHANGE  public: the browser ends at a page: 400",
            "register the redirect URI http://127.0.0.1:18999/elsewhere for the client `public`",
        ],
    ),
    (
        "disabled-grant",
        &[
            ("service: { client_id: service", "service: { client_id: confidential"),
            ("published: service-secret", "published: confidential-secret"),
        ],
        &[
            "client_credentials: 400 error=unauthorized_client",
            "enable the grant client_credentials for the client `service`",
        ],
    ),
    (
        "device-grant",
        &[("device: { client_id: device", "device: { client_id: public")],
        &[
            "error=unauthorized_client",
            "enable the grant urn:ietf:params:oauth:grant-type:device_code for the client `device`",
        ],
    ),
    (
        "wrong-password",
        &[("published: alice-password", "published: wrong-password")],
        &[
            "CHANGE  alice: at http://127.0.0.1:",
            "login refused",
            "correct `users.alice.username` or the password (`users.alice.password`)",
            "-       authorization_code: waits for users `alice`",
        ],
    ),
    (
        "unknown-scope-of-service",
        &[("scope: read }", "scope: never-heard-of }")],
        &["error=invalid_scope", "clients.service.scope"],
    ),
    (
        "no-refresh-token",
        &[(
            "offline: { scope: openid profile email offline_access }",
            "offline: { scope: openid }",
        )],
        &["CHANGE  refresh_token: ", "set `offline` to the scope and prompt"],
    ),
];

#[test]
fn each_wrong_setting_is_named() {
    let stub = Stub::start();
    for (name, changes, words) in ROWS {
        let file = stub_file(&format!("doctor-{name}"), changes);
        let ended = stub.doctor(&file);
        says(&ended, 2, words);
        assert!(
            ended.stdout.contains("all of it configuration, none a verdict"),
            "{}",
            ended.stdout
        );
        assert!(!ended.stdout.contains("nonsense-secret"), "{}", ended.stdout);
    }
}

#[test]
fn a_secret_in_the_environment_is_named_by_its_variable() {
    let stub = Stub::start();
    let change = ("{ published: confidential-secret }", "{ env: MY_SECRET }");
    let file = stub_file("doctor-environment", &[change]);
    let arguments = ["doctor", "--provider", text(&file), "--issuer", &stub.issuer];
    let ended = run(command(arguments).env("MY_SECRET", "not-the-secret"));
    says(&ended, 2, &["`clients.confidential.secret`, the environment variable MY_SECRET"]);
    let ended = run(&mut command(arguments));
    assert_eq!(ended.code, Some(2), "{ended:#?}");
    assert!(ended.stderr.contains("the environment variable MY_SECRET is not set"), "{ended:#?}");
}

const CLIENTS: &str =
    "clients:\n  public: { client_id: public, auth: none }\npace: { timeout: 2 }\n";

/// A doctor's visit to a provider whose metadata is answered like this.
fn visit(name: &str, answer: fn(&Asked, &str) -> Answer) -> Ended {
    let server = Server::start(answer);
    let file = provider_file(&folder(name), &server.origin(), CLIENTS);
    authgauge(&["doctor", "--provider", text(&file)])
}

#[test]
fn what_is_no_metadata_is_told_apart() {
    let ended = visit("doctor-captive", |_, _| {
        let html = "<!doctype html><title>Welcome</title><p>Accept our terms to go online";
        response("200 OK", &[("Content-Type", "text/html")], html)
    });
    says(
        &ended,
        2,
        &["an HTML page came instead of the metadata", "Accept our terms", "captive portal"],
    );
    let ended = visit("doctor-elsewhere", |_, _| {
        response("302 Found", &[("Location", "http://login.portal.invalid/")], "")
    });
    says(&ended, 2, &["it redirects to http://login.portal.invalid/", "captive portal"]);
    let ended = visit("doctor-to-https", |asked, origin| {
        let target = origin.replacen("http", "https", 1) + &asked.path;
        response("301 Moved Permanently", &[("Location", &target)], "")
    });
    says(&ended, 2, &["and `issuer` says http", "set `issuer` to https://127.0.0.1:"]);
    let ended = visit("doctor-404", |_, _| response("404 Not Found", &[], ""));
    says(&ended, 2, &["the answer is 404", "correct `issuer`, down to its path and slash"]);
    let ended = visit("doctor-slash", |_, origin| {
        json("200 OK", &json!({ "issuer": format!("{origin}/") }))
    });
    says(&ended, 2, &["differs by the slash at its end", "letter by letter"]);
    let ended = visit("doctor-two-hosts", |_, origin| {
        let token = "https://elsewhere.invalid/token";
        json("200 OK", &json!({ "issuer": origin, "token_endpoint": token }))
    });
    says(
        &ended,
        2,
        &["which the provider file does not name", "`origins: [\"https://elsewhere.invalid\"]`"],
    );
}

#[test]
fn a_page_that_fails_by_itself_is_no_matter_of_a_redirect_uri() {
    let ended = visit("doctor-500", |asked, origin| match asked.path.as_str() {
        "/token" => json("400 Bad Request", &json!({ "error": "invalid_grant" })),
        path if path.starts_with("/authorize") => {
            response("500 Internal Server Error", &[("Content-Type", "text/html")], "<p>Oh no")
        }
        _ => json(
            "200 OK",
            &json!({
                "issuer": origin,
                "authorization_endpoint": format!("{origin}/authorize"),
                "token_endpoint": format!("{origin}/token"),
            }),
        ),
    });
    says(&ended, 2, &["500, \"Oh no\"", "look into the provider's log: it failed by itself"]);
    assert!(!ended.stdout.contains("register the redirect URI"), "{}", ended.stdout);
}

#[test]
fn a_clock_that_is_wrong_is_named() {
    let ended = visit("doctor-clock", |_, origin| {
        let body = json!({ "issuer": origin }).to_string();
        response("200 OK", &[("Date", "Wed, 01 Jan 2020 00:00:00 GMT")], body)
    });
    says(&ended, 2, &["ahead of the provider's clock (its Date header)", "by NTP"]);
}

#[test]
fn nobody_there_is_unreachable() {
    let file =
        provider_file(&folder("doctor-nobody"), &format!("http://{}", closed_port()), CLIENTS);
    let ended = authgauge(&["doctor", "--provider", text(&file)]);
    says(
        &ended,
        3,
        &["DEAD", "no TCP connection to 127.0.0.1:", "start the provider, correct the port"],
    );
    let file = provider_file(&folder("doctor-no-name"), "http://nowhere.invalid", CLIENTS);
    let ended = authgauge(&["doctor", "--provider", text(&file)]);
    says(&ended, 3, &["the host name has no address", "DNS"]);
}

#[test]
fn a_proxy_in_the_way_is_named() {
    let server = Server::start(|_, origin| json("200 OK", &json!({ "issuer": origin })));
    let file = provider_file(&folder("doctor-proxy"), "http://provider.invalid", CLIENTS);
    let arguments = ["doctor", "--provider", text(&file)];
    let dead = format!("http://user:proxy-password@{}", closed_port());
    let ended = run(command(arguments).env("http_proxy", &dead));
    says(
        &ended,
        3,
        &[
            "reached through the proxy http://127.0.0.1:",
            "from http_proxy",
            "add provider.invalid to NO_PROXY",
        ],
    );
    assert!(!ended.stdout.contains("proxy-password"), "{}", ended.stdout);
    let asks = Server::start(|_, _| response("407 Proxy Authentication Required", &[], ""));
    let ended = run(command(arguments).env("http_proxy", asks.origin()));
    says(&ended, 2, &["asks for credentials (407)", "put them into http_proxy"]);
    // One that is right is no obstacle.
    let ended = run(command(arguments).env("http_proxy", server.origin()));
    says(&ended, 2, &["reached through the proxy", "the metadata names the issuer"]);
}

#[test]
fn http_where_https_is_expected() {
    let next = "set `issuer` to http://";
    // One server answers what it cannot read, the other one waits for more of it.
    let stub = Stub::start();
    let issuer = stub.issuer.replacen("http", "https", 1);
    let file = provider_file(&folder("doctor-https"), &issuer, CLIENTS);
    says(&authgauge(&["doctor", "--provider", text(&file)]), 2, &["it does not speak TLS", next]);
    let server = Server::start(|_, origin| json("200 OK", &json!({ "issuer": origin })));
    let issuer = server.origin().replacen("http", "https", 1);
    let file = provider_file(&folder("doctor-https-waits"), &issuer, CLIENTS);
    let ended = authgauge(&["doctor", "--provider", text(&file)]);
    says(&ended, 2, &["no TLS handshake within 2 s", next]);
}

/// A certificate authority and a server's certificate by it, with the days from and until which the
/// latter is valid.
struct Certificates {
    authority: String,
    certificate: rcgen::Certificate,
    key: rcgen::KeyPair,
}

fn certificates(name: &str, days: (i32, i32)) -> Certificates {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    let mut root = CertificateParams::default();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root_key = KeyPair::generate().expect("a key");
    let authority = root.self_signed(&root_key).expect("a certificate").pem();
    let issuer = Issuer::new(root, root_key);
    let mut leaf = CertificateParams::new(vec![name.to_owned()]).expect("a name");
    leaf.not_before = rcgen::date_time_ymd(days.0, 1, 1);
    leaf.not_after = rcgen::date_time_ymd(days.1, 1, 1);
    let key = KeyPair::generate().expect("a key");
    let certificate = leaf.signed_by(&key, &issuer).expect("a certificate");
    Certificates { authority, certificate, key }
}

/// A TLS server that shakes hands and closes; its port.
fn tls_server(made: &Certificates) -> u16 {
    use rustls::ServerConfig;
    use rustls::crypto::aws_lc_rs::default_provider;
    use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![made.certificate.der().clone()], key)
        .expect("a key that fits");
    let (config, listener) =
        (Arc::new(config), TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port"));
    let port = listener.local_addr().expect("it is bound").port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let config = Arc::clone(&config);
            thread::spawn(move || {
                let mut stream = stream;
                let mut session = rustls::ServerConnection::new(config).expect("a session");
                // The client may go away at any time, which is what these tests are about.
                while session.is_handshaking() && session.complete_io(&mut stream).is_ok() {}
                session.send_close_notify();
                drop(session.complete_io(&mut stream));
            });
        }
    });
    port
}

fn visit_tls(folder_name: &str, scheme: &str, made: &Certificates, trusted: bool) -> Ended {
    let folder = folder(folder_name);
    let authority = folder.join("ca.pem");
    std::fs::write(&authority, &made.authority).expect("the folder can be written");
    let issuer = format!("{scheme}://localhost:{}", tls_server(made));
    let file = provider_file(&folder, &issuer, CLIENTS);
    let mut command = command(["doctor", "--provider", text(&file)]);
    if trusted {
        command.env("SSL_CERT_FILE", &authority);
    }
    run(&mut command)
}

#[test]
fn certificates_that_are_wrong_are_told_apart() {
    let expired = certificates("localhost", (2020, 2021));
    let ended = visit_tls("doctor-expired", "https", &expired, true);
    says(
        &ended,
        2,
        &["its certificate expired on 2021-01-01", "renew the certificate of localhost"],
    );
    let future = certificates("localhost", (4000, 4001));
    let ended = visit_tls("doctor-future", "https", &future, true);
    says(&ended, 2, &["its certificate is not valid yet", "set this machine's clock"]);
    let other = certificates("elsewhere.example", (2020, 4000));
    let ended = visit_tls("doctor-name", "https", &other, true);
    says(
        &ended,
        2,
        &["its certificate is for another host name", "use the host name of the certificate"],
    );
    let right = certificates("localhost", (2020, 4000));
    let ended = visit_tls("doctor-authority", "https", &right, false);
    says(&ended, 2, &["an authority that this machine does not trust", "SSL_CERT_FILE"]);
    let ended = visit_tls("doctor-trusted", "https", &right, true);
    says(&ended, 3, &["TLS 1.3, a chain of 1, valid until 4000-01-01"]);
    let ended = visit_tls("doctor-not-http", "http", &right, true);
    says(&ended, 2, &["speaks TLS, and `issuer` says http", "set `issuer` to https://localhost:"]);
}

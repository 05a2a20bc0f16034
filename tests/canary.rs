//! Secrets are in no output, whatever a provider does with them.
//!
//! Canaries are put where a provider file keeps secrets, and then searched for in everything that
//! the program writes: no eight characters in a row may be there, in whatever spelling.

mod support;

use std::borrow::Cow;
use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde_json::{Value, json};
use url::form_urlencoded;

use support::program::{Ended, command, finish, folder, run, signal, text};
use support::server::{Answer, Asked, Server, json, provider_file, response};

/// The middle of a canary: spellings of text change none of its characters.
const CORES: [&str; 6] = [
    "Basic0canary1Wq7XzR4t",
    "Post2canary3Kp9LvM5n",
    "Service4canary5Hd2GsJ8",
    "Alice6canary7Tn3YbF6c",
    "Bob8canary9Er5UiO1x",
    "Hook0canary2Zx4CvB7m",
];

/// A canary: its core between characters that every spelling changes. What goes into an address as
/// it stands cannot have them.
fn canary(core: &str) -> String {
    if core == CORES[5] { core.to_owned() } else { format!("p/+ \"{core}'<&>%é\\") }
}

const CLIENTS: &str = "\
scope: openid profile offline_access
clients:
  public: { client_id: public, auth: none }
  public2: { client_id: public2, auth: none }
  confidential: { client_id: confidential, auth: client_secret_basic, secret: { env: CANARY_0 } }
  confidential_post: { client_id: confidential-post, auth: client_secret_post, secret: { file: \"FOLDER/canary-1\" } }
  service: { client_id: service, auth: client_secret_post, secret: { env: CANARY_2 }, scope: read }
  resource_server: { client_id: rs, auth: client_secret_basic, secret: { env: CANARY_0 } }
  device: { client_id: device, auth: none }
users:
  alice: { username: alice, password: { env: CANARY_3 } }
  bob: { username: bob, password: { file: \"FOLDER/canary-4\" } }
hooks:
  rotate_keys: { post: { url: \"${issuer}/rotate?token=${env:CANARY_5}\" } }
";

/// The addresses of a provider that is asked for no metadata.
const ENDPOINTS: &str = "\
endpoints:
  authorization_endpoint: \"${issuer}/authorize\"
  token_endpoint: \"${issuer}/token\"
  userinfo_endpoint: \"${issuer}/userinfo\"
  jwks_uri: \"${issuer}/jwks\"
  revocation_endpoint: \"${issuer}/revoke\"
  introspection_endpoint: \"${issuer}/introspect\"
  device_authorization_endpoint: \"${issuer}/device\"
";

type Take = fn(&Asked) -> String;
type Spell = fn(&str) -> String;
type Put = fn(&str) -> Answer;

/// How a provider spells what it reflects.
const SPELLINGS: [(&str, Spell); 12] = [
    ("as it is", str::to_owned),
    ("form-encoded", |text| form_urlencoded::byte_serialize(text.as_bytes()).collect()),
    ("percent-encoded", |text| percent(text, |byte| format!("%{byte:02X}"))),
    ("percent-encoded in lower case", |text| percent(text, |byte| format!("%{byte:02x}"))),
    ("JSON", |text| json!(text).to_string()),
    ("ASCII JSON", |text| json!(text).to_string().replace('/', "\\/").replace('é', "\\u00e9")),
    ("HTML", |text| text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")),
    ("HTML numbers", |text| {
        text.replace('&', "&#38;").replace('<', "&#x3C;").replace('"', "&#34;")
    }),
    ("base64", |text| STANDARD.encode(text)),
    ("base64, one on", |text| STANDARD.encode(format!("i{text}"))),
    ("base64, two on", |text| STANDARD.encode(format!("id{text}"))),
    ("base64url", |text| URL_SAFE.encode(format!("id:{text}"))),
];

fn percent(text: &str, escape: fn(u8) -> String) -> String {
    let plain = |byte: u8| (byte as char).to_string();
    text.bytes().map(|b| if b.is_ascii_alphanumeric() { plain(b) } else { escape(b) }).collect()
}

/// Where a provider puts what it reflects.
const PLACES: [(&str, Put); 7] = [
    ("a header", |text| response("400 Bad Request", &[("X-Echo", &one_line(text))], "")),
    ("a body", |text| response("400 Bad Request", &[("Content-Type", "text/plain")], text)),
    ("an error code", |text| json("400 Bad Request", &json!({ "error": text }))),
    ("a long error code", |text| {
        json(
            "400 Bad Request",
            &json!({ "error": "e".repeat(100) + text, "active": "e".repeat(110) + text }),
        )
    }),
    ("a member name", |text| {
        json("200 OK", &json!({ text: text, "keys": [{ "kty": { "a": text } }] }))
    }),
    ("the end of what is shown", |text| {
        let fillers = (0..100).map(|n| "-".repeat(n % 7));
        let filler = fillers.collect::<Vec<_>>().join(text);
        response("400 Bad Request", &[("Content-Type", "text/plain")], filler)
    }),
    ("a page", page),
];

/// A login page that says something.
fn page(text: &str) -> Answer {
    let form = "<form method=post action=/authorize><input name=username>\
        <input name=password type=password><button>Log in</button></form>";
    let html = format!("<title>{text}</title><p role=alert>Wrong: {text}</p>{form}");
    response("200 OK", &[("Content-Type", "text/html; charset=utf-8")], html)
}

fn one_line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

/// What a provider reflects of a request.
const PARTS: [(&str, Take); 3] = [
    ("the secret", secret),
    ("the Authorization header", |asked| authorization(asked).to_owned()),
    ("the body", |asked| asked.body.clone()),
];

#[test]
fn a_provider_that_reflects_everything_tells_nobody_anything() {
    const WORKERS: usize = 4;
    let rows = rows();
    let leaks: Vec<String> = thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS)
            .map(|worker| {
                let own = rows.iter().enumerate().skip(worker).step_by(WORKERS);
                scope.spawn(move || own.filter_map(|(i, row)| reflect(i, row)).collect::<Vec<_>>())
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("it reports")).collect()
    });
    assert!(leaks.is_empty(), "{} of {}:\n{}", leaks.len(), rows.len(), leaks.join("\n"));
}

/// What came, as it came, in every place, and every spelling of a secret where most is shown.
fn rows() -> Vec<(String, Reflection)> {
    const TELLING: [&str; 3] = ["an error code", "a body", "a page"];
    let mut rows = Vec::new();
    for (spelling, spell) in SPELLINGS {
        for (part, take) in PARTS {
            for (place, put) in PLACES {
                let as_it_is = spelling == SPELLINGS[0].0;
                if as_it_is || (part == PARTS[0].0 && TELLING.contains(&place)) {
                    let name = format!("{part}, {spelling}, in {place}");
                    rows.push((name, Reflection { take, spell, put }));
                }
            }
        }
    }
    rows
}

#[derive(Clone, Copy)]
struct Reflection {
    take: Take,
    spell: Spell,
    put: Put,
}

/// The leak in a run against a provider that reflects each request, if there is one.
fn reflect(index: usize, (name, reflection): &(String, Reflection)) -> Option<String> {
    let Reflection { take, spell, put } = *reflection;
    let server =
        Server::start(move |asked, origin| match (asked.path.as_str(), asked.method.as_str()) {
            ("/.well-known/openid-configuration", _) => {
                json("200 OK", &json!({ "issuer": origin }))
            }
            // The password is asked for first, or there would be nothing to reflect.
            ("/authorize", "GET") => page(""),
            _ => put(&spell(&take(asked))),
        });
    let folder = folder(&format!("canary-{index}"));
    let clients = [CLIENTS, ENDPOINTS].concat();
    let outputs = outputs(&folder, &server.origin(), &clients, &["--scenarios", "tests/canary"]);
    leak(&outputs).map(|leak| format!("{name}: {leak}"))
}

fn authorization(asked: &Asked) -> &str {
    let mut headers = asked.headers.iter();
    let header = headers.find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    header.map_or("", |(_, value)| value)
}

/// The secret that a request carries in its form, its header or its query.
fn secret(asked: &Asked) -> String {
    let mut fields = form_urlencoded::parse(asked.body.as_bytes());
    let field = fields.find(|(name, _)| name == "client_secret" || name == "password");
    let basic = authorization(asked).strip_prefix("Basic ").unwrap_or_default();
    let basic = STANDARD.decode(basic).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let half = basic.as_deref().and_then(|pair| pair.split_once(':')).map(|(_, secret)| secret);
    let half = form_urlencoded::parse(half.unwrap_or_default().as_bytes()).next();
    let mut query = form_urlencoded::parse(asked.query.as_bytes());
    let token = query.find(|(name, _)| name == "token").map(|(_, value)| value.into_owned());
    let found = field.map(|(_, value)| value).or(half.map(|(secret, _)| secret));
    found.map(Cow::into_owned).or(token).unwrap_or_default()
}

#[test]
fn the_stub_sees_secrets_and_the_reports_do_not() {
    for fault in [None, Some("ignores_client_secret"), Some("wrong_token_error_codes")] {
        let (stub, issuer) = stub(fault);
        let folder = folder("canary-stub");
        let outputs = outputs(&folder, &issuer, CLIENTS, &[]);
        signal("INT", stub.id());
        finish(stub);
        assert_eq!(leak(&outputs), None, "{fault:?}");
        let all = outputs.concat();
        let used = ["login refused", "authorization: Basic ***"];
        assert!(used.iter().all(|part| all.contains(part)), "{:.3000}", outputs[0]);
    }
}

fn stub(fault: Option<&str>) -> (Child, String) {
    let fault = fault.iter().flat_map(|name| ["--fault", name]);
    let mut command = command(["stub"].into_iter().chain(fault));
    let stub = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut stub = stub.expect("the program can be started");
    let mut lines = BufReader::new(stub.stdout.take().expect("it is piped")).lines();
    let first = lines.next().expect("the stub says where it is").expect("text");
    let issuer = first.strip_prefix("issuer").expect("the issuer comes first").trim().to_owned();
    (stub, issuer)
}

/// Mistakes in a provider file are shown with their line; a line with a secret is not.
#[test]
fn a_secret_in_the_wrong_place_is_not_shown() {
    let core = CORES[0];
    let rows = [
        format!("clients:\n  public: {{ client_id: a, auth: none, secret: {core} }}\n"),
        format!(
            "clients:\n  public: {{ client_id: a, auth: none, secret: {{ value: {core} }} }}\n"
        ),
        format!("clients:\n  public: {{ client_id: a, auth: none, client_secret: {core} }}\n"),
        format!("clients: {{}}\nusers:\n  alice: {{ username: a, password: {core} }}\n"),
        format!("clients: {{}}\nusers:\n  alice:\n    username: a\n    password: {core}\n"),
        format!(
            "clients: {{}}\nusers:\n  alice:\n    username: a\n    password:\n      env: {core}\n      x: 1\n"
        ),
    ];
    let folder = folder("canary-misplaced");
    let shown = rows.iter().filter_map(|rest| {
        let file = provider_file(&folder, "http://127.0.0.1:1", rest);
        let ended = run(&mut command(["run", "--provider", text(&file)]));
        assert_eq!(ended.code, Some(2), "{ended:#?}");
        let place = ended.stderr.contains("provider.yaml:");
        (!place || ended.stderr.contains(core)).then_some(ended.stderr)
    });
    let shown: Vec<String> = shown.collect();
    assert!(shown.is_empty(), "{}", shown.join("\n"));
}

/// Everything that a run against an issuer writes; JSON, XML and HTML also as what they mean.
fn outputs(folder: &Path, issuer: &str, rest: &str, more: &[&str]) -> Vec<String> {
    for index in [1, 4] {
        let file = folder.join(format!("canary-{index}"));
        std::fs::write(file, canary(CORES[index]) + "\n").expect("the folder can be written");
    }
    let file = provider_file(folder, issuer, &rest.replace("FOLDER", text(folder)));
    const FORMATS: [&str; 9] =
        ["json", "junit", "html", "sarif", "ctrf", "tap", "markdown", "gitlab", "har"];
    let place = |format: &str| text(&folder.join(format!("r.{format}"))).to_owned();
    let writers = FORMATS.iter().flat_map(|format| [format!("--{format}"), place(format)]);
    let writers: Vec<String> = writers.collect();
    let options = [
        "run",
        "--max-wait",
        "0",
        "--verbose",
        "--evidence",
        "--github",
        "--provider",
        text(&file),
    ];
    let all = options.iter().copied().chain(writers.iter().map(String::as_str));
    let mut command = command(all.chain(more.iter().copied()));
    command.env("GITHUB_STEP_SUMMARY", place("summary"));
    let secrets = CORES.iter().enumerate().map(|(i, core)| (format!("CANARY_{i}"), canary(core)));
    let Ended { code, stdout, stderr, .. } = run(command.envs(secrets));
    assert!(matches!(code, Some(1 | 3)), "exit code {code:?}: {stderr}");
    let read = |format: &str| std::fs::read_to_string(place(format)).expect("it was written");
    let mut outputs = vec![stdout, stderr, read("summary")];
    let (run_json, matrix) = (place("json"), ["html", "markdown", "json"]);
    let writers =
        matrix.iter().flat_map(|form| [format!("--{form}"), place(&format!("matrix.{form}"))]);
    let mut compare = crate::command(
        ["compare", &run_json, &run_json].map(str::to_owned).into_iter().chain(writers),
    );
    let compared = run(&mut compare);
    assert_eq!(compared.code, Some(0), "{compared:#?}");
    outputs.push(compared.stdout);
    for format in FORMATS.into_iter().chain(["matrix.html", "matrix.markdown", "matrix.json"]) {
        let text = read(format);
        if let Ok(document) = serde_json::from_str::<Value>(&text) {
            outputs.push(strings(&document));
        }
        outputs.extend([unescaped(&text), text]);
    }
    outputs
}

fn strings(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone() + "\n",
        Value::Array(items) => items.iter().map(strings).collect(),
        Value::Object(members) => members.values().map(strings).collect(),
        _ => String::new(),
    }
}

fn unescaped(xml: &str) -> String {
    let entities = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&#x27;", "'"),
        ("&#x2f;", "/"),
        ("&amp;", "&"),
    ];
    entities.iter().fold(xml.to_owned(), |text, (entity, meant)| text.replace(entity, meant))
}

/// The first piece of a canary that stands in one of these, with what is around it.
fn leak(outputs: &[String]) -> Option<String> {
    let pieces: HashSet<Vec<u8>> =
        CORES.iter().flat_map(|core| pieces(core)).map(String::into_bytes).collect();
    outputs.iter().find_map(|output| {
        let found = |length: usize| {
            let mut windows = output.as_bytes().windows(length);
            windows.position(|window| pieces.contains(window))
        };
        let at = LENGTHS.into_iter().find_map(found)?;
        let around = &output.as_bytes()[at.saturating_sub(60)..output.len().min(at + 60)];
        Some(format!("…{}…", String::from_utf8_lossy(around).escape_debug()))
    })
}

/// The lengths of pieces that matter: of text, and of base64.
const LENGTHS: [usize; 2] = [8, 12];

/// All pieces of a canary that are long enough to matter: as text, and as base64 of any alignment.
fn pieces(core: &str) -> Vec<String> {
    let whole = canary(core);
    let form: String = form_urlencoded::byte_serialize(whole.as_bytes()).collect();
    let mut pieces = windows(core, LENGTHS[0]);
    for (text, shift) in [&whole, &form].into_iter().flat_map(|text| (0..3).map(move |n| (text, n)))
    {
        // Three characters at either end also depend on what is around the canary.
        let encoded = STANDARD.encode("i".repeat(shift) + text);
        let own = encoded[4..encoded.len() - 4].to_owned();
        pieces.extend(windows(&own, LENGTHS[1]));
        pieces.extend(windows(&own.replace('+', "-").replace('/', "_"), LENGTHS[1]));
    }
    pieces
}

fn windows(text: &str, length: usize) -> Vec<String> {
    (0..=text.len() - length).map(|at| text[at..at + length].to_owned()).collect()
}

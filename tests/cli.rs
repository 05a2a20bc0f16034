//! The command line as the real program: exit code, standard output, standard error, exact text.
//!
//! `tests/cli/*.txt` are transcripts. The scenarios are those of `tests/cli/specs`, so that a new
//! check in the product changes nothing here.

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;

use serde_json::{Value, json};

use support::golden;
use support::program::{Ended, authgauge, command, finish, folder, root, run, signal, text};
use support::server::{Answer, Asked, Server, closed_port, json, provider_file, response};

/// What the provider files of these tests say about clients.
const SERVICE: &str = "\
scope: openid
clients:
  service: { client_id: s, auth: client_secret_post, secret: { published: service-secret }, scope: read }
";

#[test]
fn transcripts_are_exact() {
    let rows = [
        ("help", "--help", 0),
        ("run-help", "run --help", 0),
        ("stub-help", "stub --help", 0),
        ("no-arguments", "", 2),
        ("unknown-verb", "frobnicate", 2),
        ("unknown-option", "run --provder x", 2),
        ("list", "list --scenarios tests/cli", 0),
        ("list-beginning", "list --scenarios tests/cli demo/2", 0),
        ("list-glob", "list --scenarios tests/cli demo/*/k*", 0),
        ("list-catalogue", "list --scenarios tests/cli DEMO-2", 0),
        ("list-json", "list --scenarios tests/cli --json - DEMO-2", 0),
        ("list-nothing", "list --scenarios tests/cli nope", 2),
        ("list-malformed-glob", "list --scenarios tests/cli [", 2),
        ("explain-requirement", "explain --scenarios tests/cli DEMO-20", 0),
        ("explain-excluded", "explain --scenarios tests/cli demo/10/unseen", 0),
        ("explain-scenario", "explain --scenarios tests/cli demo/2/token", 0),
        ("explain-unknown", "explain --scenarios tests/cli demo/9/token", 2),
        ("list-coverage", "list --scenarios tests/cli --coverage", 0),
        ("list-markdown-alone", "list --markdown", 2),
        ("run-unknown-profile", "run --profile nope", 2),
        ("run-nothing", "run --scenarios tests/cli nope", 2),
        ("run-nothing-twice", "run --scenarios tests/cli DEMO-1 nope", 2),
        ("run-excluded", "run --scenarios tests/cli DEMO-3", 2),
        ("run-unknown-provider", "run --provider nope", 2),
        ("run-unknown-fault", "run --fault nope", 2),
        ("run-unknown-dialect", "run --stub nope", 2),
        ("faults-unknown-dialect", "faults --dialect nope", 2),
        ("run-fault-elsewhere", "run --fault nope --provider stub", 2),
        ("run-json-nowhere", "run --json no/such/folder/r.json", 2),
        ("run-json-folder", "run --json tests", 2),
        ("run-junit-nowhere", "run --junit no/such/folder/r.xml", 2),
        ("scenarios-nowhere", "run --scenarios no/such/folder", 2),
        ("stub-unknown-dialect", "stub nope", 2),
        ("stub-unknown-fault", "stub --fault nope", 2),
    ];
    golden::conclude(rows.map(|(name, line, code)| {
        let ended = authgauge(&line.split_whitespace().collect::<Vec<_>>());
        transcript(name, line, code, &ended)
    }));
}

fn transcript(name: &str, line: &str, code: i32, ended: &Ended) -> Result<(), String> {
    let Ended { stdout, stderr, .. } = ended;
    let shown = format!(
        "$ authgauge {line}\n{stdout}== standard error\n{stderr}== exit code {}\n",
        ended.code.unwrap_or(-1)
    );
    golden::check(&root().join(format!("tests/cli/{name}.txt")), &shown)?;
    if ended.code == Some(code) { Ok(()) } else { Err(format!("{line}: {ended:#?}")) }
}

#[test]
fn version_is_that_of_the_package() {
    let ended = authgauge(&["--version"]);
    assert_eq!(ended.stdout, concat!("authgauge ", env!("CARGO_PKG_VERSION"), "\n"));
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}

#[test]
fn runs_end_with_the_exit_code_of_their_findings() {
    let rows: [(&str, i32, &str); 9] = [
        ("", 0, "conforms: 4 pass, 0 fail, 1 warn in "),
        ("--strict", 1, "violates: 4 pass, 0 fail, 1 warn in "),
        ("demo/1", 0, "conforms: 1 pass, 0 fail in "),
        ("demo/2/wrong-grant/unknown", 0, "conforms: 2 pass, 0 fail in "),
        ("demo/*/k*", 0, "conforms: 1 pass, 0 fail in "),
        ("DEMO-2", 0, "conforms: 1 pass, 0 fail in "),
        ("DEMO-20", 0, "conforms: 3 pass, 0 fail in "),
        ("--fault jwks_key_without_kty", 1, "violates: 3 pass, 1 fail, 1 warn in "),
        ("DEMO-2 --fault jwks_key_without_kty", 0, "conforms: 1 pass, 0 fail in "),
    ];
    for (line, code, summary) in rows {
        let mut arguments = vec!["run", "--scenarios", "tests/cli"];
        arguments.extend(line.split_whitespace());
        let ended = authgauge(&arguments);
        assert_eq!(ended.code, Some(code), "{line}: {ended:#?}");
        assert!(ended.stdout.contains(summary), "{line}: {}", ended.stdout);
        assert_eq!(ended.stderr, "", "{line}: a pipe gets no progress line");
    }
}

#[test]
fn a_fault_turns_a_bundled_check_red() {
    let green = authgauge(&["run", "PKCE-02"]);
    assert_eq!(green.code, Some(0), "{green:#?}");
    let red = authgauge(&["run", "PKCE-02", "--fault", "ignores_verifier"]);
    assert_eq!(red.code, Some(1), "{red:#?}");
    assert!(red.stdout.contains("FAIL rfc7636/4.6/wrong-verifier (PKCE-02)"), "{}", red.stdout);
}

/// A provider that has what `tests/cli/specs` asks for.
/// Green with its known deviations, and nothing left untold.
#[test]
fn every_dialect_of_the_stub_conforms_but_for_its_known_deviations() {
    for dialect in ["auth0", "cognito", "cognito-device", "django-oauth-toolkit", "strict"] {
        let ended = run(&mut command(["run", "--stub", dialect, "--json", "-"]));
        let report: Value = serde_json::from_str(&ended.stdout).expect(dialect);
        let findings = report["findings"].as_array().expect("findings");
        let is = |verdict: &str| findings.iter().filter(|f| f["verdict"] == verdict).count();
        let known = findings.iter().filter(|f| f["known"]["state"] == "observed").count();
        assert_eq!((ended.code, is("inconclusive")), (Some(0), 0), "{dialect}: {}", ended.stderr);
        assert_eq!(is("fail"), known, "{dialect}");
        assert_eq!(known == 0, dialect == "strict", "{dialect}");
    }
}

/// Every fault has a line for its name, what it does, and the requirements that it breaks.
#[test]
fn faults_are_listed_with_what_they_break() {
    let ended = run(&mut command(["faults", "--list"]));
    let row = "code_reusable\n    an authorization code can be exchanged again\n    rfc6749/4.1.2/";
    assert_eq!(ended.code, Some(0));
    assert!(ended.stdout.contains(row), "{}", ended.stdout);
    let row =
        "api_mfa_skipped\n    A user with a software token signs in with the password alone\n    ";
    assert!(ended.stdout.contains(row), "{}", ended.stdout);
}

fn demo(asked: &Asked, origin: &str) -> Answer {
    match (asked.path.as_str(), asked.body.contains("grant_type=client_credentials")) {
        ("/.well-known/openid-configuration", _) => json(
            "200 OK",
            &json!({ "issuer": origin, "jwks_uri": format!("{origin}/jwks"),
                "token_endpoint": format!("{origin}/token") }),
        ),
        ("/jwks", _) => response("200 OK", &[("X-Greeting", "hi")], r#"{"keys":[{"kty":"RSA"}]}"#),
        ("/token", true) => json("200 OK", &json!({ "access_token": "opaque-token-123456" })),
        ("/token", false) => json("400 Bad Request", &json!({ "error": "unsupported_grant_type" })),
        _ => response("404 Not Found", &[], ""),
    }
}

#[test]
fn a_report_is_exact() {
    let rows: [(&str, &str, i32, Answering); 3] = [
        ("report-conforms", "", 0, demo),
        ("report-violates", "", 1, |asked, origin| match asked.path.as_str() {
            "/token" => json("200 OK", &json!({ "access_token": "opaque-token-123456" })),
            _ => demo(asked, origin),
        }),
        ("report-inconclusive", "", 3, |asked, origin| match asked.path.as_str() {
            "/token" => response("429 Too Many Requests", &[("Retry-After", "1")], ""),
            _ => demo(asked, origin),
        }),
    ];
    golden::conclude(rows.map(|(name, line, code, answer)| {
        let server = Server::start(answer);
        let file = provider_file(&folder(name), &server.origin(), SERVICE);
        let ended = authgauge(&["run", "--scenarios", "tests/cli", "--provider", text(&file)]);
        let place = |text: &str| text.replace(&server.origin(), "http://127.0.0.1:PORT");
        let stdout = without_run(&without_time(&place(&ended.stdout)));
        let shown = Ended { stdout, ..ended };
        transcript(name, &format!("run --provider …{line}"), code, &shown)
    }));
}

/// What a server answers to a request, given its own address.
type Answering = fn(&Asked, &str) -> Answer;

/// The last line of a report says how long the run took.
fn without_time(text: &str) -> String {
    match text.rsplit_once(" in ").and_then(|(head, tail)| Some((head, tail.split_once(" s")?.1))) {
        Some((head, tail)) => format!("{head} in T s{tail}"),
        None => text.to_owned(),
    }
}

/// The first line of a report and every request have the id of the run.
fn without_run(text: &str) -> String {
    let head = text.lines().next().unwrap_or_default();
    let id = head.split_once(", run ").map_or("no id", |(_, id)| id);
    text.replace(id, "RUN")
}

#[test]
fn reports_go_where_they_are_asked_for() {
    let folder = folder("reports-go");
    let (json, junit) = (folder.join("r.json"), folder.join("r.xml"));
    let to_files = ["--json", text(&json), "--junit", text(&junit)];
    let ended = authgauge(&[&["run", "--scenarios", "tests/cli"][..], &to_files[..]].concat());
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{}", ended.stdout);
    assert!(ended.stdout.contains("conforms: "), "{}", ended.stdout);
    let junit = std::fs::read_to_string(&junit).expect("the JUnit report was written");
    assert!(junit.starts_with("<?xml") && junit.contains("demo/1/keys"), "{junit}");

    let ended = authgauge(&["run", "--scenarios", "tests/cli", "--json", "-"]);
    let file = std::fs::read_to_string(&json).expect("the JSON report was written");
    for (place, document) in [("-", &ended.stdout), ("a file", &file)] {
        let report: Value = serde_json::from_str(document).expect(place);
        assert_eq!((&report["exit_code"], &report["totals"]["pass"]), (&json!(0), &json!(4)));
    }
    assert!(ended.stderr.contains("conforms: "), "the summary is talk: {}", ended.stderr);
}

/// Everything that can be written after a run can be written again from its JSON report.
#[test]
fn reports_are_written_again_from_json() {
    let folder = folder("reports-again");
    let place = |run: &str, format: &str| text(&folder.join(format!("{run}.{format}"))).to_owned();
    let formats = ["json", "html", "junit", "sarif", "ctrf", "tap", "markdown", "gitlab", "har"];
    let asked = |run: &str| -> Vec<String> {
        formats.iter().flat_map(|format| [format!("--{format}"), place(run, format)]).collect()
    };
    let one = ["run", "--fault", "ignores_verifier", "rfc7636/4.6"].map(str::to_owned);
    let first = run(&mut command([&one[..], &asked("one")].concat()));
    assert_eq!((first.code, first.stderr.as_str()), (Some(1), ""), "{}", first.stdout);
    let again = ["report".to_owned(), place("one", "json")];
    let second = run(&mut command([&again[..], &asked("two")].concat()));
    assert_eq!((second.code, &second.stdout), (Some(1), &first.stdout), "{}", second.stderr);
    for format in formats {
        let [one, two] = ["one", "two"].map(|run| std::fs::read(place(run, format)).ok());
        assert!(one.is_some() && one == two, "{format} differs");
    }
    let evidence = run(&mut command(["report", &place("one", "json"), "--evidence"]));
    assert!(!first.stdout.contains("\n  < 200") && evidence.stdout.contains("\n  < 200"));
    for part in [
        "\n  sent      POST ",
        "\n  expected  the request is refused",
        "\n  got       200 ",
        "\n  replay    curl ",
    ] {
        assert!(first.stdout.contains(part), "{part:?} in {}", first.stdout);
    }
}

#[test]
fn what_cannot_be_rendered_again_is_wrong_usage() {
    let folder = folder("reports-wrong");
    let file = folder.join("r.json");
    let rows = [
        ("{", "it is not JSON"),
        ("{\"schema\": \"authgauge/report/v9\"}", "it has the form authgauge/report/v9"),
        (
            "{\"schema\": \"authgauge/report/v1\"}",
            "it is not as authgauge/report/v1 has it: missing field",
        ),
    ];
    for (document, why) in rows {
        std::fs::write(&file, document).expect("the folder can be written");
        let ended = authgauge(&["report", text(&file)]);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(
            ended.stderr.contains(&format!("r.json cannot be used: {why}")),
            "{}",
            ended.stderr
        );
    }
    let ended = authgauge(&["report", "no/such/r.json"]);
    assert!(ended.code == Some(2) && ended.stderr.contains("cannot be read"), "{ended:?}");
    let ended = authgauge(&["run", "--html", "-", "--json", "-"]);
    assert!(ended.code == Some(2) && ended.stderr.contains("two reports cannot"), "{ended:?}");
}

#[test]
fn github_gets_annotations_and_a_summary_without_being_asked() {
    let folder = folder("github");
    let summary = folder.join("summary.md");
    std::fs::write(&summary, "before\n").expect("the folder can be written");
    let arguments = ["run", "--fault", "ignores_verifier", "rfc7636/4.6"];
    let rows = [(Some("true"), true), (None, false)];
    for (on_github, written) in rows {
        let mut command = command(arguments);
        command.env("GITHUB_STEP_SUMMARY", &summary);
        let ended = run(command.envs(on_github.map(|value| ("GITHUB_ACTIONS", value))));
        let annotation = "\n::error file=scenarios/specs/rfc7636/";
        assert_eq!(ended.stdout.contains(annotation), written, "{}", ended.stdout);
    }
    let text = std::fs::read_to_string(&summary).expect("it is there");
    assert!(text.starts_with("before\n# authgauge: "), "{text}");
    assert_eq!(text.matches("# authgauge: ").count(), 1, "{text}");
}

#[test]
fn exchanges_are_shown_while_they_happen() {
    let ended = authgauge(&["run", "--scenarios", "tests/cli", "--verbose"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for part in ["> GET http://127.0.0.1:", "\n< 200\n", " ms\n"] {
        assert!(ended.stderr.contains(part), "{part:?} in {}", ended.stderr);
    }
}

#[test]
fn colour_is_for_terminals_unless_asked_for() {
    let rows = [("auto", None, false), ("never", None, false), ("always", None, true)];
    let rows = rows.into_iter().chain([("auto", Some("1"), false), ("always", Some("1"), true)]);
    for (when, no_color, colored) in rows {
        let mut command = command(["run", "--scenarios", "tests/cli", "--color", when]);
        let ended = run(command.envs(no_color.map(|value| ("NO_COLOR", value))));
        assert_eq!(ended.stdout.contains("\x1b["), colored, "{when}, {no_color:?}");
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{when}, {no_color:?}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_crash() {
    let rows =
        ["run --scenarios tests/cli", "run --scenarios tests/cli --json -", "list", "--help"];
    for line in rows {
        let mut command = command(line.split(' '));
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.expect("the program can be started");
        drop(child.stdout.take());
        let ended = finish(child);
        assert_eq!(ended.code, Some(0), "{line}: {ended:#?}");
    }
}

#[test]
fn an_unreachable_provider_is_named_with_the_cause() {
    let closed = closed_port();
    let rows = [
        (format!("http://{closed}"), "Connection refused"),
        (format!("https://{closed}"), "Connection refused"),
        (
            format!("https://{}", answering(b"HTTP/1.1 400 Bad Request\r\n\r\n")),
            "InvalidContentType",
        ),
        (format!("https://{}", answering(b"")), "tls handshake eof"),
        (format!("http://{}", answering(b"")), "connection closed before message completed"),
        (format!("http://{}", answering(b"SSH-2.0-x\r\n")), "invalid HTTP version parsed"),
    ];
    for (issuer, cause) in rows {
        let file = provider_file(&folder("unreachable"), &issuer, SERVICE);
        let ended = authgauge(&["run", "--provider", text(&file)]);
        let Ended { code, stdout, stderr, .. } = &ended;
        assert_eq!((*code, stdout.as_str()), (Some(3), ""), "{issuer}: {stderr}");
        let host = issuer.split("//").nth(1).expect("an address");
        for part in ["error: the provider cannot be reached", host, cause, "\nhint: is "] {
            assert!(stderr.contains(part), "{issuer}: no {part:?} in {stderr}");
        }
    }
}

/// An address that answers the first bytes of a connection with these and closes it.
fn answering(bytes: &'static [u8]) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("it is bound").to_string();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("somebody connects");
        let read = stream.read(&mut [0; 4096]);
        read.and_then(|_| stream.write_all(bytes)).expect("the client waits for an answer");
    });
    address
}

#[test]
fn an_interrupted_run_reports_what_was_done() {
    let (asked_token, token_asked) = mpsc::channel();
    let server = Server::start(move |asked, origin| match asked.path.as_str() {
        "/token" => {
            asked_token.send(()).expect("the test waits for it");
            Answer::Stall
        }
        _ => demo(asked, origin),
    });
    let folder = folder("interrupted");
    let file = provider_file(
        &folder,
        &server.origin(),
        &(SERVICE.to_owned() + "pace: { concurrency: 1 }\n"),
    );
    let json = folder.join("r.json");
    let arguments =
        ["run", "--scenarios", "tests/cli", "--provider", text(&file), "--json", text(&json)];
    let mut command = command(arguments);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    token_asked.recv_timeout(support::program::BOUND).expect("the token endpoint is asked");
    signal("INT", child.id());
    let ended = finish(child);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(3), ""), "{}", ended.stdout);
    assert!(
        ended.stdout.contains("could not be told (the run was interrupted)"),
        "{}",
        ended.stdout
    );
    let report = std::fs::read_to_string(&json).expect("the report is written all the same");
    let report: Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!(report["interrupted"], "the run was interrupted");
    let findings = report["findings"].as_array().expect("an array").iter();
    let verdicts: Vec<(&Value, &Value)> = findings.map(|f| (&f["case"], &f["verdict"])).collect();
    assert_eq!(verdicts.first(), Some(&(&json!("demo/1/keys"), &json!("pass"))), "{verdicts:?}");
    assert_eq!(verdicts.len(), 5, "{verdicts:?}");
    assert!(verdicts[1..].iter().all(|(_, verdict)| **verdict == "inconclusive"), "{verdicts:?}");
}

#[test]
fn an_interrupt_before_the_first_answer_says_so() {
    let (asked_first, first_asked) = mpsc::channel();
    let server = Server::start(move |_, _| {
        asked_first.send(()).expect("the test waits for it");
        Answer::Stall
    });
    let file = provider_file(&folder("interrupted-at-once"), &server.origin(), SERVICE);
    let mut command = command(["run", "--provider", text(&file)]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    first_asked.recv_timeout(support::program::BOUND).expect("the metadata is asked for");
    signal("INT", child.id());
    let ended = finish(child);
    assert_eq!(ended.code, Some(3), "{ended:#?}");
    assert!(ended.stderr.contains("interrupted"), "{ended:#?}");
}

#[test]
fn the_stub_serves_until_it_is_interrupted() {
    let mut command = command(["stub"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.expect("the program can be started");
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let first = lines.next().expect("the stub says where it is").expect("text");
    let issuer = first.strip_prefix("issuer").expect("the issuer comes first").trim();
    let answer = get(issuer, "/.well-known/openid-configuration");
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains(issuer), "{answer}");
    signal("INT", child.id());
    let ended = finish(child);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:#?}");
}

#[test]
fn the_stub_says_when_its_port_is_taken() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let port = taken.local_addr().expect("it is bound").port().to_string();
    let ended = authgauge(&["stub", "--port", &port]);
    let message = format!(
        "error: port {port} on 127.0.0.1 is already in use\nhint: port 0 takes any free one\n"
    );
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr), (Some(2), "", message));
}

fn get(origin: &str, path: &str) -> String {
    let address = origin.strip_prefix("http://").expect("plain HTTP");
    let mut stream = TcpStream::connect(address).expect("the stub listens");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("the stub reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the stub answers");
    answer
}

#[test]
fn every_transcript_belongs_to_a_test() {
    let source = include_str!("cli.rs");
    let files = std::fs::read_dir(root().join("tests/cli")).expect("the folder is there");
    for path in files.map(|entry| entry.expect("readable").path()) {
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        let used = Path::new(&path).is_dir() || source.contains(&format!("(\"{name}\", "));
        assert!(used, "{} is left over", path.display());
    }
}

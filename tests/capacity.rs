//! `authgauge capacity` as the real program: each thing that can limit a provider is told from the
//! others.

mod support;

use std::path::Path;
use std::process::Stdio;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use support::program::{Ended, authgauge, command, finish_within, root, text};
use support::server::{Answer, Server, json as answer, response};
use support::workload::{KEYS, Stub, number, profile, read};

/// Short steps: what limits is far from what does not.
const SHORT: [&str; 10] = [
    "--step",
    "1.5",
    "--pause",
    "0.2",
    "--times",
    "2",
    "--precision",
    "0.2",
    "--error-rate",
    "0.05",
];

fn capacity(issuer: &str, profile: &Path, out: &Path, more: &[&str]) -> Ended {
    let fixed = ["capacity", text(profile), "--provider", "stub", "--issuer", issuer];
    let arguments = [&fixed, &SHORT[..], more, &["--json", text(out)]].concat();
    let child = command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    finish_within(Duration::from_secs(90), child.expect("the program can be started"))
}

/// The only search of a run, which keeps the contract.
fn search(out: &Path) -> Value {
    let found = read(out);
    let schema = std::fs::read_to_string(root().join("reports/schema/capacity.v1.json"));
    let schema: Value = serde_json::from_str(&schema.expect("it is there")).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let broken: Vec<String> = validator.iter_errors(&found).map(|e| e.to_string()).collect();
    assert_eq!(broken, Vec::<String>::new());
    found["searches"][0].clone()
}

const METADATA: &str = "/.well-known/openid-configuration";

/// The metadata of a provider that has a key set and nothing else.
fn metadata(origin: &str) -> Answer {
    answer("200 OK", &json!({ "issuer": origin, "jwks_uri": format!("{origin}/jwks") }))
}

/// A provider that does one thing at a time, each in so many milliseconds, and fails beyond a
/// number of requests in a second if told to.
fn one_at_a_time(milliseconds: u64) -> Server {
    let turn = Mutex::new(());
    Server::start(move |asked, origin| {
        if asked.path == METADATA {
            return metadata(origin);
        }
        let _mine = turn.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        thread::sleep(Duration::from_millis(milliseconds));
        answer("200 OK", &json!({ "keys": [] }))
    })
}

#[test]
fn a_provider_that_gets_slow_is_the_limit_and_its_knee_is_found() {
    let server = one_at_a_time(20);
    let (folder, profile) = profile("capacity_slow", "", KEYS);
    let out = folder.join("capacity.json");
    let ended = capacity(&server.origin(), &profile, &out, &["--p99", "400", "--from", "15"]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let search = search(&out);
    assert_eq!(
        (&search["limited_by"], &search["is_the_providers"]),
        (&"latency".into(), &true.into())
    );
    // It can do 50 a second, a little less with the time that its threads take.
    let knee = number(&search["sustained_per_s"]);
    assert!((20.0..=60.0).contains(&knee), "{}", ended.stdout);
    assert!(number(&search["repeats"]["times"]) >= 2.0, "{}", search["repeats"]);
    assert!(ended.stdout.contains("limited by the provider"), "{}", ended.stdout);
}

#[test]
fn a_quota_is_named_and_is_not_taken_for_errors() {
    let stub = Stub::start(&["--quota", "jwks=40"]);
    let (folder, profile) = profile("capacity_quota", "", KEYS);
    let out = folder.join("capacity.json");
    let ended = capacity(&stub.base, &profile, &out, &["--p99", "1000", "--from", "30"]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let search = search(&out);
    assert_eq!(search["limited_by"], "throttling", "{}", ended.stdout);
    for wanted in ["the quota for keys", "status 429 too_many_requests", "come back after 1 s"] {
        assert!(search["why"].as_str().is_some_and(|why| why.contains(wanted)), "{search}");
    }
    // A bucket of one second's worth lets a step of one second have 80.
    let knee = number(&search["sustained_per_s"]);
    assert!((30.0..=90.0).contains(&knee), "{}", ended.stdout);
    assert!(ended.stdout.contains("limited by a quota"), "{}", ended.stdout);
}

#[test]
fn errors_are_the_limit_when_they_come_first() {
    let recent = Mutex::new(Vec::<std::time::Instant>::new());
    let server = Server::start(move |asked, origin| {
        if asked.path == METADATA {
            return metadata(origin);
        }
        let mut recent = recent.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        recent.retain(|at| at.elapsed() < Duration::from_millis(500));
        recent.push(std::time::Instant::now());
        match recent.len() {
            0..=20 => answer("200 OK", &json!({ "keys": [] })),
            _ => response("500 Internal Server Error", &[], ""),
        }
    });
    let (folder, profile) = profile("capacity_errors", "stop_at_error_rate: 1\n", KEYS);
    let out = folder.join("capacity.json");
    let ended = capacity(&server.origin(), &profile, &out, &["--p99", "1000", "--from", "15"]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let search = search(&out);
    assert_eq!(search["limited_by"], "errors", "{}", ended.stdout);
    assert!(search["why"].as_str().is_some_and(|why| why.contains("status 500")), "{search}");
    let knee = number(&search["sustained_per_s"]);
    assert!((20.0..=45.0).contains(&knee), "{}", ended.stdout);
}

#[test]
fn a_generator_that_is_the_limit_claims_nothing_about_the_provider() {
    let stub = Stub::start(&["--latency", "100,110"]);
    let (folder, profile) = profile("capacity_generator", "", KEYS);
    let out = folder.join("capacity.json");
    let more = ["--p99", "400", "--from", "8", "--users", "2"];
    let ended = capacity(&stub.base, &profile, &out, &more);
    assert_eq!(ended.code, Some(5), "{}{}", ended.stdout, ended.stderr);
    let search = search(&out);
    assert_eq!(
        (&search["limited_by"], &search["is_the_providers"]),
        (&"generator".into(), &false.into())
    );
    assert!(ended.stdout.contains("NOT the provider's limit"), "{}", ended.stdout);
    // Two at a time, 0.1 s each.
    let knee = number(&search["sustained_per_s"]);
    assert!((8.0..=25.0).contains(&knee), "{}", ended.stdout);
    let steps = search["steps"].as_array().expect("steps");
    let own = steps.iter().filter(|step| step["verdict"] == "generator");
    assert!(own.clone().count() >= 2, "{}", ended.stdout);
    assert!(own.clone().all(|step| step["response_ms"].is_null()), "{search}");
}

#[test]
fn a_provider_that_takes_all_of_it_is_said_to_take_at_least_that() {
    let stub = Stub::start(&[]);
    let (folder, profile) =
        profile("capacity_bound", "thresholds: [{ step: keys, p99: 2000 }]\n", KEYS);
    let out = folder.join("capacity.json");
    let ended = capacity(&stub.base, &profile, &out, &["--from", "20", "--up-to", "40"]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let search = search(&out);
    assert_eq!((&search["limited_by"], &search["broken_per_s"]), (&"kept".into(), &Value::Null));
    assert!(ended.stdout.contains("At least 40.0/s"), "{}", ended.stdout);
    assert!(ended.stdout.contains("No scalability law"), "{}", ended.stdout);
}

#[test]
fn a_search_without_sense_is_refused() {
    let (_, bare) = profile("capacity_bare", "", KEYS);
    let rows: [(&[&str], &str); 6] = [
        (&[text(&bare)], "give --p99"),
        (&[text(&bare), "--p99", "0"], "must be between"),
        (&[text(&bare), "--p99", "NaN"], "must be between"),
        (&[text(&bare), "--p99", "5", "--up-to", "1000000000"], "must be between"),
        (&[text(&bare), "--p99", "5", "--users", "0"], "invalid value '0'"),
        (&["none", "--p99", "5"], "machine_tokens"),
    ];
    for (arguments, wanted) in rows {
        let ended = authgauge(&[&["capacity"], arguments].concat());
        assert_eq!(ended.code, Some(2), "{wanted}: {}", ended.stderr);
        assert!(ended.stderr.contains(wanted), "{wanted}: {}", ended.stderr);
    }
}

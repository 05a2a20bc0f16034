//! A load that several machines share, and their logs merged: `authgauge load --worker` and
//! `authgauge merge` as real programs.

mod support;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::Value;

use support::program::{Ended, authgauge, command, finish, root, text};
use support::workload::{KEYS, Stub, TOKEN, number, profile, read, step};

const HEAD: &str = "rate: 100\nduration: 3\nusers: 16\nthresholds: [{ step: token, error_rate: 0, achieved: 1 }]\n";

/// An instant in a few seconds, as all machines are told.
fn soon() -> String {
    let at = SystemTime::now() + Duration::from_secs(8);
    DateTime::<Utc>::from(at).to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Runs all machines of a load at once and returns the folder with their logs.
fn share(stub: &Stub, name: &str, head: &str, workers: usize) -> (PathBuf, Vec<Ended>) {
    let (folder, profile) = profile(name, head, &format!("{TOKEN}{KEYS}"));
    let (out, at) = (folder.join("logs"), soon());
    let started = (0..workers).map(|worker| {
        let worker = format!("{worker}/{workers}");
        let more = ["--worker", &worker, "--start-at", &at, "--out", text(&out)];
        let mut command = command(stub.arguments(&profile, &more));
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        child.expect("the program can be started")
    });
    let started: Vec<_> = started.collect();
    (out, started.into_iter().map(finish).collect())
}

fn merge(folder: &Path, more: &[&str]) -> Ended {
    authgauge(&[&["merge", text(folder)], more].concat())
}

#[test]
fn what_four_machines_did_adds_up_to_what_the_stub_saw() {
    let stub = Stub::start(&[]);
    let (logs, ended) = share(&stub, "four", HEAD, 4);
    for ended in ended {
        assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
        assert!(ended.stdout.contains("a part of the load"), "{}", ended.stdout);
        assert!(!ended.stdout.contains("threshold"), "{}", ended.stdout);
    }
    let counters = stub.control("counters", None);
    let json = logs.join("all.json");
    let ended = merge(&logs, &["--json", text(&json)]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let summary = read(&json);
    for (ours, theirs) in [("token", "token"), ("keys", "jwks")] {
        assert_eq!(step(&summary, ours)["counts"]["ok"], 150, "{}", ended.stdout);
        assert_eq!(counters["requests"][theirs], 150, "{counters}");
        assert_eq!(step(&summary, ours)["response_ms"]["count"], 150);
    }
    assert_eq!((&summary["load"]["due"], &summary["load"]["users"]), (&300.into(), &16.into()));
    assert!((number(&summary["load"]["asked_per_s"]) - 100.0).abs() < 1e-9);
    assert_eq!(summary["thresholds"][1]["met"], true, "{}", ended.stdout);
    let machines = summary["machines"].as_array().expect("machines");
    assert_eq!(machines.len(), 4);
    for machine in machines {
        assert_eq!(machine["users"], 4, "{machine}");
        assert!((74.0..=76.0).contains(&number(&machine["due"])), "{machine}");
    }
    let schema = std::fs::read_to_string(root().join("reports/schema/load.v1.json"));
    let schema: Value = serde_json::from_str(&schema.expect("it is there")).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let broken: Vec<String> = validator.iter_errors(&summary).map(|e| e.to_string()).collect();
    assert_eq!(broken, Vec::<String>::new());

    std::fs::remove_file(logs.join("worker-2-of-4.hlog")).expect("it is there");
    let ended = merge(&logs, &[]);
    assert_eq!(ended.code, Some(5), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("worker 2 of 4 left no log"), "{}", ended.stdout);
}

#[test]
fn parts_of_different_loads_are_refused() {
    let stub = Stub::start(&[]);
    let head = "rate: 20\nduration: 0.5\nusers: 4\n";
    let (one, _) = share(&stub, "one_load", head, 2);
    let (other, _) = share(&stub, "other_load", &head.replace("20", "30"), 2);
    let (first, second) = (one.join("worker-0-of-2.hlog"), other.join("worker-1-of-2.hlog"));
    let ended = authgauge(&["merge", text(&first), text(&second)]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("not of the same load"), "{}", ended.stderr);
    let ended = authgauge(&["merge", text(&first), text(&first)]);
    assert!(ended.code == Some(2) && ended.stderr.contains("both of worker 0"), "{}", ended.stderr);
    let ended = authgauge(&["merge", text(root())]);
    assert!(ended.code == Some(2) && ended.stderr.contains("no *.hlog"), "{}", ended.stderr);
}

#[test]
fn parts_that_cannot_be_made_are_refused() {
    let (_, profile) = profile("parts", "users: 2\n", KEYS);
    let past = "2020-01-01T00:00:00Z";
    let rows: [(&[&str], &str); 5] = [
        (&["--worker", "2/2"], "expected I/N"),
        (&["--worker", "0/3"], "3 workers need at least as many users"),
        (&["--start-at", "tomorrow"], "invalid value 'tomorrow'"),
        (&["--start-at", past], "this instant has passed"),
        (&["--worker", "0/2", "--fail-fast"], "cannot be used with"),
    ];
    for (more, wanted) in rows {
        let ended = authgauge(&[&["load", "--profile", text(&profile)], more].concat());
        assert_eq!(ended.code, Some(2), "{wanted}: {}", ended.stderr);
        assert!(ended.stderr.contains(wanted), "{wanted}: {}", ended.stderr);
    }
}

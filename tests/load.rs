//! `authgauge load` as the real program, against stubs of its own.

#![expect(clippy::cast_precision_loss, reason = "counts of a few thousand")]

mod support;

use std::process::Stdio;
use std::time::Duration;

use authgauge::load::interval_log;
use authgauge::load::outcome::Outcome;
use authgauge::load::recorder;
use serde_json::Value;

use support::program::{authgauge, command, finish, folder, root, signal, text};
use support::workload::{KEYS, Stub, TOKEN, measured, near, number, profile, read, step};

#[test]
fn counts_are_those_of_the_stub_and_the_summary_keeps_its_contract() {
    let stub = Stub::start(&[]);
    let head = "rate: 100\nduration: 2\nusers: 8\nthresholds: [{ step: token, error_rate: 0, achieved: 1 }]\n";
    let (folder, profile) = profile("counts", head, &format!("{TOKEN}{KEYS}"));
    let (out, log) = (folder.join("summary.json"), folder.join("run.hlog"));
    let files = [folder.join("t.csv"), folder.join("t.hgrm"), folder.join("t.prom")];
    let more = [
        "--json",
        text(&out),
        "--hlog",
        text(&log),
        "--csv",
        text(&files[0]),
        "--hgrm",
        text(&files[1]),
        "--prometheus",
        text(&files[2]),
    ];
    let ended = stub.load(&profile, &more);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let (summary, counters) = (read(&out), stub.control("counters", None));
    for (ours, theirs) in [("token", "token"), ("keys", "jwks")] {
        assert_eq!(step(&summary, ours)["counts"]["ok"], 100);
        assert_eq!(counters["requests"][theirs], 100, "{counters}");
    }
    let load = &summary["load"];
    assert_eq!(
        (&load["requests"], &load["due"], &load["done"]),
        (&200.into(), &200.into(), &200.into())
    );
    assert_eq!(summary["generator"]["counted_by_pool"], 200);
    let schema =
        std::fs::read_to_string(root().join("reports/schema/load.v1.json")).expect("it is there");
    let schema = serde_json::from_str(&schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let broken: Vec<String> = validator.iter_errors(&summary).map(|e| e.to_string()).collect();
    assert_eq!(broken, Vec::<String>::new());
    let log = interval_log::read(&std::fs::read_to_string(&log).expect("the log")).expect("a log");
    let mut total = recorder::Interval::default();
    for logged in &log.intervals {
        recorder::add(&mut total, &logged.interval);
    }
    assert_eq!(recorder::count(&total, "token", Outcome::Ok), 100);
    for (file, wanted) in
        files.iter().zip(["token,100,0,", "Total count    =          100", "outcome=\"ok\"} 100"])
    {
        let text = std::fs::read_to_string(file).expect("it was written");
        assert!(text.contains(wanted), "{text}");
    }
}

#[test]
fn latencies_are_those_that_the_stub_injects() {
    let stub = Stub::start(&["--latency", "200,800", "--seed", "5"]);
    let (folder, profile) = profile("latency", "rate: 150\nduration: 6\nusers: 300\n", KEYS);
    let out = folder.join("summary.json");
    let ended = stub.load(&profile, &["--json", text(&out)]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let summary = read(&out);
    let keys = step(&summary, "keys");
    // The first delay went to the metadata.
    let mut delays: Vec<f64> = delays(5, 200.0, 800.0).skip(1).take(900).collect();
    delays.sort_by(f64::total_cmp);
    for (name, index) in [("p50", 449), ("p90", 809), ("p99", 890)] {
        near(number(&keys["service_ms"][name]), delays[index], 0.05, name);
        near(number(&keys["response_ms"][name]), delays[index], 0.05, name);
    }
}

/// The delays that a stub with this seed injects, in milliseconds: log-normal, by `SplitMix64` and
/// the method of Box and Muller.
fn delays(seed: u64, p50: f64, p99: f64) -> impl Iterator<Item = f64> {
    let mut state = seed;
    let mut uniform = move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((mixed ^ (mixed >> 31)) >> 11) + 1) as f64 / 9_007_199_254_740_992.0
    };
    std::iter::repeat_with(move || {
        let (radius, angle) = (uniform(), uniform());
        let normal = (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos();
        p50 * ((p99 / p50).ln() / 2.326_347_874 * normal).exp()
    })
}

#[test]
fn a_server_that_stands_still_for_a_second_is_seen() {
    let stub = Stub::start(&[]);
    let (folder, profile) = profile("frozen", "rate: 300\nduration: 6\nusers: 12\n", KEYS);
    let (out, log) = (folder.join("summary.json"), folder.join("run.hlog"));
    let arguments = stub.arguments(&profile, &["--json", text(&out), "--hlog", text(&log)]);
    let child = command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.expect("the program can be started");
    measured(&log, 2);
    stub.control("latency", Some(r#"{"stall_ms": 1000}"#));
    let ended = finish(child);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let summary = read(&out);
    let keys = step(&summary, "keys");
    // One arrival in six waits, evenly between 0 and 1 s: the slowest 1 % wait 0.94 s or longer.
    near(number(&keys["response_ms"]["p99"]), 940.0, 0.05, "response p99");
    // At most 12 requests are under way, so that a naive tool sees 12 slow ones of 1800, and those
    // behind its 99th percentile.
    assert!(number(&keys["service_ms"]["p99"]) < 200.0, "{}", keys["service_ms"]);
    assert!(number(&keys["service_ms"]["max"]) > 900.0, "{}", keys["service_ms"]);
    assert_eq!(keys["counts"]["ok"], 1800);
    assert_eq!(keys["counts"]["missed"], 0);
}

#[test]
fn a_missed_threshold_is_named_and_ends_a_run_early_on_demand() {
    let stub = Stub::start(&["--latency", "30,40"]);
    let head =
        "rate: 200\nduration: 8\nusers: 50\nthresholds: [{ step: keys, p50: 5, p99: 5000 }]\n";
    let (_, profile) = profile("threshold", head, KEYS);
    let ended = stub.load(&profile, &["--fail-fast"]);
    assert_eq!(ended.code, Some(4), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("MISSED: keys p50 <= 5.00 ms"), "{}", ended.stdout);
    assert!(ended.stdout.contains("met: keys p99"), "{}", ended.stdout);
    assert!(ended.elapsed < Duration::from_secs(7), "{:?}", ended.elapsed);
}

/// Two workers and answers that take 200 ms are ten operations per second, however many are asked for.
#[test]
fn what_is_done_after_the_last_arrival_takes_its_time_too() {
    let stub = Stub::start(&["--latency", "200,210"]);
    let (folder, profile) = profile("late", "rate: 40\nduration: 1\nusers: 2\n", KEYS);
    let out = folder.join("s.json");
    stub.load(&profile, &["--json", text(&out)]);
    let load = &read(&out)["load"];
    assert_eq!(load["done"], 40, "{load}");
    let achieved = number(&load["achieved_per_s"]);
    assert!((5.0..=12.0).contains(&achieved), "{load}");
}

#[test]
fn a_generator_that_is_the_limit_says_so_and_shows_no_latency() {
    let stub = Stub::start(&["--latency", "400,500"]);
    let head =
        "rate: 200\nduration: 1\nusers: 2\ndeadline: 1\nthresholds: [{ step: keys, p99: 1 }]\n";
    let (folder, profile) = profile("invalid", head, KEYS);
    let [out, csv, prometheus] = ["s.json", "t.csv", "t.prom"].map(|name| folder.join(name));
    let more = ["--json", text(&out), "--csv", text(&csv), "--prometheus", text(&prometheus)];
    let ended = stub.load(&profile, &more);
    assert_eq!(ended.code, Some(5), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("limited by the generator"), "{}", ended.stdout);
    assert!(!ended.stdout.contains("response ms") && !ended.stdout.contains("service  ms"));
    let summary = read(&out);
    let keys = step(&summary, "keys");
    assert!(keys["response_ms"].is_null() && keys["service_ms"].is_null());
    assert!(number(&keys["counts"]["missed"]) > 0.0, "{keys}");
    assert_eq!(summary["thresholds"][0]["actual"], Value::Null);
    let quantiles = std::fs::read_to_string(prometheus).expect("it was written");
    assert!(quantiles.contains("authgauge_load_valid 0") && !quantiles.contains("quantile="));
    assert!(std::fs::read_to_string(csv).expect("it was written").contains(",,,,,,"));
}

#[test]
fn an_expected_refusal_is_right_and_a_fast_wrong_answer_is_not() {
    let operations = "  - name: refused
    steps:
      - name: token
        send: { to: token_endpoint, as: public, form: { grant_type: authorization_code, code: nonsense } }
        assume: [refused, { error: [invalid_grant, invalid_request] }]
  - { name: wrong_verifier, case: rfc7636/4.6/verifier-mismatch/wrong }
  - name: wrong
    steps:
      - name: token
        send: { to: token_endpoint, as: public, form: { grant_type: authorization_code, code: nonsense } }
";
    let (folder, profile) = profile("wrong", "rate: 30\nduration: 1\nusers: 8\n", operations);
    let out = folder.join("summary.json");
    let ended = authgauge(&["load", "--profile", text(&profile), "--json", text(&out)]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let summary = read(&out);
    for (name, outcome) in [("refused", "ok"), ("wrong_verifier", "ok"), ("wrong", "wrong")] {
        assert_eq!(step(&summary, name)["counts"][outcome], 10, "{}", ended.stdout);
    }
    let reason = "wrong 10x: at `token`: expected that the request is granted, but found 400";
    assert!(ended.stdout.contains(reason), "{}", ended.stdout);
}

#[test]
fn throttling_is_a_class_of_its_own() {
    let stub = Stub::start(&["--quota", "jwks=20"]);
    let (folder, profile) = profile("throttled", "rate: 100\nduration: 2\nusers: 8\n", KEYS);
    let out = folder.join("summary.json");
    let ended = stub.load(&profile, &["--json", text(&out)]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let (summary, counters) = (read(&out), stub.control("counters", None));
    let counts = &step(&summary, "keys")["counts"];
    assert_eq!(counts["throttled"], counters["limited"]["jwks"], "{counters}");
    assert!(number(&counts["throttled"]) > 100.0 && counts["error"] == 0, "{counts}");
}

#[test]
fn no_token_fails_to_verify_while_keys_rotate_and_a_gap_is_seen() {
    let operations = "  - name: fresh
    prepare: [{ flow: sign_in }]
    steps: [{ flow: sign_in }]
    verify: { token: \"${id_token}\" }
  - name: fetched
    prepare: [{ flow: sign_in }]
    verify: { token: \"${id_token}\", keys: fetched }
";
    let head = "rate: 40\nduration: 3\nusers: 8\nrotate_keys_every: 0.5\n";
    for (fault, gap) in [(None, false), (Some("publishes_new_key_late"), true)] {
        let arguments = fault.map_or(vec![], |fault| vec!["--fault", fault]);
        let stub = Stub::start(&arguments);
        let (folder, profile) = profile("rotation", head, operations);
        let out = folder.join("summary.json");
        let ended = stub.load(&profile, &["--json", text(&out)]);
        let summary = read(&out);
        let wrong = number(&step(&summary, "fresh")["counts"]["wrong"]);
        assert_eq!(wrong > 0.0, gap, "{}{}", ended.stdout, ended.stderr);
        assert!(number(&summary["load"]["key_rotations"]) >= 3.0, "{}", summary["load"]);
        assert!(number(&summary["load"]["key_fetches"]) >= 60.0, "{}", summary["load"]);
    }
}

#[test]
fn the_flows_of_people_and_devices_run_as_a_workload() {
    let operations = "  - { name: sign_in, steps: [{ flow: sign_in, with: { session: fresh } }] }
  - name: refresh
    prepare: [{ flow: sign_in_offline }]
    steps: [{ flow: refresh, keep: { refresh_token: { json: refresh_token, or: \"${refresh_token}\" } } }]
    carry: [refresh_token]
  - name: device
    prepare: [{ flow: sign_in }]
    steps: [{ flow: device_start }, { flow: device_decide, assume: [{ status: [200] }] }]
    later: { name: poll, every: \"${interval}\", times: 2, steps: [{ flow: device_poll }] }
";
    let (folder, profile) = profile("flows", "rate: 30\nduration: 2\nusers: 8\n", operations);
    let out = folder.join("summary.json");
    let ended = authgauge(&["load", "--profile", text(&profile), "--json", text(&out)]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let summary = read(&out);
    for name in
        ["sign_in", "sign_in/redeem", "refresh", "device", "device/device_start", "device/poll"]
    {
        assert_eq!(step(&summary, name)["counts"]["ok"], 20, "{name}: {}", ended.stdout);
    }
}

#[test]
fn the_closed_model_is_as_fast_as_the_answers_and_says_what_it_is() {
    let stub = Stub::start(&["--latency", "50,60"]);
    let head = "model: closed\nduration: 2\nusers: 4\nthink_time: 0.05\n";
    let (folder, profile) = profile("closed", head, KEYS);
    let out = folder.join("summary.json");
    let ended = stub.load(&profile, &["--json", text(&out)]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("closed model"), "{}", ended.stdout);
    let summary = read(&out);
    let done = number(&summary["load"]["done"]);
    // 4 users, 0.1 s for each turn, 2 s.
    assert!((40.0..=88.0).contains(&done), "{done}");
    assert!(step(&summary, "keys")["response_ms"].is_null());
}

#[test]
fn an_interrupt_gives_the_report_so_far() {
    for name in ["INT", "TERM"] {
        let stub = Stub::start(&[]);
        let (folder, profile) =
            profile(&format!("interrupt_{name}"), "rate: 50\nduration: 60\n", KEYS);
        let log = folder.join("run.hlog");
        let arguments = stub.arguments(&profile, &["--hlog", text(&log)]);
        let child = command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let child = child.expect("the program can be started");
        measured(&log, 2);
        signal(name, child.id());
        let ended = finish(child);
        assert_eq!(ended.code, Some(3), "{}{}", ended.stdout, ended.stderr);
        assert!(
            ended.stdout.contains("stopped by the user") && ended.stdout.contains("p99"),
            "{}",
            ended.stdout
        );
        let log =
            interval_log::read(&std::fs::read_to_string(&log).expect("the log")).expect("a log");
        assert!(!log.intervals.is_empty());
    }
}

#[test]
fn a_provider_that_dies_stops_the_run_and_the_data_is_kept() {
    let mut stub = Stub::start(&[]);
    let (folder, profile) =
        profile("dies", "rate: 100\nduration: 60\nusers: 16\ndeadline: 2\n", KEYS);
    let (out, log) = (folder.join("summary.json"), folder.join("run.hlog"));
    let arguments: Vec<String> = stub
        .arguments(&profile, &["--json", text(&out), "--hlog", text(&log)])
        .into_iter()
        .map(str::to_owned)
        .collect();
    let child = command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.expect("the program can be started");
    measured(&log, 2);
    stub.child.kill().expect("it runs");
    let ended = finish(child);
    assert_eq!(ended.code, Some(3), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("stopped by itself"), "{}", ended.stdout);
    assert!(ended.stdout.contains("could not connect"), "{}", ended.stdout);
    let summary = read(&out);
    let counts = &step(&summary, "keys")["counts"];
    assert!(number(&counts["ok"]) > 50.0 && number(&counts["error"]) > 20.0, "{counts}");
}

#[test]
fn the_bundled_profiles_hold_against_the_embedded_stub() {
    for name in ["machine_tokens", "sign_ins", "rotation"] {
        let folder = folder(&format!("load_bundled_{name}"));
        let out = folder.join("summary.json");
        let ended = authgauge(&[
            "load",
            "--profile",
            name,
            "--rate",
            "40",
            "--duration",
            "2",
            "--users",
            "8",
            "--json",
            text(&out),
        ]);
        // A busy machine may make the measurement invalid, and then it must say so; the provider
        // does everything right in any case.
        assert!(matches!(ended.code, Some(0 | 4 | 5)), "{name}: {}{}", ended.stdout, ended.stderr);
        for step in read(&out)["steps"].as_array().expect("steps") {
            let counts = &step["counts"];
            assert_eq!(
                (&counts["wrong"], &counts["error"]),
                (&0.into(), &0.into()),
                "{name}: {step}"
            );
        }
    }
}

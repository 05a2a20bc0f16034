//! The interval log of a load run, read by somebody else's tool: the hdrhistogram package of Python.

mod support;

use std::process::ExitCode;

use authgauge::load::outcome::Clock;
use authgauge::load::{interval_log, recorder};
use libtest_mimic::Arguments;

use support::program::{authgauge, text};
use support::trials::{no_interop, unless};
use support::workload::{KEYS, Stub, near, number, profile, read, read_by_python, step};

fn main() -> ExitCode {
    let tests: [(&str, fn()); 2] = [
        ("a_public_tool_reads_the_interval_log", a_public_tool_reads_the_interval_log),
        ("a_public_tool_reads_merged_logs", a_public_tool_reads_merged_logs),
    ];
    let tests = tests.map(|(name, test)| unless(no_interop, name, test)).into();
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}

/// Two parts of a load, one after the other, merged.
fn a_public_tool_reads_merged_logs() {
    let (folder, profile) = profile("merged", "rate: 100\nduration: 2\nusers: 8\n", KEYS);
    let stub = Stub::start(&[]);
    for worker in ["0/2", "1/2"] {
        let more = ["--worker", worker, "--out", text(&folder)];
        let ended = stub.load(&profile, &more);
        assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    }
    let [json, log] = ["all.json", "all.log"].map(|name| folder.join(name));
    let merge = ["merge", text(&folder), "--json", text(&json), "--hlog", text(&log)];
    let ended = authgauge(&merge);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let theirs = read_by_python(&log, "keys.ok.response");
    let ours = number(&step(&read(&json), "keys")["response_ms"]["p99"]) * 1e3;
    assert!((theirs[0] - 200.0).abs() < 0.5, "{theirs:?}");
    near(theirs[1], ours, 0.002, "p99");
}

fn a_public_tool_reads_the_interval_log() {
    let (folder, profile) = profile("interop", "rate: 100\nduration: 3\nusers: 8\n", KEYS);
    let log = folder.join("run.hlog");
    let ended = authgauge(&["load", "--profile", text(&profile), "--hlog", text(&log)]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let theirs = read_by_python(&log, "keys.ok.response");
    let log = interval_log::read(&std::fs::read_to_string(&log).expect("the log")).expect("a log");
    let mut total = recorder::Interval::default();
    for logged in &log.intervals {
        recorder::add(&mut total, &logged.interval);
    }
    let ours = recorder::latency(&total, "keys", Clock::Response);
    assert!((theirs[0] - 300.0).abs() < 0.5, "{theirs:?}");
    near(theirs[1], ours.quantile_ms(0.99) * 1e3, 0.001, "p99");
}

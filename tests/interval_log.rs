//! The interval log of a load run, read by somebody else's tool: the hdrhistogram package of Python.

mod support;

use std::process::ExitCode;

use authgauge::load::outcome::Clock;
use authgauge::load::{interval_log, recorder};
use libtest_mimic::Arguments;

use support::program::{authgauge, text};
use support::trials::{no_interop, unless};
use support::workload::{KEYS, near, profile, read_by_python};

fn main() -> ExitCode {
    let name = "a_public_tool_reads_the_interval_log";
    let test = unless(no_interop, name, a_public_tool_reads_the_interval_log);
    libtest_mimic::run(&Arguments::from_args(), vec![test]).exit_code()
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

//! The interval log of a load run, read by somebody else's tool: `AUTHGAUGE_INTEROP=1`, with python3.

mod support;

use std::path::Path;
use std::process::ExitCode;

use authgauge::load::outcome::Clock;
use authgauge::load::{interval_log, recorder};
use libtest_mimic::Arguments;

use support::program::{authgauge, folder, root, text};
use support::trials::{no_interop, unless};

const PROFILE: &str = "title: test
validity: { lag: 2000, sent: 0.5, processor: 1 }
rate: 100
duration: 3
users: 8
operations:
  - { name: keys, steps: [{ name: keys, send: { to: jwks_uri } }] }
";

fn main() -> ExitCode {
    let name = "a_public_tool_reads_the_interval_log";
    let test = unless(no_interop, name, a_public_tool_reads_the_interval_log);
    libtest_mimic::run(&Arguments::from_args(), vec![test]).exit_code()
}

/// The hdrhistogram package of Python reads our log.
fn a_public_tool_reads_the_interval_log() {
    let folder = folder("load_interop");
    let profile = folder.join("profile.yaml");
    std::fs::write(&profile, PROFILE).expect("the folder can be written");
    let log = folder.join("run.hlog");
    let ended = authgauge(&["load", "--profile", text(&profile), "--hlog", text(&log)]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hdrhistogram-venv");
    let run = |program: &Path, arguments: &[&str]| {
        let output = std::process::Command::new(program).args(arguments).output();
        let output = output.expect("python3 is there");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    if !venv.join("bin/pip").exists() {
        run(Path::new("python3"), &["-m", "venv", text(&venv)]);
    }
    run(&venv.join("bin/pip"), &["install", "--quiet", "hdrhistogram==0.10.8"]);
    let script = root().join("tests/interop/hdrhistogram.py");
    let theirs = run(&venv.join("bin/python"), &[text(&script), text(&log), "keys.ok.response"]);
    let theirs: Vec<f64> =
        theirs.split_whitespace().map(|n| n.parse().expect("a number")).collect();
    let log = interval_log::read(&std::fs::read_to_string(&log).expect("the log")).expect("a log");
    let mut total = recorder::Interval::default();
    for logged in &log.intervals {
        recorder::add(&mut total, &logged.interval);
    }
    let ours = recorder::latency(&total, "keys", Clock::Response);
    assert!((theirs[0] - 300.0).abs() < 0.5, "{theirs:?}");
    let p99 = ours.quantile_ms(0.99) * 1e3;
    assert!((theirs[1] - p99).abs() <= p99 * 0.001, "{theirs:?}, but ours is {p99}");
}

//! What a full run on the embedded stub costs, and how it ends: `cargo bench --bench full_run`.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// How often each dialect is run.
const RUNS: usize = 10;

/// What one run took.
struct Cost {
    wall: Duration,
    /// The most memory that was resident, in MB; `None` where the system does not tell.
    peak: Option<f64>,
}

fn main() {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("full_run.json");
    for dialect in ["strict", "cognito"] {
        let mut costs: Vec<Cost> = (0..RUNS).map(|_| one_run(dialect, &file)).collect();
        costs.sort_by_key(|cost| cost.wall);
        let milliseconds = |index: usize| costs[index].wall.as_secs_f64() * 1e3;
        let peak = costs.iter().filter_map(|cost| cost.peak).reduce(f64::max);
        println!("{dialect}, {RUNS} runs: {}", verdicts(&file));
        println!(
            "  fastest {:.0} ms, median {:.0} ms, slowest {:.0} ms, peak {}",
            milliseconds(0),
            milliseconds(RUNS / 2),
            milliseconds(RUNS - 1),
            peak.map_or("unknown".into(), |peak| format!("{peak:.1} MB")),
        );
    }
}

/// The whole program, from its start to its exit: that is what a user waits for.
fn one_run(dialect: &str, file: &Path) -> Cost {
    let started = Instant::now();
    let child = Command::new(env!("CARGO_BIN_EXE_authgauge"))
        .args(["run", "--stub", dialect, "--json"])
        .arg(file)
        .stdout(Stdio::null())
        .spawn();
    let mut child = child.expect("the program can be started");
    let peak = peak_until_it_ends(&mut child);
    let status = child.wait().expect("it has ended");
    assert!(status.success(), "{dialect}: {status}");
    Cost { wall: started.elapsed(), peak }
}

/// The peak of the resident memory, in MB, as Linux has it in `/proc`.
fn peak_until_it_ends(child: &mut Child) -> Option<f64> {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = None;
    while child.try_wait().is_ok_and(|ended| ended.is_none()) {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        peak = kibibytes.map(|kibibytes: f64| kibibytes * 1024.0 / 1e6).or(peak);
        thread::sleep(Duration::from_millis(2));
    }
    peak
}

/// How many checks and cases there are, and how they end.
fn verdicts(file: &Path) -> String {
    let text = std::fs::read_to_string(file).expect("the run has written its report");
    let report: Value = serde_json::from_str(&text).expect("the report is JSON");
    let findings = report["findings"].as_array().cloned().unwrap_or_default();
    let different = |member: &str| {
        let told = findings.iter().filter(|finding| finding["verdict"] != "not_applicable");
        let values = told.filter_map(|finding| finding[member].as_str());
        values.collect::<std::collections::BTreeSet<_>>().len()
    };
    let total = |name: &str| report["totals"][name].as_u64().unwrap_or_default();
    format!(
        "{} requirements in {} cases: {} pass, {} fail, {} warnings, {} inconclusive, {} known, {} n/a",
        different("requirement"),
        different("case"),
        total("pass"),
        total("fail"),
        total("warning"),
        total("inconclusive"),
        total("known"),
        total("not_applicable"),
    )
}

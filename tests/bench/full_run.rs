//! The wall time of a full run on the embedded stub: `cargo bench`.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::process::Command;
use std::time::{Duration, Instant};

fn main() {
    const RUNS: usize = 10;
    let mut times: Vec<Duration> = (0..RUNS).map(|_| one_run()).collect();
    times.sort();
    println!(
        "full run on the embedded stub, {RUNS} runs: fastest {:.0} ms, median {:.0} ms, slowest {:.0} ms",
        times[0].as_secs_f64() * 1e3,
        times[RUNS / 2].as_secs_f64() * 1e3,
        times[RUNS - 1].as_secs_f64() * 1e3,
    );
}

/// The whole program, from its start to its exit: that is what a user waits for.
fn one_run() -> Duration {
    let started = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_authgauge")).arg("run").output();
    let output = output.expect("the program can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    started.elapsed()
}

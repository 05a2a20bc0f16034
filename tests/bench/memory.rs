//! How much memory a worker takes.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::ratio::tell;
use crate::stub::Stub;

const ROUNDS: usize = 3;
const WORKERS: f64 = 2000.0;

/// The difference between a large pool and a small one.
pub fn of_a_worker(stub: &Stub) {
    let each = (0..ROUNDS).map(|_| (peak(stub, "2016") - peak(stub, "16")) / WORKERS);
    println!();
    tell("memory of a worker, in kB", each.collect(), "at most 80");
}

/// The most memory that the product had resident with so many workers, in kB.
fn peak(stub: &Stub, users: &str) -> f64 {
    let mut child = Command::new(env!("CARGO_BIN_EXE_authgauge"))
        .args(["load", "--profile", "machine_tokens", "--provider", "stub", "--issuer", &stub.base])
        .args(["--model", "closed", "--duration", "3", "--users", users])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program can be started");
    let (begun, mut peak) = (Instant::now(), 0.0_f64);
    while child.try_wait().expect("it can be asked").is_none() && begun.elapsed().as_secs() < 60 {
        peak = peak.max(resident(child.id()));
        std::thread::sleep(Duration::from_millis(50));
    }
    peak
}

fn resident(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0.0)
}

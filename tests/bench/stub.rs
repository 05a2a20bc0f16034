//! The embedded stub as a process of its own.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// Linux counts the processor time of a process in hundredths of a second.
const TICKS: f64 = 100.0;

/// A stub, which ends with this value.
pub struct Stub {
    process: Child,
    /// Its address.
    pub base: String,
}

impl Drop for Stub {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Stub {
    /// It gives the same token again, so that its signatures are not the limit.
    pub fn start() -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_authgauge"))
            .args(["stub", "--reuse-tokens", "3600"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program can be started");
        let lines = BufReader::new(process.stdout.take().expect("it is piped")).lines();
        let mut lines = lines.map(|line| line.expect("text"));
        let base = lines.find_map(|line| Some(line.strip_prefix("listens at")?.trim().to_owned()));
        Self { process, base: base.expect("the address") }
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// The processor time it has used so far, in seconds.
    pub fn processor_time(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id())).expect("Linux");
        // proc(5): utime and stime are fields 14 and 15; the name in parentheses is the second one.
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        let ticks = fields.skip(11).take(2).map(|field| field.parse::<f64>().expect("a number"));
        ticks.sum::<f64>() / TICKS
    }
}

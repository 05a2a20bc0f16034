//! One line that says how a run is going.

use std::time::Duration;

use crate::load::summary::Second;

/// How a run is going.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Since the start.
    pub elapsed: Duration,
    /// How long it takes.
    pub duration: Duration,
    /// The last second.
    pub second: Second,
    /// How many operations have not ended right so far.
    pub failed: u64,
    /// How many workers are busy, of how many.
    pub busy: (usize, usize),
    /// How many arrivals wait for a worker.
    pub waiting: usize,
    /// The pacer's lag in the last second, at the 99th percentile, in milliseconds.
    pub lag_ms: f64,
}

/// The line.
pub fn line(progress: &Progress) -> String {
    let Progress { elapsed, duration, second, failed, busy, waiting, lag_ms } = progress;
    let latency = match (second.p50_ms, second.p99_ms) {
        (Some(p50), Some(p99)) => format!("p50 {p50:.1} ms  p99 {p99:.1} ms"),
        _ => "nothing ended".to_owned(),
    };
    format!(
        "{:.0}/{:.0} s  {}/s  {latency}  failed {failed}  | workers {}/{}  waiting {waiting}  lag {lag_ms:.2} ms",
        elapsed.as_secs_f64(),
        duration.as_secs_f64(),
        second.done,
        busy.0,
        busy.1
    )
}

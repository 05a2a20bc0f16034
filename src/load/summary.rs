//! The summary of a load run: the JSON contract `reports/schema/load.v1.json`, and other forms.

use serde::{Deserialize, Serialize};

use crate::exit;
use crate::load::histogram::Histogram;
use crate::load::outcome::{Clock, Outcome};
use crate::load::profile::Model;
use crate::load::recorder::{Interval, count, latency};
use crate::load::safety::ratio;
use crate::load::sender::Kind;
use crate::load::threshold::Verdict;

mod csv;
mod prometheus;
mod terminal;

pub use csv::csv;
pub use prometheus::prometheus;
pub use terminal::terminal;

/// The name of the contract.
pub const SCHEMA: &str = "authgauge/load/v1";

/// All that is known after a load run. Rates are per second, times in the unit of their name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Summary {
    /// The name of the contract.
    pub schema: String,
    /// The version of the program.
    pub authgauge: String,
    /// The profile's name and what it is for.
    pub profile: String,
    /// What it is for.
    pub title: String,
    /// The provider's name.
    pub provider: String,
    /// The provider's issuer identifier.
    pub issuer: String,
    /// Who decided when the next operation came.
    pub model: Model,
    /// When the first operation was due, in RFC 3339.
    pub started: String,
    /// From then to the end.
    pub elapsed_s: f64,
    /// Why the run ended before its time.
    pub stopped: Option<String>,
    /// Whether the latencies are the provider's. If not, there are none in this summary.
    pub valid: bool,
    /// Why not.
    pub invalid_because: Vec<String>,
    /// What was asked for and what came of it.
    pub load: Load,
    /// How operations were judged.
    pub judging: Judging,
    /// How the generator did, all machines together.
    pub generator: Generator,
    /// Each machine that made a part of the load; one alone, unless the load was shared.
    pub machines: Vec<Machine>,
    /// Each operation and each measured step.
    pub steps: Vec<StepSummary>,
    /// The limits of the profile.
    pub thresholds: Vec<Verdict>,
    /// Second by second.
    pub seconds: Vec<Second>,
    /// The exit code that follows.
    pub exit_code: u8,
}

/// What was asked for and what came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Load {
    /// The asked rate, on average; none in the closed model.
    pub asked_per_s: Option<f64>,
    /// How long operations came.
    pub duration_s: f64,
    /// The workers.
    pub users: usize,
    /// How many operations were due.
    pub due: u64,
    /// How many were done, however they ended.
    pub done: u64,
    /// How many were done right, per second until the last one was done.
    pub achieved_per_s: f64,
    /// The requests that prepared the run; the metadata is one of them.
    pub preparing_requests: u64,
    /// The requests of the operations.
    pub requests: u64,
    /// How often the provider's keys were fetched for local verification.
    pub key_fetches: u64,
    /// How often the signing keys were rotated.
    pub key_rotations: u64,
}

/// How operations were judged.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Judging {
    /// Of how many one was judged; of the others only that they were answered.
    pub every: u64,
    /// How many were judged.
    pub judged: u64,
}

/// How the generator did. Of several machines, shares are those of the one with the largest.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Generator {
    /// By what requests were sent.
    #[serde(default)]
    pub transport: Kind,
    /// Its processors.
    pub processors: usize,
    /// The share of them that it used; none where that cannot be told.
    pub processor_share: Option<f64>,
    /// The share that the embedded stub used beside it; none where it is not embedded, or that
    /// cannot be told.
    #[serde(default)]
    pub stub_share: Option<f64>,
    /// How late the pacer released tickets; none in the closed model.
    pub lag_ms: Option<Percentiles>,
    /// The share of the time in which all workers were busy and arrivals waited.
    pub saturated_share: f64,
    /// The operations as the pool of workers counted them, independent of the histograms.
    pub counted_by_pool: Option<u64>,
}

/// A machine that made a part of the load.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// Which one, counted from 0.
    pub worker: usize,
    /// Of how many.
    pub of: usize,
    /// When its first operation was due, by its own clock, in RFC 3339.
    pub started: String,
    /// From then to its end.
    pub elapsed_s: f64,
    /// Its users.
    pub users: usize,
    /// How many operations were due.
    pub due: u64,
    /// How many of them found no free worker in time.
    pub missed: u64,
    /// Its processors.
    pub processors: usize,
    /// The share of them that it used; none where that cannot be told.
    pub processor_share: Option<f64>,
    /// How late its pacer was at the 99th percentile; none in the closed model.
    pub lag_p99_ms: Option<f64>,
    /// The share of the time in which all its workers were busy and arrivals waited.
    pub saturated_share: f64,
    /// Why its part is invalid.
    pub invalid_because: Vec<String>,
}

/// An operation or a step of one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StepSummary {
    /// Its name.
    pub name: String,
    /// How often it ended how.
    pub counts: Counts,
    /// The share that did not end right.
    pub error_rate: f64,
    /// From due to the last byte, over what ended right, in a timeout or missed. None for a step
    /// inside an operation, in the closed model, and when the measurement is invalid.
    pub response_ms: Option<Percentiles>,
    /// From the first byte sent to the last received.
    pub service_ms: Option<Percentiles>,
    /// From due to the first byte sent.
    pub wait_ms: Option<Percentiles>,
    /// The distribution of the response times, or of the service times where there are none; none
    /// of a measurement that is invalid.
    #[serde(default)]
    pub distribution: Vec<Quantile>,
    /// What went wrong, and how often.
    pub reasons: Vec<Reason>,
    /// The longest `Retry-After`, in seconds.
    pub retry_after_s: Option<u64>,
}

/// How often something ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the outcomes have their meaning at `Outcome`")]
pub struct Counts {
    pub ok: u64,
    pub wrong: u64,
    pub error: u64,
    pub throttled: u64,
    pub timeout: u64,
    pub missed: u64,
}

/// Percentiles, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Percentiles {
    pub count: u64,
    pub min: f64,
    pub mean: f64,
    pub p50: f64,
    pub p90: f64,
    pub p95: f64,
    pub p99: f64,
    #[serde(rename = "p99.9")]
    pub p99_9: f64,
    pub max: f64,
}

/// How long a share of all took at most.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quantile {
    /// The share.
    pub share: f64,
    /// The time, in milliseconds.
    pub ms: f64,
}

/// What went wrong, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The outcome it explains.
    pub outcome: Outcome,
    /// What went wrong.
    pub reason: String,
    /// How often, as far as it was kept.
    pub count: u64,
}

/// What happened in a second.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Second {
    /// When it ended, counted from the start.
    pub at_s: f64,
    /// How many operations ended.
    pub done: u64,
    /// How many of them right.
    pub ok: u64,
    /// The median response time; service time in the closed model.
    pub p50_ms: Option<f64>,
    /// The 99th percentile of it.
    pub p99_ms: Option<f64>,
}

/// The operations, without the steps inside them.
pub fn operations(summary: &Summary) -> impl Iterator<Item = &StepSummary> {
    summary.steps.iter().filter(|step| !step.name.contains('/'))
}

/// How often a step ended how.
pub fn counts(total: &Interval, step: &str) -> Counts {
    let of = |outcome| count(total, step, outcome);
    Counts {
        ok: of(Outcome::Ok),
        wrong: of(Outcome::Wrong),
        error: of(Outcome::Error),
        throttled: of(Outcome::Throttled),
        timeout: of(Outcome::Timeout),
        missed: of(Outcome::Missed),
    }
}

/// All that a step did.
pub fn all(counts: &Counts) -> u64 {
    counts.ok + counts.wrong + counts.error + counts.throttled + counts.timeout + counts.missed
}

/// The percentiles of a histogram; none of an empty one.
pub fn percentiles(histogram: &Histogram) -> Option<Percentiles> {
    let at = |share| histogram.quantile_ms(share);
    (histogram.count() > 0).then(|| Percentiles {
        count: histogram.count(),
        min: histogram.min_ms(),
        mean: histogram.mean_ms(),
        p50: at(0.5),
        p90: at(0.9),
        p95: at(0.95),
        p99: at(0.99),
        p99_9: at(0.999),
        max: histogram.max_ms(),
    })
}

/// A step's part of the summary; without latencies when the measurement is invalid.
pub fn step(total: &Interval, name: &str, valid: bool, scheduled: bool) -> StepSummary {
    let counts = counts(total, name);
    let of = |clock| percentiles(&latency(total, name, clock)).filter(|_| valid);
    let reasons = total.reasons.iter().filter(|((step, ..), _)| step == name);
    let mut reasons: Vec<Reason> = reasons
        .map(|((_, outcome, reason), count)| Reason {
            outcome: *outcome,
            reason: reason.clone(),
            count: *count,
        })
        .collect();
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.count));
    let clock = if scheduled { Clock::Response } else { Clock::Service };
    let shown = latency(total, name, clock);
    let all_of_them = shown.count();
    let points = shown.distribution().into_iter().filter(|(_, _, seen)| {
        // The longest alone is told by `max`; percentiles beyond it would all be the same.
        valid && all_of_them > 0 && *seen < all_of_them
    });
    StepSummary {
        name: name.to_owned(),
        distribution: points.map(|(ms, share, _)| Quantile { share, ms }).collect(),
        error_rate: ratio(all(&counts) - counts.ok, all(&counts)),
        counts,
        response_ms: of(Clock::Response).filter(|_| scheduled),
        service_ms: of(Clock::Service),
        wait_ms: of(Clock::Wait).filter(|_| scheduled),
        reasons,
        retry_after_s: total.retry_after.get(name).copied(),
    }
}

/// What happened in one second; without latencies when there are none or they are not to be told.
pub fn second(at_s: f64, interval: &Interval, operations: &[&str], scheduled: bool) -> Second {
    let clock = if scheduled { Clock::Response } else { Clock::Service };
    let mut latencies = Histogram::default();
    let (mut done, mut ok) = (0, 0);
    for name in operations {
        latencies.add(&latency(interval, name, clock));
        let counts = counts(interval, name);
        done += all(&counts);
        ok += counts.ok;
    }
    let quantile = |share| (latencies.count() > 0).then(|| latencies.quantile_ms(share));
    Second { at_s, done, ok, p50_ms: quantile(0.5), p99_ms: quantile(0.99) }
}

/// The exit code: an invalid measurement outweighs a run that ended by itself, and that a limit.
pub fn exit_code(valid: bool, failed: bool, thresholds: &[Verdict]) -> u8 {
    if failed {
        exit::INCONCLUSIVE
    } else if !valid {
        exit::INVALID_MEASUREMENT
    } else if thresholds.iter().any(|verdict| verdict.met == Some(false)) {
        exit::THRESHOLD
    } else if thresholds.iter().any(|verdict| verdict.met.is_none()) {
        exit::INCONCLUSIVE
    } else {
        exit::CONFORMS
    }
}

/// The JSON document.
pub fn json(summary: &Summary) -> String {
    let text = serde_json::to_string_pretty(summary);
    text.expect("a summary has text for keys and no number that is not finite") + "\n"
}

/// The percentile distributions of all response times, or service times where there are none, in
/// the format of HdrHistogram's own plotter. Empty when the measurement is invalid.
pub fn hgrm(summary: &Summary, total: &Interval) -> String {
    let mut text = String::new();
    for step in summary.steps.iter().filter(|_| summary.valid) {
        let clock = if step.response_ms.is_some() { Clock::Response } else { Clock::Service };
        let histogram = latency(total, &step.name, clock);
        if histogram.count() == 0 {
            continue;
        }
        text.push_str(&format!("#[{} {}, milliseconds]\n", step.name, clock.name()));
        text.push_str("       Value     Percentile TotalCount 1/(1-Percentile)\n\n");
        for (value, share, seen) in histogram.distribution() {
            let inverse =
                if share < 1.0 { format!("{:.2}", 1.0 / (1.0 - share)) } else { "inf".into() };
            text.push_str(&format!("{value:12.3} {share:2.12} {seen:10} {inverse:>14}\n"));
        }
        text.push_str(&format!(
            "#[Mean    = {:12.3}, StdDeviation   = {:12.3}]\n#[Max     = {:12.3}, Total count    = {:12}]\n",
            histogram.mean_ms(),
            histogram.deviation_ms(),
            histogram.max_ms(),
            histogram.count()
        ));
    }
    text
}

//! Thresholds: what a profile demands, held against what was measured. Pure.

use serde::Serialize;

use crate::load::histogram::Histogram;
use crate::load::outcome::{Clock, Outcome};
use crate::load::profile::Threshold;
use crate::load::recorder::{Interval, count, latency};
use crate::load::safety::ratio;

/// Fewer operations than these do not end a run early.
const ENOUGH: u64 = 100;

/// One limit, and what came.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// The operation, or `operation/step`.
    pub step: String,
    /// What is limited: `p99`, `error_rate`.
    pub what: &'static str,
    /// The limit, in milliseconds or as a share.
    pub limit: f64,
    /// What was measured; none where the measurement is invalid or there is none.
    pub actual: Option<f64>,
    /// Whether the limit is kept; none where that cannot be told.
    pub met: Option<bool>,
}

/// Judges all thresholds. `asked` says how many operations of a name were due; of a step inside an
/// operation, as many as of the operation.
pub fn judge(
    thresholds: &[Threshold],
    total: &Interval,
    asked: impl Fn(&str) -> f64,
) -> Vec<Verdict> {
    let each = thresholds.iter().flat_map(|threshold| {
        let step = threshold.step.value.as_str();
        let latencies = latencies(total, step);
        let counts = Outcome::ALL.map(|outcome| count(total, step, outcome));
        let (all, ok) = (counts.iter().sum::<u64>(), counts[0]);
        let quantile = |share| (latencies.count() > 0).then(|| latencies.quantile_ms(share));
        let failed = (all > 0).then(|| ratio(all - ok, all));
        let due = asked(step.split('/').next().unwrap_or(step));
        #[expect(clippy::cast_precision_loss, reason = "no run counts to 2^53")]
        let achieved = (due > 0.0).then(|| ok as f64 / due);
        let rows = [
            ("p50", threshold.p50, quantile(0.5), Sense::AtMost),
            ("p95", threshold.p95, quantile(0.95), Sense::AtMost),
            ("p99", threshold.p99, quantile(0.99), Sense::AtMost),
            ("p99.9", threshold.p99_9, quantile(0.999), Sense::AtMost),
            ("error_rate", threshold.error_rate, failed, Sense::AtMost),
            ("achieved", threshold.achieved, achieved, Sense::AtLeast),
        ];
        rows.into_iter().filter_map(move |(what, limit, actual, sense)| {
            let limit = limit?;
            let met = actual.map(|actual| match sense {
                Sense::AtMost => actual <= limit,
                Sense::AtLeast => actual >= limit,
            });
            Some(Verdict { step: step.to_owned(), what, limit, actual, met })
        })
    });
    each.collect()
}

enum Sense {
    AtMost,
    AtLeast,
}

/// The durations that a step's limits are about: response times, or the service times of a step
/// that is never due by itself.
pub fn latencies(total: &Interval, step: &str) -> Histogram {
    let response = latency(total, step, Clock::Response);
    if response.count() > 0 { response } else { latency(total, step, Clock::Service) }
}

/// The limits that are already broken for good measure, for a run that is to stop early.
pub fn broken_early(thresholds: &[Threshold], total: &Interval) -> Vec<Verdict> {
    let enough = |step: &str| {
        Outcome::ALL.iter().map(|outcome| count(total, step, *outcome)).sum::<u64>() >= ENOUGH
    };
    let verdicts = judge(thresholds, total, |_| 0.0).into_iter();
    verdicts.filter(|verdict| verdict.met == Some(false) && enough(&verdict.step)).collect()
}

/// A limit as one line.
pub fn describe(verdict: &Verdict) -> String {
    let Verdict { step, what, limit, actual, met } = verdict;
    let share = matches!(*what, "error_rate" | "achieved");
    let show = |value: f64| {
        if share { format!("{:.2} %", value * 100.0) } else { format!("{value:.2} ms") }
    };
    let sign = if *what == "achieved" { ">=" } else { "<=" };
    let came = actual.map_or_else(|| "not measured".to_owned(), show);
    let told = match met {
        Some(true) => "met",
        Some(false) => "MISSED",
        None => "unknown",
    };
    format!("{told}: {step} {what} {sign} {}, got {came}", show(*limit))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::diagnostic::Place;
    use crate::load::recorder::{Recorder, Sample};
    use crate::yaml::Located;

    fn measured() -> Interval {
        let recorder = Recorder::new(vec!["a".into()]);
        for k in 1..=100 {
            let outcome = if k > 95 { Outcome::Throttled } else { Outcome::Ok };
            let response = Some(Duration::from_millis(k));
            recorder.record(0, outcome, Sample { response, ..Sample::default() });
        }
        recorder.collect()
    }

    fn threshold(step: &str) -> Threshold {
        let step = Located { value: step.to_owned(), place: Place::default() };
        Threshold {
            step,
            p50: None,
            p95: None,
            p99: None,
            p99_9: None,
            error_rate: None,
            achieved: None,
        }
    }

    #[test]
    fn limits_are_met_at_the_limit_and_missed_beyond_it() {
        let total = measured();
        let rows = [
            (Threshold { p50: Some(48.1), ..threshold("a") }, true),
            (Threshold { p50: Some(47.0), ..threshold("a") }, false),
            (Threshold { p99: Some(95.1), ..threshold("a") }, true),
            (Threshold { p99_9: Some(90.0), ..threshold("a") }, false),
            (Threshold { error_rate: Some(0.05), ..threshold("a") }, true),
            (Threshold { error_rate: Some(0.04), ..threshold("a") }, false),
            (Threshold { achieved: Some(0.95), ..threshold("a") }, true),
            (Threshold { achieved: Some(0.96), ..threshold("a") }, false),
        ];
        for (threshold, met) in rows {
            let verdicts = judge(&[threshold], &total, |_| 100.0);
            assert_eq!(verdicts[0].met, Some(met), "{verdicts:?}");
        }
    }

    #[test]
    fn what_was_never_done_is_neither_met_nor_missed() {
        let limits = Threshold { p99: Some(1.0), error_rate: Some(0.0), ..threshold("b") };
        let verdicts = judge(&[limits], &measured(), |_| 0.0);
        assert!(verdicts.iter().all(|verdict| verdict.met.is_none()), "{verdicts:?}");
    }
}

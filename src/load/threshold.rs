//! Thresholds: what a profile demands, held against what was measured. Pure.

use serde::{Deserialize, Serialize};

use crate::load::histogram::Histogram;
use crate::load::outcome::{Clock, Outcome};
use crate::load::profile::Threshold;
use crate::load::recorder::{Interval, count, latency};
use crate::load::safety::ratio;

/// Fewer operations than these do not end a run early.
const ENOUGH: u64 = 100;

/// What is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are those of the load profile")]
pub enum What {
    #[serde(rename = "p50")]
    P50,
    #[serde(rename = "p95")]
    P95,
    #[serde(rename = "p99")]
    P99,
    #[serde(rename = "p99.9")]
    P99_9,
    #[serde(rename = "error_rate")]
    ErrorRate,
    #[serde(rename = "achieved")]
    Achieved,
}

impl What {
    /// Its name in profiles and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::P95 => "p95",
            Self::P99 => "p99",
            Self::P99_9 => "p99.9",
            Self::ErrorRate => "error_rate",
            Self::Achieved => "achieved",
        }
    }
}

/// One limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    /// The operation, or `operation/step`.
    pub step: String,
    /// What is limited.
    pub what: What,
    /// The limit, in milliseconds or as a share.
    pub limit: f64,
}

/// One limit, and what came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The operation, or `operation/step`.
    pub step: String,
    /// What is limited.
    pub what: What,
    /// The limit, in milliseconds or as a share.
    pub limit: f64,
    /// What was measured; none where the measurement is invalid or there is none.
    pub actual: Option<f64>,
    /// Whether the limit is kept; none where that cannot be told.
    pub met: Option<bool>,
}

/// The limits that a profile sets, one by one.
pub fn limits(thresholds: &[Threshold]) -> Vec<Limit> {
    let each = thresholds.iter().flat_map(|threshold| {
        let rows = [
            (What::P50, threshold.p50),
            (What::P95, threshold.p95),
            (What::P99, threshold.p99),
            (What::P99_9, threshold.p99_9),
            (What::ErrorRate, threshold.error_rate),
            (What::Achieved, threshold.achieved),
        ];
        let step = &threshold.step.value;
        rows.into_iter().filter_map(move |(what, limit)| {
            Some(Limit { step: step.clone(), what, limit: limit? })
        })
    });
    each.collect()
}

/// Judges all limits. `asked` says how many operations of a name were due; of a step inside an
/// operation, as many as of the operation.
pub fn judge(limits: &[Limit], total: &Interval, asked: impl Fn(&str) -> f64) -> Vec<Verdict> {
    let each = limits.iter().map(|Limit { step, what, limit }| {
        let actual = actual(*what, step, total, asked(step.split('/').next().unwrap_or(step)));
        let met = actual.map(|actual| match what {
            What::Achieved => actual >= *limit,
            _ => actual <= *limit,
        });
        Verdict { step: step.clone(), what: *what, limit: *limit, actual, met }
    });
    each.collect()
}

/// What came of a step; none when there is nothing to tell it by.
fn actual(what: What, step: &str, total: &Interval, due: f64) -> Option<f64> {
    let counts = Outcome::ALL.map(|outcome| count(total, step, outcome));
    let (all, ok) = (counts.iter().sum::<u64>(), counts[0]);
    let quantile = |share| {
        let latencies = latencies(total, step);
        (latencies.count() > 0).then(|| latencies.quantile_ms(share))
    };
    match what {
        What::P50 => quantile(0.5),
        What::P95 => quantile(0.95),
        What::P99 => quantile(0.99),
        What::P99_9 => quantile(0.999),
        What::ErrorRate => (all > 0).then(|| ratio(all - ok, all)),
        #[expect(clippy::cast_precision_loss, reason = "no run counts to 2^53")]
        What::Achieved => (due > 0.0).then(|| ok as f64 / due),
    }
}

/// The durations that a step's limits are about: response times, or the service times of a step
/// that is never due by itself.
pub fn latencies(total: &Interval, step: &str) -> Histogram {
    let response = latency(total, step, Clock::Response);
    if response.count() > 0 { response } else { latency(total, step, Clock::Service) }
}

/// The limits that are already broken for good measure, for a run that is to stop early.
pub fn broken_early(limits: &[Limit], total: &Interval) -> Vec<Verdict> {
    let enough = |step: &str| {
        Outcome::ALL.iter().map(|outcome| count(total, step, *outcome)).sum::<u64>() >= ENOUGH
    };
    let verdicts = judge(limits, total, |_| 0.0).into_iter();
    verdicts.filter(|verdict| verdict.met == Some(false) && enough(&verdict.step)).collect()
}

/// A limit as one line.
pub fn describe(verdict: &Verdict) -> String {
    let Verdict { step, what, limit, actual, met } = verdict;
    let share = matches!(what, What::ErrorRate | What::Achieved);
    let show = |value: f64| {
        if share { format!("{:.2} %", value * 100.0) } else { format!("{value:.2} ms") }
    };
    let sign = if *what == What::Achieved { ">=" } else { "<=" };
    let came = actual.map_or_else(|| "not measured".to_owned(), show);
    let told = match met {
        Some(true) => "met",
        Some(false) => "MISSED",
        None => "unknown",
    };
    format!("{told}: {step} {} {sign} {}, got {came}", what.name(), show(*limit))
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
            let verdicts = judge(&limits(&[threshold]), &total, |_| 100.0);
            assert_eq!(verdicts[0].met, Some(met), "{verdicts:?}");
        }
    }

    #[test]
    fn what_was_never_done_is_neither_met_nor_missed() {
        let never = Threshold { p99: Some(1.0), error_rate: Some(0.0), ..threshold("b") };
        let verdicts = judge(&limits(&[never]), &measured(), |_| 0.0);
        assert_eq!(verdicts.len(), 2);
        assert!(verdicts.iter().all(|verdict| verdict.met.is_none()), "{verdicts:?}");
    }
}

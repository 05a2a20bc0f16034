//! The recorder: what the workers measure, gathered second by second.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::load::histogram::Histogram;
use crate::load::outcome::{Clock, Outcome};

/// How many locks the workers share. More would only cost memory: one is held for 20 ns.
const SHARDS: usize = 8;
/// How many different reasons are kept for each second; a provider may invent any number.
const REASONS: usize = 20;
/// The name under which the lag of the pacer is logged.
pub const GENERATOR: &str = "generator";

/// What one histogram is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Series {
    /// The name of the operation, or `operation/step`.
    pub step: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Which stretch of time it is.
    pub clock: Clock,
}

/// One measurement.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    /// The index of the step's name.
    pub step: usize,
    /// Due to last byte; none for a step inside an operation, which is never due by itself.
    pub response: Option<Duration>,
    /// First byte to last byte; none when nothing was sent.
    pub service: Option<Duration>,
    /// Due to first byte.
    pub wait: Option<Duration>,
    /// What went wrong, without anything secret in it.
    pub reason: Option<String>,
    /// The seconds that the provider asked to wait for (RFC 9110 §10.2.3).
    pub retry_after: Option<u64>,
}

/// What happened in an interval of time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Interval {
    /// The durations.
    pub series: BTreeMap<Series, Histogram>,
    /// How late the pacer released tickets.
    pub lag: Histogram,
    /// What went wrong, by step and outcome, and how often.
    pub reasons: BTreeMap<(String, Outcome, String), u64>,
    /// The longest `Retry-After`, in seconds, by step.
    pub retry_after: BTreeMap<String, u64>,
}

#[derive(Debug, Default)]
struct Shard {
    series: BTreeMap<(usize, Outcome, Clock), Histogram>,
    reasons: BTreeMap<(usize, Outcome, String), u64>,
    retry_after: BTreeMap<usize, u64>,
}

/// Takes measurements from many threads.
#[derive(Debug)]
pub struct Recorder {
    /// The names of the steps.
    pub steps: Vec<String>,
    shards: Vec<Mutex<Shard>>,
    lag: Mutex<Histogram>,
}

impl Recorder {
    /// A recorder for steps of these names.
    pub fn new(steps: Vec<String>) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { steps, shards, lag: Mutex::default() }
    }

    /// Adds a measurement; `worker` only spreads the locks.
    pub fn record(&self, worker: usize, outcome: Outcome, sample: Sample) {
        let shard = &self.shards[worker % SHARDS];
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let times = [sample.response, sample.service, sample.wait];
        for (clock, time) in Clock::ALL.into_iter().zip(times) {
            if let Some(time) = time {
                shard.series.entry((sample.step, outcome, clock)).or_default().record(time);
            }
        }
        if let Some(reason) = sample.reason {
            let key = (sample.step, outcome, reason);
            if shard.reasons.len() < REASONS || shard.reasons.contains_key(&key) {
                *shard.reasons.entry(key).or_default() += 1;
            }
        }
        if let Some(seconds) = sample.retry_after {
            let longest = shard.retry_after.entry(sample.step).or_default();
            *longest = seconds.max(*longest);
        }
    }

    /// Adds how late the pacer was.
    pub fn lag(&self, lag: Duration) {
        self.lag.lock().unwrap_or_else(PoisonError::into_inner).record(lag);
    }

    /// All that was recorded since the last time.
    pub fn collect(&self) -> Interval {
        let mut interval = Interval::default();
        std::mem::swap(
            &mut interval.lag,
            &mut *self.lag.lock().unwrap_or_else(PoisonError::into_inner),
        );
        for shard in &self.shards {
            let taken = std::mem::take(&mut *shard.lock().unwrap_or_else(PoisonError::into_inner));
            let name = |step: usize| self.steps[step].clone();
            for ((step, outcome, clock), histogram) in taken.series {
                let series = Series { step: name(step), outcome, clock };
                interval.series.entry(series).or_default().add(&histogram);
            }
            for ((step, outcome, reason), count) in taken.reasons {
                *interval.reasons.entry((name(step), outcome, reason)).or_default() += count;
            }
            for (step, seconds) in taken.retry_after {
                let longest = interval.retry_after.entry(name(step)).or_default();
                *longest = seconds.max(*longest);
            }
        }
        interval
    }
}

/// Adds an interval to another: what makes totals of seconds, and one result of many machines.
pub fn add(total: &mut Interval, interval: &Interval) {
    for (series, histogram) in &interval.series {
        total.series.entry(series.clone()).or_default().add(histogram);
    }
    total.lag.add(&interval.lag);
    for (key, count) in &interval.reasons {
        if total.reasons.len() < REASONS || total.reasons.contains_key(key) {
            *total.reasons.entry(key.clone()).or_default() += count;
        }
    }
    for (step, seconds) in &interval.retry_after {
        let longest = total.retry_after.entry(step.clone()).or_default();
        *longest = (*seconds).max(*longest);
    }
}

/// How often a step had an outcome. What is due by itself is counted by its response times, what
/// belongs to an operation by its service times.
pub fn count(interval: &Interval, step: &str, outcome: Outcome) -> u64 {
    let of = |clock| {
        let series = Series { step: step.to_owned(), outcome, clock };
        interval.series.get(&series).map_or(0, Histogram::count)
    };
    of(Clock::Response).max(of(Clock::Service))
}

/// The durations of a step by one clock, over the outcomes that tell its latency.
pub fn latency(interval: &Interval, step: &str, clock: Clock) -> Histogram {
    let mut sum = Histogram::default();
    let wanted = |series: &Series| {
        series.step == step && series.clock == clock && series.outcome.tells_latency()
    };
    for (_, histogram) in interval.series.iter().filter(|(series, _)| wanted(series)) {
        sum.add(histogram);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measurement_is_collected_once() {
        let recorder = Recorder::new(vec!["a".into(), "a/b".into()]);
        let ms = |ms| Some(Duration::from_millis(ms));
        for worker in 0..20 {
            let sample =
                Sample { response: ms(5), service: ms(3), wait: ms(2), ..Sample::default() };
            recorder.record(worker, Outcome::Ok, sample);
            let inner = Sample { step: 1, service: ms(1), ..Sample::default() };
            recorder.record(worker, Outcome::Ok, inner);
        }
        let missed = Sample { response: ms(100), ..Sample::default() };
        recorder.record(3, Outcome::Missed, missed);
        let interval = recorder.collect();
        assert_eq!(count(&interval, "a", Outcome::Ok), 20);
        assert_eq!(count(&interval, "a/b", Outcome::Ok), 20);
        assert_eq!(count(&interval, "a", Outcome::Missed), 1);
        assert!((latency(&interval, "a", Clock::Response).max_ms() / 100.0 - 1.0).abs() < 1e-3);
        assert_eq!(recorder.collect(), Interval::default());
        let mut twice = interval.clone();
        add(&mut twice, &interval);
        assert_eq!(count(&twice, "a", Outcome::Ok), 40);
    }

    #[test]
    fn wrong_answers_do_not_make_a_provider_look_fast() {
        let recorder = Recorder::new(vec!["a".into()]);
        let sample = |ms| Sample { response: Some(Duration::from_millis(ms)), ..Sample::default() };
        recorder.record(0, Outcome::Ok, sample(50));
        (0..99).for_each(|_| recorder.record(0, Outcome::Wrong, sample(1)));
        let p50 = latency(&recorder.collect(), "a", Clock::Response).quantile_ms(0.5);
        assert!((p50 / 50.0 - 1.0).abs() < 1e-3, "{p50}");
    }
}

//! The reckoning: from what a run gathered to its summary.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, SecondsFormat, Utc};

use crate::load::gate::{self, Health};
use crate::load::health;
use crate::load::histogram::Histogram;
use crate::load::operation::Floor;
use crate::load::outcome::Clock;
use crate::load::profile::Model;
use crate::load::record::{Closing, Opening};
use crate::load::recorder::{Interval, latency};
use crate::load::run::Named;
use crate::load::safety::{Watch, ratio};
use crate::load::schedule;
use crate::load::summary::{self, Generator, Judging, Load, Machine, Second, Summary};
use crate::load::threshold;

/// What is gathered while it runs.
pub struct Course {
    /// When the first operation is due.
    pub start: Instant,
    /// The same by the calendar.
    pub started: SystemTime,
    /// All that was measured.
    pub total: Interval,
    /// Second by second.
    pub seconds: Vec<Second>,
    /// When the last second ended, counted from the start.
    pub last: Duration,
    /// The failures of the last seconds.
    pub watch: Watch,
    /// How long the pacer took.
    pub paced: Duration,
    /// When the last operation was still under way, counted from the start.
    pub done: Duration,
    /// How often the queue was looked at.
    pub looks: u64,
    /// How often all workers were busy and arrivals waited.
    pub saturated: u64,
    /// How often the keys were rotated.
    pub rotations: u64,
    /// Why the run ends before its time.
    pub stopped: Option<String>,
    /// Whether it ends because it went wrong.
    pub failed: bool,
}

/// What the run used.
pub struct Use {
    /// The requests that prepared it.
    pub preparing: u64,
    /// The requests of the operations.
    pub requests: u64,
    /// The processor time of the generator.
    pub spent: Option<Duration>,
    /// The processor time of the embedded stub.
    pub spent_by_stub: Option<Duration>,
    /// The operations that the pool counted.
    pub counted: Option<u64>,
}

/// What a machine did: what a summary needs of it beside the measurements.
#[derive(Debug, Clone)]
pub struct Part {
    /// What was known before.
    pub opening: Opening,
    /// What was known afterwards; none of a machine that did not get so far.
    pub closing: Option<Closing>,
    /// How it did.
    pub health: Health,
    /// Why what it measured is invalid.
    pub invalid_because: Vec<String>,
}

/// What is known of a run before its first operation.
pub fn opening<T>(floor: &Floor<T>, profile: &Named, started: SystemTime) -> Opening {
    let plan = &floor.plan;
    let operations = plan.operations.iter().map(|o| (o.name.clone(), o.share));
    Opening {
        authgauge: env!("CARGO_PKG_VERSION").to_owned(),
        profile: profile.name.clone(),
        title: plan.title.clone(),
        fingerprint: profile.fingerprint.clone(),
        provider: floor.target.provider.name.clone(),
        issuer: floor.target.provider.issuer.clone(),
        transport: floor.plan.transport,
        model: plan.model,
        worker: plan.shard.index,
        workers: plan.shard.of,
        started: DateTime::<Utc>::from(started).to_rfc3339_opts(SecondsFormat::Millis, true),
        expected: schedule::expected(&plan.schedule),
        random: matches!(plan.schedule.process, schedule::Process::Poisson { .. }),
        duration_s: plan.duration.as_secs_f64(),
        users: plan.users,
        judge_every: plan.judge_every,
        operations: operations.collect(),
        steps: floor.recorder.steps.clone(),
        validity: plan.validity,
        thresholds: plan.thresholds.clone(),
    }
}

/// What is known of it afterwards.
pub fn closing<T>(floor: &Floor<T>, course: &Course, used: &Use) -> Closing {
    Closing {
        elapsed_s: course.last.as_secs_f64(),
        paced_s: course.paced.as_secs_f64(),
        done_s: course.done.as_secs_f64(),
        stopped: course.stopped.clone(),
        failed: course.failed,
        preparing_requests: used.preparing,
        requests: used.requests,
        key_fetches: floor.keys.fetches(),
        key_rotations: course.rotations,
        judged: floor.judged.load(Ordering::Relaxed),
        processors: health::processors(),
        spent_s: used.spent.map(|spent| spent.as_secs_f64()),
        spent_by_stub_s: used.spent_by_stub.map(|spent| spent.as_secs_f64()),
        saturated_share: ratio(course.saturated, course.looks),
        counted_by_pool: used.counted,
    }
}

/// The part of a machine, by what it measured.
pub fn part(opening: Opening, closing: Option<Closing>, own: &Interval) -> Part {
    let health = check_health(&opening, closing.as_ref(), own);
    let mut invalid_because = gate::check(&health, &opening.validity, opening.model);
    if closing.is_none() {
        invalid_because.push("its log has no end, so that it did not get through".into());
    }
    Part { opening, closing, health, invalid_because }
}

/// The summary of a run, or of several that shared a load: of those, `absent` left no log. At least
/// one part is needed.
pub fn summarise(
    parts: &[Part],
    absent: &[usize],
    total: &Interval,
    mut seconds: Vec<Second>,
) -> Summary {
    let first = &parts[0].opening;
    let invalid_because = invalid_because(parts, absent);
    let valid = invalid_because.is_empty();
    // A part has no verdict: limits are about the whole.
    let whole = parts.len() + absent.len() == first.workers;
    let limits = if whole { first.thresholds.as_slice() } else { &[] };
    let mut thresholds = threshold::judge(limits, total, |name| asked(first, total, name));
    if !valid {
        for verdict in &mut thresholds {
            (verdict.actual, verdict.met) = (None, None);
        }
        for second in &mut seconds {
            (second.p50_ms, second.p99_ms) = (None, None);
        }
    }
    let (stopped, failed) = ending(parts);
    let interrupted = stopped.is_some() && !outside_limits(&thresholds);
    let scheduled = first.model == Model::Open;
    let closings = || parts.iter().filter_map(|part| part.closing.as_ref());
    Summary {
        schema: summary::SCHEMA.to_owned(),
        authgauge: first.authgauge.clone(),
        profile: first.profile.clone(),
        title: first.title.clone(),
        provider: first.provider.clone(),
        issuer: first.issuer.clone(),
        model: first.model,
        started: parts.iter().map(|p| p.opening.started.clone()).min().unwrap_or_default(),
        elapsed_s: elapsed(parts),
        stopped,
        valid,
        invalid_because,
        load: load(parts, absent, total),
        judging: Judging {
            every: first.judge_every,
            judged: closings().map(|closing| closing.judged).sum(),
        },
        generator: generator(parts, total),
        machines: parts.iter().map(machine).collect(),
        steps: first
            .steps
            .iter()
            .map(|name| summary::step(total, name, valid, scheduled))
            .collect(),
        exit_code: summary::exit_code(valid, failed || interrupted, &thresholds),
        thresholds,
        seconds,
    }
}

/// Why the measurement is invalid, by machine where there are several.
fn invalid_because(parts: &[Part], absent: &[usize]) -> Vec<String> {
    let of = parts[0].opening.workers;
    let each = parts.iter().flat_map(|part| {
        let worker = part.opening.worker;
        part.invalid_because.iter().map(move |why| match of {
            1 => why.clone(),
            _ => format!("worker {worker} of {of}: {why}"),
        })
    });
    let missing = absent.iter().map(|worker| {
        format!("worker {worker} of {of} left no log, so that its part of the load is missing")
    });
    each.chain(missing).collect()
}

/// Why it ended before its time, and whether because it went wrong.
fn ending(parts: &[Part]) -> (Option<String>, bool) {
    let closings = || parts.iter().filter_map(|part| part.closing.as_ref());
    let mut reasons: Vec<&str> = Vec::new();
    for why in closings().filter_map(|closing| closing.stopped.as_deref()) {
        if !reasons.contains(&why) {
            reasons.push(why);
        }
    }
    let stopped = (!reasons.is_empty()).then(|| reasons.join("; "));
    (stopped, closings().any(|closing| closing.failed))
}

fn elapsed(parts: &[Part]) -> f64 {
    parts.iter().filter_map(|part| part.closing.as_ref()).map(|c| c.elapsed_s).fold(0.0, f64::max)
}

fn load(parts: &[Part], absent: &[usize], total: &Interval) -> Load {
    let first = &parts[0].opening;
    let counts = first.operations.iter().map(|(name, _)| summary::counts(total, name));
    let (done, ok) = counts.fold((0, 0), |(done, ok), counts| {
        (done + summary::all(&counts) - counts.missed, ok + counts.ok)
    });
    let sum =
        |of: fn(&Closing) -> u64| parts.iter().filter_map(|p| p.closing.as_ref()).map(of).sum();
    // What is still done after the last arrival takes its time, too.
    let done_s = parts.iter().filter_map(|p| p.closing.as_ref()).map(|c| c.done_s);
    let done_s = done_s.fold(0.0, f64::max);
    let active = first.duration_s.min(elapsed(parts)).max(done_s).max(0.001);
    #[expect(clippy::cast_precision_loss, reason = "a count of machines")]
    let share = (parts.len() + absent.len()) as f64 / first.workers as f64;
    Load {
        asked_per_s: (first.model == Model::Open)
            .then(|| first.expected / first.duration_s * share),
        duration_s: first.duration_s,
        users: parts.iter().map(|part| part.opening.users).sum(),
        due: parts.iter().map(|part| part.health.due).sum(),
        done,
        #[expect(clippy::cast_precision_loss, reason = "no run counts to 2^53")]
        achieved_per_s: ok as f64 / active,
        preparing_requests: sum(|closing| closing.preparing_requests),
        requests: sum(|closing| closing.requests),
        key_fetches: sum(|closing| closing.key_fetches),
        key_rotations: sum(|closing| closing.key_rotations),
    }
}

fn generator(parts: &[Part], total: &Interval) -> Generator {
    let closings = || parts.iter().filter_map(|part| part.closing.as_ref());
    let counted: Option<Vec<u64>> =
        parts.iter().map(|p| p.closing.as_ref()?.counted_by_pool).collect();
    Generator {
        transport: parts.first().map(|part| part.opening.transport).unwrap_or_default(),
        processors: closings().map(|closing| closing.processors).sum(),
        processor_share: parts.iter().filter_map(|p| p.health.processor_share).reduce(f64::max),
        stub_share: parts.iter().filter_map(|p| p.health.stub_share).reduce(f64::max),
        lag_ms: summary::percentiles(&total.lag),
        saturated_share: parts.iter().map(|p| p.health.saturated_share).fold(0.0, f64::max),
        counted_by_pool: counted.map(|counts| counts.iter().sum()),
    }
}

fn machine(part: &Part) -> Machine {
    let Part { opening, closing, health, invalid_because } = part;
    Machine {
        worker: opening.worker,
        of: opening.workers,
        started: opening.started.clone(),
        elapsed_s: closing.as_ref().map_or(0.0, |closing| closing.elapsed_s),
        users: opening.users,
        due: health.due,
        missed: health.missed,
        processors: closing.as_ref().map_or(0, |closing| closing.processors),
        processor_share: health.processor_share,
        lag_p99_ms: (opening.model == Model::Open).then_some(health.lag_p99_ms),
        saturated_share: health.saturated_share,
        invalid_because: invalid_because.clone(),
    }
}

/// Whether a limit is missed: then that says more than that the run was stopped.
fn outside_limits(thresholds: &[threshold::Verdict]) -> bool {
    thresholds.iter().any(|verdict| verdict.met == Some(false))
}

/// How many operations of a name were asked for: in the open model its share of the schedule, in
/// the closed one as many as were done.
fn asked(opening: &Opening, total: &Interval, name: &str) -> f64 {
    let operation = opening.operations.iter().find(|(operation, _)| operation == name);
    match (opening.model, operation) {
        (Model::Open, Some((_, share))) => opening.expected * share,
        #[expect(clippy::cast_precision_loss, reason = "no run counts to 2^53")]
        _ => summary::all(&summary::counts(total, name)) as f64,
    }
}

#[expect(clippy::cast_precision_loss, reason = "no run counts to 2^53")]
fn check_health(opening: &Opening, closing: Option<&Closing>, own: &Interval) -> Health {
    let mut service = Histogram::default();
    let (mut missed, mut all) = (0, 0);
    for (name, _) in &opening.operations {
        service.add(&latency(own, name, Clock::Service));
        let counts = summary::counts(own, name);
        (missed, all) = (missed + counts.missed, all + summary::all(&counts));
    }
    let due = if opening.model == Model::Open { own.lag.count() } else { all };
    let wall = closing.map_or(0.0, |closing| closing.elapsed_s).max(0.001);
    let share = |spent: fn(&Closing) -> Option<f64>| {
        closing.and_then(|closing| Some(spent(closing)? / wall / closing.processors.max(1) as f64))
    };
    Health {
        due,
        missed,
        sent_share: sent_share(opening, closing, due),
        lag_p99_ms: own.lag.quantile_ms(0.99),
        service_p50_ms: service.quantile_ms(0.5),
        processor_share: share(|closing| closing.spent_s),
        stub_share: share(|closing| closing.spent_by_stub_s).filter(|share| *share > 0.0),
        saturated_share: closing.map_or(0.0, |closing| closing.saturated_share),
    }
}

/// The share of the asked rate at which arrivals were released.
#[expect(clippy::cast_precision_loss, reason = "no run counts to 2^53")]
fn sent_share(opening: &Opening, closing: Option<&Closing>, due: u64) -> f64 {
    let Some(closing) = closing else { return 0.0 };
    if opening.random || closing.stopped.is_some() {
        return 1.0;
    }
    let expected = opening.expected / opening.workers as f64;
    // Where the load is shared, a machine has up to one arrival of each kind less than its share.
    let rounding = if opening.workers > 1 { opening.operations.len() as f64 } else { 0.0 };
    // A pacer that was late at the end took longer than it should, and so sent at a lower rate.
    let stretched = closing.paced_s / opening.duration_s;
    ((due as f64 + rounding) / expected) / stretched.max(1.0)
}

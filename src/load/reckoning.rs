//! The reckoning: from what a run gathered to its summary.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, SecondsFormat, Utc};

use crate::load::gate::{self, Health};
use crate::load::health;
use crate::load::histogram::Histogram;
use crate::load::operation::Floor;
use crate::load::outcome::Clock;
use crate::load::plan::Plan;
use crate::load::profile::Model;
use crate::load::recorder::{Interval, latency};
use crate::load::safety::{Watch, ratio};
use crate::load::schedule;
use crate::load::summary::{self, Generator, Judging, Load, Second, Summary};
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

/// The name of a model.
pub fn model_name(model: Model) -> &'static str {
    match model {
        Model::Open => "open",
        Model::Closed => "closed",
    }
}

/// The rate that was asked for, on average.
pub fn scheduled_rate(plan: &Plan) -> Option<f64> {
    let open = plan.model == Model::Open;
    open.then(|| schedule::expected(&plan.schedule) / plan.duration.as_secs_f64())
}

/// What the run used.
pub struct Use {
    /// The requests that prepared it.
    pub preparing: u64,
    /// The requests of the operations.
    pub requests: u64,
    /// How often the provider's keys were fetched for local verification.
    pub key_fetches: u64,
    /// The processor time of the generator.
    pub spent: Option<Duration>,
    /// The operations that the pool counted.
    pub counted: Option<u64>,
}

/// The summary of a run.
pub fn summarise<T>(floor: &Floor<T>, course: &Course, profile: &str, used: &Use) -> Summary {
    let (plan, total) = (&floor.plan, &course.total);
    let scheduled = plan.model == Model::Open;
    let names: Vec<&str> = plan.operations.iter().map(|o| o.name.as_str()).collect();
    let health = check_health(plan, course, &names, used);
    let invalid_because = gate::check(&health, &plan.validity, plan.model);
    let valid = invalid_because.is_empty();
    let mut thresholds = threshold::judge(&plan.thresholds, total, |name| asked(plan, total, name));
    let mut seconds = course.seconds.clone();
    if !valid {
        for verdict in &mut thresholds {
            (verdict.actual, verdict.met) = (None, None);
        }
        for second in &mut seconds {
            (second.p50_ms, second.p99_ms) = (None, None);
        }
    }
    let interrupted = course.stopped.is_some() && !outside_limits(&thresholds);
    Summary {
        schema: summary::SCHEMA,
        authgauge: env!("CARGO_PKG_VERSION"),
        profile: profile.to_owned(),
        title: plan.title.clone(),
        provider: floor.target.provider.name.clone(),
        issuer: floor.target.provider.issuer.clone(),
        model: model_name(plan.model),
        started: DateTime::<Utc>::from(course.started).to_rfc3339_opts(SecondsFormat::Millis, true),
        elapsed_s: course.last.as_secs_f64(),
        stopped: course.stopped.clone(),
        valid,
        invalid_because,
        load: load(plan, course, used, &names, &health),
        judging: Judging { every: plan.judge_every, judged: floor.judged.load(Ordering::Relaxed) },
        generator: Generator {
            processors: health::processors(),
            processor_share: health.processor_share,
            lag_ms: summary::percentiles(&total.lag),
            saturated_share: health.saturated_share,
            counted_by_pool: used.counted,
        },
        steps: floor
            .recorder
            .steps
            .iter()
            .map(|name| summary::step(total, name, valid, scheduled))
            .collect(),
        exit_code: summary::exit_code(valid, course.failed || interrupted, &thresholds),
        thresholds,
        seconds,
    }
}

fn load(plan: &Plan, course: &Course, used: &Use, names: &[&str], health: &Health) -> Load {
    let counts = names.iter().map(|name| summary::counts(&course.total, name));
    let (done, ok) = counts.fold((0, 0), |(done, ok), counts| {
        (done + summary::all(&counts) - counts.missed, ok + counts.ok)
    });
    let active = plan.duration.min(course.last).as_secs_f64().max(0.001);
    Load {
        asked_per_s: scheduled_rate(plan),
        duration_s: plan.duration.as_secs_f64(),
        users: plan.users,
        due: health.due,
        done,
        #[expect(clippy::cast_precision_loss, reason = "no run counts to 2^53")]
        achieved_per_s: ok as f64 / active,
        preparing_requests: used.preparing,
        requests: used.requests,
        key_fetches: used.key_fetches,
        key_rotations: course.rotations,
    }
}

/// Whether a limit is missed: then that says more than that the run was stopped.
fn outside_limits(thresholds: &[threshold::Verdict]) -> bool {
    thresholds.iter().any(|verdict| verdict.met == Some(false))
}

/// How many operations of a name were asked for: in the open model its share of the schedule, in
/// the closed one as many as were done.
fn asked(plan: &Plan, total: &Interval, name: &str) -> f64 {
    let operation = plan.operations.iter().find(|operation| operation.name == name);
    match (plan.model, operation) {
        (Model::Open, Some(operation)) => schedule::expected(&plan.schedule) * operation.share,
        #[expect(clippy::cast_precision_loss, reason = "no run counts to 2^53")]
        _ => summary::all(&summary::counts(total, name)) as f64,
    }
}

fn check_health(plan: &Plan, course: &Course, names: &[&str], used: &Use) -> Health {
    let total = &course.total;
    let mut service = Histogram::default();
    let (mut missed, mut all) = (0, 0);
    for name in names {
        service.add(&latency(total, name, Clock::Service));
        let counts = summary::counts(total, name);
        (missed, all) = (missed + counts.missed, all + summary::all(&counts));
    }
    let due = if plan.model == Model::Open { total.lag.count() } else { all };
    let expected = schedule::expected(&plan.schedule);
    #[expect(clippy::cast_precision_loss, reason = "no run counts to 2^53")]
    let released = due as f64 / expected;
    let random = matches!(plan.schedule.process, schedule::Process::Poisson { .. });
    let cut_short = course.stopped.is_some();
    // A pacer that was late at the end took longer than it should, and so sent at a lower rate.
    let stretched = course.paced.as_secs_f64() / plan.duration.as_secs_f64();
    let sent_share = if cut_short || random { 1.0 } else { released / stretched.max(1.0) };
    let wall = course.last.as_secs_f64().max(0.001);
    #[expect(clippy::cast_precision_loss, reason = "a count of processors")]
    let processors = health::processors() as f64;
    Health {
        due,
        missed,
        sent_share,
        lag_p99_ms: total.lag.quantile_ms(0.99),
        service_p50_ms: service.quantile_ms(0.5),
        processor_share: used.spent.map(|spent| spent.as_secs_f64() / wall / processors),
        saturated_share: ratio(course.saturated, course.looks),
    }
}

//! Load runs as one HTML page: one run, or several side by side.

use serde::Serialize;

use super::chart::{self, Axis, Chart, Drawing, Level, Line, Scale};
use super::render;
use super::words::{counted, visible};
use crate::exit;
use crate::load::outcome::Outcome;
use crate::load::profile::Model;
use crate::load::summary::{self, Counts, Generator, Percentiles, Second, StepSummary, Summary};
use crate::load::threshold::{Verdict, What};

/// The runs as a page.
pub fn write(runs: &[Summary]) -> String {
    render::render("load.html", &page(runs))
}

#[derive(Serialize)]
struct Page {
    title: String,
    version: &'static str,
    heading: String,
    runs: Vec<Run>,
    charts: Vec<Drawing>,
    steps: Vec<Step>,
    thresholds: Vec<Threshold>,
    reasons: Vec<Wrong>,
    machines: Vec<Machine>,
}

#[derive(Serialize)]
struct Run {
    name: String,
    issuer: String,
    kind: &'static str,
    verdict: &'static str,
    because: Vec<String>,
    facts: Vec<(&'static str, String)>,
    health: Vec<(&'static str, String)>,
}

#[derive(Serialize)]
struct Step {
    run: String,
    name: String,
    clock: &'static str,
    /// How many, and how they ended.
    counts: [u64; 6],
    /// p50, p90, p95, p99, p99.9 and the longest.
    times: Option<[String; 6]>,
}

#[derive(Serialize)]
struct Threshold {
    run: String,
    step: String,
    what: &'static str,
    limit: String,
    actual: String,
    kind: &'static str,
    word: &'static str,
}

#[derive(Serialize)]
struct Wrong {
    run: String,
    step: String,
    outcome: &'static str,
    reason: String,
    count: u64,
}

#[derive(Serialize)]
struct Machine {
    run: String,
    name: String,
    users: usize,
    due: u64,
    missed: u64,
    share: String,
    lag: String,
}

fn page(runs: &[Summary]) -> Page {
    let names = names(runs);
    let named = || names.iter().zip(runs);
    let heading = match runs {
        [run] => format!("Load on {}", visible(&run.provider)),
        runs => counted(runs.len(), "load run") + " side by side",
    };
    Page {
        title: format!("{heading}: authgauge"),
        version: env!("CARGO_PKG_VERSION"),
        heading,
        charts: charts(runs, &names),
        steps: named().flat_map(|(name, run)| run.steps.iter().map(|s| step(name, s))).collect(),
        thresholds: named()
            .flat_map(|(name, run)| run.thresholds.iter().map(|t| threshold(name, t)))
            .collect(),
        reasons: named().flat_map(|(name, run)| reasons(name, run)).collect(),
        machines: named()
            .filter(|(_, run)| run.machines.len() > 1)
            .flat_map(|(name, run)| machines(name, run))
            .collect(),
        runs: named().map(|(name, summary)| self::run(name, summary)).collect(),
    }
}

/// What the runs are called: by what sets them apart.
fn names(runs: &[Summary]) -> Vec<String> {
    let differ = |of: fn(&Summary) -> &str| runs.iter().any(|run| of(run) != of(&runs[0]));
    let (providers, profiles) = (differ(|run| &run.provider), differ(|run| &run.profile));
    let named = runs.iter().enumerate().map(|(index, run)| match (providers, profiles) {
        (true, false) => visible(&run.provider),
        (false, true) => visible(&run.profile),
        (true, true) => visible(&format!("{}, {}", run.provider, run.profile)),
        (false, false) if runs.len() == 1 => visible(&run.provider),
        (false, false) => format!("run {}", index + 1),
    });
    let mut names: Vec<String> = named.collect();
    for at in 0..names.len() {
        let times = names[..at].iter().filter(|name| **name == names[at]).count();
        if times > 0 {
            names[at] = format!("{} ({})", names[at], times + 1);
        }
    }
    names
}

fn run(name: &str, run: &Summary) -> Run {
    let (kind, verdict) = match run.exit_code {
        exit::CONFORMS => ("pass", "all thresholds are kept"),
        exit::THRESHOLD => ("fail", "a threshold is missed"),
        exit::INVALID_MEASUREMENT => ("unknown", "limited by the generator"),
        _ => ("unknown", "could not be told"),
    };
    let verdict = if run.thresholds.is_empty() && kind == "pass" { "measured" } else { verdict };
    let because = run.stopped.iter().chain(&run.invalid_because);
    Run {
        name: name.to_owned(),
        issuer: visible(&run.issuer),
        kind,
        verdict,
        because: because.map(|why| visible(why)).collect(),
        facts: facts(run),
        health: health(&run.generator),
    }
}

fn facts(run: &Summary) -> Vec<(&'static str, String)> {
    let load = &run.load;
    let mut facts = vec![
        ("Profile", visible(&format!("{}: {}", run.profile, run.title))),
        ("Started", visible(&run.started)),
        ("Took", format!("{:.1} s", run.elapsed_s)),
        (
            "Arrivals",
            match run.model {
                Model::Open => "on schedule (open model)".into(),
                Model::Closed => "after the answer before (closed model)".into(),
            },
        ),
    ];
    if let Some(asked) = load.asked_per_s {
        facts.push(("Asked", format!("{} per second", number(asked))));
    }
    facts.push(("Done right", format!("{} per second", number(load.achieved_per_s))));
    facts.push(("Operations", format!("{} due, {} done", load.due, load.done)));
    facts.push(("Workers", load.users.to_string()));
    facts.push((
        "Judged",
        match run.judging.every {
            1 => format!("every one, {} in all", run.judging.judged),
            every => format!("one of {every}, {} in all", run.judging.judged),
        },
    ));
    facts
}

fn health(generator: &Generator) -> Vec<(&'static str, String)> {
    let told = |value: Option<String>| value.unwrap_or_else(|| "not told".into());
    let lag =
        |lag: Percentiles| format!("{} ms at p99, {} ms at most", number(lag.p99), number(lag.max));
    let mut facts = vec![
        ("Processors", generator.processors.to_string()),
        ("Used of them", told(generator.processor_share.map(percent))),
    ];
    facts.extend(generator.stub_share.map(|share| ("Used by the embedded stub", percent(share))));
    facts.push(("Late by", told(generator.lag_ms.map(lag))));
    facts.push(("All workers busy", percent(generator.saturated_share) + " of the time"));
    facts
}

fn step(run: &str, step: &StepSummary) -> Step {
    let Counts { ok, wrong, error, throttled, timeout, missed } = step.counts;
    let (clock, times) = match (step.response_ms, step.service_ms) {
        (Some(response), _) => ("response", Some(response)),
        (None, service) => ("service", service),
    };
    Step {
        run: run.to_owned(),
        name: visible(&step.name),
        clock,
        counts: [ok, wrong, error, throttled, timeout, missed],
        times: times.map(|t| [t.p50, t.p90, t.p95, t.p99, t.p99_9, t.max].map(number)),
    }
}

fn threshold(run: &str, verdict: &Verdict) -> Threshold {
    let value = |value: f64| match verdict.what {
        What::ErrorRate | What::Achieved => percent(value),
        _ => number(value) + " ms",
    };
    let (kind, word) = match verdict.met {
        Some(true) => ("pass", "kept"),
        Some(false) => ("fail", "missed"),
        None => ("unknown", "not told"),
    };
    Threshold {
        run: run.to_owned(),
        step: visible(&verdict.step),
        what: verdict.what.name(),
        limit: value(verdict.limit),
        actual: verdict.actual.map_or_else(|| "not told".into(), value),
        kind,
        word,
    }
}

fn reasons<'a>(run: &'a str, summary: &'a Summary) -> impl Iterator<Item = Wrong> + 'a {
    let all = summary.steps.iter().flat_map(|step| step.reasons.iter().map(move |r| (step, r)));
    all.map(move |(step, reason)| Wrong {
        run: run.to_owned(),
        step: visible(&step.name),
        outcome: Outcome::name(reason.outcome),
        reason: visible(&reason.reason),
        count: reason.count,
    })
}

fn machines<'a>(run: &'a str, summary: &'a Summary) -> impl Iterator<Item = Machine> + 'a {
    let told = |value: Option<String>| value.unwrap_or_else(|| "not told".into());
    summary.machines.iter().map(move |machine| Machine {
        run: run.to_owned(),
        name: format!("{} of {}", machine.worker, machine.of),
        users: machine.users,
        due: machine.due,
        missed: machine.missed,
        share: told(machine.processor_share.map(percent)),
        lag: told(machine.lag_p99_ms.map(|lag| number(lag) + " ms")),
    })
}

/// The distribution of each operation, and what happened second by second.
fn charts(runs: &[Summary], names: &[String]) -> Vec<Drawing> {
    let mut operations: Vec<&str> = Vec::new();
    for operation in runs.iter().flat_map(summary::operations) {
        if !operations.contains(&operation.name.as_str()) {
            operations.push(&operation.name);
        }
    }
    let latencies = operations.iter().map(|operation| distribution(runs, names, operation));
    let rate = |second: &Second, seconds: f64| Some(ratio(second.ok, seconds));
    let errors = |second: &Second, seconds: f64| Some(ratio(second.done - second.ok, seconds));
    let series = [
        over_time(
            runs,
            names,
            "Done right over time",
            "operations per second",
            Scale::Linear,
            rate,
        ),
        over_time(
            runs,
            names,
            "Latency over time, 99th percentile",
            "milliseconds",
            Scale::Log,
            |s, _| s.p99_ms,
        ),
        over_time(runs, names, "Errors over time", "operations per second", Scale::Linear, errors),
    ];
    latencies.chain(series).filter_map(|chart| chart::draw(&chart)).collect()
}

fn distribution(runs: &[Summary], names: &[String], operation: &str) -> Chart {
    let of = |run: &Summary| {
        let step = run.steps.iter().find(|step| step.name == operation);
        let points = step.into_iter().flat_map(|step| &step.distribution);
        points.map(|point| (point.share, point.ms)).collect()
    };
    let lines = names.iter().zip(runs).map(|(name, run)| Line {
        name: name.clone(),
        points: of(run),
        joined: true,
    });
    let limits = runs.iter().flat_map(|run| &run.thresholds);
    let limits = limits.filter(|limit| limit.step == operation && limit.what == What::P99);
    let mut levels: Vec<Level> = limits
        .map(|limit| Level {
            name: format!("p99 limit {} ms", number(limit.limit)),
            at: limit.limit,
            upright: false,
        })
        .collect();
    levels.dedup();
    Chart {
        title: format!("{}: latency by percentile", visible(operation)),
        x: Axis { label: "percentile".into(), scale: Scale::Nines },
        y: Axis { label: "milliseconds".into(), scale: Scale::Log },
        lines: lines.collect(),
        levels,
    }
}

fn over_time(
    runs: &[Summary],
    names: &[String],
    title: &str,
    unit: &str,
    scale: Scale,
    value: impl Fn(&Second, f64) -> Option<f64>,
) -> Chart {
    let points = |run: &Summary| {
        let begins = std::iter::once(0.0).chain(run.seconds.iter().map(|second| second.at_s));
        let seconds = run.seconds.iter().zip(begins);
        seconds
            .filter_map(|(second, begin)| Some((second.at_s, value(second, second.at_s - begin)?)))
            .collect()
    };
    let lines = names.iter().zip(runs).map(|(name, run)| Line {
        name: name.clone(),
        points: points(run),
        joined: true,
    });
    Chart {
        title: title.into(),
        x: Axis { label: "seconds since the start".into(), scale: Scale::Linear },
        y: Axis { label: unit.into(), scale },
        lines: lines.collect(),
        levels: Vec::new(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "operations of a second")]
fn ratio(count: u64, seconds: f64) -> f64 {
    if seconds > 0.0 { count as f64 / seconds } else { 0.0 }
}

/// A number with as many digits as a reader wants.
pub(super) fn number(value: f64) -> String {
    match value.abs() {
        small if small < 10.0 => format!("{value:.2}"),
        middle if middle < 1000.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// A share as a percentage.
pub(super) fn percent(share: f64) -> String {
    number(share * 100.0) + " %"
}

/// Reads the summary of a load run.
///
/// # Errors
/// Says what is no such summary.
pub fn read(text: &str) -> Result<Summary, String> {
    let summary: Summary = serde_json::from_str(text).map_err(|e| e.to_string())?;
    if summary.schema == summary::SCHEMA {
        Ok(summary)
    } else {
        Err(format!("its schema is {:?}, expected {:?}", summary.schema, summary::SCHEMA))
    }
}

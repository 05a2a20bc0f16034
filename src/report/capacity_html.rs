//! What a capacity search found as one HTML page; several of them side by side.

use serde::Serialize;

use super::chart::{self, Axis, Chart, Drawing, Level, Line, Scale};
use super::load_html::{number, percent};
use super::render;
use super::words::{counted, visible};
use crate::load::capacity::scalability::{Fit, Scalability};
use crate::load::capacity::{Capacity, Latency, SCHEMA, Search, Step, Verdict};

/// The points at which a law is drawn.
const CURVE: u32 = 60;

/// What was found as a page.
pub fn write(found: &[Capacity]) -> String {
    render::render("capacity.html", &page(found))
}

#[derive(Serialize)]
struct Page {
    title: String,
    version: &'static str,
    heading: String,
    searches: Vec<Shown>,
    charts: Vec<Drawing>,
}

#[derive(Serialize)]
struct Shown {
    name: String,
    issuer: String,
    title: String,
    kind: &'static str,
    headline: String,
    because: String,
    facts: Vec<(&'static str, String)>,
    charts: Vec<Drawing>,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    kind: &'static str,
    word: &'static str,
    asked: String,
    achieved: String,
    in_flight: String,
    response: String,
    failed: String,
    throttled: String,
    generator: String,
    repeated: bool,
    why: String,
}

fn page(found: &[Capacity]) -> Page {
    let searches = || found.iter().flat_map(|own| own.searches.iter().map(move |s| (own, s)));
    let heading = match found {
        [own] => format!("Capacity of {}", visible(&own.provider)),
        found => counted(found.len(), "capacity search") + " side by side",
    };
    let compared = if searches().count() > 1 {
        let of = |name: fn(&Step) -> Option<f64>| {
            searches()
                .map(move |(own, search)| line(&title(own, search), &search.steps, name))
                .collect()
        };
        vec![latency(
            "Response time by rate, 99th percentile",
            of(|s| Some(s.response_ms?.p99)),
            Vec::new(),
        )]
    } else {
        Vec::new()
    };
    Page {
        title: format!("{heading}: authgauge"),
        version: env!("CARGO_PKG_VERSION"),
        heading,
        searches: searches().map(|(own, search)| shown(own, search)).collect(),
        charts: compared.iter().filter_map(chart::draw).collect(),
    }
}

fn title(own: &Capacity, search: &Search) -> String {
    let profile = search.profile.rsplit('/').next().unwrap_or_default();
    visible(&format!("{}, {}", own.provider, profile.trim_end_matches(".yaml")))
}

fn shown(own: &Capacity, search: &Search) -> Shown {
    let (kind, headline) = match (search.sustained_per_s, search.is_the_providers) {
        (Some(rate), true) => ("pass", format!("{} per second", number(rate))),
        (Some(rate), false) => ("unknown", format!("at least {} per second", number(rate))),
        (None, _) => ("fail", "No rate kept the objectives".into()),
    };
    Shown {
        name: title(own, search),
        issuer: visible(&own.issuer),
        title: visible(&search.title),
        kind,
        headline,
        because: visible(&search.why),
        facts: facts(own, search),
        charts: charts(search).iter().filter_map(chart::draw).collect(),
        rows: search.steps.iter().map(row).collect(),
    }
}

fn facts(own: &Capacity, search: &Search) -> Vec<(&'static str, String)> {
    let objectives = search.objectives.iter().map(|objective| {
        let (p99, rate) = (number(objective.p99_ms), percent(objective.error_rate));
        visible(&format!("{}: p99 {p99} ms, errors {rate}", objective.operation))
    });
    let mut facts = vec![
        ("Objectives", objectives.collect::<Vec<_>>().join("; ")),
        ("Started", visible(&own.started)),
        ("Limited by", word(search.limited_by).1.to_owned()),
    ];
    if let Some(broken) = search.broken_per_s {
        facts.push(("Broke at", format!("{} per second", number(broken))));
    }
    if let Some(again) = &search.repeats {
        let [least, median, most] = again.p99_ms.map(number);
        facts.push(("Knee again", format!(
            "{} of {} kept at {} per second; p99 {least}, {median} and {most} ms at least, median and most",
            again.kept, again.times, number(again.rate_per_s)
        )));
    }
    facts.push(("Scalability", law(&search.scalability)));
    facts.extend(search.stopped.iter().map(|why| ("Ended early", visible(why))));
    facts
}

fn law(scalability: &Scalability) -> String {
    let Some(fit) = scalability.fit else {
        let why = scalability.meaningless_because.as_deref().unwrap_or("there is no fit");
        return format!("no law fitted: {}", visible(why));
    };
    let peak = match (fit.most_per_s, fit.peak_in_flight) {
        (Some(most), Some(at)) => {
            format!("; most {} per second with {} under way", number(most), number(at))
        }
        (Some(most), None) => format!("; never above {} per second", number(most)),
        (None, _) => String::new(),
    };
    format!(
        "{} per second alone, contention {:.4}, coherency {:.6}, explains {}{peak}",
        number(fit.lambda),
        fit.sigma,
        fit.kappa,
        percent(fit.explained)
    )
}

fn word(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Kept => ("pass", "kept"),
        Verdict::Latency => ("fail", "latency"),
        Verdict::Errors => ("fail", "errors"),
        Verdict::Throttling => ("warn", "throttling"),
        Verdict::Generator => ("unknown", "generator"),
    }
}

fn row(step: &Step) -> Row {
    let (kind, word) = word(step.verdict);
    let told = |value: Option<String>| value.unwrap_or_else(|| "not told".into());
    let both = |latency: Latency| format!("{} / {}", number(latency.p50), number(latency.p99));
    Row {
        kind,
        word,
        asked: number(step.asked_per_s),
        achieved: number(step.achieved_per_s),
        in_flight: format!("{} of {}", number(step.in_flight), step.in_flight_bound),
        response: told(step.response_ms.map(both)),
        failed: percent(step.failed),
        throttled: percent(step.throttled),
        generator: told(step.generator_processor_share.map(percent)),
        repeated: step.repeated,
        why: visible(step.why.as_deref().unwrap_or_default()),
    }
}

fn charts(search: &Search) -> Vec<Chart> {
    let steps = &search.steps;
    let knee = search.sustained_per_s.map(|rate| Level {
        name: format!("knee {}", number(rate)),
        at: rate,
        upright: true,
    });
    let patience = search.objectives.iter().map(|o| o.p99_ms).fold(0.0, f64::max);
    let objective = (patience > 0.0).then(|| Level {
        name: format!("objective {} ms", number(patience)),
        at: patience,
        upright: false,
    });
    let lines = vec![
        line("p50", steps, |step| Some(step.response_ms?.p50)),
        line("p99", steps, |step| Some(step.response_ms?.p99)),
    ];
    let levels = knee.into_iter().chain(objective).collect();
    vec![
        latency("Response time by rate", lines, levels),
        scaling(&search.scalability),
        generator(steps),
    ]
}

fn line(name: &str, steps: &[Step], value: fn(&Step) -> Option<f64>) -> Line {
    let points = steps.iter().filter_map(|step| Some((step.asked_per_s, value(step)?)));
    let mut points: Vec<(f64, f64)> = points.collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    Line { name: name.into(), points, joined: true }
}

fn latency(title: &str, lines: Vec<Line>, levels: Vec<Level>) -> Chart {
    Chart {
        title: title.into(),
        x: Axis { label: "asked operations per second".into(), scale: Scale::Linear },
        y: Axis { label: "milliseconds".into(), scale: Scale::Log },
        lines,
        levels,
    }
}

/// Throughput by concurrency, with the law that fits.
fn scaling(scalability: &Scalability) -> Chart {
    let points = scalability.points.iter().map(|point| (point.in_flight, point.per_s));
    let points: Vec<(f64, f64)> = points.collect();
    let most = points.iter().map(|point| point.0).fold(0.0, f64::max);
    let law = scalability.fit.map(|fit| Line {
        name: "fitted law".into(),
        points: (0..=CURVE)
            .map(|at| most * f64::from(at) / f64::from(CURVE))
            .map(|n| (n, at(&fit, n)))
            .collect(),
        joined: true,
    });
    let measured = Line { name: "measured".into(), points, joined: false };
    Chart {
        title: "Throughput by concurrency".into(),
        x: Axis { label: "operations under way, on average".into(), scale: Scale::Linear },
        y: Axis { label: "operations per second".into(), scale: Scale::Linear },
        lines: std::iter::once(measured).chain(law).collect(),
        levels: Vec::new(),
    }
}

/// The throughput by the Universal Scalability Law.
fn at(fit: &Fit, n: f64) -> f64 {
    fit.lambda * n / (1.0 + fit.sigma * (n - 1.0) + fit.kappa * n * (n - 1.0))
}

fn generator(steps: &[Step]) -> Chart {
    let line =
        line("used", steps, |step| step.generator_processor_share.map(|share| share * 100.0));
    Chart {
        title: "The generator's own load".into(),
        x: Axis { label: "asked operations per second".into(), scale: Scale::Linear },
        y: Axis { label: "% of its processors".into(), scale: Scale::Linear },
        lines: vec![line],
        levels: Vec::new(),
    }
}

/// Reads what a capacity search found.
///
/// # Errors
/// Says what is no such document.
pub fn read(text: &str) -> Result<Capacity, String> {
    let found: Capacity = serde_json::from_str(text).map_err(|e| e.to_string())?;
    if found.schema == SCHEMA {
        Ok(found)
    } else {
        Err(format!("its schema is {:?}, expected {SCHEMA:?}", found.schema))
    }
}

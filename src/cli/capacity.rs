//! `authgauge capacity`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use indicatif::ProgressBar;

use super::load::{LogFile, Ready, Subject, found, ground, listen, most_users, profile, ready};
use super::outputs::writable;
use super::{Failure, print, say, write_file};
use crate::exit;
use crate::library::{Library, SourceFile};
use crate::load::capacity::campaign::{self, Ground, Listener, Terms};
use crate::load::capacity::search::Bounds;
use crate::load::capacity::terminal::{row, terminal};
use crate::load::capacity::{Capacity, Objective, SCHEMA, Search, Verdict};
use crate::load::live::{self, Progress};
use crate::load::plan::{Overrides, Plan};
use crate::load::profile::Model;
use crate::load::record;
use crate::load::run::Named;
use crate::load::safety::MOST_PER_SECOND;
use crate::load::sender::Sender;
use crate::load::threshold::What;
use crate::report::capacity_html;

#[derive(Debug, Args)]
pub struct CapacityArgs {
    /// Load profiles: names under scenarios/load, or files
    #[arg(required = true, value_name = "PROFILE")]
    profiles: Vec<String>,
    #[command(flatten)]
    subject: Subject,
    /// The longest 99th percentile of response times, in milliseconds, instead of the profile's
    #[arg(long, value_name = "MS", value_parser = positive)]
    p99: Option<f64>,
    /// The largest share that may fail, instead of the profile's; 0.01 where that has none
    #[arg(long, value_name = "SHARE", value_parser = share)]
    error_rate: Option<f64>,
    /// The rate to begin with
    #[arg(long, value_name = "NUMBER", default_value = "10", value_parser = rate)]
    from: f64,
    /// The highest rate
    #[arg(long, value_name = "NUMBER", default_value = "2000", value_parser = rate)]
    up_to: f64,
    /// How near the knee must be, as a share of it
    #[arg(long, value_name = "SHARE", default_value = "0.05", value_parser = share)]
    precision: f64,
    /// How many seconds a rate is held
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = positive)]
    step: f64,
    /// How many seconds the provider may recover between steps
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = positive)]
    pause: f64,
    /// The most steps before the knee is repeated
    #[arg(long, value_name = "NUMBER", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=200))]
    steps: u16,
    /// How often the knee is tried
    #[arg(long, value_name = "NUMBER", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=20))]
    times: u16,
    /// How many seconds each search may take
    #[arg(long, value_name = "SECONDS", default_value = "900", value_parser = positive)]
    max_time: f64,
    /// The most operations under way at once; without it, as many as the objective implies
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    users: Option<u16>,
    /// Write what was found as JSON; - is standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write a page with charts
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write the HdrHistogram interval logs, one for each step
    #[arg(long, value_name = "FILE")]
    hlog: Option<PathBuf>,
}

fn number(text: &str, least: f64, most: f64) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "expected a number".to_owned())?;
    if (least..=most).contains(&number) {
        Ok(number)
    } else {
        Err(format!("must be between {least} and {most}"))
    }
}

fn positive(text: &str) -> Result<f64, String> {
    number(text, 0.1, 14_400.0)
}

fn share(text: &str) -> Result<f64, String> {
    number(text, 0.0, 1.0)
}

fn rate(text: &str) -> Result<f64, String> {
    number(text, 0.1, MOST_PER_SECOND)
}

/// Looks for the rate up to which a provider keeps its objectives.
pub async fn capacity(args: &CapacityArgs, library: Library) -> Result<u8, Failure> {
    [&args.json, &args.html, &args.hlog]
        .into_iter()
        .flatten()
        .try_for_each(|path| writable(path))?;
    let stop = Arc::new(AtomicBool::new(false));
    listen(&stop)?;
    let library: &'static Library = Box::leak(Box::new(library));
    let files = args.profiles.iter().map(|name| profile(name, library));
    let files = files.collect::<Result<Vec<SourceFile>, _>>()?;
    let ready = ready(&args.subject, library)?;
    let started = DateTime::<Utc>::from(SystemTime::now());
    let mut log = LogFile::open(args.hlog.as_deref())?;
    let mut searches = Vec::new();
    for file in &files {
        let search = one(args, &ready, library, file, &stop, &mut log).await?;
        let ended = search.stopped.is_some();
        searches.push(search);
        if ended && stop.load(std::sync::atomic::Ordering::Relaxed) {
            break;
        }
    }
    log.close();
    let capacity = Capacity {
        schema: SCHEMA.to_owned(),
        authgauge: env!("CARGO_PKG_VERSION").to_owned(),
        provider: ready.provider.name.clone(),
        issuer: ready.provider.issuer.clone(),
        started: started.to_rfc3339_opts(SecondsFormat::Millis, true),
        searches,
    };
    write(args, &capacity)?;
    Ok(capacity.searches.iter().map(exit_code).max().unwrap_or(exit::CONFORMS))
}

async fn one(
    args: &CapacityArgs,
    ready: &Ready,
    library: &'static Library,
    file: &SourceFile,
    stop: &Arc<AtomicBool>,
    log: &mut LogFile,
) -> Result<Search, Failure> {
    let overrides = Overrides {
        model: Some(Model::Open),
        transport: args.subject.transport,
        ..Overrides::default()
    };
    let ground: Ground<Sender> = ground(ready, library, file, &overrides).await?;
    let terms = terms(args, &ground.plan)?;
    let bar = ProgressBar::new_spinner();
    let mut progress = |progress: &Progress| bar.set_message(live::line(progress));
    let listener = Listener {
        profile: Named {
            name: file.path.clone(),
            fingerprint: record::fingerprint(&file.text, &format!("{terms:?}")),
        },
        log: &mut |lines| log.write(lines),
        progress: &mut progress,
        stepped: &mut |step| bar.suspend(|| say(&row(step))),
        stop: Arc::clone(stop),
    };
    let search = campaign::search(&ground, &terms, listener).await;
    bar.finish_and_clear();
    found(search)
}

fn terms(args: &CapacityArgs, plan: &Plan) -> Result<Terms, Failure> {
    let seconds = Duration::from_secs_f64;
    Ok(Terms {
        bounds: Bounds { from: args.from, up_to: args.up_to, precision: args.precision.max(0.001) },
        step: seconds(args.step),
        pause: seconds(args.pause),
        steps: usize::from(args.steps),
        times: usize::from(args.times),
        longest: seconds(args.max_time),
        users: args.users.map(usize::from),
        most_users: most_users(),
        objectives: objectives(args, plan)?,
    })
}

/// The objectives of the command line, or else those limits of the profile.
fn objectives(args: &CapacityArgs, plan: &Plan) -> Result<Vec<Objective>, Failure> {
    let limit = |operation: &str, what| {
        let own = plan.thresholds.iter().find(|l| l.step == operation && l.what == what);
        own.map(|limit| limit.limit)
    };
    let longest = plan.thresholds.iter().filter(|limit| limit.what == What::P99);
    let longest = longest.map(|limit| limit.limit).reduce(f64::max);
    let each = plan.operations.iter().map(|operation| {
        let name = &operation.name;
        Some(Objective {
            operation: name.clone(),
            share: operation.share,
            // An operation without a limit of its own is held to the most patient of the others.
            p99_ms: args.p99.or_else(|| limit(name, What::P99)).or(longest)?,
            error_rate: args.error_rate.or_else(|| limit(name, What::ErrorRate)).unwrap_or(0.01),
        })
    });
    each.collect::<Option<Vec<_>>>().ok_or_else(|| {
        Failure::usage(format!(
            "{} says nothing about p99, so that there is no objective\nhint: give --p99",
            plan.title
        ))
    })
}

/// The generator's limit outweighs a search that ended early, and that one without any rate.
fn exit_code(search: &Search) -> u8 {
    if search.limited_by == Verdict::Generator {
        exit::INVALID_MEASUREMENT
    } else if search.stopped.is_some() {
        exit::INCONCLUSIVE
    } else if search.sustained_per_s.is_none() {
        exit::THRESHOLD
    } else {
        exit::CONFORMS
    }
}

fn write(args: &CapacityArgs, capacity: &Capacity) -> Result<(), Failure> {
    let json = serde_json::to_string_pretty(capacity).map_err(Failure::environment)? + "\n";
    let files =
        [(&args.json, json), (&args.html, capacity_html::write(std::slice::from_ref(capacity)))];
    let taken = files.iter().any(|(path, _)| path.as_deref() == Some(Path::new("-")));
    if taken {
        say(&terminal(capacity));
    } else {
        print(&terminal(capacity));
    }
    let wanted = files.iter().filter_map(|(path, text)| Some((path.as_deref()?, text)));
    wanted.into_iter().try_for_each(|(path, text)| write_file(path, text))
}

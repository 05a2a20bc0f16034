//! `authgauge load`.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

use chrono::DateTime;
use clap::Args;
use indicatif::ProgressBar;

use super::Failure;
use crate::library::Library;
use crate::load::capacity::campaign::Ground;
use crate::load::live::{self, Progress};
use crate::load::operation::floor;
use crate::load::plan::Overrides;
use crate::load::profile::Model;
use crate::load::record;
use crate::load::run::{self, Named, Outside, RunError};
use crate::load::shard::Shard;

mod outputs;
mod subject;

pub use outputs::{LoadOutputs, LogFile, write_measured};
pub use subject::{Ready, Subject, check_descriptors, ground, listen, most_users, profile, ready};

/// How long before a start that was agreed upon a worker may be started.
const AHEAD: Duration = Duration::from_secs(3600);

#[derive(Debug, Args)]
pub struct LoadArgs {
    /// The load profile: a name under scenarios/load, or a file
    #[arg(long, value_name = "NAME|FILE")]
    profile: String,
    #[command(flatten)]
    subject: Subject,
    /// Operations per second, instead of the profile's
    #[arg(long, value_name = "NUMBER")]
    rate: Option<f64>,
    /// How many seconds operations come, instead of the profile's
    #[arg(long, value_name = "SECONDS")]
    duration: Option<f64>,
    /// How many workers, instead of the profile's
    #[arg(long, value_name = "NUMBER")]
    users: Option<usize>,
    /// Whether a schedule or the answers decide when the next operation comes
    #[arg(long, value_enum)]
    model: Option<Model>,
    /// Make one part of N of the load, I being 0 to N-1; `authgauge merge` adds the parts up
    #[arg(long, value_name = "I/N", conflicts_with = "fail_fast")]
    worker: Option<Shard>,
    /// When the first operation is due, such as 2030-01-01T12:00:00Z, so that all parts begin at once
    #[arg(long, value_name = "RFC3339", value_parser = instant)]
    start_at: Option<SystemTime>,
    /// Keep the interval log and the summary in this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    outputs: LoadOutputs,
    /// Stop as soon as a threshold is missed
    #[arg(long)]
    fail_fast: bool,
}

fn instant(text: &str) -> Result<SystemTime, String> {
    let at = DateTime::parse_from_rfc3339(text).map_err(|e| e.to_string())?;
    let at = SystemTime::from(at);
    match at.duration_since(SystemTime::now()) {
        Err(_) => Err("this instant has passed".into()),
        Ok(ahead) if ahead > AHEAD => Err(format!("more than {} s ahead", AHEAD.as_secs())),
        Ok(_) => Ok(at),
    }
}

/// Runs a load profile and writes what came of it.
pub async fn load(args: &LoadArgs, library: Library) -> Result<u8, Failure> {
    let outputs = outputs(args)?;
    let stop = Arc::new(AtomicBool::new(false));
    listen(&stop)?;
    let library: &'static Library = Box::leak(Box::new(library));
    let file = profile(&args.profile, library)?;
    let ready = ready(&args.subject, library)?;
    let overrides = Overrides {
        rate: args.rate,
        duration: args.duration,
        users: args.users,
        model: args.model,
        transport: args.subject.transport,
        shard: args.worker.unwrap_or_default(),
    };
    let Ground { plan, library, target, transport } =
        ground(&ready, library, &file, &overrides).await?;
    subject::check_descriptors(plan.users)?;
    let floor = floor(plan, library, target, transport);
    let whole = Overrides { shard: Shard::default(), ..overrides };
    let fingerprint = record::fingerprint(&file.text, &format!("{whole:?}"));
    let mut log = outputs.log()?;
    let bar = ProgressBar::new_spinner();
    let mut progress = |progress: &Progress| bar.set_message(live::line(progress));
    let outside = Outside {
        profile: Named { name: file.path.clone(), fingerprint },
        start_at: args.start_at,
        log: &mut |lines| log.write(lines),
        progress: &mut progress,
        stop,
        fail_fast: args.fail_fast,
    };
    let measured = run::run(floor, outside).await;
    bar.finish_and_clear();
    log.close();
    drop(ready);
    let measured = found(measured)?;
    write_measured(&outputs, &measured)?;
    Ok(measured.summary.exit_code)
}

/// What is written, with what `--out` stands for.
fn outputs(args: &LoadArgs) -> Result<LoadOutputs, Failure> {
    let mut outputs = args.outputs.clone();
    if let Some(folder) = &args.out {
        std::fs::create_dir_all(folder).map_err(|e| {
            Failure::usage(format!("the folder {} cannot be made: {e}", folder.display()))
        })?;
        let name = args
            .worker
            .map_or_else(|| "load".into(), |w| format!("worker-{}-of-{}", w.index, w.of));
        outputs.hlog.get_or_insert_with(|| folder.join(format!("{name}.hlog")));
        outputs.json.get_or_insert_with(|| folder.join(format!("{name}.json")));
    }
    outputs.check()?;
    Ok(outputs)
}

/// What a run brought, or why there is nothing.
pub fn found<T>(result: Result<T, RunError>) -> Result<T, Failure> {
    result.map_err(|error| match error {
        RunError::Unprepared(_) => Failure::environment(format!(
            "{error}\nhint: `authgauge run` shows what the provider answers"
        )),
        RunError::Interrupted | RunError::Late(_) | RunError::Generator(_) => {
            Failure::environment(error)
        }
    })
}

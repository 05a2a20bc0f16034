//! `authgauge load`.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use authgauge_mocks::{Server, ServerOptions};
use clap::Args;
use indicatif::ProgressBar;
use url::Url;

use super::outputs::writable;
use super::run::provider;
use super::{Failure, print, say, write_file};
use crate::capability::ENDPOINTS;
use crate::library::{Library, SourceFile};
use crate::load::health::{self, STUB_THREAD};
use crate::load::live::{self, Progress};
use crate::load::operation::{Floor, floor};
use crate::load::plan::{self, Overrides};
use crate::load::profile::Model;
use crate::load::run::{self, Measured, Outside, RunError};
use crate::load::safety;
use crate::load::summary;
use crate::provider::Provider;
use crate::target;
use crate::transport::HttpTransport;

/// Descriptors that are needed beside one connection for each worker.
const SPARE_DESCRIPTORS: usize = 64;

#[derive(Debug, Args)]
pub struct LoadArgs {
    /// The load profile: a name under scenarios/load, or a file
    #[arg(long, value_name = "NAME|FILE")]
    profile: String,
    /// The provider: a name under scenarios/providers, or a file; without it, an embedded stub
    #[arg(long, value_name = "NAME|FILE")]
    provider: Option<String>,
    /// The issuer, instead of the one in the provider file
    #[arg(long, value_name = "URL", requires = "provider")]
    issuer: Option<String>,
    /// The dialect of the embedded stub
    #[arg(long, value_name = "DIALECT", conflicts_with = "provider", default_value = "strict")]
    stub: String,
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
    /// A host beyond this machine whose operator has agreed to the load
    #[arg(long, value_name = "HOST")]
    allow: Vec<String>,
    /// Write the summary as JSON; - is standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the HdrHistogram interval log, as it goes
    #[arg(long, value_name = "FILE")]
    hlog: Option<PathBuf>,
    /// Write a table as CSV
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Write the percentile distributions
    #[arg(long, value_name = "FILE")]
    hgrm: Option<PathBuf>,
    /// Write metrics in the text format of Prometheus
    #[arg(long, value_name = "FILE")]
    prometheus: Option<PathBuf>,
    /// Stop as soon as a threshold is missed
    #[arg(long)]
    fail_fast: bool,
}

/// Runs a load profile and writes what came of it.
pub async fn load(args: &LoadArgs, library: Library) -> Result<u8, Failure> {
    let outputs = [&args.json, &args.hlog, &args.csv, &args.hgrm, &args.prometheus];
    outputs.into_iter().flatten().try_for_each(|path| writable(path))?;
    let stop = Arc::new(AtomicBool::new(false));
    listen(&stop)?;
    // One run is all that this process does: what lives as long as it may be leaked.
    let library: &'static Library = Box::leak(Box::new(library));
    let file = profile(&args.profile, library)?;
    let (provider, stub) = match &args.provider {
        Some(name) => (provider(name, args.issuer.as_deref(), library)?, None),
        None => embedded(&args.stub, library)?,
    };
    let floor = prepare(args, library, provider, &file).await?;
    let measured = measure(args, floor, &file, stop).await;
    drop(stub);
    let measured = measured?;
    write(args, &measured)?;
    Ok(measured.summary.exit_code)
}

/// Ctrl-C and its kin end the run and not the program. This must come first: goose has a handler of
/// its own, which would end the program without a report, and only one can be installed.
fn listen(stop: &Arc<AtomicBool>) -> Result<(), Failure> {
    let stop = Arc::clone(stop);
    ctrlc::set_handler(move || stop.store(true, Ordering::Relaxed)).map_err(Failure::environment)
}

fn profile(name: &str, library: &Library) -> Result<SourceFile, Failure> {
    if let Some(known) = library.loads.get(name) {
        return Ok(known.clone());
    }
    let text = std::fs::read_to_string(name).map_err(|e| {
        let known: Vec<&str> = library.loads.keys().map(String::as_str).collect();
        let known = known.join(", ");
        Failure::usage(format!(
            "the load profile {name} cannot be read: {e}\nhint: give a file, or one of {known}"
        ))
    })?;
    Ok(SourceFile { path: name.to_owned(), text })
}

/// The embedded stub, on threads of its own so that its work does not count as the generator's.
/// Dropping the runtime ends it. It stands behind hyper: the other adapter handles one request at a
/// time and keeps every one.
fn embedded(dialect: &str, library: &Library) -> Result<(Provider, Option<StubThread>), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(health::processors())
        .thread_name(STUB_THREAD)
        .enable_all()
        .build()
        .map_err(Failure::environment)?;
    let options = ServerOptions { dialect: dialect.to_owned(), ..ServerOptions::default() };
    let bound = std::thread::scope(|scope| {
        // A runtime cannot wait inside another one.
        scope.spawn(|| runtime.block_on(Server::bind(&options))).join()
    });
    let server = bound
        .map_err(|_| Failure::environment("the embedded stub did not start"))?
        .map_err(Failure::usage)?;
    let issuer = server.issuer().to_owned();
    runtime.spawn(server.serve(std::future::pending()));
    let file = [format!("stub-{dialect}"), "stub".to_owned()];
    let file = file.iter().find_map(|name| library.providers.get(name));
    let file = file.ok_or_else(|| Failure::usage("there is no provider file `stub`"))?;
    let provider =
        Provider::parse(&file.path, &file.text, Some(&issuer)).map_err(Failure::usage)?;
    Ok((provider, Some(StubThread(Some(runtime)))))
}

/// The runtime of the embedded stub.
struct StubThread(Option<tokio::runtime::Runtime>);

impl Drop for StubThread {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

async fn prepare(
    args: &LoadArgs,
    library: &'static Library,
    mut provider: Provider,
    file: &SourceFile,
) -> Result<Floor<HttpTransport>, Failure> {
    // Under load time passes by itself: nobody may move the provider's clock.
    provider.hooks.remove("advance_clock");
    let provider: &'static Provider = Box::leak(Box::new(provider));
    let overrides = Overrides {
        rate: args.rate,
        duration: args.duration,
        users: args.users,
        model: args.model,
    };
    let profile = plan::parse(file).map_err(Failure::usage)?;
    let plan = plan::bind(&profile, &overrides, file, library, provider)
        .map_err(|mistakes| Failure::usage(mistakes.join("\n")))?;
    if plan.rotate_keys_every.is_some() && !provider.hooks.contains_key("rotate_keys") {
        return Err(Failure::usage(
            "rotate_keys_every needs a `rotate_keys` hook in the provider file",
        ));
    }
    check_descriptors(plan.users)?;
    safety::check_hosts([&provider.discovery], &args.allow).map_err(Failure::usage)?;
    let transport = HttpTransport::new(plan.deadline).map_err(Failure::environment)?;
    let target = target::prepare(provider, &transport, Duration::ZERO).await.map_err(|e| {
        let hint = format!("is {} right, and does the provider listen there?", provider.discovery);
        Failure::environment(format!("the provider cannot be reached: {e}\nhint: {hint}"))
    })?;
    let endpoints: Vec<Url> = ENDPOINTS
        .iter()
        .filter_map(|name| Url::parse(target.variables.get(*name)?.as_str()?).ok())
        .collect();
    let addresses = endpoints.iter().chain(target.origins.iter());
    safety::check_hosts(addresses, &args.allow).map_err(Failure::usage)?;
    for operation in &plan.operations {
        let skipped = operation.case.iter().find_map(|case| {
            let needs = library.scenario(&case.scenario)?.scenario.needs.iter();
            needs.into_iter().find_map(|need| target.capabilities.missing(&need.value))
        });
        if let Some(lack) = skipped {
            let why = format!("{} does not apply to this provider: {lack:?}", operation.name);
            return Err(Failure::usage(why));
        }
    }
    Ok(floor(plan, library, target, transport))
}

/// Each worker may have a connection, which is a file to the system.
fn check_descriptors(users: usize) -> Result<(), Failure> {
    let (Some(limit), Some(open)) = (health::descriptor_limit(), health::descriptors()) else {
        return Ok(());
    };
    let needed = users * 2 + open + SPARE_DESCRIPTORS;
    if needed <= limit {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{users} workers may need {needed} open files, and this process may have {limit}\n\
         hint: `ulimit -n {needed}`, or lower --users"
    )))
}

async fn measure(
    args: &LoadArgs,
    floor: Floor<HttpTransport>,
    file: &SourceFile,
    stop: Arc<AtomicBool>,
) -> Result<Measured, Failure> {
    let mut log = args.hlog.as_deref().map(open_log).transpose()?;
    let mut lost = None;
    let mut write_log = |lines: &str| {
        if let Some(log) = &mut log
            && let Err(e) = log.write_all(lines.as_bytes())
        {
            lost.get_or_insert(e);
        }
    };
    let bar = ProgressBar::new_spinner();
    let mut progress = |progress: &Progress| bar.set_message(live::line(progress));
    let outside = Outside {
        profile: file.path.clone(),
        log: &mut write_log,
        progress: &mut progress,
        stop,
        fail_fast: args.fail_fast,
    };
    let measured = run::run(floor, outside).await;
    bar.finish_and_clear();
    if let Some(e) = lost {
        say(&format!("warning: the interval log is incomplete: {e}\n"));
    }
    measured.map_err(|error| match error {
        RunError::Unprepared(_) => Failure::environment(format!(
            "{error}\nhint: `authgauge run` shows what the provider answers"
        )),
        RunError::Interrupted | RunError::Generator(_) => Failure::environment(error),
    })
}

fn open_log(path: &Path) -> Result<File, Failure> {
    let unwritable = |e| Failure::usage(format!("{} cannot be written: {e}", path.display()));
    let path = if path == Path::new("-") { Path::new("/dev/stdout") } else { path };
    File::create(path).map_err(unwritable)
}

fn write(args: &LoadArgs, measured: &Measured) -> Result<(), Failure> {
    let Measured { summary, total } = measured;
    let talk = summary::terminal(summary);
    let standard = Some(Path::new("-"));
    let all = [&args.json, &args.hlog, &args.csv, &args.hgrm, &args.prometheus];
    if all.iter().any(|path| path.as_deref() == standard) {
        say(&talk);
    } else {
        print(&talk);
    }
    let files = [
        (&args.json, summary::json(summary)),
        (&args.csv, summary::csv(summary)),
        (&args.hgrm, summary::hgrm(summary, total)),
        (&args.prometheus, summary::prometheus(summary)),
    ];
    files.iter().try_for_each(|(path, text)| match path {
        Some(path) => write_file(path, text),
        None => Ok(()),
    })
}

//! `authgauge run`.

use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::Failure;
use super::outputs::Outputs;
use super::verbose::Verbose;
use crate::harness::{Embedded, STRICT, start_stub};
use crate::library::{Library, SourceFile};
use crate::profile::{self, Profile};
use crate::provider::Provider;
use crate::redact::Redactor;
use crate::reference;
use crate::report::Report;
use crate::run::{self, RunError, Settings};
use crate::scenario::Hazard;
use crate::selection::Selection;
use crate::transport::{HttpTransport, Transport};

#[derive(Debug, Args)]
pub struct RunArgs {
    /// What to run: ids, beginnings of ids, or globs, such as rfc7636, 'rfc7636/4.6/*' or PKCE-02
    selectors: Vec<String>,
    /// The provider: a name under scenarios/providers, or a file
    #[arg(long, value_name = "NAME|FILE")]
    provider: Option<String>,
    /// The dialect of the embedded stub to test; without it the product that most people know, or
    /// with --fault the strict one
    #[arg(long, value_name = "DIALECT", conflicts_with = "provider")]
    stub: Option<String>,
    /// The issuer, instead of the one in the provider file
    #[arg(long, value_name = "URL", requires = "provider")]
    issuer: Option<String>,
    /// Make the embedded stub wrong on purpose; `authgauge faults` has the names
    #[arg(long, value_name = "NAME", conflicts_with = "provider")]
    fault: Vec<String>,
    /// What decides where specifications disagree: oauth2, bcp, oauth21 or oidc [default: bcp]
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Let warnings fail the run, too
    #[arg(long)]
    strict: bool,
    /// What may be done to a provider that is not on this machine
    #[arg(long, value_name = "HAZARD")]
    allow: Vec<Allowed>,
    /// The longest that a case may wait for an expiry, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    max_wait: u64,
    /// Show every exchange on standard error as it happens, secrets masked
    #[arg(short, long)]
    verbose: bool,
    #[command(flatten)]
    outputs: Outputs,
}

/// A hazard, as it is spelt on the command line.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Allowed {
    /// Many requests at the same moment
    Race,
    /// So many failures that a user or client may be locked out
    LockOut,
}

/// Runs the selected cases and writes the reports.
pub async fn run(args: &RunArgs, library: &Library, colored: bool) -> Result<u8, Failure> {
    let mut settings = Settings {
        selection: Selection::parse(&args.selectors).map_err(Failure::usage)?,
        strict: args.strict,
        max_wait: Duration::from_secs(args.max_wait),
        allowed: args.allow.iter().map(|allowed| hazard(*allowed)).collect(),
        profile: Profile::default(),
    };
    args.outputs.check()?;
    let report = if let Some(name) = &args.provider {
        let provider = provider(name, args.issuer.as_deref(), library)?;
        settings.profile = chosen(args, &provider, library)?;
        let transport = HttpTransport::new(provider.pace.timeout).map_err(Failure::environment)?;
        observed(args, library, &provider, transport, &settings).await?
    } else {
        let Embedded { stub: _stub, provider, transport } =
            start_stub(library, dialect(args), &args.fault).await.map_err(Failure::usage)?;
        settings.profile = chosen(args, &provider, library)?;
        observed(args, library, &provider, transport, &settings).await?
    };
    args.outputs.write(&report, colored)?;
    Ok(report.exit_code)
}

fn chosen(args: &RunArgs, provider: &Provider, library: &Library) -> Result<Profile, Failure> {
    profile::choose(library, args.profile.as_deref(), provider).map_err(Failure::usage)
}

fn hazard(allowed: Allowed) -> Hazard {
    match allowed {
        Allowed::Race => Hazard::Race,
        Allowed::LockOut => Hazard::LockOut,
    }
}

async fn observed(
    args: &RunArgs,
    library: &Library,
    provider: &Provider,
    transport: HttpTransport,
    settings: &Settings,
) -> Result<Report, Failure> {
    if !args.verbose {
        return conduct(library, provider, &transport, settings, ProgressBar::new(0)).await;
    }
    let verbose = Verbose { inner: transport, redactor: Redactor::new(&provider.secrets()) };
    conduct(library, provider, &verbose, settings, ProgressBar::hidden()).await
}

/// A fault turns exactly its requirements red only where nothing else is red.
fn dialect(args: &RunArgs) -> &str {
    let usual = if args.fault.is_empty() { authgauge_mocks::BEST_KNOWN } else { STRICT };
    args.stub.as_deref().unwrap_or(usual)
}

pub fn provider(name: &str, issuer: Option<&str>, library: &Library) -> Result<Provider, Failure> {
    let file = source(name, library)?;
    let provider = Provider::parse(&file.path, &file.text, issuer).map_err(Failure::usage)?;
    let mistakes = reference::check_provider(&provider, &file, library);
    match mistakes.first() {
        Some(mistake) => Err(Failure::usage(mistake)),
        None => Ok(provider),
    }
}

pub(super) fn source(name: &str, library: &Library) -> Result<SourceFile, Failure> {
    if let Some(known) = library.providers.get(name) {
        return Ok(known.clone());
    }
    let text = std::fs::read_to_string(name).map_err(|e| {
        let known: Vec<&str> = library.providers.keys().map(String::as_str).collect();
        Failure::usage(format!(
            "the provider file {name} cannot be read: {e}\n\
             hint: give a file, or one of {}; without --provider the embedded stub is tested",
            known.join(", ")
        ))
    })?;
    Ok(SourceFile { path: name.to_owned(), text: text.into() })
}

async fn conduct(
    library: &Library,
    provider: &Provider,
    transport: &impl Transport,
    settings: &Settings,
    bar: ProgressBar,
) -> Result<Report, Failure> {
    let bar = bar.with_style(style());
    let progress = |done: usize, total: usize| {
        bar.set_length(total as u64);
        bar.set_position(done as u64);
    };
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let report = run::run(library, provider, transport, settings, progress, interrupt).await;
    bar.finish_and_clear();
    report.map_err(|error| match error {
        RunError::Plan(_) => Failure::usage(error),
        RunError::Interrupted | RunError::Clock(_) => Failure::environment(error),
        RunError::Unreachable(_) => Failure::environment(format!(
            "{error}\nhint: is {} right in {}, and does the provider listen there?",
            provider.discovery, provider.file
        )),
    })
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{bar:30} {pos}/{len} cases, {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

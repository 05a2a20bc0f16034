//! The command line: what can be asked for, and the only place that writes to the terminal.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::diagnostic::Diagnostic;
use crate::exit;
use crate::library::Library;

mod calibrate;
mod capacity;
mod compare;
mod deviations;
mod doctor;
mod explain;
mod faults;
mod init;
mod list;
mod load;
mod manual;
mod measurement;
mod merge;
mod outputs;
mod report;
mod run;
mod schema;
mod sizing;
mod stub;
mod verbose;

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "authgauge", version, about = env!("CARGO_PKG_DESCRIPTION"), long_about = None, after_help = exit::HELP)]
struct Command {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    common: Common,
}

/// What every verb understands.
#[derive(Debug, Args)]
struct Common {
    /// Take scenarios from this folder instead of those that come with the program
    #[arg(long, global = true, value_name = "DIR")]
    scenarios: Option<PathBuf>,
    /// Whether to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: Color,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Color {
    /// When standard output is a terminal and `NO_COLOR` is not set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Write a provider file for an issuer: what it publishes, what is missing, what to register
    Init(init::InitArgs),
    /// Look at a provider file and its provider, and say which setting to change next
    #[command(after_help = exit::DOCTOR_HELP)]
    Doctor(doctor::DoctorArgs),
    /// Test a provider; without --provider, the embedded stub
    #[command(after_help = exit::HELP)]
    Run(run::RunArgs),
    /// Write the reports of a run again, from its JSON report
    #[command(after_help = exit::HELP)]
    Report(report::ReportArgs),
    /// Put runs side by side, or hold one against an earlier one
    #[command(after_help = exit::HELP)]
    Compare(compare::CompareArgs),
    /// Keep the known deviations of a provider file
    Deviations(deviations::DeviationsArgs),
    /// List the cases, or what a selector would run
    List(list::ListArgs),
    /// Explain a requirement or a scenario: what is sent, what must come back, and why
    Explain(explain::ExplainArgs),
    /// Put a provider under load: latencies of tokens and of their verification, at a rate
    #[command(after_help = exit::HELP)]
    Load(load::LoadArgs),
    /// Rehearse a load against the embedded stub: can this machine make it?
    #[command(after_help = exit::HELP)]
    Calibrate(calibrate::CalibrateArgs),
    /// Find the rate up to which a provider keeps its objectives, and what limits it
    #[command(after_help = exit::HELP)]
    Capacity(capacity::CapacityArgs),
    /// Calculate whether a provider and its quotas suffice for a number of users, and what they cost
    #[command(after_help = exit::HELP)]
    Sizing(sizing::SizingArgs),
    /// Add the logs of machines that shared a load up to one result
    #[command(after_help = exit::HELP)]
    Merge(merge::MergeArgs),
    /// Prove that every check can fail: run all scenarios against each fault of the stub
    Faults(faults::FaultsArgs),
    /// Print a JSON Schema, for editors: of provider files, scenarios, flows, requirements, ...
    Schema(schema::SchemaArgs),
    /// Serve the embedded stub, for other people's tests too
    Stub(stub::StubArgs),
    /// Write the completions of a shell
    Completions(manual::CompletionsArgs),
    /// Write the manual page
    Man,
}

/// Why a command ended without doing its work: what to say, and the exit code.
struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    #[expect(clippy::needless_pass_by_value, reason = "it is what map_err hands over")]
    fn usage(message: impl ToString) -> Self {
        Self { message: message.to_string(), code: exit::USAGE }
    }

    #[expect(clippy::needless_pass_by_value, reason = "it is what map_err hands over")]
    fn environment(message: impl ToString) -> Self {
        Self { message: message.to_string(), code: exit::INCONCLUSIVE }
    }
}

/// Reads the command line, does what it says and returns the exit code.
pub fn main() -> ExitCode {
    let command = match Command::try_parse() {
        Ok(command) => command,
        Err(help) => return parsing_ended(&help),
    };
    match dispatch(command) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            let message = failure.message.trim_end();
            let lead = if message.starts_with("error:") { "" } else { "error: " };
            say(&format!("{lead}{message}\n"));
            ExitCode::from(failure.code)
        }
    }
}

/// Help and version are no errors; anything else that clap says is wrong usage.
fn parsing_ended(help: &clap::Error) -> ExitCode {
    // A closed pipe is the only way this can fail, and then nobody reads it.
    drop(help.print());
    ExitCode::from(if help.use_stderr() { exit::USAGE } else { exit::CONFORMS })
}

fn dispatch(command: Command) -> Result<u8, Failure> {
    let library = library(command.common.scenarios.as_deref())?;
    let colored = match command.common.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
    };
    match command.verb {
        Verb::Init(args) => runtime()?.block_on(init::init(&args, &library)),
        Verb::Doctor(args) => runtime()?.block_on(doctor::doctor(&args, &library)),
        Verb::Run(args) => runtime()?.block_on(run::run(&args, &library, colored)),
        Verb::Report(args) => report::report(&args, colored),
        Verb::Compare(args) => compare::compare(&args),
        Verb::Deviations(args) => deviations::deviations(&args),
        Verb::List(args) => list::list(&args, &library),
        Verb::Explain(args) => explain::explain(&args, &library),
        Verb::Load(args) => runtime()?.block_on(load::load(&args, library)),
        Verb::Calibrate(args) => runtime()?.block_on(calibrate::calibrate(&args, library)),
        Verb::Capacity(args) => runtime()?.block_on(capacity::capacity(&args, library)),
        Verb::Sizing(args) => sizing::sizing(&args, &library),
        Verb::Merge(args) => merge::merge(&args),
        Verb::Faults(args) => faults::faults(&args, &library),
        Verb::Schema(args) => schema::schema(&args),
        Verb::Stub(args) => runtime()?.block_on(stub::serve(&args)),
        Verb::Completions(args) => Ok(manual::completions(&args)),
        Verb::Man => manual::manual(),
    }
}

fn library(folder: Option<&Path>) -> Result<Library, Failure> {
    let loaded = folder.map_or_else(Library::bundled, Library::from_folder);
    loaded.map_err(|mistakes| {
        let shown = mistakes.iter().map(Diagnostic::to_string).collect::<Vec<_>>();
        Failure::usage(shown.join("\n\n"))
    })
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Runtime::new().map_err(Failure::environment)
}

/// Writes data to standard output; a closed pipe ends it quietly.
fn print(text: &str) {
    let mut out = io::stdout().lock();
    // The reader may have gone, as `head` does; then nothing is left to be told.
    drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}

/// Writes talk to standard error.
fn say(text: &str) {
    drop(io::stderr().lock().write_all(text.as_bytes()));
}

/// Reads a file that the user named; `-` is standard input.
fn input(path: &Path) -> Result<String, Failure> {
    let text = if path == Path::new("-") {
        io::read_to_string(io::stdin())
    } else {
        std::fs::read_to_string(path)
    };
    text.map_err(|e| Failure::usage(format!("{} cannot be read: {e}", path.display())))
}

/// Writes a file that the user asked for; `-` is standard output.
fn write_file(path: &Path, text: &str) -> Result<(), Failure> {
    if path == Path::new("-") {
        print(text);
        return Ok(());
    }
    std::fs::write(path, text)
        .map_err(|e| Failure::usage(format!("{} cannot be written: {e}", path.display())))
}

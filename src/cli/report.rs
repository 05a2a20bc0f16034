//! `authgauge report`.

use std::path::PathBuf;

use clap::Args;

use super::measurement::{self, Kind};
use super::outputs::Outputs;
use super::{Failure, input};
use crate::exit;
use crate::report::json;

#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The JSON report of a run, or what `load` or `capacity` wrote as JSON; - is standard input
    #[arg(value_name = "RUN.json")]
    file: PathBuf,
    #[command(flatten)]
    outputs: Outputs,
}

/// Writes reports from a JSON report; the exit code is that of the run.
pub fn report(args: &ReportArgs, colored: bool) -> Result<u8, Failure> {
    args.outputs.check()?;
    let text = input(&args.file)?;
    let kind = measurement::kind(&text);
    if kind != Kind::Run {
        measurement::page(kind, &[(&args.file, text)], args.outputs.page_alone()?)?;
        return Ok(exit::CONFORMS);
    }
    let report = json::read(&text)
        .map_err(|why| Failure::usage(format!("{} cannot be used: {why}", args.file.display())))?;
    args.outputs.write(&report, colored)?;
    Ok(report.exit_code)
}

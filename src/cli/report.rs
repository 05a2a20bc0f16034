//! `authgauge report`.

use std::path::PathBuf;

use clap::Args;

use super::outputs::Outputs;
use super::{Failure, input};
use crate::report::json;

#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The JSON report of a run; - is standard input
    #[arg(value_name = "RUN.json")]
    file: PathBuf,
    #[command(flatten)]
    outputs: Outputs,
}

/// Writes reports from a JSON report; the exit code is that of the run.
pub fn report(args: &ReportArgs, colored: bool) -> Result<u8, Failure> {
    args.outputs.check()?;
    let report = json::read(&input(&args.file)?)
        .map_err(|why| Failure::usage(format!("{} cannot be used: {why}", args.file.display())))?;
    args.outputs.write(&report, colored)?;
    Ok(report.exit_code)
}

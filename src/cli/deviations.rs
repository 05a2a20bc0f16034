//! `authgauge deviations`.

use std::path::PathBuf;

use chrono::{Days, NaiveDate, Utc};
use clap::{Args, Subcommand};

use super::{Failure, input, print, write_file};
use crate::deviation::update::{self, Update};
use crate::exit;
use crate::report::json;

#[derive(Debug, Args)]
pub struct DeviationsArgs {
    #[command(subcommand)]
    verb: DeviationsVerb,
}

#[derive(Debug, Subcommand)]
enum DeviationsVerb {
    /// List what a run found broken as known in the provider file, with a reason to fill in
    Update(UpdateArgs),
}

#[derive(Debug, Args)]
struct UpdateArgs {
    /// The provider file; comments and order stay as they are
    #[arg(long, value_name = "FILE")]
    provider: PathBuf,
    /// The JSON report of a run against this provider; - is standard input
    #[arg(value_name = "RUN.json")]
    run: PathBuf,
    /// The last day on which the deviations are accepted [default: in 90 days]
    #[arg(long, value_name = "DATE")]
    until: Option<NaiveDate>,
    /// Show the new file instead of writing it
    #[arg(long)]
    dry_run: bool,
}

/// Writes new known deviations into a provider file.
pub fn deviations(args: &DeviationsArgs) -> Result<u8, Failure> {
    let DeviationsVerb::Update(args) = &args.verb;
    let path = args.provider.display();
    let text = input(&args.provider)?;
    let report = json::read(&input(&args.run)?)
        .map_err(|why| Failure::usage(format!("{} cannot be used: {why}", args.run.display())))?;
    let until = args.until.unwrap_or_else(|| Utc::now().date_naive() + Days::new(90));
    let Update { text, added, listed } =
        update::update(&path.to_string(), &text, &report, until).map_err(Failure::usage)?;
    if args.dry_run {
        print(&text);
        return Ok(exit::CONFORMS);
    }
    for requirement in &listed {
        print(&format!("left alone: {requirement} is listed already; change its entry by hand\n"));
    }
    if added.is_empty() {
        print(&format!("{path} stays as it is: the run has no failure that is not listed\n"));
        return Ok(exit::CONFORMS);
    }
    write_file(&args.provider, &text)?;
    for entry in &added {
        print(&format!("added: {entry}\n"));
    }
    print(&format!("Now write down in {path} why each of them is accepted.\n"));
    Ok(exit::CONFORMS)
}

//! `authgauge faults`.

use std::path::PathBuf;

use authgauge_mocks::{ApiFaultRow, FaultRow};
use clap::Args;
use indicatif::ProgressBar;

use super::{Failure, print, write_file};
use crate::exit;
use crate::faults::{self, Matrix, Reach, Row};
use crate::harness::STRICT;
use crate::library::Library;

#[derive(Debug, Args)]
pub struct FaultsArgs {
    /// Only list the faults, what each does wrong and the requirements it breaks
    #[arg(long, conflicts_with = "json")]
    list: bool,
    /// The dialect of the stub to make wrong
    #[arg(long, value_name = "DIALECT", default_value = STRICT)]
    dialect: String,
    /// Write the matrix as JSON; - is standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the matrix as a part of docs/accuracy.md
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
    /// Send every request over a connection; takes several times as long
    #[arg(long)]
    http: bool,
}

/// Runs the whole matrix and shows it.
pub fn faults(args: &FaultsArgs, library: &Library) -> Result<u8, Failure> {
    if args.list {
        print(&catalogue());
        return Ok(exit::CONFORMS);
    }
    authgauge_mocks::habits(&args.dialect).map_err(Failure::usage)?;
    let bar = ProgressBar::new(authgauge_mocks::faults().len() as u64);
    let reach = if args.http { Reach::Http } else { Reach::Direct };
    let matrix = faults::matrix(library, &args.dialect, reach, |_| bar.inc(1));
    let matrix = matrix.map_err(Failure::environment)?;
    bar.finish_and_clear();
    match &args.json {
        Some(path) => {
            let document = serde_json::to_string_pretty(&matrix).map_err(Failure::usage)?;
            write_file(path, &(document + "\n"))?;
        }
        None if args.markdown => print(&faults::markdown(&matrix)),
        None => print(&table(&matrix)),
    }
    Ok(if matrix.holds() { exit::CONFORMS } else { exit::VIOLATION })
}

/// Every fault, without running anything.
fn catalogue() -> String {
    let row = |fault: &FaultRow| {
        format!("{}\n    {}\n    {}\n", fault.name, fault.title, fault.requirements.join(", "))
    };
    let api =
        |fault: &ApiFaultRow| format!("{}\n    {}\n    {}\n", fault.name, fault.title, fault.rule);
    let seen: String = authgauge_mocks::faults().iter().map(row).collect();
    let unseen: String = authgauge_mocks::api_faults().iter().map(api).collect();
    format!(
        "{seen}\nFaults of the JSON API of a user pool, for which there are no scenarios; the third line is \
         the rule that each breaks.\n\n{unseen}"
    )
}

fn table(matrix: &Matrix) -> String {
    let rows = matrix.faults.iter().map(line).collect::<String>();
    let (strange, tried): (Vec<&Row>, Vec<&Row>) =
        matrix.faults.iter().partition(|row| row.does_not_apply.is_some());
    let caught = tried.iter().filter(|row| row.caught).count();
    let mut text = format!("{rows}\n{caught} of {} faults caught exactly, ", tried.len());
    if !strange.is_empty() {
        text += &format!("{} do not apply, ", strange.len());
    }
    let alarms = matrix.false_alarms.len();
    text += &format!("{alarms} false alarms on the {} dialect", matrix.dialect);
    if matrix.dialect == STRICT {
        text += &format!(", {} checks without a fault", matrix.unproven.len());
    }
    text += "\n";
    for (what, ids) in [("false alarm", &matrix.false_alarms), ("unproven", &matrix.unproven)] {
        text.extend(ids.iter().map(|id| format!("  {what}: {id}\n")));
    }
    text
}

fn line(row: &Row) -> String {
    if let Some(why) = &row.does_not_apply {
        return format!("  -     {:44} does not apply here: {why}\n", row.name);
    }
    let mark = if row.caught { "caught" } else { "MISSED" };
    let mut text = format!("{mark}  {:44} {}\n", row.name, row.expected.join(", "));
    for (what, ids) in [("did not turn red", &row.missed), ("turned red, too", &row.unexpected)] {
        text.extend(ids.iter().map(|id| format!("        {what}: {id}\n")));
    }
    text
}

//! `authgauge faults`.

use std::path::PathBuf;

use clap::Args;
use indicatif::ProgressBar;

use super::{Failure, print, write_file};
use crate::exit;
use crate::faults::{self, Matrix, Row};
use crate::library::Library;

#[derive(Debug, Args)]
pub struct FaultsArgs {
    /// Write the matrix as JSON; - is standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the matrix as a part of docs/accuracy.md
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
}

/// Runs the whole matrix and shows it.
pub fn faults(args: &FaultsArgs, library: &Library) -> Result<u8, Failure> {
    let bar = ProgressBar::new(authgauge_mocks::faults().len() as u64);
    let matrix = faults::matrix(library, |_| bar.inc(1)).map_err(Failure::environment)?;
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

fn table(matrix: &Matrix) -> String {
    let rows = matrix.faults.iter().map(line).collect::<String>();
    let caught = matrix.faults.iter().filter(|row| row.caught).count();
    let all = matrix.faults.len();
    let mut text = format!("{rows}\n{caught} of {all} faults caught exactly, ");
    text += &format!("{} false alarms on the strict dialect, ", matrix.false_alarms.len());
    text += &format!("{} checks without a fault\n", matrix.unproven.len());
    for (what, ids) in [("false alarm", &matrix.false_alarms), ("unproven", &matrix.unproven)] {
        text.extend(ids.iter().map(|id| format!("  {what}: {id}\n")));
    }
    text
}

fn line(row: &Row) -> String {
    let mark = if row.caught { "caught" } else { "MISSED" };
    let mut text = format!("{mark}  {:44} {}\n", row.name, row.expected.join(", "));
    for (what, ids) in [("did not turn red", &row.missed), ("turned red, too", &row.unexpected)] {
        text.extend(ids.iter().map(|id| format!("        {what}: {id}\n")));
    }
    text
}

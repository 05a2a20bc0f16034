//! `authgauge merge`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::load::{LoadOutputs, write_measured};
use super::{Failure, input};
use crate::load::merge::{self, Source};

#[derive(Debug, Args)]
pub struct MergeArgs {
    /// Interval logs of one load, or folders with them; - is standard input
    #[arg(required = true, value_name = "DIR|FILE")]
    logs: Vec<PathBuf>,
    #[command(flatten)]
    outputs: LoadOutputs,
}

/// Adds the logs of several machines up to one result.
pub fn merge(args: &MergeArgs) -> Result<u8, Failure> {
    args.outputs.check()?;
    let mut texts = Vec::new();
    for path in &args.logs {
        for file in files(path)? {
            texts.push((file.display().to_string(), input(&file)?));
        }
    }
    let sources: Vec<Source<'_>> = texts.iter().map(|(name, text)| Source { name, text }).collect();
    let mut log = args.outputs.log()?;
    let measured = merge::merge(&sources, &mut |lines| log.write(lines)).map_err(Failure::usage)?;
    log.close();
    write_measured(&args.outputs, &measured)?;
    Ok(measured.summary.exit_code)
}

/// The logs in a folder, by name; a file is one.
fn files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let unreadable = |e| Failure::usage(format!("{} cannot be read: {e}", path.display()));
    let entries = std::fs::read_dir(path).map_err(unreadable)?;
    let entries = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut files: Vec<PathBuf> = entries.collect::<Result<_, _>>().map_err(unreadable)?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "hlog"));
    files.sort();
    if files.is_empty() {
        return Err(Failure::usage(format!("{} has no *.hlog in it", path.display())));
    }
    Ok(files)
}

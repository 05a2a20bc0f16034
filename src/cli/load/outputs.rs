//! What is written of a load measurement, wherever it comes from.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;

use super::super::outputs::writable;
use super::super::{Failure, print, say, write_file};
use crate::load::run::Measured;
use crate::load::summary;
use crate::report::load_html;

/// Files to write.
#[derive(Debug, Clone, Args)]
pub struct LoadOutputs {
    /// Write the summary as JSON; - is standard output
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Write the HdrHistogram interval log, as it goes
    #[arg(long, value_name = "FILE")]
    pub hlog: Option<PathBuf>,
    /// Write a table as CSV
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Write the percentile distributions
    #[arg(long, value_name = "FILE")]
    hgrm: Option<PathBuf>,
    /// Write a page with charts
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write metrics in the text format of Prometheus
    #[arg(long, value_name = "FILE")]
    prometheus: Option<PathBuf>,
}

impl LoadOutputs {
    /// Whether all of it can be written.
    pub fn check(&self) -> Result<(), Failure> {
        self.all().into_iter().flatten().try_for_each(|path| writable(path))
    }

    fn all(&self) -> [&Option<PathBuf>; 6] {
        [&self.json, &self.hlog, &self.csv, &self.hgrm, &self.html, &self.prometheus]
    }

    /// The interval log, opened.
    pub fn log(&self) -> Result<LogFile, Failure> {
        LogFile::open(self.hlog.as_deref())
    }
}

fn open(path: &Path) -> Result<File, Failure> {
    let unwritable = |e| Failure::usage(format!("{} cannot be written: {e}", path.display()));
    let path = if path == Path::new("-") { Path::new("/dev/stdout") } else { path };
    File::create(path).map_err(unwritable)
}

/// An interval log that is being written, if it was asked for.
pub struct LogFile {
    file: Option<File>,
    lost: Option<io::Error>,
}

impl LogFile {
    /// The log at a path; without one, nothing is kept.
    pub fn open(path: Option<&Path>) -> Result<Self, Failure> {
        Ok(Self { file: path.map(open).transpose()?, lost: None })
    }

    /// Adds lines. What cannot be written does not end a measurement; [`LogFile::close`] says so.
    pub fn write(&mut self, lines: &str) {
        if let Some(file) = &mut self.file
            && let Err(e) = file.write_all(lines.as_bytes())
        {
            self.lost.get_or_insert(e);
        }
    }

    /// Ends the log, and says when some of it is lost.
    pub fn close(self) {
        if let Some(e) = self.lost {
            say(&format!("warning: the interval log is incomplete: {e}\n"));
        }
    }
}

/// Writes what was asked for, and shows the summary.
pub fn write_measured(outputs: &LoadOutputs, measured: &Measured) -> Result<(), Failure> {
    let Measured { summary, total, .. } = measured;
    let talk = summary::terminal(summary);
    let standard = Some(Path::new("-"));
    if outputs.all().iter().any(|path| path.as_deref() == standard) {
        say(&talk);
    } else {
        print(&talk);
    }
    let files = [
        (&outputs.json, summary::json(summary)),
        (&outputs.csv, summary::csv(summary)),
        (&outputs.hgrm, summary::hgrm(summary, total)),
        (&outputs.html, load_html::write(std::slice::from_ref(summary))),
        (&outputs.prometheus, summary::prometheus(summary)),
    ];
    files.iter().try_for_each(|(path, text)| match path {
        Some(path) => write_file(path, text),
        None => Ok(()),
    })
}

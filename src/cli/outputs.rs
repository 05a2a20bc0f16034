//! Where the reports of a run go.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use super::{Failure, print, say, write_file};
use crate::report::terminal::{self, Look};
use crate::report::{Report, ctrf, github, gitlab, har, html, json, junit, markdown, sarif, tap};

/// The reports that are asked for. `-` is standard output, for one of them.
#[derive(Debug, Args)]
#[command(next_help_heading = "Reports (- is standard output)")]
pub struct Outputs {
    /// One page, without scripts and outside requests
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// JSON, with everything; `authgauge report` makes the others from it
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// JUnit XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// SARIF 2.1.0, for code scanning
    #[arg(long, value_name = "FILE")]
    sarif: Option<PathBuf>,
    /// Common Test Report Format
    #[arg(long, value_name = "FILE")]
    ctrf: Option<PathBuf>,
    /// Test Anything Protocol, version 14
    #[arg(long, value_name = "FILE")]
    tap: Option<PathBuf>,
    /// Markdown, for a merge request
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// GitLab code quality
    #[arg(long, value_name = "FILE")]
    gitlab: Option<PathBuf>,
    /// HTTP archive of the exchanges behind what failed or could not be told, secrets masked
    #[arg(long, value_name = "FILE")]
    har: Option<PathBuf>,
    /// Annotations and a job summary for GitHub Actions, where they are also the default
    #[arg(long)]
    github: bool,
    /// Show the whole transcript of what failed or could not be told
    #[arg(long)]
    evidence: bool,
}

type Writer = fn(&Report) -> Result<String, String>;

impl Outputs {
    /// The files that are asked for, with what writes them.
    fn files(&self) -> impl Iterator<Item = (&Path, Writer)> {
        let all: [(&Option<PathBuf>, Writer); 9] = [
            (&self.html, |report| Ok(html::write(report))),
            (&self.json, |report| Ok(json::write(report))),
            (&self.junit, junit::write),
            (&self.sarif, |report| Ok(sarif::write(report))),
            (&self.ctrf, |report| Ok(ctrf::write(report))),
            (&self.tap, |report| Ok(tap::write(report))),
            (&self.markdown, |report| Ok(markdown::write(report))),
            (&self.gitlab, |report| Ok(gitlab::write(report))),
            (&self.har, |report| Ok(har::write(report))),
        ];
        all.into_iter().filter_map(|(path, writer)| Some((path.as_deref()?, writer)))
    }

    /// Where the page goes, when a page is all that is asked for.
    pub fn page_alone(&self) -> Result<&Path, Failure> {
        match (self.html.as_deref(), self.files().count()) {
            (Some(html), 1) => Ok(html),
            _ => Err(Failure::usage(
                "a measurement of load is reported as a page: give --html, and no other form",
            )),
        }
    }

    /// Finds out before the run that a report could not be written after it.
    pub fn check(&self) -> Result<(), Failure> {
        let mut seen: Vec<&Path> = Vec::new();
        for (path, _) in self.files() {
            writable(path)?;
            if seen.contains(&path) {
                let path = path.display();
                return Err(Failure::usage(format!(
                    "two reports cannot go to the same place: {path}"
                )));
            }
            seen.push(path);
        }
        Ok(())
    }

    /// Writes what was asked for, and the text for people wherever there is room for it.
    pub fn write(&self, report: &Report, colored: bool) -> Result<(), Failure> {
        let text = terminal::write(report, Look { colored, evidence: self.evidence });
        let taken = self.files().any(|(path, _)| path == Path::new("-"));
        let tell = if taken { say } else { print };
        tell(&text);
        for (path, writer) in self.files() {
            write_file(path, &writer(report).map_err(Failure::usage)?)?;
        }
        let summary = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty());
        let on_github = std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true");
        if self.github || (on_github && summary.is_some()) {
            // GitHub reads commands from both outputs.
            tell(&github::annotations(report));
            summary.map_or(Ok(()), |path| append(Path::new(&path), &github::summary(report)))?;
        }
        Ok(())
    }
}

/// Steps of one job share the file of its summary.
fn append(path: &Path, text: &str) -> Result<(), Failure> {
    let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|e| Failure::usage(format!("{} cannot be written: {e}", path.display())))
}

pub fn writable(path: &Path) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        Some(folder) if !folder.is_dir() => {
            Err(Failure::usage(format!("{} cannot be written: no such folder", path.display())))
        }
        _ if path.is_dir() => {
            Err(Failure::usage(format!("{} cannot be written: it is a folder", path.display())))
        }
        _ => Ok(()),
    }
}

//! `authgauge compare`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::measurement::{self, Kind};
use super::{Failure, input, print, say, write_file};
use crate::drift::{self, Drift};
use crate::exit;
use crate::matrix;
use crate::report::{Report, drift_markdown, json, matrix_html, matrix_markdown, matrix_terminal};

#[derive(Debug, Args)]
pub struct CompareArgs {
    /// The JSON reports of the runs; - is standard input
    #[arg(value_name = "RUN.json", required = true)]
    runs: Vec<PathBuf>,
    /// Say what one run does better and worse than this earlier one. Ends with 1 when anything
    /// became worse, and with 3 when the runs have no check in common or the later one was
    /// interrupted
    #[arg(long, value_name = "OLD.json")]
    baseline: Option<PathBuf>,
    /// The runs side by side as one page, without scripts and outside requests
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// What differs, as Markdown
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Everything, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Puts runs side by side, or holds one against an earlier one.
pub fn compare(args: &CompareArgs) -> Result<u8, Failure> {
    let texts = args.runs.iter().map(|path| Ok((path, input(path)?)));
    let texts: Vec<(&PathBuf, String)> = texts.collect::<Result<_, Failure>>()?;
    let kind = texts.first().map_or(Kind::Run, |(_, text)| measurement::kind(text));
    if kind != Kind::Run {
        return measured(args, kind, &texts);
    }
    let runs =
        texts.iter().map(|(path, text)| parsed(path, text)).collect::<Result<Vec<_>, _>>()?;
    match (&args.baseline, runs.as_slice()) {
        (None, runs) => side_by_side(args, runs),
        (Some(baseline), [run]) => against(args, &read(baseline)?, run),
        (Some(_), _) => Err(Failure::usage(
            "--baseline takes one run to hold against the earlier one; without it any number of runs are put side by side",
        )),
    }
}

/// Load runs or capacity searches side by side, which is a page and nothing else.
fn measured(args: &CompareArgs, kind: Kind, texts: &[(&PathBuf, String)]) -> Result<u8, Failure> {
    match (&args.html, &args.baseline, &args.markdown, &args.json) {
        (Some(html), None, None, None) => {
            measurement::page(kind, texts, html).map(|()| exit::CONFORMS)
        }
        _ => Err(Failure::usage(
            "measurements of load are put side by side on a page: give --html, and no other form",
        )),
    }
}

fn read(path: &Path) -> Result<Report, Failure> {
    parsed(path, &input(path)?)
}

fn parsed(path: &Path, text: &str) -> Result<Report, Failure> {
    json::read(text)
        .map_err(|why| Failure::usage(format!("{} cannot be used: {why}", path.display())))
}

fn side_by_side(args: &CompareArgs, runs: &[Report]) -> Result<u8, Failure> {
    let matrix = matrix::matrix(runs);
    tell(args, &matrix_terminal::write(&matrix));
    write(args.html.as_deref(), || matrix_html::write(&matrix))?;
    write(args.markdown.as_deref(), || matrix_markdown::write(&matrix))?;
    write(args.json.as_deref(), || matrix::json(&matrix))?;
    Ok(exit::CONFORMS)
}

fn against(args: &CompareArgs, baseline: &Report, run: &Report) -> Result<u8, Failure> {
    if baseline.provider.evidence != run.provider.evidence {
        return Err(Failure::usage(
            "one of these runs is of a product and the other of what is documented about one: they are not held against each other",
        ));
    }
    let drift: Drift = drift::drift(baseline, run);
    tell(args, &drift_markdown::terminal(&drift));
    let both = || matrix::matrix(&[baseline.clone(), run.clone()]);
    write(args.html.as_deref(), || matrix_html::write(&both()))?;
    write(args.markdown.as_deref(), || drift_markdown::write(&drift))?;
    write(args.json.as_deref(), || drift::json(&drift))?;
    Ok(drift.exit_code)
}

/// The text for people goes wherever there is room for it.
fn tell(args: &CompareArgs, text: &str) {
    let files = [&args.html, &args.markdown, &args.json];
    let taken = files.into_iter().flatten().any(|path| path == Path::new("-"));
    if taken { say(text) } else { print(text) }
}

fn write(path: Option<&Path>, text: impl Fn() -> String) -> Result<(), Failure> {
    path.map_or(Ok(()), |path| write_file(path, &text()))
}

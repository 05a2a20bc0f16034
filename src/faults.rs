//! The fault matrix: the proof that every check can fail, and that none fails without cause.

use std::collections::BTreeSet;
use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};

use authgauge_mocks::FaultRow;
use serde::Serialize;

use crate::finding::Verdict;
use crate::harness::{Embedded, start_stub};
use crate::library::Library;
use crate::report::Report;
use crate::run::{self, Settings};

/// What the whole matrix showed.
#[derive(Debug, Clone, Serialize)]
pub struct Matrix {
    /// The name and version of this form.
    pub schema: &'static str,
    /// Requirements that were red, or could not be told, on the strict dialect without a fault.
    pub false_alarms: Vec<String>,
    /// One row for each fault.
    pub faults: Vec<Row>,
    /// Requirements with a check that no fault turns red.
    pub unproven: Vec<String>,
}

/// What one fault showed.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// The fault.
    pub name: String,
    /// What the stub does wrong.
    pub title: String,
    /// The requirements that must turn red.
    pub expected: Vec<String>,
    /// Those of them that did not.
    pub missed: Vec<String>,
    /// Others that turned red.
    pub unexpected: Vec<String>,
    /// Whether exactly the expected ones turned red.
    pub caught: bool,
}

impl Matrix {
    /// Whether every fault was caught exactly, nothing was red without one, and every check is
    /// proven.
    pub fn holds(&self) -> bool {
        self.false_alarms.is_empty()
            && self.unproven.is_empty()
            && self.faults.iter().all(|row| row.caught)
    }
}

/// Runs every scenario against the stub, once without a fault and once with each; `progress` is told
/// each fault that is done.
///
/// # Errors
/// When the stub cannot be started or the library has no provider file for it.
pub fn matrix(library: &Library, progress: impl Fn(&str) + Sync) -> Result<Matrix, String> {
    let known = authgauge_mocks::faults();
    let baseline = blocking(report(library, &[]))?;
    let next = AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let work = || -> Result<Vec<(usize, Row)>, String> {
        let mut rows = Vec::new();
        while let (index, Some(fault)) = take(&next, &known) {
            let report = blocking(report(library, std::slice::from_ref(&fault.name)))?;
            rows.push((index, row(fault, &red(&report))));
            progress(&fault.name);
        }
        Ok(rows)
    };
    let done: Vec<Result<Vec<(usize, Row)>, String>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().map_err(|_| crash())?).collect()
    });
    let mut rows: Vec<(usize, Row)> =
        done.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
    rows.sort_by_key(|(index, _)| *index);
    let faults: Vec<Row> = rows.into_iter().map(|(_, row)| row).collect();
    Ok(Matrix {
        schema: "authgauge/faults/v1",
        false_alarms: not_green(&baseline),
        unproven: unproven(library, &faults),
        faults,
    })
}

/// The next fault that no worker has taken.
fn take<'a>(next: &AtomicUsize, known: &'a [FaultRow]) -> (usize, Option<&'a FaultRow>) {
    let index = next.fetch_add(1, Ordering::Relaxed);
    (index, known.get(index))
}

fn crash() -> String {
    "a run of the matrix crashed; its message is above".into()
}

fn blocking<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|e| e.to_string())?.block_on(work)
}

/// The matrix as a part of `docs/accuracy.md`.
pub fn markdown(matrix: &Matrix) -> String {
    let Matrix { faults, false_alarms, unproven, .. } = matrix;
    let caught = faults.iter().filter(|row| row.caught).count();
    let mut text = format!(
        "| | |\n|---|--:|\n| faults of the stub | {} |\n| caught: exactly their requirements turned \
         red | {caught} |\n| false alarms without a fault | {} |\n| checks that no fault proves | {} \
         |\n\n| fault | what the stub does wrong | what turned red |\n|---|---|---|\n",
        faults.len(),
        false_alarms.len(),
        unproven.len()
    );
    for row in faults {
        let missed = row.missed.iter().map(|id| format!("**missed** `{id}`"));
        let unexpected = row.unexpected.iter().map(|id| format!("**besides** `{id}`"));
        let red = row.expected.iter().map(|id| format!("`{id}`")).chain(missed).chain(unexpected);
        let red = red.collect::<Vec<_>>().join(", ");
        text += &format!("| `{}` | {} | {red} |\n", row.name, row.title.replace('|', "\\|"));
    }
    text
}

/// The report of a run against the stub with these faults.
///
/// # Errors
/// When the stub cannot be started or reached.
pub async fn report(library: &Library, faults: &[String]) -> Result<Report, String> {
    let Embedded { stub: _stub, provider, transport } = start_stub(library, faults).await?;
    let settings = Settings::default();
    run::run(library, &provider, &transport, &settings, |_, _| {}, pending())
        .await
        .map_err(|e| e.to_string())
}

fn row(fault: &FaultRow, red: &BTreeSet<String>) -> Row {
    let expected: BTreeSet<String> = fault.requirements.iter().cloned().collect();
    let missed: Vec<String> = expected.difference(red).cloned().collect();
    let unexpected: Vec<String> = red.difference(&expected).cloned().collect();
    Row {
        name: fault.name.clone(),
        title: fault.title.clone(),
        caught: missed.is_empty() && unexpected.is_empty(),
        expected: expected.into_iter().collect(),
        missed,
        unexpected,
    }
}

fn red(report: &Report) -> BTreeSet<String> {
    let failed = report.findings.iter().filter(|finding| finding.verdict == Verdict::Fail);
    failed.map(|finding| finding.requirement.clone()).collect()
}

/// On the strict dialect everything must be told and green. What does not apply to it is no alarm
/// as long as the same requirement is green in another case.
fn not_green(report: &Report) -> Vec<String> {
    let green: BTreeSet<&str> = report
        .findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Pass)
        .map(|finding| finding.requirement.as_str())
        .collect();
    let alarms = report.findings.iter().filter(|finding| match finding.verdict {
        Verdict::Pass => false,
        Verdict::NotApplicable => !green.contains(finding.requirement.as_str()),
        Verdict::Fail | Verdict::Inconclusive => true,
    });
    alarms.map(|finding| format!("{} ({})", finding.requirement, finding.case)).collect()
}

fn unproven(library: &Library, rows: &[Row]) -> Vec<String> {
    let proven: BTreeSet<&String> = rows.iter().flat_map(|row| &row.expected).collect();
    let checked = library.requirements.iter().filter(|requirement| requirement.is_checked());
    checked.map(|r| &r.id).filter(|id| !proven.contains(id)).cloned().collect()
}

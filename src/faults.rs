//! The fault matrix: the proof that every check can fail, and that none fails without cause.

use std::collections::BTreeSet;
use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};

use authgauge_mocks::FaultRow;
use serde::Serialize;

use crate::direct::DirectTransport;
use crate::finding::Verdict;
use crate::harness::{Embedded, STRICT, start_stub, stub_provider};
use crate::library::Library;
use crate::provider::Provider;
use crate::report::Report;
use crate::run::{self, Settings};
use crate::transport::Transport;

/// How the matrix reaches the stub. What is judged is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// By function calls.
    Direct,
    /// Over connections, which takes several times as long.
    Http,
}

/// What the whole matrix showed.
#[derive(Debug, Clone, Serialize)]
pub struct Matrix {
    /// The name and version of this form.
    pub schema: &'static str,
    /// The dialect of the stub that was made wrong.
    pub dialect: String,
    /// Requirements that were red, or could not be told, without a fault.
    pub false_alarms: Vec<String>,
    /// One row for each fault.
    pub faults: Vec<Row>,
    /// Requirements with a check that no fault turns red; only the strict dialect must prove them all.
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
    /// Why the fault shows nothing in this dialect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub does_not_apply: Option<String>,
}

/// What is true of a dialect without a fault.
struct Baseline {
    /// Its habits: the faults that it always has.
    habits: Vec<String>,
    /// The requirements that are red.
    red: BTreeSet<String>,
    /// The requirements that apply.
    told: BTreeSet<String>,
    /// What was recorded, by requirement and case.
    recorded: BTreeSet<(String, String, String)>,
}

impl Matrix {
    /// Whether every fault was caught exactly, nothing was red without one, and every check is
    /// proven.
    pub fn holds(&self) -> bool {
        self.false_alarms.is_empty()
            && self.unproven.is_empty()
            && self.faults.iter().all(|row| row.caught || row.does_not_apply.is_some())
    }
}

/// Runs every scenario against the stub in a dialect, once without a fault and once with each; `progress` is told
/// each fault that is done.
///
/// # Errors
/// When the stub cannot be started or the library has no provider file for it.
pub fn matrix(
    library: &Library,
    dialect: &str,
    reach: Reach,
    progress: impl Fn(&str) + Sync,
) -> Result<Matrix, String> {
    let known = authgauge_mocks::faults();
    let whole = blocking(report(library, dialect, &[], reach))?;
    let baseline = baseline(dialect, &whole)?;
    let next = AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let work = || -> Result<Vec<(usize, Row)>, String> {
        let mut rows = Vec::new();
        while let (index, Some(fault)) = take(&next, &known) {
            rows.push((
                index,
                try_out(fault, &baseline, |faults| {
                    blocking(report(library, dialect, faults, reach))
                })?,
            ));
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
        dialect: dialect.into(),
        false_alarms: not_green(&whole, dialect == STRICT),
        unproven: if dialect == STRICT { unproven(library, &faults) } else { Vec::new() },
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
pub async fn report(
    library: &Library,
    dialect: &str,
    faults: &[String],
    reach: Reach,
) -> Result<Report, String> {
    if reach == Reach::Direct {
        let transport = DirectTransport::new(dialect, faults).map_err(|e| e.to_string())?;
        let provider = stub_provider(library, dialect, &transport.issuer())?;
        return run_all(library, &provider, &transport).await;
    }
    let Embedded { stub: _stub, provider, transport } =
        start_stub(library, dialect, faults).await?;
    run_all(library, &provider, &transport).await
}

async fn run_all(
    library: &Library,
    provider: &Provider,
    transport: &impl Transport,
) -> Result<Report, String> {
    let settings = Settings::default();
    let report = run::run(library, provider, transport, &settings, |_, _| {}, pending()).await;
    report.map_err(|e| e.to_string())
}

fn baseline(dialect: &str, report: &Report) -> Result<Baseline, String> {
    let applies = |verdict| verdict != Verdict::NotApplicable;
    let told = report.findings.iter().filter(|finding| applies(finding.verdict));
    Ok(Baseline {
        habits: authgauge_mocks::habits(dialect).map_err(|e| e.to_string())?,
        red: red(report),
        told: told.map(|finding| finding.requirement.clone()).collect(),
        recorded: recorded(report),
    })
}

/// Runs the scenarios with a fault, unless it is clear beforehand that it shows nothing.
fn try_out(
    fault: &FaultRow,
    baseline: &Baseline,
    report: impl Fn(&[String]) -> Result<Report, String>,
) -> Result<Row, String> {
    if let Some(why) = does_not_apply(fault, baseline) {
        let row = row(fault, &BTreeSet::new(), BTreeSet::new());
        return Ok(Row { does_not_apply: Some(why), ..row });
    }
    let report = report(std::slice::from_ref(&fault.name))?;
    let mut red: BTreeSet<String> = red(&report).difference(&baseline.red).cloned().collect();
    red.extend(changed(&report, fault, baseline));
    let expected = fault.requirements.iter();
    let shown = expected.filter(|id| baseline.told.contains(*id) && !baseline.red.contains(*id));
    Ok(row(fault, &red, shown.cloned().collect()))
}

/// Why a fault cannot turn anything red that is not red without it.
fn does_not_apply(fault: &FaultRow, baseline: &Baseline) -> Option<String> {
    if baseline.habits.contains(&fault.name) {
        return Some("this dialect is always so".into());
    }
    let reasons = fault.requirements.iter().map(|id| {
        if baseline.red.contains(id) {
            Some(format!("{id} is red without it"))
        } else if baseline.told.contains(id) {
            None
        } else {
            Some(format!("{id} does not apply"))
        }
    });
    reasons.collect::<Option<Vec<String>>>().map(|reasons| reasons.join(", "))
}

fn row(fault: &FaultRow, red: &BTreeSet<String>, expected: BTreeSet<String>) -> Row {
    let missed: Vec<String> = expected.difference(red).cloned().collect();
    let unexpected: Vec<String> = red.difference(&expected).cloned().collect();
    Row {
        name: fault.name.clone(),
        title: fault.title.clone(),
        caught: missed.is_empty() && unexpected.is_empty(),
        expected: expected.into_iter().collect(),
        missed,
        unexpected,
        does_not_apply: None,
    }
}

/// Requirements of this fault whose recorded value is another than without it. What is recorded may
/// change with other faults, too, since it judges nobody.
fn changed(report: &Report, fault: &FaultRow, baseline: &Baseline) -> Vec<String> {
    let now = recorded(report);
    let new = now.difference(&baseline.recorded).map(|(requirement, ..)| requirement);
    new.filter(|requirement| fault.requirements.contains(requirement)).cloned().collect()
}

fn recorded(report: &Report) -> BTreeSet<(String, String, String)> {
    let values = report.findings.iter().filter_map(|finding| {
        let value = finding.value.clone()?;
        Some((finding.requirement.clone(), finding.case.clone(), value))
    });
    values.collect()
}

fn red(report: &Report) -> BTreeSet<String> {
    let failed = report.findings.iter().filter(|finding| finding.verdict == Verdict::Fail);
    failed.map(|finding| finding.requirement.clone()).collect()
}

/// Everything must be told, and green or a known deviation. What does not apply is no alarm, unless
/// `everything` must apply; then it is none as long as the same requirement is green in another case.
fn not_green(report: &Report, everything: bool) -> Vec<String> {
    let green: BTreeSet<&str> = report
        .findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Pass)
        .map(|finding| finding.requirement.as_str())
        .collect();
    let alarms = report.findings.iter().filter(|finding| match finding.verdict {
        Verdict::Pass => false,
        Verdict::NotApplicable => everything && !green.contains(finding.requirement.as_str()),
        Verdict::Fail => finding.known.is_none(),
        Verdict::Inconclusive => true,
    });
    alarms.map(|finding| format!("{} ({})", finding.requirement, finding.case)).collect()
}

fn unproven(library: &Library, rows: &[Row]) -> Vec<String> {
    let proven: BTreeSet<&String> = rows.iter().flat_map(|row| &row.expected).collect();
    let checked = library.requirements.iter().filter(|requirement| requirement.is_checked());
    checked.map(|r| &r.id).filter(|id| !proven.contains(id)).cloned().collect()
}

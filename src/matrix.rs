//! Runs side by side: what several providers answered to the same checks.

use std::collections::{BTreeSet, HashMap};

use serde::Serialize;

use crate::finding::{Finding, Observed, Verdict};
use crate::provider_file::Basis;
use crate::report::standing::{self, Standing};
use crate::report::words::{reason, sections};
use crate::report::{ProviderIdentity, Report, Totals};
use crate::spec::{Level, SpecReference};

/// The name and version of the JSON form; the schema is `reports/schema/matrix.v1.json`.
pub const SCHEMA: &str = "authgauge/matrix/v1";

/// Providers × checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Matrix {
    /// The name and version of this form.
    pub schema: &'static str,
    /// The runs: measured ones first, then those that are documented only.
    pub columns: Vec<Column>,
    /// The checks, by section of their specification.
    pub sections: Vec<Section>,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    /// The provider, and whether it was measured.
    pub provider: ProviderIdentity,
    /// The version of the program that ran it.
    pub authgauge: String,
    /// The id of the run.
    pub run: String,
    /// The profile of the run.
    pub profile: String,
    /// When the run began, as RFC 3339 has it.
    pub started: String,
    /// Why the run ended before its last case.
    pub interrupted: Option<String>,
    /// How many findings there are of each kind.
    pub totals: Totals,
    /// The exit code of the run.
    pub exit_code: u8,
}

/// A section of a specification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Section {
    /// Where it is.
    pub spec: SpecReference,
    /// Its checks.
    pub rows: Vec<Row>,
}

/// One requirement in one case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The requirement's id.
    pub requirement: String,
    /// The requirement's id in the catalogue of checks.
    pub catalogue: Option<String>,
    /// The case's id.
    pub case: String,
    /// What the scenario shows, in one sentence.
    pub title: String,
    /// How strongly the specification says it.
    pub level: Level,
    /// The requirement in our words.
    pub text: String,
    /// In what the columns differ.
    pub differs: Difference,
    /// One cell for each column; `None` where the run has no such finding.
    pub cells: Vec<Option<Cell>>,
}

/// In what columns differ. Measured columns are held against measured ones only, and documented
/// ones against documented ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Difference {
    /// In nothing that is compared.
    Nothing,
    /// In the status or the error code.
    Answer,
    /// In the verdict; for what is recorded and not judged (INFO), in the value.
    Verdict,
}

/// What was found about one check at one provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// How the finding stands.
    pub standing: Standing,
    /// The verdict, without regard to what is known and accepted.
    pub verdict: Verdict,
    /// What the provider answered.
    pub observed: Option<Observed>,
    /// Why the finding is as it is; empty where there is nothing to say.
    pub reason: String,
    /// What was recorded, for a check that records and does not judge.
    pub value: Option<String>,
}

/// Puts runs side by side.
pub fn matrix(reports: &[Report]) -> Matrix {
    let mut reports: Vec<&Report> = reports.iter().collect();
    reports.sort_by_key(|report| report.provider.evidence);
    let found: Vec<_> = reports.iter().map(|report| by_check(&report.findings)).collect();
    let mut seen = BTreeSet::new();
    let all = reports.iter().flat_map(|report| &report.findings);
    let checks: Vec<&Finding> = all.filter(|finding| seen.insert(check(finding))).collect();
    let bases: Vec<Basis> = reports.iter().map(|report| report.provider.evidence).collect();
    let section = |(_, own): (String, Vec<&Finding>)| Section {
        spec: own[0].spec.clone(),
        rows: own.into_iter().map(|finding| row(finding, &found, &bases)).collect(),
    };
    Matrix {
        schema: SCHEMA,
        sections: sections(checks).into_iter().map(section).collect(),
        columns: reports.into_iter().map(column).collect(),
    }
}

/// What makes findings of several runs the same check: the requirement and the case.
pub fn check(finding: &Finding) -> (&str, &str) {
    (&finding.requirement, &finding.case)
}

/// The findings of a run by their check; of two with the same, the first.
pub fn by_check(findings: &[Finding]) -> HashMap<(&str, &str), &Finding> {
    // The last of several values with one key stays in a map.
    findings.iter().rev().map(|finding| (check(finding), finding)).collect()
}

fn column(report: &Report) -> Column {
    Column {
        provider: report.provider.clone(),
        authgauge: report.authgauge.clone(),
        run: report.run.clone(),
        profile: report.profile.clone(),
        started: report.started.clone(),
        interrupted: report.interrupted.clone(),
        totals: report.totals,
        exit_code: report.exit_code,
    }
}

fn row(finding: &Finding, found: &[HashMap<(&str, &str), &Finding>], bases: &[Basis]) -> Row {
    let cells: Vec<Option<Cell>> =
        found.iter().map(|run| run.get(&check(finding)).copied().map(cell)).collect();
    Row {
        requirement: finding.requirement.clone(),
        catalogue: finding.catalogue.clone(),
        case: finding.case.clone(),
        title: finding.title.clone(),
        level: finding.level,
        text: finding.text.clone(),
        differs: difference(&cells, bases),
        cells,
    }
}

fn cell(finding: &Finding) -> Cell {
    Cell {
        standing: standing::of(finding),
        verdict: finding.verdict,
        observed: finding.observed.clone(),
        reason: reason(finding),
        value: finding.value.clone(),
    }
}

fn difference(cells: &[Option<Cell>], bases: &[Basis]) -> Difference {
    let of = |basis: Basis| {
        let own = cells.iter().zip(bases).filter(move |(_, own)| **own == basis);
        own.filter_map(|(cell, _)| cell.as_ref())
    };
    [Basis::Measured, Basis::Documented]
        .map(|basis| {
            if several(of(basis).map(|cell| (cell.verdict, &cell.value))) {
                Difference::Verdict
            } else if several(of(basis).filter_map(answer)) {
                Difference::Answer
            } else {
                Difference::Nothing
            }
        })
        .into_iter()
        .max()
        .unwrap_or(Difference::Nothing)
}

/// What of an answer is compared. Summaries and header fields may differ without meaning.
fn answer(cell: &Cell) -> Option<(Option<u16>, Option<&str>)> {
    let observed = cell.observed.as_ref()?;
    Some((observed.status, observed.error.as_deref()))
}

fn several<T: PartialEq>(mut values: impl Iterator<Item = T>) -> bool {
    values.next().is_some_and(|first| values.any(|other| other != first))
}

/// The matrix as a JSON document, with a line break at its end.
pub fn json(matrix: &Matrix) -> String {
    let document = serde_json::to_string_pretty(matrix);
    document.expect("a matrix has text keys only") + "\n"
}

/// The names of the columns; where several runs have one name, they are numbered.
pub fn names(columns: &[Column]) -> Vec<String> {
    let numbered = columns.iter().enumerate().map(|(index, column)| {
        let name = &column.provider.name;
        let same = |other: &&Column| other.provider.name == *name;
        if columns.iter().filter(same).count() == 1 {
            return name.clone();
        }
        format!("{name} ({})", columns[..=index].iter().filter(same).count())
    });
    numbered.collect()
}

/// How many checks there are, how many differ in the verdict, and how many in anything.
pub fn counts(matrix: &Matrix) -> (usize, usize, usize) {
    let rows = || matrix.sections.iter().flat_map(|section| &section.rows);
    let least = |least: Difference| rows().filter(|row| row.differs >= least).count();
    (rows().count(), least(Difference::Verdict), least(Difference::Answer))
}

/// What was answered, in a few characters: the value, or the status and the error code.
pub fn brief(cell: &Cell) -> String {
    if let Some(value) = &cell.value {
        return value.clone();
    }
    let observed = cell.observed.as_ref();
    let status = observed.and_then(|seen| seen.status).map(|status| status.to_string());
    let error = observed.and_then(|seen| seen.error.clone());
    [status, error].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

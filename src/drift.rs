//! Drift: what a provider does otherwise than in an earlier run.

use serde::Serialize;

use crate::exit;
use crate::finding::{Finding, Verdict};
use crate::matrix::{by_check, check};
use crate::report::standing::{self, Standing};
use crate::report::words::reason;
use crate::report::{ProviderIdentity, Report};
use crate::spec::Severity;

/// The name and version of the JSON form; the schema is `reports/schema/drift.v1.json`.
pub const SCHEMA: &str = "authgauge/drift/v1";

/// What changed between two runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// The name and version of this form.
    pub schema: &'static str,
    /// The earlier run.
    pub baseline: Side,
    /// The later run.
    pub run: Side,
    /// How many checks are in both runs.
    pub compared: usize,
    /// What changed, the worst first.
    pub changes: Vec<Change>,
    /// The exit code that follows from it.
    pub exit_code: u8,
}

/// A run that is compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Side {
    /// The provider under test.
    pub provider: ProviderIdentity,
    /// The id of the run.
    pub run: String,
    /// When the run began, as RFC 3339 has it.
    pub started: String,
    /// Why the run ended before its last case.
    pub interrupted: Option<String>,
}

/// A check that came out otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// In which direction.
    pub kind: Kind,
    /// The requirement's id.
    pub requirement: String,
    /// The case's id.
    pub case: String,
    /// What the scenario shows, in one sentence.
    pub title: String,
    /// How it stood.
    pub was: Option<Standing>,
    /// How it stands.
    pub is: Option<Standing>,
    /// Why it stands so.
    pub reason: String,
}

/// In which direction a check changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The provider does worse, or it cannot be told any more.
    Worse,
    /// Only the earlier run has the check.
    Gone,
    /// Only the later run has the check.
    New,
    /// The provider does better.
    Better,
}

impl Kind {
    /// The word for it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::Gone => "gone",
            Self::New => "new",
            Self::Better => "better",
        }
    }
}

/// Holds a run against an earlier one.
pub fn drift(baseline: &Report, run: &Report) -> Drift {
    let (old, new) = (by_check(&baseline.findings), by_check(&run.findings));
    let later = run.findings.iter().filter_map(|finding| match old.get(&check(finding)) {
        Some(was) => changed(was, finding),
        None => Some(change(Kind::New, None, Some(finding), finding)),
    });
    let gone = baseline.findings.iter().filter(|was| !new.contains_key(&check(was)));
    let gone = gone.map(|was| change(Kind::Gone, Some(was), None, was));
    let mut changes: Vec<Change> = later.chain(gone).collect();
    changes.sort_by_key(|change| change.kind);
    let compared = new.keys().filter(|check| old.contains_key(*check)).count();
    Drift {
        schema: SCHEMA,
        baseline: side(baseline),
        run: side(run),
        compared,
        exit_code: exit_code(&changes, compared, run),
        changes,
    }
}

/// Worse before untold before fine. What is new or gone is for the run itself to judge.
fn exit_code(changes: &[Change], compared: usize, run: &Report) -> u8 {
    if changes.iter().any(|change| change.kind == Kind::Worse) {
        exit::VIOLATION
    } else if compared == 0 || run.interrupted.is_some() {
        exit::INCONCLUSIVE
    } else {
        exit::CONFORMS
    }
}

fn side(report: &Report) -> Side {
    Side {
        provider: report.provider.clone(),
        run: report.run.clone(),
        started: report.started.clone(),
        interrupted: report.interrupted.clone(),
    }
}

fn changed(was: &Finding, is: &Finding) -> Option<Change> {
    let kind = match badness(is).cmp(&badness(was)) {
        std::cmp::Ordering::Greater => Kind::Worse,
        std::cmp::Ordering::Less => Kind::Better,
        std::cmp::Ordering::Equal => return None,
    };
    Some(change(kind, Some(was), Some(is), is))
}

/// How bad it is what a provider does. That a deviation is known makes it no better, or adding an
/// entry would look like progress. A check that passed and does not apply any more is a loss.
fn badness(finding: &Finding) -> u8 {
    match (finding.verdict, finding.severity) {
        (Verdict::Pass, _) => 0,
        (Verdict::NotApplicable, _) => 1,
        (Verdict::Fail, Severity::Info | Severity::Warning) => 2,
        (Verdict::Inconclusive, _) => 3,
        (Verdict::Fail, Severity::Failure) => 4,
    }
}

fn change(kind: Kind, was: Option<&Finding>, is: Option<&Finding>, own: &Finding) -> Change {
    Change {
        kind,
        requirement: own.requirement.clone(),
        case: own.case.clone(),
        title: own.title.clone(),
        was: was.map(standing::of),
        is: is.map(standing::of),
        reason: is.map(reason).unwrap_or_default(),
    }
}

/// The drift as a JSON document, with a line break at its end.
pub fn json(drift: &Drift) -> String {
    let document = serde_json::to_string_pretty(drift);
    document.expect("a drift has text keys only") + "\n"
}

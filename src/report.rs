//! The report: all findings of a run, counted, with the exit code that follows from them.

use serde::Serialize;

use crate::exit;
use crate::finding::{Finding, KnownState, Verdict};
use crate::spec::Severity;

pub mod json;
pub mod junit;
pub mod terminal;

/// The name and version of the JSON form; the schema is `reports/schema/report.v1.json`.
pub const SCHEMA: &str = "authgauge/report/v1";

/// All findings of one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The name and version of this form.
    pub schema: &'static str,
    /// The version of the program.
    pub authgauge: &'static str,
    /// The id of the run, which every request has in its `User-Agent`.
    pub run: String,
    /// The profile that decided where specifications disagree.
    pub profile: String,
    /// The provider under test.
    pub provider: ProviderIdentity,
    /// When the run began, as RFC 3339 has it.
    pub started: String,
    /// How long the run took, in milliseconds.
    pub elapsed_ms: u64,
    /// Whether warnings fail the run.
    pub strict: bool,
    /// How many requests were sent again after an answer 429 with a `Retry-After`.
    pub throttled: u32,
    /// Why the run ended before its last case.
    pub interrupted: Option<String>,
    /// One finding for each requirement of each case.
    pub findings: Vec<Finding>,
    /// How many there are of each kind.
    pub totals: Totals,
    /// The exit code of the run.
    pub exit_code: u8,
}

/// Which provider was tested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProviderIdentity {
    /// The name in the provider file.
    pub name: String,
    /// The issuer identifier.
    pub issuer: String,
}

/// How many findings there are of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Totals {
    /// All findings.
    pub findings: usize,
    /// The provider meets the requirement.
    pub pass: usize,
    /// The provider breaks a requirement whose severity is failure, and this is not known.
    pub fail: usize,
    /// The provider breaks a requirement whose severity is warning or info, and this is not known.
    pub warning: usize,
    /// Known deviations that were observed.
    pub known: usize,
    /// Known deviations that are stale or expired.
    pub stale: usize,
    /// It could not be told.
    pub inconclusive: usize,
    /// The requirement does not apply.
    pub not_applicable: usize,
}

impl Totals {
    /// Counts findings.
    pub fn count(findings: &[Finding]) -> Self {
        findings.iter().fold(Self::default(), |mut totals, finding| {
            totals.findings += 1;
            *totals.slot(finding) += 1;
            totals
        })
    }

    fn slot(&mut self, finding: &Finding) -> &mut usize {
        match (finding.known.as_ref().map(|known| known.state), finding.verdict) {
            (Some(KnownState::Observed), _) => &mut self.known,
            (Some(_), _) => &mut self.stale,
            (None, Verdict::Pass) => &mut self.pass,
            (None, Verdict::Inconclusive) => &mut self.inconclusive,
            (None, Verdict::NotApplicable) => &mut self.not_applicable,
            (None, Verdict::Fail) if finding.severity == Severity::Failure => &mut self.fail,
            (None, Verdict::Fail) => &mut self.warning,
        }
    }
}

/// The exit code that follows from findings: fail before inconclusive before pass.
pub fn exit_code(findings: &[Finding], strict: bool, interrupted: bool) -> u8 {
    let told = |finding: &&Finding| matches!(finding.verdict, Verdict::Pass | Verdict::Fail);
    if findings.iter().any(|finding| finding.breaks_gate(strict)) {
        exit::VIOLATION
    } else if interrupted
        || findings.iter().any(|finding| finding.verdict == Verdict::Inconclusive)
        || findings.iter().filter(told).count() == 0
    {
        // A run in which nothing applied has tested nothing, and that is never green.
        exit::INCONCLUSIVE
    } else {
        exit::CONFORMS
    }
}

//! The report: all findings of a run, counted, with the exit code that follows from them.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::exit;
use crate::finding::{Finding, Verdict};
use crate::provider_file::Basis;

use self::standing::Standing;

pub mod capacity_html;
pub mod chart;
pub mod ctrf;
pub mod drift_markdown;
pub mod exchange;
pub mod github;
pub mod gitlab;
pub mod har;
pub mod html;
pub mod json;
pub mod junit;
pub mod load_html;
pub mod markdown;
pub mod matrix_html;
pub mod matrix_markdown;
pub mod matrix_terminal;
pub mod render;
pub mod replay;
pub mod sarif;
pub mod standing;
pub mod tap;
pub mod terminal;
pub mod words;

/// The name and version of the JSON form; the schema is `reports/schema/report.v1.json`.
pub const SCHEMA: &str = "authgauge/report/v1";

/// All findings of one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The name and version of this form.
    pub schema: String,
    /// The version of the program.
    pub authgauge: String,
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderIdentity {
    /// The name in the provider file.
    pub name: String,
    /// The issuer identifier.
    pub issuer: String,
    /// What its answers are evidence of; in reports of older versions the product itself.
    #[serde(default)]
    pub evidence: Basis,
}

/// How many findings there are of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
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
    /// What was recorded and not judged; reports of older versions have none.
    #[serde(default)]
    pub recorded: usize,
    /// The requirement does not apply.
    pub not_applicable: usize,
}

impl Totals {
    /// Counts findings.
    pub fn count(findings: &[Finding]) -> Self {
        findings.iter().fold(Self::default(), |mut totals, finding| {
            totals.add(finding);
            totals
        })
    }

    /// Counts one more finding.
    fn add(&mut self, finding: &Finding) {
        self.findings += 1;
        *self.slot(finding) += 1;
    }

    fn slot(&mut self, finding: &Finding) -> &mut usize {
        match standing::of(finding) {
            Standing::Fail => &mut self.fail,
            Standing::Expired | Standing::Stale => &mut self.stale,
            Standing::Inconclusive => &mut self.inconclusive,
            Standing::Warning => &mut self.warning,
            Standing::Known => &mut self.known,
            Standing::Pass => &mut self.pass,
            Standing::Recorded => &mut self.recorded,
            Standing::NotApplicable => &mut self.not_applicable,
        }
    }
}

impl Report {
    /// Why a run is not green although no finding says so.
    pub fn untold(&self) -> Option<String> {
        let Totals { findings, not_applicable, recorded, .. } = self.totals;
        let nothing = || "nothing applied to this provider, so nothing was tested".to_owned();
        self.interrupted.clone().or_else(|| (findings == not_applicable + recorded).then(nothing))
    }
}

/// The exit code that follows from findings: fail before inconclusive before pass.
pub fn exit_code(findings: &[Finding], strict: bool, interrupted: bool) -> u8 {
    let told = |finding: &&Finding| {
        matches!(finding.verdict, Verdict::Pass | Verdict::Fail) && finding.value.is_none()
    };
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

/// What a finding is recognised by in later runs: its requirement and its case, not its line.
fn fingerprint(finding: &Finding) -> String {
    let identity = format!("{}\n{}", finding.requirement, finding.case);
    let digest = Sha256::digest(identity);
    digest.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// An address that may be followed; anything else is shown as text only.
fn link(url: &str) -> Option<&str> {
    let safe =
        |scheme| url.starts_with(scheme) && !url.contains(words::hides) && !url.contains(' ');
    ["https://", "http://"].into_iter().any(safe).then_some(url)
}

//! How a finding stands in a report: its verdict, weighed with its severity and with what is known.

use serde::Serialize;

use crate::finding::{Finding, KnownState, Verdict};
use crate::spec::Severity;

/// The kinds of findings that reports tell apart, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// A requirement is broken, and this fails the run.
    Fail,
    /// A known deviation past its last day.
    Expired,
    /// A known deviation that is not observed any more.
    Stale,
    /// It could not be told.
    Inconclusive,
    /// A requirement of less weight is broken.
    Warning,
    /// A known deviation that was observed.
    Known,
    /// The requirement is met.
    Pass,
    /// Something was recorded, and nothing is judged.
    Recorded,
    /// The requirement does not apply.
    NotApplicable,
}

/// How a finding stands.
pub fn of(finding: &Finding) -> Standing {
    match (finding.known.as_ref().map(|known| known.state), finding.verdict) {
        (Some(KnownState::Observed), _) => Standing::Known,
        (Some(KnownState::Stale), _) => Standing::Stale,
        (Some(KnownState::Expired), _) => Standing::Expired,
        (None, Verdict::Pass) if finding.value.is_some() => Standing::Recorded,
        (None, Verdict::Pass) => Standing::Pass,
        (None, Verdict::Inconclusive) => Standing::Inconclusive,
        (None, Verdict::NotApplicable) => Standing::NotApplicable,
        (None, Verdict::Fail) if finding.severity == Severity::Failure => Standing::Fail,
        (None, Verdict::Fail) => Standing::Warning,
    }
}

impl Standing {
    /// The word for it in one column of text.
    pub fn label(self) -> &'static str {
        match self {
            Self::Fail => "FAIL",
            Self::Expired => "EXPIRED",
            Self::Stale => "STALE",
            Self::Inconclusive => "UNKNOWN",
            Self::Warning => "warn",
            Self::Known => "known",
            Self::Pass => "pass",
            Self::Recorded => "info",
            Self::NotApplicable => "n/a",
        }
    }

    /// Whether a reader will want to know everything about it.
    pub fn wants_details(self) -> bool {
        !matches!(self, Self::Known | Self::Pass | Self::Recorded | Self::NotApplicable)
    }
}

//! Findings: one requirement, one verdict, and the evidence, with secrets already taken out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::spec::{Level, Severity, SpecReference};

/// What was found about one requirement in one case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
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
    /// The verdict.
    pub verdict: Verdict,
    /// What a failure counts as.
    pub severity: Severity,
    /// The known deviation that the finding falls under.
    pub known: Option<Known>,
    /// What was recorded for the comparison of providers, where nothing is judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What had to be; for a failure.
    pub expected: Option<String>,
    /// What was; for a failure.
    pub actual: Option<String>,
    /// Why there is no verdict, or what a pass rests on.
    pub why: Option<String>,
    /// What the provider answered, whatever the verdict; reports of older versions do not say.
    #[serde(default)]
    pub observed: Option<Observed>,
    /// The requirement in our words.
    pub text: String,
    /// Where the specification says it.
    pub spec: SpecReference,
    /// Whether the verdict is about how a request was refused, not about whether.
    #[serde(skip)]
    pub about_refusal: bool,
    /// The scenario's file.
    pub file: String,
    /// The scenario's line.
    pub line: usize,
    /// The exchanges the verdict rests on; for a failure and for what could not be told.
    pub exchanges: Vec<Evidence>,
}

/// A verdict. Two verdicts on one requirement merge to the later one in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The requirement does not apply to this provider.
    NotApplicable,
    /// The provider meets the requirement.
    Pass,
    /// It could not be told.
    Inconclusive,
    /// The provider breaks the requirement.
    Fail,
}

/// A known deviation and how it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// Whether it was observed.
    pub state: KnownState,
    /// Why it is accepted.
    pub reason: String,
    /// Where this can be read up.
    pub source: String,
    /// The last day on which it is accepted.
    pub until: String,
}

/// How a known deviation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KnownState {
    /// It was observed, and is accepted.
    Observed,
    /// It was not observed any more: the entry must go.
    Stale,
    /// Its last day is over.
    Expired,
}

/// The last answer that a verdict rests on, as far as a client acts upon it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// The answer in one line.
    pub summary: String,
    /// The status code; `None` when no response came.
    pub status: Option<u16>,
    /// The OAuth error code.
    pub error: Option<String>,
    /// Those header fields that say how the body or the refusal is to be taken, by lower-case name.
    pub headers: BTreeMap<String, String>,
}

/// An exchange as a report shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The request: its line, header fields and body.
    pub request: String,
    /// The response in the same form, or why there is none.
    pub response: String,
    /// When the request was sent, as RFC 3339 has it; reports of older versions do not say.
    #[serde(default)]
    pub started: Option<String>,
    /// How long the exchange took, in milliseconds.
    pub elapsed_ms: u64,
}

impl Finding {
    /// Whether the finding fails the run.
    pub fn breaks_gate(&self, strict: bool) -> bool {
        let least = if strict { Severity::Warning } else { Severity::Failure };
        match &self.known {
            Some(known) => known.state != KnownState::Observed,
            None => self.verdict == Verdict::Fail && self.severity >= least,
        }
    }
}

//! The report as GitLab reads code quality.

use serde_json::{Value, json};

use super::Report;
use super::standing::{self, Standing};
use super::words::{reason, visible};
use crate::finding::Finding;
use crate::spec::Severity;

/// What is broken or could not be told, as a code quality report.
pub fn write(report: &Report) -> String {
    let issues: Vec<Value> = report.findings.iter().filter_map(issue).collect();
    format!("{:#}\n", Value::from(issues))
}

fn issue(finding: &Finding) -> Option<Value> {
    let severity = match standing::of(finding) {
        Standing::Fail | Standing::Expired | Standing::Stale => "major",
        Standing::Warning if finding.severity == Severity::Warning => "minor",
        Standing::Warning | Standing::Known | Standing::Inconclusive => "info",
        Standing::Pass | Standing::Recorded | Standing::NotApplicable => return None,
    };
    Some(json!({
        "description": visible(&format!("{}: {}", finding.title, reason(finding))),
        "check_name": finding.requirement,
        "fingerprint": super::fingerprint(finding),
        "severity": severity,
        "location": { "path": visible(&finding.file), "lines": { "begin": finding.line.max(1) } },
    }))
}

//! The report in the Common Test Report Format.

use chrono::DateTime;
use serde_json::{Value, json};

use super::standing::{self, Standing};
use super::words::{reason, visible};
use super::{Report, terminal};
use crate::finding::Finding;

/// The version of the format.
const VERSION: &str = "0.0.0";

/// The report as a CTRF document.
pub fn write(report: &Report) -> String {
    let mut tests: Vec<Value> = report.findings.iter().map(|f| test(f, report.strict)).collect();
    if let Some(why) = report.untold() {
        tests.push(json!({
            "name": "run: complete", "status": "other", "duration": 0, "message": visible(&why),
        }));
    }
    let count = |status: &str| tests.iter().filter(|test| test["status"] == status).count();
    let start = DateTime::parse_from_rfc3339(&report.started)
        .map_or(0, |time| time.timestamp_millis().max(0));
    let stop = start.saturating_add_unsigned(report.elapsed_ms);
    let document = json!({
        "reportFormat": "CTRF",
        "specVersion": VERSION,
        "generatedBy": "authgauge",
        "results": {
            "tool": { "name": "authgauge", "version": report.authgauge },
            "summary": {
                "tests": tests.len(),
                "passed": count("passed"),
                "failed": count("failed"),
                "pending": 0,
                "skipped": count("skipped"),
                "other": count("other"),
                "start": start,
                "stop": stop,
                "duration": report.elapsed_ms,
            },
            "tests": tests,
            "environment": { "extra": {
                "provider": visible(&report.provider.name),
                "issuer": visible(&report.provider.issuer),
            }},
        },
    });
    format!("{document:#}\n")
}

/// What could not be told is neither passed nor failed: `other`, which is never green.
fn test(finding: &Finding, strict: bool) -> Value {
    let standing = standing::of(finding);
    let status = match standing {
        _ if finding.breaks_gate(strict) => "failed",
        Standing::Inconclusive => "other",
        Standing::NotApplicable | Standing::Recorded => "skipped",
        _ => "passed",
    };
    let duration: u64 = finding.exchanges.iter().map(|exchange| exchange.elapsed_ms).sum();
    let spec = &finding.spec;
    let mut test = json!({
        "testId": super::fingerprint(finding),
        "name": visible(&format!("{} ({})", finding.requirement, finding.case)),
        "status": status,
        "duration": duration,
        "suite": [spec.document, format!("§{}", spec.section)],
        "rawStatus": standing.label(),
        "tags": [finding.level.to_string()],
        "filePath": visible(&finding.file),
        "line": finding.line,
    });
    let message = visible(&reason(finding));
    if !message.is_empty() {
        test["message"] = message.into();
    }
    if standing.wants_details() {
        test["trace"] = terminal::details(finding).into();
    }
    test
}

//! The report as JSON: `reports/schema/report.v1.json` is the contract.

use super::Report;

/// The report as a JSON document, with a line break at its end.
pub fn write(report: &Report) -> String {
    let document = serde_json::to_string_pretty(report);
    document.expect("a report has text keys only") + "\n"
}

//! The report as JSON: `reports/schema/report.v1.json` is the contract.

use serde_json::Value;

use super::{Report, SCHEMA};

/// The report as a JSON document, with a line break at its end.
pub fn write(report: &Report) -> String {
    let document = serde_json::to_string_pretty(report);
    document.expect("a report has text keys only") + "\n"
}

/// Reads what [`write()`] has written.
///
/// # Errors
/// Says in one clause why the text is no report, or that another version wrote it.
pub fn read(text: &str) -> Result<Report, String> {
    let document: Value = serde_json::from_str(text).map_err(|e| format!("it is not JSON: {e}"))?;
    match document["schema"].as_str() {
        Some(SCHEMA) => {}
        Some(other) if other.starts_with("authgauge/report/") => {
            let other = super::words::clipped(other, 80);
            return Err(format!(
                "it has the form {other}, and this version of authgauge reads {SCHEMA}: use the version that wrote it, or a newer one"
            ));
        }
        _ => return Err(format!("it is no report of authgauge: `schema` is not {SCHEMA}")),
    }
    serde_json::from_value(document).map_err(|e| format!("it is not as {SCHEMA} has it: {e}"))
}

//! The report as TAP, version 14.

use super::standing::{self, Standing};
use super::words::{reason, visible};
use super::{Report, replay};
use crate::finding::Finding;

/// The directive for what is broken and does not fail the run, spelt apart because the word has
/// another meaning in source files.
const TOLERATED: &str = concat!("# TO", "DO");

/// The report as a TAP document.
pub fn write(report: &Report) -> String {
    let mut text = format!("TAP version 14\n1..{}\n", report.findings.len());
    for (index, finding) in report.findings.iter().enumerate() {
        text += &point(index + 1, finding, report.strict);
    }
    if let Some(why) = report.untold() {
        text += &format!("Bail out! {}\n", escaped(&why));
    }
    text
}

fn point(number: usize, finding: &Finding, strict: bool) -> String {
    let standing = standing::of(finding);
    let name = escaped(&format!("{} ({})", finding.requirement, finding.case));
    let why = escaped(&reason(finding));
    let (result, directive) = match standing {
        _ if finding.breaks_gate(strict) => ("not ok", String::new()),
        Standing::Inconclusive => ("not ok", String::new()),
        Standing::NotApplicable | Standing::Recorded => ("ok", format!(" # SKIP {why}")),
        Standing::Warning | Standing::Known => ("not ok", format!(" {TOLERATED} {why}")),
        _ => ("ok", String::new()),
    };
    let mut text = format!("{result} {number} - {name}{directive}\n");
    if standing.wants_details() {
        text += &diagnostics(finding, standing);
    }
    text
}

/// A block of YAML whose values are JSON strings, which YAML takes as they are.
fn diagnostics(finding: &Finding, standing: Standing) -> String {
    let quoted = |text: &str| serde_json::Value::from(visible(text)).to_string();
    let sent = finding.exchanges.first().map(replay::sent);
    let fields = [
        ("standing", Some(standing.label().to_owned())),
        ("message", Some(reason(finding))),
        ("sent", sent),
        ("says", Some(format!("{} {}", finding.level, finding.text))),
        ("see", Some(finding.spec.url.clone())),
        ("at", Some(format!("{}:{}", finding.file, finding.line))),
    ];
    let lines = fields.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let lines = lines.map(|(name, value)| format!("  {name}: {}\n", quoted(&value)));
    format!("  ---\n{}  ...\n", lines.collect::<String>())
}

/// `#` begins a directive, and a backslash takes the meaning from either.
fn escaped(text: &str) -> String {
    visible(text).replace('\\', "\\\\").replace('#', "\\#")
}

//! The report as SARIF 2.1.0: a rule for each requirement, a result for each finding that somebody
//! must look at, placed at the line of its scenario.

use serde_json::{Value, json};

use super::standing::{self, Standing};
use super::words::{reason, visible, visible_lines};
use super::{Report, replay};
use crate::exit;
use crate::finding::Finding;
use crate::spec::Severity;

/// The report as a SARIF log with one run.
pub fn write(report: &Report) -> String {
    let rules = rules(&report.findings);
    let shown = |finding: &&Finding| {
        let standing = standing::of(finding);
        standing != Standing::Inconclusive
            && (standing.wants_details() || standing == Standing::Known)
    };
    let results = report.findings.iter().filter(shown);
    let results: Vec<Value> = results.map(|finding| result(finding, &rules)).collect();
    let untold = report.findings.iter().filter(|f| standing::of(f) == Standing::Inconclusive);
    let mut notes: Vec<Value> = untold.map(|finding| note(finding, &rules)).collect();
    notes.extend(report.untold().map(|why| json!({ "level": "error", "message": text(&why) })));
    let successful = matches!(report.exit_code, exit::CONFORMS | exit::VIOLATION);
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "authgauge",
                "semanticVersion": report.authgauge,
                "rules": rules.iter().map(|finding| rule(finding)).collect::<Vec<_>>(),
            }},
            "invocations": [{
                "executionSuccessful": successful,
                "exitCode": report.exit_code,
                "startTimeUtc": report.started,
                "toolExecutionNotifications": notes,
            }],
            "automationDetails": { "id": format!("authgauge/{}/", visible(&report.provider.name)) },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{log:#}\n")
}

/// One finding for each requirement, in their order.
fn rules(findings: &[Finding]) -> Vec<&Finding> {
    let mut rules: Vec<&Finding> = findings.iter().collect();
    rules.sort_by(|a, b| a.requirement.cmp(&b.requirement));
    rules.dedup_by(|a, b| a.requirement == b.requirement);
    rules
}

fn rule(finding: &Finding) -> Value {
    let spec = &finding.spec;
    let says = format!("{} {} §{}: {}", finding.level, spec.document, spec.section, finding.text);
    let mut rule = json!({
        "id": finding.requirement,
        "shortDescription": text(&finding.text),
        "fullDescription": text(&says),
        "help": text(&format!("{says}\n{}", spec.url)),
        "defaultConfiguration": { "level": level(finding.severity) },
        "properties": { "tags": ["security", spec.document] },
    });
    if spec.url.starts_with("https://") {
        rule["helpUri"] = json!(spec.url);
    }
    rule
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Failure => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn result(finding: &Finding, rules: &[&Finding]) -> Value {
    let fingerprint = super::fingerprint(finding);
    let sent = finding.exchanges.first().map(|first| format!("\nsent: {}", replay::sent(first)));
    let message = format!("{}: {}{}", finding.title, reason(finding), sent.unwrap_or_default());
    let standing = standing::of(finding);
    let mut result = json!({
        "ruleId": finding.requirement,
        "ruleIndex": index(finding, rules),
        "kind": "fail",
        "level": match standing {
            Standing::Expired | Standing::Stale => "error",
            Standing::Known => "note",
            _ => level(finding.severity),
        },
        "message": text(&message),
        "locations": [location(finding)],
        "partialFingerprints": {
            // The first is the one that GitHub keeps an alert by.
            "primaryLocationLineHash": format!("{}:1", &fingerprint[..16]),
            "authgauge/v1": fingerprint,
        },
        "properties": { "case": finding.case },
    });
    if let (Standing::Known, Some(known)) = (standing, &finding.known) {
        let why = format!("{} (until {}; {})", known.reason, known.until, known.source);
        result["suppressions"] =
            json!([{ "kind": "external", "status": "accepted", "justification": visible(&why) }]);
    }
    result
}

/// What could not be told is about the run, not about the provider.
fn note(finding: &Finding, rules: &[&Finding]) -> Value {
    json!({
        "level": "warning",
        "message": text(&format!("{} could not be told: {}", finding.case, reason(finding))),
        "locations": [location(finding)],
        "associatedRule": { "id": finding.requirement, "index": index(finding, rules) },
    })
}

fn index(finding: &Finding, rules: &[&Finding]) -> usize {
    rules.partition_point(|rule| rule.requirement < finding.requirement)
}

fn location(finding: &Finding) -> Value {
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(&finding.file) },
        "region": { "startLine": finding.line.max(1) },
    }})
}

fn text(text: &str) -> Value {
    json!({ "text": visible_lines(text) })
}

/// A path as a relative reference (RFC 3986 §4.2).
fn uri(path: &str) -> String {
    let keeps = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let encode =
        |byte| if keeps(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    path.bytes().map(encode).collect()
}

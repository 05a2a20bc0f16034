//! The writers: the same report always gives the same text, hostile content included.

mod support;

use std::path::PathBuf;

use authgauge::report::terminal::Look;
use authgauge::report::{
    ctrf, github, gitlab, har, html, json, junit, markdown, sarif, tap, terminal,
};
use serde_json::{Value, json};

use support::golden;
use support::program::root;
use support::reports::{empty, every_kind, hostile};

/// The longest text for people.
const EVERYTHING: Look = Look { colored: true, evidence: true };

#[test]
fn reports_are_exact() {
    golden::conclude(
        [("every-kind", every_kind()), ("hostile", hostile()), ("empty", empty())].iter().flat_map(
            |(name, report)| {
                let file = |suffix: &str| root().join(format!("tests/reports/{name}.{suffix}"));
                let outputs = [
                    (file("json"), json::write(report)),
                    (file("xml"), junit::write(report).expect("it can be written as XML")),
                    (file("txt"), terminal::write(report, Look::default())),
                    (file("color.txt"), terminal::write(report, EVERYTHING)),
                    (file("html"), html::write(report)),
                    (file("sarif"), sarif::write(report)),
                    (file("ctrf.json"), ctrf::write(report)),
                    (file("tap"), tap::write(report)),
                    (file("md"), markdown::write(report)),
                    (file("github.txt"), github::annotations(report)),
                    (file("gitlab.json"), gitlab::write(report)),
                    (file("har"), har::write(report)),
                ];
                outputs.map(|(file, text)| golden::check(&file, &text))
            },
        ),
    );
}

#[test]
fn the_json_report_is_as_its_schema_says() {
    let schema = schema();
    let validator = jsonschema::draft7::new(&schema).expect("the schema is one");
    for report in [every_kind(), hostile(), empty()] {
        let document: Value = serde_json::from_str(&json::write(&report)).expect("JSON");
        let errors: Vec<String> = validator.iter_errors(&document).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{}", errors.join("\n"));
    }
}

/// A schema that says yes to everything proves nothing.
#[test]
fn the_schema_refuses_what_is_no_report() {
    let schema = schema();
    let validator = jsonschema::draft7::new(&schema).expect("the schema is one");
    let good: Value = serde_json::from_str(&json::write(&every_kind())).expect("JSON");
    let rows: [(&str, Value); 9] = [
        ("/schema", json!("authgauge/report/v2")),
        ("/exit_code", json!(6)),
        ("/strict", Value::Null),
        ("/started", json!(5)),
        ("/totals/pass", json!(-1)),
        ("/findings/0/verdict", json!("PASS")),
        ("/findings/0/level", json!("must")),
        ("/findings/0/line", json!(0)),
        ("/findings/0/spec/url", Value::Null),
    ];
    for (pointer, value) in rows {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).expect(pointer) = value;
        assert!(!validator.is_valid(&bad), "{pointer} may be anything");
    }
    for pointer in
        ["", "/provider", "/totals", "/findings/0", "/findings/0/spec", "/findings/1/exchanges/0"]
    {
        let mut bad = good.clone();
        let object = bad.pointer_mut(pointer).and_then(Value::as_object_mut).expect(pointer);
        object.insert("more".into(), Value::Null);
        assert!(!validator.is_valid(&bad), "{pointer} may have any member");
        let members: Vec<String> = object_at(&good, pointer);
        for member in members {
            let mut bad = good.clone();
            let object = bad.pointer_mut(pointer).and_then(Value::as_object_mut).expect(pointer);
            object.remove(&member);
            if ADDED.contains(&member.as_str()) {
                continue;
            }
            assert!(!validator.is_valid(&bad), "{pointer}/{member} may be missing");
        }
    }
}

/// Members that version 1 did not have at first: an older report has none of them.
const ADDED: [&str; 4] = ["started", "evidence", "observed", "recorded"];

fn object_at(document: &Value, pointer: &str) -> Vec<String> {
    let object = document.pointer(pointer).and_then(Value::as_object).expect(pointer);
    object.keys().cloned().collect()
}

#[test]
fn a_report_comes_back_from_its_json() {
    for report in [every_kind(), hostile(), empty()] {
        assert_eq!(json::read(&json::write(&report)), Ok(report));
    }
}

#[test]
fn what_is_no_report_of_this_version_is_refused_with_its_reason() {
    let good = json::write(&every_kind());
    let rows = [
        ("", "it is not JSON"),
        ("[]", "it is no report of authgauge"),
        (&good.replace("report/v1", "report/v2"), "it has the form authgauge/report/v2"),
        (&good.replace("report/v1", "load/v1"), "it is no report of authgauge"),
        (&good.replace("\"MUST\"", "\"WOULD\""), "it is not as authgauge/report/v1 has it"),
    ];
    for (text, why) in rows {
        let refusal = json::read(text).expect_err(why);
        assert!(refusal.starts_with(why), "{refusal}");
    }
    let newer = good.replacen('{', "{\"more\": 1,", 1);
    assert_eq!(json::read(&newer), Ok(every_kind()), "members may be added");
    let older = good.replace("\"started\": \"2026-01-02T03:04:05.70", "\"was\": \"");
    assert!(
        json::read(&older).is_ok_and(|report| report.findings[1].exchanges[0].started.is_none())
    );
}

/// Whatever a provider sends, it does not steer the reader's terminal, and lines stay readable.
#[test]
fn text_for_terminals_has_no_control_characters() {
    for look in [Look::default(), EVERYTHING] {
        let text = terminal::write(&hostile(), look);
        let plain = ["0", "1", "2", "31", "32", "33", "35"]
            .iter()
            .fold(text, |text, code| text.replace(&format!("\x1b[{code}m"), ""));
        for (index, line) in plain.split('\n').enumerate() {
            let steering =
                line.chars().find(|c| (c.is_control() && *c != '\t') || is_bidirectional(*c));
            assert_eq!(steering, None, "line {}: {line:?}", index + 1);
            let length = line.chars().count();
            assert!(length < 1000, "line {} has {length} characters: {line:.80}", index + 1);
        }
    }
}

/// One character that XML 1.0 does not have, and no reader takes the document.
#[test]
fn junit_has_only_characters_of_xml() {
    let text = junit::write(&hostile()).expect("it can be written as XML");
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    let strange: Vec<char> = text.chars().filter(|c| !allowed(*c)).collect();
    assert_eq!(strange, Vec::<char>::new());
}

#[test]
fn every_failure_in_junit_says_why() {
    let text = junit::write(&every_kind()).expect("it can be written as XML");
    let silent = text.lines().filter(|line| line.contains("message=\"\""));
    assert_eq!(silent.collect::<Vec<_>>(), Vec::<&str>::new());
}

/// Characters that reorder the text after them, so that it reads as something else.
fn is_bidirectional(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn schema() -> Value {
    let path: PathBuf = root().join("reports/schema/report.v1.json");
    let text = std::fs::read_to_string(path).expect("the schema is there");
    serde_json::from_str(&text).expect("the schema is JSON")
}

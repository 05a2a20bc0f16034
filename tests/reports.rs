//! The writers: the same report always gives the same text, hostile content included.

mod support;

use std::path::PathBuf;

use authgauge::finding::{Evidence, Finding, Known, KnownState, Verdict};
use authgauge::report::{
    ProviderIdentity, Report, SCHEMA, Totals, exit_code, json, junit, terminal,
};
use authgauge::spec::{Level, Severity, SpecReference};
use serde_json::{Value, json};

use support::golden;
use support::program::root;

/// What a provider may send to whoever reads a report.
const HOSTILE: &str = "\u{1b}[2J\u{1b}]0;owned\u{7} ]]> <script>alert(1)</script> & \"quoted\" 'too' \
    \0\u{1}\u{8}\u{7f}\u{85}\u{9b}31m \u{202e}desrever \u{2028} \u{feff}\u{fffe}\u{ffff} \u{1f600}\r\nnext: line\ttab";

#[test]
fn reports_are_exact() {
    golden::conclude(
        [("every-kind", every_kind()), ("hostile", hostile()), ("empty", empty())].iter().flat_map(
            |(name, report)| {
                let file = |suffix: &str| root().join(format!("tests/reports/{name}.{suffix}"));
                let outputs = [
                    (file("json"), json::write(report)),
                    (file("xml"), junit::write(report).expect("it can be written as XML")),
                    (file("txt"), terminal::write(report, false)),
                    (file("color.txt"), terminal::write(report, true)),
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
            assert!(!validator.is_valid(&bad), "{pointer}/{member} may be missing");
        }
    }
}

fn object_at(document: &Value, pointer: &str) -> Vec<String> {
    let object = document.pointer(pointer).and_then(Value::as_object).expect(pointer);
    object.keys().cloned().collect()
}

/// Whatever a provider sends, it does not steer the reader's terminal, and lines stay readable.
#[test]
fn text_for_terminals_has_no_control_characters() {
    for colored in [false, true] {
        let text = terminal::write(&hostile(), colored);
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

/// A finding of each kind, so that each label and each way to be counted appears.
fn every_kind() -> Report {
    let known = |state| {
        Some(Known {
            state,
            reason: "fixed in version 2".into(),
            source: "https://example.test/issues/1".into(),
            until: "2026-12-31".into(),
        })
    };
    let failed = |finding: Finding| Finding {
        expected: Some("the request is refused and nothing is granted".into()),
        actual: Some("200 {access_token}".into()),
        exchanges: exchanges(3),
        ..finding
    };
    let findings = vec![
        finding("4.6/matching-verifier", Verdict::Pass),
        failed(finding("4.6/wrong-verifier", Verdict::Fail)),
        failed(Finding {
            level: Level::Should,
            severity: Severity::Warning,
            catalogue: None,
            ..finding("4.10/warned", Verdict::Fail)
        }),
        failed(Finding { known: known(KnownState::Observed), ..finding("5/known", Verdict::Fail) }),
        Finding { known: known(KnownState::Stale), ..finding("5/stale", Verdict::Pass) },
        failed(Finding {
            known: known(KnownState::Expired),
            ..finding("5/expired", Verdict::Fail)
        }),
        Finding {
            why: Some("throttled: the provider answered 429".into()),
            exchanges: exchanges(1),
            ..finding("5/untold", Verdict::Inconclusive)
        },
        Finding {
            why: Some("needs pkce: the metadata's list has no S256".into()),
            ..finding("5/not-offered", Verdict::NotApplicable)
        },
        Finding {
            why: Some("already refused at the step `asked`".into()),
            ..finding("5/refused-before", Verdict::Pass)
        },
    ];
    report("every kind", findings, Some("the run was interrupted"))
}

fn hostile() -> Report {
    let long = "x".repeat(5000);
    let exchange = Evidence {
        request: format!("GET https://op.test/{HOSTILE}\nx: {long}"),
        response: format!("200\nserver: {HOSTILE}\n\n{HOSTILE}{long}\n{}", "line\n".repeat(100)),
        elapsed_ms: 7,
    };
    let findings = vec![
        Finding {
            expected: Some(format!("`error` is {HOSTILE}")),
            actual: Some(format!("{HOSTILE}{long}")),
            exchanges: vec![exchange.clone()],
            ..finding("4.6/wrong-verifier", Verdict::Fail)
        },
        Finding {
            why: Some(format!("login refused: it says \"{HOSTILE}{long}\"")),
            exchanges: vec![exchange],
            ..finding("4.6/untold", Verdict::Inconclusive)
        },
        Finding {
            why: Some(format!("needs pkce: {HOSTILE}{long}")),
            ..finding("4.6/not-offered", Verdict::NotApplicable)
        },
    ];
    let report = report("hostile", findings, None);
    let issuer = format!("https://op.test/{HOSTILE}");
    Report { provider: ProviderIdentity { name: HOSTILE.into(), issuer }, ..report }
}

fn empty() -> Report {
    report("empty", Vec::new(), Some("the run was interrupted"))
}

fn report(name: &str, findings: Vec<Finding>, interrupted: Option<&str>) -> Report {
    Report {
        schema: SCHEMA,
        authgauge: "0.0.0",
        run: "run-1234".into(),
        profile: "bcp".into(),
        provider: ProviderIdentity { name: name.into(), issuer: "https://op.test".into() },
        started: "2026-01-02T03:04:05.678Z".into(),
        elapsed_ms: 1234,
        strict: false,
        throttled: 0,
        interrupted: interrupted.map(str::to_owned),
        totals: Totals::count(&findings),
        exit_code: exit_code(&findings, false, interrupted.is_some()),
        findings,
    }
}

fn finding(id: &str, verdict: Verdict) -> Finding {
    let (section, slug) = id.split_once('/').expect("a section and a slug");
    Finding {
        requirement: format!("rfc7636/{id}"),
        catalogue: Some("PKCE-02".into()),
        case: format!("rfc7636/{section}/case/{slug}"),
        title: "The token endpoint refuses a code_verifier that does not match".into(),
        level: Level::Must,
        verdict,
        severity: Severity::Failure,
        known: None,
        expected: None,
        actual: None,
        why: None,
        text: "A code_verifier that does not match the code_challenge is refused.".into(),
        spec: SpecReference {
            document: "RFC 7636".into(),
            section: section.into(),
            url: format!("https://www.rfc-editor.org/rfc/rfc7636#section-{section}"),
        },
        about_refusal: false,
        file: "scenarios/specs/rfc7636/4.6-verify-code-verifier.yaml".into(),
        line: 15,
        exchanges: Vec::new(),
    }
}

fn exchanges(count: u64) -> Vec<Evidence> {
    let exchange = |index| Evidence {
        request: format!(
            "POST https://op.test/token\naccept: application/json\n\ngrant_type=x{index}"
        ),
        response: "200\ncontent-type: application/json\n\n{\"access_token\":\"abcdef…(40)\"}"
            .into(),
        elapsed_ms: index,
    };
    (1..=count).map(exchange).collect()
}

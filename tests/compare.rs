//! Runs side by side, drift, and known deviations written into a provider file.

mod support;

use std::time::{Duration, Instant};

use authgauge::deviation::update::update;
use authgauge::drift::{self, Kind, drift};
use authgauge::finding::{Finding, Known, KnownState, Observed, Verdict};
use authgauge::matrix::{self, Difference, counts, matrix};
use authgauge::provider_file::Basis;
use authgauge::report::{
    Report, drift_markdown, html, json, matrix_html, matrix_markdown, matrix_terminal,
};
use authgauge::spec::{Level, Severity};
use serde_json::Value;

use support::golden;
use support::program::{authgauge, folder, root, text};
use support::reports::{HOSTILE, every_kind, finding, hostile, report};

#[expect(clippy::unnecessary_wraps, reason = "it is the value of an optional member")]
fn observed(status: u16, error: Option<&str>) -> Option<Observed> {
    let headers = [("content-type".to_owned(), "application/json".to_owned())];
    Some(Observed {
        summary: format!("{status} {}", error.unwrap_or("{access_token}")),
        status: Some(status),
        error: error.map(str::to_owned),
        headers: headers.into(),
    })
}

/// A run in which checks come out as these verdicts and answers say.
fn run(name: &str, evidence: Basis, rows: &[(&str, Verdict, Option<Observed>)]) -> Report {
    let findings = rows.iter().map(|(id, verdict, observed)| Finding {
        observed: observed.clone(),
        expected: (*verdict == Verdict::Fail).then(|| "the request is refused".into()),
        actual: (*verdict == Verdict::Fail).then(|| "200 {access_token}".into()),
        ..finding(id, *verdict)
    });
    let mut report = report(name, findings.collect(), None);
    report.provider.evidence = evidence;
    report
}

fn info(mut report: Report, value: &str) -> Report {
    let mut recorded = finding("5/recorded", Verdict::Pass);
    recorded.level = Level::Info;
    recorded.severity = Severity::Info;
    recorded.observed = observed(200, None);
    recorded.value = Some(value.into());
    report.findings.push(recorded);
    report
}

fn side_by_side() -> [Report; 4] {
    let refused = || observed(400, Some("invalid_grant"));
    let first = [
        ("4.6/refused", Verdict::Pass, refused()),
        ("4.6/coded", Verdict::Pass, refused()),
        ("4.10/same", Verdict::Pass, observed(200, None)),
        ("5/alone", Verdict::Inconclusive, None),
    ];
    let second = [
        ("4.6/refused", Verdict::Fail, observed(200, None)),
        ("4.6/coded", Verdict::Pass, observed(400, Some("invalid_request"))),
        ("4.10/same", Verdict::Pass, observed(200, None)),
    ];
    let stub = [
        ("4.6/refused", Verdict::NotApplicable, None),
        ("4.10/same", Verdict::Fail, observed(200, None)),
    ];
    [
        run("documented", Basis::Documented, &stub),
        info(run("one", Basis::Measured, &first), "60 s"),
        info(run("two", Basis::Measured, &second), "0 s"),
        hostile(),
    ]
}

#[test]
fn the_matrix_is_exact() {
    let rows =
        [("matrix", side_by_side().to_vec()), ("matrix-hostile", vec![hostile(), every_kind()])];
    golden::conclude(rows.iter().flat_map(|(name, reports)| {
        let matrix = matrix(reports);
        let file = |suffix: &str| root().join(format!("tests/reports/{name}.{suffix}"));
        [
            golden::check(&file("html"), &matrix_html::write(&matrix)),
            golden::check(&file("md"), &matrix_markdown::write(&matrix)),
            golden::check(&file("txt"), &matrix_terminal::write(&matrix)),
            golden::check(&file("json"), &matrix::json(&matrix)),
        ]
    }));
}

#[test]
fn what_is_documented_is_never_held_against_what_was_measured() {
    let [stub, one, two, _] = side_by_side();
    let differing = |reports: &[Report]| -> Vec<(String, Difference)> {
        let sections = matrix(reports).sections;
        let rows = sections.into_iter().flat_map(|section| section.rows);
        let rows = rows.filter(|row| row.differs > Difference::Nothing);
        rows.map(|row| (row.requirement.replace("rfc7636/", ""), row.differs)).collect()
    };
    assert_eq!(differing(&[stub.clone(), one.clone()]), []);
    let all = [
        ("4.6/refused".to_owned(), Difference::Verdict),
        ("4.6/coded".to_owned(), Difference::Answer),
        ("5/recorded".to_owned(), Difference::Verdict),
    ];
    assert_eq!(differing(&[stub.clone(), one.clone(), two.clone()]), all);
    let matrix = matrix(&[stub, one, two]);
    let columns: Vec<&str> = matrix.columns.iter().map(|c| c.provider.name.as_str()).collect();
    assert_eq!(columns, ["one", "two", "documented"], "measured columns stand first");
    assert_eq!(counts(&matrix), (5, 2, 3));
}

#[test]
fn the_json_forms_are_as_their_schemas_say() {
    let [_, one, two, _] = side_by_side();
    let rows = [
        ("matrix.v1", matrix::json(&matrix(&side_by_side()))),
        ("matrix.v1", matrix::json(&matrix(&[every_kind()]))),
        ("drift.v1", drift::json(&drift(&one, &two))),
    ];
    for (name, text) in rows {
        let path = root().join(format!("reports/schema/{name}.json"));
        let schema = std::fs::read_to_string(path).expect("the schema is there");
        let schema: Value = serde_json::from_str(&schema).expect("the schema is JSON");
        let validator = jsonschema::draft7::new(&schema).expect("the schema is one");
        let mut document: Value = serde_json::from_str(&text).expect("JSON");
        let errors: Vec<String> = validator.iter_errors(&document).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{name}: {}", errors.join("\n"));
        document["more"] = Value::Null;
        assert!(!validator.is_valid(&document), "{name} may have any member");
    }
}

/// Nothing that a provider sends becomes markup, and no secret that the report has not.
#[test]
fn hostile_text_is_text() {
    let matrix = matrix(&[hostile(), every_kind()]);
    let page = matrix_html::write(&matrix);
    assert!(!page.contains("<script") && !page.contains("javascript:alert(1)\""));
    let texts = [page, matrix_markdown::write(&matrix), matrix_terminal::write(&matrix)];
    for text in texts {
        let steering =
            text.chars().find(|c| HOSTILE.contains(*c) && !c.is_ascii() && *c != '\u{1f600}');
        assert_eq!(steering, None);
        assert!(!text.contains('\u{1b}') && !text.contains('\0'));
    }
    let markdown = matrix_markdown::write(&matrix);
    assert!(!markdown.contains("@everyone") && !markdown.replace("\\<", "").contains("<script"));
}

#[test]
fn a_large_matrix_is_quick_and_small() {
    let verdicts = [Verdict::Pass, Verdict::Fail, Verdict::Inconclusive];
    let reports: Vec<Report> = (0..5)
        .map(|provider| {
            let findings = (0..1000).map(|index| Finding {
                observed: observed(400, Some("invalid_grant")),
                expected: Some("x".repeat(600)),
                actual: Some("y".repeat(600)),
                ..finding(
                    &format!("{}.{}/rule-{index}", index % 9, index % 5),
                    verdicts[(index + provider) % 3],
                )
            });
            report(&format!("provider {provider}"), findings.collect(), None)
        })
        .collect();
    let started = Instant::now();
    let page = matrix_html::write(&matrix(&reports));
    let took = started.elapsed();
    assert!(page.len() < 3_000_000, "{} bytes", page.len());
    let most = if cfg!(debug_assertions) { 20 } else { 1 };
    assert!(took < Duration::from_secs(most), "took {took:?}");
    assert!(page.contains("cells have their first line alone"), "what is left out is said");
}

#[test]
fn drift_says_what_became_of_each_check() {
    let old = run(
        "p",
        Basis::Measured,
        &[
            ("1/broke", Verdict::Pass, None),
            ("1/lost", Verdict::Pass, None),
            ("1/vanished", Verdict::Pass, None),
            ("1/fixed", Verdict::Fail, None),
            ("1/same", Verdict::Fail, None),
            ("1/gone", Verdict::Pass, None),
        ],
    );
    let new = run(
        "p",
        Basis::Measured,
        &[
            ("1/broke", Verdict::Fail, None),
            ("1/lost", Verdict::Inconclusive, None),
            ("1/vanished", Verdict::NotApplicable, None),
            ("1/fixed", Verdict::Pass, None),
            ("1/same", Verdict::Fail, None),
            ("1/new", Verdict::Fail, None),
        ],
    );
    let drift = drift(&old, &new);
    let told: Vec<(Kind, &str)> =
        drift.changes.iter().map(|c| (c.kind, &c.requirement["rfc7636/1/".len()..])).collect();
    let expected = [
        (Kind::Worse, "broke"),
        (Kind::Worse, "lost"),
        (Kind::Worse, "vanished"),
        (Kind::Gone, "gone"),
        (Kind::New, "new"),
        (Kind::Better, "fixed"),
    ];
    assert_eq!(told, expected);
    golden::conclude([
        golden::check(&root().join("tests/reports/drift.md"), &drift_markdown::write(&drift)),
        golden::check(&root().join("tests/reports/drift.txt"), &drift_markdown::terminal(&drift)),
    ]);
}

#[test]
fn the_program_ends_with_1_when_anything_became_worse() {
    let folder = folder("drift");
    let good = run("p", Basis::Measured, &[("1/x", Verdict::Pass, None)]);
    let bad = run("p", Basis::Measured, &[("1/x", Verdict::Fail, None)]);
    let mut accepted = bad.clone();
    accepted.findings[0].known = Some(Known {
        state: KnownState::Observed,
        reason: "r".into(),
        source: "s".into(),
        until: "2030-01-01".into(),
    });
    let other = run("p", Basis::Measured, &[("1/y", Verdict::Pass, None)]);
    let stub = run("p", Basis::Documented, &[("1/x", Verdict::Pass, None)]);
    let file = |name: &str, report: &Report| {
        let path = folder.join(format!("{name}.json"));
        std::fs::write(&path, json::write(report)).expect("the folder can be written");
        text(&path).to_owned()
    };
    let rows = [
        (&good, &bad, 1, "worse than the baseline: 1 worse, 0 gone, 0 new, 0 better of 1 check"),
        (&good, &accepted, 1, "worse than the baseline"),
        (&bad, &good, 0, "no worse than the baseline: 0 worse, 0 gone, 0 new, 1 better"),
        (&good, &good, 0, "no worse than the baseline: 0 worse"),
        (&good, &other, 3, "could not be told: 0 worse, 1 gone, 1 new"),
        (&stub, &good, 2, ""),
    ];
    for (index, (old, new, code, says)) in rows.into_iter().enumerate() {
        let (old, new) = (file("old", old), file("new", new));
        let page = folder.join(format!("{index}.html"));
        let ended = authgauge(&["compare", "--baseline", &old, &new, "--html", text(&page)]);
        assert_eq!(ended.code, Some(code), "row {index}: {ended:#?}");
        assert!(ended.stdout.contains(says), "row {index}: {}", ended.stdout);
        assert_eq!(page.exists(), code != 2, "row {index}");
    }
    let (a, b) = (file("a", &good), file("b", &bad));
    let ended = authgauge(&["compare", &a, &b]);
    assert_eq!(ended.code, Some(0), "side by side is no gate: {ended:#?}");
    assert!(ended.stdout.contains("1 checks: 1 differ in the verdict"), "{}", ended.stdout);
    assert_eq!(authgauge(&["compare", "--baseline", &a, &a, &b]).code, Some(2));
    assert_eq!(authgauge(&["compare", "no/such.json"]).code, Some(2));
    assert_eq!(authgauge(&["compare", "Cargo.toml"]).code, Some(2));
}

const PROVIDER: &str = "\
# A comment above.
name: every kind   # and one behind
issuer: https://op.test
redirect_uri: https://c.test/cb
clients: {}
";

#[test]
fn new_deviations_are_written_behind_the_old_ones() {
    let rows = [
        ("none", PROVIDER.to_owned()),
        ("empty", format!("{PROVIDER}known: []  # nothing yet\noffers: {{}}\n")),
        (
            "some",
            format!(
                "{PROVIDER}known:\n# first things first\n- requirement: rfc7636/9/other\n  # why\n  reason: >\n    long\n\n    text\n  source: https://op.test\n  until: 2030-01-01\n\n# the end\noffers: {{}}\n"
            ),
        ),
        ("without-end", PROVIDER.trim_end().to_owned()),
    ];
    let until = "2030-06-30".parse().expect("a date");
    golden::conclude(rows.map(|(name, source)| {
        let new = update("p.yaml", &source, &every_kind(), until).expect(name);
        assert_eq!(new.added, ["rfc7636/4.6/wrong-verifier"], "{name}");
        let mut rest = new.text.lines();
        for line in source.lines().map(|line| line.replace(" []", "")) {
            assert!(rest.any(|own| own == line), "{name}: lost or moved {line:?}\n{}", new.text);
        }
        let again = update("p.yaml", &new.text, &every_kind(), until).expect(name);
        assert_eq!((again.text.as_str(), again.added.len()), (new.text.as_str(), 0), "{name}");
        assert_eq!(again.listed, ["rfc7636/4.6/wrong-verifier"], "{name}");
        golden::check(&root().join(format!("tests/reports/known-{name}.yaml")), &new.text)
    }));
}

#[test]
fn deviations_of_one_case_are_about_that_case() {
    let mut report = run("every kind", Basis::Measured, &[("1/x", Verdict::Fail, None)]);
    let mut good = finding("1/x", Verdict::Pass);
    good.case = "rfc7636/1/case/good".into();
    report.findings.push(good);
    let until = "2030-06-30".parse().expect("a date");
    let new = update("p.yaml", &PROVIDER.replace('\n', "\r\n"), &report, until).expect("an update");
    assert_eq!(new.added, ["rfc7636/1/x in rfc7636/1/case/x"]);
    assert!(new.text.contains("\r\n    case: rfc7636/1/case/x\r\n"), "{}", new.text);
    assert!(!new.text.replace("\r\n", "").contains('\n'), "line ends stay");
}

#[test]
fn what_cannot_be_updated_is_refused_with_its_reason() {
    let until = "2030-06-30".parse().expect("a date");
    let flow = format!(
        "{PROVIDER}known: [{{ requirement: rfc7636/9/o, reason: r, source: s, until: 2030-01-01 }}]\n"
    );
    let rows = [
        (
            PROVIDER.replace("every kind", "other"),
            "p.yaml is about other, and the run about every kind",
        ),
        (flow, "the new entries cannot be inserted into p.yaml"),
        ("name: [".to_owned(), "error"),
    ];
    for (source, why) in rows {
        let refusal = update("p.yaml", &source, &every_kind(), until).expect_err(why);
        assert!(refusal.contains(why), "{refusal}");
    }
    // Names from a report that mean harm do not become structure.
    let mut bad = every_kind();
    bad.findings[1].requirement = "a/b/c\nusers: {}".into();
    bad.findings[1].actual = Some("x\nusers: {}".into());
    let new = update("p.yaml", PROVIDER, &bad, until).expect("an update");
    assert!(new.text.contains(r#"requirement: "a/b/c\nusers: {}""#), "{}", new.text);
    assert!(!new.text.contains("\nusers"), "{}", new.text);
}

#[test]
fn the_program_writes_the_provider_file() {
    let folder = folder("deviations");
    let (file, run) = (folder.join("provider.yaml"), folder.join("run.json"));
    std::fs::write(&file, PROVIDER).expect("the folder can be written");
    std::fs::write(&run, json::write(&every_kind())).expect("the folder can be written");
    let line =
        ["deviations", "update", "--provider", text(&file), text(&run), "--until", "2030-06-30"];
    let shown = authgauge(&[&line[..], &["--dry-run"]].concat());
    assert_eq!(std::fs::read_to_string(&file).expect("it is there"), PROVIDER);
    let ended = authgauge(&line);
    assert_eq!((shown.code, ended.code), (Some(0), Some(0)), "{ended:#?}");
    assert_eq!(std::fs::read_to_string(&file).expect("it is there"), shown.stdout);
    assert!(ended.stdout.contains("added: rfc7636/4.6/wrong-verifier\n"), "{}", ended.stdout);
    let again = authgauge(&line);
    assert!(again.stdout.contains("left alone: rfc7636/4.6/wrong-verifier is listed already"));
}

#[test]
fn completions_and_the_manual_name_every_command() {
    let commands = ["run", "report", "compare", "deviations", "load", "list", "stub"];
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ended = authgauge(&["completions", shell]);
        assert_eq!(ended.code, Some(0), "{ended:#?}");
        let missing: Vec<_> =
            commands.iter().filter(|name| !ended.stdout.contains(*name)).collect();
        assert!(missing.is_empty(), "{shell}: {missing:?}");
    }
    let manual = authgauge(&["man"]).stdout;
    assert!(manual.contains(".TH") && manual.contains(r"\-\-baseline"), "{manual:.500}");
    let missing: Vec<_> = commands
        .iter()
        .filter(|name| !manual.contains(&format!(".SH {}\n", name.to_uppercase())))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// One page after the other is what `report` gives; the matrix links to no file that may be gone.
#[test]
fn the_page_of_a_run_is_untouched_by_what_was_observed() {
    let mut with = every_kind();
    with.findings[0].observed = observed(400, Some("invalid_grant"));
    assert_eq!(html::write(&with), html::write(&every_kind()));
}

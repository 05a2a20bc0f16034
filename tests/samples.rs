//! The samples under `reports/samples`: what people see before they run anything.
//!
//! `run.json` is the report of a real run against the stub with three faults and a known deviation.
//! Here such a run is made again and must come to the same verdicts, and the other samples must be
//! what the writers make of `run.json`. `UPDATE_GOLDENS=1` records them all.

mod support;

use std::future::pending;
use std::path::PathBuf;
use std::time::Duration;

use authgauge::harness::{Embedded, STRICT, start_stub};
use authgauge::library::Library;
use authgauge::matrix::matrix;
use authgauge::profile;
use authgauge::provider::Provider;
use authgauge::report::{
    Report, html, json, markdown, matrix_html, matrix_markdown, sarif, standing,
};
use authgauge::run::{self, Settings};
use authgauge::selection::Selection;

use url::Url;

use support::golden;
use support::program::root;

/// Where the stub of the samples seems to listen.
const ISSUER: &str = "http://127.0.0.1:9229";
const FAULTS: [&str; 4] = [
    "ignores_verifier",
    "access_token_survives_revocation",
    "wrong_token_error_codes",
    "success_without_iss",
];
/// The last fault, as somebody who lives with it would write it down.
const KNOWN: &str = "
known:
  - requirement: rfc9207/2/iss-with-code
    reason: the answer to a granted request names no issuer yet
    source: https://www.rfc-editor.org/rfc/rfc9207#section-2
    until: 2099-12-31
";

fn sample(name: &str) -> PathBuf {
    root().join("reports/samples").join(name)
}

fn recorded() -> Report {
    let text = std::fs::read_to_string(sample("run.json")).expect("the sample is there");
    json::read(&text).expect("it is a report")
}

/// What does not change from one run to the next.
fn verdicts(report: &Report) -> Vec<String> {
    let findings = report.findings.iter();
    findings
        .map(|finding| {
            let standing = standing::of(finding).label();
            format!("{standing} {} {} {}", finding.requirement, finding.case, finding.text)
        })
        .collect()
}

#[test]
fn the_samples_are_what_a_run_looks_like() {
    let library = Library::from_folder(&root().join("scenarios")).expect("the scenarios are right");
    let report = made(&library, STRICT, &FAULTS, KNOWN);
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::write(sample("run.json"), json::write(&report)).expect("it can be written");
    }
    let recorded = recorded();
    assert_eq!(
        verdicts(&report),
        verdicts(&recorded),
        "the scenarios have changed; UPDATE_GOLDENS=1 records the samples again"
    );
    golden::conclude([
        golden::check(&sample("run.html"), &html::write(&recorded)),
        golden::check(&sample("run.sarif"), &sarif::write(&recorded)),
        golden::check(&sample("run.md"), &markdown::write(&recorded)),
    ]);
}

/// The runs of the comparison: a dialect, its faults, and the name of the run.
const COMPARED: [(&str, &[&str], &str); 3] = [
    ("strict", &[], "stub"),
    ("cognito", &[], "stub-cognito"),
    ("strict", &["ignores_verifier", "wrong_token_error_codes"], "stub, broken"),
];

#[test]
fn the_sample_of_a_comparison_is_what_runs_look_like() {
    let library = Library::from_folder(&root().join("scenarios")).expect("the scenarios are right");
    let runs = COMPARED.map(|(dialect, faults, name)| {
        let mut report = made(&library, dialect, faults, "");
        report.provider.name = name.into();
        report
    });
    // What is compared does not change from one run to the next, and transcripts are not part of it.
    let matrix = matrix(&runs);
    golden::conclude([
        golden::check(&sample("compare.html"), &matrix_html::write(&matrix)),
        golden::check(&sample("compare.md"), &matrix_markdown::write(&matrix)),
    ]);
}

/// A run, as if it had always happened at the same time and place.
fn made(library: &Library, dialect: &str, faults: &[&str], known: &str) -> Report {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (report, base) = runtime.block_on(async {
        let faults: Vec<String> = faults.iter().map(|&fault| fault.to_owned()).collect();
        let embedded = start_stub(library, dialect, &faults).await.expect("the stub starts");
        let Embedded { stub, provider, transport } = &embedded;
        let file = library.providers.get(&provider.name).expect("its provider file");
        let text = [&file.text, known].concat();
        let provider =
            &Provider::parse(&file.path, &text, Some(&stub.issuer())).expect("it is right");
        let selectors = ["rfc7636", "rfc7009", "rfc9207", "rfc8252"].map(str::to_owned);
        let settings = Settings {
            selection: Selection::parse(&selectors).expect("selectors"),
            profile: profile::choose(library, None, provider).expect("there is a default"),
            max_wait: Duration::from_secs(1),
            ..Settings::default()
        };
        let report = run::run(library, provider, transport, &settings, |_, _| {}, pending()).await;
        let base = Url::parse(&stub.issuer()).expect("an address").origin().ascii_serialization();
        (report.expect("a report"), base)
    });
    let text = json::write(&report).replace(base.as_str(), ISSUER).replace(&report.run, "sample");
    // The scenarios were read from this checkout; a reader has another.
    let text = text.replace(&format!("{}/", root().display()), "");
    let mut report = json::read(&text).expect("a report");
    report.started = "2026-01-02T03:04:05.000Z".into();
    report.elapsed_ms = 900;
    report
}

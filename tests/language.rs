//! The ten hardest rows of the catalogue: the scenario language must say each of them well.
//!
//! Those the embedded stub can answer are run against it; the others must apply to nothing there
//! and say why.

use std::future::pending;
use std::path::Path;

use authgauge::finding::Verdict;
use authgauge::harness::{Embedded, start_stub};
use authgauge::library::Library;
use authgauge::run::{self, Settings};

/// What the strict stub does not offer, so that the row cannot be run there.
const NOT_OFFERED: [(&str, &str); 4] = [
    ("trial/2/pushed-pkce", "needs pushed_authorization_requests"),
    ("trial/3/dpop-proof", "needs dpop"),
    ("trial/4/assertion-audience", "needs signing_client"),
    ("trial/10/request-object", "needs request_object"),
];

#[tokio::test]
async fn the_ten_hardest_rows_can_be_said() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/language");
    let library = Library::from_folder(&folder).expect("the trial scenarios are well-formed");
    assert_eq!(library.scenarios.len(), 10);
    let Embedded { stub: _stub, provider, transport } =
        start_stub(&library, "strict", &[]).await.expect("the stub starts");
    let settings = Settings::default();
    let report = run::run(&library, &provider, &transport, &settings, |_, _| {}, pending()).await;
    for finding in report.expect("the stub can be reached").findings {
        let case = finding.case.as_str();
        match NOT_OFFERED.iter().find(|(id, _)| *id == case) {
            Some((_, reason)) => {
                assert_eq!(finding.verdict, Verdict::NotApplicable, "{finding:#?}");
                let why = finding.why.unwrap_or_default();
                assert!(why.starts_with(reason), "{case}: {why}");
            }
            None => assert_eq!(finding.verdict, Verdict::Pass, "{finding:#?}"),
        }
    }
}

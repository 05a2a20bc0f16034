//! The pages of load runs and capacity searches.

mod support;

use authgauge::load::capacity::Capacity;
use authgauge::load::summary::Summary;
use authgauge::report::{capacity_html, load_html};

use support::golden;
use support::measurements::{capacity, load};
use support::program::root;
use support::reports::HOSTILE;

#[test]
fn pages_are_as_they_were() {
    let file = |name: &str| root().join("reports/samples").join(name);
    let (first, second) = (load("first"), load("second"));
    golden::conclude([
        golden::check(&file("load.html"), &load_html::write(std::slice::from_ref(&first))),
        golden::check(&file("load-compared.html"), &load_html::write(&[first, second])),
        golden::check(&file("capacity.html"), &capacity_html::write(&[capacity()])),
    ]);
}

/// An invalid measurement has no latency, so that its page has none either.
#[test]
fn an_invalid_measurement_has_no_latency_to_show() {
    let mut run = load("first");
    run.valid = false;
    run.exit_code = 5;
    run.invalid_because = vec!["the pacer was 52.90 ms late".into()];
    for step in &mut run.steps {
        (step.response_ms, step.service_ms, step.wait_ms) = (None, None, None);
        step.distribution.clear();
    }
    for second in &mut run.seconds {
        (second.p50_ms, second.p99_ms) = (None, None);
    }
    let page = load_html::write(&[run]);
    assert!(
        page.contains("limited by the generator") && page.contains("the pacer was 52.90 ms late")
    );
    assert!(!page.contains("latency by percentile") && !page.contains("Latency over time"));
}

/// Nothing that a provider or a file says becomes markup.
#[test]
fn hostile_text_stays_text() {
    let mut run: Summary = load("second");
    (run.provider, run.title, run.issuer) = (HOSTILE.into(), HOSTILE.into(), HOSTILE.into());
    run.steps[0].reasons[0].reason = HOSTILE.repeat(60);
    run.steps[0].name = HOSTILE.into();
    run.stopped = Some(HOSTILE.into());
    let mut found: Capacity = capacity();
    (found.provider, found.searches[0].why) = (HOSTILE.into(), HOSTILE.into());
    found.searches[0].objectives[0].operation = HOSTILE.into();
    for page in [load_html::write(&[run]), capacity_html::write(&[found])] {
        assert!(
            !page.contains("<script") && !page.contains('\u{1b}') && !page.contains('\u{202e}')
        );
        assert!(page.contains("&lt;script&gt;"));
        assert!(
            page.contains("default-src &#x27;none&#x27;") || page.contains("default-src 'none'")
        );
    }
}

#[test]
fn what_is_no_measurement_is_refused() {
    let other = serde_json::to_string(&capacity()).expect("JSON");
    assert!(load_html::read(&other).is_err() && capacity_html::read("{}").is_err());
    let text = serde_json::to_string(&load("first")).expect("JSON");
    assert!(load_html::read(&text.replace("load/v1", "load/v9")).is_err());
}

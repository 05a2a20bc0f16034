//! The report as JUnit XML, for the continuous integration systems that read it.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};

use super::words::{reason, sections, visible};
use super::{Report, terminal};
use crate::finding::{Finding, Verdict};

/// The report as a JUnit document: a suite for each section, a test case for each finding.
///
/// # Errors
/// When the document cannot be written as XML.
pub fn write(report: &Report) -> Result<String, String> {
    let mut document = Document::new(format!("authgauge {}", visible(&report.provider.name)));
    document.set_time(Duration::from_millis(report.elapsed_ms));
    for (section, findings) in sections(&report.findings) {
        let mut suite = TestSuite::new(section);
        suite.add_test_cases(findings.into_iter().map(|finding| case(finding, report.strict)));
        document.add_test_suite(suite);
    }
    if let Some(why) = report.untold() {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(why);
        let mut suite = TestSuite::new("run");
        suite.add_test_case(TestCase::new("complete", status));
        document.add_test_suite(suite);
    }
    document.to_string().map_err(|e| format!("the JUnit report cannot be written: {e}"))
}

fn case(finding: &Finding, strict: bool) -> TestCase {
    let mut case = TestCase::new(visible(&finding.requirement), status(finding, strict));
    case.set_classname(visible(&finding.case));
    if finding.verdict == Verdict::Fail && !finding.breaks_gate(strict) {
        // JUnit has no warnings: what does not fail the run passes, and says so.
        case.set_system_out(terminal::details(finding));
    }
    case
}

fn status(finding: &Finding, strict: bool) -> TestCaseStatus {
    let message = visible(&reason(finding));
    let told = |mut status: TestCaseStatus| {
        status.set_message(message.clone()).set_description(terminal::details(finding));
        status
    };
    if finding.breaks_gate(strict) {
        return told(TestCaseStatus::non_success(NonSuccessKind::Failure));
    }
    match finding.verdict {
        _ if finding.value.is_some() => unjudged(message),
        Verdict::Inconclusive => told(TestCaseStatus::non_success(NonSuccessKind::Error)),
        Verdict::NotApplicable => unjudged(message),
        Verdict::Pass | Verdict::Fail => TestCaseStatus::success(),
    }
}

/// Neither passed nor failed.
fn unjudged(message: String) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(message);
    status
}

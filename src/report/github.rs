//! The report for GitHub Actions: annotations, and the summary of the job.

use super::standing::{self, Standing};
use super::words::{counted, reason, visible, within_bytes};
use super::{Report, markdown};
use crate::finding::Finding;

/// GitHub shows at most so many annotations of a kind for each step.
const MOST: usize = 10;
/// A longer message is cut by GitHub, within a character if it comes to that.
const MESSAGE: usize = 4096;
/// GitHub drops a longer summary as a whole.
const SUMMARY: usize = 1 << 20;

/// Annotations as commands of the workflow, one a line.
pub fn annotations(report: &Report) -> String {
    let error = |finding: &&Finding| finding.breaks_gate(report.strict);
    let warning = |finding: &&Finding| {
        let standing = standing::of(finding);
        !error(finding) && matches!(standing, Standing::Warning | Standing::Inconclusive)
    };
    let errors: Vec<&Finding> = report.findings.iter().filter(error).collect();
    let warnings: Vec<&Finding> = report.findings.iter().filter(warning).collect();
    kind("error", &errors) + &kind("warning", &warnings) + &untold(report)
}

fn kind(command: &str, findings: &[&Finding]) -> String {
    let shown = if findings.len() > MOST { MOST - 1 } else { findings.len() };
    let mut text: String =
        findings[..shown].iter().map(|finding| annotation(command, finding)).collect();
    if findings.len() > shown {
        let rest = counted(findings.len() - shown, "more finding");
        text += &format!("::{command} title=authgauge::{rest}: see the summary of the job\n");
    }
    text
}

fn annotation(command: &str, finding: &Finding) -> String {
    let title = format!("{} {}", standing::of(finding).label(), finding.requirement);
    let spec = &finding.spec;
    let message =
        format!("{}: {} ({} §{})", finding.title, reason(finding), spec.document, spec.section);
    format!(
        "::{command} file={},line={},title={}::{}\n",
        property(&finding.file),
        finding.line.max(1),
        property(&title),
        data(&within_bytes(&visible(&message), MESSAGE)),
    )
}

/// A notice, because the ten errors may be there already.
fn untold(report: &Report) -> String {
    report.untold().map_or_else(String::new, |why| {
        format!("::notice title=authgauge::{}\n", data(&within_bytes(&visible(&why), MESSAGE)))
    })
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(&visible(text)).replace(':', "%3A").replace(',', "%2C")
}

/// The summary of the job, as Markdown that GitHub takes.
pub fn summary(report: &Report) -> String {
    markdown::within(report, SUMMARY)
}

//! The report as Markdown, for a merge request or a job summary.
//!
//! What a provider sent stands in code, with a fence longer than any in it, so that it can neither
//! be markup nor mention anybody.

use super::standing::{self, Standing};
use super::words::{advice, counted, reason, visible, visible_lines};
use super::{Report, replay};
use crate::exit;
use crate::finding::Finding;

/// The report as Markdown.
pub fn write(report: &Report) -> String {
    within(report, usize::MAX)
}

/// The report as Markdown of at most so many bytes: findings that do not fit are counted.
pub fn within(report: &Report, most: usize) -> String {
    const ROOM_FOR_THE_REST: usize = 200;
    let mut text = head(report);
    let mut blocks = blocks(report).peekable();
    while let Some(block) =
        blocks.next_if(|block| text.len() + block.len() <= most.saturating_sub(ROOM_FOR_THE_REST))
    {
        text += &block;
    }
    let left = blocks.filter(|block| block.starts_with("<details>")).count();
    if left > 0 {
        text += &format!(
            "\n{} more do not fit here; the other reports have them.\n",
            counted(left, "finding")
        );
    }
    text
}

/// The parts behind the head, each of which can be left out with all that follow.
fn blocks(report: &Report) -> impl Iterator<Item = String> {
    const PARTS: [(&str, &[Standing]); 4] = [
        ("What must be fixed", &[Standing::Fail, Standing::Expired, Standing::Stale]),
        ("What could not be told", &[Standing::Inconclusive]),
        ("Warnings", &[Standing::Warning]),
        ("Known deviations", &[Standing::Known]),
    ];
    PARTS.iter().flat_map(|(title, standings)| {
        let own = |finding: &&Finding| standings.contains(&standing::of(finding));
        let findings: Vec<String> = report.findings.iter().filter(own).map(block).collect();
        let title = (!findings.is_empty()).then(|| format!("\n## {title}\n\n"));
        title.into_iter().chain(findings).collect::<Vec<_>>()
    })
}

fn head(report: &Report) -> String {
    let totals = report.totals;
    let counts = [
        ("Passed", totals.pass),
        ("Failed", totals.fail),
        ("Stale or expired", totals.stale),
        ("Not told", totals.inconclusive),
        ("Warnings", totals.warning),
        ("Known", totals.known),
        ("Recorded", totals.recorded),
        ("Not applicable", totals.not_applicable),
    ];
    let row = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let table = row(counts.iter().map(|(name, _)| (*name).to_owned()).collect())
        + &row(counts.iter().map(|_| "---:".to_owned()).collect())
        + &row(counts.iter().map(|(_, count)| count.to_string()).collect());
    let verdict = match report.exit_code {
        exit::CONFORMS => "conforms",
        exit::VIOLATION => "does not conform",
        _ => "could not be told",
    };
    let untold = report.untold().map(|why| format!("\n{}\n", plain(&why))).unwrap_or_default();
    format!(
        "# authgauge: {} {verdict}\n\nIssuer {}, profile {}, {}, {:.1} s, exit code {}\n{untold}\n{table}",
        code(&report.provider.name),
        code(&report.provider.issuer),
        code(&report.profile),
        plain(&report.started),
        std::time::Duration::from_millis(report.elapsed_ms).as_secs_f64(),
        report.exit_code,
    )
}

fn block(finding: &Finding) -> String {
    let spec = &finding.spec;
    let section = plain(&format!("{} §{}", spec.document, spec.section));
    let link = match super::link(&spec.url) {
        Some(url) => format!("[{section}]({})", url.replace(')', "%29")),
        None => section,
    };
    let mut text = format!(
        "<details>\n<summary><b>{}</b> {} <code>{}</code></summary>\n\n",
        standing::of(finding).label(),
        html(&finding.title),
        html(&finding.case),
    );
    text += &format!("{} {}: {}\n\n", finding.level, link, plain(&finding.text));
    let sent = finding.exchanges.first().map(replay::sent);
    let told = [
        ("Sent", &sent),
        ("Expected", &finding.expected),
        ("Got", &finding.actual),
        ("Why", &finding.why),
    ];
    for (name, value) in told {
        if let Some(value) = value {
            text += &format!("- {name}: {}\n", code(value));
        }
    }
    if let Some(known) = &finding.known {
        let source = code(&known.source);
        let (until, reason) = (plain(&known.until), plain(&known.reason));
        text += &format!("- Known until {until}: {reason} ({source}); {}\n", advice(known.state));
    } else if told.iter().all(|(_, value)| value.is_none()) {
        text += &format!("- {}\n", code(&reason(finding)));
    }
    text += &format!("- Scenario: {}\n", code(&format!("{}:{}", finding.file, finding.line)));
    text + &evidence(finding) + "\n</details>\n"
}

/// The command and the last exchange; the JSON report has them all.
fn evidence(finding: &Finding) -> String {
    let mut text = String::new();
    if let Some(command) = finding.exchanges.first().and_then(replay::curl) {
        text += &format!("\n{}", fenced("sh", &command));
    }
    if let Some(last) = finding.exchanges.last() {
        let exchange = format!("{}\n\n{}", last.request, last.response);
        text += &format!("\n{}", fenced("http", &visible_lines(&exchange)));
    }
    text
}

fn fence(text: &str, least: usize) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(least.max(longest + 1))
}

fn fenced(language: &str, text: &str) -> String {
    let fence = fence(text, 3);
    format!("{fence}{language}\n{text}\n{fence}\n")
}

pub(super) fn code(text: &str) -> String {
    let text = visible(text);
    let fence = fence(&text, 1);
    if text.contains('`') { format!("{fence} {text} {fence}") } else { format!("`{text}`") }
}

/// Text in which nothing is markup. The comment keeps a name from being a mention, which a backslash
/// does not.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::new();
    for c in visible(text).chars() {
        match c {
            '`' => plain += "&#96;",
            '@' => plain += "@<!-- -->",
            '<' | '>' | '&' | '\\' | '*' | '[' | ']' | '|' | '~' | '!' | '#' | '$' => {
                plain.push('\\');
                plain.push(c);
            }
            // An underscore within a word is a letter like any other.
            c => plain.push(c),
        }
    }
    plain
}

fn html(text: &str) -> String {
    visible(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('@', "@<!-- -->")
}

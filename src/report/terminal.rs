//! The report as text for people: grouped by section, with the exchange behind each failure.

use super::{Report, Totals};
use crate::exit;
use crate::finding::{Evidence, Finding, Known, KnownState, Verdict};
use crate::spec::Severity;

/// The report as text; `colored` for a terminal.
pub fn write(report: &Report, colored: bool) -> String {
    let paint = Paint { colored };
    let mut text = head(report, &paint);
    for (section, findings) in sections(&report.findings) {
        text += &format!("\n{}\n", paint.bold(&section));
        text.extend(findings.iter().map(|finding| line(finding, &paint)));
    }
    let bad = report.findings.iter().filter(|finding| wants_details(finding));
    text.extend(bad.map(|finding| format!("\n{}", headed(finding, &paint))));
    text + &summary(report, &paint)
}

fn head(report: &Report, paint: &Paint) -> String {
    let (name, issuer) = (visible(&report.provider.name), visible(&report.provider.issuer));
    let line = format!("{name} {issuer}, profile {}, run {}", report.profile, report.run);
    paint.tone(Tone::Dim, &line) + "\n"
}

/// Findings by section of their specification, in the order in which the sections first appear.
pub fn sections(findings: &[Finding]) -> Vec<(String, Vec<&Finding>)> {
    let mut sections: Vec<(String, Vec<&Finding>)> = Vec::new();
    for finding in findings {
        let name = format!("{} §{}", finding.spec.document, finding.spec.section);
        match sections.iter_mut().find(|(known, _)| *known == name) {
            Some((_, own)) => own.push(finding),
            None => sections.push((name, vec![finding])),
        }
    }
    sections.sort_by_key(|a| section_key(&a.0));
    sections
}

/// Documents by name, sections by number: §4.6 before §4.10.
fn section_key(name: &str) -> (String, Vec<u32>) {
    let (document, section) = name.split_once(" §").unwrap_or((name, ""));
    (document.to_owned(), section.split('.').map_while(|part| part.parse().ok()).collect())
}

/// Why a finding is as it is, in one line.
pub fn reason(finding: &Finding) -> String {
    match (&finding.known, &finding.expected, &finding.actual) {
        (Some(known), ..) => standing(known),
        (None, Some(expected), Some(actual)) => {
            format!("expected that {expected}, but got {actual}")
        }
        _ => finding.why.clone().unwrap_or_default(),
    }
}

/// A known deviation, and what is to be done about it.
fn standing(known: &Known) -> String {
    let advice = match known.state {
        KnownState::Observed => "accepted",
        KnownState::Stale => "not observed any more: remove it from the provider file",
        KnownState::Expired => "its last day is over: fix the provider or review the entry",
    };
    format!("{} (until {}): {advice}", known.reason, known.until)
}

/// A finding with everything that is known about it.
pub fn details(finding: &Finding) -> String {
    headed(finding, &Paint { colored: false })
}

fn wants_details(finding: &Finding) -> bool {
    let known = finding.known.as_ref().map(|known| known.state);
    match known {
        Some(KnownState::Observed) => false,
        Some(_) => true,
        None => matches!(finding.verdict, Verdict::Fail | Verdict::Inconclusive),
    }
}

fn label(finding: &Finding) -> (&'static str, Tone) {
    match (finding.known.as_ref().map(|known| known.state), finding.verdict) {
        (Some(KnownState::Observed), _) => ("known", Tone::Yellow),
        (Some(KnownState::Stale), _) => ("STALE", Tone::Red),
        (Some(KnownState::Expired), _) => ("EXPIRED", Tone::Red),
        (None, Verdict::Pass) => ("pass", Tone::Green),
        (None, Verdict::NotApplicable) => ("n/a", Tone::Dim),
        (None, Verdict::Inconclusive) => ("UNKNOWN", Tone::Magenta),
        (None, Verdict::Fail) if finding.severity == Severity::Failure => ("FAIL", Tone::Red),
        (None, Verdict::Fail) => ("warn", Tone::Yellow),
    }
}

fn line(finding: &Finding, paint: &Paint) -> String {
    let (word, tone) = label(finding);
    let row = finding.case.rsplit('/').next().unwrap_or_default();
    let slug = finding.requirement.rsplit('/').next().unwrap_or_default();
    let case = if row == slug { String::new() } else { format!(" · {row}") };
    let catalogue = finding.catalogue.as_deref().unwrap_or_default();
    let note = match (finding.verdict, &finding.known) {
        (_, Some(known)) => format!("  {}", known.reason),
        (Verdict::NotApplicable, None) => format!("  {}", finding.why.as_deref().unwrap_or("")),
        _ => String::new(),
    };
    let word = paint.tone(tone, &format!("{word:7}"));
    let note = clipped(&note, 240);
    format!("  {word} {catalogue:8} {slug}{case}{}\n", paint.tone(Tone::Dim, &note))
}

fn headed(finding: &Finding, paint: &Paint) -> String {
    let (word, tone) = label(finding);
    let catalogue = finding.catalogue.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
    let mut text =
        format!("{} {}{catalogue}\n", paint.tone(tone, word), paint.bold(&finding.requirement));
    let spec = &finding.spec;
    let mut field = |name: &str, value: &str| {
        let lines: Vec<String> = value.lines().map(|line| clipped(line, 800)).collect();
        let indented = lines.join("\n            ");
        text += &format!("  {name:9} {indented}\n");
    };
    field("case", &finding.case);
    field(
        "says",
        &format!("{} {} §{}: {}", finding.level, spec.document, spec.section, finding.text),
    );
    let told = [("expected", &finding.expected), ("got", &finding.actual), ("why", &finding.why)];
    for (name, value) in told {
        if let Some(value) = value {
            field(name, value);
        }
    }
    if let Some(known) = &finding.known {
        field("known", &standing(known));
    }
    field("see", &spec.url);
    field("scenario", &format!("{}:{}", finding.file, finding.line));
    text + &transcript(&finding.exchanges, paint)
}

/// The last exchanges: the earlier ones only led there, and the JSON report has them all.
fn transcript(exchanges: &[Evidence], paint: &Paint) -> String {
    const SHOWN: usize = 2;
    let first = exchanges.len().saturating_sub(SHOWN);
    let mut text = String::new();
    if first > 0 {
        text += &paint.tone(Tone::Dim, &format!("  … {first} exchange(s) before\n"));
    }
    for exchange in &exchanges[first..] {
        text += &prefixed("  > ", &exchange.request);
        text += &prefixed("  < ", &exchange.response);
    }
    text
}

fn prefixed(prefix: &str, block: &str) -> String {
    const LINES: usize = 24;
    let mut text = String::new();
    for line in block.lines().take(LINES) {
        text += &format!("{prefix}{}\n", clipped(line, 240));
    }
    if block.lines().count() > LINES {
        text += &format!("{prefix}…\n");
    }
    text
}

/// A line without what could steer the reader's terminal, and not too long.
fn clipped(line: &str, most: usize) -> String {
    let mut text: String = visible(line).chars().take(most).collect();
    if line.chars().count() > most {
        text.push('…');
    }
    text
}

/// Text of one line in which everything can be seen: a provider's words may hold escape sequences,
/// or marks that turn the direction of writing.
pub fn visible(text: &str) -> String {
    text.chars().map(|c| if hides(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

fn hides(c: char) -> bool {
    let steers =
        matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}');
    let invisible = matches!(c, '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}');
    (c.is_control() && c != '\t') || steers || invisible
}

fn summary(report: &Report, paint: &Paint) -> String {
    let Totals { pass, fail, warning, known, stale, inconclusive, not_applicable, .. } =
        report.totals;
    let counts = [
        (pass, "pass", Tone::Green),
        (fail, "fail", Tone::Red),
        (stale, "stale", Tone::Red),
        (inconclusive, "unknown", Tone::Magenta),
        (warning, "warn", Tone::Yellow),
        (known, "known", Tone::Yellow),
        (not_applicable, "n/a", Tone::Dim),
    ];
    let shown = counts.iter().filter(|(count, name, _)| *count > 0 || *name == "fail");
    let shown: Vec<String> =
        shown.map(|(count, name, tone)| paint.tone(*tone, &format!("{count} {name}"))).collect();
    let (verdict, tone) = match report.exit_code {
        exit::CONFORMS => ("conforms", Tone::Green),
        exit::VIOLATION => ("violates", Tone::Red),
        _ => ("could not be told", Tone::Magenta),
    };
    let interrupted =
        report.interrupted.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
    let throttled = match report.throttled {
        0 => String::new(),
        times => format!("; throttled {times} times"),
    };
    format!(
        "\n{} {} {}{interrupted}: {} in {:.1} s{throttled} (exit code {})\n",
        paint.bold(&visible(&report.provider.name)),
        visible(&report.provider.issuer),
        paint.tone(tone, verdict),
        shown.join(", "),
        std::time::Duration::from_millis(report.elapsed_ms).as_secs_f64(),
        report.exit_code,
    )
}

#[derive(Debug, Clone, Copy)]
enum Tone {
    Dim,
    Green,
    Magenta,
    Red,
    Yellow,
}

struct Paint {
    colored: bool,
}

impl Paint {
    fn tone(&self, tone: Tone, text: &str) -> String {
        self.wrap(
            match tone {
                Tone::Dim => "2",
                Tone::Green => "32",
                Tone::Magenta => "35",
                Tone::Red => "31",
                Tone::Yellow => "33",
            },
            text,
        )
    }

    fn bold(&self, text: &str) -> String {
        self.wrap("1", text)
    }

    fn wrap(&self, code: &str, text: &str) -> String {
        if self.colored && !text.is_empty() {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.into()
        }
    }
}

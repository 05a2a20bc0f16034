//! What all writers say in the same words: why a finding is as it is, and text made safe to show.

use crate::finding::{Finding, Known, KnownState};

/// Findings by section of their specification: documents by name, sections by number.
pub fn sections<'a>(
    findings: impl IntoIterator<Item = &'a Finding>,
) -> Vec<(String, Vec<&'a Finding>)> {
    let mut sections: Vec<(String, Vec<&Finding>)> = Vec::new();
    for finding in findings {
        let name = visible(&format!("{} §{}", finding.spec.document, finding.spec.section));
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
    if let Some(value) = &finding.value {
        return format!("recorded: {value}");
    }
    match (&finding.known, &finding.expected, &finding.actual) {
        (Some(known), ..) => acceptance(known),
        (None, Some(expected), Some(actual)) => {
            format!("expected that {expected}, but got {actual}")
        }
        _ => finding.why.clone().unwrap_or_default(),
    }
}

/// A known deviation, and what is to be done about it.
pub fn acceptance(known: &Known) -> String {
    format!("{} (until {}): {}", known.reason, known.until, advice(known.state))
}

/// What is to be done about a known deviation.
pub fn advice(state: KnownState) -> &'static str {
    match state {
        KnownState::Observed => "accepted",
        KnownState::Stale => "not observed any more: remove it from the provider file",
        KnownState::Expired => "its last day is over: fix the provider or review the entry",
    }
}

/// Text of one line in which everything can be seen: a provider's words may hold escape sequences,
/// or marks that turn the direction of writing.
pub fn visible(text: &str) -> String {
    text.chars().map(|c| if hides(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Text of several lines in which everything can be seen.
pub fn visible_lines(text: &str) -> String {
    text.lines().map(visible).collect::<Vec<_>>().join("\n")
}

/// Whether a character steers what shows it, or cannot be seen.
pub fn hides(c: char) -> bool {
    let steers =
        matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}');
    let invisible = matches!(c, '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}');
    (c.is_control() && c != '\t') || steers || invisible
}

/// A line without what could steer its reader, of at most so many characters.
pub fn clipped(line: &str, most: usize) -> String {
    let mut text: String = visible(line).chars().take(most).collect();
    if line.chars().count() > most {
        text.push('…');
    }
    text
}

/// The beginning of text that fits into so many bytes, cut between two characters.
pub fn within_bytes(text: &str, most: usize) -> String {
    const MARK: &str = "…";
    if text.len() <= most {
        return text.to_owned();
    }
    let room = most.saturating_sub(MARK.len());
    let end = (0..=room).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}{MARK}", &text[..end])
}

/// `1 case`, `2 cases`.
pub fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

//! New known deviations, written into a provider file by inserting text: nothing that is there is
//! written again, so that comments and order stay.

use chrono::NaiveDate;

use crate::deviation::covers;
use crate::finding::{Finding, Verdict};
use crate::provider_file::{KnownDeviation, ProviderFile};
use crate::report::Report;
use crate::report::standing::{self, Standing};
use crate::report::words::{clipped, reason};
use crate::yaml;

/// What became of a provider file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// The file with the new entries.
    pub text: String,
    /// What was added: requirements, or requirements with a case.
    pub added: Vec<String>,
    /// Requirements that fail the run although they are listed: expired or stale.
    pub listed: Vec<String>,
}

/// An entry to be added.
struct Entry<'a> {
    /// The finding that it is made from.
    finding: &'a Finding,
    /// Whether it is about this case only: others of the requirement pass.
    one_case: bool,
}

/// Adds what a run found broken to the known deviations of a provider file.
///
/// # Errors
/// Says why the file cannot be taken apart, or that the run is about another provider.
pub fn update(
    file: &str,
    source: &str,
    report: &Report,
    until: NaiveDate,
) -> Result<Update, String> {
    let written: ProviderFile = yaml::parse(file, source).map_err(|error| error.to_string())?;
    if written.name != report.provider.name {
        let other = clipped(&report.provider.name, 80);
        return Err(format!("{file} is about {}, and the run about {other}", written.name));
    }
    let entries = entries(report, &written.known);
    let text = insert(source, &entries, until);
    let expected = written.known.len() + entries.len();
    let right =
        yaml::parse::<ProviderFile>(file, &text).is_ok_and(|new| new.known.len() == expected);
    if !right {
        return Err(format!(
            "the new entries cannot be inserted into {file}: write `known:` as a block at the end, one `- ` for each entry"
        ));
    }
    let mut listed: Vec<String> = report
        .findings
        .iter()
        .filter(|finding| is_listed(finding, &written.known) && finding.breaks_gate(report.strict))
        .map(|finding| finding.requirement.clone())
        .collect();
    listed.sort();
    listed.dedup();
    Ok(Update { text, added: entries.iter().map(name).collect(), listed })
}

fn is_listed(finding: &Finding, known: &[KnownDeviation]) -> bool {
    known.iter().any(|entry| covers(entry, finding))
}

/// One entry for a requirement that fails in every case in which it could be told, or else one for
/// each case that fails.
fn entries<'a>(report: &'a Report, known: &[KnownDeviation]) -> Vec<Entry<'a>> {
    let mut entries: Vec<Entry<'a>> = Vec::new();
    let broken = report.findings.iter().filter(|finding| {
        let fails = match standing::of(finding) {
            Standing::Fail => true,
            Standing::Warning => finding.breaks_gate(report.strict),
            _ => false,
        };
        fails && !is_listed(finding, known)
    });
    for finding in broken {
        let same = |other: &&Finding| other.requirement == finding.requirement;
        let mut own = report.findings.iter().filter(same);
        let one_case = own.any(|other| other.verdict == Verdict::Pass || is_listed(other, known));
        let there = entries.iter().any(|entry| same(&entry.finding));
        if one_case || !there {
            entries.push(Entry { finding, one_case });
        }
    }
    entries
}

fn name(entry: &Entry<'_>) -> String {
    let Finding { requirement, case, .. } = entry.finding;
    let name =
        if entry.one_case { format!("{requirement} in {case}") } else { requirement.clone() };
    clipped(&name, 240)
}

/// The file with the entries at the end of its list.
fn insert(source: &str, entries: &[Entry<'_>], until: NaiveDate) -> String {
    if entries.is_empty() {
        return source.to_owned();
    }
    let end = if source.contains("\r\n") { "\r\n" } else { "\n" };
    let mut lines: Vec<String> = source.lines().map(str::to_owned).collect();
    let key = lines.iter().position(|line| line.starts_with("known:"));
    let key = key.unwrap_or_else(|| {
        lines.push("known:".into());
        lines.len() - 1
    });
    // An empty list in brackets becomes a block; a comment behind it stays.
    lines[key] = lines[key].replacen(" []", "", 1);
    let (at, indent) = place(&lines, key);
    let new = entries.iter().flat_map(|entry| written(entry, until));
    let new: Vec<String> = new.map(|line| format!("{indent}{line}")).collect();
    lines.splice(at..at, new);
    lines.join(end) + end
}

/// Behind the last item of the list under a key, and how far its items are indented.
fn place(lines: &[String], key: usize) -> (usize, String) {
    let below = || lines.iter().enumerate().skip(key + 1);
    let inside = |line: &str| {
        let item = line.starts_with("- ") || line == "-";
        line.is_empty() || item || line.starts_with([' ', '\t', '#'])
    };
    let end = below().find(|(_, line)| !inside(line)).map_or(lines.len(), |(at, _)| at);
    let filled = |line: &str| !line.trim().is_empty() && !line.starts_with('#');
    let last = below().take_while(|(at, _)| *at < end).filter(|(_, line)| filled(line)).last();
    let first =
        below().take_while(|(at, _)| *at < end).find(|(_, l)| l.trim_start().starts_with('-'));
    let indent = first.map_or_else(
        || "  ".to_owned(),
        |(_, line)| line[..line.len() - line.trim_start().len()].to_owned(),
    );
    (last.map_or(key + 1, |(at, _)| at + 1), indent)
}

fn written(entry: &Entry<'_>, until: NaiveDate) -> Vec<String> {
    let finding = entry.finding;
    let mut lines = vec![
        format!("- requirement: {}", scalar(&finding.requirement)),
        format!("  # Found: {}", clipped(&reason(finding), 240).trim_end()),
        "  reason: fill in why this is accepted".into(),
        format!("  source: {}", scalar(&finding.spec.url)),
        format!("  until: {until}"),
    ];
    if entry.one_case {
        lines.insert(1, format!("  case: {}", scalar(&finding.case)));
    }
    lines
}

/// Text as YAML: plain where nothing in it can mean anything, quoted as JSON has it elsewhere.
fn scalar(text: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    let word = text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.contains('/');
    let address = text
        .strip_prefix("https://")
        .is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| harmless(c) || c == '#'));
    if address || (word && text.chars().all(harmless)) {
        return text.to_owned();
    }
    serde_json::Value::from(text).to_string()
}

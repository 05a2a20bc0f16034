//! The report as one HTML page: self-contained, without scripts, legible anywhere.

use std::time::Duration;

use chrono::DateTime;
use serde::Serialize;

use super::standing::{self, Standing};
use super::words::{advice, counted, reason, visible, visible_lines};
use super::{Report, link, render, replay};
use crate::exit;
use crate::finding::{Evidence, Finding};

mod documents;

use documents::{Document, documents};

/// The most bytes that all transcripts may take; behind it, pages say that one is left out.
const TRANSCRIPTS: usize = 1_000_000;

/// The report as a page.
pub fn write(report: &Report) -> String {
    render::render("run.html", &page(report))
}

#[derive(Serialize)]
struct Page {
    title: String,
    name: String,
    issuer: String,
    version: String,
    facts: Vec<(&'static str, String)>,
    verdict: Headline,
    untold: Option<String>,
    total: usize,
    counts: Vec<Count>,
    parts: Vec<Part>,
    documents: Vec<Document>,
}

/// The verdict in words.
#[derive(Serialize)]
struct Headline {
    kind: &'static str,
    words: &'static str,
    because: String,
}

/// How many findings there are of a kind; a reader can look at these alone.
#[derive(Serialize)]
struct Count {
    kind: &'static str,
    name: &'static str,
    number: usize,
}

/// Findings of some kinds, with everything that is known about them.
#[derive(Serialize)]
struct Part {
    kind: &'static str,
    title: &'static str,
    lead: &'static str,
    /// Whether its findings are shown with everything before the reader asks for it.
    open: bool,
    cards: Vec<Card>,
}

#[derive(Serialize)]
struct Card {
    anchor: usize,
    label: &'static str,
    title: String,
    /// Why the finding is as it is, while everything else is folded away.
    brief: String,
    requirement: String,
    catalogue: Option<String>,
    case: String,
    level: String,
    text: String,
    section: String,
    url: Option<String>,
    told: Vec<(&'static str, String)>,
    known: Option<Acceptance>,
    curl: Option<String>,
    exchanges: Vec<Shown>,
    /// How many exchanges there are; more than are shown when the page would grow too long.
    exchanged: usize,
    place: String,
}

#[derive(Serialize)]
struct Acceptance {
    reason: String,
    source: String,
    url: Option<String>,
    until: String,
    advice: &'static str,
}

#[derive(Serialize)]
struct Shown {
    request: String,
    response: String,
    elapsed_ms: u64,
}

/// The kinds that the page tells apart, each with the standings that it takes in.
const KINDS: [(&str, &str, &[Standing]); 7] = [
    ("fail", "must be fixed", &[Standing::Fail, Standing::Expired, Standing::Stale]),
    ("unknown", "not told", &[Standing::Inconclusive]),
    ("warn", "warned", &[Standing::Warning]),
    ("known", "known", &[Standing::Known]),
    ("pass", "passed", &[Standing::Pass]),
    ("info", "recorded", &[Standing::Recorded]),
    ("na", "not applicable", &[Standing::NotApplicable]),
];

/// The kinds whose findings are shown with everything, and what a reader is to know about them.
const PARTS: [(&str, &str, &str); 4] = [
    (
        "fail",
        "What must be fixed",
        "The specification demands this and the provider does otherwise, or a known deviation needs attention. The run fails until it is settled.",
    ),
    (
        "unknown",
        "What could not be told",
        "Something came in between, so there is no verdict. That is never counted as passed.",
    ),
    ("warn", "Warnings", "Recommended, or wrong without harm. Fails the run only under --strict."),
    (
        "known",
        "Known deviations",
        "The provider file lists these with a reason and a last day. They were observed, and accepted for now.",
    ),
];

fn kind(finding: &Finding) -> &'static str {
    tone(standing::of(finding))
}

/// The kind that a standing belongs to: the colour in which it is shown.
pub(super) fn tone(standing: Standing) -> &'static str {
    KINDS.iter().find(|(_, _, own)| own.contains(&standing)).map_or("na", |(kind, ..)| kind)
}

fn page(report: &Report) -> Page {
    let name = visible(&report.provider.name);
    let counts = KINDS.iter().map(|(own, name, _)| Count {
        kind: own,
        name,
        number: report.findings.iter().filter(|finding| kind(finding) == *own).count(),
    });
    Page {
        title: format!("{name}: authgauge report"),
        issuer: visible(&report.provider.issuer),
        version: visible(&report.authgauge),
        facts: facts(report),
        verdict: verdict(report),
        untold: report.untold().map(|why| visible(&why)),
        total: report.findings.len(),
        counts: counts.filter(|count| count.number > 0).collect(),
        parts: parts(&report.findings),
        documents: documents(&report.findings),
        name,
    }
}

fn facts(report: &Report) -> Vec<(&'static str, String)> {
    let started = DateTime::parse_from_rfc3339(&report.started).map_or_else(
        |_| visible(&report.started),
        |time| time.to_utc().format("%-d %B %Y, %H:%M UTC").to_string(),
    );
    let mut facts = vec![
        ("Profile", visible(&report.profile)),
        ("Started", started),
        ("Took", duration(report.elapsed_ms)),
        ("Warnings", if report.strict { "fail the run" } else { "do not fail the run" }.into()),
        ("Exit code", report.exit_code.to_string()),
        ("Run", visible(&report.run)),
    ];
    if report.throttled > 0 {
        facts.push(("Throttled", counted(report.throttled as usize, "time")));
    }
    facts
}

fn duration(milliseconds: u64) -> String {
    let seconds = Duration::from_millis(milliseconds).as_secs_f64();
    if seconds < 60.0 {
        return format!("{seconds:.1} s");
    }
    let whole = milliseconds / 1000;
    format!("{} min {} s", whole / 60, whole % 60)
}

fn verdict(report: &Report) -> Headline {
    let totals = report.totals;
    let known = |text: &str| match totals.known {
        0 => format!("{text}."),
        count => format!("{text}, apart from {}.", counted(count, "known deviation")),
    };
    match report.exit_code {
        exit::CONFORMS => Headline {
            kind: "pass",
            words: "Conforms",
            because: known("Every requirement that applies and could be tested is met"),
        },
        exit::VIOLATION => Headline {
            kind: "fail",
            words: "Does not conform",
            because: format!("{}.", broken(report)),
        },
        _ => Headline {
            kind: "unknown",
            words: "Could not be told",
            because: match totals.inconclusive {
                0 => "Too little was tested for a verdict.".into(),
                count => format!("{} without a verdict.", counted(count, "finding")),
            },
        },
    }
}

fn broken(report: &Report) -> String {
    let broken = report.findings.iter().filter(|finding| finding.breaks_gate(report.strict));
    let findings = counted(broken.count(), "finding");
    format!("{findings} must be settled before the run is green")
}

fn parts(findings: &[Finding]) -> Vec<Part> {
    let mut room = TRANSCRIPTS;
    let numbered = || findings.iter().enumerate();
    let parts = PARTS.iter().map(|(own, title, lead)| Part {
        kind: own,
        title,
        lead,
        open: *own == "fail",
        cards: numbered()
            .filter(|(_, finding)| kind(finding) == *own)
            .map(|(index, finding)| card(index, finding, &mut room))
            .collect(),
    });
    parts.filter(|part| !part.cards.is_empty()).collect()
}

fn card(anchor: usize, finding: &Finding, room: &mut usize) -> Card {
    let first = finding.exchanges.first();
    let sent = first.map(replay::sent_lines);
    let told = [
        ("Sent", &sent),
        ("Expected", &finding.expected),
        ("Got", &finding.actual),
        ("Why", &finding.why),
    ];
    let told =
        told.into_iter().filter_map(|(name, value)| Some((name, visible_lines(value.as_deref()?))));
    let spec = &finding.spec;
    Card {
        anchor,
        label: word(finding),
        title: visible(&finding.title),
        brief: visible(&reason(finding)),
        requirement: visible(&finding.requirement),
        catalogue: finding.catalogue.as_deref().map(visible),
        case: visible(&finding.case),
        level: finding.level.to_string(),
        text: visible(&finding.text),
        section: visible(&format!("{} §{}", spec.document, spec.section)),
        url: link(&spec.url).map(str::to_owned),
        told: told.collect(),
        known: finding.known.as_ref().map(|known| Acceptance {
            reason: visible(&known.reason),
            source: visible(&known.source),
            url: link(&known.source).map(str::to_owned),
            until: visible(&known.until),
            advice: advice(known.state),
        }),
        curl: first.and_then(replay::curl).filter(|command| take(room, command)),
        exchanges: finding.exchanges.iter().map_while(|one| shown(one, room)).collect(),
        exchanged: finding.exchanges.len(),
        place: visible(&format!("{}:{}", finding.file, finding.line)),
    }
}

/// An exchange, while there is room for it.
fn shown(evidence: &Evidence, room: &mut usize) -> Option<Shown> {
    let shown = Shown {
        request: visible_lines(&evidence.request),
        response: visible_lines(&evidence.response),
        elapsed_ms: evidence.elapsed_ms,
    };
    (take(room, &shown.request) && take(room, &shown.response)).then_some(shown)
}

/// Takes what text needs, once escaped, from the room that is left.
fn take(room: &mut usize, text: &str) -> bool {
    const ESCAPED: &str = "<>&\"'/";
    let needs = text.chars().map(|c| if ESCAPED.contains(c) { 6 } else { c.len_utf8() }).sum();
    let left = room.checked_sub(needs);
    *room = left.unwrap_or(*room);
    left.is_some()
}

fn word(finding: &Finding) -> &'static str {
    name(standing::of(finding))
}

/// The word on the badge of a standing.
pub(super) fn name(standing: Standing) -> &'static str {
    match standing {
        Standing::Fail => "fail",
        Standing::Expired => "expired",
        Standing::Stale => "stale",
        Standing::Inconclusive => "unknown",
        other => other.label(),
    }
}

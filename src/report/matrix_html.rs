//! The matrix as one HTML page, in the same style as that of a run, and as free of scripts.

use serde::Serialize;

use super::html::{name, tone};
use super::words::{clipped, counted, visible};
use super::{link, render};
use crate::exit;
use crate::matrix::{self, Cell, Column, Difference, Matrix, Row, Section, brief, counts, names};
use crate::provider_file::Basis;

/// The most bytes that what is behind the cells may take; behind it, a cell shows its first line.
const DETAILS: usize = 1_200_000;

/// The matrix as a page.
pub fn write(matrix: &Matrix) -> String {
    render::render("matrix.html", &page(matrix))
}

#[derive(Serialize)]
struct Page {
    title: String,
    version: &'static str,
    heading: String,
    groups: Vec<Group>,
    runs: Vec<Run>,
    total: usize,
    verdict: usize,
    answer: usize,
    documents: Vec<Document>,
    left_out: usize,
}

/// Neighbouring columns whose answers are evidence of the same.
#[derive(Serialize)]
struct Group {
    name: &'static str,
    width: usize,
    documented: bool,
}

#[derive(Serialize)]
struct Run {
    name: String,
    issuer: String,
    documented: bool,
    /// Whether a group of columns begins here.
    first: bool,
    kind: &'static str,
    verdict: &'static str,
    facts: String,
    interrupted: Option<String>,
    /// Kind, words and number, for the bar.
    shares: Vec<(&'static str, String, usize)>,
}

#[derive(Serialize)]
struct Document {
    name: String,
    anchor: usize,
    differs: usize,
    summary: String,
    sections: Vec<Part>,
}

#[derive(Serialize)]
struct Part {
    name: String,
    url: Option<String>,
    rows: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    text: String,
    meta: String,
    /// `verdict`, `answer` or nothing.
    differs: &'static str,
    cells: Vec<Option<Shown>>,
}

#[derive(Serialize)]
struct Shown {
    kind: &'static str,
    label: &'static str,
    brief: String,
    told: Vec<(String, String)>,
}

fn page(matrix: &Matrix) -> Page {
    let (total, verdict, answer) = counts(matrix);
    let mut room = DETAILS;
    let documents = documents(&matrix.sections, &mut room);
    let runs = matrix.columns.len();
    Page {
        title: format!("{} compared: authgauge", counted(runs, "run")),
        version: env!("CARGO_PKG_VERSION"),
        heading: counted(runs, "run") + " side by side",
        groups: groups(&matrix.columns),
        runs: self::runs(&matrix.columns),
        total,
        verdict,
        answer,
        left_out: left_out(&documents, &matrix.sections),
        documents,
    }
}

fn groups(columns: &[Column]) -> Vec<Group> {
    let groups = [(Basis::Measured, "Measured"), (Basis::Documented, "Documented, not measured")];
    let groups = groups.map(|(basis, name)| Group {
        name,
        width: columns.iter().filter(|column| column.provider.evidence == basis).count(),
        documented: basis == Basis::Documented,
    });
    groups.into_iter().filter(|group| group.width > 0).collect()
}

fn runs(columns: &[Column]) -> Vec<Run> {
    let basis = |at: usize| columns[at].provider.evidence;
    let runs = columns.iter().zip(names(columns)).enumerate().map(|(at, (column, name))| {
        let (kind, verdict) = match column.exit_code {
            exit::CONFORMS => ("pass", "conforms"),
            exit::VIOLATION => ("fail", "does not conform"),
            _ => ("unknown", "could not be told"),
        };
        let day = column.started.get(..10).unwrap_or_default();
        Run {
            name: visible(&name),
            issuer: visible(&column.provider.issuer),
            documented: basis(at) == Basis::Documented,
            first: at > 0 && basis(at) != basis(at - 1),
            kind,
            verdict,
            facts: visible(&format!("profile {} · {day} · {}", column.profile, column.authgauge)),
            interrupted: column.interrupted.as_deref().map(visible),
            shares: shares(column),
        }
    });
    runs.collect()
}

fn shares(column: &Column) -> Vec<(&'static str, String, usize)> {
    let totals = column.totals;
    let shares = [
        ("fail", "to fix", totals.fail + totals.stale),
        ("unknown", "not told", totals.inconclusive),
        ("warn", "warned", totals.warning),
        ("known", "known", totals.known),
        ("pass", "passed", totals.pass),
        ("info", "recorded", totals.recorded),
        ("na", "not applicable", totals.not_applicable),
    ];
    let shares = shares.into_iter().filter(|(.., number)| *number > 0);
    shares.map(|(kind, word, number)| (kind, format!("{number} {word}"), number)).collect()
}

fn documents(sections: &[Section], room: &mut usize) -> Vec<Document> {
    let mut documents: Vec<Document> = Vec::new();
    for section in sections {
        let name = visible(&section.spec.document);
        if documents.last().is_none_or(|last| last.name != name) {
            let anchor = documents.len();
            let (differs, summary) = (0, String::new());
            documents.push(Document { name, anchor, differs, summary, sections: Vec::new() });
        }
        if let Some(document) = documents.last_mut() {
            let differing = section.rows.iter().filter(|row| row.differs == Difference::Verdict);
            document.differs += differing.count();
            document.sections.push(part(section, room));
        }
    }
    for document in &mut documents {
        let checks = document.sections.iter().map(|part| part.rows.len()).sum();
        document.summary = match document.differs {
            0 => format!("{}, the same verdicts everywhere", counted(checks, "check")),
            some => format!("{}, {some} with different verdicts", counted(checks, "check")),
        };
    }
    documents
}

fn part(section: &Section, room: &mut usize) -> Part {
    Part {
        name: visible(&section.spec.section),
        url: link(&section.spec.url).map(str::to_owned),
        rows: section.rows.iter().map(|row| line(row, room)).collect(),
    }
}

fn line(row: &Row, room: &mut usize) -> Line {
    let slug = row.requirement.rsplit('/').next().unwrap_or_default();
    let case = row.case.rsplit('/').next().filter(|case| *case != slug);
    let meta = [Some(row.level.to_string()), Some(slug.into()), case.map(str::to_owned)];
    let meta = meta.into_iter().chain([row.catalogue.clone()]).flatten();
    Line {
        text: visible(&row.text),
        meta: visible(&meta.collect::<Vec<_>>().join(" · ")),
        differs: match row.differs {
            Difference::Nothing => "",
            Difference::Answer => "answer",
            Difference::Verdict => "verdict",
        },
        cells: row.cells.iter().map(|cell| cell.as_ref().map(|cell| shown(cell, room))).collect(),
    }
}

fn shown(cell: &Cell, room: &mut usize) -> Shown {
    let (kind, label) = match &cell.value {
        Some(_) => ("known", "value"),
        None => (tone(cell.standing), name(cell.standing)),
    };
    let told = told(cell);
    let needs: usize = told.iter().map(|(name, value)| name.len() + value.len() + 30).sum();
    let left = room.checked_sub(needs);
    *room = left.unwrap_or(*room);
    Shown {
        kind,
        label,
        brief: clipped(&brief(cell), 60),
        told: if left.is_some() { told } else { Vec::new() },
    }
}

/// What is behind a cell: the answer, the header fields that matter, and the reason.
fn told(cell: &Cell) -> Vec<(String, String)> {
    const MOST: usize = 240;
    let answer = cell.observed.as_ref().map(|seen| ("Answer".to_owned(), seen.summary.clone()));
    let headers = cell.observed.iter().flat_map(|seen| seen.headers.clone());
    let reason = (!cell.reason.is_empty()).then(|| ("Why".to_owned(), cell.reason.clone()));
    let told = answer.into_iter().chain(headers).chain(reason);
    told.map(|(name, value)| (clipped(&name, 40), clipped(&value, MOST))).collect()
}

/// How many cells are without their details, because the page would grow too long.
fn left_out(documents: &[Document], sections: &[matrix::Section]) -> usize {
    let rows = sections.iter().flat_map(|section| &section.rows);
    let full = rows.flat_map(|row| row.cells.iter().flatten());
    let wanted = full.filter(|cell| cell.observed.is_some() || !cell.reason.is_empty()).count();
    let parts = documents.iter().flat_map(|document| &document.sections);
    let cells = parts.flat_map(|part| &part.rows).flat_map(|line| line.cells.iter().flatten());
    wanted - cells.filter(|cell| !cell.told.is_empty()).count()
}

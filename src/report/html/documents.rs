//! The part of the page that has every finding in one line, by specification.

use serde::Serialize;

use super::super::words::{counted, reason, sections, visible};
use super::super::{Totals, link};
use super::{PARTS, kind, word};
use crate::finding::Finding;

/// A specification, with everything that was found about it.
#[derive(Serialize)]
pub struct Document {
    name: String,
    anchor: usize,
    #[serde(skip)]
    totals: Totals,
    /// Passed, failed, not told, warnings, known, not judged: the columns of the overview.
    counts: [usize; 6],
    summary: String,
    sections: Vec<Section>,
}

#[derive(Serialize)]
struct Section {
    name: String,
    url: Option<String>,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    /// The card with the details, if there is one.
    card: Option<usize>,
    kind: &'static str,
    label: &'static str,
    text: String,
    slug: String,
    case: Option<String>,
    catalogue: Option<String>,
    level: String,
    why: Option<String>,
}

/// All findings, by document and section.
pub fn documents(findings: &[Finding]) -> Vec<Document> {
    let mut documents: Vec<Document> = Vec::new();
    for (_, own) in sections(findings) {
        let spec = &own[0].spec;
        let name = visible(&spec.document);
        if documents.last().is_none_or(|last| last.name != name) {
            documents.push(Document {
                name: name.clone(),
                anchor: documents.len(),
                totals: Totals::default(),
                counts: [0; 6],
                summary: String::new(),
                sections: Vec::new(),
            });
        }
        if let Some(document) = documents.last_mut() {
            for finding in &own {
                document.totals.add(finding);
            }
            document.sections.push(Section {
                name: visible(&spec.section),
                url: link(&spec.url).map(str::to_owned),
                rows: own.iter().map(|finding| row(findings, finding)).collect(),
            });
        }
    }
    documents.iter_mut().for_each(sum_up);
    documents
}

fn sum_up(document: &mut Document) {
    let totals = document.totals;
    let Totals { pass, fail, stale, inconclusive, warning, known, recorded, .. } = totals;
    let unjudged = recorded + totals.not_applicable;
    document.counts = [pass, fail + stale, inconclusive, warning, known, unjudged];
    let parts = [
        (fail + stale, "to fix"),
        (inconclusive, "not told"),
        (warning, "warned"),
        (known, "known"),
        (pass, "passed"),
        (recorded, "recorded"),
    ];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> = parts.map(|(count, word)| format!("{count} {word}")).collect();
    let all = counted(totals.findings, "finding");
    document.summary = [vec![all], parts].concat().join(" · ");
}

fn row(findings: &[Finding], finding: &Finding) -> Row {
    let kind = kind(finding);
    let detailed = PARTS.iter().any(|(own, ..)| *own == kind);
    let slug = finding.requirement.rsplit('/').next().unwrap_or_default();
    let case = finding.case.rsplit('/').next().unwrap_or_default();
    Row {
        card: detailed
            .then(|| findings.iter().position(|own| std::ptr::eq(own, finding)))
            .flatten(),
        kind,
        label: word(finding),
        text: visible(&finding.text),
        slug: visible(slug),
        case: (case != slug).then(|| visible(case)),
        catalogue: finding.catalogue.as_deref().map(visible),
        level: finding.level.to_string(),
        why: (!detailed)
            .then(|| reason(finding))
            .filter(|why| !why.is_empty())
            .as_deref()
            .map(visible),
    }
}

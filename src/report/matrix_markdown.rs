//! The matrix as Markdown: the runs, and the checks in which they differ.

use super::link;
use super::markdown::plain;
use super::standing::Standing;
use super::words::{clipped, counted};
use crate::matrix::{Cell, Column, Difference, Matrix, Row, Section, brief, counts, names};
use crate::provider_file::Basis;

/// The matrix as Markdown.
pub fn write(matrix: &Matrix) -> String {
    let (total, verdict, answer) = counts(matrix);
    let differing = matrix.sections.iter().filter(|section| section.rows.iter().any(differs));
    let sections: String = differing.map(|section| self::section(section, matrix)).collect();
    let sum = format!(
        "{}: {verdict} differ in the verdict, {} in the status or error code alone, {} in neither.\n",
        counted(total, "check"),
        answer - verdict,
        total - answer,
    );
    format!("# authgauge: {}\n\n{}\n{sum}{sections}", heading(matrix), runs(&matrix.columns))
}

fn heading(matrix: &Matrix) -> String {
    counted(matrix.columns.len(), "run") + " side by side"
}

fn differs(row: &Row) -> bool {
    row.differs > Difference::Nothing
}

fn runs(columns: &[Column]) -> String {
    let head = "| Run | Evidence | Issuer | Profile | Passed | To fix | Not told | Warnings | Known | Recorded | Not applicable |\n\
        | --- | --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n";
    let rows = columns.iter().zip(names(columns)).map(|(column, name)| {
        let totals = column.totals;
        format!(
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n",
            text(&name, 80),
            evidence(column),
            text(&column.provider.issuer, 120),
            text(&column.profile, 40),
            totals.pass,
            totals.fail + totals.stale,
            totals.inconclusive,
            totals.warning,
            totals.known,
            totals.recorded,
            totals.not_applicable,
        )
    });
    head.to_owned() + &rows.collect::<String>()
}

fn evidence(column: &Column) -> &'static str {
    match column.provider.evidence {
        Basis::Measured => "measured",
        Basis::Documented => "documented, not measured",
    }
}

fn section(section: &Section, matrix: &Matrix) -> String {
    let name = text(&format!("{} §{}", section.spec.document, section.spec.section), 120);
    let title = match link(&section.spec.url) {
        Some(url) => format!("[{name}]({})", url.replace(')', "%29")),
        None => name,
    };
    let columns = matrix.columns.iter().zip(names(&matrix.columns));
    let heads = columns.map(|(column, name)| match column.provider.evidence {
        Basis::Measured => format!(" {} |", text(&name, 80)),
        Basis::Documented => format!(" {} (documented) |", text(&name, 80)),
    });
    let heads: String = heads.collect();
    let rule = " --- |".repeat(matrix.columns.len());
    let rows: String = section.rows.iter().filter(|row| differs(row)).map(row).collect();
    format!("\n## {title}\n\n| Check |{heads}\n| --- |{rule}\n{rows}")
}

fn row(row: &Row) -> String {
    let cells: Vec<String> = row.cells.iter().map(|one| cell(one.as_ref())).collect();
    let check = format!("{} {}", row.requirement, row.case);
    format!("| {} {} | {} |\n", row.level, text(&check, 200), cells.join(" | "))
}

fn cell(cell: Option<&Cell>) -> String {
    let Some(cell) = cell else { return "not run".into() };
    let brief = text(&brief(cell), 80);
    if cell.value.is_some() {
        return brief;
    }
    let label = match cell.standing {
        bad @ (Standing::Fail | Standing::Expired | Standing::Stale) => {
            format!("**{}**", bad.label())
        }
        other => other.label().to_owned(),
    };
    format!("{label} {brief}").trim_end().to_owned()
}

fn text(text: &str, most: usize) -> String {
    plain(&clipped(text, most))
}

//! The matrix for a terminal: the checks in which runs differ, in a compact table.

use super::words::clipped;
use crate::matrix::{Cell, Difference, Matrix, Row, brief, counts, names};
use crate::provider_file::Basis;

/// The widest that a column may be, in characters.
const WIDTH: usize = 24;

/// The matrix as a table of text.
pub fn write(matrix: &Matrix) -> String {
    let (total, verdict, answer) = counts(matrix);
    let mut table = vec![heads(matrix)];
    let rows = matrix.sections.iter().flat_map(|section| &section.rows);
    table.extend(rows.filter(|row| row.differs > Difference::Nothing).map(line));
    let mut text = if table.len() > 1 { aligned(&table) + "\n" } else { String::new() };
    if matrix.columns.iter().any(|column| column.provider.evidence == Basis::Documented) {
        text += "* documented, not measured: held against each other only\n";
    }
    text + &format!(
        "{total} checks: {verdict} differ in the verdict, {} in the status or error code alone\n",
        answer - verdict
    )
}

fn heads(matrix: &Matrix) -> Vec<String> {
    let names = names(&matrix.columns).into_iter().zip(&matrix.columns);
    let names = names.map(|(name, column)| match column.provider.evidence {
        Basis::Measured => clipped(&name, WIDTH),
        Basis::Documented => clipped(&name, WIDTH - 1) + "*",
    });
    names.chain(["check".to_owned()]).collect()
}

fn line(row: &Row) -> Vec<String> {
    let cells = row.cells.iter().map(|cell| clipped(&shown(cell.as_ref()), WIDTH));
    let check = format!("{} {}", row.requirement, row.case);
    cells.chain([clipped(&check, 140)]).collect()
}

fn shown(cell: Option<&Cell>) -> String {
    let Some(cell) = cell else { return "-".into() };
    let label = if cell.value.is_some() { "" } else { cell.standing.label() };
    format!("{label} {}", brief(cell)).trim().to_owned()
}

/// Columns padded to their widest cell; the last one is not.
fn aligned(table: &[Vec<String>]) -> String {
    let columns = table.first().map_or(0, Vec::len);
    let width = |at: usize| table.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns.saturating_sub(1)).map(width).collect();
    let line = |row: &Vec<String>| {
        let padded = row.iter().enumerate().map(|(at, cell)| match widths.get(at) {
            Some(width) => format!("{cell:<width$}  "),
            None => cell.clone(),
        });
        padded.collect::<String>() + "\n"
    };
    table.iter().map(line).collect()
}

//! Pages of load runs and capacity searches that were measured before.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Failure, write_file};
use crate::load::{capacity, summary};
use crate::report::{capacity_html, load_html};

/// What a JSON document is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A conformance run, or nothing that is known: reading it says what it is not.
    Run,
    /// A load run.
    Load,
    /// A capacity search.
    Capacity,
}

#[derive(Deserialize)]
struct Head {
    schema: String,
}

/// What a document says that it is.
pub fn kind(text: &str) -> Kind {
    match serde_json::from_str::<Head>(text).map(|head| head.schema).as_deref() {
        Ok(summary::SCHEMA) => Kind::Load,
        Ok(capacity::SCHEMA) => Kind::Capacity,
        _ => Kind::Run,
    }
}

/// Writes one page of measurements of one kind.
pub fn page(kind: Kind, files: &[(&PathBuf, String)], html: &Path) -> Result<(), Failure> {
    let page = match kind {
        Kind::Capacity => capacity_html::write(&read(files, capacity_html::read)?),
        Kind::Load | Kind::Run => load_html::write(&read(files, load_html::read)?),
    };
    write_file(html, &page)
}

fn read<T>(
    files: &[(&PathBuf, String)],
    read: fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, Failure> {
    let each = files.iter().map(|(path, text)| {
        read(text)
            .map_err(|why| Failure::usage(format!("{} cannot be used: {why}", path.display())))
    });
    each.collect()
}

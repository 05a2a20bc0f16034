//! `authgauge list`.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::{Failure, print, write_file};
use crate::coverage;
use crate::library::{Library, LoadedProfile};
use crate::plan::{self, PlanError};
use crate::profile::{self, Profile};
use crate::selection::Selection;
use crate::spec::Level;

#[derive(Debug, Args)]
pub struct ListArgs {
    /// What to list: ids, beginnings of ids, or globs
    selectors: Vec<String>,
    /// List for each specification how many of its normative sentences are checked
    #[arg(long, conflicts_with_all = ["selectors", "json", "profiles"])]
    coverage: bool,
    /// Write the coverage with every sentence, as Markdown
    #[arg(long, requires = "coverage")]
    markdown: bool,
    /// List the profiles and where each departs from the levels of the specifications
    #[arg(long, conflicts_with_all = ["selectors", "json"])]
    profiles: bool,
    /// Write the list as JSON; - is standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// The JSON form; the schema is `reports/schema/list.v1.json`.
#[derive(Serialize)]
struct Cases<'a> {
    schema: &'static str,
    cases: Vec<Row<'a>>,
}

/// A case and the requirements it speaks about.
#[derive(Serialize)]
struct Row<'a> {
    case: String,
    title: String,
    file: String,
    line: usize,
    needs: Vec<&'a str>,
    requirements: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    requirement: &'a str,
    catalogue: Option<&'a str>,
    level: Level,
}

/// Lists cases without running any.
pub fn list(args: &ListArgs, library: &Library) -> Result<u8, Failure> {
    if args.coverage {
        let documents = coverage::coverage(library);
        let write = if args.markdown { coverage::markdown } else { coverage::table };
        print(&write(&documents));
        return Ok(0);
    }
    if args.profiles {
        print(&library.profiles.values().map(profile).collect::<Vec<_>>().join("\n"));
        return Ok(0);
    }
    let selection = Selection::parse(&args.selectors).map_err(Failure::usage)?;
    let rows = rows(library, &selection).map_err(Failure::usage)?;
    match &args.json {
        Some(path) => {
            let cases = Cases { schema: "authgauge/list/v1", cases: rows };
            let document = serde_json::to_string_pretty(&cases).map_err(Failure::usage)?;
            write_file(path, &(document + "\n"))?;
        }
        None => print(&table(&rows)),
    }
    Ok(0)
}

fn profile(loaded: &LoadedProfile) -> String {
    let Profile { name, title, requirements } = &loaded.profile;
    let note = if name == profile::DEFAULT { " (default)" } else { "" };
    let stances = requirements.iter().map(|stance| {
        let level = stance.level.map_or("-".to_owned(), |level| level.to_string());
        format!("  {level:10}  {:45}  {}\n", stance.requirement.value, stance.section)
    });
    format!("{name}{note}: {title}\n{}", stances.collect::<String>())
}

fn rows<'a>(library: &'a Library, selection: &Selection) -> Result<Vec<Row<'a>>, PlanError> {
    let rows = plan::select(library, selection)?
        .into_iter()
        .map(|(loaded, case)| Row {
            requirements: case
                .requirements()
                .into_iter()
                .filter_map(|id| library.requirement(id))
                .map(|requirement| Entry {
                    requirement: &requirement.id,
                    catalogue: requirement.catalogue.as_deref(),
                    level: requirement.level,
                })
                .collect(),
            needs: loaded.scenario.needs.iter().map(|need| need.value.as_str()).collect(),
            case: case.id,
            title: case.title,
            file: case.file,
            line: case.line,
        })
        .collect();
    Ok(rows)
}

fn table(rows: &[Row<'_>]) -> String {
    let width = rows.iter().map(|row| row.case.len()).max().unwrap_or_default();
    let lines = rows.iter().map(|row| {
        let main = row.requirements.first();
        let catalogue = main.and_then(|entry| entry.catalogue).unwrap_or("");
        let level = main.map(|entry| entry.level.to_string()).unwrap_or_default();
        format!("{:width$}  {catalogue:8}  {level:10}  {}\n", row.case, row.title)
    });
    lines.collect()
}

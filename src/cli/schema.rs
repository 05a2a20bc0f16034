//! `authgauge schema`.

use clap::Args;

use super::{Failure, print};
use crate::exit;
use crate::schema::{self, Kind};

#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// What the schema is of
    kind: Kind,
    /// Print its keys as a Markdown table instead
    #[arg(long)]
    markdown: bool,
}

/// Prints a schema.
pub fn schema(args: &SchemaArgs) -> Result<u8, Failure> {
    let document = schema::of(args.kind).map_err(Failure::usage)?;
    if args.markdown {
        print(&schema::markdown(&document));
    } else {
        let text = serde_json::to_string_pretty(&document).map_err(Failure::usage)?;
        print(&(text + "\n"));
    }
    Ok(exit::CONFORMS)
}

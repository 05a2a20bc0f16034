//! `authgauge doctor`.

use std::path::PathBuf;

use clap::Args;

use super::run::{provider, source};
use super::{Failure, print, say, write_file};
use crate::doctor::settings::Settings;
use crate::doctor::{examine, table};
use crate::library::Library;
use crate::transport::HttpTransport;

#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// The provider: a name under scenarios/providers, or a file
    #[arg(long, value_name = "NAME|FILE")]
    provider: String,
    /// The issuer, instead of the one in the provider file
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// Write what was found as JSON; - is standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Looks at the configuration and says what to change.
pub async fn doctor(args: &DoctorArgs, library: &Library) -> Result<u8, Failure> {
    let file = source(&args.provider, library)?;
    let settings = Settings::parse(&file.path, &file.text).map_err(Failure::usage)?;
    let provider = provider(&args.provider, args.issuer.as_deref(), library)?;
    let transport = HttpTransport::new(provider.pace.timeout).map_err(Failure::environment)?;
    let checkup = examine(library, &provider, &settings, &transport).await;
    let text = table::write(&checkup);
    match args.json.as_deref() {
        Some(path) => {
            if path == std::path::Path::new("-") {
                say(&text);
            } else {
                print(&text);
            }
            let document = serde_json::to_string_pretty(&checkup).map_err(Failure::usage)?;
            write_file(path, &(document + "\n"))?;
        }
        None => print(&text),
    }
    Ok(checkup.exit_code)
}

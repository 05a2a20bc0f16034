//! `authgauge init`.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use url::Url;

use super::{Failure, print, say};
use crate::evaluate::unreserved;
use crate::exit;
use crate::init::document::fetch;
use crate::init::file;
use crate::library::Library;
use crate::polite::Polite;
use crate::provider::Provider;
use crate::transport::HttpTransport;

/// The template of a provider of which nothing is known.
const GENERIC: &str = "generic";
const WELL_KNOWN: &str = "/.well-known/openid-configuration";

#[derive(Debug, Args)]
pub struct InitArgs {
    /// The issuer: an https address, or http on a machine of your own
    issuer: String,
    /// Where the provider file goes; without it, to standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Start from what is known of a product; an unknown name lists them
    #[arg(long, value_name = "NAME", default_value = GENERIC)]
    template: String,
    /// Replace a file that is there
    #[arg(long)]
    force: bool,
}

/// Reads what the issuer publishes and writes a provider file.
pub async fn init(args: &InitArgs, library: &Library) -> Result<u8, Failure> {
    let template = library.templates.get(&args.template).ok_or_else(|| {
        let known: Vec<&str> = library.templates.keys().map(String::as_str).collect();
        Failure::usage(format!(
            "unknown template `{}`, expected one of {}",
            args.template,
            known.join(", ")
        ))
    })?;
    if let Some(path) = &args.output {
        free(path, args.force)?;
    }
    let issuer = args.issuer.strip_suffix(WELL_KNOWN).unwrap_or(&args.issuer);
    let provider = itself(issuer).map_err(Failure::usage)?;
    let url = Url::parse(issuer).map_err(Failure::usage)?;
    let transport = HttpTransport::new(provider.pace.timeout).map_err(Failure::environment)?;
    let polite = Polite::new(&transport, &provider, provider.pace.clone(), &unreserved(8));
    let documents = fetch(&url, &polite).await.map_err(|error| {
        Failure::environment(format!(
            "{error}\nhint: is {issuer} right, and does the provider listen there? nothing is written"
        ))
    })?;
    let text = file::write(&template.text, issuer, &documents);
    let Some(path) = &args.output else {
        print(&text);
        return Ok(exit::CONFORMS);
    };
    create(path, &text, args.force)?;
    if documents.first().is_none() {
        say(&format!(
            "neither metadata document is there; {} says why, and needs `endpoints`\n",
            path.display()
        ));
    }
    say(&format!(
        "{} is written; its head says what to register and which variables to set\n\
         next: authgauge doctor --provider {}\n",
        path.display(),
        path.display()
    ));
    Ok(exit::CONFORMS)
}

/// A provider of which only the issuer is known, so that only its host is contacted.
fn itself(issuer: &str) -> Result<Provider, String> {
    let parsed = Url::parse(issuer).map_err(|e| format!("`{issuer}` is not an address: {e}"))?;
    if parsed.query().is_some() || parsed.fragment().is_some() {
        return Err(format!("`{issuer}` is no issuer: it has a query or a fragment"));
    }
    let source = format!(
        "name: init\nissuer: {}\nredirect_uri: http://127.0.0.1/\nclients: {{}}\n",
        serde_json::Value::from(issuer)
    );
    Provider::parse("the issuer", &source, None).map_err(|mistake| mistake.message)
}

fn free(path: &Path, force: bool) -> Result<(), Failure> {
    if !force && path.exists() {
        return Err(taken(path));
    }
    Ok(())
}

fn taken(path: &Path) -> Failure {
    let path = path.display();
    Failure::usage(format!("{path} is there already; name another file, or replace it by --force"))
}

/// Writes a file that is not there, unless it may be replaced.
fn create(path: &Path, text: &str, force: bool) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).truncate(force);
    let options = if force { options.create(true) } else { options.create_new(true) };
    let written = options.open(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => taken(path),
        _ => Failure::usage(format!("{} cannot be written: {error}", path.display())),
    })
}

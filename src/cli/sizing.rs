//! `authgauge sizing`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{Failure, input, print, say, write_file};
use crate::exit;
use crate::library::{Library, SourceFile};
use crate::load::capacity::{self, Capacity};
use crate::load::sizing::quotas::Quotas;
use crate::load::sizing::reckon::{Given, sizing as reckon};
use crate::load::sizing::terminal::terminal;
use crate::load::sizing::{Demand, Kind};
use crate::yaml;

#[derive(Debug, Args)]
pub struct SizingArgs {
    /// What `authgauge capacity --json` wrote
    capacity: Option<PathBuf>,
    /// The quotas of a product: a name under scenarios/quotas, or a file
    #[arg(long, value_name = "NAME|FILE")]
    quotas: Option<String>,
    /// The users who sign in on a day
    #[arg(long, value_name = "NUMBER", value_parser = amount)]
    users: f64,
    /// How often each begins a session on that day
    #[arg(long, value_name = "NUMBER", default_value = "1", value_parser = amount)]
    sessions: f64,
    /// The hours in which they do
    #[arg(long, value_name = "HOURS", default_value = "8", value_parser = span)]
    busy_hours: f64,
    /// How much more comes at the busiest time than on average
    #[arg(long, value_name = "FACTOR", default_value = "3", value_parser = span)]
    peak: f64,
    /// How long a session lasts, in minutes
    #[arg(long, value_name = "MINUTES", default_value = "60", value_parser = span)]
    session: f64,
    /// The time between two refreshes of a session, in minutes
    #[arg(long, value_name = "MINUTES", default_value = "60", value_parser = span)]
    refresh: f64,
    /// The services that ask for tokens of their own
    #[arg(long, value_name = "NUMBER", default_value = "0", value_parser = amount)]
    machines: f64,
    /// The time between two tokens of a service, in minutes
    #[arg(long, value_name = "MINUTES", default_value = "60", value_parser = span)]
    machine_refresh: f64,
    /// The processors of the provider
    #[arg(long, value_name = "NUMBER", value_parser = span)]
    vcpus: Option<f64>,
    /// Which need an operation of the measurement meets, where its name does not say it
    #[arg(long, value_name = "OPERATION=KIND", value_parser = meets)]
    meets: Vec<(String, Kind)>,
    /// Write the calculation as JSON; - is standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

fn amount(text: &str) -> Result<f64, String> {
    number(text, 0.0)
}

fn span(text: &str) -> Result<f64, String> {
    number(text, 0.01)
}

fn number(text: &str, least: f64) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "expected a number".to_owned())?;
    if (least..=1e12).contains(&number) {
        Ok(number)
    } else {
        Err(format!("must be between {least} and 1e12"))
    }
}

fn meets(text: &str) -> Result<(String, Kind), String> {
    let (operation, kind) = text.split_once('=').ok_or("expected OPERATION=KIND")?;
    let kind = <Kind as clap::ValueEnum>::from_str(kind, false)
        .map_err(|_| format!("`{kind}` is no kind, expected sign_in, refresh or machine_token"))?;
    Ok((operation.to_owned(), kind))
}

/// Calculates whether a provider suffices for a number of users.
pub fn sizing(args: &SizingArgs, library: &Library) -> Result<u8, Failure> {
    let capacity = args.capacity.as_deref().map(read).transpose()?;
    let quotas = args.quotas.as_deref().map(|name| quotas(name, library)).transpose()?;
    let sizing = reckon(&Given {
        demand: Demand {
            users: args.users,
            sessions: args.sessions,
            busy_hours: args.busy_hours,
            peak: args.peak,
            session_minutes: args.session,
            refresh_minutes: args.refresh,
            machine_clients: args.machines,
            machine_minutes: args.machine_refresh,
        },
        capacity: capacity.as_ref(),
        kinds: &args.meets,
        vcpus: args.vcpus,
        quotas: quotas.as_ref(),
    });
    let json = serde_json::to_string_pretty(&sizing).map_err(Failure::environment)? + "\n";
    match &args.json {
        Some(path) if path.as_os_str() == "-" => say(&terminal(&sizing)),
        _ => print(&terminal(&sizing)),
    }
    args.json.as_ref().map_or(Ok(()), |path| write_file(path, &json))?;
    Ok(if sizing.short_of.is_empty() { exit::CONFORMS } else { exit::THRESHOLD })
}

fn read(path: &Path) -> Result<Capacity, Failure> {
    let unreadable = |why: String| {
        Failure::usage(format!(
            "{} is nothing that `authgauge capacity --json` wrote: {why}",
            path.display()
        ))
    };
    let found: Capacity =
        serde_json::from_str(&input(path)?).map_err(|e| unreadable(e.to_string()))?;
    if found.schema == capacity::SCHEMA {
        Ok(found)
    } else {
        Err(unreadable(format!("its form is {}, expected {}", found.schema, capacity::SCHEMA)))
    }
}

fn quotas(name: &str, library: &Library) -> Result<Quotas, Failure> {
    let file = match library.quotas.get(name) {
        Some(known) => known.clone(),
        None => SourceFile {
            path: name.to_owned(),
            text: std::fs::read_to_string(name).map_err(|e| {
                let known: Vec<&str> = library.quotas.keys().map(String::as_str).collect();
                let known = known.join(", ");
                Failure::usage(format!(
                    "the quotas {name} cannot be read: {e}\nhint: give a file, or one of {known}"
                ))
            })?
            .into(),
        },
    };
    let quotas: Quotas = yaml::parse(&file.path, &file.text).map_err(Failure::usage)?;
    match quotas.quotas.iter().find(|quota| quota.per_second <= 0.0) {
        Some(quota) => Err(Failure::usage(format!(
            "{}: the quota {} must allow more than {} a second",
            file.path, quota.name, quota.per_second
        ))),
        None => Ok(quotas),
    }
}

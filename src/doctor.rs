//! The doctor: whether a provider file fits its provider, before a run is judged by it.
//!
//! Everything found here is configuration, with the next step to take. It is never a verdict on the
//! provider: that takes a run.

use serde::Serialize;

use crate::evaluate::unreserved;
use crate::exit;
use crate::library::Library;
use crate::polite::Polite;
use crate::provider::Provider;
use crate::redact::Redactor;
use crate::target;
use crate::transport::Transport;

pub mod advice;
pub mod clients;
pub mod connection;
pub mod grants;
pub mod keys;
pub mod metadata;
pub mod probe;
pub mod proxy;
pub mod settings;
pub mod sign;
pub mod table;
pub mod tls;
pub mod users;

use probe::Prober;
use settings::Settings;
use sign::{Sign, State};
use table::Row;

/// The version of the JSON document.
pub const SCHEMA: &str = "authgauge/doctor/v1";

/// What the doctor has found.
#[derive(Debug, Clone, Serialize)]
pub struct Checkup {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The version of authgauge.
    pub authgauge: &'static str,
    /// The id of the run, as the `User-Agent` had it.
    pub run: String,
    /// The name in the provider file.
    pub provider: String,
    /// The issuer.
    pub issuer: String,
    /// The provider file.
    pub file: String,
    /// What was looked at, in order.
    pub signs: Vec<Sign>,
    /// What applies; empty when the provider cannot be reached.
    pub capabilities: Vec<Row>,
    /// How many cases apply, and how many there are.
    pub cases: table::Count,
    /// 0 when all is well, 2 when a setting has to change, 3 when the provider cannot be reached.
    pub exit_code: u8,
}

/// Looks at a provider in the order in which its parts depend on each other, and no further than it
/// makes sense.
pub async fn examine(
    library: &Library,
    provider: &Provider,
    settings: &Settings,
    transport: &impl Transport,
) -> Checkup {
    let run = unreserved(8);
    let polite = Polite::new(transport, provider, provider.pace.clone(), &run);
    let mut signs = connection::look(provider).await;
    let mut rows = Vec::new();
    let mut count = table::Count::default();
    if !signs.iter().any(Sign::stops) {
        signs.extend(metadata::look(provider, &polite).await);
    }
    if !signs.iter().any(Sign::stops)
        && let Ok(target) = target::prepare(provider, &polite, std::time::Duration::ZERO).await
    {
        let prober = Prober { library, target: &target, transport: &polite, settings };
        signs.extend(keys::look(&prober).await);
        signs.extend(clients::look(&prober).await);
        signs.extend(users::look(&prober, &signs).await);
        signs.extend(grants::look(&prober, &signs).await);
        (rows, count) = table::rows(library, provider, &target.capabilities, &signs);
    }
    let redactor = Redactor::new(&provider.secrets());
    let signs: Vec<Sign> = signs.into_iter().map(|sign| sign.redacted(&redactor)).collect();
    Checkup {
        schema: SCHEMA,
        authgauge: env!("CARGO_PKG_VERSION"),
        run,
        provider: provider.name.clone(),
        issuer: provider.issuer.clone(),
        file: provider.file.clone(),
        exit_code: exit_code(&signs),
        signs,
        capabilities: rows,
        cases: count,
    }
}

fn exit_code(signs: &[Sign]) -> u8 {
    let any = |state: State| signs.iter().any(|sign| sign.state == state);
    if any(State::Unreachable) {
        exit::INCONCLUSIVE
    } else if any(State::Wrong) {
        exit::USAGE
    } else {
        exit::CONFORMS
    }
}

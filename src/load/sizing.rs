//! Sizing: what a number of users needs, what was measured, what a product's quotas allow and what
//! it costs. This is the JSON contract `reports/schema/sizing.v1.json`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub mod quotas;
pub mod reckon;
pub mod terminal;

/// The name of the contract.
pub const SCHEMA: &str = "authgauge/sizing/v1";

/// The whole calculation. Rates are per second.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sizing {
    /// The name of the contract.
    pub schema: String,
    /// The version of the program.
    pub authgauge: String,
    /// Whom it is for.
    pub demand: Demand,
    /// What they need at the busiest time.
    pub needs: Vec<Need>,
    /// What the provider was measured to take.
    pub measured: Vec<Measured>,
    /// The processors of the provider, if they were told.
    pub vcpus: Option<f64>,
    /// The quotas of a product, in their order.
    pub quotas: Vec<Allowance>,
    /// What the quotas are of.
    pub quotas_of: Option<String>,
    /// What it costs, where a price is known.
    pub costs: Vec<Cost>,
    /// What does not suffice; nothing when all does.
    pub short_of: Vec<String>,
}

/// Whom it is for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Demand {
    /// The users who sign in on a day.
    pub users: f64,
    /// How often each begins a session on that day.
    pub sessions: f64,
    /// The hours in which they do.
    pub busy_hours: f64,
    /// How much more comes at the busiest time than on average.
    pub peak: f64,
    /// How long a session lasts, in minutes.
    pub session_minutes: f64,
    /// How often it refreshes its access token: the lifetime less the margin, in minutes.
    pub refresh_minutes: f64,
    /// The services that ask for tokens of their own.
    pub machine_clients: f64,
    /// How often each does, in minutes.
    pub machine_minutes: f64,
}

/// A kind of request.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    JsonSchema,
    clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum Kind {
    /// A user signs in.
    SignIn,
    /// A session gets a new access token.
    Refresh,
    /// A service gets a token for itself.
    MachineToken,
}

/// What is needed of a kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Need {
    /// The kind.
    pub kind: Kind,
    /// How many a second.
    pub per_s: f64,
    /// How that comes about.
    pub reckoning: String,
}

/// What was measured of an operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The load profile.
    pub profile: String,
    /// The operation.
    pub operation: String,
    /// Which need it meets; none when that is not known.
    pub kind: Option<Kind>,
    /// How many a second were kept, together with the other operations of the profile.
    pub per_s: f64,
    /// Whether more is known to be too much for the provider.
    pub is_the_providers: bool,
    /// The same for each processor of the provider.
    pub per_vcpu: Option<f64>,
    /// How often the need fits into it.
    pub head_room: Option<f64>,
}

/// A quota, and what is needed of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Allowance {
    /// The product's name for it.
    pub name: String,
    /// How many requests it allows a second.
    pub per_s: f64,
    /// Of what: an account, a client, a source address.
    pub per: String,
    /// Whether it can be raised; none where that is not known.
    pub adjustable: Option<bool>,
    /// How many requests are needed a second.
    pub need_per_s: f64,
    /// The need as a share of it.
    pub share: f64,
    /// What it counts, and what to know about it.
    pub note: Option<String>,
    /// Where the figure is from.
    pub source: String,
    /// When it was read there.
    pub date: String,
}

/// What something costs in a month.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// What is paid for.
    pub name: String,
    /// How much, in the currency.
    pub per_month: f64,
    /// The currency.
    pub currency: String,
    /// How that comes about.
    pub reckoning: String,
    /// Where the price is from.
    pub source: String,
    /// When it was read there.
    pub date: String,
}

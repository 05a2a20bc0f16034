//! The quotas and prices of a product, as they are written in `scenarios/quotas/*.yaml`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::load::sizing::Kind;

/// Quotas and prices, as written.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quotas {
    /// The product, and in which of its plans.
    pub title: String,
    /// The quotas.
    pub quotas: Vec<Quota>,
    /// The prices; none where none is known.
    #[serde(default)]
    pub prices: Vec<Price>,
}

/// A quota.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// The product's name for it.
    pub name: String,
    /// How many requests it allows a second.
    pub per_second: f64,
    /// Of what: an account, a client, a source address.
    pub per: String,
    /// Whether it can be raised; leave it out where that is not known.
    #[serde(default)]
    pub adjustable: Option<bool>,
    /// What it counts, and how many requests of it each is.
    pub counts: Vec<Counted>,
    /// What to know about it.
    #[serde(default)]
    pub note: Option<String>,
    /// Where the figure is from: an address.
    pub source: String,
    /// When it was read there: a year, a month or a day.
    pub date: String,
}

/// What a quota counts.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Counted {
    /// The kind.
    pub kind: Kind,
    /// How many requests each is.
    #[serde(default = "one")]
    pub requests: f64,
}

fn one() -> f64 {
    1.0
}

/// A price.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// What is paid for.
    pub name: String,
    /// What is counted in a month.
    pub unit: Unit,
    /// The price of one.
    pub each: f64,
    /// The currency.
    pub currency: String,
    /// How many in a month are free.
    #[serde(default)]
    pub free: f64,
    /// Where the figure is from: an address.
    pub source: String,
    /// When it was read there: a year, a month or a day.
    pub date: String,
}

/// What a price is for one of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A user who signs in at least once in a month.
    MonthlyUser,
    /// A token that a service gets for itself.
    MachineToken,
}

//! Capacity: the rate up to which a provider keeps its objective, and what stops it there. This is
//! the JSON contract `reports/schema/capacity.v1.json`.

use serde::{Deserialize, Serialize};

pub mod campaign;
pub mod scalability;
pub mod search;
pub mod terminal;
pub mod verdict;

use scalability::Scalability;

/// The name of the contract.
pub const SCHEMA: &str = "authgauge/capacity/v1";

/// What was found about a provider. Rates are per second, times in the unit of their name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Capacity {
    /// The name of the contract.
    pub schema: String,
    /// The version of the program.
    pub authgauge: String,
    /// The provider's name.
    pub provider: String,
    /// The provider's issuer identifier.
    pub issuer: String,
    /// When the first step began, in RFC 3339.
    pub started: String,
    /// One for each load profile.
    pub searches: Vec<Search>,
}

/// What was found with one load profile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Search {
    /// The file of the profile.
    pub profile: String,
    /// What it is for.
    pub title: String,
    /// What the provider must keep, for each operation.
    pub objectives: Vec<Objective>,
    /// The knee: the highest rate at which all objectives were kept; none when none was.
    pub sustained_per_s: Option<f64>,
    /// The lowest rate at which one broke; none when none did.
    pub broken_per_s: Option<f64>,
    /// What broke first above the knee.
    pub limited_by: Verdict,
    /// The same in words.
    pub why: String,
    /// Whether the knee is the provider's. If not, it is only known to take that much.
    pub is_the_providers: bool,
    /// The steps around the knee that were repeated; none when there was no knee.
    pub repeats: Option<Repeats>,
    /// What the steps say about how it scales.
    pub scalability: Scalability,
    /// Every step in its order.
    pub steps: Vec<Step>,
    /// Why the search ended before its time.
    pub stopped: Option<String>,
}

/// What an operation must keep.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Objective {
    /// The operation.
    pub operation: String,
    /// Its share of all operations.
    pub share: f64,
    /// The longest 99th percentile of its response times, in milliseconds.
    pub p99_ms: f64,
    /// The largest share that may fail.
    pub error_rate: f64,
}

/// What a step showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// All objectives were kept.
    Kept,
    /// The provider took too long.
    Latency,
    /// Too much of it failed.
    Errors,
    /// The provider refused for a quota.
    Throttling,
    /// The generator was the limit; it says nothing about the provider.
    Generator,
}

/// One rate for a while.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The rate that was asked for.
    pub asked_per_s: f64,
    /// The rate at which operations were done right.
    pub achieved_per_s: f64,
    /// What it showed.
    pub verdict: Verdict,
    /// Why, unless all was kept.
    pub why: Option<String>,
    /// Whether it repeats an earlier one.
    pub repeated: bool,
    /// How many operations were under way on average.
    pub in_flight: f64,
    /// The most that could be.
    pub in_flight_bound: usize,
    /// The share that was refused for a quota.
    pub throttled: f64,
    /// The share that failed otherwise.
    pub failed: f64,
    /// The response times of the slowest operation; none when the generator was the limit.
    pub response_ms: Option<Latency>,
    /// The service times of the slowest operation, likewise.
    pub service_ms: Option<Latency>,
    /// The share of its processors that the generator used; none where that cannot be told.
    pub generator_processor_share: Option<f64>,
}

/// The median and the 99th percentile, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Latency {
    pub p50: f64,
    pub p99: f64,
}

/// The knee, again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Repeats {
    /// The rate.
    pub rate_per_s: f64,
    /// How often it was tried, the first time included.
    pub times: usize,
    /// How often all objectives were kept.
    pub kept: usize,
    /// The least, the median and the largest 99th percentile of the response times.
    pub p99_ms: [f64; 3],
}

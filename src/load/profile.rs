//! The load profile, as it is written in `scenarios/load/*.yaml`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scenario::Step;
use crate::template::Template;
use crate::yaml::Located;

/// A load profile, as written. Times are in seconds, rates in operations per second.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// What it is for.
    pub title: String,
    /// Whether arrivals follow a schedule or the answers.
    #[serde(default)]
    pub model: Model,
    /// How many operations arrive; the sum of the operations' own rates unless said here.
    #[serde(default)]
    pub rate: Option<f64>,
    /// How the rate changes over time.
    #[serde(default)]
    pub arrivals: Arrivals,
    /// How long operations arrive; steps of arrivals bring their own.
    #[serde(default = "default_duration")]
    pub duration: f64,
    /// How many workers there are: the most operations that are under way at once.
    #[serde(default = "default_users")]
    pub users: usize,
    /// In the closed model, the time in which the users begin one after the other.
    #[serde(default)]
    pub ramp_up: f64,
    /// In the closed model, the time in which they end one after the other.
    #[serde(default)]
    pub ramp_down: f64,
    /// In the closed model, the pause after an operation.
    #[serde(default)]
    pub think_time: f64,
    /// How long an operation may take, from the instant it is due.
    #[serde(default = "default_deadline")]
    pub deadline: f64,
    /// The users of the provider file who sign in, in turn; all of them unless said here.
    #[serde(default)]
    pub accounts: Vec<Located<String>>,
    /// Of how many operations one is judged.
    #[serde(default = "one")]
    pub judge_every: u64,
    /// How often the provider is asked to rotate its signing keys; never unless said here.
    #[serde(default)]
    pub rotate_keys_every: Option<f64>,
    /// The share of failures in the last five seconds at which the run stops by itself.
    #[serde(default = "default_stop")]
    pub stop_at_error_rate: f64,
    /// What makes the measurement invalid.
    #[serde(default)]
    pub validity: Validity,
    /// What must be reached.
    #[serde(default)]
    pub thresholds: Vec<Threshold>,
    /// What is done.
    pub operations: Vec<Operation>,
}

fn default_duration() -> f64 {
    10.0
}

fn default_users() -> usize {
    64
}

fn default_deadline() -> f64 {
    10.0
}

fn default_stop() -> f64 {
    0.5
}

fn one() -> u64 {
    1
}

/// Who decides when the next operation comes.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// A schedule, whatever the provider does.
    #[default]
    Open,
    /// The answer to the one before. Shows how fast it can go, not how long users wait.
    Closed,
}

/// How the rate changes over time.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Arrivals {
    /// Not at all.
    #[default]
    Constant,
    /// Evenly, up or down to `rate`.
    Ramp {
        /// The rate at the beginning.
        from: f64,
    },
    /// By steps, each with its own rate and duration.
    Step(Vec<Stage>),
    /// Not at all but for one burst.
    Spike {
        /// The rate of the burst.
        to: f64,
        /// When it begins.
        at: f64,
        /// How long it lasts.
        lasting: f64,
    },
    /// Not at all, but arrivals are random and independent, as users are.
    Poisson {
        /// The same seed gives the same arrivals.
        seed: u64,
    },
}

/// A step of the rate.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// The rate.
    pub rate: f64,
    /// How long.
    pub duration: f64,
}

/// What makes a measurement invalid, because the generator was the limit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Validity {
    /// The 99th percentile of the pacer's lag may be this many milliseconds, or a tenth of the
    /// median service time if that is more.
    pub lag: f64,
    /// At least this share of the asked rate must be sent.
    pub sent: f64,
    /// At most this share of the processors may be used by the generator.
    pub processor: f64,
}

impl Default for Validity {
    fn default() -> Self {
        Self { lag: 1.0, sent: 0.995, processor: 0.8 }
    }
}

/// What a step must reach. Latencies are response times in milliseconds.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// The operation, or `operation/step`, whose latencies are service times.
    pub step: Located<String>,
    /// The median.
    #[serde(default)]
    pub p50: Option<f64>,
    /// The 95th percentile.
    #[serde(default)]
    pub p95: Option<f64>,
    /// The 99th percentile.
    #[serde(default)]
    pub p99: Option<f64>,
    /// The 99.9th percentile.
    #[serde(default, rename = "p99.9")]
    pub p99_9: Option<f64>,
    /// The share that may fail, by whatever outcome.
    #[serde(default)]
    pub error_rate: Option<f64>,
    /// The share of the asked operations that must have been answered right.
    #[serde(default)]
    pub achieved: Option<f64>,
}

/// One kind of operation.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// Its name in reports.
    pub name: Located<String>,
    /// Its share in the mix, in relation to the others.
    #[serde(default)]
    pub weight: Option<f64>,
    /// Its own rate, instead of a weight.
    #[serde(default)]
    pub rate: Option<f64>,
    /// A case of the conformance run, judged as there.
    #[serde(default)]
    pub case: Option<Located<String>>,
    /// What each worker does once, before the clock starts.
    #[serde(default)]
    pub prepare: Vec<Step>,
    /// What is done each time, in the scenario language. What a step assumes is what it must reach;
    /// the last one must be accepted unless it says otherwise.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// Names whose values a worker takes from one time to the next, such as a rotated token.
    #[serde(default)]
    pub carry: Vec<Located<String>>,
    /// Verifies a token by itself after the steps.
    #[serde(default)]
    pub verify: Option<Verify>,
    /// What is done later, while the worker does something else.
    #[serde(default)]
    pub later: Option<Later>,
}

/// A local verification of a token: signature, issuer and expiry.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Verify {
    /// The token.
    pub token: Template,
    /// Where the key comes from.
    #[serde(default)]
    pub keys: KeySource,
}

/// Where the key for a verification comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeySource {
    /// From a cache that is filled when a token names a key it does not have.
    #[default]
    Cached,
    /// From the provider, each time.
    Fetched,
}

/// What is done later: polling.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Later {
    /// The name in reports, after the operation's.
    pub name: Located<String>,
    /// The pause before each time, in seconds.
    pub every: Template,
    /// How often at the most.
    pub times: usize,
    /// What is done; it ends once this is accepted.
    pub steps: Vec<Step>,
}

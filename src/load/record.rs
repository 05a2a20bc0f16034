//! What a run says of itself in its interval log: at its beginning and at its end. With the
//! histograms in between, that is all that a summary is made of, here or elsewhere.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::load::profile::{Model, Validity};
use crate::load::sender::Kind;
use crate::load::threshold::Limit;

/// What is known before the first operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opening {
    /// The version of the program.
    pub authgauge: String,
    /// The file of the profile.
    pub profile: String,
    /// What it is for.
    pub title: String,
    /// The digest of the profile and of what the command line changed in it.
    pub fingerprint: String,
    /// The provider's name.
    pub provider: String,
    /// The provider's issuer identifier.
    pub issuer: String,
    /// Who decided when the next operation came.
    pub model: Model,
    /// By what requests were sent.
    #[serde(default)]
    pub transport: Kind,
    /// Which machine this is, counted from 0.
    pub worker: usize,
    /// Of how many.
    pub workers: usize,
    /// When the first operation is due, in RFC 3339.
    pub started: String,
    /// How many operations are due on all machines; of random arrivals, the expected number.
    pub expected: f64,
    /// Whether arrivals are random.
    pub random: bool,
    /// How long operations come, in seconds.
    pub duration_s: f64,
    /// The users of this machine.
    pub users: usize,
    /// Of how many operations one is judged.
    pub judge_every: u64,
    /// The operations, with their shares of all.
    pub operations: Vec<(String, f64)>,
    /// Everything that is measured, operations first.
    pub steps: Vec<String>,
    /// What makes the measurement invalid.
    pub validity: Validity,
    /// What must be reached.
    pub thresholds: Vec<Limit>,
}

/// What is known after the last operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Closing {
    /// From the first operation to the end, in seconds.
    pub elapsed_s: f64,
    /// How long the pacer took, in seconds.
    pub paced_s: f64,
    /// When the last operation was still under way, in seconds from the first.
    pub done_s: f64,
    /// Why the run ended before its time.
    pub stopped: Option<String>,
    /// Whether it ended because it went wrong.
    pub failed: bool,
    /// The requests that prepared the run.
    pub preparing_requests: u64,
    /// The requests of the operations.
    pub requests: u64,
    /// How often the provider's keys were fetched for local verification.
    pub key_fetches: u64,
    /// How often the signing keys were rotated.
    pub key_rotations: u64,
    /// How many operations were judged.
    pub judged: u64,
    /// The processors of the generator.
    pub processors: usize,
    /// The processor time that it used, in seconds.
    pub spent_s: Option<f64>,
    /// The processor time that the embedded stub used beside it, in seconds.
    #[serde(default)]
    pub spent_by_stub_s: Option<f64>,
    /// The share of the time in which all workers were busy and arrivals waited.
    pub saturated_share: f64,
    /// The operations that the pool counted.
    pub counted_by_pool: Option<u64>,
}

/// The digest of a profile and of what was changed in it, by which the parts of a load are known
/// to belong together.
pub fn fingerprint(profile: &str, changes: &str) -> String {
    let digest = Sha256::new().chain_update(profile).chain_update([0]).chain_update(changes);
    URL_SAFE_NO_PAD.encode(&digest.finalize()[..16])
}

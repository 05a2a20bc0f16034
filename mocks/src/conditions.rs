//! Under what conditions a stub answers: what a load test varies, and no specification says.

use std::time::Instant;

use crate::latency::Latency;
use crate::quota::Quota;

/// The conditions. By default there are none: every answer comes at once.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    /// How long answers take.
    pub latency: Option<Latency>,
    /// The state of the generator of the delays; at first, its seed.
    pub generator: u64,
    /// Until when every answer is held back.
    pub stalled_until: Option<Instant>,
    /// How many requests are answered in a second.
    pub quotas: Vec<Quota>,
    /// For how many seconds a client that asks for itself is given the token it has; 0 for never.
    pub reuse_tokens: u64,
}

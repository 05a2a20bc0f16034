//! What became of one operation.

use serde::{Deserialize, Serialize};

/// What became of one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The provider did what it must; an expected refusal is that, too.
    Ok,
    /// It answered something else, however fast.
    Wrong,
    /// There was no answer, or a 5xx.
    Error,
    /// It answered that this is too much (RFC 6585 §4, or an error code of that meaning).
    Throttled,
    /// There was no answer in time.
    Timeout,
    /// No worker was free before the deadline, so that nothing was sent.
    Missed,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Self; 6] =
        [Self::Ok, Self::Wrong, Self::Error, Self::Throttled, Self::Timeout, Self::Missed];

    /// Its name in logs and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Wrong => "wrong",
            Self::Error => "error",
            Self::Throttled => "throttled",
            Self::Timeout => "timeout",
            Self::Missed => "missed",
        }
    }

    /// Whether its duration says how long the provider takes to do its work. A fast refusal must
    /// not make a provider look fast; a timeout must not vanish.
    pub fn tells_latency(self) -> bool {
        matches!(self, Self::Ok | Self::Timeout | Self::Missed)
    }
}

/// Which stretch of time a histogram is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Clock {
    /// From the instant at which the operation was due to its last byte: what a user would see.
    Response,
    /// From the sending of its first byte to its last byte: what a naive tool would report.
    Service,
    /// From the instant at which it was due to its sending.
    Wait,
}

impl Clock {
    /// All clocks.
    pub const ALL: [Self; 3] = [Self::Response, Self::Service, Self::Wait];

    /// Its name in logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Response => "response",
            Self::Service => "service",
            Self::Wait => "wait",
        }
    }
}

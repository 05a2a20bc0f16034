//! The stub's own time: the real one plus what the control plane has advanced it by.

use std::time::{SystemTime, UNIX_EPOCH};

/// How far the stub's time is ahead of the real one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    /// Seconds ahead.
    pub ahead: u64,
}

/// The stub's time in seconds since 1970.
pub fn now(clock: Clock) -> u64 {
    // A machine whose clock is before 1970 gets 1970: nothing the stub does depends on the date.
    let real = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    real.as_secs().saturating_add(clock.ahead)
}

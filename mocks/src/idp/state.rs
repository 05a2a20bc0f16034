//! What the API remembers beyond grants and refresh tokens. Times are seconds by the stub's clock.

use std::collections::{BTreeMap, HashMap};

use crate::user_pool::Category;

/// All of it.
#[derive(Debug, Default)]
pub struct PoolState {
    /// Open challenges, by `Session` or by `SECRET_BLOCK`, whichever the answer carries.
    pub challenges: HashMap<String, Challenge>,
    /// Wrong passwords, by username.
    pub failures: HashMap<String, Failures>,
    /// Rotated refresh tokens that may still be retried, and until when.
    pub retries: HashMap<String, u64>,
    /// What is left of the quotas.
    pub buckets: BTreeMap<Category, Bucket>,
}

/// A challenge that waits for its answer.
#[derive(Clone, Debug)]
pub struct Challenge {
    /// The client it was put to.
    pub client_id: String,
    /// The user who wants to log in; with errors that hide users, perhaps nobody.
    pub username: String,
    /// What must be answered.
    pub question: Question,
    /// When it is too late.
    pub expires_at: u64,
}

/// What a challenge asks for.
#[derive(Clone, Debug)]
pub enum Question {
    /// A signature with the key that SRP has agreed upon.
    PasswordVerifier {
        /// The key.
        key: [u8; 16],
    },
    /// The password.
    Password,
    /// One of the challenges that are available.
    Select,
    /// A password to replace the temporary one.
    NewPassword,
}

/// A user's wrong passwords.
#[derive(Clone, Copy, Debug)]
pub struct Failures {
    /// How many.
    pub count: u32,
    /// When the lock ends.
    pub locked_until: u64,
    /// When they are forgotten.
    pub forgotten_at: u64,
}

/// What is left of a quota.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    /// Requests.
    pub left: u64,
    /// When it was filled last.
    pub filled_at: u64,
}

/// Forgets what has expired.
pub fn sweep(state: &mut PoolState, now: u64) {
    state.challenges.retain(|_, challenge| now < challenge.expires_at);
    state.failures.retain(|_, failures| now < failures.forgotten_at);
    state.retries.retain(|_, until| now < *until);
}

/// How much is remembered.
pub fn size(state: &PoolState) -> usize {
    state.challenges.len() + state.failures.len() + state.retries.len()
}

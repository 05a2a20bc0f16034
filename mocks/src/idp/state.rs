//! What the API remembers beyond grants and refresh tokens. Times are seconds by the stub's clock.

use std::collections::HashMap;

use serde::Serialize;

/// All of it.
#[derive(Debug, Default)]
pub struct PoolState {
    /// Open challenges, by `Session` or by `SECRET_BLOCK`, whichever the answer carries.
    pub challenges: HashMap<String, Challenge>,
    /// Wrong passwords, by username.
    pub failures: HashMap<String, Failures>,
    /// Rotated refresh tokens that may still be retried, and until when.
    pub retries: HashMap<String, u64>,
    /// Authenticator apps, by username.
    pub authenticators: HashMap<String, Authenticator>,
    /// Codes that were sent to users and wait to be typed, by occasion and username.
    pub confirmations: HashMap<(Occasion, String), Confirmation>,
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
    /// The code of an authenticator app.
    SoftwareToken,
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

/// A user's authenticator app.
#[derive(Clone, Debug, Default)]
pub struct Authenticator {
    /// A secret that nobody has verified yet.
    pub pending: Option<Vec<u8>>,
    /// The secret.
    pub secret: Option<Vec<u8>>,
    /// What the user calls the device.
    pub name: String,
    /// Whether a sign-in asks for its code.
    pub enabled: bool,
}

/// What a code is sent for.
#[derive(Clone, Copy, Debug, Serialize, PartialEq, Eq, Hash)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// To confirm the address of a new user.
    SignUp,
    /// To replace a forgotten password.
    ForgotPassword,
}

/// A code that waits to be typed.
#[derive(Clone, Debug)]
pub struct Confirmation {
    /// The digits.
    pub code: String,
    /// When it is too late.
    pub expires_at: u64,
    /// How often something else was typed.
    pub failures: u32,
}

/// Forgets what has expired.
pub fn sweep(state: &mut PoolState, now: u64) {
    state.challenges.retain(|_, challenge| now < challenge.expires_at);
    state.failures.retain(|_, failures| now < failures.forgotten_at);
    state.retries.retain(|_, until| now < *until);
    state.confirmations.retain(|_, confirmation| now < confirmation.expires_at);
}

/// How much is remembered.
pub fn size(state: &PoolState) -> usize {
    state.challenges.len() + state.failures.len() + state.retries.len() + state.confirmations.len()
}

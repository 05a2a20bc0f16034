//! The JSON API of a user pool: signing in, answering challenges, refreshing, signing out.
//!
//! ```text
//! POST / ─ api (target, quota, error shape) ─► one module per operation ─► tokens
//!                    initiate_auth ─► sign_in ─► challenge (respond_to_auth_challenge) ─► sign_in
//! ```

mod access;
mod api;
mod challenge;
mod client;
mod exception;
mod get_user;
mod initiate_auth;
mod input;
mod lockout;
mod new_password;
mod quota;
mod refresh;
mod respond;
mod revoke;
mod secret_hash;
mod sign_in;
mod sign_out;
mod srp;
pub mod state;
mod timestamp;
mod tokens;
mod user;

pub use api::{PATH, answer};
pub use refresh::{may_retry, rotate};

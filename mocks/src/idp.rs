//! The JSON API of a user pool: signing in, answering challenges, refreshing, signing out.
//!
//! ```text
//! POST / ─ api (target, quota, error shape) ─► one module per operation ─► tokens
//!                    initiate_auth ─► sign_in ─► challenge (respond_to_auth_challenge) ─► sign_in
//! ```

mod access;
mod admin;
mod api;
mod challenge;
mod change_password;
pub mod client;
mod confirmation;
mod exception;
mod forgot_password;
mod get_user;
mod initiate_auth;
mod input;
mod lockout;
mod new_password;
mod password_policy;
mod refresh;
mod respond;
mod revoke;
mod secret_hash;
mod sign_in;
mod sign_out;
mod sign_up;
mod software_token;
mod srp;
pub mod state;
mod timestamp;
mod tokens;
mod totp;
mod user;

pub use api::{PATH, answer, endpoints};
pub use exception::Exception;
pub use forgot_password::{replace as replace_password, send as send_password_code};
pub use refresh::{may_retry, rotate};
pub use sign_up::{Registration, confirmed, register, sent_again};

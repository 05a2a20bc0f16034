//! The stub provider of authgauge: an OAuth 2.0 and OpenID-Connect provider for tests.
//!
//! A *dialect* (`mocks/dialects`) says what it serves; the strict one conforms to everything it
//! implements. A *fault* (`mocks/faults.yaml`) makes it break one requirement. A control plane under
//! `/_stub/` moves its time, rotates its keys and decides for its users, so that no test sleeps.
//!
//! ```text
//! HTTP ─ adapter (wiremock) or server (hyper) ─► Request ─ Engine ─► Response
//!                                          │ one module per endpoint, over one Provider:
//!                                          ▼ dialect, clock, keys, faults, store
//! ```
//!
//! The crate shares no code with the harness, or both could be wrong together.

mod account_page;
mod adapter;
mod authorize;
mod certificate;
mod client_auth;
mod client_credentials;
mod client_logout;
mod clock;
mod code;
mod conditions;
mod consent;
mod control;
mod csrf;
mod decide;
mod device;
mod device_sample;
mod dialect;
mod discovery;
mod engine;
mod error;
mod fault;
mod form;
mod idp;
mod introspection;
mod issue;
mod jwt;
mod key;
mod keys;
mod latency;
mod login;
mod logout;
mod manners;
mod overlay;
mod page;
mod pkce;
mod provider;
mod quota;
mod random;
mod reason;
mod recovery;
mod redirect_uri;
mod refresh;
mod refusal;
mod registration;
mod reply;
mod response_type;
mod reuse;
mod revocation;
mod scope;
mod scripted;
mod self_contained;
mod server;
mod store;
mod template;
mod tls;
mod token;
mod user;
mod user_pool;
mod userinfo;
mod verification;
mod wire;
mod yaml;

pub use adapter::{Options, Stub};
pub use conditions::Conditions;
pub use engine::Engine;
pub use error::StubError;
pub use fault::{ApiFaultRow, FaultRow};
pub use latency::Latency;
pub use quota::Quota;
pub use server::{Server, ServerOptions};
pub use wire::{Request, Response};

/// The dialect of the product that most people know.
pub const BEST_KNOWN: &str = "cognito";

/// The names of the dialects.
pub fn dialects() -> Vec<&'static str> {
    dialect::EMBEDDED.iter().map(|(name, _)| *name).collect()
}

/// The faults that a dialect always has, by name.
///
/// # Errors
/// When there is no such dialect.
pub fn habits(dialect: &str) -> Result<Vec<String>, StubError> {
    engine::habits(dialect)
}

/// The faults of the JSON API of a user pool, in the order of `mocks/api_faults.yaml`.
pub fn api_faults() -> Vec<ApiFaultRow> {
    fault::api_rows()
}

/// The faults that scenarios see, in the order of `mocks/faults.yaml`.
pub fn faults() -> Vec<FaultRow> {
    fault::rows()
}

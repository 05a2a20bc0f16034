//! The first provider file for an issuer: what it publishes, what is missing, what to register.

pub mod document;
pub mod file;
pub mod role;

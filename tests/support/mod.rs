//! What the tests of the real program share. Not every test uses all of it.
#![allow(dead_code, reason = "each test uses a part of it")]

pub mod golden;
pub mod measurements;
pub mod program;
pub mod reports;
pub mod server;
pub mod trials;
pub mod workload;

//! What the tests of the real program share. Not every test uses all of it.
#![allow(dead_code)]

pub mod golden;
pub mod program;
pub mod server;

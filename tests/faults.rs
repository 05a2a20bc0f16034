//! The fault matrix: each fault of the stub turns exactly its requirements red.

use std::process::ExitCode;

fn main() -> ExitCode {
    authgauge::harness::faults_main(concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios"))
}

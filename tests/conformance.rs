//! Every scenario as a test, against the embedded stub.

use std::process::ExitCode;

fn main() -> ExitCode {
    authgauge::harness::main(concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios"))
}

//! The fault matrix: each fault of the stub turns exactly its requirements red.

mod support;

use std::process::ExitCode;

use authgauge::faults::markdown;

fn main() -> ExitCode {
    let page = support::program::root().join("docs/accuracy.md");
    authgauge::harness::faults_main(concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios"), |matrix| {
        support::golden::check_part(&page, "faults", &markdown(matrix))
    })
}

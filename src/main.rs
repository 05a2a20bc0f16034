//! The command line program.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A load run makes hundreds of small pieces of text for each operation, on many threads.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    authgauge::cli::main()
}

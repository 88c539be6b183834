//! The gateway's program. All of it is in the library, so that a test can run it with a bug of its own.

use std::process::ExitCode;

/// Commands are many small values that live for a moment.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    gateway::program::main()
}

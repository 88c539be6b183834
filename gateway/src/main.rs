//! The gateway's program. It is in the library, so that a test can run it with a fault of its own
//! (`examples/broken.rs`).

use std::process::ExitCode;

/// A command is many small allocations that live for a moment, which mimalloc serves faster than the system's
/// allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    gateway::program::main()
}

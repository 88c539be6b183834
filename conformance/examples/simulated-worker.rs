//! The simulated worker as a process, for the tests: cargo builds examples with them, in a fresh clone too.

fn main() -> std::process::ExitCode {
    worker_sim::run(std::env::args_os())
}

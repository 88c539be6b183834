//! The simulated worker as a program of its own.
fn main() -> std::process::ExitCode {
    worker_sim::run(std::env::args_os())
}

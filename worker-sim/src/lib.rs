//! A worker without a GPU that speaks the whole contract: every action, both envelopes, three dialects, events,
//! models and memory, training, and real pictures that are a pure function of the effective request.
//!
//! `worker` decides and touches no pipe; `process` reads, writes and sleeps; `executor` runs what takes long. Whatever
//! can go wrong with a real worker is a fault by flag, in `faults`.

mod account;
mod check;
mod cli;
mod clock;
mod colour;
mod command;
mod cost;
mod device;
mod executor;
mod faults;
pub mod file_size;
mod files;
mod folders;
mod inputs;
mod log;
mod model_file;
mod models;
pub mod null_device;
mod optimize;
mod picture;
mod process;
mod report;
mod roots;
pub mod safetensors;
mod self_test;
mod settings;
mod signals;
mod suites;
mod training;
mod vram;
mod walk;
mod worker;

use std::{ffi::OsString, process::ExitCode};

/// Runs a simulated worker on this process's stdin, stdout and stderr until it is asked to stop.
///
/// `args` begins with the program's name. 0: stopped politely, by a signal too; 1: stdin, stdout or an output file failed; 70: the
/// fault `crash` struck; 78: it cannot start with these flags, this environment or these folders.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    file_size::fail_softly();
    match cli::settings(args) {
        Ok(settings) => process::serve(settings),
        Err(exit) => exit,
    }
}

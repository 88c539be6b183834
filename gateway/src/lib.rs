//! The gateway: takes commands in any envelope and dialect over HTTP and stdio, and runs them on a pool of GPU workers.
//!
//! The way of a command: [`http`] or [`stdio`] reads bytes into a `contracts::Incoming`. [`dispatch`] checks it and
//! makes the document for the worker; it sends a query to a [`lane`], and queues a command that a worker runs alone
//! ([`jobs`]). The job queue gets a lane from [`placement`]. The lane writes the frame to its worker process and
//! matches the reply. `reply` checks the reply, points its violations at the sender's document, and `http` or `stdio`
//! writes it in the sender's dialect.
//!
//! Only [`http`] knows HTTP, only `lane::spawner` spawns, only `gpu::nvml` knows NVML.

#![deny(clippy::print_stderr)]

mod aside;
mod images;
mod json;
mod reply;
mod shared;

pub mod app;
pub mod cli;
pub mod config;
pub mod dispatch;
pub mod environment;
pub mod events;
#[doc(hidden)]
pub mod faults;
pub mod gpu;
pub mod http;
pub mod jobs;
pub mod lane;
pub mod log;
pub mod outputs;
pub mod pending;
pub mod placement;
pub mod pool;
pub mod program;
pub mod signals;
pub mod stdio;
pub mod submit;
pub mod supervise;
mod trace;
pub mod units;
pub mod uploads;

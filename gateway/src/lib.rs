//! The gateway: commands in any envelope and dialect over HTTP and stdio, to a pool of GPU workers.
//!
//! One command's way: [`http`] or [`stdio`] reads bytes into a `contracts::Incoming`; [`dispatcher`] checks it, makes the
//! document for the worker, and asks a [`lane`] (queries) or queues it at the job queue ([`jobs`]: what a worker does alone);
//! the job queue picks a lane ([`pool`]); the lane hands the frame to its worker process and matches the reply; `dispatcher`
//! reads the reply, points its faults at the sender's document and writes it in the sender's dialect.
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

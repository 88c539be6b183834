//! Flags.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::{Host, Listen, PoolFlags, PublicUrl};

/// Dispatches commands over HTTP and stdio to a pool of GPU workers.
#[derive(Debug, Parser)]
#[command(name = "gateway", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the gateway can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serves HTTP.
    Serve(Serve),
    /// Serves stdin and stdout: a drop-in for `python main.py --worker pipeline_manager`.
    Stdio(Stdio),
    /// Sends one command or bare prompt submission, shows its progress and says where the picture is.
    Submit(Submit),
    /// Says what the contract has and this gateway does not do yet.
    Pending,
    /// A simulated worker: what the gateway itself starts where there is no GPU.
    #[command(hide = true, disable_help_flag = true)]
    WorkerSim {
        /// Flags of worker-sim.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<std::ffi::OsString>,
    },
    /// Becomes a worker that ends with its gateway: how the gateway starts its workers.
    #[command(hide = true, disable_help_flag = true)]
    ExecWorker {
        /// The gateway's process id.
        #[arg(long)]
        parent: i32,
        /// The worker's program.
        program: std::ffi::OsString,
        /// Its arguments.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<std::ffi::OsString>,
    },
    /// Kills the process groups that are named on stdin, at its end: the gateway's workers and their children.
    #[command(hide = true)]
    GuardGroups,
}

/// `gateway serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Address and port; port 0 takes a free one [default: 127.0.0.1:8080].
    #[arg(long, env = "CONCORD_LISTEN")]
    pub listen: Option<Listen>,
    /// Let other hosts in. There are no keys yet: whoever reaches the port may use it.
    #[arg(long)]
    pub allow_remote: bool,
    /// A host that requests may name besides the listener's address and localhost; repeatable.
    #[arg(long = "allowed-host", value_name = "HOST")]
    pub allowed_hosts: Vec<Host>,
    /// Where clients reach this gateway, if not at --listen: what URLs in replies begin with.
    #[arg(long, value_name = "URL", env = "CONCORD_PUBLIC_URL")]
    pub public_url: Option<PublicUrl>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "it would be the flags' help")]
    pub pool: PoolFlags,
}

/// What is done at the end of stdin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OnEof {
    /// The polite stop: 4 s for what is not done.
    Stop,
    /// Wait for the work.
    Finish,
}

/// `gateway stdio`: every flag of the Python worker, and those of the pool.
#[derive(Debug, Args)]
pub struct Stdio {
    /// Which worker; there is one.
    #[arg(long, default_value = "pipeline_manager", value_parser = ["pipeline_manager"])]
    pub worker: String,
    /// The prompt submission's schema; it must be the one built in.
    #[arg(long)]
    pub schema: Option<PathBuf>,
    /// What is done at the end of stdin.
    #[arg(long, value_enum, default_value = "stop")]
    pub on_eof: OnEof,
    #[command(flatten)]
    #[expect(missing_docs, reason = "it would be the flags' help")]
    pub pool: PoolFlags,
}

/// `gateway submit`.
#[derive(Debug, Args)]
pub struct Submit {
    /// JSON: any envelope, or a bare prompt submission; `-` reads stdin.
    pub file: PathBuf,
    /// A running gateway; without it, workers are started for this one command.
    #[arg(long)]
    pub url: Option<String>,
    /// Print the whole reply, as JSON, to stdout.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "it would be the flags' help")]
    pub pool: PoolFlags,
}

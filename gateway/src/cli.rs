//! The flags of the program.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::{Host, Listen, PoolFlags, PublicUrl};

/// Dispatches commands over HTTP and stdio to a pool of GPU workers.
#[derive(Debug, Parser)]
#[command(name = "gateway", version)]
pub struct Cli {
    /// The mode.
    #[command(subcommand)]
    pub command: Command,
}

/// The modes of the program.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serves HTTP.
    Serve(Serve),
    /// Serves stdin and stdout: a drop-in for `python main.py --worker pipeline_manager`.
    Stdio(Stdio),
    /// Sends one command or bare prompt submission, shows its progress and prints the path of the picture.
    Submit(Submit),
    /// Lists the features of the contract that this gateway does not have yet.
    Pending,
    /// Runs a simulated worker. The gateway starts these on a host without a GPU.
    #[command(hide = true, disable_help_flag = true)]
    WorkerSim {
        /// Flags of worker-sim.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<std::ffi::OsString>,
    },
    /// Becomes a worker that ends with its gateway. The gateway starts its workers by this.
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
    /// Kills the process groups that stdin names, at the end of stdin: the gateway's workers and their children.
    #[command(hide = true)]
    GuardGroups,
}

/// `gateway serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Address and port; port 0 takes a free one [default: 127.0.0.1:8080].
    #[arg(long, env = "CONCORD_LISTEN")]
    pub listen: Option<Listen>,
    /// Allows --listen addresses other than loopback. The gateway has no authentication: any client that reaches the port
    /// can use it.
    #[arg(long)]
    pub allow_remote: bool,
    /// A host that requests may name besides the listener's address and localhost; repeatable.
    #[arg(long = "allowed-host", value_name = "HOST")]
    pub allowed_hosts: Vec<Host>,
    /// The address by which clients reach this gateway, if not --listen; URLs in replies begin with it.
    #[arg(long, value_name = "URL", env = "CONCORD_PUBLIC_URL")]
    pub public_url: Option<PublicUrl>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "it would be the flags' help")]
    pub pool: PoolFlags,
}

/// What the gateway does at the end of stdin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OnEof {
    /// Stop: commands that have not ended get 4 s.
    Stop,
    /// Wait until every command has ended.
    Finish,
}

/// `gateway stdio`: every flag of the Python worker, and those of the pool.
#[derive(Debug, Args)]
pub struct Stdio {
    /// Which worker; there is only one.
    #[arg(long, default_value = "pipeline_manager", value_parser = ["pipeline_manager"])]
    pub worker: String,
    /// The schema of prompt submissions; it must be the built-in one.
    #[arg(long)]
    pub schema: Option<PathBuf>,
    /// What to do at the end of stdin.
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

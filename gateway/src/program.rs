//! The program: runs the mode that the flags name, with its log, its signals and its exit code.

use std::{
    net::SocketAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    process::ExitCode,
    sync::Arc,
};

use anyhow::Context;
use clap::Parser;
use contracts::{Submission, framing::FRAME_BYTES_MAX};
use futures::{FutureExt, future::BoxFuture};

use crate::{
    app::{App, BROKEN},
    cli::{Cli, Command, Serve, Stdio, Submit},
    config::{self, Config, PoolFlags},
    environment,
    gpu::{BrokenGpus, GpuError, Gpus, NvmlGpus},
    http, lane, log, pending, signals, stdio, submit, supervise,
    units::Count,
};

/// Runs the program, with the arguments and the environment of this process.
#[must_use]
pub fn main() -> ExitCode {
    worker_sim::file_size::fail_softly();
    log::on_panic();
    // Not in a simulated worker: the gateway that started it has checked the same environment.
    if std::env::args_os().nth(1).is_none_or(|command| command != "worker-sim") {
        match environment::check(std::env::vars_os()) {
            Ok(warnings) => warnings.iter().for_each(|warning| log::print(&format!("warning: {warning}"))),
            Err(wrong) => {
                log::print(&format!("error: {wrong}"));
                log::flush();
                return ExitCode::from(2);
            }
        }
    }
    let result = match Cli::parse().command {
        Command::WorkerSim { args } => {
            return worker_sim::run(std::iter::once("worker-sim".into()).chain(args));
        }
        Command::ExecWorker { parent, program, args } => {
            return supervise::exec_worker(parent, &program, &args);
        }
        Command::GuardGroups => return supervise::guard_groups(),
        Command::Pending => list_pending(),
        Command::Serve(flags) => on_one_thread(or_at_once(serve(flags))),
        Command::Stdio(flags) => on_one_thread(or_at_once(serve_stdio(flags))),
        Command::Submit(flags) => on_one_thread(despite_hangup(run_submit(flags))),
    };
    let code = result.unwrap_or_else(|err| {
        log::print(&format!("error: {err:#}"));
        log::flush_error();
        ExitCode::FAILURE
    });
    log::flush();
    code
}

/// Runs all tasks on one thread: a command then wakes no other core on its way. Blocking work has threads of its own.
fn on_one_thread(work: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    // As PID 1 of a container the gateway must reap the orphans of its workers; it does so everywhere, so that there is
    // one behaviour.
    lane::adopt_orphans().context("what workers leave behind cannot be adopted")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
    let code = catch_unwind(AssertUnwindSafe(|| runtime.block_on(work)));
    // Dropping the runtime would wait for blocking calls, and one to a dead disk or to NVML may never return.
    runtime.shutdown_background();
    code.unwrap_or_else(|_| {
        log::print("error: the gateway broke, and what it had read is lost; its log says where");
        Ok(ExitCode::from(BROKEN))
    })
}

/// Ends the program at the second SIGTERM or SIGINT, without a drain. Workers are killed when their lanes are dropped.
async fn or_at_once(work: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    tokio::select! {
        code = work => code,
        () = signals::hung_up() => unreachable!("it listens for ever"),
        () = signals::insisted() => anyhow::bail!("a second signal: left at once, and what ran is lost"),
    }
}

/// Handles SIGHUP, so that closing the terminal does not end a job that was sent from it.
async fn despite_hangup(work: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    tokio::select! {
        code = work => code,
        () = signals::hung_up() => unreachable!("it listens for ever"),
    }
}

/// Opens NVML; `None` if it is not installed. If it does not work, each list of GPUs fails with the reason.
fn nvml() -> Option<Arc<dyn Gpus>> {
    match NvmlGpus::open() {
        Ok(gpus) => Some(Arc::new(gpus)),
        Err(GpuError::Absent) => None,
        Err(err) => Some(Arc::new(BrokenGpus(err))),
    }
}

fn start_log(flags: &PoolFlags, level: &str) -> anyhow::Result<()> {
    Ok(log::start(level, flags.log_file.as_deref(), flags.log_format)?)
}

/// What a start needs, and the GPUs where NVML finds them.
type Decided = (Config, Option<Arc<dyn Gpus>>);

/// Reads what a start needs: NVML, the configuration, folders. May block for ever: the file may be a FIFO, the disk dead.
fn decide(flags: &PoolFlags) -> anyhow::Result<Decided> {
    let gpus = nvml();
    let config = Config::decide(flags, &owned_gpus(flags, gpus.as_deref())?, gpus.as_deref())?;
    let gpus = gpus.filter(|_| config.gpus.is_some());
    Ok((config, gpus))
}

/// Does what may block for ever on a thread of its own: the signal that ends the process is caught already, and acts.
///
/// # Errors
/// Those of `work`; where the signal comes first.
async fn unless_terminated<T: Send + 'static>(
    terminated: &mut BoxFuture<'static, ()>,
    work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    tokio::select! {
        // A signal that comes before this is caught has its own effect, and ends the process as well.
        biased;
        () = terminated => anyhow::bail!("a signal ended it before it had started"),
        done = tokio::task::spawn_blocking(work) => done.context("the start broke")?,
    }
}

#[expect(clippy::print_stdout, reason = "this command's answer")]
fn list_pending() -> anyhow::Result<ExitCode> {
    for pending in pending::PENDING {
        println!("{}: {}", pending.what, pending.meanwhile);
    }
    Ok(ExitCode::SUCCESS)
}

async fn serve(flags: Serve) -> anyhow::Result<ExitCode> {
    let mut terminated = signals::terminated().boxed();
    let pool = flags.pool;
    let (mut config, gpus) = unless_terminated(&mut terminated, move || {
        start_log(&pool, &pool.log_level)?;
        decide(&pool)
    })
    .await?;
    let listen = flags.listen.or(config.listen).unwrap_or_default().0;
    if !listen.ip().is_loopback() && !flags.allow_remote {
        anyhow::bail!(
            "{listen} lets other hosts in, and there are no keys yet\nhint: give --allow-remote, or listen on 127.0.0.1"
        );
    }
    config.edge = config.edge.with(flags.allowed_hosts, flags.public_url).into();
    config.edge.check(listen)?;
    let listener =
        tokio::net::TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    let address = listener.local_addr()?;
    let app = App::start(config, gpus);
    print_address(&app.dispatcher().config().about_workers, address);
    if let Err(err) = http::serve(app, listener, terminated).await {
        // With its sources, which a typed error prints only by `anyhow`.
        log::print(&format!("error: {:#}", anyhow::Error::new(err)));
        return Ok(ExitCode::from(BROKEN));
    }
    Ok(ExitCode::SUCCESS)
}

/// The address by which a client on this host reaches the listener. A request to a wildcard address would be refused.
fn named(listener: SocketAddr) -> String {
    if listener.ip().is_unspecified() {
        format!("localhost:{}", listener.port())
    } else {
        listener.to_string()
    }
}

fn print_address(about_workers: &str, listener: SocketAddr) {
    let address = named(listener);
    log::print(&format!(
        "{about_workers}\n\
         listening on http://{listener}\n\n\
         try:\n  \
         curl http://{address}/v1/readiness\n  \
         curl http://{address}/v1/generate --json '{{\"model\": {{\"base\": \"sdxl_base\"}}, \"conditioning\": {{\"prompt\": \"a pier at dusk\"}}}}'\n  \
         curl http://{address}/v1/jobs\n  \
         curl http://{address}/openapi.json\n"
    ));
}

async fn serve_stdio(flags: Stdio) -> anyhow::Result<ExitCode> {
    let mut terminated = signals::terminated().boxed();
    let Stdio { pool, schema, on_eof, .. } = flags;
    let (config, gpus) = unless_terminated(&mut terminated, move || {
        start_log(&pool, &pool.log_level)?;
        stdio::check_pipes()?;
        schema.as_deref().map_or(Ok(()), check_schema)?;
        decide(&pool)
    })
    .await?;
    tracing::info!("{}", config.about_workers);
    Ok(stdio::serve(App::start(config, gpus), on_eof, terminated).await)
}

/// Checks that a schema which an operator names is the one that is built in.
fn check_schema(path: &Path) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(path).with_context(|| format!("--schema {}", path.display()))?;
    let schema: serde_json::Value =
        serde_json::from_str(&text).with_context(|| format!("--schema {}", path.display()))?;
    if !Submission::is_schema(&schema) {
        anyhow::bail!("--schema {} is not {}, the schema built in", path.display(), Submission::SCHEMA_ID);
    }
    Ok(())
}

/// The GPUs that the environment gives to this process, as it names them.
fn owned_gpus(flags: &PoolFlags, nvml: Option<&dyn Gpus>) -> anyhow::Result<Vec<String>> {
    // One that is not UTF-8 names no GPU, and is not taken for absent.
    let variable = |name: &str| {
        let value = std::env::var_os(name).map(std::ffi::OsString::into_string).transpose();
        value.map_err(|value| anyhow::anyhow!("{name}={} is no UTF-8, and names no GPU", value.display()))
    };
    let gpus = nvml.and_then(|nvml| nvml.list().ok()).filter(|gpus| !gpus.is_empty());
    let (visible, gpu_id) = (variable("CUDA_VISIBLE_DEVICES")?, variable("GPU_ID")?);
    let names = config::owned(visible.as_deref(), gpu_id.as_deref(), flags, gpus.as_deref())?;
    for name in names.iter().filter(|name| name.starts_with("gpu_")) {
        tracing::warn!(
            "{name} is read as the host's GPU {}: CUDA itself does not know that name",
            &name[4..]
        );
    }
    Ok(names)
}

async fn run_submit(flags: Submit) -> anyhow::Result<ExitCode> {
    start_log(&flags.pool, quiet(&flags.pool.log_level))?;
    match &flags.url {
        Some(url) => {
            let bytes_max = flags.pool.frame_bytes_max.map_or(FRAME_BYTES_MAX, Count::size);
            let submission = submit::Submission::read(&flags.file, bytes_max)?;
            submit::remotely(url, &submission, flags.json).await
        }
        None => {
            let (config, gpus) = decide(&flags.pool)?;
            let submission = submit::Submission::read(&flags.file, config.frame_bytes_max)?;
            submit::locally(App::start(config, gpus), &submission, flags.json).await
        }
    }
}

/// The log level of `submit`: only warnings, unless another level is given, because a log tears the progress bar.
fn quiet(level: &str) -> &str {
    if level == "info" { "warning" } else { level }
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn the_greeting_names_a_host_that_is_served() {
        for (listener, expected) in [
            ("0.0.0.0:8080", "localhost:8080"),
            ("[::]:8080", "localhost:8080"),
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("[::1]:1", "[::1]:1"),
        ] {
            assert_eq!(named(listener.parse().unwrap()), expected);
        }
    }
}

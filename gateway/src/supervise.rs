//! Hidden modes of the gateway's own binary that end workers and their children with the gateway.
//!
//! [`exec_worker`] becomes a worker that the kernel kills when its gateway ends. [`guard_groups`] is a process that
//! outlives the gateway for a moment and kills the process groups of the workers: their children get no parent-death
//! signal.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    io::{self, BufRead, Write},
    os::unix::process::CommandExt,
    process::{Command, ExitCode},
};

use nix::{
    errno::Errno,
    sys::{
        prctl,
        signal::{SigSet, Signal, killpg},
    },
    unistd::{Pid, getppid},
};

/// `EX_CONFIG` of sysexits.h: the program cannot run as it is configured. Workers use the same code for that.
pub const EXIT_CONFIG: u8 = 78;
/// `EX_TEMPFAIL`: it may work another time.
const EXIT_TRANSIENT: u8 = 75;

/// Whether a failure to start a program is one of configuration: it cannot be executed, however often it is tried. All
/// other failures (EMFILE, ENOMEM, EAGAIN, ETXTBSY, …) may pass by themselves.
#[must_use]
pub fn is_configuration(err: &io::Error) -> bool {
    let errno = err.raw_os_error().map(Errno::from_raw);
    matches!(
        errno,
        Some(
            Errno::ENOENT
                | Errno::EACCES
                | Errno::EPERM
                | Errno::ENOEXEC
                | Errno::ENOTDIR
                | Errno::EISDIR
                | Errno::ELOOP
                | Errno::ENAMETOOLONG
                | Errno::EINVAL
                | Errno::E2BIG
        )
    )
}

/// Writes to stderr, which the gateway logs. A closed stderr is ignored: it must not keep this process from its work.
fn log_line(what: &str) {
    writeln!(io::stderr(), "gateway: {what}").ok();
}

/// Leaves the end of this process to the gateway. Service managers send SIGTERM to every process of a service, and log
/// rotation SIGHUP: a worker that obeyed would end its job, although the gateway drains or goes on. Blocks SIGTERM, SIGINT
/// and SIGHUP here and in the worker that this process executes: exec keeps the mask, and ignoring signals would need
/// unsafe code.
fn leave_signals_to_the_gateway() {
    let signals = SigSet::from_iter([Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP]);
    signals.thread_block().expect("the kernel blocks any signal but SIGKILL and SIGSTOP");
}

/// Becomes `program`, which the kernel kills when the thread of `parent` that started this process ends.
///
/// Returns only if that fails: with [`EXIT_CONFIG`] if the program cannot be executed, else with `EX_TEMPFAIL`.
#[must_use]
pub fn exec_worker(parent: i32, program: &OsString, args: &[OsString]) -> ExitCode {
    leave_signals_to_the_gateway();
    if let Err(err) = prctl::set_pdeathsig(Signal::SIGKILL) {
        log_line(&format!("the parent-death signal cannot be asked for: {err}"));
        return ExitCode::from(EXIT_TRANSIENT);
    }
    // The kernel sends no signal for a parent that ended before the call above.
    if getppid() != Pid::from_raw(parent) {
        log_line(&format!("process {parent}, which started this worker, has ended"));
        return ExitCode::from(EXIT_TRANSIENT);
    }
    let err = Command::new(program).args(args).exec();
    log_line(&format!("{} cannot be executed: {err}", program.display()));
    ExitCode::from(if is_configuration(&err) { EXIT_CONFIG } else { EXIT_TRANSIENT })
}

/// Reads `+GROUP` and `-GROUP` lines from stdin and, at its end, kills every group that is left.
///
/// Only the gateway holds the other end of stdin, so that the end comes however the gateway ends, by SIGKILL too.
#[must_use]
pub fn guard_groups() -> ExitCode {
    leave_signals_to_the_gateway();
    let mut groups = BTreeSet::new();
    let mut code = ExitCode::SUCCESS;
    for line in io::stdin().lock().lines() {
        // A broken pipe is an end like any other: the groups named before it are killed, and no work is lost by that, as the
        // other end is the gateway's.
        let Ok(line) = line else { break };
        match (line.strip_prefix('+').map(str::parse::<i32>), line.strip_prefix('-').map(str::parse::<i32>)) {
            (Some(Ok(group)), _) if group > 1 => _ = groups.insert(group),
            (_, Some(Ok(group))) => _ = groups.remove(&group),
            _ => {
                log_line(&format!("{line:?} names no process group"));
                code = ExitCode::FAILURE;
            }
        }
    }
    for group in groups {
        match killpg(Pid::from_raw(group), Signal::SIGKILL) {
            Ok(()) | Err(Errno::ESRCH) => {}
            Err(err) => {
                log_line(&format!("process group {group} could not be killed: {err}"));
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

#[cfg(test)]
mod tests {
    use std::io;

    use nix::errno::Errno;

    use super::is_configuration;

    #[test]
    fn only_a_program_that_cannot_be_executed_is_configured_wrong() {
        let is = |errno: Errno| is_configuration(&io::Error::from(errno));
        for errno in [Errno::ENOENT, Errno::EACCES, Errno::ENOEXEC, Errno::ENOTDIR, Errno::ELOOP] {
            assert!(is(errno), "{errno}");
        }
        for errno in [Errno::EMFILE, Errno::ENFILE, Errno::ENOMEM, Errno::EAGAIN, Errno::ETXTBSY, Errno::EIO]
        {
            assert!(!is(errno), "{errno}");
        }
        assert!(!is_configuration(&io::Error::other("no number")));
    }
}

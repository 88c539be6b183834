//! The hidden modes of the gateway's own binary that tie workers, and their children, to the gateway's life.
//!
//! [`exec_worker`] becomes a worker that the kernel kills when its gateway ends. [`guard_groups`] is the one process
//! that outlives the gateway for a moment: it kills the process groups of the workers, and so their children, which no
//! parent-death signal reaches.

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
        signal::{Signal, killpg},
    },
    unistd::{Pid, getppid},
};

/// `EX_CONFIG` of sysexits.h: the program cannot run as it is configured; a worker says the same by it.
pub const EXIT_CONFIG: u8 = 78;
/// `EX_TEMPFAIL`: it may work another time.
const EXIT_TRANSIENT: u8 = 75;

/// Whether this failure to start a program lies in how it is configured: the program cannot be executed. Whatever
/// else hinders a start (EMFILE, ENOMEM, EAGAIN, ETXTBSY, …) passes by itself.
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

/// Tells the log. A stderr that nobody reads any more must not end what is done here.
fn say(what: &str) {
    writeln!(io::stderr(), "gateway: {what}").ok();
}

/// Becomes `program`, killed by the kernel as soon as the thread of `parent` that started this process ends.
///
/// Returns only where that fails, with the exit code that says whose fault it is.
#[must_use]
pub fn exec_worker(parent: i32, program: &OsString, args: &[OsString]) -> ExitCode {
    if let Err(err) = prctl::set_pdeathsig(Signal::SIGKILL) {
        say(&format!("the parent-death signal cannot be asked for: {err}"));
        return ExitCode::from(EXIT_TRANSIENT);
    }
    // A gateway that ended before the line above has sent no signal.
    if getppid() != Pid::from_raw(parent) {
        say(&format!("process {parent}, which started this worker, has ended"));
        return ExitCode::from(EXIT_TRANSIENT);
    }
    let err = Command::new(program).args(args).exec();
    say(&format!("{} cannot be executed: {err}", program.display()));
    ExitCode::from(if is_configuration(&err) { EXIT_CONFIG } else { EXIT_TRANSIENT })
}

/// Reads `+GROUP` and `-GROUP` lines from stdin and, at its end, kills every group that is left.
///
/// The gateway holds the other end of stdin, so that its end comes however the gateway ends, with SIGKILL too.
#[must_use]
pub fn guard_groups() -> ExitCode {
    let mut groups = BTreeSet::new();
    let mut code = ExitCode::SUCCESS;
    for line in io::stdin().lock().lines() {
        // What was written before a pipe breaks still counts.
        let Ok(line) = line else { break };
        match (line.strip_prefix('+').map(str::parse::<i32>), line.strip_prefix('-').map(str::parse::<i32>)) {
            (Some(Ok(group)), _) if group > 1 => _ = groups.insert(group),
            (_, Some(Ok(group))) => _ = groups.remove(&group),
            _ => {
                say(&format!("{line:?} names no process group"));
                code = ExitCode::FAILURE;
            }
        }
    }
    for group in groups {
        match killpg(Pid::from_raw(group), Signal::SIGKILL) {
            Ok(()) | Err(Errno::ESRCH) => {}
            Err(err) => {
                say(&format!("process group {group} could not be killed: {err}"));
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

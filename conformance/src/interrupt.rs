//! The end of an interrupted run: its processes are killed, its unfinished files removed.

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use std::{
    collections::BTreeSet,
    io,
    os::unix::process::CommandExt as _,
    path::PathBuf,
    process::{Child, Command},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Exit code of a run that SIGINT or SIGTERM ended, as shells have it.
const INTERRUPTED: i32 = 130;

// Static, as a signal handler belongs to the whole process.
static GROUPS: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());
static PATHS: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

fn lock<T>(list: &'static Mutex<BTreeSet<T>>) -> MutexGuard<'static, BTreeSet<T>> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes SIGINT and SIGTERM end the run at once and leave nothing behind.
///
/// # Errors
/// [`ctrlc::Error`] if another handler is installed.
pub fn install() -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(|| {
        // The lock is held until the exit, so that no further process starts.
        let groups = lock(&GROUPS);
        for group in groups.iter() {
            // An error means that the group has ended.
            let _: Result<_, _> = killpg(Pid::from_raw(*group), Signal::SIGKILL);
        }
        let paths = lock(&PATHS);
        for path in paths.iter() {
            let removed =
                if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
            if let Err(err) = removed {
                eprintln!("conformance: {} is left: {err}", path.display());
            }
        }
        eprintln!("conformance: interrupted; no report is written");
        std::process::exit(INTERRUPTED);
    })
}

/// Starts a process as the leader of a group, which an interrupt kills. The lock is held over the start: an interrupt between
/// the start and the entry in the list would leave the process behind.
pub(crate) fn spawn(command: &mut Command) -> io::Result<Child> {
    let mut groups = lock(&GROUPS);
    let child = command.process_group(0).spawn()?;
    groups.insert(child.id().cast_signed());
    Ok(child)
}

/// The leader of the group was reaped.
pub(crate) fn has_ended(group: Pid) {
    lock(&GROUPS).remove(&group.as_raw());
}

/// A file or folder, to be removed at an interrupt.
pub fn remove_at_interrupt(path: impl Into<PathBuf>) {
    lock(&PATHS).insert(path.into());
}

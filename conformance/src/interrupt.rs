//! The end of an interrupted run: its processes are killed, its unfinished files removed.

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use std::{
    collections::BTreeSet,
    fs, io,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
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
    ctrlc::set_handler(|| end("interrupted; no report is written", INTERRUPTED))
}

/// Ends the program while its work goes on: processes are killed, unfinished files removed.
pub fn end(why: &str, code: i32) -> ! {
    // The lock is held until the exit, so that no further process starts.
    let groups = lock(&GROUPS);
    for group in groups.iter() {
        // An error means that the group has ended.
        let _: Result<_, _> = killpg(Pid::from_raw(*group), Signal::SIGKILL);
    }
    let paths = lock(&PATHS);
    for path in paths.iter() {
        if let Err(err) = remove(path) {
            eprintln!("conformance: {} is left: {err}", path.display());
        }
    }
    eprintln!("conformance: {why}");
    std::process::exit(code);
}

/// Removes a file or folder. One that the run has removed itself is not left.
fn remove(path: &Path) -> io::Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A hunt makes a folder for each mutant and removes it: at an interrupt most are gone.
    #[test]
    fn what_the_run_has_removed_itself_is_not_left() {
        let folder = tempfile::tempdir().unwrap();
        let (inside, file) = (folder.path().join("inside"), folder.path().join("file"));
        fs::create_dir(&inside).unwrap();
        fs::write(inside.join("made"), "").unwrap();
        fs::write(&file, "").unwrap();
        for path in [&inside, &file] {
            for _ in 0..2 {
                remove(path).unwrap();
                assert!(!path.exists(), "{}", path.display());
            }
        }
        assert!(remove(Path::new("/proc/self/status")).is_err());
    }
}

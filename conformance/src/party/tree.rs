//! The processes below a process under test, as `/proc` lists them.

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{fs, io, path::Path};

use super::ToolError;

/// A variable that a process under test hands on to everything that it starts. A process whose parent has ended is a child
/// of init and has no ancestor that could be followed; its environment still names its origin.
pub(super) const MARK: &str = "CONFORMANCE_PROCESS";

/// A process at the moment of a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its number.
    pub pid: Pid,
    /// The name of its program.
    pub name: String,
    /// The start of its command line; its name where it has none.
    pub command: String,
    /// `Z` for a zombie; other letters as in proc(5).
    pub state: char,
    parent: Pid,
    /// Clock ticks between the boot and its start: tells it from a later process of the same number.
    started: u64,
}

impl Seen {
    /// Whether this very process still runs. A zombie does not: it waits for its parent, which may be init.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        read(self.pid.as_raw()).is_ok_and(|now| now.started == self.started && now.state != 'Z')
    }

    /// Whether this very process is a zombie.
    #[must_use]
    pub fn is_zombie(&self) -> bool {
        read(self.pid.as_raw()).is_ok_and(|now| now.started == self.started && now.state == 'Z')
    }

    /// Whether it is the parent of another.
    #[must_use]
    pub fn is_parent_of(&self, other: &Self) -> bool {
        other.parent == self.pid
    }

    /// Kills it, if it still runs.
    pub fn kill(&self) {
        if self.is_alive() {
            // An error means that it has ended by itself.
            let _: Result<_, _> = kill(self.pid, Signal::SIGKILL);
        }
    }
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.command)
    }
}

/// The resident memory of one process, as `/proc` tells it in KiB.
pub(super) fn resident_bytes(pid: Pid) -> Result<u64, ToolError> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).map_err(ToolError::Processes)?;
    let value = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    match (value("VmRSS:"), value("State:")) {
        (Some(size), _) => {
            size.strip_suffix(" kB").and_then(|kib| kib.parse::<u64>().ok()).map(|kib| kib * 1024).ok_or_else(
                || ToolError::Processes(io::Error::other(format!("/proc/{pid}/status: VmRSS is {size:?}"))),
            )
        }
        // A zombie has no memory, and no such line.
        (None, Some(state)) if state.starts_with(['Z', 'X']) => Ok(0),
        (None, _) => Err(ToolError::Processes(io::Error::other(format!("/proc/{pid}/status has no VmRSS")))),
    }
}

/// All processes below `root`: its children, theirs, and those with its mark.
pub(super) fn descendants(root: Pid, mark: &str) -> Result<Vec<Seen>, ToolError> {
    let all: Vec<Seen> = processes().map_err(ToolError::Processes)?;
    let marked = format!("{MARK}={mark}");
    let mut found: Vec<Seen> = Vec::new();
    loop {
        let more: Vec<Seen> = all
            .iter()
            .filter(|seen| seen.pid != root && !found.contains(seen))
            .filter(|seen| {
                seen.parent == root
                    || found.iter().any(|above| above.pid == seen.parent)
                    || has_mark(seen.pid, &marked)
            })
            .cloned()
            .collect();
        if more.is_empty() {
            return Ok(found);
        }
        found.extend(more);
    }
}

/// A process by its number.
pub(super) fn process(pid: Pid) -> Result<Seen, ToolError> {
    read(pid.as_raw()).map_err(ToolError::Processes)
}

fn processes() -> io::Result<Vec<Seen>> {
    let numbers =
        fs::read_dir("/proc")?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok());
    // A process that ends between the list and the look is no longer there.
    Ok(numbers.filter_map(|pid| read(pid).ok()).collect())
}

fn read(pid: i32) -> io::Result<Seen> {
    let folder = Path::new("/proc").join(pid.to_string());
    let stat = fs::read_to_string(folder.join("stat"))?;
    let odd = || io::Error::other(format!("/proc/{pid}/stat is not as in proc(5)"));
    // The name is in parentheses and may itself have parentheses and blanks.
    let (name, rest) = stat.rsplit_once(')').ok_or_else(odd)?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    // Fields 3, 4 and 22 of proc(5): state, parent, start time.
    let (Some(state), Some(parent), Some(started)) = (fields.first(), fields.get(1), fields.get(19)) else {
        return Err(odd());
    };
    let name = name.split_once('(').map_or(name, |(_, name)| name);
    let line = fs::read(folder.join("cmdline"))?;
    let words: Vec<_> = line.split(|byte| *byte == 0).take(3).map(String::from_utf8_lossy).collect();
    let command = if line.is_empty() { name.to_owned() } else { words.join(" ").trim().to_owned() };
    Ok(Seen {
        pid: Pid::from_raw(pid),
        name: name.to_owned(),
        command,
        state: state.chars().next().ok_or_else(odd)?,
        parent: Pid::from_raw(parent.parse().map_err(|_| odd())?),
        started: started.parse().map_err(|_| odd())?,
    })
}

/// Whether a process has the variable. The environment of another user's process cannot be read: no target starts one.
fn has_mark(pid: Pid, marked: &str) -> bool {
    fs::read(Path::new("/proc").join(pid.to_string()).join("environ"))
        .is_ok_and(|environment| environment.split(|byte| *byte == 0).any(|word| word == marked.as_bytes()))
}

#[cfg(test)]
mod tests {
    use std::{
        process::{Command, Stdio},
        time::{Duration, Instant},
    };

    use super::super::process::Process;

    #[test]
    fn a_process_is_found_below_its_origin_though_its_parent_has_ended() {
        let mut command = Command::new("sh");
        command.args(["-c", "(setsid sleep 1000 & ) ; sleep 1001"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let (process, _) = Process::start(&mut command).unwrap();
        let until = Instant::now() + Duration::from_secs(10);
        let found = loop {
            let found = process.descendants().unwrap();
            let has = |line: &str| found.iter().any(|seen| seen.command == line);
            if has("sleep 1000") && has("sleep 1001") {
                break found;
            }
            assert!(Instant::now() < until, "{found:?}");
        };
        let orphan = found.iter().find(|seen| seen.command == "sleep 1000").unwrap();
        assert!(orphan.is_alive(), "its parent alone has ended");
        // It has a session of its own: the kill of the group does not reach it, the mark does.
        drop(process);
        while orphan.is_alive() {
            assert!(Instant::now() < until, "{orphan} is not killed");
        }
    }
}

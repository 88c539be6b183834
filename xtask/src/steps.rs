//! Steps of `cargo xtask test`, `check` and `long`, and how they run: all of them, whatever fails. The last lines say which
//! failed and how to run one alone.
//!
//! Steps that leave a core run two at a time, and beside them one that mostly waits. The output of each is printed when it
//! ends, in one piece.

use std::{
    convert::Infallible,
    io::{self, PipeReader, Read as _, Write},
    path::Path,
    process::Command,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

/// Exit code of a step that cannot run here, and says why.
const SKIPPED: i32 = 77;

/// Steps that keep a core busy at the same time: as many as the smallest machine for them has.
const CORES: usize = 2;

/// How long the end of a step's output is waited for after its own end.
const PIPE_LEFT_OPEN_MAX: Duration = Duration::from_secs(2);

/// How a step ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Passed,
    Failed,
    Skipped,
}

/// How much of the machine a step keeps busy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Share {
    /// All of it: nothing runs beside it.
    Whole,
    /// Another step may run beside it: it needs one core at most, and its limits of time hold on that.
    Half,
    /// It waits for clocks and processes most of its time. One such step runs beside those that need a core.
    Waits,
}

/// One step: a name to call it by, what it shows, and the command.
#[derive(Clone, Copy)]
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) shows: &'static str,
    pub(crate) command: &'static [&'static str],
    /// Folder below the root that it runs in.
    pub(crate) folder: &'static str,
    pub(crate) environment: &'static [(&'static str, &'static str)],
    pub(crate) share: Share,
    /// Steps that must have ended, if they run at all.
    pub(crate) needs: &'static [&'static str],
}

/// A step that runs alone, in the root.
pub(crate) const fn step(name: &'static str, shows: &'static str, command: &'static [&'static str]) -> Step {
    Step { name, shows, command, folder: "", environment: &[], share: Share::Whole, needs: &[] }
}

/// Runs the steps of `cargo xtask <task>`, each in `environment` and its own; `only` names those to run, all where it is
/// empty.
///
/// # Errors
/// A step that failed, or a name that is not a step's.
pub(crate) fn run(
    root: &Path,
    task: &str,
    steps: &[Step],
    environment: &[(&str, &str)],
    only: &[String],
    out: &mut dyn Write,
) -> Result<()> {
    if let Some(unknown) = only.iter().find(|name| steps.iter().all(|step| step.name != **name)) {
        let names: Vec<&str> = steps.iter().map(|step| step.name).collect();
        bail!("no step `{unknown}`; there are {}", names.join(", "));
    }
    let chosen = |step: &&Step| only.is_empty() || only.iter().any(|name| name == step.name);
    let chosen: Vec<&Step> = steps.iter().filter(chosen).collect();
    let start = Instant::now();
    let mut rows = run_all(root, &chosen, environment, out)?;
    rows.sort_unstable_by_key(|row| row.index);
    summary(&chosen, &rows, start.elapsed(), out)?;
    let failed: Vec<&str> =
        rows.iter().filter(|row| row.verdict == Verdict::Failed).map(|row| chosen[row.index].name).collect();
    if failed.is_empty() {
        return Ok(());
    }
    bail!("{} failed; `cargo xtask {task} {}` runs that alone", failed.join(", "), failed[0])
}

/// Prints the steps.
///
/// # Errors
/// A stdout that is closed.
pub(crate) fn list(steps: &[Step], out: &mut dyn Write) -> io::Result<()> {
    steps.iter().try_for_each(|step| writeln!(out, "{:<27} {}", step.name, step.shows))
}

/// A step that has ended.
struct Row {
    index: usize,
    verdict: Verdict,
    took: Duration,
}

/// The end of a step, from its thread.
struct Ended {
    index: usize,
    /// How it ended, and its output if that was not printed at once.
    result: Result<(Verdict, String)>,
    took: Duration,
}

fn run_all(
    root: &Path,
    steps: &[&Step],
    environment: &[(&str, &str)],
    out: &mut dyn Write,
) -> Result<Vec<Row>> {
    let (ended, ends) = mpsc::channel();
    let mut waiting: Vec<usize> = (0..steps.len()).collect();
    let mut running: Vec<usize> = Vec::new();
    let mut rows = Vec::new();
    thread::scope(|scope| {
        while !waiting.is_empty() || !running.is_empty() {
            while let Some(index) = next(steps, &waiting, &running) {
                waiting.retain(|other| *other != index);
                running.push(index);
                let step = steps[index];
                writeln!(out, "\n==> {}: {}\n    {}", step.name, step.shows, step.command.join(" "))?;
                out.flush()?;
                let inherits = step.share == Share::Whole || steps.len() == 1;
                let ended = ended.clone();
                scope.spawn(move || {
                    let start = Instant::now();
                    let result = run_step(root, step, environment, inherits);
                    // An error means that the caller has failed and waits for no more ends.
                    let _: Result<_, _> = ended.send(Ended { index, result, took: start.elapsed() });
                });
            }
            let Ended { index, result, took } = ends.recv().context("a step runs")?;
            running.retain(|other| *other != index);
            // A step that cannot start has failed, and the others run all the same.
            let (verdict, output) = result.unwrap_or_else(|err| (Verdict::Failed, format!("{err:#}")));
            if !output.is_empty() {
                writeln!(out, "\n<== {} ended:\n{}", steps[index].name, output.trim_end())?;
            }
            rows.push(Row { index, verdict, took });
        }
        Ok(rows)
    })
}

/// The first waiting step that may start beside those that run.
fn next(steps: &[&Step], waiting: &[usize], running: &[usize]) -> Option<usize> {
    let is_open = |name: &str| waiting.iter().chain(running).any(|index| steps[*index].name == name);
    let count = |share| running.iter().filter(|index| steps[**index].share == share).count();
    let fits = |step: &Step| match step.share {
        Share::Whole => running.is_empty(),
        Share::Half => count(Share::Whole) == 0 && count(Share::Half) < CORES,
        Share::Waits => count(Share::Whole) == 0 && count(Share::Waits) == 0,
    };
    let may_start = |step: &Step| fits(step) && !step.needs.iter().any(|need| is_open(need));
    waiting.iter().copied().find(|index| may_start(steps[*index]))
}

/// Runs a step. It inherits the output of this program, or its own is returned.
fn run_step(
    root: &Path,
    step: &Step,
    environment: &[(&str, &str)],
    inherits: bool,
) -> Result<(Verdict, String)> {
    let mut command = command_of(root, step)?;
    command.envs(environment.iter().chain(step.environment).copied());
    let starting = || format!("{}: starting {}", step.name, step.command[0]);
    let (mut child, output) = if inherits {
        (command.spawn().with_context(starting)?, None)
    } else {
        let (reader, writer) = io::pipe()?;
        command.stdout(writer.try_clone()?).stderr(writer);
        let child = command.spawn().with_context(starting)?;
        // The command holds the writers: while it does, the end of the output is not seen.
        drop(command);
        (child, Some(read_aside(reader)))
    };
    let status = child.wait()?;
    let output = output.map(|output| output.collect(PIPE_LEFT_OPEN_MAX)).unwrap_or_default();
    let verdict = match status.code() {
        Some(0) => Verdict::Passed,
        Some(SKIPPED) => Verdict::Skipped,
        _ => Verdict::Failed,
    };
    Ok((verdict, output))
}

/// This program, also after a build has replaced its file.
const THIS_PROGRAM: &str = "/proc/self/exe";

/// The command of a step, in its folder. `cargo xtask` is this program: cargo would build it anew with the environment of
/// the steps, and wait for a build that runs beside it.
fn command_of(root: &Path, step: &Step) -> Result<Command> {
    let folder = root.join(step.folder);
    let (program, arguments) = match step.command {
        [] => bail!("{} has no command", step.name),
        ["cargo", "xtask", arguments @ ..] => (THIS_PROGRAM.into(), arguments),
        // A program with a slash is a file of ours, whatever the working directory.
        [program, arguments @ ..] if program.contains('/') => (folder.join(program), arguments),
        [program, arguments @ ..] => (program.into(), arguments),
    };
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder);
    Ok(command)
}

/// Output that a thread reads.
struct Output {
    /// A lock, because the step's end does not wait for the thread that fills it.
    bytes: Arc<Mutex<Vec<u8>>>,
    /// Disconnected at its end.
    read: mpsc::Receiver<Infallible>,
}

/// Reads a pipe on a thread of its own: what a step leaves behind may hold the pipe open for ever.
fn read_aside(mut pipe: PipeReader) -> Output {
    let (reads, read) = mpsc::channel();
    let bytes = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&bytes);
    thread::spawn(move || {
        let mut chunk = [0; 1 << 13];
        // An error of a pipe is its end.
        while let Ok(count @ 1..) = pipe.read(&mut chunk) {
            kept.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&chunk[..count]);
        }
        drop(reads);
    });
    Output { bytes, read }
}

impl Output {
    /// The output to its end, or as far as it came by then.
    fn collect(self, within: Duration) -> String {
        let is_whole = self.read.recv_timeout(within) == Err(mpsc::RecvTimeoutError::Disconnected);
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::from_utf8_lossy(&bytes).into_owned();
        if !is_whole {
            text.push_str("\n(a process that the step left behind holds its output open)\n");
        }
        text
    }
}

fn summary(steps: &[&Step], rows: &[Row], took: Duration, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out)?;
    for row in rows {
        let verdict = match row.verdict {
            Verdict::Passed => "ok",
            Verdict::Failed => "FAILED",
            Verdict::Skipped => "skipped",
        };
        writeln!(out, "{verdict:<8}{:<28}{:>8.1} s", steps[row.index].name, row.took.as_secs_f64())?;
    }
    let count = |wanted: Verdict| rows.iter().filter(|row| row.verdict == wanted).count();
    let [passed, failed, skipped] = [Verdict::Passed, Verdict::Failed, Verdict::Skipped].map(count);
    writeln!(
        out,
        "steps: {passed} passed, {failed} failed, {skipped} skipped, in {:.0} s",
        took.as_secs_f64()
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Share, Step, next, run, step};

    const fn half(name: &'static str, needs: &'static [&'static str]) -> Step {
        Step { share: Share::Half, needs, ..step(name, "", &["true"]) }
    }

    #[test]
    fn a_step_starts_when_what_it_needs_has_ended_and_the_machine_has_room() {
        let [setup, lint, whole, late] =
            [half("setup", &[]), half("lint", &[]), step("whole", "", &["true"]), half("late", &["whole"])];
        let steps = [&setup, &lint, &whole, &late];
        assert_eq!(next(&steps, &[0, 1, 2, 3], &[]), Some(0));
        assert_eq!(next(&steps, &[1, 2, 3], &[0]), Some(1));
        assert_eq!(next(&steps, &[2, 3], &[0, 1]), None);
        assert_eq!(next(&steps, &[2, 3], &[1]), None, "a step that takes the whole machine runs alone");
        assert_eq!(next(&steps, &[2, 3], &[]), Some(2));
        assert_eq!(next(&steps, &[3], &[2]), None);
        assert_eq!(next(&steps, &[3], &[]), Some(3));
        assert_eq!(next(&steps[3..], &[0], &[]), Some(0), "a need that was not asked for is not waited for");
    }

    #[test]
    fn one_step_that_waits_runs_beside_those_that_work() {
        let waits = |name| Step { share: Share::Waits, ..step(name, "", &["true"]) };
        let [one, two, third, clock, other, whole] = [
            half("one", &[]),
            half("two", &[]),
            half("third", &[]),
            waits("clock"),
            waits("other"),
            step("whole", "", &["true"]),
        ];
        let steps = [&one, &two, &third, &clock, &other, &whole];
        assert_eq!(next(&steps, &[2, 3, 4, 5], &[0, 1]), Some(3));
        assert_eq!(next(&steps, &[2, 4, 5], &[0, 1, 3]), None);
        assert_eq!(next(&steps, &[2, 4, 5], &[0, 3]), Some(2));
        assert_eq!(next(&steps, &[4, 5], &[5]), None);
        assert_eq!(next(&steps, &[5], &[3]), None, "what takes the whole machine runs alone");
    }

    #[test]
    fn all_steps_run_whatever_fails_and_the_summary_is_in_their_order() {
        let says = |name, text: &'static [&'static str]| Step { share: Share::Half, ..step(name, "", text) };
        let steps = [
            says("fails", &["sh", "-c", "echo to stdout; echo to stderr >&2; exit 3"]),
            says("skips", &["sh", "-c", "echo no tool; exit 77"]),
            says("absent", &["./no-such-program"]),
            says("leaves", &["sh", "-c", "echo begun; sleep 1000 & echo $! >&2"]),
            Step { needs: &["fails"], ..says("passes", &["true"]) },
        ];
        let mut out = Vec::new();
        let failed = run(Path::new("."), "test", &steps, &[], &[], &mut out).unwrap_err().to_string();
        assert_eq!(failed, "fails, absent failed; `cargo xtask test fails` runs that alone");
        let out = String::from_utf8(out).unwrap();
        assert!(out.contains("<== fails ended:\nto stdout\nto stderr\n"), "{out}");
        let verdicts: Vec<Vec<&str>> =
            out.lines().rev().skip(1).take(5).map(|line| line.split_whitespace().take(2).collect()).collect();
        let expected = [
            ["ok", "passes"],
            ["ok", "leaves"],
            ["FAILED", "absent"],
            ["skipped", "skips"],
            ["FAILED", "fails"],
        ];
        assert_eq!(verdicts, expected);
        assert!(out.contains("steps: 2 passed, 2 failed, 1 skipped"), "{out}");
        assert!(out.contains("absent: starting"), "{out}");
        let left = out.split("begun\n").nth(1).unwrap().lines().next().unwrap().to_owned();
        assert!(out.contains("holds its output open"), "{out}");
        assert!(std::process::Command::new("kill").arg(left).status().unwrap().success());
        assert!(run(Path::new("."), "test", &steps, &[], &["none".to_owned()], &mut Vec::new()).is_err());
    }
}

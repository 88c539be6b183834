//! The process around the worker: one loop that reads stdin, writes stdout and sleeps until something is due.
//!
//! One thread, so that a query costs no hop. stdout is written in pieces that fit its pipe, so that a client that
//! writes much before it reads never stops us from reading.

use contracts::framing::Decoder;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::{
    collections::VecDeque,
    fs::File,
    io::{self, PipeReader, Read as _, Write as _},
    os::fd::AsFd,
    path::Path,
    process::ExitCode,
    sync::mpsc::{Receiver, Sender, channel},
    time::Duration,
};

use crate::{
    cli::MISCONFIGURED,
    clock::Clock,
    executor::{self, Finished, Task},
    faults::Kind,
    folders,
    log::{Log, PIECE_BYTES, write_stderr},
    null_device::is_null,
    settings::{LogLevel, Settings},
    signals::Signals,
    worker::{Effect, Worker},
};

/// Over it nothing is read until the client has read some.
const BACKLOG_BYTES_MAX: usize = 64 << 20;
const CRASHED: u8 = 70;
/// How long a client that does not read holds up our end; with the grace of 4 s it stays within the 5 s.
const EXIT_PATIENCE: Duration = Duration::from_millis(500);

/// Runs a worker until it stops.
pub(crate) fn serve(settings: Settings) -> ExitCode {
    if let Err(err) = folders::require(&settings.roots) {
        write_stderr(&format!("worker-sim: error: {err}"));
        return ExitCode::from(MISCONFIGURED);
    }
    let mut log = match Log::open(&settings) {
        Ok(log) => log,
        Err(err) => {
            write_stderr(&format!("worker-sim: error: {err}"));
            return ExitCode::from(MISCONFIGURED);
        }
    };
    if is_null(&io::stdout()) {
        log.write(LogLevel::Error, "stdout is closed, or the null device: no client could read a reply");
        return ExitCode::from(1);
    }
    if is_null(&io::stdin()) {
        log.write(LogLevel::Warning, "stdin is closed, or the null device: no command can come");
    }
    match Process::start(settings, &mut log).and_then(|mut process| process.run(&mut log)) {
        Ok(code) => ExitCode::from(code),
        Err(err) => {
            log.write(LogLevel::Error, &format!("stdin or stdout failed: {err}"));
            ExitCode::from(1)
        }
    }
}

struct Process {
    worker: Worker,
    clock: Clock,
    decoder: Decoder,
    stdin: Option<File>,
    /// A read of stdin failed, and the exit code says so: commands may be lost.
    input_failed: bool,
    /// `None` once one has come.
    signals: Option<Signals>,
    stdout: File,
    backlog: VecDeque<u8>,
    tasks: Sender<Task>,
    finished: Receiver<Finished>,
    woken: PipeReader,
    buffer: Vec<u8>,
    /// The exit code, and since when only the backlog is waited for.
    exit: Option<(u8, Duration)>,
}

impl Process {
    fn start(settings: Settings, log: &mut Log) -> io::Result<Self> {
        for (level, note) in &settings.notes {
            log.write(*level, note);
        }
        let (tasks, asked) = channel();
        let (done, finished) = channel();
        let (woken, wake) = io::pipe()?;
        // Before the thread, which inherits what is blocked.
        let signals = Signals::take()?;
        std::thread::Builder::new()
            .name("executor".to_owned())
            .spawn(move || executor::run(&asked, &done, wake))?;
        let clock = Clock::start();
        let decoder = Decoder::new(settings.frame_bytes_max);
        Ok(Self {
            worker: Worker::new(settings, clock.now()),
            clock,
            decoder,
            stdin: Some(File::from(io::stdin().as_fd().try_clone_to_owned()?)),
            input_failed: false,
            signals,
            stdout: File::from(io::stdout().as_fd().try_clone_to_owned()?),
            backlog: VecDeque::new(),
            tasks,
            finished,
            woken,
            buffer: vec![0; 64 << 10],
            exit: None,
        })
    }

    fn run(&mut self, log: &mut Log) -> io::Result<u8> {
        for (kind, name, code) in [
            (Kind::CrashBeforeReady, "crash_before_ready", CRASHED),
            (Kind::Misconfigured, "misconfigured", MISCONFIGURED),
        ] {
            let strikes =
                |healed: &Option<String>| healed.as_ref().is_none_or(|file| !Path::new(file).exists());
            if self.worker.faults.at_start(kind).as_ref().is_some_and(strikes) {
                log.write(LogLevel::Error, &format!("fault {name}"));
                return Ok(code);
            }
        }
        if self.worker.faults.at_start(Kind::BlockingStderr).is_some() {
            writeln!(io::stderr(), "worker-sim: error: fault blocking_stderr")?;
        }
        if let Some(text) = self.worker.faults.at_start(Kind::Banner) {
            let text = text.unwrap_or_else(|| "Loading pipeline components... 100%".to_owned());
            self.backlog.extend(text.bytes().chain([b'\n']));
        }
        loop {
            self.perform(log)?;
            self.write()?;
            let mut due = self.worker.due().map(|due| due.saturating_sub(self.clock.now().mono));
            if let Some((code, since)) = self.exit {
                let patience = EXIT_PATIENCE.saturating_sub(self.clock.now().mono.saturating_sub(since));
                if self.backlog.is_empty() {
                    return Ok(code);
                }
                if patience.is_zero() {
                    log.write(
                        LogLevel::Error,
                        &format!("nobody reads: {} bytes are lost", self.backlog.len()),
                    );
                    return Ok(1);
                }
                due = Some(patience);
            }
            let ready = self.wait(due)?;
            if ready.woken {
                self.take_finished()?;
            }
            if ready.input {
                self.read(log);
            }
            if ready.signalled {
                self.on_signal(log)?;
            }
            if due.is_some() {
                self.worker.tick(self.clock.now());
            }
        }
    }

    fn wait(&self, due: Option<Duration>) -> io::Result<Ready> {
        let quiet = PollFlags::empty();
        let reads = self.backlog.len() < BACKLOG_BYTES_MAX && self.exit.is_none();
        let input = self.stdin.as_ref().filter(|_| reads);
        let mut fds = vec![
            PollFd::new(self.woken.as_fd(), PollFlags::POLLIN),
            PollFd::new(
                self.stdout.as_fd(),
                if self.backlog.is_empty() { quiet } else { PollFlags::POLLOUT },
            ),
        ];
        if self.backlog.is_empty() {
            fds.pop();
        }
        let signals = self.signals.as_ref().map(|signals| PollFd::new(signals.as_fd(), PollFlags::POLLIN));
        let is_signal_taken = signals.is_some();
        fds.extend(signals);
        let at = fds.len();
        if let Some(input) = input {
            fds.push(PollFd::new(input.as_fd(), PollFlags::POLLIN));
        }
        // Rounded up: a poll that ends too early would only be repeated.
        let timeout = match due.map(|due| due.as_micros().div_ceil(1000)) {
            Some(due) => PollTimeout::try_from(due.min(60_000) as i32).unwrap_or(PollTimeout::MAX),
            None => PollTimeout::NONE,
        };
        match poll(&mut fds, timeout) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(err) => return Err(err.into()),
        }
        let is_ready = |at: usize| fds.get(at).and_then(nix::poll::PollFd::any).unwrap_or(false);
        Ok(Ready {
            woken: is_ready(0),
            input: input.is_some() && is_ready(at),
            signalled: is_signal_taken && is_ready(at - 1),
        })
    }

    fn read(&mut self, log: &mut Log) {
        let Some(stdin) = &mut self.stdin else { return };
        let now = self.clock.now();
        match stdin.read(&mut self.buffer) {
            Ok(0) => self.end_input(),
            Ok(length) => {
                for line in self.decoder.push(&self.buffer[..length]) {
                    self.worker.line(line, now);
                }
            }
            Err(err) if is_no_failure(&err) => {}
            Err(err) => {
                // A line that has begun is not run: it may be the half of a command.
                let what =
                    format!("stdin cannot be read: what was read is answered, and the worker ends: {err}");
                log.write(LogLevel::Error, &what);
                self.input_failed = true;
                self.stdin = None;
                self.worker.eof(now);
            }
        }
    }

    /// The end of stdin. A last line needs no LF.
    fn end_input(&mut self) {
        let now = self.clock.now();
        if self.stdin.take().is_some()
            && let Some(line) = self.decoder.finish()
        {
            self.worker.line(line, now);
        }
        self.worker.eof(now);
    }

    /// The polite end, as at the end of stdin, whatever `--on-eof` says. What is still in the pipe is not read.
    fn on_signal(&mut self, log: &mut Log) -> io::Result<()> {
        let Some(signals) = self.signals.take() else { return Ok(()) };
        log.write(LogLevel::Info, "a signal: the worker ends as at the end of stdin");
        signals.end()?;
        self.worker.stop_within_grace();
        self.end_input();
        Ok(())
    }

    fn take_finished(&mut self) -> io::Result<()> {
        let mut bytes = [0; 64];
        // Every byte stands for one finished piece; those not read now wake us again.
        let count = self.woken.read(&mut bytes)?;
        for finished in self.finished.try_iter().take(count) {
            self.worker.finished(finished, self.clock.now());
        }
        Ok(())
    }

    fn perform(&mut self, log: &mut Log) -> io::Result<()> {
        for effect in self.worker.take_effects() {
            match effect {
                Effect::Write(bytes) => self.backlog.extend(bytes),
                Effect::Run(task) => {
                    self.tasks.send(task).map_err(|_| io::Error::other("the executor has stopped"))?;
                }
                Effect::Log(level, text) => log.write(level, &text),
                Effect::Exit => {
                    self.exit = self.exit.or(Some((u8::from(self.input_failed), self.clock.now().mono)));
                }
                Effect::Crash => {
                    log.write(LogLevel::Error, "fault crash");
                    self.write_all()?;
                    self.backlog.clear();
                    self.exit = Some((CRASHED, Duration::ZERO));
                    return Ok(());
                }
                Effect::Hang => {
                    log.write(LogLevel::Error, "fault hang");
                    self.write_all()?;
                    loop {
                        std::thread::park();
                    }
                }
            }
        }
        Ok(())
    }

    /// Writes as much as stdout takes without blocking.
    fn write(&mut self) -> io::Result<()> {
        while !self.backlog.is_empty() {
            let mut fds = [PollFd::new(self.stdout.as_fd(), PollFlags::POLLOUT)];
            if poll(&mut fds, PollTimeout::ZERO)? == 0 {
                return Ok(());
            }
            let (piece, _) = self.backlog.as_slices();
            let length = match self.stdout.write(&piece[..piece.len().min(PIECE_BYTES)]) {
                Ok(length) => length,
                Err(err) if is_no_failure(&err) => 0,
                Err(err) => return Err(err),
            };
            self.backlog.drain(..length);
        }
        Ok(())
    }

    fn write_all(&mut self) -> io::Result<()> {
        self.stdout.write_all(self.backlog.make_contiguous())?;
        self.backlog.clear();
        Ok(())
    }
}

fn is_no_failure(err: &io::Error) -> bool {
    matches!(err.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock)
}

struct Ready {
    woken: bool,
    input: bool,
    signalled: bool,
}

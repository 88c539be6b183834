//! Figures of a worker, against `cat` on the same pipes: it returns each line as it came.

use contracts::{Action, Dialect};
use serde_json::{Value, json};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    BenchError, Better, Figure,
    turns::{batch, ratios},
};
use crate::{
    context::Subject,
    display::shorten,
    exchange::{Command, StrictReading},
    options::Options,
    party::{
        Answer, ReplyError, TargetError, ToolError,
        transcript::Transcript,
        worker::{Launcher, Worker},
    },
    plan::Plan,
    run,
};

/// Queries of a batch.
const CALLS: usize = 50;
/// Commands that wait at once: more than a worker reads at once, less than a pipe holds of them.
const WAITING: usize = 200;
/// Jobs of a batch.
const JOBS: usize = 3;

/// The worker, and what it is measured against.
struct Pair {
    worker: Launcher,
    cat: Launcher,
    options: Options,
    rounds: usize,
}

pub(super) fn figures(
    plan: &Plan,
    rounds: usize,
    progress: &mut dyn FnMut(&str),
) -> Result<Vec<Figure>, BenchError> {
    let run::Prepared { context, _scratch, .. } = run::prepare(plan, None)?;
    let options = context.options.clone();
    let Subject::Worker(worker) = context.subject else { return Err(BenchError::NoWorker) };
    let cat = Launcher {
        command: vec!["cat".into()],
        env: Vec::new(),
        silent: Arc::default(),
        tap: None,
        transcript: Transcript::default(),
    };
    let pair = Pair { worker, cat, options, rounds };
    progress("start");
    // A silent worker ends the run soon.
    pair.ask(&mut pair.worker.start()?, &query(), pair.options.start_timeout)?;
    let mut figures = vec![pair.start()?];
    let (mut worker, mut cat) = (pair.worker.start()?, pair.cat.start()?);
    // The first command of a worker may wait for its libraries.
    pair.ask(&mut worker, &query(), pair.options.timeout)?;
    progress("dispatch");
    figures.push(pair.dispatch(&mut worker, &mut cat)?);
    progress("throughput");
    figures.push(pair.throughput(&mut worker, &mut cat)?);
    progress("efficiency");
    figures.push(pair.efficiency(&mut worker)?);
    progress("memory");
    figures.push(pair.memory(&worker, &cat)?);
    Ok(figures)
}

/// The id of all commands. An echo has it, too.
const ID: &str = "bench";

fn query() -> Command {
    Command::new(Action::GetStatus, json!({})).id(ID)
}

/// Reads the next reply. A reply with another id is an error: its time would measure no command.
fn reply(worker: &mut Worker, within: Duration, what: &str, action: Action) -> Result<Value, TargetError> {
    let frame = worker.reply(within, what, &mut |_| ())?;
    if frame.get("request_id") == Some(&ID.into()) {
        return Ok(frame);
    }
    Err(TargetError::NoReply(ReplyError::OtherFrame { action, frame: shorten(&frame.to_string()) }))
}

impl Pair {
    fn ask(&self, worker: &mut Worker, command: &Command, within: Duration) -> Result<Value, BenchError> {
        worker.send(&command.frame())?;
        Ok(reply(worker, within, "a measured command", command.action)?)
    }

    /// From the start of a process to its first reply.
    fn start(&self) -> Result<Figure, BenchError> {
        let first = |launcher: &Launcher| -> Result<f64, BenchError> {
            let begun = Instant::now();
            let mut worker = launcher.start()?;
            self.ask(&mut worker, &query(), self.options.timeout)?;
            Ok(begun.elapsed().as_secs_f64())
        };
        let samples = ratios(self.rounds, &mut || first(&self.worker), &mut || first(&self.cat))?;
        Ok(Figure::new("start", Better::Lower, samples))
    }

    fn dispatch(&self, worker: &mut Worker, cat: &mut Worker) -> Result<Figure, BenchError> {
        let command = query();
        let within = self.options.timeout;
        let samples = ratios(
            self.rounds,
            &mut || batch(CALLS, || self.ask(worker, &command, within).map(drop)),
            &mut || batch(CALLS, || self.ask(cat, &command, within).map(drop)),
        )?;
        Ok(Figure::new("dispatch", Better::Lower, samples))
    }

    fn throughput(&self, worker: &mut Worker, cat: &mut Worker) -> Result<Figure, BenchError> {
        let lines = format!("{}\n", query().frame()).repeat(WAITING);
        let within = self.options.timeout;
        let a_second = |worker: &mut Worker| -> Result<f64, BenchError> {
            let begun = Instant::now();
            worker.write(lines.as_bytes())?;
            for _ in 0..WAITING {
                reply(worker, within, "a command that waits", Action::GetStatus)?;
            }
            Ok(WAITING as f64 / begun.elapsed().as_secs_f64())
        };
        let samples = ratios(self.rounds, &mut || a_second(worker), &mut || a_second(cat))?;
        Ok(Figure::new("throughput", Better::Higher, samples))
    }

    /// The share of the wait for a job in which the worker says that it loaded and generated.
    fn efficiency(&self, worker: &mut Worker) -> Result<Figure, BenchError> {
        let fields = json!({"prompt_submission": self.options.small_submission()});
        let command = Command::new(Action::GenerateSdxl, fields).id(ID);
        let mut share = || -> Result<f64, BenchError> {
            let begun = Instant::now();
            let value = self.ask(worker, &command, self.options.timeout)?;
            let waited = begun.elapsed().as_secs_f64();
            Ok(own_seconds(value)? / waited)
        };
        // The first job loads the model.
        share()?;
        let samples = (0..self.rounds * JOBS).map(|_| share()).collect::<Result<_, _>>()?;
        Ok(Figure::new("efficiency", Better::Higher, samples))
    }

    fn memory(&self, worker: &Worker, cat: &Worker) -> Result<Figure, BenchError> {
        let bytes = |worker: &Worker| Ok(worker.process.resident_bytes()? as f64);
        let samples = ratios::<ToolError>(self.rounds, &mut || bytes(worker), &mut || bytes(cat))?;
        Ok(Figure::new("memory", Better::Lower, samples))
    }
}

/// The seconds that the reply to a job gives.
fn own_seconds(value: Value) -> Result<f64, BenchError> {
    let action = Action::GenerateSdxl;
    let refused = |why| BenchError::Refused { action, why };
    let reading = StrictReading::of(action, Dialect::Snake, &Answer { value, http: None });
    let data = reading.data().map_err(refused)?;
    let seconds =
        |name: &str| data[name].as_f64().ok_or_else(|| refused(format!("its reply has no number `{name}`")));
    Ok(seconds("generation_time_seconds")? + seconds("load_time_seconds")?)
}

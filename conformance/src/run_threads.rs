//! Scenarios on several threads. The first runs those that share a worker, in their order; the others run those of suites that
//! start workers of their own, which mostly wait.

use std::{
    sync::{
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    context::Context,
    display::seconds,
    finding::{Finding, Outcome, Place},
    live::{self, Suite},
    plan::Plan,
    probe,
    scenario::Scenario,
};

/// Called before each scenario with the number of scenarios done, the number of all, and the id of the next one.
pub type Progress<'p> = &'p mut dyn FnMut(usize, usize, &str);

/// A thread's own state of a run.
pub(crate) struct RunThread {
    pub(crate) context: Context,
    pub(crate) suites: Vec<Suite>,
}

/// The findings of a run, and the reason of its early end.
pub(crate) struct Done {
    /// The findings of each scenario; none of one that did not run.
    pub(crate) findings: Vec<Option<Vec<Finding>>>,
    /// Why the run ended early.
    pub(crate) end: Option<Finding>,
}

/// The state that the threads share. `Relaxed` throughout: each number is taken once whatever the order, and a thread that sees
/// the end late runs one scenario more.
struct SharedRun {
    /// The numbers of the scenarios that any thread may run.
    aside: Vec<usize>,
    next: AtomicUsize,
    /// Whether a thread has found that the target no longer answers, or that the time of the run is over.
    is_over: AtomicBool,
    begun: Instant,
}

enum RunEvent {
    Begins(usize),
    Ended(usize, Vec<Finding>),
    Over(Finding),
}

/// Runs the scenarios of a target that answers.
pub(crate) fn run(plan: &Plan, mut first: RunThread, progress: Progress<'_>) -> Done {
    let suites_of: Vec<bool> =
        first.suites.iter().flat_map(|suite| suite.scenarios.iter().map(|_| suite.runs_aside)).collect();
    let ids: Vec<String> = first.scenarios().map(|scenario| scenario.id.clone()).collect();
    let others = if first.context.is_gateway() { 0 } else { plan.options.jobs.get() - 1 };
    // One thread alone runs all of them in their order.
    let is_aside = |index: &usize| suites_of[*index] && others > 0;
    let (aside, mine): (Vec<usize>, Vec<usize>) = (0..ids.len()).partition(is_aside);
    let shared = SharedRun {
        aside,
        next: AtomicUsize::new(0),
        is_over: AtomicBool::new(false),
        begun: Instant::now(),
    };
    let (sender, events) = mpsc::channel();
    let mut done = Done { findings: vec![None; ids.len()], end: None };
    thread::scope(|scope| {
        for _ in 0..others {
            let (sender, shared) = (sender.clone(), &shared);
            let Some(subject) = first.context.subject.another() else { continue };
            let options = first.context.options.clone();
            scope.spawn(move || {
                let context = Context::new(subject, None, options);
                // An error means that the first thread has panicked, and receives nothing more.
                RunThread { context, suites: live::chosen(plan) }
                    .work(&[], shared, &mut |one| sender.send(one).is_ok());
            });
        }
        drop(sender);
        let mut ended = 0;
        let mut on_event = |one| match one {
            RunEvent::Begins(index) => progress(ended, ids.len(), &ids[index]),
            RunEvent::Ended(index, findings) => {
                ended += 1;
                done.findings[index] = Some(findings);
            }
            // The first reason is the cause of the others.
            RunEvent::Over(finding) => done.end = done.end.take().or(Some(finding)),
        };
        first.work(&mine, &shared, &mut |one| {
            events.try_iter().for_each(&mut on_event);
            on_event(one);
            true
        });
        events.iter().for_each(on_event);
    });
    done
}

impl RunThread {
    fn scenarios(&self) -> impl Iterator<Item = &Scenario> {
        self.suites.iter().flat_map(|suite| &suite.scenarios)
    }

    /// Runs its own scenarios, then those that any thread may run, until none is left or the target no longer answers.
    fn work(&mut self, mine: &[usize], shared: &SharedRun, send: &mut dyn FnMut(RunEvent) -> bool) {
        let Self { context, suites } = self;
        let scenarios: Vec<&Scenario> = suites.iter().flat_map(|suite| &suite.scenarios).collect();
        let aside = std::iter::from_fn(|| shared.aside.get(shared.next.fetch_add(1, Ordering::Relaxed)));
        for &index in mine.iter().chain(aside) {
            if shared.is_over.load(Ordering::Relaxed) {
                return;
            }
            if let Some(finding) = out_of_time(context, shared.begun.elapsed()) {
                shared.is_over.store(true, Ordering::Relaxed);
                send(RunEvent::Over(finding));
                return;
            }
            if !send(RunEvent::Begins(index)) {
                return;
            }
            context.begin(index);
            let findings = scenarios[index].run(context);
            let findings = context.without_run_tag(findings);
            if !send(RunEvent::Ended(index, findings)) {
                return;
            }
            if let Some(finding) = end(context) {
                shared.is_over.store(true, Ordering::Relaxed);
                send(RunEvent::Over(finding));
                return;
            }
        }
    }
}

/// Why no scenario begins: the whole time of the run has passed. Nothing is said of the target by that.
fn out_of_time(context: &Context, took: Duration) -> Option<Finding> {
    let deadline = context.options.deadline;
    let why = format!("the run has taken its whole time, {} (--deadline)", seconds(deadline));
    let outcome = Outcome::Undecided(why);
    (took >= deadline).then(|| Finding { outcome, transcript: Vec::new(), place: Some(Place::here()), took })
}

/// Why the target is asked nothing more: it was silent, and answers no probe.
fn end(context: &Context) -> Option<Finding> {
    if !probe::was_silent(&context.subject) {
        return None;
    }
    let began = Instant::now();
    let why = probe::probe(&context.subject, context.options.start_timeout).err()?;
    let (outcome, transcript) = (Outcome::Failed(why.to_string()), context.transcript().so_far());
    let finding = Finding { outcome, transcript, place: Some(Place::here()), took: began.elapsed() };
    context.without_run_tag(vec![finding]).pop()
}

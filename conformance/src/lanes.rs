//! Scenarios on several threads. The first runs those that share a worker, in their order; the others run those of suites that
//! start workers of their own, which mostly wait.

use std::{
    sync::{
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Instant,
};

use crate::{
    context::Context,
    finding::{Finding, Outcome},
    live::{self, Suite, Targets},
    plan::Plan,
    probe,
    scenario::Scenario,
};

/// Called before each scenario with the number of scenarios done, the number of all, and the id of the next one.
pub type Progress<'p> = &'p mut dyn FnMut(usize, usize, &str);

/// A thread's own state of a run.
pub(crate) struct Lane {
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

/// The state that the lanes share.
struct Board {
    /// The numbers of the scenarios that any lane may run.
    aside: Vec<usize>,
    next: AtomicUsize,
    /// Whether a lane has found that the target no longer answers.
    is_over: AtomicBool,
}

enum News {
    Begins(usize),
    Ended(usize, Vec<Finding>),
    Over(Finding),
}

/// Runs the scenarios of a target that answers.
pub(crate) fn run(plan: &Plan, mut first: Lane, progress: Progress<'_>) -> Done {
    let suites_of: Vec<bool> = first
        .suites
        .iter()
        .flat_map(|suite| suite.scenarios.iter().map(|_| suite.targets == Targets::Worker))
        .collect();
    let ids: Vec<String> = first.scenarios().map(|scenario| scenario.id.clone()).collect();
    let others = if first.context.is_gateway() { 0 } else { plan.options.jobs.get() - 1 };
    // One lane alone runs all of them in their order.
    let is_aside = |index: &usize| suites_of[*index] && others > 0;
    let (aside, mine): (Vec<usize>, Vec<usize>) = (0..ids.len()).partition(is_aside);
    let board = Board { aside, next: AtomicUsize::new(0), is_over: AtomicBool::new(false) };
    let (news, heard) = mpsc::channel();
    let mut done = Done { findings: vec![None; ids.len()], end: None };
    thread::scope(|scope| {
        for _ in 0..others {
            let (news, board) = (news.clone(), &board);
            let Some(subject) = first.context.subject.another() else { continue };
            let options = first.context.options.clone();
            scope.spawn(move || {
                let context = Context::new(subject, None, options);
                // An error means that the first lane has panicked, and hears nothing more.
                Lane { context, suites: live::chosen(plan) }
                    .work(&[], board, &mut |one| news.send(one).is_ok());
            });
        }
        drop(news);
        let mut ended = 0;
        let mut hear = |one| match one {
            News::Begins(index) => progress(ended, ids.len(), &ids[index]),
            News::Ended(index, findings) => {
                ended += 1;
                done.findings[index] = Some(findings);
            }
            // The first reason is the cause of the others.
            News::Over(finding) => done.end = done.end.take().or(Some(finding)),
        };
        first.work(&mine, &board, &mut |one| {
            heard.try_iter().for_each(&mut hear);
            hear(one);
            true
        });
        heard.iter().for_each(hear);
    });
    done
}

impl Lane {
    fn scenarios(&self) -> impl Iterator<Item = &Scenario> {
        self.suites.iter().flat_map(|suite| &suite.scenarios)
    }

    /// Runs its own scenarios, then those that any lane may run, until none is left or the target no longer answers.
    fn work(&mut self, mine: &[usize], board: &Board, tell: &mut dyn FnMut(News) -> bool) {
        let Self { context, suites } = self;
        let scenarios: Vec<&Scenario> = suites.iter().flat_map(|suite| &suite.scenarios).collect();
        let aside = std::iter::from_fn(|| board.aside.get(board.next.fetch_add(1, Ordering::Relaxed)));
        for &index in mine.iter().chain(aside) {
            if board.is_over.load(Ordering::Relaxed) || !tell(News::Begins(index)) {
                return;
            }
            context.begin(index);
            let findings = scenarios[index].run(context);
            let findings = context.without_run_tag(findings);
            if !tell(News::Ended(index, findings)) {
                return;
            }
            if let Some(finding) = end(context) {
                board.is_over.store(true, Ordering::Relaxed);
                tell(News::Over(finding));
                return;
            }
        }
    }
}

/// Why the target is asked nothing more: it was silent, and answers no probe.
fn end(context: &Context) -> Option<Finding> {
    if !probe::was_silent(&context.subject) {
        return None;
    }
    let began = Instant::now();
    let why = probe::probe(&context.subject, context.options.start_timeout).err()?;
    let (outcome, transcript) = (Outcome::Failed(why.to_string()), context.transcript().so_far());
    let finding = Finding { outcome, transcript, took: began.elapsed() };
    context.without_run_tag(vec![finding]).pop()
}

//! The hunt: each mutant runs the scenarios that see its member, the quickest first, until a check finds it.

use std::{
    collections::HashSet,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use super::{
    Edit, Mutant,
    fixtures::{self, FixturesError},
    site::{self, Side, Site},
    tap::{Editor, Notes},
};
use crate::{
    finding::Outcome,
    party::TargetError,
    plan::{Plan, Selection, TargetPlan},
    probe,
    run::{self, Prepared},
    scenario::Scenario,
};

/// Longest wait for one answer of a mutant, whatever the plan says: a dropped id is waited for in every scenario.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Scenarios that notice a mutant without naming its member, after which no other is tried.
const NOTICED_MAX: usize = 5;

/// How a mutant fared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// A check failed that names the member: its id.
    Killed(String),
    /// Checks failed, and none names the member: the id of the first.
    Noticed(String),
    /// No check failed.
    Survived,
    /// The edit changed nothing in any frame.
    Unmade,
}

/// A mutant and its fate.
#[derive(Clone, Debug)]
pub struct Hunted {
    /// The mutant: its edit and its site.
    pub name: String,
    /// How it is wrong.
    pub edit: Edit,
    /// Where.
    pub site: String,
    /// How it fared.
    pub fate: Fate,
    /// Scenarios that it ran.
    pub scenarios: usize,
}

/// All mutants of a hunt.
#[derive(Debug, Default)]
pub struct Hunt {
    /// Members that no scenario ever saw with a value.
    pub unseen: Vec<String>,
    /// The mutants, in the order of the schemas or of the fixtures.
    pub hunted: Vec<Hunted>,
}

/// Which mutants run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Whose frames are edited.
    pub side: Side,
    /// Only mutants whose name contains it.
    pub only: Option<String>,
    /// Only these edits; all, if there are none.
    pub edits: Vec<Edit>,
    /// At most so many, chosen by the seed of the plan; all, if none.
    pub sample: Option<usize>,
    /// The folder of the fixtures, of [`Side::Fixtures`].
    pub fixtures: PathBuf,
    /// Mutants at the same time.
    pub jobs: usize,
}

/// A scenario that sees sites, by its index in the plan, and the time that it took.
struct Sight {
    scenario: usize,
    took: Duration,
    sites: HashSet<usize>,
}

/// Runs the hunt. `progress`: mutants done, and all.
///
/// # Errors
/// As [`run::run`]; the target must pass every chosen scenario as it is, or nothing can be said of its mutants.
pub fn hunt(
    plan: &Plan,
    choice: &Choice,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<Hunt, HuntError> {
    if let (Side::Fixtures, TargetPlan::Worker(command)) = (choice.side, &plan.target) {
        return fixtures::hunt(command, choice, plan.options.seed, progress);
    }
    let sites = site::of_side(choice.side);
    let sights = look(plan, &sites)?;
    let seen: HashSet<usize> = sights.iter().flat_map(|sight| &sight.sites).copied().collect();
    // A part of the suite, or of the mutants, says nothing about the rest.
    let is_whole = choice.only.is_none() && choice.edits.is_empty() && plan.selection == Selection::default();
    let unseen = sites.iter().enumerate().filter(|(index, _)| is_whole && !seen.contains(index));
    let unseen = unseen.map(|(_, site)| site.to_string()).collect();
    let mut mutants: Vec<(usize, Mutant)> = Vec::new();
    for (index, site) in sites.iter().enumerate().filter(|(index, _)| seen.contains(index)) {
        mutants.extend(super::of(site).map(|mutant| (index, mutant)));
    }
    if let Some(only) = &choice.only {
        mutants.retain(|(_, mutant)| mutant.to_string().contains(only.as_str()));
        if mutants.is_empty() {
            return Err(HuntError::NoMutant(only.clone()));
        }
    }
    if !choice.edits.is_empty() {
        mutants.retain(|(_, mutant)| choice.edits.contains(&mutant.edit));
    }
    if let Some(sample) = choice.sample {
        mutants = sampled(mutants, sample, plan.options.seed);
    }
    let hunted =
        each(choice.jobs, &mutants, progress, &|(site, mutant)| Ok(hunt_one(plan, *site, mutant, &sights)?))?;
    Ok(Hunt { unseen, hunted })
}

/// Why no hunt could be made.
#[derive(Debug, thiserror::Error)]
pub enum HuntError {
    /// The target did not start.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The target is broken without any mutant.
    #[error("{id} fails on the target as it is: {why}\nhint: run the suite without `mutants` first")]
    Broken {
        /// The check.
        id: String,
        /// Its reason.
        why: String,
    },
    /// A fixture cannot be read, or its tests cannot be run.
    #[error(transparent)]
    Fixtures(#[from] FixturesError),
    /// Nothing is chosen.
    #[error(
        "no mutant that a chosen scenario sees has a name with `{0}`\nhint: a name is an edit and a place, as `scale event.progress/step`"
    )]
    NoMutant(String),
}

/// The shortest scenarios first, each with the sites that it sees.
fn look(plan: &Plan, sites: &[Site]) -> Result<Vec<Sight>, HuntError> {
    let tap = Arc::new(Notes::new(sites.to_vec()));
    let Prepared { suites, mut context, _scratch, .. } = run::prepare(plan, Some(tap.clone()))?;
    probe::probe(&context.subject, context.options.start_timeout).map_err(|why| match why {
        TargetError::Tool(_) => why.into(),
        why => HuntError::Broken { id: run::ANSWERS.to_owned(), why: why.to_string() },
    })?;
    let mut sights = Vec::new();
    for (index, scenario) in suites.iter().flat_map(|suite| &suite.scenarios).enumerate() {
        context.forget_capabilities();
        let begun = Instant::now();
        let findings = scenario.run(&mut context);
        for (def, finding) in scenario.checks.iter().zip(findings) {
            if let Outcome::Failed(why) | Outcome::Undecided(why) = finding.outcome {
                return Err(HuntError::Broken { id: format!("{}.{}", scenario.id, def.id), why });
            }
        }
        let sites = tap.take_seen().into_iter().collect();
        sights.push(Sight { scenario: index, took: begun.elapsed(), sites });
    }
    sights.sort_by_key(|sight| sight.took);
    Ok(sights)
}

/// A part of the mutants that depends on the seed alone.
pub(super) fn sampled<T: Clone>(mutants: Vec<T>, sample: usize, seed: u64) -> Vec<T> {
    let mut order: Vec<(u64, usize)> = (0..mutants.len()).map(|index| (mixed(seed, index), index)).collect();
    order.sort_unstable();
    let mut chosen: Vec<usize> = order.into_iter().take(sample).map(|(_, index)| index).collect();
    chosen.sort_unstable();
    chosen.into_iter().map(|index| mutants[index].clone()).collect()
}

/// SplitMix64: a number that looks like chance, the same on every machine.
fn mixed(seed: u64, index: usize) -> u64 {
    let mut z = seed.wrapping_add((index as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Hunts all mutants, so many at the same time; their fates in their order.
pub(super) fn each<T: Sync>(
    jobs: usize,
    mutants: &[T],
    progress: &(dyn Fn(usize, usize) + Sync),
    hunt_one: &(dyn Fn(&T) -> Result<Hunted, HuntError> + Sync),
) -> Result<Vec<Hunted>, HuntError> {
    // Relaxed: each number is taken once whatever the order, and the mutex hands the results over.
    let next = AtomicUsize::new(0);
    let done = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, Hunted)>> = Mutex::new(Vec::new());
    thread::scope(|scope| {
        let worker = || -> Result<(), HuntError> {
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(mutant) = mutants.get(index) else { return Ok(()) };
                let hunted = hunt_one(mutant)?;
                results.lock().unwrap_or_else(PoisonError::into_inner).push((index, hunted));
                progress(done.fetch_add(1, Ordering::Relaxed) + 1, mutants.len());
            }
        };
        let threads: Vec<_> = (0..jobs.max(1)).map(|_| scope.spawn(worker)).collect();
        threads.into_iter().try_for_each(|thread| match thread.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })?;
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_unstable_by_key(|(index, _)| *index);
    Ok(results.into_iter().map(|(_, hunted)| hunted).collect())
}

fn hunt_one(plan: &Plan, site: usize, mutant: &Mutant, sights: &[Sight]) -> Result<Hunted, TargetError> {
    let mut plan = plan.clone();
    plan.options.timeout = plan.options.timeout.min(TIMEOUT);
    plan.options.start_timeout = plan.options.start_timeout.min(TIMEOUT);
    let tap = Arc::new(Editor::new(mutant.clone()));
    let Prepared { suites, mut context, _scratch, .. } = run::prepare(&plan, Some(tap.clone()))?;
    let all: Vec<&Scenario> = suites.iter().flat_map(|suite| &suite.scenarios).collect();
    let (mut noticed, mut noticed_by, mut edited, mut ran) = (None, 0, 0, 0);
    let hunted = |fate, scenarios| {
        Ok(Hunted {
            name: mutant.to_string(),
            edit: mutant.edit,
            site: mutant.site.to_string(),
            fate,
            scenarios,
        })
    };
    let mut seeing: Vec<&Sight> = sights.iter().filter(|sight| sight.sites.contains(&site)).collect();
    // First the scenario of the check that holds the member, by the tables; then the quickest.
    let holds = |scenario: &Scenario| {
        let check = mutant.site.check.and_then(|check| check.strip_prefix(scenario.id.as_str()));
        check.is_some_and(|rest| rest.starts_with('.'))
    };
    seeing.sort_by_key(|sight| !holds(all[sight.scenario]));
    for sight in seeing {
        let scenario = all[sight.scenario];
        let findings = scenario.run(&mut context);
        ran += 1;
        edited += tap.take_edited();
        let mut failed = 0;
        for (def, finding) in scenario.checks.iter().zip(findings) {
            let Outcome::Failed(why) = finding.outcome else { continue };
            let id = format!("{}.{}", scenario.id, def.id);
            if names(mutant, &id, &why) {
                return hunted(Fate::Killed(id), ran);
            }
            failed += 1;
            noticed.get_or_insert(id);
        }
        noticed_by += usize::from(failed > 0);
        if noticed_by == NOTICED_MAX {
            break;
        }
    }
    let fate = match noticed {
        Some(id) => Fate::Noticed(id),
        None if edited == 0 => Fate::Unmade,
        None => Fate::Survived,
    };
    hunted(fate, ran)
}

/// Whether a finding says which member is wrong.
fn names(mutant: &Mutant, id: &str, why: &str) -> bool {
    // The tables say which check holds the member: its id names it.
    mutant.site.check == Some(id)
        || mutant.site.names().iter().any(|name| id.contains(name) || why.contains(name))
}

//! The check suites, in the order in which they run.

mod binding;
mod bounds;
mod capabilities;
mod effects;
mod envelopes;
mod errors;
mod events;
mod framing;
mod hostile;
mod http;
mod jobs;
mod lifecycle;
mod models;
mod ordering;
mod pictures;
mod readings;
mod sentences;
mod strangers;
mod traces;
mod training;

use crate::{plan::TargetPlan, scenario::Scenario};

/// A check suite.
pub struct Suite {
    /// Its id; the first part of the ids of its checks.
    pub id: &'static str,
    /// What it is about.
    pub about: &'static str,
    /// For which targets.
    pub targets: Targets,
    /// Its scenarios.
    pub scenarios: Vec<Scenario>,
}

/// For which targets a suite is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Targets {
    /// Both.
    Both,
    /// A process on stdin and stdout.
    Worker,
    /// HTTP.
    Gateway,
}

/// All suites. `seed` decides generated documents.
#[must_use]
pub fn all(seed: u64) -> Vec<Suite> {
    use Targets::{Both, Gateway, Worker};
    let suite = |id, about, targets, scenarios| Suite { id, about, targets, scenarios };
    vec![
        suite("lifecycle", "start, handshake, polite stop", Worker, lifecycle::scenarios()),
        suite("framing", "lines, bad frames, purity of stdout", Worker, framing::scenarios()),
        suite("http", "routes, statuses, problems", Gateway, http::scenarios()),
        suite("strangers", "web pages and other hosts", Gateway, strangers::scenarios()),
        suite(
            "pictures",
            "pictures over HTTP: caching, ranges, picture for picture",
            Gateway,
            pictures::scenarios(),
        ),
        suite("jobs", "the list of jobs, clients that leave, keys, uploads", Gateway, jobs::scenarios()),
        suite("envelopes", "every action in both envelopes and three dialects", Both, envelopes::scenarios()),
        suite("binding", "what the C# bridge binds", Both, binding::scenarios()),
        suite("errors", "every fault with its code and its place", Both, errors::scenarios()),
        suite(
            "bounds",
            "every limit, one below, at it, one above and far outside",
            Both,
            bounds::scenarios(),
        ),
        suite(
            "hostile",
            "input that must cost its sender an error and nobody else anything",
            Both,
            hostile::scenarios(),
        ),
        suite("sentences", "what a refusal says", Both, sentences::scenarios()),
        suite("readings", "what was understood", Both, readings::scenarios(seed)),
        suite("capabilities", "advertised means implemented", Both, capabilities::scenarios()),
        suite("models", "load, unload, cache, suites", Both, models::scenarios()),
        suite("effects", "each field changes the picture as said", Both, effects::scenarios()),
        suite("ordering", "order of lines, cancel", Worker, ordering::scenarios()),
        suite("events", "words on the way", Worker, events::scenarios()),
        suite("traces", "W3C traces, from a command to its events", Both, traces::scenarios()),
        suite("training", "start, status, history, stop", Both, training::scenarios()),
    ]
}

/// All suites for a target.
#[must_use]
pub fn for_target(target: &TargetPlan, seed: u64) -> Vec<Suite> {
    let unfit = if matches!(target, TargetPlan::Gateway(_)) { Targets::Worker } else { Targets::Gateway };
    let mut suites = all(seed);
    suites.retain(|suite| suite.targets != unfit);
    suites
}

//! The check suites, in the order in which they run.

mod asked;
mod binding;
mod bounds;
mod capabilities;
mod effects;
mod envelopes;
mod errors;
mod events;
mod fields;
mod files;
mod framing;
mod gateway_log;
mod gateway_process;
mod hostile;
mod http;
mod jobs;
mod lifecycle;
mod members;
mod memory;
mod models;
mod ordering;
mod own_members;
mod pictures;
mod probed;
mod properties;
mod readings;
mod sentences;
mod strangers;
mod traces;
mod training;
mod worker_process;

use std::{io, path::Path};

use crate::{plan::TargetPlan, scenario::Scenario};

/// A check suite.
pub struct Suite {
    /// Its id; the first part of the ids of its checks.
    pub id: &'static str,
    /// Its subject.
    pub about: &'static str,
    /// Its targets.
    pub targets: Targets,
    /// Its scenarios.
    pub scenarios: Vec<Scenario>,
}

/// The targets of a suite.
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
        suite(
            "worker-process",
            "work that waits at the end, signals, stalls, processes left behind",
            Worker,
            worker_process::scenarios(),
        ),
        suite(
            "gateway-process",
            "the end of a gateway, signals, stalls, processes left behind",
            Gateway,
            gateway_process::scenarios(),
        ),
        suite(
            "gateway-log",
            "a log that nobody reads costs nothing, and has the line of a failed job",
            Gateway,
            gateway_log::scenarios(),
        ),
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
        suite("binding", "members that the C# bridge binds", Both, binding::scenarios()),
        suite("errors", "every violation with its code and its place", Both, errors::scenarios()),
        suite(
            "bounds",
            "every limit, one below, at it, one above and far outside",
            Both,
            bounds::scenarios(),
        ),
        suite(
            "hostile",
            "hostile input gives its sender an error and costs others nothing",
            Both,
            hostile::scenarios(),
        ),
        suite("fields", "every field of every command, spoilt in every way", Both, fields::of_workers()),
        suite(
            "own-fields",
            "every field of the gateway's own commands, as fields",
            Gateway,
            fields::of_the_gateway(),
        ),
        suite(
            "own-members",
            "members of the gateway's own replies against what they tell of",
            Gateway,
            own_members::scenarios(),
        ),
        suite("probed", "each field and each member has a check that holds it", Both, probed::scenarios()),
        suite("asked", "fields of commands decide what is done", Both, asked::scenarios()),
        suite("sentences", "the sentences of refusals", Both, sentences::scenarios()),
        suite("readings", "how documents are read", Both, readings::scenarios(seed)),
        suite("properties", "documents and sequences that proptest makes", Both, properties::scenarios(seed)),
        suite("capabilities", "advertised means implemented", Both, capabilities::scenarios()),
        suite("models", "load, unload, cache, suites", Both, models::scenarios()),
        suite("members", "members of replies against what they tell of", Worker, members::scenarios()),
        suite(
            "files",
            "model files that users have: the right picture, or one clear refusal",
            Both,
            files::scenarios(),
        ),
        suite(
            "memory",
            "figures of memory agree with each other and with what was done",
            Both,
            memory::scenarios(),
        ),
        suite(
            "effects",
            "each field changes the picture as the contract describes",
            Both,
            effects::scenarios(),
        ),
        suite("ordering", "order of lines, cancel", Worker, ordering::scenarios()),
        suite("events", "events before the reply", Worker, events::scenarios()),
        suite("traces", "W3C traces, from a command to its events", Both, traces::scenarios()),
        suite("training", "start, status, history, stop", Both, training::scenarios()),
    ]
}

/// All suites for a target.
#[must_use]
pub fn for_target(target: &TargetPlan, seed: u64) -> Vec<Suite> {
    let unfit = match target {
        TargetPlan::Worker(_) => Targets::Gateway,
        TargetPlan::Gateway(_) | TargetPlan::OwnGateway(_) => Targets::Worker,
    };
    let mut suites = all(seed);
    suites.retain(|suite| suite.targets != unfit);
    suites
}

/// Whether broken files can be made of a base.
pub(crate) fn sound_base(path: &Path) -> io::Result<()> {
    files::require_sound(path)
}

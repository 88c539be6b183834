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
pub(crate) mod probed;
mod properties;
mod readings;
mod sentences;
mod strangers;
mod stream;
mod traces;
mod training;
mod worker_process;

use std::{io, path::Path};

use self::Targets::{Both, Gateway, Worker};
use crate::{
    plan::{Plan, Selection, TargetPlan, begins},
    scenario::Scenario,
};

/// A check suite.
pub struct Suite {
    /// Its id; the first part of the ids of its checks.
    pub id: &'static str,
    /// Its subject.
    pub about: &'static str,
    /// Its targets.
    pub targets: Targets,
    /// Whether its scenarios may run beside others, each with workers of its own thread.
    pub runs_aside: bool,
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

/// A suite before its scenarios are made, which takes longer than most of them run.
struct Entry {
    id: &'static str,
    about: &'static str,
    targets: Targets,
    /// Why it is of one target alone.
    because: Option<&'static str>,
    runs_aside: bool,
    scenarios: fn(u64) -> Vec<Scenario>,
}

const fn entry(
    id: &'static str,
    about: &'static str,
    targets: Targets,
    scenarios: fn(u64) -> Vec<Scenario>,
) -> Entry {
    Entry { id, about, targets, because: None, runs_aside: matches!(targets, Worker), scenarios }
}

/// All suites; each takes the seed of generated documents.
const SUITES: &[Entry] = &[
    entry("lifecycle", "start, handshake, polite stop", Worker, |_| lifecycle::scenarios())
        .because("it is about the process of a worker; that of a gateway is the subject of gateway-process"),
    entry(
        "worker-process",
        "work that waits at the end, signals, stalls, processes left behind",
        Worker,
        |_| worker_process::scenarios(),
    )
        .because("it is about the process of a worker; that of a gateway is the subject of gateway-process"),
    entry("gateway-process", "the end of a gateway, signals, stalls, processes left behind", Gateway, |_| {
        gateway_process::scenarios()
    })
        .because("it is about the process of a gateway over HTTP; one on stdin and stdout is the subject of worker-process"),
    entry(
        "gateway-log",
        "a log that nobody reads costs nothing, and has the line of a failed job",
        Gateway,
        |_| gateway_log::scenarios(),
    )
        .because("it is about the log of a server; that of a process on stdin and stdout is the subject of lifecycle"),
    entry("framing", "lines, bad frames, purity of stdout", Worker, |_| framing::scenarios())
        .because("HTTP has bodies and no lines"),
    entry("http", "routes, statuses, problems", Gateway, |_| http::scenarios())
        .because("a process on stdin and stdout has no routes"),
    entry("strangers", "web pages and other hosts", Gateway, |_| strangers::scenarios())
        .because("no web page reaches a process on stdin and stdout"),
    entry("pictures", "pictures over HTTP: caching, ranges, picture for picture", Gateway, |_| {
        pictures::scenarios()
    })
        .because("a process on stdin and stdout serves no pictures"),
    entry("jobs", "the list of jobs, clients that leave, keys, uploads", Gateway, |_| jobs::scenarios())
        .because("a process on stdin and stdout keeps no list of jobs for others"),
    entry("envelopes", "every action in both envelopes and three dialects", Both, |_| envelopes::scenarios()),
    entry("binding", "members that the C# bridge binds", Both, |_| binding::scenarios()),
    entry("errors", "every violation with its code and its place", Both, |_| errors::scenarios()),
    entry("bounds", "every limit, one below, at it, one above and far outside", Both, |_| {
        bounds::scenarios()
    }),
    entry("hostile", "hostile input gives its sender an error and costs others nothing", Both, |_| {
        hostile::scenarios()
    }),
    entry("fields", "every field of every command, spoilt in every way", Both, |_| fields::of_workers()),
    entry("own-fields", "every field of the gateway's own commands, as fields", Gateway, |_| {
        fields::of_the_gateway()
    })
        .because("a worker has none of the gateway's own commands"),
    entry("own-members", "members of the gateway's own replies against what they tell of", Gateway, |_| {
        own_members::scenarios()
    })
        .because("a worker has none of the gateway's own commands"),
    entry("probed", "each field and each member has a check that holds it", Both, |_| probed::scenarios()),
    entry("asked", "fields of commands decide what is done", Both, |_| asked::scenarios()).aside(),
    entry("sentences", "the sentences of refusals", Both, |_| sentences::scenarios()),
    entry("readings", "how documents are read", Both, readings::scenarios),
    entry("properties", "documents and sequences that proptest makes", Both, |seed| {
        properties::scenarios(seed)
    }),
    entry("capabilities", "advertised means implemented", Both, |_| capabilities::scenarios()),
    entry("models", "load, unload, cache, suites", Both, |_| models::scenarios()),
    entry("members", "members of replies against what they tell of", Both, |_| members::scenarios()).aside(),
    entry("files", "model files that users have: the right picture, or one clear refusal", Both, |_| {
        files::scenarios()
    }),
    entry("memory", "figures of memory agree with each other and with what was done", Both, |_| {
        memory::scenarios()
    }),
    entry("effects", "each field changes the picture as the contract describes", Both, |_| {
        effects::scenarios()
    }),
    entry("ordering", "order of lines, cancel", Worker, |_| ordering::scenarios())
        .because("HTTP has one reply for each request, in no order; jobs and gateway-process cancel"),
    entry("events", "events before the reply", Both, |_| events::scenarios()).aside(),
    entry("traces", "W3C traces, from a command to its events", Both, |_| traces::scenarios()),
    entry("training", "start, status, history, stop", Both, |_| training::scenarios()),
];

impl Entry {
    /// The same with the reason why it is of one target alone.
    const fn because(self, why: &'static str) -> Self {
        Self { because: Some(why), ..self }
    }

    /// The same, beside others: its scenarios mostly wait, or start workers of their own.
    const fn aside(self) -> Self {
        Self { runs_aside: true, ..self }
    }

    fn is_for(&self, target: &TargetPlan) -> bool {
        let unfit = match target {
            TargetPlan::Worker(_) => Targets::Gateway,
            TargetPlan::Gateway(_) | TargetPlan::OwnGateway(_) => Targets::Worker,
        };
        self.targets != unfit
    }

    fn suite(&self, seed: u64) -> Suite {
        let Self { id, about, targets, runs_aside, scenarios, .. } = *self;
        Suite { id, about, targets, runs_aside, scenarios: scenarios(seed) }
    }
}

/// All suites. `seed` decides generated documents.
#[must_use]
pub fn all(seed: u64) -> Vec<Suite> {
    SUITES.iter().map(|entry| entry.suite(seed)).collect()
}

/// The suites for a target, with the chosen scenarios.
#[must_use]
pub fn chosen(plan: &Plan) -> Vec<Suite> {
    let wanted = |entry: &&Entry| entry.is_for(&plan.target) && plan.selection.may_take(entry.id);
    let mut suites: Vec<Suite> =
        SUITES.iter().filter(wanted).map(|entry| entry.suite(plan.options.seed)).collect();
    for suite in &mut suites {
        suite.scenarios.retain(|scenario| plan.selection.takes(&scenario.id));
    }
    suites.retain(|suite| !suite.scenarios.is_empty());
    suites
}

/// The beginnings of the ids of all checks that a plan leaves out, each with the reason; an empty one is of all others.
pub(crate) fn left_out(plan: &Plan) -> Vec<(String, String)> {
    let unfit = SUITES.iter().filter(|entry| !entry.is_for(&plan.target));
    let unfit = unfit.map(|entry| {
        // A test holds that each has a reason.
        (entry.id.to_owned(), entry.because.unwrap_or(entry.about).to_owned())
    });
    let Selection { only, skip } = &plan.selection;
    let skipped = skip.iter().map(|skip| (skip.clone(), format!("its run was given --skip {skip}")));
    let others = (!only.is_empty())
        .then(|| (String::new(), format!("its run was given --only {}", only.join(" --only "))));
    unfit.chain(skipped).chain(others).collect()
}

/// The ids of the suites for a target.
pub(crate) fn ids(target: &TargetPlan) -> impl Iterator<Item = &'static str> {
    SUITES.iter().filter(|entry| entry.is_for(target)).map(|entry| entry.id)
}

/// Whether a scenario for a target has an id that begins so.
pub(crate) fn is_prefix(target: &TargetPlan, seed: u64, prefix: &str) -> bool {
    let suite = prefix.split_once('.').map_or(prefix, |(suite, _)| suite);
    let mut entries = SUITES.iter().filter(|entry| entry.is_for(target) && entry.id == suite);
    entries.any(|entry| {
        let has_it = || (entry.scenarios)(seed).iter().any(|scenario| begins(&scenario.id, prefix));
        prefix == suite || has_it()
    })
}

/// Whether broken files can be made of a base.
pub(crate) fn sound_base(path: &Path) -> io::Result<()> {
    files::require_sound(path)
}

#[cfg(test)]
mod tests {
    use super::{SUITES, Targets};

    #[test]
    fn a_suite_of_one_target_says_why() {
        for entry in SUITES {
            assert_eq!(entry.because.is_some(), entry.targets != Targets::Both, "{}", entry.id);
        }
    }
}

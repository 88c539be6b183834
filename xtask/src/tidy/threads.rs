//! Where threads and detached tasks start: only in the rooms listed here, each with its reason.
//!
//! A task belongs on a `JoinSet` or a `TaskTracker`, so that the end of the program can wait for it; a thread outlives
//! all who know of it. Clippy could ban the functions by their types, but would ask every test for an `expect` too;
//! tests start what they like, and so this reads the paths of the sources alone.

use std::collections::BTreeSet;

use super::{
    finding::Finding,
    rooms::{Mention, Module, Package},
};

/// What starts one. A path that begins so, imports among them, counts.
const STARTS: [&[&str]; 5] = [
    &["tokio", "spawn"],
    &["tokio", "task", "spawn"],
    &["std", "thread", "spawn"],
    &["std", "thread", "Builder"],
    &["std", "thread", "spawn_unchecked"],
];

/// A room that may.
#[derive(Debug)]
pub(super) struct Allowed {
    package: &'static str,
    room: &'static str,
    /// Why no task of a `JoinSet` does.
    reason: &'static str,
}

pub(super) const fn allowed(package: &'static str, room: &'static str, reason: &'static str) -> Allowed {
    Allowed { package, room, reason }
}

/// The rooms that may.
pub(super) const ALLOWED: &[Allowed] = &[
    allowed("gateway", "lane", "workers get the parent-death signal of the thread that starts them"),
    allowed("gateway", "log", "a log that blocks must not block the runtime"),
    allowed(
        "gateway",
        "stdio",
        "a read of stdin cannot be cancelled, and the runtime would wait for it at its end",
    ),
    allowed("worker-sim", "process", "work runs beside the loop that reads commands; there is no runtime"),
    allowed("conformance", "party", "a worker's pipes are read with a time limit; there is no runtime"),
    allowed(
        "conformance",
        "deadline",
        "work that cannot be cancelled has a limit of time; there is no runtime",
    ),
    allowed("xtask", "steps", "what a step leaves behind may hold its pipe open for ever"),
    allowed("xtask", "codegen", "rustfmt's stdin is written while its stdout is read"),
];

/// Judges every crate, and the list.
pub(super) fn check(packages: &[Package], allowed: &[Allowed]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut used = BTreeSet::new();
    for package in packages {
        for (path, module) in &package.modules {
            let room = package.room(path);
            let starts = module.mentions.iter().filter(|mention| starts(module, mention));
            for mention in starts {
                match allowed
                    .iter()
                    .position(|allowed| allowed.package == package.folder && allowed.room == room)
                {
                    Some(index) => drop(used.insert(index)),
                    None => findings.push(unlisted(module, mention)),
                }
            }
        }
    }
    let unused = allowed.iter().enumerate().filter(|(index, _)| !used.contains(index));
    findings.extend(unused.map(|(_, allowed)| {
        let Allowed { package, room, reason } = allowed;
        let fault = format!(
            "`{room}` starts no thread any more (\"{reason}\"): take it out of xtask/src/tidy/threads.rs"
        );
        Finding::new(*package, fault)
    }));
    findings
}

fn unlisted(module: &Module, mention: &Mention) -> Finding {
    let fault = format!(
        "`{}` starts what nobody waits for: use a JoinSet, or list the room in xtask/src/tidy/threads.rs with its reason",
        mention.path.join("::")
    );
    Finding::new(format!("{}:{}", module.file, mention.line), fault)
}

/// With the first name as the module imports it: `use std::thread; thread::spawn(…)`.
fn starts(module: &Module, mention: &Mention) -> bool {
    let Some((first, rest)) = mention.path.split_first() else { return false };
    let imported =
        module.aliases.get(first).into_iter().flatten().map(|alias| [alias.as_slice(), rest].concat());
    std::iter::once(mention.path.clone()).chain(imported).any(|path| {
        STARTS.iter().any(|start| path.len() >= start.len() && path.iter().zip(*start).all(|(a, b)| a == b))
    })
}

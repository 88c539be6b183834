//! The assertion for tests of other crates: it fails on what is broken, and on what is skipped unnamed.

use crate::simulated_worker;
use conformance::{
    assert_conforms,
    plan::{Plan, Selection, TargetPlan},
};
use std::panic::catch_unwind;

/// The message of the assertion that fails; `None` if it holds.
fn failure(fault: &[&str], may_skip: &[&str]) -> Option<String> {
    let mut command = vec![simulated_worker().into()];
    command.extend(["--load-ms", "0"].into_iter().chain(fault.iter().copied()).map(Into::into));
    let only = ["models.suite", "files.sound", "lifecycle.initialize"].map(str::to_owned).to_vec();
    let plan =
        Plan { selection: Selection { only, skip: Vec::new() }, ..Plan::all(TargetPlan::Worker(command)) };
    let panic = catch_unwind(|| assert_conforms(&plan, may_skip)).err()?;
    Some(panic.downcast_ref::<String>().cloned().unwrap_or_else(|| "(no text)".to_owned()))
}

#[test]
fn what_is_skipped_is_what_the_caller_named() {
    assert_eq!(failure(&[], &["models", "files"]), None);
    assert_eq!(failure(&[], &["models.suite", "files.sound"]), None);
    let unnamed = failure(&[], &["models.suite"]).unwrap();
    assert!(unnamed.contains("files.sound.") && unnamed.contains("may_skip does not name it"), "{unnamed}");
    assert!(!unnamed.contains("models.suite."), "{unnamed}");
    // A name is whole parts of an id.
    assert!(failure(&[], &["models.sui", "files.sound"]).unwrap().contains("models.suite."));
    let stale = failure(&[], &["models", "files", "effects.lora"]).unwrap();
    assert!(stale.starts_with("may_skip names effects.lora, and no such check is skipped"), "{stale}");
    let broken = failure(&["--fault", "dropped_field:worker@initialize"], &["models", "files"]).unwrap();
    assert!(broken.contains("the target breaks the contract"), "{broken}");
}

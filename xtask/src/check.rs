//! `cargo xtask check`: the checks after each change. The quick steps of the test command, and the unit tests
//! of the crates that changed.

use std::{collections::BTreeSet, io::Write, path::Path, process::Command};

use anyhow::{Context as _, Result, bail};

use crate::{
    steps::{Step, step},
    test::STEPS,
};

/// Steps of the test command that take seconds on a warm machine.
const QUICK: [&str; 3] = ["codegen", "tidy", "format"];

/// Lints without a build of the tests, which the test command has and a change does not need.
const LINT: Step = step(
    "lint",
    "no lint of Rust",
    &["cargo", "clippy", "--quiet", "--workspace", "--all-targets", "--", "--deny", "warnings"],
);

/// The steps of the check, in their order.
pub(crate) fn steps() -> Vec<Step> {
    let quick = STEPS.iter().filter(|step| QUICK.contains(&step.name));
    let unit = step("unit", "the unit tests of the crates that changed", &["cargo", "xtask", "unit"]);
    quick.copied().chain([LINT, unit]).collect()
}

/// Runs the unit tests of every crate that has a file which differs from `since`, and says what it left out.
///
/// # Errors
/// A test that failed, a revision that is none, or git or cargo that does not start.
pub(crate) fn unit(root: &Path, since: &str, out: &mut dyn Write) -> Result<()> {
    let changed = changed(root, since)?;
    let crates: Vec<&String> =
        changed.iter().filter(|folder| root.join(folder).join("Cargo.toml").exists()).collect();
    if changed.contains("workers") {
        writeln!(out, "workers/ changed: `cargo xtask test workers-test` runs its tests")?;
    }
    if crates.is_empty() {
        writeln!(out, "no crate differs from {since}: no unit test was run")?;
        return Ok(());
    }
    let mut failed = Vec::new();
    for folder in crates {
        writeln!(out, "{folder} differs from {since}: its unit tests run")?;
        out.flush()?;
        let cargo = Command::new("cargo")
            .args(["test", "--quiet", "--package", folder])
            .args(targets(&root.join(folder)))
            .current_dir(root)
            .status();
        if !cargo.context("starting cargo")?.success() {
            failed.push(folder.as_str());
        }
    }
    if !failed.is_empty() {
        bail!("the unit tests of {} failed, see above", failed.join(", "));
    }
    Ok(())
}

/// Crates that have unit tests. cargo refuses `--lib` of a package without a library.
fn targets(package: &Path) -> Vec<&'static str> {
    let has = |file: &str| package.join("src").join(file).exists();
    [("lib.rs", "--lib"), ("main.rs", "--bins")]
        .into_iter()
        .filter_map(|(file, flag)| has(file).then_some(flag))
        .collect()
}

/// Top folders with a file that differs, new ones among them.
fn changed(root: &Path, since: &str) -> Result<BTreeSet<String>> {
    let mut files = git(root, &["diff", "--name-only", since, "--"])?;
    files.push_str(&git(root, &["ls-files", "--others", "--exclude-standard"])?);
    Ok(files.lines().filter_map(|file| Some(file.split_once('/')?.0.to_owned())).collect())
}

fn git(root: &Path, arguments: &[&str]) -> Result<String> {
    let output = Command::new("git").args(arguments).current_dir(root).output().context("starting git")?;
    if !output.status.success() {
        bail!("git {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_quick_step_is_one_of_the_test_command() {
        assert_eq!(steps().len(), QUICK.len() + 2);
    }

    #[test]
    fn only_targets_that_are_there_are_tested() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        assert_eq!(targets(&root.join("xtask")), ["--bins"]);
        assert_eq!(targets(&root.join("contracts")), ["--lib"]);
        assert_eq!(targets(&root.join("gateway")), ["--lib", "--bins"]);
    }

    #[test]
    fn what_differs_is_found_by_its_folder() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let run = |arguments: &[&str]| git(folder.path(), arguments).expect("git");
        let write = |path: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, "text").expect("a file");
        };
        run(&["init", "--quiet"]);
        run(&[
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@b",
            "commit",
            "--quiet",
            "--allow-empty",
            "-m",
            "a: is",
        ]);
        write("lane/src/lib.rs");
        write("README.md");
        assert_eq!(changed(folder.path(), "HEAD").expect("git"), BTreeSet::from(["lane".to_owned()]));
        let unknown = changed(folder.path(), "no-such-revision").expect_err("no revision");
        assert!(unknown.to_string().contains("no-such-revision"), "{unknown}");
    }
}

//! `cargo xtask long`: checks that take long, or need tools of users from the registries; the test command has none.

use std::{path::Path, process::Command};

use anyhow::{Context as _, Result, bail};

use crate::steps::{Step, step};

/// The long checks.
pub(crate) const LONG: &[Step] = &[
    step("fuzz", "no bytes break a reader (10 minutes)", &["cargo", "xtask", "fuzz", "--seconds", "120"]),
    step(
        "openapi",
        "users' generators of clients take the document, and their clients make a picture",
        &["bash", "conformance/openapi.sh"],
    ),
    step(
        "advisories",
        "no dependency has a published flaw (skipped where the database cannot be fetched)",
        &["bash", "xtask/deny.sh", "advisories"],
    ),
    Step {
        folder: "workers",
        environment: &[("OMP_NUM_THREADS", "1")],
        ..step(
            "workers-long",
            "the sweeps of the Python workers' tests",
            &[
                ".venv/bin/python",
                "-m",
                "pytest",
                "-q",
                "-m",
                "long",
                "--numprocesses",
                "auto",
                "--dist",
                "loadfile",
            ],
        )
    },
    step(
        "faulty-workers",
        "the suite finds every worker of conformance/tests/faulty broken",
        &["bash", "conformance/faulty.sh"],
    ),
    step(
        "clean-workers",
        "the suite finds no fault in a worker that writes in another way",
        &["bash", "conformance/clean.sh"],
    ),
    step(
        "mutants-long",
        "the suite finds every wrong member and command, but those of which it is known (hours)",
        &["bash", "conformance/mutants.sh", "--all"],
    ),
    step(
        "gateway-python-long",
        "the gateway keeps the whole contract over HTTP with the Python worker",
        &["bash", "conformance/gateway.sh", "--python", "--all"],
    ),
    step(
        "fixtures-long",
        "the tests find every wrong fixture",
        &["bash", "conformance/fixtures.sh", "--all"],
    ),
    step(
        "cargo-mutants",
        "the tests find the wrong lines of contracts and conformance, but five of a hundred (a part each day)",
        &["bash", "xtask/mutants.sh"],
    ),
    step(
        "diff-long",
        "5 000 edits of schemas are decided as the second judge says, 1 000 rewrites find nothing, our history is judged",
        &["bash", "conformance/diff.sh"],
    ),
    step(
        "bench-decode",
        "what reading a submission costs",
        &["cargo", "bench", "--profile", "dist", "-p", "contracts", "--bench", "decode"],
    ),
    step(
        "bench-hostile",
        "what the worst documents cost, and that it grows no faster than they do",
        &["cargo", "bench", "--profile", "dist", "-p", "contracts", "--bench", "hostile"],
    ),
    step(
        "bench-hop",
        "what the way through the gateway costs",
        &["cargo", "bench", "--profile", "dist", "-p", "gateway", "--bench", "hop"],
    ),
];

/// Drives the fuzz targets, each for so many seconds.
///
/// # Errors
/// A target that broke, or that is none.
pub(crate) fn fuzz(root: &Path, seconds: u64, seed: u64, targets: &[String]) -> Result<()> {
    let status = Command::new("cargo")
        .args([
            "run",
            "--quiet",
            "-p",
            "fuzz",
            "--bin",
            "fuzz",
            "--",
            &seconds.to_string(),
            &seed.to_string(),
        ])
        .args(targets)
        .current_dir(root)
        .status()
        .context("starting cargo")?;
    if !status.success() {
        bail!("a target broke, see above");
    }
    Ok(())
}

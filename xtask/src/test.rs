//! `cargo xtask test`: every check except those of `cargo xtask long`, each with what it needs set up first.

use crate::steps::{Share, Step, step};

const PYTHON: &str = ".venv/bin/python";

/// One OpenMP thread: with more, small tensors on a busy machine take tens of times longer.
const ONE_THREAD: (&str, &str) = ("OMP_NUM_THREADS", "1");

/// Every build of the test command is by clippy's compiler, which also lints: with `cargo clippy` beside it, each dependency
/// is compiled twice, once for its types and once for its code, and each of our crates is read twice.
pub(crate) const CLIPPY_BUILDS: &[(&str, &str)] = &[("RUSTC_WORKSPACE_WRAPPER", "clippy-driver")];

/// Builds every crate, its tests and benches.
const BUILD: [&str; 6] = ["cargo", "test", "--quiet", "--workspace", "--all-targets", "--no-run"];

/// Lints: the same build once more, in which cargo repeats what it warned of.
const LINT: [&str; 8] = {
    let [cargo, test, quiet, workspace, all_targets, no_run] = BUILD;
    ["bash", "xtask/lint.sh", cargo, test, quiet, workspace, all_targets, no_run]
};

const fn python(name: &'static str, shows: &'static str, command: &'static [&'static str]) -> Step {
    Step {
        folder: "workers",
        environment: &[ONE_THREAD],
        needs: &["workers-setup"],
        ..beside(name, shows, command)
    }
}

/// A step that leaves a core to another one.
const fn beside(name: &'static str, shows: &'static str, command: &'static [&'static str]) -> Step {
    Step { share: Share::Half, ..step(name, shows, command) }
}

/// A step that runs what `rust-build` has built, so that it does not wait for the build.
const fn built(name: &'static str, shows: &'static str, command: &'static [&'static str]) -> Step {
    Step { needs: &["rust-build", "workers-setup"], ..beside(name, shows, command) }
}

/// A step that mostly waits for clocks and processes: of its time a tenth to a quarter is work.
const fn waits(name: &'static str, shows: &'static str, command: &'static [&'static str]) -> Step {
    Step { share: Share::Waits, ..built(name, shows, command) }
}

/// The test command.
pub(crate) const STEPS: &[Step] = &[
    beside("workers-setup", "the locked Python environment and the tiny models", &["workers/setup.sh"]),
    beside("codegen", "generated files are fresh", &["cargo", "xtask", "codegen", "--check"]),
    beside(
        "tidy",
        "the house rules hold: rooms, the map, files' heads, threads",
        &["cargo", "xtask", "tidy"],
    ),
    beside("format", "Rust is formatted", &["cargo", "fmt", "--all", "--check"]),
    beside(
        "deny",
        "licences, bans and sources of the dependencies",
        &["bash", "xtask/deny.sh", "licenses", "bans", "sources"],
    ),
    python("workers-lint", "no lint of Python", &[PYTHON, "-m", "ruff", "check", "."]),
    python("workers-format", "Python is formatted", &[PYTHON, "-m", "ruff", "format", "--check", "."]),
    python("workers-types", "Python's types hold", &[PYTHON, "-m", "mypy", "."]),
    // It needs both cores only at times: beside it run the set-up, which waits for the network, and the lints of Python.
    beside("rust-build", "every crate, its tests and benches build", &BUILD),
    Step { needs: &["rust-build"], ..beside("lint", "no lint of Rust in that build", &LINT) },
    Step {
        // Four tests at a time: most of those that take long wait for processes.
        environment: &[("CONCORD_REQUIRE_PYTHON", "1"), ("RUST_TEST_THREADS", "4"), ONE_THREAD],
        ..built(
            "rust",
            "the tests of every crate; no snapshot is pending or left over",
            &["bash", "xtask/rust-tests.sh"],
        )
    },
    // Not before the build, which keeps both cores busy.
    Step {
        needs: &["rust-build", "workers-setup"],
        // Two processes: the Rust tests beside them wait for processes much of their time. A file stays with one, as its
        // tests share an engine.
        ..python(
            "workers-test",
            "the tests of the Python workers",
            &[PYTHON, "-m", "pytest", "-q", "--numprocesses", "2", "--dist", "loadfile"],
        )
    },
    // The longest first, so that none is left alone at the end.
    built(
        "conformance-python",
        "the Python worker keeps the contract on the tiny SDXL",
        &["bash", "conformance/python.sh"],
    ),
    built(
        "conformance-gateway-python",
        "the gateway keeps it over HTTP with the Python worker",
        &["bash", "conformance/gateway.sh", "--python"],
    ),
    waits("conformance-sim", "worker-sim keeps the contract", &["bash", "conformance/sim.sh"]),
    waits(
        "conformance-gateway",
        "the gateway keeps the contract over HTTP",
        &["bash", "conformance/gateway.sh"],
    ),
    built("mutants", "the suite finds a sample of wrong members", &["bash", "conformance/mutants.sh"]),
    waits(
        "csharp",
        "an unchanged C# bridge binds every reply (real .NET)",
        &["bash", "clients/bridge/check.sh"],
    ),
    Step {
        // One of them at a time sets .NET up.
        needs: &["rust-build", "csharp"],
        ..built(
            "dotnet",
            "the model of System.Text.Json gives the answers of real .NET",
            &["bash", "conformance/dotnet/check.sh"],
        )
    },
];

#[cfg(test)]
mod tests {
    use super::STEPS;

    #[test]
    fn a_step_needs_steps_before_it() {
        for (index, step) in STEPS.iter().enumerate() {
            for need in step.needs {
                assert!(
                    STEPS[..index].iter().any(|before| before.name == *need),
                    "{} needs {need}",
                    step.name
                );
            }
        }
    }
}

//! The drifts that the system before this one had (`data/drifts.json`): each is rebuilt as a worker with that fault, and found
//! by a check of its class; or a reason says why no process can show it. Those that sources show stand in C# beside it.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::Command,
};

use conformance::class::Class;
use serde::Deserialize;

use crate::{gateway, simulated_worker};

/// The number of drifts; each third number has one.
const DRIFTS: usize = 46;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Drift {
    id: String,
    /// The code of its class.
    class: String,
    /// A worker of `tests/faulty`.
    proxy: Option<String>,
    /// A fault of the simulated worker.
    fault: Option<String>,
    /// Whether the proxy stands before a gateway.
    #[serde(default)]
    gateway: bool,
    /// Why no process can show it.
    reason: Option<String>,
    /// A C# source that shows it (`csharp::drifts`).
    source: Option<serde_json::Value>,
    /// The scenarios that find it.
    #[serde(default)]
    scenarios: Vec<String>,
}

fn drifts() -> Vec<Drift> {
    serde_json::from_str(include_str!("../../data/drifts.json")).unwrap()
}

fn proxy(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faulty").join(name).with_extension("py")
}

#[test]
fn each_drift_has_a_worker_or_a_reason() {
    let drifts = drifts();
    let ids: Vec<&str> = drifts.iter().map(|drift| drift.id.as_str()).collect();
    assert_eq!(ids, (1..=DRIFTS).map(|nth| format!("D-{:03}", 3 * nth)).collect::<Vec<_>>());
    assert!(drifts.iter().filter(|drift| drift.source.is_some()).count() >= 17, "no source may go missing");
    for Drift { id, class, proxy: named, fault, reason, scenarios, .. } in &drifts {
        let stands_for_it = [named, fault, reason].iter().filter(|given| given.is_some()).count();
        assert_eq!(stands_for_it, 1, "{id}: one worker, or one fault, or one reason");
        assert_eq!(reason.is_some(), scenarios.is_empty(), "{id}: a worker is run, and a reason is not");
        assert!(named.as_ref().is_none_or(|name| proxy(name).is_file()), "{id}: there is no such worker");
        let is_known = Class::ALL.iter().any(|known| known.code() == class);
        assert!(is_known || reason.is_some(), "{id}: there is no class {class}");
    }
    // No worker is left without its drift.
    let named: BTreeSet<PathBuf> =
        drifts.iter().filter_map(|drift| drift.proxy.as_deref()).map(proxy).collect();
    for file in std::fs::read_dir(proxy("d000").parent().unwrap()).unwrap() {
        let file = file.unwrap().path();
        let is_a_drift = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("d0"))
            || file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("d1"));
        assert!(!is_a_drift || named.contains(&file), "{} is in no row", file.display());
    }
}

/// The classes of the checks that fail on a worker with the drift.
fn classes_found(drift: &Drift) -> (Option<i32>, BTreeSet<String>) {
    let worker = simulated_worker();
    let mut tool = Command::new(env!("CARGO_BIN_EXE_conformance"));
    if drift.gateway {
        return classes_of(drift, before_a_gateway(&mut tool, drift));
    }
    tool.args(["worker", "--format", "json", "--timeout", "10"]).env("GOOD_WORKER", &worker);
    tool.args(drift.scenarios.iter().flat_map(|id| ["--only", id.as_str()]));
    // Pretend models are of the type that their names tell.
    tool.args(["--lora", "loras/style.safetensors", "--control-net", "controlnet_canny.safetensors"]);
    tool.args(["--refiner", "sdxl_refiner", "--vae", "sdxl_vae", "--"]);
    match (&drift.proxy, &drift.fault) {
        (Some(name), _) => tool.arg("python3").arg(proxy(name)),
        (_, Some(fault)) => tool.arg(worker).args(["--fault", fault.as_str()]),
        _ => unreachable!("only rows with a worker are run"),
    };
    classes_of(drift, tool.args(["--load-ms", "0"]))
}

/// The suite against a gateway on a simulated worker, behind the drift's proxy.
fn before_a_gateway<'t>(tool: &'t mut Command, drift: &Drift) -> &'t mut Command {
    tool.args(["gateway", "--format", "json", "--start-timeout", "60"]);
    tool.args(drift.scenarios.iter().flat_map(|id| ["--only", id.as_str()]));
    tool.arg("--").arg("python3").arg(proxy(drift.proxy.as_deref().expect("a proxy")));
    tool.arg("{address}").arg(gateway()).args(["serve", "--listen", "{inner}", "--workers", "sim"]);
    tool.args(["--sim-workers", "1", "--sim-arg", "--load-ms", "--sim-arg", "0", "--output-dir"]);
    tool.arg(env!("CARGO_TARGET_TMPDIR"))
}

fn classes_of(drift: &Drift, tool: &mut Command) -> (Option<i32>, BTreeSet<String>) {
    let output = tool.output().expect("the tool starts");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|err| panic!("{}: {err}: {}", drift.id, String::from_utf8_lossy(&output.stderr)));
    let failed = report["checks"].as_array().unwrap().iter().filter(|check| check["outcome"] == "failed");
    let classes = failed.map(|check| check["class"].as_str().unwrap().to_owned()).collect();
    (output.status.code(), classes)
}

/// Every nth of so many parts of the drifts: tests run beside each other.
fn are_found(nth: usize, parts: usize) {
    let rows = drifts().into_iter().filter(|drift| drift.reason.is_none()).skip(nth).step_by(parts);
    let missed: Vec<String> = rows
        .filter_map(|drift| {
            let (code, classes) = classes_found(&drift);
            let is_found = code == Some(10) && classes.contains(&drift.class);
            (!is_found)
                .then(|| format!("{} ({}): exit {code:?}, found as {classes:?}", drift.id, drift.class))
        })
        .collect();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn each_is_found_by_its_class_1() {
    are_found(0, 4);
}

#[test]
fn each_is_found_by_its_class_2() {
    are_found(1, 4);
}

#[test]
fn each_is_found_by_its_class_3() {
    are_found(2, 4);
}

#[test]
fn each_is_found_by_its_class_4() {
    are_found(3, 4);
}

//! `ops/ci`: the gates that need no running worker, each command as it stands in the jobs. Only what fetches and builds is a
//! stand-in.

use saphyr::Yaml;
use std::{fs, path::Path, process::Command};

use crate::ci::{Runner, Variables, file, parsed, text, variables};

const PARCELS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/parcels");

const CSHARP: &str = "using System.Text.Json.Serialization;\npublic class SendParcel {\n  public int WeightGrams { get; set; }\n  public Address ToAddress { get; set; } = new();\n  public string Speed { get; set; } = \"normal\";\n}\npublic class Address {\n  public string Street { get; set; } = \"\";\n  public string City { get; set; } = \"\";\n}\n";
const PYTHON: &str =
    "def send(payload):\n    return {\"tracking_code\": \"KI123456\", \"days\": payload[\"weight_grams\"]}\n";
const EXAMPLE: &str = r#"{"weight_grams": 900, "to_address": {"street": "Pier 3", "city": "Kiel"}}"#;

/// A repository whose contract is as the base has it, or with one edit.
fn repository(edit: Option<(&str, &str)>) -> Runner {
    let mut runner = Runner::new("");
    // The comparison asks git itself; only `git clone` is a stand-in.
    let git = "[ \"$1\" = clone ] || PATH=${PATH#*:} exec git \"$@\"\n";
    fs::write(runner.at("stand-ins/git"), format!("#!/usr/bin/env bash\n{git}")).unwrap();
    for folder in ["contract", "Services", "workers", "examples"] {
        fs::create_dir(runner.at(folder)).unwrap();
    }
    for entry in fs::read_dir(PARCELS).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, runner.at("contract").join(path.file_name().unwrap())).unwrap();
    }
    fs::write(runner.at("Services/Parcels.cs"), CSHARP).unwrap();
    fs::write(runner.at("workers/carrier.py"), PYTHON).unwrap();
    fs::write(runner.at("examples/command.json"), EXAMPLE).unwrap();
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"];
        let output =
            Command::new("git").current_dir(runner.at("")).args(identity).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    git(&["init", "--quiet"]);
    git(&["add", "contract"]);
    git(&["commit", "--quiet", "--message", "in use"]);
    git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
    if let Some((from, to)) = edit {
        let path = runner.at("contract/parcels_schema.json");
        let before = fs::read_to_string(&path).unwrap();
        assert!(before.contains(from));
        fs::write(&path, before.replace(from, to)).unwrap();
    }
    runner.variables.insert("GITHUB_PATH".to_owned(), runner.at("GITHUB_PATH").display().to_string());
    runner
}

/// The example's own definition instead of the one that stands there to be changed.
fn filled(mut variables: Variables) -> Variables {
    variables.insert("DEFINITION".to_owned(), "SendParcel".to_owned());
    variables
}

/// Each step of the job with its code and what it said.
fn github(edit: Option<(&str, &str)>) -> Vec<(String, i32, String)> {
    let mut runner = repository(edit);
    let workflow = file("github/gates.yml");
    let workflow = parsed(&workflow);
    let job = workflow.as_mapping_get("jobs").and_then(|jobs| jobs.as_mapping_get("gates")).expect("a job");
    let env = filled(variables(job, "env"));
    let mut steps = Vec::new();
    for step in job.as_mapping_get("steps").and_then(Yaml::as_sequence).expect("steps") {
        if let Some(script) = text(step, "run") {
            assert!(!script.contains("${{"), "an input in a command could be another command: {script}");
            let output = runner.bash(script, &env);
            let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
            steps.push((text(step, "name").expect("a name").to_owned(), output.status.code().unwrap(), said));
            if let Ok(folders) = fs::read_to_string(runner.at("GITHUB_PATH")) {
                runner.path = format!("{}:{}", folders.trim(), runner.path);
            }
        } else if let Some("github/codeql-action/upload-sarif" | "actions/upload-artifact") =
            text(step, "uses").map(|uses| uses.split('@').next().unwrap())
        {
            all_reports(
                &runner.at("gates"),
                &["diff.sarif", "diff.html", "csharp.sarif", "python.sarif", "read.html"],
            );
        }
    }
    steps
}

fn all_reports(folder: &Path, names: &[&str]) {
    for name in names {
        assert!(folder.join(name).is_file(), "{name}");
    }
}

const NARROWER: (&str, &str) = ("\"maximum\": 30000", "\"maximum\": 20000");

#[test]
fn the_gates_of_github_run_as_they_stand() {
    let codes = |edit| -> Vec<i32> { github(edit).into_iter().map(|(_, code, _)| code).collect() };
    assert_eq!(codes(None), [0, 0, 0, 0, 0], "{:?}", github(None));
    let steps = github(Some(NARROWER));
    assert_eq!(steps[1].1, 10, "{steps:?}");
    assert!(steps[1].2.contains("::error file=contract/parcels_schema.json,line="), "{steps:?}");
    let steps = github(Some(("\"to_address\"", "\"address\"")));
    let codes: Vec<i32> = steps.iter().map(|(_, code, _)| *code).collect();
    assert_eq!(codes, [0, 10, 10, 0, 10], "{steps:?}");
}

#[test]
fn the_gates_of_gitlab_run_as_they_stand() {
    let jobs = file("gitlab/gates.yml");
    let jobs = parsed(&jobs);
    let job = jobs.as_mapping_get("contract").expect("a job");
    let lines = |name: &str| {
        let lines = job.as_mapping_get(name).and_then(Yaml::as_sequence).expect("commands");
        lines.iter().map(|line| line.as_str().expect("a command").to_owned()).collect::<Vec<_>>()
    };
    let script = [lines("before_script"), lines("script")].concat().join("\n");
    for (edit, expected) in [(None, 0), (Some(NARROWER), 10)] {
        let runner = repository(edit);
        let output = runner.bash(&script, &filled(variables(job, "variables")));
        let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(expected), "{said}");
        all_reports(
            &runner.at("gates"),
            &["diff.xml", "diff.html", "csharp.sarif", "python.sarif", "read.html"],
        );
    }
}

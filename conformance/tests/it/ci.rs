//! `ops/ci`: each command of the jobs is run as it stands. Only what fetches is a stand-in: checkouts, `git clone`, and `cargo`,
//! which puts this build in the place of an installed one. Uploads are held to the files that they name.

use crate::simulated_worker;
use saphyr::{LoadableYamlNode as _, Yaml};
use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::{Command, Output},
};

pub(crate) type Variables = BTreeMap<String, String>;

/// What a runner has for a job: a folder with a built worker, and stand-ins before everything else on the path.
pub(crate) struct Runner {
    folder: tempfile::TempDir,
    pub(crate) variables: Variables,
    pub(crate) path: String,
}

impl Runner {
    /// `fault` is what the worker does wrong.
    pub(crate) fn new(fault: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |place: &str| folder.path().join(place);
        for place in ["target/release", "stand-ins", ".concord/.installed/bin"] {
            fs::create_dir_all(at(place)).unwrap();
        }
        let worker = format!("exec {} --load-ms 0 --step-ms 0 {fault}\n", simulated_worker().display());
        program(&at("target/release/my-worker"), &worker);
        program(&at("stand-ins/git"), "");
        program(&at("stand-ins/cargo"), "");
        symlink(env!("CARGO_BIN_EXE_conformance"), at(".concord/.installed/bin/conformance")).unwrap();
        let path = format!("{}:{}", at("stand-ins").display(), std::env::var("PATH").unwrap());
        Self { folder, variables: Variables::new(), path }
    }

    pub(crate) fn at(&self, place: &str) -> PathBuf {
        self.folder.path().join(place)
    }

    pub(crate) fn bash(&self, script: &str, variables: &Variables) -> Output {
        let mut bash = Command::new("bash");
        // As GitHub and GitLab start it.
        bash.args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script]);
        bash.current_dir(self.folder.path()).envs(&self.variables).envs(variables).env("PATH", &self.path);
        bash.output().unwrap()
    }
}

fn program(path: &Path, body: &str) {
    fs::write(path, format!("#!/usr/bin/env bash\n{body}")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

pub(crate) fn file(place: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ops/ci").join(place);
    fs::read_to_string(&path).unwrap_or_else(|err| panic!("{}: {err}", path.display()))
}

pub(crate) fn parsed(text: &str) -> Yaml<'_> {
    Yaml::load_from_str(text).expect("it is YAML").remove(0)
}

pub(crate) fn text<'y>(yaml: &'y Yaml<'_>, name: &str) -> Option<&'y str> {
    yaml.as_mapping_get(name).and_then(Yaml::as_str)
}

pub(crate) fn variables(yaml: &Yaml<'_>, name: &str) -> Variables {
    let Some(mapping) = yaml.as_mapping_get(name).and_then(Yaml::as_mapping) else { return Variables::new() };
    let entry = |(name, value): (&Yaml<'_>, &Yaml<'_>)| {
        let value = value.as_str().expect("variables are texts");
        (name.as_str().expect("names are texts").to_owned(), value.to_owned())
    };
    mapping.iter().map(entry).collect()
}

/// The whole suite takes long, and has its own tests: here a part of it.
fn part(arguments: &str) -> String {
    let (target, rest) = arguments.split_once(' ').unwrap();
    format!("{target} --only lifecycle --only framing {rest}")
}

/// A run of the jobs: the exit code of the suite, and what was said.
fn github(fault: &str) -> (i32, String) {
    let mut runner = Runner::new(fault);
    for name in ["GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"] {
        let path = runner.at(name);
        fs::write(&path, "").unwrap();
        runner.variables.insert(name.to_owned(), path.display().to_string());
    }
    let workflow = file("github/conformance.yml");
    let workflow = parsed(&workflow);
    let job = workflow.as_mapping_get("jobs").and_then(|jobs| jobs.as_mapping_get("worker")).expect("a job");
    let (mut code, mut said) = (0, String::new());
    for step in job.as_mapping_get("steps").and_then(Yaml::as_sequence).expect("steps") {
        let with = variables(step, "with");
        let runs_always = text(step, "if").is_some_and(|condition| condition.contains("!cancelled()"));
        assert!(code == 0 || runs_always, "a report of a failed run is not shown: {step:?}");
        match (text(step, "run"), text(step, "uses").map(|uses| uses.split('@').next().unwrap())) {
            (Some(script), None) => {
                assert!(runner.bash(script, &Variables::new()).status.success(), "{script}");
            }
            (None, Some("actions/checkout")) => {}
            (None, Some("./.github/actions/conformance")) => (code, said) = composite(&mut runner, &with),
            (None, Some("github/codeql-action/upload-sarif")) => {
                assert!(runner.at(&with["sarif_file"]).is_file(), "{said}");
            }
            (None, Some("actions/upload-artifact")) => {
                for report in ["summary.md", "junit.xml", "report.sarif", "report.json", "report.html"] {
                    assert!(runner.at(&with["path"]).join(report).is_file(), "{report}: {said}");
                }
            }
            other => panic!("a step that nothing here knows: {other:?}"),
        }
    }
    let summary = fs::read_to_string(runner.at("GITHUB_STEP_SUMMARY")).unwrap();
    assert!(summary.starts_with("### conformance: "), "{summary}");
    assert_eq!(fs::read_to_string(runner.at("GITHUB_OUTPUT")).unwrap(), format!("exit-code={code}\n"));
    (code, said)
}

/// The action, by its own file.
fn composite(runner: &mut Runner, with: &Variables) -> (i32, String) {
    let action = file("github/action/action.yml");
    let action = parsed(&action);
    let mut inputs = Variables::new();
    let declared = action.as_mapping_get("inputs").and_then(Yaml::as_mapping).expect("inputs");
    for (name, input) in declared {
        let name = name.as_str().unwrap();
        let value = with.get(name).cloned().or_else(|| text(input, "default").map(str::to_owned));
        let value = value.unwrap_or_else(|| panic!("the job gives no {name}"));
        inputs.insert(name.to_owned(), if name == "arguments" { part(&value) } else { value });
    }
    assert!(with.keys().all(|name| inputs.contains_key(name)), "the action has no such input: {with:?}");
    let (mut code, mut said) = (0, String::new());
    let runs = action.as_mapping_get("runs").expect("runs");
    for step in runs.as_mapping_get("steps").and_then(Yaml::as_sequence).expect("steps") {
        let mut env = variables(step, "env");
        for value in env.values_mut() {
            let input = value.strip_prefix("${{ inputs.").and_then(|rest| rest.strip_suffix(" }}")).unwrap();
            *value = inputs[input].clone();
        }
        let script = text(step, "run").expect("a command");
        assert!(!script.contains("${{"), "an input in a command could be another command: {script}");
        let output = runner.bash(script, &env);
        code = output.status.code().unwrap();
        said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        // Later steps have what was added to the path.
        for folder in fs::read_to_string(runner.at("GITHUB_PATH")).unwrap().lines() {
            runner.path = format!("{folder}:{}", runner.path);
        }
    }
    (code, said)
}

fn gitlab(fault: &str) -> (i32, String) {
    let runner = Runner::new(fault);
    let jobs = file("gitlab/conformance.yml");
    let jobs = parsed(&jobs);
    let job = jobs.as_mapping_get("conformance").expect("a job");
    let lines = |name: &str| {
        let lines = job.as_mapping_get(name).and_then(Yaml::as_sequence).expect("commands");
        lines.iter().map(|line| line.as_str().expect("a command").to_owned()).collect::<Vec<_>>()
    };
    let mut variables = variables(job, "variables");
    variables.insert("CONFORMANCE_ARGUMENTS".to_owned(), part(&variables["CONFORMANCE_ARGUMENTS"]));
    // One shell runs both parts, line by line.
    let output = runner.bash(&[lines("before_script"), lines("script")].concat().join("\n"), &variables);
    let artifacts = job.as_mapping_get("artifacts").expect("artifacts");
    let reports =
        artifacts.as_mapping_get("reports").and_then(|reports| text(reports, "junit")).expect("a report");
    let paths = artifacts.as_mapping_get("paths").and_then(Yaml::as_sequence).expect("paths");
    let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    for path in paths.iter().map(|path| path.as_str().unwrap()).chain([reports]) {
        assert!(runner.at(path).is_file(), "{path}: {said}");
    }
    (output.status.code().unwrap(), said)
}

#[test]
fn the_jobs_of_github_run_as_they_stand() {
    let (code, said) = github("");
    assert_eq!(code, 0, "{said}");
    let (code, said) = github("--fault banner");
    assert_eq!(code, 10, "{said}");
    assert!(said.contains("::error title=lifecycle.first-words.silent"), "{said}");
}

#[test]
fn the_job_of_gitlab_runs_as_it_stands() {
    let (code, said) = gitlab("");
    assert_eq!(code, 0, "{said}");
    let (code, said) = gitlab("--fault banner");
    assert_eq!(code, 10, "{said}");
    assert!(said.contains("lifecycle.first-words.silent"), "{said}");
}

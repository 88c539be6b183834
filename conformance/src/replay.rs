//! The command line that runs one scenario of a run again.

use std::{ffi::OsString, path::Path};

use crate::plan::TargetPlan;

/// Flags that choose checks, or the form and the place of the report: each has a value.
const OF_ONE_RUN: [&str; 5] = ["--only", "--skip", "--format", "--output", "--report"];

/// Programs that run the file in a later argument.
const INTERPRETERS: [&str; 5] = ["bash", "dotnet", "node", "python", "sh"];

/// Whether a program is one of them: `python3.11` is, `sharp-worker` is not.
fn is_interpreter(name: &str) -> bool {
    let version = |rest: &str| rest.chars().all(|digit| digit.is_ascii_digit() || digit == '.');
    INTERPRETERS.iter().any(|known| name.strip_prefix(known).is_some_and(version))
}

/// The arguments of a run without those of one run alone. The first is the program.
#[must_use]
pub(crate) fn of_args(args: &[OsString]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut args = args.iter().skip(1).map(|arg| arg.to_string_lossy().into_owned());
    while let Some(arg) = args.next() {
        let (flag, has_value) = arg.split_once('=').map_or((arg.as_str(), false), |(flag, _)| (flag, true));
        if arg == "--" {
            kept.push(arg);
            kept.extend(args.by_ref());
        } else if !OF_ONE_RUN.contains(&flag) {
            kept.push(arg);
        } else if !has_value {
            args.next();
        }
    }
    kept
}

/// The arguments of a run with default options.
#[must_use]
pub(crate) fn of_target(target: &TargetPlan) -> Vec<String> {
    let with = |head: &[&str], command: &[OsString]| {
        let head = head.iter().map(|word| (*word).to_owned());
        head.chain(command.iter().map(|arg| arg.to_string_lossy().into_owned())).collect()
    };
    match target {
        TargetPlan::Worker(command) => with(&["worker", "--"], command),
        TargetPlan::Gateway(url) => vec!["gateway".to_owned(), url.clone()],
        TargetPlan::OwnGateway(command) => with(&["gateway", "--"], command),
    }
}

/// The command line for a shell: the whole run, or one scenario of it.
#[must_use]
pub(crate) fn command(replay: &[String], scenario: Option<&String>) -> String {
    let (subcommand, rest) = replay.split_at(replay.len().min(1));
    let only = scenario.into_iter().flat_map(|scenario| ["--only", scenario]);
    let words = subcommand.iter().map(String::as_str).chain(only).chain(rest.iter().map(String::as_str));
    let words: Vec<String> = std::iter::once("conformance").chain(words).map(quoted).collect();
    words.join(" ")
}

/// A word as a shell reads it.
fn quoted(word: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "_-./:=,+@%".contains(character);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// The file of a target, for reports that show findings in files: below the working directory if it lies there.
#[must_use]
pub(crate) fn source(target: &TargetPlan) -> String {
    let (TargetPlan::Worker(command) | TargetPlan::OwnGateway(command)) = target else {
        return "gateway".to_owned();
    };
    let here = std::env::current_dir().unwrap_or_else(|_| "/".into());
    let below = |arg: &OsString| {
        let path = Path::new(arg);
        let path = path.strip_prefix(&here).unwrap_or(path);
        let is_plain = path.is_relative() && !path.starts_with("..") && path.is_file();
        is_plain.then(|| path.display().to_string())
    };
    let name = |arg: &OsString| Path::new(arg).file_name().map(|name| name.to_string_lossy().into_owned());
    let Some(program) = command.first() else { return "worker".to_owned() };
    let name = name(program).unwrap_or_else(|| "worker".to_owned());
    let script = || command[1..].iter().find_map(below);
    is_interpreter(&name).then(script).flatten().or_else(|| below(program)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::{command, of_args, source};
    use crate::plan::TargetPlan;
    use std::ffi::OsString;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn one_scenario_is_run_again_by_what_was_given() {
        for (line, again) in [
            (
                "conformance worker --only a --format=json --output x --lora l --skip=b -- w --only x",
                "conformance worker --only s.c --lora l -- w --only x",
            ),
            (
                "conformance gateway http://127.0.0.1:1 --format html",
                "conformance gateway --only s.c http://127.0.0.1:1",
            ),
            (
                "conformance gateway -- gateway --listen {address} it's",
                "conformance gateway --only s.c -- gateway --listen '{address}' 'it'\\''s'",
            ),
        ] {
            assert_eq!(command(&of_args(&words(line)), Some(&"s.c".to_owned())), again);
        }
        assert_eq!(command(&of_args(&words("x worker -- w")), None), "conformance worker -- w");
    }

    #[test]
    fn a_finding_is_in_the_file_of_the_target() {
        // Unit tests run in the folder of the package.
        for (line, file) in [
            ("src/lib.rs Cargo.toml", "src/lib.rs"),
            ("/usr/bin/python3 -u src/lib.rs Cargo.toml", "src/lib.rs"),
            ("/usr/bin/python3 -u /nowhere", "python3"),
            ("/usr/bin/true Cargo.toml", "true"),
            ("../src/lib.rs", "lib.rs"),
        ] {
            assert_eq!(source(&TargetPlan::Worker(words(line))), file, "{line}");
        }
        let whole = std::path::absolute("src/lib.rs").unwrap();
        assert_eq!(source(&TargetPlan::Worker(vec![whole.into()])), "src/lib.rs");
        assert_eq!(source(&TargetPlan::Gateway("http://127.0.0.1:1".to_owned())), "gateway");
    }
}

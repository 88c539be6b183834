//! `CONCORD_…` variables: one that is empty, or that nothing reads, is a slip of whoever wrote it.

use std::{collections::BTreeSet, ffi::OsString};

use clap::CommandFactory;

use crate::cli::Cli;

/// What the variables of this project begin with.
const PREFIX: &str = "CONCORD_";

/// Variables that no flag of this program names: lists of folders, and what the drop-in reads to find us.
const OTHERS: [&str; 3] = ["CONCORD_MODEL_ROOTS", "CONCORD_INPUT_ROOTS", "CONCORD_GATEWAY"];

/// ReplyReader at the environment before the flags do: warnings for those that nothing reads.
///
/// # Errors
/// A sentence that names a variable which is empty.
pub fn check(variables: impl Iterator<Item = (OsString, OsString)>) -> Result<Vec<String>, String> {
    let known = known();
    let mut warnings = Vec::new();
    for (name, value) in variables {
        let name = name.to_string_lossy();
        if !name.starts_with(PREFIX) {
            continue;
        }
        if !known.contains(&*name) {
            let near = known.iter().min_by_key(|known| strsim::damerau_levenshtein(known, &name));
            let near = near.map_or("", String::as_str);
            warnings.push(format!("nothing reads {name}; is {near} meant?"));
        } else if value.is_empty() {
            return Err(format!("{name} is empty: unset it, or give it a value"));
        }
    }
    warnings.sort();
    Ok(warnings)
}

fn known() -> BTreeSet<String> {
    let cli = Cli::command();
    let of_flags =
        cli.get_subcommands().flat_map(clap::Command::get_arguments).filter_map(clap::Arg::get_env);
    of_flags
        .map(|name| name.to_string_lossy().into_owned())
        .chain(OTHERS.map(str::to_owned))
        .filter(|name| name.starts_with(PREFIX))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{check, known};

    fn of(variables: &[(&str, &str)]) -> Result<Vec<String>, String> {
        check(variables.iter().map(|(name, value)| (name.into(), value.into())))
    }

    #[test]
    fn every_variable_that_is_read_is_named_when_it_is_empty() {
        let known = known();
        for name in ["CONCORD_CONFIG", "CONCORD_LISTEN", "CONCORD_WORKERS", "CONCORD_PUBLIC_URL"] {
            assert!(known.contains(name), "{name}");
        }
        for name in known {
            assert!(of(&[(&name, "")]).unwrap_err().starts_with(&name));
            assert_eq!(of(&[(&name, "x")]), Ok(vec![]));
        }
    }

    #[test]
    fn a_variable_that_nothing_reads_is_told_with_what_is_like_it() {
        let told = of(&[("CONCORD_LISTN", ""), ("HOME", ""), ("concord_x", "")]).unwrap();
        assert_eq!(told, ["nothing reads CONCORD_LISTN; is CONCORD_LISTEN meant?"]);
    }
}

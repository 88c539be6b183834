//! `CONCORD_…` variables of the environment: an empty one is refused, and one that nothing reads is warned of.

use std::{collections::BTreeSet, ffi::OsString, fmt};

use clap::CommandFactory;

use crate::cli::Cli;

/// The prefix of this project's variables.
const PREFIX: &str = "CONCORD_";

/// Variables that no flag of this program names: lists of folders, and the drop-in's path to this program.
const OTHERS: [&str; 3] = ["CONCORD_MODEL_ROOTS", "CONCORD_INPUT_ROOTS", "CONCORD_GATEWAY"];

/// A variable that is set to nothing. Most flags would take it for a value that is not given, others for an empty one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} is empty: unset it, or give it a value")]
pub struct EmptyVariable {
    name: String,
}

/// A variable that nothing reads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnreadVariable {
    name: String,
    /// The known name that is most like it.
    near: String,
}

impl fmt::Display for UnreadVariable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, near } = self;
        write!(f, "nothing reads {name}; is {near} meant?")
    }
}

/// Checks the environment, before the flags read it. Returns the variables that nothing reads, by name.
///
/// # Errors
/// [`EmptyVariable`] if one that is read is empty.
pub fn check(
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> Result<Vec<UnreadVariable>, EmptyVariable> {
    let known = known();
    let mut warnings = Vec::new();
    for (name, value) in variables {
        let name = name.to_string_lossy();
        if !name.starts_with(PREFIX) {
            continue;
        }
        if !known.contains(&*name) {
            let near = known.iter().min_by_key(|known| strsim::damerau_levenshtein(known, &name));
            let near = near.cloned().unwrap_or_default();
            warnings.push(UnreadVariable { name: name.into_owned(), near });
        } else if value.is_empty() {
            return Err(EmptyVariable { name: name.into_owned() });
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
            .map(|unread| unread.iter().map(ToString::to_string).collect())
            .map_err(|empty| empty.to_string())
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
    fn a_variable_that_nothing_reads_is_named_with_the_one_that_is_like_it() {
        let warnings = of(&[("CONCORD_LISTN", ""), ("HOME", ""), ("concord_x", "")]).unwrap();
        assert_eq!(warnings, ["nothing reads CONCORD_LISTN; is CONCORD_LISTEN meant?"]);
    }
}

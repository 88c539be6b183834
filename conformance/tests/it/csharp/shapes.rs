//! Projects that are not ours, from sources and as real .NET describes their assembly: both find the marked lines and no other.

use conformance::{
    contract::Tables,
    csharp::{Sources, TypeRows, assembly},
    dotnet::Options,
    source::Judged,
};
use serde_json::Value;
use std::path::PathBuf;

use super::{
    ROWS, by_the_model,
    marked::{findings, folder, marks, undecided},
    stated,
};

/// Each project with the options that it runs under; a source-generated context has its own.
const SHAPES: [(&str, Option<&str>); 3] =
    [("controllers", Some("web")), ("library", Some("snake_lower")), ("context", None)];

fn options(name: Option<&str>) -> Vec<Options> {
    name.into_iter().map(|name| Options::named(name).expect("a known set")).collect()
}

fn is_of<P>(keep: &str, marks: std::collections::BTreeSet<(String, usize, P)>) -> Vec<(String, usize, P)>
where
    P: Ord,
{
    let kept = marks.into_iter().filter(|(file, ..)| folder("shapes").join(keep).join(file).is_file());
    kept.collect()
}

fn assert_marks(shape: &str, judged: &Judged, by: &str) {
    let marks = is_of(shape, marks(&folder("shapes").join(shape)));
    let (open, broken): (Vec<_>, Vec<_>) = marks.into_iter().partition(|(.., mark)| mark == "undecided");
    assert_eq!(is_of(shape, findings(judged)), broken, "{shape} by {by}: {judged:#?}");
    assert_eq!(is_of(shape, undecided(judged)), open, "{shape} by {by}: {judged:#?}");
}

#[test]
fn each_project_is_judged_without_a_wrong_line() {
    for (shape, named) in SHAPES {
        let sources = Sources::read(&[folder("shapes").join(shape)]).expect("the sources");
        let judged = sources.judge(&options(named), &[]);
        assert!(judged.compared.len() >= 4, "{shape}: {judged:#?}");
        assert_marks(shape, &judged, "sources");
    }
}

/// Real .NET again on each row of the oracle and of ours, through the program that describes assemblies.
#[test]
fn real_dotnet_describes_each_type_as_its_row_has_it() {
    let (Some(built), Some(peer)) =
        (std::env::var_os("CONFORMANCE_DOTNET_CASES"), std::env::var_os("CONFORMANCE_DOTNET_PEER"))
    else {
        eprintln!("skipped: no CONFORMANCE_DOTNET_CASES and CONFORMANCE_DOTNET_PEER");
        return;
    };
    let mut rows = all_rows();
    assert_eq!(rows.len(), 258 + ROWS, "no row may go missing");
    let mut wrong = Vec::new();
    for name in ["default", "case_insensitive", "web", "snake_lower", "strict", "disallow_unmapped"] {
        let (types, undecided) =
            assembly::types(&PathBuf::from(&built), &PathBuf::from(&peer), name).expect("it is described");
        assert!(undecided.is_empty(), "{undecided:#?}");
        rows.retain(|row| {
            // A type without a line of code has no place in the PDB, but in the assembly.
            let is_in = |of: &TypeRows, file: &str| {
                of.place.file.ends_with(file) || of.place.file.ends_with("Describe.dll")
            };
            let is_it = |of: &&TypeRows| {
                row["type"] == of.name.as_str() && row["file"].as_str().is_some_and(|file| is_in(of, file))
            };
            let Some(of) = types.iter().find(is_it).filter(|_| row["options"] == name) else { return true };
            if by_the_model(of) != stated(row) {
                wrong.push(format!(
                    "{} {name}\n  row  {}\n  .NET {}",
                    row["type"],
                    stated(row),
                    by_the_model(of)
                ));
            }
            false
        });
    }
    let left: Vec<String> = rows.iter().map(|row| row["type"].to_string()).collect();
    assert!(left.is_empty(), "not described: {left:?}");
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

fn all_rows() -> Vec<Value> {
    let of = |name: &str| std::fs::read_to_string(crate::fixtures().join(name)).expect("the rows");
    let texts = [of("oracle/types.jsonl"), of("csharp/types.jsonl")];
    let lines = texts.iter().flat_map(|text| text.lines());
    lines.map(|line| serde_json::from_str(line).expect("a row is JSON")).collect()
}

/// `conformance/dotnet/check.sh` builds the assembly and the program that describes it.
#[test]
fn real_dotnet_finds_the_same_lines_in_the_assembly() {
    let (Some(built), Some(peer)) =
        (std::env::var_os("CONFORMANCE_DOTNET_SHAPES"), std::env::var_os("CONFORMANCE_DOTNET_PEER"))
    else {
        eprintln!("skipped: no CONFORMANCE_DOTNET_SHAPES and CONFORMANCE_DOTNET_PEER");
        return;
    };
    let (built, peer) = (PathBuf::from(built), PathBuf::from(peer));
    for (shape, named) in SHAPES {
        let judged = assembly::judge(&built, Some(&peer), Tables::own(), &options(named), &[])
            .expect("it is described");
        assert_marks(shape, &judged, ".NET");
    }
}

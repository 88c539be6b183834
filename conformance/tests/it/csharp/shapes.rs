//! Projects that are not ours, from sources and as real .NET describes their assembly: both find the marked lines and no other.

use conformance::{
    csharp::{Sources, assembly},
    dotnet::Options,
    source::Judged,
};
use std::path::PathBuf;

use super::marked::{findings, folder, marks, undecided};

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
        let judged = assembly::judge(&built, Some(&peer), &options(named), &[]).expect("it is described");
        assert_marks(shape, &judged, ".NET");
    }
}

//! Each check passes on this repository, and fails on a small one that breaks its rule.

use std::{fs, path::Path, process::Command};

use tempfile::TempDir;

use super::{
    finding::Finding,
    heads, longest, map,
    rooms::{self, Graph, Package},
    threads::{self, allowed},
    tree::Tree,
};

/// A checkout of these files.
fn repository(files: &[(&str, &str)]) -> (TempDir, Tree) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let git = Command::new("git").args(["init", "--quiet"]).current_dir(folder.path()).status();
    assert!(git.expect("git starts").success());
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    let tree = Tree::tracked(folder.path()).expect("a tree");
    (folder, tree)
}

/// A workspace of one crate, `house`, with these files below `house/src/`.
fn house(files: &[(&str, &str)]) -> Vec<Package> {
    let mut all = vec![
        ("Cargo.toml".to_owned(), "[workspace]\nmembers = [\"house\"]"),
        ("house/Cargo.toml".to_owned(), "[package]\nname = \"house\""),
    ];
    all.extend(files.iter().map(|(path, text)| (format!("house/src/{path}"), *text)));
    let all: Vec<(&str, &str)> = all.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    let (_folder, tree) = repository(&all);
    Package::all(&tree).expect("a workspace")
}

fn check(found: &[Finding], expected: &[&str]) {
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(found, expected);
}

/// The edges of a crate with the rooms `attic` and `cellar` and what else `files` say.
fn edges(files: &[(&str, &str)]) -> Vec<String> {
    let graph = Graph::of(&house(files)[0]);
    check(&rooms::check(&[graph]), &[]);
    rooms_of(files)
}

fn rooms_of(files: &[(&str, &str)]) -> Vec<String> {
    let mut text = Vec::new();
    rooms::print(&Graph::of(&house(files)[0]), &mut text).expect("memory takes it");
    let text = String::from_utf8(text).expect("text");
    text.lines()
        .filter(|line| line.contains('→') && !line.contains('–'))
        .map(|line| line.trim().to_owned())
        .collect()
}

const CIRCLE: &[(&str, &str)] = &[
    ("lib.rs", "mod attic; mod cellar;"),
    ("attic.rs", "use crate::cellar::Wine;\npub struct Roof(Wine);"),
    ("cellar.rs", "pub struct Wine;\nfn up() { let _ = super::attic::Roof; }"),
];

#[test]
fn this_repository_is_tidy() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut said = Vec::new();
    let outcome = super::run(&root, &mut said);
    assert!(outcome.is_ok(), "{}", String::from_utf8_lossy(&said));
}

#[test]
fn a_circle_of_rooms_is_named_by_its_edges() {
    let graph = Graph::of(&house(CIRCLE)[0]);
    let expected = [
        "house/src/attic.rs:1: attic → cellar is part of a circle of rooms (attic, cellar)",
        "house/src/cellar.rs:2: cellar → attic is part of a circle of rooms (attic, cellar)",
    ];
    check(&rooms::check(&[graph]), &expected);
}

#[test]
fn a_name_counts_for_the_room_that_declares_it() {
    let through_the_root = [
        ("lib.rs", "mod attic; mod cellar; pub use cellar::Wine;"),
        ("attic.rs", "use crate::Wine;"),
        ("cellar.rs", "pub use bottle::*; mod bottle;"),
        ("cellar/bottle.rs", "pub struct Wine;"),
    ];
    assert_eq!(edges(&through_the_root), ["attic  → cellar"]);
}

#[test]
fn paths_are_found_wherever_they_stand() {
    let user =
        |text| [("lib.rs", "mod attic; mod cellar;"), ("attic.rs", text), ("cellar.rs", "pub fn wine() {}")];
    for text in [
        "fn a() { crate::cellar::wine(); }",
        "fn a() { println!(\"{:?}\", super::cellar::wine()); }",
        "use super::{cellar::{self as below}};",
        "fn a() { use crate::cellar::wine; wine(); }",
        "struct A { #[serde(with = \"crate::cellar::wine\")] a: u8 }",
        "mod inner { fn a() { super::super::cellar::wine() } }",
    ] {
        assert_eq!(edges(&user(text)), ["attic  → cellar"], "{text}");
    }
    for text in [
        "#[cfg(test)] mod tests { use crate::cellar::wine; }",
        "#[test] fn a() { crate::cellar::wine() }",
        "/// See [`crate::cellar::wine`].\nfn a() {}",
        "pub(in crate::cellar) fn a() {}",
        "fn a() { quote! { crate::cellar::wine() } }",
        "fn a() { std::cellar::wine() }",
    ] {
        assert_eq!(edges(&user(text)), [""; 0], "{text}");
    }
}

#[test]
fn a_macro_may_declare_any_name() {
    let cellar = "bottles! { Wine }";
    let files = [
        ("lib.rs", "mod attic; mod cellar;"),
        ("attic.rs", "use crate::cellar::Wine;"),
        ("cellar.rs", cellar),
    ];
    assert_eq!(edges(&files), ["attic  → cellar"]);
}

#[test]
fn a_binary_beside_a_library_is_a_room_above_it() {
    let files = [
        ("lib.rs", "pub mod cellar;"),
        ("main.rs", "use house::cellar::wine; fn main() { wine(); house::cellar::wine() }"),
        ("cellar.rs", "pub fn wine() {}"),
    ];
    assert_eq!(edges(&files), ["main   → cellar"]);
}

#[test]
fn a_path_that_leads_nowhere_is_told() {
    let graph = Graph::of(&house(&[("lib.rs", "mod attic;"), ("attic.rs", "use crate::cellar::Wine;")])[0]);
    check(
        &rooms::check(&[graph]),
        &["house/src/attic.rs:1: `crate::cellar::Wine` leads to nothing that tidy knows"],
    );
}

#[test]
fn a_thread_starts_only_where_a_reason_stands() {
    let files = [
        ("lib.rs", "mod attic; mod cellar;"),
        ("attic.rs", "use std::thread;\nfn a() { thread::spawn(|| ()); }"),
        (
            "cellar.rs",
            "fn a(set: JoinSet) { set.spawn(b()); }\n#[cfg(test)] mod tests { fn a() { tokio::spawn(b()); } }",
        ),
    ];
    let packages = house(&files);
    let listed = allowed("house", "attic", "it must");
    check(&threads::check(&packages, &[listed]), &[]);

    let found = threads::check(&packages, &[allowed("house", "cellar", "it must")]);
    let unlisted = "house/src/attic.rs:2: `thread::spawn` starts what nobody waits for: use a JoinSet, or list the \
                    room in xtask/src/tidy/threads.rs with its reason";
    let unused =
        "house: `cellar` starts no thread any more (\"it must\"): take it out of xtask/src/tidy/threads.rs";
    check(&found, &[unlisted, unused]);
}

#[test]
fn the_map_names_what_exists_and_all_of_it() {
    let page = "## Code map\n\n| `docs/` | pages |\n| `gateway/src/lane/` | lanes |\n| `gone/` | |\n\n## Else\n`hop.rs`";
    let files = [
        ("ARCHITECTURE.md", page),
        ("docs/a.md", ""),
        ("gateway/src/lane/mod.rs", ""),
        ("gateway/src/jobs.rs", ""),
        ("gateway/src/jobs/record.rs", ""),
    ];
    let (_folder, tree) = repository(&files);
    let expected = [
        "ARCHITECTURE.md:5: the code map names `gone/`, which is not there",
        "ARCHITECTURE.md: the code map has no row for `gateway/`",
        "ARCHITECTURE.md: the code map has no row for `gateway/src/jobs/`",
        "ARCHITECTURE.md:8: `hop.rs` is no path of the repository, nor the end of one",
    ];
    check(&map::check(&tree).expect("a page"), &expected);
}

#[test]
fn a_file_says_first_what_it_owns() {
    let files = [
        ("a.rs", "//! Rooms.\nfn a() {}"),
        ("b.rs", "fn b() {}"),
        ("a.py", "#!/usr/bin/env python3\n# Coding.\n\n\"\"\"Rooms.\"\"\"\n"),
        ("b.py", "import a\n"),
        ("empty.py", ""),
    ];
    let (_folder, tree) = repository(&files);
    let rust = "b.rs: the first line says what the file owns: `//! …`";
    let python = |file| format!("{file}: the first statement says what the file owns: a docstring");
    check(&heads::documented(&tree).expect("files"), &[rust, &python("b.py"), &python("empty.py")]);
}

#[test]
fn a_generated_file_says_so_and_is_marked() {
    let header = "//! Generated from schemas/a.json by cargo xtask codegen; edit the schema instead.\n";
    let files = [
        (".gitattributes", "a/generated/* linguist-generated\n"),
        ("a/generated/good.rs", header),
        ("a/generated/bare.rs", "//! Types.\n"),
        ("a/generated/bundle.json", "{}"),
        ("b/stray.rs", header),
    ];
    let (_folder, tree) = repository(&files);
    let bare = "a/generated/bare.rs: the header `Generated from schemas/… by cargo xtask codegen; edit the schema \
                instead.` is missing";
    let stray = "b/stray.rs: `.gitattributes` must mark it linguist-generated";
    check(&heads::generated(&tree).expect("files"), &[bare, stray]);
}

#[test]
fn a_generated_file_is_not_among_the_longest() {
    let generated = "//! Generated from schemas/a.json by cargo xtask codegen; edit the schema instead.\nfn generated() {}\n";
    let (_folder, tree) = repository(&[
        ("house/src/lib.rs", "//! The house.\nfn written() {}\n"),
        ("house/src/table.rs", generated),
    ]);
    let mut text = Vec::new();
    longest::print(&tree, &mut text).expect("memory takes it");
    let text = String::from_utf8(text).expect("text");
    assert!(text.contains("written") && text.contains("house/src/lib.rs"), "{text}");
    assert!(!text.contains("table.rs"), "{text}");
}

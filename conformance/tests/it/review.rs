//! `conformance review`: changed snapshots of a repository, and who breaks by them.

use std::{fs, path::Path, process::Command};

use conformance::{
    review::{html, review, verdict, write},
    verdict::Verdict,
};

const BEFORE: &str = r#"---
source: a.rs
expression: reply
---
{"RequestId": "1", "Data": {"GpuId": "gpu_0", "Seed": 7, "Rows": [1, 2]}, "Error": "a sentence"}
"#;

fn git(folder: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"];
    let output = Command::new("git").current_dir(folder).args(identity).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A repository with one snapshot, and then another content of it.
fn reviewed(after: Option<&str>) -> (Verdict, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tests").join("a.snap");
    fs::create_dir(file.parent().unwrap()).unwrap();
    fs::write(&file, BEFORE).unwrap();
    git(folder.path(), &["init", "--quiet"]);
    git(folder.path(), &["add", "."]);
    git(folder.path(), &["commit", "--quiet", "--message", "before"]);
    match after {
        Some(after) => fs::write(&file, after).unwrap(),
        None => fs::remove_file(&file).unwrap(),
    }
    let reviewed = review(folder.path(), "HEAD").unwrap();
    let mut text = Vec::new();
    write(&reviewed, &mut text).unwrap();
    (verdict(&reviewed), String::from_utf8(text).unwrap())
}

#[test]
fn a_change_is_wording_compatible_or_breaking() {
    let after = BEFORE
        .replace("a sentence", "another sentence")
        .replace("\"Seed\": 7", "\"Seed\": \"7\", \"More\": true")
        .replace("\"GpuId\": \"gpu_0\", ", "")
        .replace("[1, 2]", "[1, 2, 3]");
    let (verdict, text) = reviewed(Some(&after));
    assert_eq!(verdict, Verdict::Broken);
    insta::assert_snapshot!(text);
}

#[test]
fn the_verdict_is_that_of_the_worst_change() {
    let of = |after: &str| reviewed(Some(after)).0;
    assert_eq!(of(BEFORE), Verdict::Ok);
    assert_eq!(of(&BEFORE.replace("a sentence", "another")), Verdict::Ok);
    // The head is insta's own: no message changes with it.
    assert_eq!(of(&BEFORE.replace("a.rs", "b.rs")), Verdict::Ok);
    assert_eq!(of(&BEFORE.replace('}', "")), Verdict::Undecided);
    assert_eq!(reviewed(None).0, Verdict::Undecided);
}

/// In a page of hundreds nobody reads as far as the last.
#[test]
fn the_snapshot_that_breaks_somebody_stands_first() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    for name in ["a.snap", "b.snap", "c.snap"] {
        fs::write(file(name), BEFORE).unwrap();
    }
    git(folder.path(), &["init", "--quiet"]);
    git(folder.path(), &["add", "."]);
    git(folder.path(), &["commit", "--quiet", "--message", "before"]);
    fs::write(file("a.snap"), BEFORE.replace("a sentence", "another")).unwrap();
    fs::write(file("b.snap"), BEFORE.replace('}', "")).unwrap();
    fs::write(file("c.snap"), BEFORE.replace("\"GpuId\": \"gpu_0\", ", "")).unwrap();
    let reviewed = review(folder.path(), "HEAD").unwrap();
    let files: Vec<_> = reviewed.iter().map(|one| one.file.as_str()).collect();
    assert_eq!(files, ["c.snap", "b.snap", "a.snap"]);
    let mut page = Vec::new();
    html::write(&reviewed, None, &mut page).unwrap();
    let page = String::from_utf8(page).unwrap();
    for (name, tone) in [("c.snap", "broken"), ("b.snap", "undecided"), ("a.snap", "skipped")] {
        assert!(page.contains(&format!("<article class=\"{tone}\">\n<h3><code>{name}")), "{page}");
        // A tone without a rule of its own has the colour of what is broken.
        assert!(tone == "broken" || page.contains(&format!("article.{tone} {{ border-left-color")), "{tone}");
    }
}

#[test]
fn what_is_no_repository_or_no_revision_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let why = review(folder.path(), "HEAD").unwrap_err().to_string();
    assert!(why.contains("not a git repository"), "{why}");
    git(folder.path(), &["init", "--quiet"]);
    let why = review(folder.path(), "nowhere").unwrap_err().to_string();
    assert!(why.contains("hint: run it in the repository"), "{why}");
}

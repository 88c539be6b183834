//! The schemas of a revision, by git itself.

use std::{
    io::{self, Seek as _, Write as _},
    path::Path,
    process::{Command, Stdio},
};

use super::side::{File, LoadError};

/// Where schemas are in a revision that names no folder.
const FOLDER: &str = "schemas";

/// The files of `REVISION` or `REVISION:PATH`.
pub(super) fn revision(name: &str) -> Result<Vec<File>, LoadError> {
    let unknown = |why: String| LoadError::NoSuchSide { name: name.to_owned(), why };
    let (revision, path) = name.split_once(':').unwrap_or((name, FOLDER));
    if revision.is_empty() || revision.starts_with('-') {
        return Err(unknown("no file of this name".to_owned()));
    }
    let root = git(&["rev-parse", "--show-toplevel"], None).map_err(unknown)?;
    let root = root.trim();
    let path = path.trim_end_matches('/');
    let in_root = ["-C", root, "ls-tree", "-z", revision];
    let listed = git(&[&in_root[..], &[path]].concat(), None).map_err(unknown)?;
    let listed = if listed.contains(" tree ") {
        git(&[&in_root[..], &[&format!("{path}/")]].concat(), None).map_err(unknown)?
    } else {
        listed
    };
    let mut objects = Vec::new();
    for entry in listed.split('\0') {
        let Some((head, file)) = entry.split_once('\t') else { continue };
        let object = ["100644 blob ", "100755 blob "].iter().find_map(|kind| head.strip_prefix(kind));
        if let Some(object) = object.filter(|_| file.ends_with(".json")) {
            objects.push((object, file));
        }
    }
    if objects.is_empty() {
        return Err(unknown(format!("{revision} has no JSON file at {path}")));
    }
    let asked: String = objects.iter().map(|(object, _)| format!("{object}\n")).collect();
    let texts = git(&["-C", root, "cat-file", "--batch"], Some(&asked)).map_err(unknown)?;
    let mut rest = texts.as_str();
    let mut files = Vec::new();
    for (_, path) in objects {
        let cut = || unknown(format!("git does not give {path}"));
        let (head, after) = rest.split_once('\n').ok_or_else(cut)?;
        let length: usize = head.rsplit(' ').next().and_then(|length| length.parse().ok()).ok_or_else(cut)?;
        let text = after.get(..length).ok_or_else(cut)?;
        // git ends each file with a line end of its own.
        rest = after.get(length + 1..).ok_or_else(cut)?;
        files.push(File { path: path.to_owned(), text: text.to_owned() });
    }
    Ok(files)
}

/// `REVISION:PATH` for a path of the work tree.
pub(super) fn at(revision: &str, path: &Path) -> Result<String, LoadError> {
    let unknown = |why: String| LoadError::NoSuchSide { name: format!("{revision}:{}", path.display()), why };
    let root = git(&["rev-parse", "--show-toplevel"], None).map_err(unknown)?;
    let whole = path.canonicalize().map_err(|err| unknown(err.to_string()))?;
    let root = Path::new(root.trim()).canonicalize().map_err(|err| unknown(err.to_string()))?;
    let inner =
        whole.strip_prefix(&root).map_err(|_| unknown("it is outside of the repository".to_owned()))?;
    Ok(format!("{revision}:{}", inner.display()))
}

fn git(arguments: &[&str], input: Option<&str>) -> Result<String, String> {
    let run = || -> io::Result<_> {
        // A file, not a pipe: git answers while it reads, and the two would wait for each other over a long list.
        let stdin = match input {
            None => Stdio::null(),
            Some(input) => {
                let mut file = tempfile::tempfile()?;
                file.write_all(input.as_bytes())?;
                file.rewind()?;
                file.into()
            }
        };
        Command::new("git").args(arguments).stdin(stdin).output()
    };
    let output = run().map_err(|err| format!("git does not run: {err}"))?;
    if output.status.success() {
        String::from_utf8(output.stdout).map_err(|_| "a file is not UTF-8".to_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}

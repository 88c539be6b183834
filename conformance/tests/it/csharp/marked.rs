//! C# sources whose lines say at their ends what is to be found there: `// G-NAMES`, `// drift`, `// undecided`.

use conformance::source::{Judged, Place};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The folder of the marked sources.
pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

/// Each marked line of a file or of the files of a folder: the file's name, the line, the mark.
pub(crate) fn marks(path: &Path) -> BTreeSet<(String, usize, String)> {
    let mut found = BTreeSet::new();
    let files = if path.is_dir() {
        let entries = fs::read_dir(path).expect("the folder").map(|entry| entry.expect("an entry").path());
        entries.filter(|path| path.extension().is_some_and(|end| end == "cs")).collect()
    } else {
        vec![path.to_owned()]
    };
    for file in files {
        let text = fs::read_to_string(&file).expect("the source");
        for (number, line) in (1..).zip(text.lines()) {
            let mark = line.rsplit_once(" // ").map(|(_, mark)| mark.trim());
            let is_mark = |mark: &&str| mark.starts_with("G-") || matches!(*mark, "drift" | "undecided");
            found.extend(mark.filter(is_mark).map(|mark| (name(&file), number, mark.to_owned())));
        }
    }
    found
}

/// The findings, in the same form.
pub(crate) fn findings(judged: &Judged) -> BTreeSet<(String, usize, String)> {
    judged.findings.iter().map(|one| at(&one.place, &one.class.to_string())).collect()
}

/// The undecided places, in the same form.
pub(crate) fn undecided(judged: &Judged) -> BTreeSet<(String, usize, String)> {
    judged.undecided.iter().map(|one| at(&one.place, "undecided")).collect()
}

fn at(place: &Place, mark: &str) -> (String, usize, String) {
    (name(&place.file), place.line, mark.to_owned())
}

fn name(file: &Path) -> String {
    file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

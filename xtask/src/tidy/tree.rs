//! The files of the repository: tracked ones, and new ones that git does not ignore.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};

/// A root folder and the paths of its files, relative to it, sorted.
#[derive(Debug)]
pub(super) struct Tree {
    root: PathBuf,
    files: Vec<String>,
}

impl Tree {
    /// Asks git, so that build outputs and environments are left out. A deleted file that is still in the index is
    /// left out too.
    ///
    /// # Errors
    /// A folder that is not a git checkout.
    pub(super) fn tracked(root: &Path) -> Result<Self> {
        let output = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root)
            .output()
            .context("starting git")?;
        if !output.status.success() {
            bail!("git ls-files: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let listed = String::from_utf8(output.stdout).context("a file name that is not UTF-8")?;
        let mut files: Vec<String> =
            listed.split_terminator('\0').filter(|path| root.join(path).exists()).map(Into::into).collect();
        files.sort();
        files.dedup();
        Ok(Self { root: root.to_owned(), files })
    }

    /// All paths.
    pub(super) fn files(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(String::as_str)
    }

    /// Paths with this extension.
    pub(super) fn with_extension(&self, extension: &str) -> impl Iterator<Item = &str> {
        self.files().filter(move |path| Path::new(path).extension().is_some_and(|found| found == extension))
    }

    /// Whether a file is there.
    pub(super) fn has(&self, path: &str) -> bool {
        self.files.binary_search_by(|file| file.as_str().cmp(path)).is_ok()
    }

    /// The text of a file.
    ///
    /// # Errors
    /// A file that is not there or not UTF-8.
    pub(super) fn read(&self, path: &str) -> Result<String> {
        fs::read_to_string(self.root.join(path)).with_context(|| format!("reading {path}"))
    }

    /// The folder that the paths start from.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }
}

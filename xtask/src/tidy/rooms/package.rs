//! A crate of the workspace: its name, and every module that its roots declare.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use toml::Table;

use super::module::{Module, ModulePath};
use crate::tidy::tree::Tree;

/// One crate.
#[derive(Debug)]
pub(crate) struct Package {
    /// Folder below the repository's root, which is also how people call the crate.
    pub(crate) folder: String,
    /// Name that its own binary imports the library by.
    pub(crate) lib_name: String,
    /// By path; `lib.rs` is the empty path. `main.rs` is that where there is no `lib.rs`, and the room `main` beside it.
    pub(crate) modules: BTreeMap<ModulePath, Module>,
}

impl Package {
    /// Every member that the root's manifest names.
    ///
    /// # Errors
    /// A manifest or a source that cannot be read.
    pub(crate) fn all(tree: &Tree) -> Result<Vec<Self>> {
        let manifest = manifest(tree, "Cargo.toml")?;
        let members = manifest["workspace"]["members"].as_array().context("workspace.members is no list")?;
        members
            .iter()
            .map(|member| Self::load(tree, member.as_str().context("a member that is no text")?))
            .collect()
    }

    /// The room of a module: its first name, or the stem of the crate's root.
    pub(crate) fn room(&self, path: &ModulePath) -> String {
        match path.first() {
            Some(room) => room.clone(),
            None if self.modules[path].file.ends_with("main.rs") => "main".to_owned(),
            None => "lib".to_owned(),
        }
    }

    fn load(tree: &Tree, folder: &str) -> Result<Self> {
        let manifest = manifest(tree, &format!("{folder}/Cargo.toml"))?;
        let name = manifest["package"]["name"].as_str().context("package.name is no text")?;
        let mut modules = BTreeMap::new();
        let (lib, main) = (format!("{folder}/src/lib.rs"), format!("{folder}/src/main.rs"));
        let main_path = if tree.has(&lib) {
            Module::load(tree, &lib, Vec::new(), &mut modules)?;
            vec!["main".to_owned()]
        } else {
            Vec::new()
        };
        if tree.has(&main) {
            Module::load(tree, &main, main_path, &mut modules)?;
        }
        Ok(Self { folder: folder.to_owned(), lib_name: name.replace('-', "_"), modules })
    }
}

fn manifest(tree: &Tree, path: &str) -> Result<Table> {
    tree.read(path)?.parse().with_context(|| format!("parsing {path}"))
}

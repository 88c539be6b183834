//! One module: what it declares, what it imports, and every path that its code mentions.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail};
use proc_macro2::Span;
use syn::{Attribute, Item, ItemMod, UseTree, Visibility};

use super::paths;
use crate::tidy::tree::Tree;

/// Names from the crate's root to a module.
pub(crate) type ModulePath = Vec<String>;

/// A path as the code writes it.
#[derive(Debug)]
pub(crate) struct Mention {
    pub(crate) path: Vec<String>,
    pub(crate) line: usize,
    /// Part of a `pub use`.
    pub(crate) reexport: bool,
}

/// One module, without the modules inside it.
#[derive(Debug, Default)]
pub(crate) struct Module {
    pub(crate) file: String,
    /// Items declared here, modules left out.
    pub(crate) declared: BTreeSet<String>,
    /// A macro is called among the items, and may declare any name.
    pub(crate) calls_macro: bool,
    /// Macros that `#[macro_export]` lifts to the crate's root.
    pub(crate) exported_macros: BTreeSet<String>,
    /// Names by `use`. Several paths where functions import different things under one name.
    pub(crate) aliases: BTreeMap<String, Vec<Vec<String>>>,
    /// Paths before `::*`.
    pub(crate) globs: Vec<Vec<String>>,
    pub(crate) mentions: Vec<Mention>,
}

impl Module {
    /// Reads a file, and those of the modules that it declares, into `modules`.
    ///
    /// # Errors
    /// A file that is missing or does not parse.
    pub(super) fn load(
        tree: &Tree,
        file: &str,
        path: ModulePath,
        modules: &mut BTreeMap<ModulePath, Self>,
    ) -> Result<()> {
        let parsed = syn::parse_file(&tree.read(file)?).with_context(|| format!("parsing {file}"))?;
        let mut module = Self { file: file.to_owned(), ..Self::default() };
        paths::of_attributes(&parsed.attrs, &mut module);
        Self::fill(tree, module, &parsed.items, path, modules)
    }

    fn fill(
        tree: &Tree,
        mut module: Self,
        items: &[Item],
        path: ModulePath,
        modules: &mut BTreeMap<ModulePath, Self>,
    ) -> Result<()> {
        for item in items.iter().filter(|item| !is_test(attributes(item))) {
            match item {
                Item::Mod(inner) => Self::descend(tree, &module.file, inner, &path, modules)?,
                item => {
                    module.declare(item);
                    paths::of_item(item, &mut module);
                }
            }
        }
        modules.insert(path, module);
        Ok(())
    }

    fn descend(
        tree: &Tree,
        file: &str,
        inner: &ItemMod,
        path: &ModulePath,
        modules: &mut BTreeMap<ModulePath, Self>,
    ) -> Result<()> {
        let name = inner.ident.to_string();
        let below = [path.as_slice(), std::slice::from_ref(&name)].concat();
        if let Some((_, items)) = &inner.content {
            let module = Self { file: file.to_owned(), ..Self::default() };
            return Self::fill(tree, module, items, below, modules);
        }
        if inner.attrs.iter().any(|attribute| attribute.path().is_ident("path")) {
            bail!("{file}: `#[path]` on `mod {name}` hides where its file is");
        }
        let folder = folder_of(file);
        let (flat, nested) = (format!("{folder}/{name}.rs"), format!("{folder}/{name}/mod.rs"));
        let found = [flat, nested].into_iter().find(|candidate| tree.has(candidate));
        let found = found.with_context(|| format!("{file}: no file for `mod {name}`"))?;
        Self::load(tree, &found, below, modules)
    }

    fn declare(&mut self, item: &Item) {
        let name = match item {
            Item::Const(item) => &item.ident,
            Item::Enum(item) => &item.ident,
            Item::Fn(item) => &item.sig.ident,
            Item::Static(item) => &item.ident,
            Item::Struct(item) => &item.ident,
            Item::Trait(item) => &item.ident,
            Item::TraitAlias(item) => &item.ident,
            Item::Type(item) => &item.ident,
            Item::Union(item) => &item.ident,
            Item::Macro(item) => {
                let Some(name) = &item.ident else {
                    self.calls_macro = true;
                    return;
                };
                if item.attrs.iter().any(|attribute| attribute.path().is_ident("macro_export")) {
                    self.exported_macros.insert(name.to_string());
                }
                name
            }
            // Modules are modules of their own; an import is an alias; an `impl` has no name.
            _ => return,
        };
        self.declared.insert(name.to_string());
    }

    /// Adds each leaf of a `use`.
    pub(super) fn import(&mut self, item: &syn::ItemUse) {
        let reexport = !matches!(item.vis, Visibility::Inherited);
        self.import_tree(&item.tree, &mut Vec::new(), reexport);
    }

    fn import_tree(&mut self, tree: &UseTree, prefix: &mut Vec<String>, reexport: bool) {
        match tree {
            UseTree::Path(path) => {
                prefix.push(path.ident.to_string());
                self.import_tree(&path.tree, prefix, reexport);
                prefix.pop();
            }
            UseTree::Name(name) if name.ident == "self" => {
                let alias = prefix.last().cloned().unwrap_or_default();
                self.leaf(prefix.clone(), Some(alias), name.ident.span(), reexport);
            }
            UseTree::Name(name) => {
                let alias = name.ident.to_string();
                let path = [prefix.as_slice(), std::slice::from_ref(&alias)].concat();
                self.leaf(path, Some(alias), name.ident.span(), reexport);
            }
            UseTree::Rename(rename) => {
                let mut path = prefix.clone();
                if rename.ident != "self" {
                    path.push(rename.ident.to_string());
                }
                self.leaf(path, Some(rename.rename.to_string()), rename.ident.span(), reexport);
            }
            UseTree::Glob(glob) => {
                self.globs.push(prefix.clone());
                self.leaf(prefix.clone(), None, glob.star_token.spans[0], reexport);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.import_tree(tree, prefix, reexport);
                }
            }
        }
    }

    fn leaf(&mut self, path: Vec<String>, alias: Option<String>, span: Span, reexport: bool) {
        if let Some(alias) = alias {
            self.aliases.entry(alias).or_default().push(path.clone());
        }
        self.mentions.push(Mention { path, line: span.start().line, reexport });
    }
}

/// The folder in which the modules of a file are.
fn folder_of(file: &str) -> &str {
    let stem = file.strip_suffix(".rs").unwrap_or(file);
    ["/mod", "/lib", "/main"].iter().find_map(|name| stem.strip_suffix(name)).unwrap_or(stem)
}

/// Whether an item is there in tests alone.
pub(crate) fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        syn::Meta::Path(path) => path.is_ident("test"),
        syn::Meta::List(list) if list.path.is_ident("cfg") => {
            let condition = list.tokens.to_string();
            condition == "test" || condition.starts_with("all (test") || condition.starts_with("all(test")
        }
        _ => false,
    })
}

/// The attributes of an item; none of what has none.
pub(crate) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

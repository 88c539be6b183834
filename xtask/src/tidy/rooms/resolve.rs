//! From a path as it is written to the modules that it goes through.

use super::{
    module::{Mention, Module, ModulePath},
    package::Package,
};

/// Re-exports of re-exports end well before; a chain this long is a circle of imports.
const DEPTH_MAX: usize = 16;

/// Where a path leads.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// Out of the crate, or to a name of the function itself.
    Elsewhere,
    /// Through these modules; the last one declares the name, or is what the path names.
    Through(Vec<ModulePath>),
    /// Into the crate, to a name that nothing declares.
    Unknown,
}

/// Finds paths in the modules of one crate.
pub(super) struct Resolver<'a> {
    package: &'a Package,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(package: &'a Package) -> Self {
        Self { package }
    }

    /// Where a mention leads from the module that it stands in.
    pub(super) fn target(&self, from: &ModulePath, mention: &Mention) -> Target {
        match self.start(from, &mention.path) {
            Some((at, rest)) => self.walk(&at, rest, 0).map_or(Target::Unknown, Target::Through),
            None => Target::Elsewhere,
        }
    }

    /// The module that a path starts in and what is left of it; `None` out of the crate, or from an imported name,
    /// whose import is a mention of its own.
    fn start<'p>(&self, from: &ModulePath, path: &'p [String]) -> Option<(ModulePath, &'p [String])> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => Some((self.root(from), rest)),
            "self" => Some((from.clone(), rest)),
            "super" => {
                let mut at = parent(from);
                let ups = rest.iter().take_while(|name| *name == "super").count();
                for _ in 0..ups {
                    at = parent(&at);
                }
                Some((at, &rest[ups..]))
            }
            name => {
                let below = child(from, name);
                if self.package.modules.contains_key(&below) {
                    Some((below, rest))
                } else if self.is_binary(from) && name == self.package.lib_name {
                    Some((Vec::new(), rest))
                } else {
                    None
                }
            }
        }
    }

    /// Follows names downwards from a module.
    fn walk(&self, at: &ModulePath, rest: &[String], depth: usize) -> Option<Vec<ModulePath>> {
        let module = self.package.modules.get(at).filter(|_| depth < DEPTH_MAX)?;
        let Some((name, after)) = rest.split_first() else { return Some(vec![at.clone()]) };
        let below = child(at, name);
        if self.package.modules.contains_key(&below) {
            return self.walk(&below, after, depth + 1).map(|trail| [vec![at.clone()], trail].concat());
        }
        if module.declared.contains(name) {
            return Some(vec![at.clone()]);
        }
        if let Some(declares) = self.exporter(at, name) {
            return Some(vec![declares]);
        }
        let through = self
            .alias(at, module, name, after, depth)
            .or_else(|| self.glob(at, module, rest, depth))
            .or_else(|| module.calls_macro.then(Vec::new));
        through.map(|trail| [vec![at.clone()], trail].concat())
    }

    /// By a name that the module imports. One from another crate ends here.
    fn alias(
        &self,
        at: &ModulePath,
        module: &Module,
        name: &str,
        after: &[String],
        depth: usize,
    ) -> Option<Vec<ModulePath>> {
        let paths = module.aliases.get(name)?;
        let trails = paths.iter().map(|path| match self.start_of_import(at, path, name) {
            Some((start, rest)) => self.walk(&start, &[rest, after].concat(), depth + 1),
            None => Some(Vec::new()),
        });
        trails.collect::<Option<Vec<_>>>().map(|trails| trails.concat())
    }

    /// By what the module imports with `*`.
    fn glob(
        &self,
        at: &ModulePath,
        module: &Module,
        rest: &[String],
        depth: usize,
    ) -> Option<Vec<ModulePath>> {
        module.globs.iter().find_map(|path| {
            let (start, below) = self.start(at, path)?;
            let trail = self.walk(&start, below, depth + 1)?;
            self.walk(trail.last()?, rest, depth + 1)
        })
    }

    /// As [`Self::start`], where the first name may be imported itself (`use crate::lane; use lane::Lane`).
    fn start_of_import<'p>(
        &self,
        at: &ModulePath,
        path: &'p [String],
        own: &str,
    ) -> Option<(ModulePath, &'p [String])> {
        let first = path.first()?;
        let module = self.package.modules.get(at)?;
        if first != own && module.aliases.contains_key(first) && self.start(at, path).is_none() {
            return Some((at.clone(), path));
        }
        self.start(at, path)
    }

    /// The module whose `#[macro_export]` puts a name at the root.
    fn exporter(&self, at: &ModulePath, name: &str) -> Option<ModulePath> {
        if !at.is_empty() {
            return None;
        }
        let mut modules = self.package.modules.iter();
        modules.find(|(_, module)| module.exported_macros.contains(name)).map(|(path, _)| path.clone())
    }

    /// Where `crate::` starts: `main.rs` beside a `lib.rs` is a crate of its own.
    fn root(&self, from: &ModulePath) -> ModulePath {
        if self.is_binary(from) { vec!["main".to_owned()] } else { Vec::new() }
    }

    fn is_binary(&self, from: &ModulePath) -> bool {
        from.first().is_some_and(|room| room == "main")
            && !self.package.modules[&Vec::new()].file.ends_with("main.rs")
    }
}

fn parent(path: &ModulePath) -> ModulePath {
    path[..path.len().saturating_sub(1)].to_vec()
}

fn child(path: &ModulePath, name: &str) -> ModulePath {
    [path.as_slice(), &[name.to_owned()]].concat()
}

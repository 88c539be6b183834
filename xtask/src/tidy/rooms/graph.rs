//! Rooms, and the edges between them with the places that make each.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    module::{Mention, Module, ModulePath},
    package::Package,
    resolve::{Resolver, Target},
};

/// One edge: the room that names, and the room that is named.
pub(crate) type Edge = (String, String);

/// The rooms of one crate.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    /// Folder of the crate.
    pub(super) package: String,
    pub(super) rooms: BTreeSet<String>,
    /// Places are `file:line`, in the order of the files.
    pub(super) edges: BTreeMap<Edge, Vec<String>>,
    /// Paths into the crate to a name that nothing declares, with their places: a gap of this reader.
    pub(super) unknown: Vec<(String, String)>,
}

impl Graph {
    /// The graph of one crate.
    pub(crate) fn of(package: &Package) -> Self {
        let mut graph = Self { package: package.folder.clone(), ..Self::default() };
        let resolver = Resolver::new(package);
        for (path, module) in &package.modules {
            graph.rooms.insert(package.room(path));
            for mention in &module.mentions {
                // `lib.rs` names what others find there; it does not use it.
                if !(path.is_empty() && mention.reexport) {
                    graph.add(package, path, module, mention, resolver.target(path, mention));
                }
            }
        }
        graph
    }

    fn add(
        &mut self,
        package: &Package,
        from: &ModulePath,
        module: &Module,
        mention: &Mention,
        target: Target,
    ) {
        let place = format!("{}:{}", module.file, mention.line);
        let trail = match target {
            Target::Elsewhere => return,
            Target::Unknown => return self.unknown.push((place, mention.path.join("::"))),
            Target::Through(trail) => trail,
        };
        let own = package.room(from);
        let last = trail.len().saturating_sub(1);
        // On the way the root is a door; at the end it is a room that declares something.
        let passed = trail.iter().enumerate().filter(|(at, path)| !path.is_empty() || *at == last);
        let rooms: BTreeSet<String> = passed.map(|(_, path)| package.room(path)).collect();
        for named in rooms.into_iter().filter(|named| *named != own) {
            let places = self.edges.entry((own.clone(), named)).or_default();
            if places.last() != Some(&place) {
                places.push(place.clone());
            }
        }
    }
}

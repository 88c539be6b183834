//! Unions, conjunctions, negations: equal by shape, matched branch by branch, or left to a search.

use serde_json::Value;

use super::{Pair, Walk, edit_of};
use crate::contract::{Direction, Side, last_name, target};
use crate::diff::{
    shape::{LISTS, ONE},
    value::Types,
    view::{View, is_annotation},
};

const OTHERS: [&str; 6] = ["not", "if", "then", "else", "unevaluatedProperties", "unevaluatedItems"];

impl Walk<'_> {
    pub(super) fn composites(&mut self, pair: &Pair<'_, '_>) {
        if self.exchanged(pair) || self.wrapped(pair) {
            return self.others(pair);
        }
        for keyword in ["anyOf", "oneOf"] {
            self.union(pair, keyword);
        }
        self.others(pair);
    }

    fn others(&mut self, pair: &Pair<'_, '_>) {
        for keyword in ["allOf", "$ref"] {
            if !self.same_keyword(pair, keyword) {
                let edit = edit_of(pair.old.get(keyword), pair.new.get(keyword));
                self.conjunct(pair, "allOf", edit);
            }
        }
        for keyword in OTHERS {
            if !self.same_keyword(pair, keyword) {
                let edit = edit_of(pair.old.get(keyword), pair.new.get(keyword));
                self.conjunct(pair, keyword, edit);
            }
        }
    }

    /// Notes an edit of a keyword that only restricts: more of it takes values away, less of it gives some.
    pub(super) fn conjunct(&mut self, pair: &Pair<'_, '_>, keyword: &str, edit: &str) {
        self.note(pair, keyword, edit).harmless = match edit {
            "added" => Some(Direction::Response),
            "removed" => Some(Direction::Request),
            _ => None,
        };
    }

    /// anyOf and oneOf of the same branches: oneOf takes no more than anyOf.
    fn exchanged(&mut self, pair: &Pair<'_, '_>) -> bool {
        for (before, after, harmless) in
            [("anyOf", "oneOf", Direction::Response), ("oneOf", "anyOf", Direction::Request)]
        {
            let has = |view: &View<'_>, name: &str| view.get(name).is_some();
            if has(pair.old, after) || has(pair.new, before) {
                continue;
            }
            let (Some(old), Some(new)) = (pair.old.get(before), pair.new.get(after)) else { continue };
            let count = |value: &Value| value.as_array().map_or(0, Vec::len);
            let mut old_shapes = self.branches(count(old), &pair.old.place(before), true);
            let mut new_shapes = self.branches(count(new), &pair.new.place(after), false);
            old_shapes.sort_unstable();
            new_shapes.sort_unstable();
            if old_shapes != new_shapes {
                continue;
            }
            if !self.are_apart(pair.old, before, old_shapes.len()) {
                let noted = self.note(pair, "oneOf", "overlap");
                noted.harmless = Some(harmless);
                (noted.old, noted.new) = (Some(pair.old.place(before)), Some(pair.new.place(after)));
            }
            return true;
        }
        false
    }

    /// Whether no two branches have a value in common, by their types and tags.
    fn are_apart(&self, view: &View<'_>, keyword: &str, count: usize) -> bool {
        let branches: Vec<View<'_>> = (0..count)
            .map(|index| View::of(view.side, &format!("{}/{index}", view.place(keyword))))
            .collect();
        let pairs = branches.iter().enumerate();
        pairs.into_iter().all(|(index, one)| branches[index + 1..].iter().all(|other| apart(one, other)))
    }

    /// One schema that became a branch of a union, or was one.
    fn wrapped(&mut self, pair: &Pair<'_, '_>) -> bool {
        for keyword in ["anyOf", "oneOf"] {
            let (old, new) = (pair.old.get(keyword), pair.new.get(keyword));
            let (union, single) = match (old, new) {
                (None, Some(_)) => (pair.new, pair.old),
                (Some(_), None) => (pair.old, pair.new),
                _ => continue,
            };
            let alone = union.keywords.keys().all(|name| *name == keyword || is_annotation(name));
            let count = union.get(keyword).and_then(Value::as_array).map_or(0, Vec::len);
            let grew = old.is_none();
            let shapes = self.branches(count, &union.place(keyword), !grew);
            let whole = if grew {
                self.old_shapes.of(&single.location)
            } else {
                self.new_shapes.of(&single.location)
            };
            let Some(at) = shapes.iter().position(|shape| *shape == whole).filter(|_| alone) else {
                continue;
            };
            for index in (0..count).filter(|index| *index != at) {
                let place = format!("{}/{index}", union.place(keyword));
                let free = keyword == "anyOf" || apart(&View::of(union.side, &place), single);
                let noted = self.note(pair, keyword, if grew { "branch-added" } else { "branch-removed" });
                if grew {
                    noted.new = Some(place);
                    noted.harmless = free.then_some(Direction::Request);
                } else {
                    noted.old = Some(place);
                    noted.harmless = free.then_some(Direction::Response);
                }
            }
            return true;
        }
        false
    }

    /// Whether a keyword takes the same values on both sides.
    pub(super) fn same_keyword(&mut self, pair: &Pair<'_, '_>, keyword: &str) -> bool {
        let (old, new) = (pair.old.get(keyword), pair.new.get(keyword));
        let (Some(old), Some(new)) = (old, new) else {
            let says = |value: Option<&Value>| {
                value.is_some_and(|value| !crate::diff::shape::says_nothing(keyword, value))
            };
            return !says(old) && !says(new);
        };
        let (old_place, new_place) = (pair.old.place(keyword), pair.new.place(keyword));
        match (old, new) {
            _ if keyword == "$ref" => {
                let at = |value: &Value| value.as_str().map(target);
                match (at(old), at(new)) {
                    (Some(old), Some(new)) => self.old_shapes.of(&old) == self.new_shapes.of(&new),
                    _ => false,
                }
            }
            _ if ONE.contains(&keyword) => self.old_shapes.of(&old_place) == self.new_shapes.of(&new_place),
            (Value::Array(old), Value::Array(new))
                if LISTS.contains(&keyword) || keyword == "prefixItems" =>
            {
                let mut shapes =
                    (self.branches(old.len(), &old_place, true), self.branches(new.len(), &new_place, false));
                if keyword != "prefixItems" {
                    shapes.0.sort_unstable();
                    shapes.1.sort_unstable();
                }
                shapes.0 == shapes.1
            }
            (Value::Object(old), Value::Object(new)) if keyword != "dependentRequired" => {
                old.len() == new.len()
                    && old.keys().all(|name| {
                        let at = |place: &str| format!("{place}/{}", contracts::pointer::escape(name));
                        new.contains_key(name)
                            && self.old_shapes.of(&at(&old_place)) == self.new_shapes.of(&at(&new_place))
                    })
            }
            (old, new) => crate::diff::value::equal(old, new),
        }
    }

    fn branches(&mut self, count: usize, place: &str, is_old: bool) -> Vec<u64> {
        let shapes = if is_old { &mut self.old_shapes } else { &mut self.new_shapes };
        (0..count).map(|index| shapes.of(&format!("{place}/{index}"))).collect()
    }

    fn union(&mut self, pair: &Pair<'_, '_>, keyword: &'static str) {
        let (old, new) = (pair.old.get(keyword), pair.new.get(keyword));
        let count = |value: Option<&Value>| value.and_then(Value::as_array).map_or(0, Vec::len);
        if old.is_none() && new.is_none() {
            return;
        }
        if old.is_none() || new.is_none() {
            self.conjunct(pair, keyword, edit_of(old, new));
            return;
        }
        let (old_place, new_place) = (pair.old.place(keyword), pair.new.place(keyword));
        let old_shapes = self.branches(count(old), &old_place, true);
        let new_shapes = self.branches(count(new), &new_place, false);
        let mut old_left: Vec<usize> = (0..old_shapes.len()).collect();
        let mut new_left: Vec<usize> = (0..new_shapes.len()).collect();
        let mut matched = Vec::new();
        let mut take = |old_left: &mut Vec<usize>, alike: &dyn Fn(usize, usize) -> bool| {
            old_left.retain(|old| match new_left.iter().position(|new| alike(*old, *new)) {
                Some(at) => {
                    matched.push((*old, new_left.remove(at)));
                    false
                }
                None => true,
            });
        };
        take(&mut old_left, &|old, new| old_shapes[old] == new_shapes[new]);
        let old_views = views(self.old, &old_place, old_shapes.len());
        let new_views = views(self.new, &new_place, new_shapes.len());
        let tags = |view: &View<'_>| Some(tags(view)).filter(|tags| !tags.is_empty());
        take(&mut old_left, &|old, new| {
            let name = |view: &View<'_>| view.reference.as_deref().map(last_name);
            let (one, other) = (name(&old_views[old]), name(&new_views[new]));
            one.is_some() && one == other
        });
        take(&mut old_left, &|old, new| {
            let (one, other) = (tags(&old_views[old]), tags(&new_views[new]));
            one.is_some() && one == other
        });
        // One branch that changed is the same branch.
        if old_left.len() == 1 && count(old) == count(new) {
            take(&mut old_left, &|_, _| true);
        }
        for (old, new) in &matched {
            self.same(pair, &format!("{old_place}/{old}"), &format!("{new_place}/{new}"));
        }
        for old in old_left {
            let noted = self.note(pair, keyword, "branch-removed");
            noted.old = Some(format!("{old_place}/{old}"));
        }
        for new in new_left {
            let place = format!("{new_place}/{new}");
            let apart = keyword == "anyOf" || self.is_apart(&place, &old_place, old_shapes.len());
            let noted = self.note(pair, keyword, "branch-added");
            noted.new = Some(place);
            // A branch of its own values takes none from the others.
            noted.harmless = apart.then_some(Direction::Request);
        }
    }

    /// Whether a new branch has types or a tag that no old one has.
    fn is_apart(&self, branch: &str, others: &str, count: usize) -> bool {
        let branch = View::of(self.new, branch);
        (0..count).all(|index| apart(&branch, &View::of(self.old, &format!("{others}/{index}"))))
    }
}

/// The branches of a union.
fn views<'s>(side: &'s Side, place: &str, count: usize) -> Vec<View<'s>> {
    (0..count).map(|index| View::of(side, &format!("{place}/{index}"))).collect()
}

/// Whether two schemas have no value in common, by their types or a tag.
fn apart(one: &View<'_>, other: &View<'_>) -> bool {
    let types = one.types().and(other.types());
    let (tags, others) = (tags(one), tags(other));
    let by_tag = types == Types::OBJECT
        && tags.chunks(2).any(|tag| others.chunks(2).any(|other| tag[0] == other[0] && tag[1] != other[1]));
    types == Types::NONE || by_tag
}

/// Names and values of required properties that have one value: the tag of a branch.
fn tags(view: &View<'_>) -> Vec<Value> {
    let mut tags = Vec::new();
    for name in view.required.keys() {
        let Some(place) = view.properties.get(name) else { continue };
        if let Some([one]) = View::of(view.side, place).values().as_deref() {
            tags.push(Value::from(*name));
            tags.push(one.clone());
        }
    }
    tags
}

//! Lists: their items, positions, and what they contain.

use serde_json::Value;

use super::{Pair, Step, Walk, edit_of};
use crate::diff::{shape::says_nothing, value::Types, view::View};

impl Walk<'_> {
    pub(super) fn lists(&mut self, pair: &Pair<'_, '_>) {
        if !pair.old.types().and(pair.new.types()).has(Types::ARRAY) {
            return;
        }
        self.items(pair);
        let unique = |value: Option<&Value>| value == Some(&Value::Bool(true));
        let (old, new) = (pair.old.get("uniqueItems"), pair.new.get("uniqueItems"));
        if unique(old) != unique(new) {
            self.note(pair, "uniqueItems", if unique(new) { "raised" } else { "lowered" }).rejects =
                &["uniqueItems"];
        }
        self.positions(pair);
        for keyword in ["contains", "minContains", "maxContains"] {
            if !self.same_keyword(pair, keyword) {
                let edit = edit_of(pair.old.get(keyword), pair.new.get(keyword));
                if keyword == "contains" {
                    self.conjunct(pair, keyword, edit);
                } else {
                    // 0 switches `contains` off, so that a bound may do either.
                    self.note(pair, keyword, edit);
                }
            }
        }
    }

    fn items(&mut self, pair: &Pair<'_, '_>) {
        let says = |value: Option<&Value>| value.is_some_and(|value| !says_nothing("items", value));
        match (says(pair.old.get("items")), says(pair.new.get("items"))) {
            (false, false) => {}
            (true, true) => {
                let places = (pair.old.place("items"), pair.new.place("items"));
                self.child(pair.node, Step::Item, &places.0, &places.1);
            }
            (false, true) => drop(self.note(pair, "items", "added").rejects),
            (true, false) => drop(self.note(pair, "items", "removed").rejects),
        }
    }

    fn positions(&mut self, pair: &Pair<'_, '_>) {
        let (old, new) = (pair.old.get("prefixItems"), pair.new.get("prefixItems"));
        let count = |value: Option<&Value>| value.and_then(Value::as_array).map_or(0, Vec::len);
        let places = (pair.old.place("prefixItems"), pair.new.place("prefixItems"));
        let items = |view: &View<'_>| view.keywords.get("items").map(|keyword| keyword.location.clone());
        for index in 0..count(old).max(count(new)) {
            let at = |place: &str| format!("{place}/{index}");
            let old_place = if index < count(old) { Some(at(&places.0)) } else { items(pair.old) };
            let new_place = if index < count(new) { Some(at(&places.1)) } else { items(pair.new) };
            match (old_place, new_place) {
                (Some(old), Some(new)) => self.child(pair.node, Step::Position(index), &old, &new),
                (None, Some(_)) => drop(self.note(pair, "prefixItems", "added").rejects),
                (Some(_), None) => drop(self.note(pair, "prefixItems", "removed").rejects),
                (None, None) => {}
            }
        }
    }
}

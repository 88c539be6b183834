//! A property that is gone in one object and new in another, with the same name and shape, has moved.

use serde_json::Value;

use super::{
    rule,
    walk::{Edit, Walk},
};

const GONE: [&str; 3] = ["P05", "P06", "P07"];
const COME: [&str; 5] = ["P01", "P02", "P03", "P04", "P25"];

/// Joins the two edits of a move into one.
pub(super) fn join(walk: &mut Walk<'_>, edits: Vec<Edit>) -> Vec<Edit> {
    let mut kept: Vec<Option<Edit>> = edits.into_iter().map(Some).collect();
    let of = |kept: &[Option<Edit>], ids: &[&str]| -> Vec<usize> {
        let has =
            |edit: &Option<Edit>| edit.as_ref().is_some_and(|edit| ids.contains(&edit.rule.id.as_str()));
        (0..kept.len()).filter(|index| has(&kept[*index])).collect()
    };
    let come = of(&kept, &COME);
    for gone in of(&kept, &GONE) {
        let mut alike = come.iter().filter(|index| {
            let (Some(gone), Some(come)) = (&kept[gone], &kept[**index]) else { return false };
            let (Some(old), Some(new)) = (&gone.old, &come.new) else { return false };
            gone.name == come.name && walk.old_shapes.of(old) == walk.new_shapes.of(new)
        });
        // Of several places nobody can tell which it is.
        let (Some(one), None) = (alike.next().copied(), alike.next()) else { continue };
        if let (Some(from), Some(to)) = (kept[gone].take(), kept[one].take()) {
            kept[gone] = Some(moved(&from, to));
        }
    }
    kept.into_iter().flatten().collect()
}

fn moved(from: &Edit, to: Edit) -> Edit {
    let place = |location: &Option<String>| -> Option<Value> {
        let pointer = location.as_deref()?.split_once("$defs/")?.1;
        Some(pointer.replace("$defs/", "").replace("properties/", "").into())
    };
    let mut hints = from.hints.clone();
    hints.extend(to.hints);
    let mut nodes = from.nodes.clone();
    nodes.extend(to.nodes);
    Edit {
        rule: rule::of_any("properties", "moved"),
        name: from.name.clone(),
        before: place(&from.old),
        after: place(&to.new),
        old: from.old.clone(),
        new: to.new,
        key: None,
        nodes,
        told: None,
        rejects: &["additionalProperties", "required", "unevaluatedProperties", "falseSchema"],
        hints,
        harmless: None,
    }
}

//! Pointers that follow a renamed property: conditions, places and rules that name it say the same as before.
//!
//! A pointer is followed from the definition that it starts at, through the schemas that the walk compared: a property of the
//! same name elsewhere has its own name still.

use contracts::pointer::{escape, unescape};
use serde_json::Value;
use std::collections::BTreeSet;

use super::{
    judge::Reach,
    value::equal,
    walk::{Edit, Node, Step},
};

/// Drops edits of keywords and tables that only follow a rename.
pub(super) fn follow(nodes: &[Node], reach: &Reach, edits: Vec<Edit>) -> Vec<Edit> {
    let is_rename = |(step, _): &(Step, usize)| matches!(step, Step::Renamed(..));
    if !nodes.iter().any(|node| node.children.iter().any(is_rename)) {
        return edits;
    }
    let follower = Follower { nodes, reach };
    edits.into_iter().filter(|edit| !follower.only_follows(edit)).collect()
}

struct Follower<'w> {
    nodes: &'w [Node],
    reach: &'w Reach,
}

impl Follower<'_> {
    fn only_follows(&self, edit: &Edit) -> bool {
        match (&edit.before, &edit.after) {
            (Some(before), Some(after)) if !equal(before, after) => {
                self.starts(edit).iter().any(|starts| self.is_same(before, after, starts))
            }
            _ => false,
        }
    }

    /// The schemas at which pointers of an edit may start. Of a rule they are its definition. Of a keyword every schema that leads
    /// to it, as the document that the pointer is about may stand anywhere in a message; else any definition: `x-maps-to` names
    /// a place in another document.
    fn starts(&self, edit: &Edit) -> Vec<BTreeSet<usize>> {
        let which = |is_start: &dyn Fn(usize) -> bool| -> BTreeSet<usize> {
            (0..self.nodes.len()).filter(|node| is_start(*node)).collect()
        };
        let definition = edit.before.as_ref().and_then(|row| row.get("on")).and_then(Value::as_str);
        if edit.nodes.is_empty() {
            let end = definition.map(|definition| format!("/$defs/{}", escape(definition)));
            return end.into_iter().map(|end| which(&|node| self.nodes[node].old.ends_with(&end))).collect();
        }
        let leading = which(&|node| edit.nodes.iter().any(|of| self.reach.leading(*of)[node]));
        let is_definition = |node: usize| {
            self.nodes[node].old.rsplit_once('/').is_some_and(|(holder, _)| holder.ends_with("/$defs"))
        };
        vec![leading, which(&is_definition)]
    }

    /// Whether two values are equal but for pointers that follow.
    fn is_same(&self, before: &Value, after: &Value, starts: &BTreeSet<usize>) -> bool {
        match (before, after) {
            (Value::String(before), Value::String(after)) if before != after => {
                let followed = self.followed(before, starts);
                !followed.is_empty() && followed.iter().all(|pointer| pointer == after)
            }
            (Value::Array(before), Value::Array(after)) => {
                before.len() == after.len()
                    && before.iter().zip(after).all(|(before, after)| self.is_same(before, after, starts))
            }
            (Value::Object(before), Value::Object(after)) => {
                before.len() == after.len()
                    && before.iter().all(|(name, value)| {
                        after.get(name).is_some_and(|other| self.is_same(value, other, starts))
                    })
            }
            _ => equal(before, after),
        }
    }

    /// What a pointer of the old side is on the new one, from each start that has it.
    fn followed(&self, pointer: &str, starts: &BTreeSet<usize>) -> BTreeSet<String> {
        let Some(path) = pointer.strip_prefix('/') else { return BTreeSet::new() };
        let mut reached: BTreeSet<(usize, String)> =
            starts.iter().map(|start| (*start, String::new())).collect();
        for segment in path.split('/') {
            let name = &unescape(segment);
            let steps = reached.iter().flat_map(|(node, so_far)| {
                self.children(*node).filter_map(move |(step, child)| {
                    let new = match step {
                        Step::Property(property) if property == name => segment.to_owned(),
                        Step::Renamed(old, new) if old == name => escape(new),
                        Step::Item | Step::AnyProperty if name == "*" => segment.to_owned(),
                        _ => return None,
                    };
                    Some((child, format!("{so_far}/{new}")))
                })
            });
            reached = steps.collect();
        }
        reached.into_iter().map(|(_, pointer)| pointer).collect()
    }

    /// The steps into a value, through references and unions.
    fn children(&self, node: usize) -> impl Iterator<Item = (&Step, usize)> {
        let mut alike = vec![node];
        let mut passed = 0;
        while let Some(node) = alike.get(passed).copied() {
            passed += 1;
            for (step, child) in &self.nodes[node].children {
                if matches!(step, Step::Same | Step::Branch) && !alike.contains(child) {
                    alike.push(*child);
                }
            }
        }
        alike
            .into_iter()
            .flat_map(move |node| self.nodes[node].children.iter().map(|(step, child)| (step, *child)))
    }
}

//! Which messages reach a schema, and on which way.

use std::collections::VecDeque;

use crate::{
    contract::Direction,
    diff::walk::{Node, Step},
};

/// A message that both sides have.
#[derive(Clone, Debug)]
pub(in crate::diff) struct Message {
    pub(in crate::diff) label: String,
    pub(in crate::diff) action: Option<String>,
    pub(in crate::diff) direction: Direction,
    pub(in crate::diff) node: usize,
}

/// The ways of all messages.
pub(in crate::diff) struct Reach {
    pub(in crate::diff) messages: Vec<Message>,
    /// For each message, the step that leads to each node, and the node before it.
    before: Vec<Vec<Option<(usize, usize)>>>,
}

impl Reach {
    pub(in crate::diff) fn new(messages: Vec<Message>, nodes: &[Node]) -> Self {
        let before = messages.iter().map(|message| ways(message.node, nodes)).collect();
        Self { messages, before }
    }

    /// The messages that reach a node.
    pub(in crate::diff) fn of(&self, node: usize) -> impl Iterator<Item = usize> + '_ {
        (0..self.messages.len()).filter(move |message| self.before[*message][node].is_some())
    }

    /// The steps from a message to a node.
    pub(in crate::diff) fn way(&self, message: usize, node: usize, nodes: &[Node]) -> Vec<(Step, usize)> {
        let mut way = Vec::new();
        let mut at = node;
        while at != self.messages[message].node {
            let Some((from, index)) = self.before[message][at] else { break };
            way.push(nodes[from].children[index].clone());
            at = from;
        }
        way.reverse();
        way
    }
}

/// A search by breadth: the shortest way is the plainest.
fn ways(start: usize, nodes: &[Node]) -> Vec<Option<(usize, usize)>> {
    let mut before = vec![None; nodes.len()];
    before[start] = Some((start, usize::MAX));
    let mut waiting = VecDeque::from([start]);
    while let Some(node) = waiting.pop_front() {
        for (index, (_, child)) in nodes[node].children.iter().enumerate() {
            if before[*child].is_none() {
                before[*child] = Some((node, index));
                waiting.push_back(*child);
            }
        }
    }
    before
}

//! Which messages reach a schema, and on which way.

use std::{
    cell::RefCell,
    collections::{HashMap, VecDeque},
    rc::Rc,
};

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
    /// The nodes before each node.
    parents: Vec<Vec<usize>>,
    /// For each node that was asked about, the nodes that lead to it.
    leading: RefCell<HashMap<usize, Rc<Vec<bool>>>>,
}

impl Reach {
    pub(in crate::diff) fn new(messages: Vec<Message>, nodes: &[Node]) -> Self {
        let before = messages.iter().map(|message| ways(message.node, nodes)).collect();
        let mut parents = vec![Vec::new(); nodes.len()];
        for (index, node) in nodes.iter().enumerate() {
            node.children.iter().for_each(|(_, child)| parents[*child].push(index));
        }
        Self { messages, before, parents, leading: RefCell::default() }
    }

    /// Whether a message reaches a node.
    pub(in crate::diff) fn is_reached(&self, message: usize, node: usize) -> bool {
        self.before[message][node].is_some()
    }

    /// The messages that reach a node.
    pub(in crate::diff) fn of(&self, node: usize) -> impl Iterator<Item = usize> + '_ {
        (0..self.messages.len()).filter(move |message| self.is_reached(*message, node))
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

/// Ways of one message to one node that are looked at: a definition stands in a few places of a message, not in hundreds.
const WAYS_MAX: usize = 64;

/// Steps of one way: a schema that refers to itself has ways without end.
const STEPS_MAX: usize = 32;

/// Steps of one search: where schemas refer to each other, most steps lead into ways that were passed already.
const TRIES_MAX: usize = 2_000;

impl Reach {
    /// The ways from a message to a node on which no node stands twice, the shortest one among them; whether these are all.
    pub(in crate::diff) fn ways(
        &self,
        message: usize,
        node: usize,
        nodes: &[Node],
    ) -> (Vec<Vec<(Step, usize)>>, bool) {
        let leads = self.leading(node);
        let mut search =
            Ways { nodes, leads: &leads, goal: node, found: Vec::new(), tries: 0, is_cut: false };
        search.follow(self.messages[message].node, &mut Vec::new(), &mut Vec::new());
        if search.is_cut {
            search.found.push(self.way(message, node, nodes));
        }
        (search.found, !search.is_cut)
    }

    /// The nodes from which a node can be reached.
    pub(in crate::diff) fn leading(&self, goal: usize) -> Rc<Vec<bool>> {
        if let Some(known) = self.leading.borrow().get(&goal) {
            return Rc::clone(known);
        }
        let mut leads = vec![false; self.parents.len()];
        let mut waiting = vec![goal];
        while let Some(node) = waiting.pop() {
            if !std::mem::replace(&mut leads[node], true) {
                waiting.extend(&self.parents[node]);
            }
        }
        let leads = Rc::new(leads);
        self.leading.borrow_mut().insert(goal, Rc::clone(&leads));
        leads
    }
}

struct Ways<'n> {
    nodes: &'n [Node],
    leads: &'n [bool],
    goal: usize,
    found: Vec<Vec<(Step, usize)>>,
    tries: usize,
    is_cut: bool,
}

impl Ways<'_> {
    fn follow(&mut self, at: usize, way: &mut Vec<(Step, usize)>, passed: &mut Vec<usize>) {
        self.tries += 1;
        if self.found.len() >= WAYS_MAX || way.len() >= STEPS_MAX || self.tries > TRIES_MAX {
            self.is_cut = true;
            return;
        }
        if at == self.goal {
            self.found.push(way.clone());
            return;
        }
        passed.push(at);
        for step in &self.nodes[at].children {
            if self.leads[step.1] && !passed.contains(&step.1) {
                way.push(step.clone());
                self.follow(step.1, way, passed);
                way.pop();
            }
        }
        passed.pop();
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

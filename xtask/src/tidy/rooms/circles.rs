//! Circles of rooms: found, refused, and printed.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
};

use super::graph::{Edge, Graph};
use crate::tidy::finding::Finding;

/// How many places of an edge are printed: enough to begin cutting.
const PLACES_MAX: usize = 3;

/// Refuses every circle, named by its edges.
pub(crate) fn check(graphs: &[Graph]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for graph in graphs {
        for (place, path) in &graph.unknown {
            findings.push(Finding::new(place, format!("`{path}` leads to nothing that tidy knows")));
        }
        for circle in circles(graph) {
            findings.extend(closing(graph, &circle));
        }
    }
    findings
}

/// Prints who names whom, then the circles with the places of their edges.
///
/// # Errors
/// A stdout that is closed.
pub(crate) fn print(graph: &Graph, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", graph.package)?;
    let width = graph.rooms.iter().map(String::len).max().unwrap_or(0);
    for room in &graph.rooms {
        let named: Vec<&str> =
            graph.edges.keys().filter(|(from, _)| from == room).map(|(_, to)| to.as_str()).collect();
        let named = if named.is_empty() { "–".to_owned() } else { named.join(", ") };
        writeln!(out, "  {room:<width$} → {named}")?;
    }
    let circles = circles(graph);
    for (index, circle) in circles.iter().enumerate() {
        let rooms: Vec<&str> = circle.iter().map(String::as_str).collect();
        writeln!(out, "  circle {}: {}", index + 1, rooms.join(", "))?;
        for (edge, places) in inside(graph, circle) {
            writeln!(out, "    {} → {}: {}", edge.0, edge.1, shown(places))?;
        }
    }
    if circles.is_empty() {
        writeln!(out, "  no circle")?;
    }
    writeln!(out)
}

/// One finding for each edge inside a circle.
fn closing(graph: &Graph, circle: &BTreeSet<String>) -> Vec<Finding> {
    let rooms: Vec<&str> = circle.iter().map(String::as_str).collect();
    inside(graph, circle)
        .map(|((from, to), places)| {
            let fault = format!("{from} → {to} is part of a circle of rooms ({})", rooms.join(", "));
            Finding::new(shown(places), fault)
        })
        .collect()
}

fn inside<'a>(
    graph: &'a Graph,
    circle: &BTreeSet<String>,
) -> impl Iterator<Item = (&'a Edge, &'a Vec<String>)> {
    graph.edges.iter().filter(move |((from, to), _)| circle.contains(from) && circle.contains(to))
}

fn shown(places: &[String]) -> String {
    let more = places.len().saturating_sub(PLACES_MAX);
    let first = places[..places.len() - more].join(", ");
    if more == 0 { first } else { format!("{first} and {more} more") }
}

/// Strongly connected components of more than one room. Rooms are few, so reaching from each is quick enough.
fn circles(graph: &Graph) -> Vec<BTreeSet<String>> {
    let reached: BTreeMap<&String, BTreeSet<String>> =
        graph.rooms.iter().map(|room| (room, reached(graph, room))).collect();
    let mut circles: Vec<BTreeSet<String>> = Vec::new();
    for (room, from_here) in &reached {
        let circle: BTreeSet<String> =
            from_here.iter().filter(|other| reached[other].contains(*room)).cloned().collect();
        if circle.len() > 1 && !circles.contains(&circle) {
            circles.push(circle);
        }
    }
    circles
}

/// The rooms that a room leads to, itself among them.
fn reached(graph: &Graph, room: &str) -> BTreeSet<String> {
    let mut reached = BTreeSet::from([room.to_owned()]);
    let mut open = vec![room.to_owned()];
    while let Some(from) = open.pop() {
        let next = graph.edges.keys().filter(|edge| edge.0 == from);
        for (_, to) in next {
            if reached.insert(to.clone()) {
                open.push(to.clone());
            }
        }
    }
    reached
}

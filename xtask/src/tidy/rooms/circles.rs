//! Circles of rooms: found, judged against the known ones, and printed.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
};

use super::{
    graph::{Edge, Graph},
    known::Known,
};
use crate::tidy::finding::Finding;

/// How many places of an edge are printed: enough to begin cutting.
const PLACES_MAX: usize = 3;

/// Judges every crate: each circle is named by its edges, and each known edge must still close a circle.
pub(crate) fn check(graphs: &[Graph], known: &[Known]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for graph in graphs {
        let of_package: Vec<&Known> = known.iter().filter(|known| known.package == graph.package).collect();
        for (place, path) in &graph.unknown {
            findings.push(Finding::new(place, format!("`{path}` leads to nothing that tidy knows")));
        }
        let cut: BTreeSet<Edge> = of_package.iter().map(|known| known.edge()).collect();
        for circle in circles(graph, &cut) {
            findings.extend(closing(graph, &circle, &cut));
        }
        findings
            .extend(of_package.iter().filter(|known| !closes(graph, &cut, known)).map(|known| stale(known)));
    }
    let strangers = known.iter().filter(|known| graphs.iter().all(|graph| graph.package != known.package));
    findings.extend(strangers.map(stale));
    findings
}

/// Prints who names whom, then the circles with the places of their edges.
///
/// # Errors
/// A stdout that is closed.
pub(crate) fn print(graph: &Graph, known: &[Known], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", graph.package)?;
    let width = graph.rooms.iter().map(String::len).max().unwrap_or(0);
    for room in &graph.rooms {
        let named: Vec<&str> =
            graph.edges.keys().filter(|(from, _)| from == room).map(|(_, to)| to.as_str()).collect();
        let named = if named.is_empty() { "–".to_owned() } else { named.join(", ") };
        writeln!(out, "  {room:<width$} → {named}")?;
    }
    let circles = circles(graph, &BTreeSet::new());
    for (index, circle) in circles.iter().enumerate() {
        let rooms: Vec<&str> = circle.iter().map(String::as_str).collect();
        writeln!(out, "  circle {}: {}", index + 1, rooms.join(", "))?;
        for (edge, places) in inside(graph, circle) {
            let is_known = known.iter().any(|known| known.package == graph.package && known.edge() == *edge);
            let mark = if is_known { "  [known]" } else { "" };
            writeln!(out, "    {} → {}: {}{mark}", edge.0, edge.1, shown(places))?;
        }
    }
    if circles.is_empty() {
        writeln!(out, "  no circle")?;
    }
    writeln!(out)
}

fn stale(known: &Known) -> Finding {
    let fault = format!(
        "the known edge {} → {} closes no circle (any more): take it out of xtask/src/tidy/rooms/known.rs",
        known.from, known.to
    );
    Finding::new(known.package, fault)
}

/// One finding for each edge inside a circle.
fn closing(graph: &Graph, circle: &BTreeSet<String>, cut: &BTreeSet<Edge>) -> Vec<Finding> {
    let rooms: Vec<&str> = circle.iter().map(String::as_str).collect();
    inside(graph, circle)
        .filter(|(edge, _)| !cut.contains(*edge))
        .map(|((from, to), places)| {
            let fault = format!("{from} → {to} is part of a circle of rooms ({})", rooms.join(", "));
            Finding::new(shown(places), fault)
        })
        .collect()
}

/// Whether an edge closes a circle when it alone of the known ones is put back.
fn closes(graph: &Graph, cut: &BTreeSet<Edge>, known: &Known) -> bool {
    let (from, to) = known.edge();
    if !graph.edges.contains_key(&(from.clone(), to.clone())) {
        return false;
    }
    reached(graph, &to, cut).contains(&from)
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

/// Strongly connected components of more than one room, without the edges that are cut. Rooms are few, so reaching
/// from each is quick enough.
fn circles(graph: &Graph, cut: &BTreeSet<Edge>) -> Vec<BTreeSet<String>> {
    let reached: BTreeMap<&String, BTreeSet<String>> =
        graph.rooms.iter().map(|room| (room, reached(graph, room, cut))).collect();
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
fn reached(graph: &Graph, room: &str, cut: &BTreeSet<Edge>) -> BTreeSet<String> {
    let mut reached = BTreeSet::from([room.to_owned()]);
    let mut open = vec![room.to_owned()];
    while let Some(from) = open.pop() {
        let next = graph.edges.keys().filter(|edge| edge.0 == from && !cut.contains(*edge));
        for (_, to) in next {
            if reached.insert(to.clone()) {
                open.push(to.clone());
            }
        }
    }
    reached
}

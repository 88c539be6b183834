//! A parsed C# source.

use std::path::{Path, PathBuf};
use tree_sitter::{Node, Parser, Tree};

use super::preprocess;

/// A source with its tree.
pub(super) struct Source {
    pub(super) path: PathBuf,
    pub(super) text: String,
    pub(super) tree: Tree,
    /// For each line, whether nullable annotations mean something.
    pub(super) nullable: Vec<bool>,
    /// Lines that the build decides about.
    pub(super) undecided: Vec<(usize, String)>,
}

impl Source {
    /// Parses a text; None only if the grammar does not fit the library.
    pub(super) fn parse(path: &Path, text: &str, nullable: bool) -> Option<Self> {
        let active = preprocess::active(text);
        let mut parser = Parser::new();
        parser.set_language(&tree_sitter_c_sharp::LANGUAGE.into()).ok()?;
        let tree = parser.parse(&active.text, None)?;
        let mut undecided = active.undecided;
        if is_too_deep(&tree) {
            undecided.push((1, "it nests too deeply to be read".to_owned()));
            let (text, tree) = (String::new(), parser.parse("", None)?);
            return Some(Self { path: path.to_owned(), text, tree, nullable: Vec::new(), undecided });
        }
        if tree.root_node().has_error() {
            undecided
                .push((first_error(tree.root_node()), "the grammar does not know this syntax".to_owned()));
        }
        let nullable = preprocess::nullable(text, nullable);
        Some(Self { path: path.to_owned(), text: active.text, tree, nullable, undecided })
    }
}

/// Levels of a tree: more than a person writes, and fewer than the stack holds.
const DEPTH_MAX: usize = 1000;

/// Whether a tree has more levels than that. The cursor could tell its own depth, but counts it anew at each node.
fn is_too_deep(tree: &Tree) -> bool {
    let mut cursor = tree.walk();
    let mut depth = 0;
    while depth <= DEPTH_MAX {
        if cursor.goto_first_child() {
            depth += 1;
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return false;
            }
            depth -= 1;
        }
    }
    true
}

fn first_error(node: Node<'_>) -> usize {
    let inner = children_all(node).into_iter().find(|child| child.has_error() || child.is_missing());
    match inner {
        Some(inner) if !node.is_error() => first_error(inner),
        _ => line_of(node),
    }
}

/// The named children of a node.
pub(super) fn children<'t>(node: Node<'t>) -> Vec<Node<'t>> {
    children_all(node).into_iter().filter(|child| child.is_named() && child.kind() != "comment").collect()
}

/// All children of a node, those without a name too.
pub(super) fn children_all<'t>(node: Node<'t>) -> Vec<Node<'t>> {
    let mut cursor = node.walk();
    node.children(&mut cursor).collect()
}

/// The child of a field.
pub(super) fn field<'t>(node: Node<'t>, name: &str) -> Option<Node<'t>> {
    node.child_by_field_name(name)
}

/// The children of a kind.
pub(super) fn of_kind<'t>(node: Node<'t>, kind: &str) -> Vec<Node<'t>> {
    children(node).into_iter().filter(|child| child.kind() == kind).collect()
}

/// The text of a node.
pub(super) fn text_of(node: Node<'_>, source: &str) -> String {
    source[node.byte_range()].to_owned()
}

/// The text of an identifier, without `@`.
pub(super) fn name_of(node: Node<'_>, source: &str) -> String {
    text_of(node, source).trim_start_matches('@').to_owned()
}

/// The line of a node, from 1.
pub(super) fn line_of(node: Node<'_>) -> usize {
    node.start_position().row + 1
}

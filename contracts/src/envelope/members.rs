//! The envelope's members, sorted into the head, the payload and the command's fields.

use serde_json::{Map, Value};

use super::head::{head_name, head_spec, is_payload, only_dialect};
use crate::{
    command::Form,
    dialect::{Dialect, Spelt},
    dictionary::dictionary,
    generated::{error_code::ErrorCode, warning_code::WarningCode},
    hint::Hints,
    pointer::escape,
    scalar,
    tally::Tally,
    tree::Tree,
    violation::{Violation, Warning},
};

/// The envelope's members, sorted out.
#[derive(Default)]
pub(super) struct Members {
    pub(super) action: Option<(String, Tree)>,
    pub(super) values: Map<String, Value>,
    /// The envelope's members as they were written, but for `action`.
    pub(super) heads: Vec<(String, &'static str, Tree)>,
    pub(super) payload: Option<(String, Tree)>,
    pub(super) rest: Vec<(String, Tree)>,
    pub(super) violations: Tally,
    pub(super) warnings: Vec<Warning>,
    /// The dialects of its names.
    pub(super) names: Spelt,
    /// Where members of the head stand that are not at their canonical name.
    pub(super) spelt: Vec<(&'static str, String)>,
}

impl Members {
    /// Of a body that is the bare value of a field: none is the envelope's.
    pub(super) fn bare(members: Vec<(String, Tree)>) -> Self {
        Self { rest: members, ..Self::default() }
    }

    pub(super) fn sorted(members: Vec<(String, Tree)>) -> Self {
        let mut sorted = Self::default();
        sorted.sort(members);
        sorted
    }

    pub(super) fn form(&self, has_route: bool) -> Form {
        match (&self.payload, &self.action) {
            (Some(_), _) => Form::Documented,
            (None, None) if has_route => Form::Bare,
            (None, _) => Form::Direct,
        }
    }

    /// The dialect that the envelope's names tell.
    pub(super) fn dialect(&self) -> Option<Dialect> {
        self.names.most()
    }

    /// A member of the head that is a string, by its canonical name.
    pub(super) fn id(&self, name: &str) -> Option<String> {
        self.values.get(name).and_then(Value::as_str).map(str::to_owned)
    }

    fn sort(&mut self, members: Vec<(String, Tree)>) {
        for (name, tree) in members {
            self.names.count(only_dialect(&name));
            match head_name(&name) {
                Some("action") => self.take_action(name, tree),
                Some(snake) => {
                    self.head(snake, &name, &tree, &escape(&name), true);
                    self.heads.push((name, snake, tree));
                }
                None if is_payload(&name) && tree == Tree::Null => {}
                None if is_payload(&name) => self.take_payload(name, tree),
                None => self.rest.push((name, tree)),
            }
        }
    }

    /// Takes `action` in one spelling; a further one must say the same.
    fn take_action(&mut self, name: String, tree: Tree) {
        let is_absent = |tree: &Tree| matches!(tree, Tree::Null) || *tree == Tree::Text(String::new());
        let pointer = format!("/{}", escape(&name));
        match &self.action {
            Some((_, known)) if !is_absent(known) && is_absent(&tree) => {}
            Some((_, known)) if !is_absent(known) => self.twice(*known == tree, &name, pointer),
            _ => self.action = Some((name, tree)),
        }
    }

    /// Takes `payload` in one spelling; a further one must say the same.
    fn take_payload(&mut self, name: String, tree: Tree) {
        match &self.payload {
            None => self.payload = Some((name, tree)),
            Some((_, known)) => {
                // As values: the order of members says nothing.
                let same = known.to_value() == tree.to_value();
                self.twice(same, &name, format!("/{}", escape(&name)));
            }
        }
    }

    fn twice(&mut self, same: bool, name: &str, pointer: String) {
        if same {
            self.warnings.push(Warning {
                code: WarningCode::DuplicateEqual,
                pointer: Some(pointer),
                message: format!("`{name}` is written twice, with equal values"),
                hint: Some("write it once".to_owned()),
            });
        } else {
            let message = format!("`{name}` is written twice, with unequal values");
            self.violations.add(|| Violation::new(pointer, ErrorCode::DuplicateField, message));
        }
    }

    /// Reads one of the envelope's own members. `is_json`: not of a path or a query.
    pub(super) fn head(
        &mut self,
        snake: &'static str,
        name: &str,
        tree: &Tree,
        pointer: &str,
        is_json: bool,
    ) {
        let property = head_spec().property(snake).expect("a member of the envelope");
        let empty = matches!(tree, Tree::Text(text) if text.is_empty());
        if *tree == Tree::Null || empty {
            return;
        }
        let pointer = format!("/{pointer}");
        let hints = Hints { example: dictionary().example(property), is_json };
        let read = scalar::read(dictionary().resolve(&property.shape), tree, true, hints);
        if let Some(violation) = read.violation {
            self.violations.add(|| Violation {
                minimum: violation.minimum,
                maximum: violation.maximum,
                hint: violation.hint,
                ..Violation::new(pointer, violation.code, format!("`{name}`: {}", violation.message))
            });
            return;
        }
        let Some(value) = read.value else { return };
        match self.values.get(snake) {
            Some(known) => self.twice(*known == value, name, pointer),
            None => {
                self.values.insert(snake.to_owned(), value);
                if pointer != format!("/{snake}") {
                    self.spelt.push((snake, pointer));
                }
            }
        }
    }
}

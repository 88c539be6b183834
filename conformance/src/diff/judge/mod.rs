//! Decides edits by execution: a document that one version takes and the other refuses.

mod decide;
mod doubt;
mod fill;
mod pool;
mod proof;
mod random;
mod reach;
mod second;
mod tables;

pub use decide::Witness;
pub(super) use decide::{Decider, Decision};
pub(super) use fill::{on_one_way, pointer};
pub(super) use pool::name_of;
pub(super) use reach::{Message, Reach};

use contracts::pointer::escape;
use jsonschema::{Registry, Validator};
use serde_json::{Value, json};
use std::{
    cell::{OnceCell, RefCell},
    collections::HashMap,
    rc::Rc,
};

use crate::contract::{Direction, LoadError, Side, encoded};
use second::{NotCompiled, Second};
use tables::Readings;

/// A name under which validators know a bundle. Nothing is fetched.
const BUNDLE: &str = "https://concord.invalid/bundle";

/// The validators of one side.
pub(super) struct Judge<'s> {
    pub(super) side: &'s Side,
    registry: Registry<'s>,
    validators: RefCell<HashMap<String, Option<Rc<Validator>>>>,
    second: OnceCell<Second>,
    readings: OnceCell<Readings>,
}

/// A reason of a refusal.
pub(super) struct Refusal {
    pub(super) keyword: String,
    /// Pointer into the document.
    pub(super) at: String,
    pub(super) text: String,
}

impl<'s> Judge<'s> {
    pub(super) fn new(side: &'s Side) -> Result<Self, LoadError> {
        let refused = |err: jsonschema::ReferencingError| LoadError::NotASchema {
            file: side.name.clone(),
            why: err.to_string(),
        };
        let registry =
            Registry::new().add(BUNDLE, &side.bundle).map_err(refused)?.prepare().map_err(refused)?;
        let (second, readings) = (OnceCell::new(), OnceCell::new());
        Ok(Self { side, registry, validators: RefCell::default(), second, readings })
    }

    fn validator(&self, location: &str) -> Option<Rc<Validator>> {
        if let Some(known) = self.validators.borrow().get(location) {
            return known.clone();
        }
        let schema = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$ref": format!("{BUNDLE}#{}", encoded(location)),
        });
        let built = jsonschema::options()
            .with_registry(&self.registry)
            .should_validate_formats(true)
            .offline()
            .build(&schema)
            .ok()
            .map(Rc::new);
        self.validators.borrow_mut().insert(location.to_owned(), built.clone());
        built
    }

    /// Whether the schema at a pointer takes a document; none if it does not compile.
    pub(super) fn takes(&self, location: &str, document: &Value) -> Option<bool> {
        Some(self.validator(location)?.is_valid(document))
    }

    /// The same by the second validator.
    fn second_takes(&self, location: &str, document: &Value) -> Result<bool, NotCompiled> {
        self.second.get_or_init(|| Second::new(self.side)).takes(location, document)
    }

    /// The same by the readings of this version.
    fn reads(&self, location: &str, document: &Value, direction: Direction) -> Option<bool> {
        self.readings.get_or_init(|| Readings::of(self.side)).reads(location, document, direction)
    }

    /// What C# classes of this version bind of the same.
    fn binds(&self, location: &str, document: &Value, options: &str) -> Option<Result<Vec<String>, String>> {
        self.readings.get_or_init(|| Readings::of(self.side)).binds(location, document, options)
    }

    /// Why the schema refuses a document.
    pub(super) fn refusals(&self, location: &str, document: &Value) -> Vec<Refusal> {
        let Some(validator) = self.validator(location) else { return Vec::new() };
        let refusals = validator.iter_errors(document).map(|error| Refusal {
            keyword: error.kind().keyword().to_owned(),
            at: error.instance_path().to_string(),
            text: crate::display::shorten(&error.to_string()),
        });
        refusals.collect()
    }
}

/// A pointer and one name more.
fn below(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", escape(name))
}

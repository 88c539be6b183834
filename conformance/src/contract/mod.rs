//! The contract that a command judges by: Concord's own, which is built in, or another one (`--contract`).
//!
//! [`Side`] is what was read: a file, a folder or a revision, as one bundle of schemas. [`Contract`] adds what readings ask
//! for: the tables of `contracts`, made at run time, where the documents are kept as ours are.

mod bundle;
mod direction;
mod extend;
mod git;
mod openapi;
mod references;
mod roots;
mod side;
mod text;

use contracts::dictionary::{Dictionary, Shape, dictionary};
use serde_json::Value;
use std::{path::Path, sync::LazyLock};

pub(crate) use bundle::of_contract as flat_bundle;
pub use direction::Direction;
pub(crate) use extend::EXTENDED;
pub use git::RevisionError;
pub(crate) use openapi::template;
pub(crate) use references::{encoded, last_name, target};
pub(crate) use roots::events;
pub use side::{Kind, LoadError, Side};
pub(crate) use side::{Root, check_kinds, definitions};
pub(crate) use text::line_of;

/// A contract.
pub struct Contract {
    name: String,
    form: Form,
}

enum Form {
    /// Kept as Concord keeps its own: it has tables.
    Tables(Tables),
    /// JSON Schemas or OpenAPI documents in any form: only validators judge by them.
    Plain(Side),
}

/// What readings and sources are judged by.
pub struct Tables {
    /// `$defs` has each definition by its name.
    bundle: Value,
    /// The definitions, as `contracts` reads by them. Dictionaries live as long as the program.
    pub(crate) dictionary: &'static Dictionary,
    /// The rows of the registry.
    pub(crate) actions: Vec<ActionRow>,
    /// Whether it is Concord's own, whose generated code can be asked too.
    pub(crate) is_own: bool,
}

/// An action of a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ActionRow {
    pub(crate) action: String,
    /// Its other names.
    pub(crate) aliases: Vec<String>,
    /// The definition of its fields.
    pub(crate) request: String,
    /// The definition of its reply's data.
    pub(crate) reply: String,
    /// The member of an envelope that may hold its fields.
    pub(crate) wrapped_in: Option<String>,
}

static OWN: LazyLock<Contract> = LazyLock::new(|| {
    let bundle = serde_json::from_str(contracts::BUNDLE).expect("the bundle is generated and tested");
    let tables = Tables::of(bundle, dictionary(), true);
    Contract { name: "Concord's contract".to_owned(), form: Form::Tables(tables) }
});

impl Contract {
    /// Concord's own, as it was built in.
    #[must_use]
    pub fn own() -> &'static Self {
        &OWN
    }

    /// Reads another one: a folder of schemas with a registry, or JSON Schemas or OpenAPI documents.
    ///
    /// # Errors
    /// [`LoadError`] if it cannot be read whole, or has a registry and schemas outside of the subset.
    pub fn read(path: &Path) -> Result<Self, LoadError> {
        let name = path.display().to_string();
        let side = Side::read(&name, Direction::Both)?;
        let form = if side.kind == Kind::Contract {
            let bundle = bundle::of(&side)?;
            let dictionary = Box::leak(Box::new(Dictionary::compile(&bundle)));
            Form::Tables(Tables::of(bundle, dictionary, false))
        } else {
            Form::Plain(side)
        };
        Ok(Self { name, form })
    }

    /// Its tables.
    ///
    /// # Errors
    /// [`LoadError::NoTables`] for plain schemas.
    pub fn tables(&self) -> Result<&Tables, LoadError> {
        match &self.form {
            Form::Tables(tables) => Ok(tables),
            Form::Plain(_) => Err(LoadError::NoTables { name: self.name.clone() }),
        }
    }

    /// The schema of a definition, with all that it refers to; none if there is no such definition. Of a plain document
    /// `document` is the whole.
    #[must_use]
    pub fn schema(&self, definition: &str) -> Option<Value> {
        match &self.form {
            Form::Tables(tables) => tables.schema(definition),
            Form::Plain(side) => {
                let location = side.named(definition)?;
                let mut schema = side.bundle.clone();
                schema["$ref"] = format!("#{}", encoded(&location)).into();
                Some(schema)
            }
        }
    }

    /// The names of its definitions.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        match &self.form {
            Form::Tables(tables) => tables.dictionary.defs().map(|def| def.name.clone()).collect(),
            Form::Plain(side) => side.names(),
        }
    }
}

impl Tables {
    /// Those of Concord's own contract.
    ///
    /// # Panics
    /// Never: the contract that is built in has tables.
    #[must_use]
    pub fn own() -> &'static Self {
        Contract::own().tables().expect("it has tables")
    }

    fn of(bundle: Value, dictionary: &'static Dictionary, is_own: bool) -> Self {
        let rows = bundle["registry"]["actions"].as_array();
        let text = |row: &Value, name: &str| row[name].as_str().map(str::to_owned);
        let actions = rows.into_iter().flatten().filter_map(|row| {
            Some(ActionRow {
                action: text(row, "action")?,
                aliases: row["aliases"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|alias| alias.as_str().map(str::to_owned))
                    .collect(),
                request: last_name(&text(row, "request")?),
                reply: last_name(&text(row, "reply")?),
                wrapped_in: text(row, "wrapped_in"),
            })
        });
        let actions = actions.collect();
        Self { bundle, dictionary, actions, is_own }
    }

    /// The definitions by their names, as they are written.
    pub(crate) fn definitions(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.bundle["$defs"].as_object().into_iter().flatten()
    }

    /// Whether a definition is an object, which a type may stand for.
    #[must_use]
    pub fn is_object(&self, definition: &str) -> bool {
        let mut named = self.dictionary.defs().filter(|def| def.name == definition);
        named.any(|def| matches!(def.shape, Shape::Object(_)))
    }

    /// The row of an action.
    pub(crate) fn action(&self, name: &str) -> Option<&ActionRow> {
        self.actions.iter().find(|row| row.action == name || row.aliases.iter().any(|alias| alias == name))
    }

    fn schema(&self, definition: &str) -> Option<Value> {
        self.bundle["$defs"].get(definition)?;
        let mut schema = serde_json::json!({"$defs": self.bundle["$defs"]});
        schema["$ref"] = format!("#/$defs/{definition}").into();
        Some(schema)
    }
}

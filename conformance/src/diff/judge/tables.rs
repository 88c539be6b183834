//! The readings of both versions: the tables of `contracts`, made of each contract at run time. The gateway and the workers read
//! by them, so they decide who breaks where a schema and its reading differ (other spellings, rules over several fields). Classes
//! for C# come of the same tables.

use contracts::{
    Writer,
    dictionary::{Dictionary, Shape},
    tree,
};
use serde_json::Value;

use crate::{
    contract::{Direction, Side, flat_bundle, last_name},
    dotnet::Options,
    reading::csharp::Classes,
};

/// The tables of one version; none for plain schemas, and for revisions outside of today's subset.
pub(super) struct Readings {
    dictionary: Option<Dictionary>,
}

impl Readings {
    pub(super) fn of(side: &Side) -> Self {
        Self { dictionary: flat_bundle(side).ok().flatten().map(|bundle| Dictionary::compile(&bundle)) }
    }

    /// Whether a document is read as the definition at a location; none if these tables cannot say. A client's command is read in
    /// any spelling, a reply as it is written.
    pub(super) fn reads(&self, location: &str, document: &Value, direction: Direction) -> Option<bool> {
        let dictionary = self.dictionary.as_ref()?;
        let name = last_name(location);
        let def = dictionary.defs().find(|def| def.name == name)?;
        if !matches!(dictionary.resolve(&def.shape), Shape::Object(_)) {
            return None;
        }
        let writer = if direction == Direction::Response { Writer::Canonical } else { Writer::Sender };
        let text = document.to_string();
        let parsed = tree::parse(text.as_bytes()).ok()?;
        Some(contracts::read_by(dictionary, &name, &parsed.tree, writer).is_valid())
    }

    /// The paths of names that a C# class for the definition at a location drops from a document, by the model of
    /// System.Text.Json under named options; the path of its exception where it does not bind it. None without a class.
    pub(super) fn binds(
        &self,
        location: &str,
        document: &Value,
        options: &str,
    ) -> Option<Result<Vec<String>, String>> {
        let dictionary = self.dictionary.as_ref()?;
        let name = last_name(location);
        dictionary.defs().find(|def| def.name == name && matches!(def.shape, Shape::Object(_)))?;
        let options = Options::named(options)?;
        let bound = Classes::of_one(dictionary, &name).bind(&document.to_string(), &options);
        Some(bound.map(|bound| bound.ignored).map_err(|fault| fault.path))
    }
}

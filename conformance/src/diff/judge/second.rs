//! The second validator: crate boon, written independently of crate jsonschema. A witness is one only if both agree.

use boon::{CompileError, Compiler, Draft, SchemaIndex, Schemas};
use serde_json::Value;
use std::{cell::RefCell, collections::HashMap, rc::Rc};

use super::BUNDLE;
use crate::contract::{Side, encoded};

/// The schemas of one side, compiled when they are first asked.
pub(super) struct Second {
    state: RefCell<State>,
}

struct State {
    compiler: Compiler,
    schemas: Schemas,
    compiled: HashMap<String, Result<SchemaIndex, NotCompiled>>,
}

/// The second validator does not compile a schema.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{cause}")]
pub(super) struct NotCompiled {
    /// Shared: each document of the schema gets it.
    cause: Rc<CompileError>,
}

impl Second {
    pub(super) fn new(side: &Side) -> Self {
        let mut compiler = Compiler::new();
        compiler.set_default_draft(Draft::V2020_12);
        compiler.enable_format_assertions();
        let added = compiler.add_resource(BUNDLE, side.bundle.clone());
        added.expect("the name is an absolute URL, which is all that is checked here");
        let (schemas, compiled) = (Schemas::new(), HashMap::new());
        Self { state: RefCell::new(State { compiler, schemas, compiled }) }
    }

    /// Whether the schema at a pointer takes a document, or why it does not compile.
    pub(super) fn takes(&self, location: &str, document: &Value) -> Result<bool, NotCompiled> {
        let State { compiler, schemas, compiled } = &mut *self.state.borrow_mut();
        let index = match compiled.get(location) {
            Some(known) => known.clone(),
            None => {
                let url = format!("{BUNDLE}#{}", encoded(location));
                let built =
                    compiler.compile(&url, schemas).map_err(|cause| NotCompiled { cause: Rc::new(cause) });
                compiled.insert(location.to_owned(), built.clone());
                built
            }
        };
        Ok(schemas.validate(document, index?).is_ok())
    }
}

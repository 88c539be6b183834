//! The model of System.Text.Json, on plain classes: what C# without the generated types binds. Where real .NET runs, it binds
//! the same bytes to the same classes, and the two must give the same value or the same exception at the same path.

use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Party, PartyError};
use crate::{
    agree::{answer::Answer, payload::Payload},
    dotnet::{
        Options, bind,
        peer::{Answer as Real, Peer},
        write,
    },
    reading::csharp::Classes,
};
use contracts::Dialect;

/// The model, and real .NET beside it.
pub(crate) struct Model {
    classes: Arc<Classes<'static>>,
    /// Real .NET. A lock, because its pipe takes one question at a time and [`super::Dotnet`] asks it too.
    real: Option<Arc<Mutex<Peer>>>,
}

impl Model {
    pub(crate) fn new(classes: &Arc<Classes<'static>>, real: Option<&Arc<Mutex<Peer>>>) -> Self {
        Self { classes: Arc::clone(classes), real: real.cloned() }
    }

    fn by_real(&self, clr: &str, options: &str, json: &str) -> Result<Option<String>, PartyError> {
        let Some(real) = &self.real else { return Ok(None) };
        let answer = real.lock().unwrap_or_else(PoisonError::into_inner).bind(clr, options, json);
        Ok(Some(match answer.map_err(|source| PartyError::NoAnswer { party: "dotnet", source })? {
            Real::Bound(value) => format!("= {value}"),
            Real::Thrown { exception, path, .. } => format!("{exception} at {}", Value::from(path)),
        }))
    }
}

impl Party for Model {
    fn name(&self) -> &'static str {
        "csharp"
    }

    fn ask(&mut self, payload: &Payload) -> Result<Option<Answer>, PartyError> {
        // Plain classes have no attribute for a name that is the same in every dialect.
        if payload.has_wire_names() {
            return Ok(None);
        }
        let missing = |what| PartyError::NotInModel { what };
        let name = match payload.dialect {
            Dialect::Pascal => "strict",
            Dialect::Camel => "web",
            Dialect::Snake => "snake_lower",
        };
        let options = Options::named(name).ok_or_else(|| missing(format!("options {name}")))?;
        let clr = self.classes.of_definition(&payload.definition);
        let clr = clr.ok_or_else(|| missing(format!("class of {}", payload.definition)))?;
        let (types, text) = (self.classes.types(), payload.text());
        let bound = bind::bind(types, &clr, &options, &text);
        let said = match &bound {
            Ok(bound) => match write::write(types, &bound.value, &write::report_options()) {
                Ok(written) => format!("= {written}"),
                Err(fault) => format!("unserialisable:{}", fault.exception()),
            },
            Err(fault) => format!("JsonException at {}", Value::from(fault.path.clone())),
        };
        let real = self.by_real(&clr.name(types), name, &text)?;
        let differs =
            real.filter(|real| *real != said).map(|real| format!("real .NET says {real}; the model {said}"));
        Ok(Some(Answer {
            // A difference between the two is reported as one of this party, whatever the others say.
            value: differs.map(Value::from),
            refuses: bound.is_err(),
            why: said,
            ..Answer::default()
        }))
    }
}

//! A command as it was read: its head, its form and the reading of its fields; or why there is none.

use crate::{
    dialect::Dialect, dictionary::dictionary, fault::Failure, generated::action::Action, reading::Reading,
    trace::Trace,
};

/// How a command was wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `{"action", "request_id", "payload": {…}}`.
    Documented,
    /// `{"action", …fields beside it}`: what the C# bridge sends.
    Direct,
    /// The body of a route: the action's fields, or the bare value of one.
    Bare,
}

/// The envelope's own members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// What is asked.
    pub action: Action,
    /// The sender's id; replies are matched by it.
    pub request_id: Option<String>,
    /// The session.
    pub session_id: Option<String>,
    /// Which GPU it is meant for.
    pub gpu_id: Option<String>,
    /// Which try this is.
    pub attempt: u32,
    /// The trace that it belongs to.
    pub trace: Option<Trace>,
    /// Pointers of those that do not stand at their canonical name.
    pub spelt: Vec<(&'static str, String)>,
}

impl Head {
    /// Where a member stands in the sender's document, by its canonical name.
    #[must_use]
    pub fn pointer(&self, snake: &str) -> String {
        let spelt = self.spelt.iter().find(|(name, _)| *name == snake);
        spelt.map_or_else(|| format!("/{snake}"), |(_, pointer)| pointer.clone())
    }
}

/// A command as it was read. It may be full of faults: see `reading`.
#[derive(Clone, Debug, PartialEq)]
pub struct Incoming {
    /// The envelope's own members.
    pub head: Head,
    /// How it was wrapped.
    pub form: Form,
    /// The command's fields: canonical document (`{"prompt_submission": …}`), faults, warnings and places.
    /// Pointers begin at the frame or the body.
    pub reading: Reading,
}

/// What is no command at all: the reply is a failure.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The frame's `request_id`, where it has a good one.
    pub request_id: Option<String>,
    /// The frame's `session_id`, where it has a good one.
    pub session_id: Option<String>,
    /// How it was wrapped, where that is known.
    pub form: Option<Form>,
    /// The dialect that alone spells the most names, as far as they could be read.
    pub dialect: Option<Dialect>,
    /// Why.
    pub failure: Box<Failure>,
}

impl Incoming {
    /// The failure that all faults together are, if there are any.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        (!self.reading.is_valid())
            .then(|| Failure::of_first_faults(self.reading.faults.clone(), self.reading.faults_total))
    }

    /// The same, unless the command is to report on the document that the faults are in.
    #[must_use]
    pub fn refusal(&self) -> Option<Failure> {
        if self.is_report() { None } else { self.failure() }
    }

    /// Whether it is answered although there are faults: `validate_request` says what is wrong with its document.
    #[must_use]
    pub fn is_report(&self) -> bool {
        if self.head.action != Action::ValidateRequest {
            return false;
        }
        let shape = &dictionary().named(self.head.action.info().request).shape;
        let inside = format!("{}/", self.reading.places.sender("/prompt_submission", shape));
        self.reading.faults.iter().all(|fault| fault.pointer.starts_with(&inside))
    }

    /// The dialect of its reply on stdio, where `initialize` chose none.
    #[must_use]
    pub fn stdio_dialect(&self) -> Dialect {
        stdio_dialect(Some(self.form))
    }
}

impl Refusal {
    /// The dialect of its reply on stdio, where `initialize` chose none.
    #[must_use]
    pub fn stdio_dialect(&self) -> Option<Dialect> {
        self.form.map(|form| stdio_dialect(Some(form)))
    }
}

fn stdio_dialect(form: Option<Form>) -> Dialect {
    if form == Some(Form::Direct) { Dialect::Pascal } else { Dialect::Snake }
}

/// What a route says of its bodies.
#[derive(Clone, Copy, Debug)]
pub struct Body<'r> {
    /// The action of the route.
    pub action: Action,
    /// The field whose value the body may be.
    pub bare: Option<&'r str>,
}

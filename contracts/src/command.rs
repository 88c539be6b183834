//! A command as it was read: its head, its form and the reading of its fields; or why there is none.

use crate::{
    dialect::Dialect, dictionary::dictionary, generated::action::Action, reading::Reading, trace::Trace,
    violation::Failure,
};

/// How a command was wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `{"action", "request_id", "payload": {…}}`.
    Documented,
    /// `{"action", …fields beside it}`, as the C# bridge sends it.
    Direct,
    /// The body of a route: the action's fields, or the bare value of one.
    Bare,
}

/// The members that an envelope has beside the command's fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The action of the command.
    pub action: Action,
    /// The sender's id, 1..=128 characters; its reply repeats it.
    pub request_id: Option<String>,
    /// The sender's session; its reply repeats it.
    pub session_id: Option<String>,
    /// The GPU that is to run it, `gpu_N` or `cpu_0`. `None`: any.
    pub gpu_id: Option<String>,
    /// Which try this is, 1..=1000; 1 if the envelope does not say.
    pub attempt: u32,
    /// The trace of `traceparent`.
    pub trace: Option<Trace>,
    /// Canonical name and pointer of each member that does not stand at its canonical name.
    pub spelt: Vec<(&'static str, String)>,
}

impl Head {
    /// The pointer of a member in the sender's document, by its canonical name.
    #[must_use]
    pub fn pointer(&self, snake: &str) -> String {
        let spelt = self.spelt.iter().find(|(name, _)| *name == snake);
        spelt.map_or_else(|| format!("/{snake}"), |(_, pointer)| pointer.clone())
    }
}

/// A command as it was read. It may have violations: ask [`refusal`](Self::refusal) before running it.
#[derive(Clone, Debug, PartialEq)]
pub struct Incoming {
    /// The envelope's own members.
    pub head: Head,
    /// How the command was wrapped.
    pub form: Form,
    /// The command's fields: canonical document (`{"prompt_submission": …}`), violations, warnings and places.
    /// Pointers begin at the frame or the body.
    pub reading: Reading,
}

/// The failure of bytes that are not a command, with the members that a reply to them repeats.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The frame's `request_id`, if it has one that is valid and stands once.
    pub request_id: Option<String>,
    /// The frame's `session_id`, if it has a valid one.
    pub session_id: Option<String>,
    /// How the command was wrapped, if that is known.
    pub form: Option<Form>,
    /// The dialect that the names tell, as far as they could be read.
    pub dialect: Option<Dialect>,
    /// The failure to reply with.
    pub failure: Box<Failure>,
}

impl Incoming {
    /// All violations as one failure. `None` if there is none.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        (!self.reading.is_valid()).then(|| {
            Failure::of_first_violations(self.reading.violations.clone(), self.reading.violations_total)
        })
    }

    /// The failure that the command is refused with: [`failure`](Self::failure), but `None` for a
    /// [report](Self::is_report).
    #[must_use]
    pub fn refusal(&self) -> Option<Failure> {
        if self.is_report() { None } else { self.failure() }
    }

    /// Whether the command is answered in spite of its violations: a `validate_request` whose violations are all
    /// inside the document that it is to judge.
    #[must_use]
    pub fn is_report(&self) -> bool {
        if self.head.action != Action::ValidateRequest {
            return false;
        }
        let shape = &dictionary().named(self.head.action.info().request).shape;
        let inside = format!("{}/", self.reading.places.sender("/prompt_submission", shape));
        self.reading.violations.iter().all(|violation| violation.pointer.starts_with(&inside))
    }

    /// The dialect of its reply on stdio if `initialize` chose none: pascal for the direct form, else snake.
    #[must_use]
    pub fn stdio_dialect(&self) -> Dialect {
        stdio_dialect(Some(self.form))
    }
}

impl Refusal {
    /// The dialect of its reply on stdio if `initialize` chose none. `None` if the form is not known.
    #[must_use]
    pub fn stdio_dialect(&self) -> Option<Dialect> {
        self.form.map(|form| stdio_dialect(Some(form)))
    }
}

/// The pointer of a member of the envelope, spelt as a dialect does; snake if the document has none.
///
/// ```
/// use contracts::{Dialect, head_pointer};
/// assert_eq!(head_pointer("request_id", Some(Dialect::Pascal)), "/RequestId");
/// assert_eq!(head_pointer("request_id", None), "/request_id");
/// ```
#[must_use]
pub fn head_pointer(name: &str, dialect: Option<Dialect>) -> String {
    let property = dictionary().object("EnvelopeHead").property(name);
    let spelt = property.map_or(name, |property| match dialect {
        Some(Dialect::Pascal) => &property.csharp,
        Some(Dialect::Camel) => &property.camel,
        Some(Dialect::Snake) | None => &property.snake,
    });
    format!("/{spelt}")
}

fn stdio_dialect(form: Option<Form>) -> Dialect {
    if form == Some(Form::Direct) { Dialect::Pascal } else { Dialect::Snake }
}

/// The bodies that a route takes.
#[derive(Clone, Copy, Debug)]
pub struct RouteBody<'r> {
    /// The action of the route.
    pub action: Action,
    /// The field whose bare value a body may be.
    pub bare: Option<&'r str>,
}

//! Real .NET as a second judge: a small program (`conformance/dotnet/`) that makes described types and binds texts to them.

use contracts::Dialect;
use serde_json::{Value as Json, json};
use std::{
    io::{self, BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use super::clr::{Clr, Types};

/// The set of options that stands for Newtonsoft.Json with its default settings.
pub(crate) const NEWTONSOFT: &str = "newtonsoft";

/// The outcome of a library that is not there.
const ABSENT: &str = "absent";

/// The answer of real .NET.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It bound the text; the value, written with relaxed escapes and the names of C#.
    Bound(String),
    /// It threw: the exception's name, its path, the exception inside it.
    Thrown {
        /// The name of the exception.
        exception: String,
        /// `JsonException.Path`.
        path: Option<String>,
        /// The name of `InnerException`.
        inner: Option<String>,
    },
}

/// A running peer.
pub struct Peer {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts the built program on described types.
    ///
    /// # Errors
    /// The error of the process.
    pub fn start(program: &Path, types: &Types) -> io::Result<Self> {
        let mut command = Command::new("dotnet");
        command.arg(program).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let questions = child.stdin.take();
        let answers = child.stdout.take().ok_or_else(|| io::Error::other("the peer has no stdout"))?;
        let mut peer = Self { child, questions, answers: BufReader::new(answers) };
        peer.write(&describe(types))?;
        Ok(peer)
    }

    /// Binds a text to a type, named in C#, under a named set of options.
    ///
    /// # Errors
    /// The error of the pipe, of an answer that is none, or of a library that this .NET lacks.
    pub fn bind(&mut self, clr: &str, options: &str, json: &str) -> io::Result<Answer> {
        self.write(&json!({"clr": clr, "options": options, "json": json}))?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        let answer: Json = serde_json::from_str(&line)?;
        let text = |name: &str| answer[name].as_str().map(str::to_owned);
        let outcome = text("outcome").ok_or_else(|| io::Error::other("the peer gave no outcome"))?;
        if outcome == ABSENT {
            return Err(io::Error::other(text("why").unwrap_or(outcome)));
        }
        Ok(match text("value") {
            Some(value) => Answer::Bound(value),
            None => Answer::Thrown { exception: outcome, path: text("path"), inner: text("inner") },
        })
    }

    /// Reads a document with the generated types: the violations, the warnings, and the value with and without its defaults in
    /// canonical form, or the name of the exception.
    ///
    /// # Errors
    /// The error of the pipe, or of an answer that is none.
    pub(crate) fn read(
        &mut self,
        definition: &str,
        dialect: Dialect,
        is_sender: bool,
        json: &str,
    ) -> io::Result<Json> {
        self.write(
            &json!({"definition": definition, "dialect": dialect, "sender": is_sender, "json": json}),
        )?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Ok(serde_json::from_str(&line)?)
    }

    fn write(&mut self, line: &Json) -> io::Result<()> {
        let questions = self.questions.as_mut().ok_or_else(|| io::Error::other("the peer has no stdin"))?;
        writeln!(questions, "{line}")?;
        questions.flush()
    }
}

impl Drop for Peer {
    /// It is killed: one that does not end would hold the tool, and nothing is lost with it.
    fn drop(&mut self) {
        self.questions = None;
        // An error means that it has ended already.
        drop(self.child.kill().and_then(|()| self.child.wait()));
    }
}

/// The description that the program makes types of.
fn describe(types: &Types) -> Json {
    let member = |member: &super::clr::Member| {
        json!({
            "csharp": member.csharp,
            "json": member.json,
            "clr": named(&member.clr, types),
            "required": member.required,
            "null_allowed": member.null_allowed,
        })
    };
    let classes: Vec<Json> = types
        .classes
        .iter()
        .map(|class| json!({"name": class.name, "members": class.members.iter().map(member).collect::<Vec<_>>()}))
        .collect();
    let members = |members: &[(String, i64)]| -> Json {
        members
            .iter()
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let enums = types.enums.iter().map(|one| json!({"name": one.name, "members": members(&one.members)}));
    json!({"classes": classes, "enums": enums.collect::<Vec<_>>()})
}

/// A type's name, as the program reads it.
fn named(clr: &Clr, types: &Types) -> String {
    clr.name(types)
}

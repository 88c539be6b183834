//! Python: the reading of the workers and their generated types, in one process.

use serde_json::{Value, json};
use std::{
    io::{self, BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use super::{Party, PartyError};
use crate::agree::{
    answer::{Answer, found_in, warnings_in},
    payload::Payload,
};

/// Reads one document a line.
const SCRIPT: &str = include_str!("agree.py");

/// A running Python.
pub(crate) struct Python {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Python {
    /// Starts it.
    ///
    /// # Errors
    /// Why it does not start.
    pub(crate) fn start(python: &Path) -> Result<Self, PartyError> {
        let mut command = Command::new(python);
        command.args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let not_started =
            |source| PartyError::NotStarted { party: "python", program: python.to_owned(), source };
        let mut child = command.spawn().map_err(not_started)?;
        let (Some(questions), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(not_started(io::Error::other("it has no pipes")));
        };
        Ok(Self { child, questions, answers: BufReader::new(answers) })
    }

    fn answer(&mut self, question: &Value) -> io::Result<Value> {
        writeln!(self.questions, "{question}")?;
        self.questions.flush()?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Ok(serde_json::from_str(&line)?)
    }
}

impl Party for Python {
    fn name(&self) -> &'static str {
        "python"
    }

    fn ask(&mut self, payload: &Payload) -> Result<Option<Answer>, PartyError> {
        let question = json!({
            "definition": payload.definition,
            "canonical": !payload.is_sender,
            "json": payload.text_for_canonical(),
        });
        let answer =
            self.answer(&question).map_err(|source| PartyError::NoAnswer { party: "python", source })?;
        if let Some(why) = answer["bad"].as_str() {
            return Ok(Some(Answer { refuses: true, why: why.to_owned(), ..Answer::default() }));
        }
        let found = found_in(&answer["violations"]);
        let given = |key: &str| Some(answer[key].clone()).filter(|value| !value.is_null());
        // The generated types are the second word: they must take what the reading takes, and give the same value.
        let types = answer["types"].as_str();
        Ok(Some(Answer {
            refuses: !found.is_empty() || types.is_some(),
            why: types.map_or_else(
                || answer["violations"].to_string(),
                |why| format!("the generated types: {why}"),
            ),
            is_all: answer["total"].as_u64() == Some(found.len() as u64),
            warnings: payload.is_sender.then(|| warnings_in(&answer["warnings"])),
            value: if found.is_empty() { given("value") } else { None },
            effective: if found.is_empty() { given("effective") } else { None },
            found: Some(found),
        }))
    }
}

impl Drop for Python {
    /// It is killed: it has no state, and one that does not end would hold the tool.
    fn drop(&mut self) {
        // An error means that it has ended already.
        drop(self.child.kill().and_then(|()| self.child.wait()));
    }
}

//! What the bytes are that parties read: a document of a definition, or a reply.

use thiserror::Error;

use crate::contract::{Contract, LoadError};

/// What the bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A document of a definition.
    Definition(String),
    /// A reply to an action, in its envelope.
    Reply {
        /// The action.
        action: String,
        /// The definition of its data.
        data: String,
    },
}

/// Why a contract has no such subject.
#[derive(Debug, Error)]
pub enum SubjectError {
    /// No flag says what the bytes are, and the contract has no document that it could be.
    #[error("name the definition with --schema, or the action with --as")]
    Unnamed,
    /// The contract has no definition of the name.
    #[error("the schemas have no definition {name}{}", hint(near))]
    UnknownDefinition {
        /// The name.
        name: String,
        /// Definitions whose names contain it.
        near: Vec<String>,
    },
    /// The registry has no action of the name.
    #[error("the registry has no action {action}; it has {}", known.join(", "))]
    UnknownAction {
        /// The name.
        action: String,
        /// All actions.
        known: Vec<String>,
    },
    /// The contract has no registry.
    #[error(transparent)]
    NoTables(#[from] LoadError),
}

impl Subject {
    /// What the flags say: a definition, or the reply to an action. Without them it is a prompt submission, or of plain schemas
    /// the whole document.
    ///
    /// # Errors
    /// The contract has no such definition or action.
    pub fn of(
        contract: &Contract,
        definition: Option<&str>,
        action: Option<&str>,
    ) -> Result<Self, SubjectError> {
        match (definition, action) {
            (_, Some(action)) => Self::reply(contract, action),
            (Some(name), None) => Self::definition(contract, name),
            (None, None) => {
                let is_there = |name: &&str| contract.names().iter().any(|known| known == name);
                let name = ["PromptSubmission", "document"].into_iter().find(is_there);
                name.map(|name| Self::Definition(name.to_owned())).ok_or(SubjectError::Unnamed)
            }
        }
    }

    /// The definition of a name.
    ///
    /// # Errors
    /// There is none.
    pub fn definition(contract: &Contract, name: &str) -> Result<Self, SubjectError> {
        let names = contract.names();
        if names.iter().any(|known| known == name) {
            return Ok(Self::Definition(name.to_owned()));
        }
        let folded = name.to_lowercase();
        let is_near = |other: &&String| other.to_lowercase().contains(&folded);
        let near = names.iter().filter(is_near).map(ToString::to_string).collect();
        Err(SubjectError::UnknownDefinition { name: name.to_owned(), near })
    }

    /// The reply to an action.
    ///
    /// # Errors
    /// There is no action of the name, or no registry.
    pub fn reply(contract: &Contract, action: &str) -> Result<Self, SubjectError> {
        let actions = &contract.tables()?.actions;
        let row = actions.iter().find(|row| row.action == action);
        row.map(|row| Self::Reply { action: row.action.clone(), data: row.reply.clone() }).ok_or_else(|| {
            SubjectError::UnknownAction {
                action: action.to_owned(),
                known: actions.iter().map(|row| row.action.clone()).collect(),
            }
        })
    }

    /// It, for people.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Definition(name) => format!("as {name}"),
            Self::Reply { action, .. } => format!("as a reply to {action}"),
        }
    }
}

fn hint(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!("; hint: {}", near.join(", ")) }
}

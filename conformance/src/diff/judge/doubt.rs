//! Why a document that the first validator finds is not a witness.

use super::second::NotCompiled;

/// The doubt about a document.
#[derive(Debug, thiserror::Error)]
pub(super) enum Doubt {
    /// The second validator cannot be asked.
    #[error(transparent)]
    NotCompiled(#[from] NotCompiled),
    /// The second validator says something else.
    #[error("the validators jsonschema and boon do not agree on {document}")]
    Validators {
        /// The document, shortened.
        document: String,
    },
    /// The version that takes the document does not read it.
    #[error("the schema takes {document}, and its own reading refuses it")]
    ReadingRefuses {
        /// The document, shortened.
        document: String,
    },
    /// The version that refuses the document reads it.
    #[error("the schema refuses {document}, and its reading takes it")]
    ReadingTakes {
        /// The document, shortened.
        document: String,
    },
}

//! Where each value of a canonical document stood in the sender's.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::{
    dialect::Dialect,
    dictionary::{Shape, dictionary},
    pointer::escape,
};

/// From canonical pointers to the sender's: a violation that is found in a canonical document is reported
/// where its sender wrote the value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Places {
    senders: HashMap<String, String>,
    dialects: HashMap<String, Dialect>,
}

impl Places {
    /// Of a document that one dialect spells throughout: the command's fields stand at `root`, the submission at
    /// `submission`.
    pub(crate) fn uniform(root: String, submission: String, dialect: Dialect) -> Self {
        Self {
            senders: HashMap::from([(String::new(), root), ("/prompt_submission".to_owned(), submission)]),
            dialects: HashMap::from([
                (String::new(), Dialect::Snake),
                ("/prompt_submission".to_owned(), dialect),
            ]),
        }
    }

    pub(crate) fn set(&mut self, canonical: &str, sender: &str) {
        // Not by an entry: it would take a new text for each of a million repeats.
        if !self.senders.contains_key(canonical) {
            self.senders.insert(canonical.to_owned(), sender.to_owned());
        }
    }

    /// The same, whatever was noted before: a value that came to stand here from elsewhere.
    pub(crate) fn replace(&mut self, canonical: String, sender: String) {
        self.senders.insert(canonical, sender);
    }

    /// The pointer that was noted for this very value.
    pub(crate) fn noted(&self, canonical: &str) -> Option<&str> {
        self.senders.get(canonical).map(String::as_str)
    }

    pub(crate) fn set_dialect(&mut self, canonical: &str, dialect: Dialect) {
        self.dialects.insert(canonical.to_owned(), dialect);
    }

    /// The pointer in the sender's document. `shape` is that of the command's fields.
    ///
    /// A value that the sender did not write is named in the dialect of its siblings.
    ///
    /// ```
    /// use contracts::{dictionary::dictionary, read_frame};
    /// let frame = br#"{"action":"generate_sdxl","request":{"Model":{"Base":"m"},"Conditioning":{"Prompt":"a pier"}}}"#;
    /// let incoming = read_frame(frame).unwrap();
    /// let shape = &dictionary().named(incoming.head.action.info().request).shape;
    /// let places = &incoming.reading.places;
    /// assert_eq!(places.sender("/prompt_submission/model/base", shape), "/request/Model/Base");
    /// assert_eq!(places.sender("/prompt_submission/scheduler/steps", shape), "/request/Scheduler/Steps");
    /// ```
    #[must_use]
    pub fn sender(&self, canonical: &str, shape: &Shape) -> String {
        let mut known = canonical;
        while !self.senders.contains_key(known) {
            match known.rfind('/') {
                Some(end) => known = &known[..end],
                None => return canonical.to_owned(),
            }
        }
        let mut pointer = self.senders[known].clone();
        let mut dialect = self.dialect_of(known);
        let mut at = known.to_owned();
        for token in canonical[known.len()..].split('/').skip(1) {
            let parent = dictionary().shape_at(shape, &at).map(|of| dictionary().resolve(of));
            dialect = self.dialects.get(&at).copied().unwrap_or(dialect);
            pointer.push('/');
            match parent {
                Some(Shape::Object(object)) => match object.property(token) {
                    Some(property) => pointer.push_str(&escape(dialect.name(property))),
                    None => pointer.push_str(token),
                },
                _ => pointer.push_str(token),
            }
            at = format!("{at}/{token}");
        }
        pointer
    }

    fn dialect_of(&self, canonical: &str) -> Dialect {
        let mut at = canonical;
        loop {
            if let Some(dialect) = self.dialects.get(at) {
                return *dialect;
            }
            match at.rfind('/') {
                Some(end) => at = &at[..end],
                None => return self.dialects.get("").copied().unwrap_or(Dialect::Snake),
            }
        }
    }
}

impl Places {
    /// The dialect noted for the nearest object above.
    pub(crate) fn sender_dialect(&self, canonical: &str) -> Option<Dialect> {
        let mut at = canonical;
        loop {
            if let Some(dialect) = self.dialects.get(at) {
                return Some(*dialect);
            }
            at = &at[..at.rfind('/')?];
        }
    }
}

impl Places {
    pub(crate) fn lift(&mut self, lift: &dyn Fn(&mut String)) {
        self.senders.values_mut().for_each(lift);
    }
}

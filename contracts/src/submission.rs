//! The prompt submission inside a command, whichever way it was given.

use serde_json::{Map, Value};

use crate::{dictionary::dictionary, pointer::set};

/// A canonical prompt submission and where its values stand in the command's fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Submission {
    /// The canonical document, without defaults.
    pub document: Value,
    flat: Option<&'static str>,
}

impl Submission {
    /// `$id` of the schema of a prompt submission: the name of its file, against which references resolve.
    pub const SCHEMA_ID: &str = "prompt_submission_schema.json";

    /// Whether a document is the schema of a prompt submission, by its `$id` and title.
    #[must_use]
    pub fn is_schema(document: &Value) -> bool {
        document["$id"] == Self::SCHEMA_ID && document["title"] == "PromptSubmission"
    }

    /// The submission of a command's canonical fields: `prompt_submission`, or flat `parameters` and `model_id`.
    /// `None` if the command has neither.
    ///
    /// ```
    /// let fields = serde_json::json!({"parameters": {"prompt": "a pier", "steps": 4, "model_id": "sdxl_base"}});
    /// let submission = contracts::Submission::of(&fields).unwrap();
    /// assert_eq!(submission.document["scheduler"]["steps"], 4);
    /// assert_eq!(submission.pointer("/scheduler/steps"), "/parameters/steps");
    /// ```
    #[must_use]
    pub fn of(fields: &Value) -> Option<Self> {
        if let Some(document) = fields.get("prompt_submission") {
            return Some(Self { document: document.clone(), flat: None });
        }
        let parameters = fields.get("parameters")?.as_object()?;
        let mut document = Value::Object(Map::new());
        for property in &dictionary().object("Parameters").properties {
            if let (Some(value), Some(to)) = (parameters.get(&property.snake), &property.maps_to) {
                set(&mut document, to, value.clone());
            }
        }
        if let Some(model_id) = fields.get("model_id") {
            set(&mut document, "/model/base", model_id.clone());
        }
        let at = if parameters.contains_key("model_id") { "/parameters/model_id" } else { "/model_id" };
        Some(Self { document, flat: Some(at) })
    }

    /// Where a value of the submission stands in the command's canonical fields.
    #[must_use]
    pub fn pointer(&self, pointer: &str) -> String {
        let Some(model_id) = self.flat else {
            return format!("/prompt_submission{pointer}");
        };
        if pointer == "/model/base" {
            return model_id.to_owned();
        }
        let parameters = &dictionary().object("Parameters").properties;
        let flat = parameters.iter().find(|property| property.maps_to.as_deref() == Some(pointer));
        flat.map_or_else(|| "/parameters".to_owned(), |property| format!("/parameters/{}", property.snake))
    }
}

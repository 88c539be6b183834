//! One training job with its defaults applied, and its numbers of steps and epochs for a data set.

use contracts::{DeviceKind, ErrorCode, Failure, Violation, effective_of};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::dataset::DataSet;

/// A training job, ready to be accepted.
#[derive(Clone, Debug)]
pub(crate) struct Spec {
    pub(crate) id: String,
    /// Canonical, defaults applied, seed chosen.
    pub(crate) job: Value,
    pub(crate) output_name: String,
    /// The real path of the base.
    pub(crate) base: String,
    pub(crate) fingerprint: String,
    pub(crate) pictures: u64,
    pub(crate) is_resumed: bool,
}

/// Fields that may change when a training goes on.
const MAY_CHANGE: &[&str] = &["/hyperparameters/epochs", "/hyperparameters/max_steps"];

/// Fields that do not decide the weights: the length, the records, and names; the data and the base count by what they are.
const NOT_IN_SEED: &[&str] = &[
    "/output_name",
    "/resume_from",
    "/training_data",
    "/validation_prompt",
    "/validation_every",
    "/hyperparameters/epochs",
    "/hyperparameters/max_steps",
    "/hyperparameters/checkpoint_every",
];

impl Spec {
    /// A first job. `seed`: chosen where the sender chose none.
    pub(crate) fn new(written: &Value, id: String, seed: u64, device: DeviceKind) -> Self {
        let mut job = effective_of("TrainingJob", written, device);
        if job["hyperparameters"]["seed"].as_i64().is_none_or(|seed| seed < 0) {
            job["hyperparameters"]["seed"] = seed.into();
        }
        let output_name = job["output_name"].as_str().map_or_else(|| id.clone(), str::to_owned);
        Self {
            id,
            job,
            output_name,
            base: String::new(),
            fingerprint: String::new(),
            pictures: 0,
            is_resumed: false,
        }
    }

    /// A recorded job that goes on. A field that is given with another value is `conflict`, except for the length.
    pub(crate) fn resumed(written: &Value, record: &Value, id: String) -> Result<Self, Failure> {
        let mut job = record["job"].clone();
        let mut violations = Vec::new();
        let mut length = Vec::new();
        for (pointer, value) in leaves(written) {
            if pointer == "/resume_from" {
                continue;
            }
            if MAY_CHANGE.contains(&pointer.as_str()) {
                length.push((pointer, value));
                continue;
            }
            let known = job.pointer(&pointer);
            let is_same = known.is_some_and(|known| {
                *known == value || known.as_f64().is_some_and(|known| Some(known) == value.as_f64())
            });
            let is_open_seed = pointer == "/hyperparameters/seed" && value == -1;
            if !is_same && !is_open_seed {
                let known = known.map_or_else(|| "absent".to_owned(), Value::to_string);
                let message = format!("{pointer} is {known} in the record, not {value}");
                violations.push(Violation::new(pointer, ErrorCode::Conflict, message));
            }
        }
        if let Some(first) = violations.first() {
            let message = format!("the resumed training differs from its record: {}", first.message);
            let failure = Failure::new(ErrorCode::Conflict, message).at(first.pointer.clone());
            return Err(Failure {
                errors: violations,
                ..failure.hint("leave these fields out, or start a new training")
            });
        }
        if let Value::Object(numbers) = &mut job["hyperparameters"]
            && !length.is_empty()
        {
            numbers.remove("epochs");
            numbers.remove("max_steps");
            for (pointer, value) in length {
                numbers.insert(pointer.rsplit('/').next().unwrap_or_default().to_owned(), value);
            }
        }
        let text = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
        Ok(Self {
            id,
            job,
            output_name: text("output_name"),
            base: text("base"),
            fingerprint: text("data"),
            pictures: 0,
            is_resumed: true,
        })
    }

    /// The same with its data set. Another one than the record's is `conflict`.
    pub(crate) fn with(mut self, data_set: &DataSet) -> Result<Self, Failure> {
        if self.is_resumed && self.fingerprint != data_set.fingerprint {
            let message = "the training data changed since this training began";
            return Err(Failure::new(ErrorCode::Conflict, message)
                .at("/training_data")
                .hint("start a new training"));
        }
        self.fingerprint.clone_from(&data_set.fingerprint);
        self.pictures = data_set.pictures;
        Ok(self)
    }

    pub(crate) fn to_record(&self) -> Value {
        json!({"job": self.job, "output_name": self.output_name, "base": self.base, "data": self.fingerprint})
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.job.get(name)?.as_str()
    }

    pub(crate) fn number(&self, name: &str) -> f64 {
        self.job["hyperparameters"][name].as_f64().unwrap_or_default()
    }

    pub(crate) fn count(&self, name: &str) -> Option<u64> {
        self.job["hyperparameters"][name].as_u64()
    }

    /// A number that follows from all that decides the weights: the data, the base and the job, but for its length, its
    /// records and its name. A training that goes on has the same one.
    pub(crate) fn seed(&self) -> u64 {
        let mut hash = Sha256::new();
        hash.update(&self.base);
        hash.update(&self.fingerprint);
        for (pointer, value) in leaves(&self.job) {
            if !NOT_IN_SEED.contains(&pointer.as_str()) {
                hash.update(format!("{pointer}={value};"));
            }
        }
        let digest: [u8; 32] = hash.finalize().into();
        u64::from_be_bytes(*digest.first_chunk().expect("32 bytes have a first 8"))
    }

    /// The rank of the LoRA.
    pub(crate) fn rank(&self) -> u64 {
        self.count("rank").unwrap_or(1)
    }

    pub(crate) fn steps_per_epoch(&self) -> u64 {
        let a_step = self.count("batch_size").unwrap_or(1) * self.count("gradient_accumulation").unwrap_or(1);
        self.pictures.div_ceil(a_step.max(1)).max(1)
    }

    pub(crate) fn total_steps(&self) -> u64 {
        self.count("max_steps").unwrap_or_else(|| self.count("epochs").unwrap_or(1) * self.steps_per_epoch())
    }

    /// Whether the result is a whole model.
    pub(crate) fn is_full(&self) -> bool {
        self.text("training_type") == Some("DreamBooth") && self.text("dreambooth_mode") == Some("full")
    }

    /// The `model_type` of the result.
    pub(crate) fn output_kind(&self) -> &'static str {
        match self.text("training_type") {
            Some("Textual Inversion") => "textual_inversion",
            _ if self.is_full() => "sdxl",
            _ => "lora",
        }
    }
}

/// Leaves of a document by their pointers.
fn leaves(document: &Value) -> Vec<(String, Value)> {
    fn walk(members: &Map<String, Value>, at: &str, found: &mut Vec<(String, Value)>) {
        for (name, value) in members {
            let pointer = format!("{at}/{name}");
            match value {
                Value::Object(inner) => walk(inner, &pointer, found),
                leaf => found.push((pointer, leaf.clone())),
            }
        }
    }
    let mut found = Vec::new();
    if let Value::Object(members) = document {
        walk(members, "", &mut found);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{MAY_CHANGE, NOT_IN_SEED};
    use serde_json::Value;

    /// A renamed field would else count in the seed, or could not change any more, without a word.
    #[test]
    fn fields_that_are_named_here_are_in_the_schema() {
        let schema = include_str!("../../../schemas/training_schema.json");
        let schema: Value = serde_json::from_str(schema).expect("JSON");
        for field in NOT_IN_SEED.iter().chain(MAY_CHANGE) {
            let (shape, name) = match field.strip_prefix("/hyperparameters/") {
                Some(name) => ("TrainingHyperparameters", name),
                None => ("TrainingJob", &field[1..]),
            };
            assert!(schema["$defs"][shape]["properties"][name].is_object(), "{shape} has no {name}");
        }
    }
}

//! Mutants as commands: each is one document of an action's request with one thing wrong, as its sender would send it.

use contracts::{Action, Failure, read_frame};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};

use super::{documents::of_definition, mutants::mutate, typed};

/// The variable that chooses another sample.
const SEED_VARIABLE: &str = "CONCORD_MUTANTS_SEED";
/// The sample where nothing chooses one.
const SEED: u64 = 20_261_129;

/// Commands that are refused, and by which seed they were chosen: a failure says it.
pub(crate) struct Sample {
    pub(crate) seed: u64,
    pub(crate) commands: Vec<Mutant>,
}

/// A command that is refused.
#[derive(Debug)]
pub(crate) struct Mutant {
    pub(crate) id: String,
    /// Without its LF.
    pub(crate) frame: String,
    /// What the library says of it.
    pub(crate) code: &'static str,
    pub(crate) field: Option<String>,
}

/// About so many of the mutants that are refused, of every action alike.
pub(crate) fn sent(count: usize) -> Sample {
    let seed = match std::env::var(SEED_VARIABLE) {
        Ok(seed) => seed.parse().unwrap_or_else(|_| panic!("{SEED_VARIABLE} is no number: {seed}")),
        Err(_) => SEED,
    };
    let mut rng = StdRng::seed_from_u64(seed);
    let all = all(&mut rng);
    let share = (count as f64 / all.len() as f64).min(1.0);
    let mut commands = Vec::with_capacity(count);
    for (action, fields) in all {
        if !rng.random_bool(share) {
            continue;
        }
        let id = format!("m-{}", commands.len());
        let frame = frame(action, &id, fields, rng.random_bool(0.5));
        if let Some(failure) = refusal(&frame) {
            commands.push(Mutant { id, frame, code: failure.code.as_str(), field: failure.field });
        }
    }
    Sample { seed, commands }
}

fn refusal(frame: &str) -> Option<Failure> {
    match read_frame(frame.as_bytes()) {
        Ok(incoming) => incoming.refusal(),
        Err(refusal) => Some(*refusal.failure),
    }
}

/// Every mutant of two documents of each action.
fn all(rng: &mut StdRng) -> Vec<(Action, Value)> {
    let mut all = Vec::new();
    for action in Action::ALL {
        let name = action.info().request;
        let (_, schema) = typed().find(|(typed, _)| *typed == name).expect("an action has a request");
        for (_, document) in of_definition(name, 2, rng) {
            mutate(schema, &document, &mut |mutant| all.push((action, mutant.clone())));
        }
    }
    all
}

/// A command in one of its forms. A field that is called as one of the envelope's is only in the documented.
fn frame(action: Action, id: &str, fields: Value, direct: bool) -> String {
    let own = ["action", "attempt", "request_id", "session_id", "gpu_id", "traceparent", "payload"];
    let mut frame = json!({"action": action.as_str(), "request_id": id});
    match fields {
        Value::Object(members) if direct && !members.keys().any(|name| own.contains(&name.as_str())) => {
            frame.as_object_mut().expect("it is an object").extend(members);
        }
        fields => frame["payload"] = fields,
    }
    frame.to_string()
}

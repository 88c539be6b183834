//! Documents that a generator makes of the schemas: the types take them and give them back.

use rand::{SeedableRng as _, rngs::StdRng};
use serde_json::{Map, Value};
use std::sync::LazyLock;

use super::read;
use crate::data::same;
use crate::mutated::{
    VALIDATORS, definitions,
    documents::{of_definition, small},
    typed,
};

/// One seed decides every document.
pub(crate) const SEED: u64 = 20_260_102;

/// Documents of one definition.
const EACH: usize = 24;

/// Documents of every definition, by a seeded generator: short strings and lists, everything else as it comes.
pub(crate) fn documents() -> &'static [(&'static str, Value)] {
    // Made once: five tests use them, and making them takes longer than all that is done with them.
    static DOCUMENTS: LazyLock<Vec<(&'static str, Value)>> = LazyLock::new(|| {
        let mut rng = StdRng::seed_from_u64(SEED);
        typed().flat_map(|(name, _)| of_definition(name, EACH, &mut rng)).collect()
    });
    &DOCUMENTS
}

/// A valid value of a schema.
pub(super) fn sample(schema: &Value) -> Value {
    let mut rng = StdRng::seed_from_u64(SEED);
    let smaller: Map<String, Value> =
        definitions().iter().map(|(name, schema)| (name.clone(), small(schema))).collect();
    let mut schema = small(schema);
    schema["$defs"] = Value::Object(smaller);
    noson::generate(&schema, &mut rng).expect("the generator makes a value")
}

#[test]
fn generated_documents_are_accepted_and_round_trip() {
    let documents = documents();
    assert!(documents.len() >= 2_000, "{}", documents.len());
    for &(name, ref document) in documents {
        let back = read(name, document).unwrap_or_else(|error| panic!("{name} refuses {document}: {error}"));
        assert!(same(&back, document), "{name}: {document}\nbecame {back}");
        assert!(VALIDATORS[name].is_valid(&back), "{name}: {back}");
    }
}

//! Dialects: the map of names is total and injective, and one document means the same in all three.

use contracts::{
    Action, Dialect, Writer,
    dictionary::{Shape, dictionary},
    naming::{camel, pascal},
    read_frame,
    tree::Tree,
};
use proptest::prelude::*;
use std::collections::HashMap;

use crate::{data::same, generated};

/// Every property has one name in each dialect, and no name of an object, in any dialect, means two properties.
#[test]
fn the_map_of_names_is_total_and_injective() {
    let mut properties = 0;
    for def in dictionary().defs() {
        let Shape::Object(spec) = &def.shape else { continue };
        let mut owners: HashMap<&str, &str> = HashMap::new();
        for property in &spec.properties {
            properties += 1;
            for dialect in Dialect::ALL {
                let name = dialect.name(property);
                assert!(!name.is_empty(), "{}.{}", def.name, property.snake);
                let owner = owners.entry(name).or_insert(&property.snake);
                assert_eq!(*owner, property.snake, "`{name}` of {} means two properties", def.name);
                assert!(spec.names.contains_key(name), "`{name}` of {} is not read", def.name);
            }
            assert_eq!(camel(&property.csharp), property.camel, "{}", property.csharp);
        }
    }
    assert!(properties > 200, "only {properties} properties");
}

/// C# has one class per definition: one snake name has one C# name wherever it stands.
#[test]
fn one_name_is_spelt_alike_everywhere() {
    let mut spelt: HashMap<&str, (&str, &str)> = HashMap::new();
    for def in dictionary().defs() {
        let Shape::Object(spec) = &def.shape else { continue };
        for property in &spec.properties {
            let (csharp, first) = *spelt.entry(&property.snake).or_insert((&property.csharp, &def.name));
            assert_eq!(csharp, property.csharp, "`{}` in {first} and in {}", property.snake, def.name);
        }
    }
}

/// Generated documents of every command, written in each dialect and both envelopes, are read to themselves.
#[test]
fn every_dialect_of_a_generated_command_means_the_same() {
    let mut read = 0;
    for &(definition, ref document) in generated::documents::documents() {
        for action in Action::ALL.iter().filter(|action| action.info().request == definition) {
            // The generator does not know the rules over several fields; those violations come in every dialect alike.
            let meant = contracts::read(definition, &Tree::of(document), Writer::Sender);
            for dialect in Dialect::ALL {
                let spelt = dialect.spell(definition, document);
                let mut direct = serde_json::Map::new();
                direct.insert("action".into(), action.as_str().into());
                direct.extend(spelt.as_object().unwrap().clone());
                let documented = serde_json::json!({"action": action, "payload": spelt});
                for frame in [serde_json::Value::Object(direct), documented] {
                    let text = frame.to_string();
                    let incoming =
                        read_frame(text.as_bytes()).unwrap_or_else(|err| panic!("{text}: {err:?}"));
                    let codes = |violations: &[contracts::Violation]| {
                        violations.iter().map(|violation| violation.code).collect::<Vec<_>>()
                    };
                    assert_eq!(
                        codes(&incoming.reading.violations),
                        codes(&meant.violations),
                        "{dialect} {text}"
                    );
                    assert_eq!(
                        incoming.reading.reported().is_some(),
                        meant.reported().is_some(),
                        "{dialect} {text}"
                    );
                    if let (Some(ours), Some(meant)) = (incoming.reading.reported(), meant.reported()) {
                        assert!(same(ours, meant), "{dialect} {text}\nread {ours}\nmeant {meant}");
                    }
                    read += 1;
                }
            }
        }
    }
    assert!(read > 5_000, "only {read} readings");
}

proptest! {
    /// The mechanical rule keeps words apart: two snake names never give one C# name.
    #[test]
    fn the_mechanical_rule_is_injective(a in snake_name(), b in snake_name()) {
        prop_assert_eq!(a == b, pascal(&a) == pascal(&b));
        prop_assert_eq!(a == b, camel(&pascal(&a)) == camel(&pascal(&b)));
    }
}

/// Words of letters, as the schemas write them; a word that begins with a digit does not survive by rule.
fn snake_name() -> impl Strategy<Value = String> {
    prop::collection::vec("[a-z][a-z0-9]{0,4}", 1..4).prop_map(|words| words.join("_"))
}

//! The quick look at canonical documents against the reading: it vouches for nothing that has a violation, and for
//! everything that has none unless rules over several fields stand on it.

use contracts::{
    Writer,
    dictionary::{Shape, dictionary},
    read,
    testing::is_faultless,
    tree::Tree,
};
use std::collections::HashMap;

use super::documents::documents;
use crate::mutated::{mutants::mutate, typed};

#[test]
fn a_quick_look_and_a_reading_agree() {
    let (mut vouched, mut faulty, mut left) = (0_usize, 0_usize, 0_usize);
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for &(name, ref document) in documents() {
        let is_object = matches!(dictionary().resolve(&dictionary().named(name).shape), Shape::Object(_));
        let round = seen.entry(name).or_default();
        *round += 1;
        if !is_object || *round > 1 {
            continue;
        }
        let schema = typed().find(|(typed, _)| *typed == name).map(|(_, schema)| schema).unwrap();
        mutate(schema, document, &mut |mutant| {
            let violations = read(name, &Tree::of(mutant), Writer::Canonical).violations;
            match (is_faultless(name, mutant), violations.is_empty()) {
                (true, good) => {
                    assert!(good, "{name}: {violations:?} in {mutant}");
                    vouched += 1;
                }
                (false, false) => faulty += 1,
                (false, true) => left += 1,
            }
        });
    }
    eprintln!("{vouched} vouched for, {faulty} faulty, {left} left to the reading");
    assert!(vouched >= 1_000 && faulty >= 10_000, "{vouched} vouched for, {faulty} faulty");
    assert!(left < vouched, "{left} are left to the reading, and only {vouched} vouched for");
}

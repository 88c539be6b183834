//! A bounded run of every target: the corpus as it is, then mutants of one seed.

use fuzz::{corpus, mutate::Mutator, targets};

/// Mutants for each target; `cargo xtask fuzz` runs for a given time instead.
const MUTANTS: usize = 4000;

fn hold(name: &str) {
    let (_, target) = targets::ALL.into_iter().find(|(known, _)| *known == name).expect("a target");
    let corpus = corpus::read().expect("the fixtures are there");
    assert!(corpus.len() > 100, "{}", corpus.len());
    for input in &corpus {
        target(input);
    }
    let mut mutator = Mutator::new(corpus, 1);
    for number in 0..MUTANTS {
        let input = mutator.next_input();
        let held = std::panic::catch_unwind(|| target(&input));
        assert!(held.is_ok(), "{name}, mutant {number}: {:?}", String::from_utf8_lossy(&input));
    }
}

#[test]
fn frames() {
    hold("frames");
}

#[test]
fn envelopes() {
    hold("envelopes");
}

#[test]
fn readings() {
    hold("readings");
}

#[test]
fn replies() {
    hold("replies");
}

#[test]
fn safetensors() {
    hold("safetensors");
}

#[test]
fn the_same_seed_makes_the_same_inputs() {
    let corpus = corpus::read().expect("the fixtures are there");
    let inputs = |seed| {
        let mut mutator = Mutator::new(corpus.clone(), seed);
        (0..50).map(|_| mutator.next_input()).collect::<Vec<_>>()
    };
    assert_eq!(inputs(7), inputs(7));
    assert_ne!(inputs(7), inputs(8));
}

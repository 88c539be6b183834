//! Every bound and every invalid fixture as a real command: one line each, with the library's verdict, and the worker
//! goes on.

#[path = "../../../contracts/tests/it/bounds.rs"]
mod commands;
#[path = "../../../contracts/tests/it/mutated/mod.rs"]
mod mutated;

use contracts::{Action, Reply};
use serde_json::json;

use commands::{code, field, id};

use crate::support::Sim;

/// Lines that are written before their replies are read; a pipe takes far more.
const AHEAD: usize = 32;
/// Mutants that are sent: `CONCORD_MUTANTS_SEED` chooses others.
const MUTANTS: usize = 4000;

#[test]
fn every_bound_is_answered_once_and_the_worker_lives() {
    let mut sim = Sim::start(&[]);
    let sent: Vec<_> = commands::commands().into_iter().filter(commands::is_harmless).collect();
    assert!(sent.len() > 3000, "{}", sent.len());
    for some in sent.chunks(AHEAD) {
        for sent in some {
            sim.write(format!("{}\n", sent.frame).as_bytes());
        }
        for sent in some {
            let reply = sim.line();
            assert_eq!(id(&reply), &json!(sent.id), "{}: {reply}", sent.frame);
            // What is the gateway's own is unknown to a worker, whatever its fields.
            let verdict =
                commands::verdict(sent.frame.as_bytes()).filter(|_| code(&reply) != Some("unknown_action"));
            if let Some(verdict) = verdict {
                assert_eq!(code(&reply), Some(verdict), "{}: {reply}", sent.frame);
            }
        }
    }
    for frame in commands::fixtures() {
        sim.write(&[frame.as_slice(), b"\n"].concat());
        let reply = sim.line();
        let verdict = commands::verdict(&frame).filter(|_| code(&reply) != Some("unknown_action"));
        assert_eq!(
            code(&reply).filter(|code| *code != "unknown_action"),
            verdict,
            "{}: {reply}",
            String::from_utf8_lossy(&frame)
        );
    }
    sim.close();
    assert_eq!(sim.wait().0.code(), Some(0));
}

/// With a model that is there: figures are made of values within their bounds, and of nothing else.
#[test]
fn a_report_of_a_value_out_of_bounds_has_no_figures() {
    let mut sim = Sim::start(&[]);
    sim.data("initialize", json!({"protocol_versions": ["1"], "features": [], "dialect": "snake"}));
    let commands = commands::commands().into_iter();
    let sent = commands.filter(|sent| sent.action == Action::ValidateRequest);
    let mut refused = 0;
    for sent in sent {
        let frame = sent.frame.replace("\"base\":\"nobody\"", "\"base\":\"sdxl_base\"");
        sim.write(format!("{frame}\n").as_bytes());
        let reply = sim.line();
        Reply::read(Action::ValidateRequest, &reply).unwrap_or_else(|err| panic!("{frame}: {err}: {reply}"));
        assert_eq!(id(&reply), &json!(sent.id), "{frame}: {reply}");
        let incoming = contracts::read_frame(frame.as_bytes()).expect("an envelope");
        if reply["data"]["normalized"].is_object() && !incoming.reading.is_valid() {
            refused += 1;
            assert_eq!(reply["data"]["validation_details"], json!({}), "{frame}: {reply}");
        }
    }
    assert!(refused > 100, "{refused}");
}

#[test]
fn every_mutant_is_refused_at_its_place_and_the_worker_lives() {
    let mut sim = Sim::start(&[]);
    let sample = mutated::commands::sent(MUTANTS);
    assert!(sample.commands.len() > MUTANTS / 2, "{}", sample.commands.len());
    for some in sample.commands.chunks(AHEAD) {
        for mutant in some {
            sim.write(format!("{}\n", mutant.frame).as_bytes());
        }
        for mutant in some {
            let reply = sim.line();
            let said = (id(&reply).as_str(), code(&reply), field(&reply));
            let wanted = (Some(mutant.id.as_str()), Some(mutant.code), mutant.field.as_deref());
            // What is the gateway's own is unknown to a worker, whatever its fields.
            let is_right = said == wanted || code(&reply) == Some("unknown_action");
            assert!(is_right, "seed {}: {mutant:?}: {reply}", sample.seed);
        }
    }
    sim.close();
    assert_eq!(sim.wait().0.code(), Some(0));
}

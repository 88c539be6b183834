//! Whether all parties agree: payloads made from the schemas, read by the schema itself (an independent validator), Rust, C# (the
//! model of System.Text.Json, and real .NET with the generated types) and Python. The same verdict, the same violations, equal
//! values (§10.5 of the contract).
//!
//! [`goal`] computes what payloads must hit, [`plan`] makes them, [`party`] asks, [`compare`] judges, [`shrink`] makes a
//! disagreement small.

mod answer;
mod compare;
mod document;
mod edit;
mod goal;
mod party;
mod payload;
mod plan;
pub mod report;
mod shrink;

use contracts::Dialect;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    thread,
};

use crate::{
    reading::{self, csharp::Classes},
    verdict::Verdict,
};
use answer::Answer;
use goal::{Goal, HITS};
pub use party::PartyError;
use party::{Dotnet, Model, Party, Python, Schema};
use payload::Payload;
use plan::Plan;

/// Fewest payloads of a whole run.
const PAYLOADS_MIN: usize = 5_000;

/// The smallest share of payloads that must be refused, in percent.
const REFUSED_PERCENT_MIN: usize = 40;

/// Disagreements that a report shows; the others are counted.
const SHOWN_MAX: usize = 10;

/// The payloads to ask about, and the parties to ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// The seed of the payloads.
    pub seed: u64,
    /// At most so many payloads, spread over all of them.
    pub sample: Option<usize>,
    /// One payload alone, by its number.
    pub payload: Option<usize>,
    /// The parties that are asked beside the schema, Rust and the model of .NET.
    pub parties: reading::Choice,
}

/// The result of a run.
#[derive(Clone, Debug)]
pub struct Agreement {
    choice: Choice,
    /// The payloads that were asked, and how many of them Rust refuses.
    payloads: usize,
    refused: usize,
    by_dialect: BTreeMap<&'static str, usize>,
    /// Each party with the number of payloads that it was asked and has a word for.
    parties: Vec<(&'static str, usize)>,
    skipped: Skipped,
    goals: usize,
    /// Goals with too few hits, with these; of a whole run only.
    holes: Vec<(Goal, usize)>,
    /// Goals that are said to be out of reach, and were hit.
    stale: Vec<Goal>,
    disagreements: Vec<Disagreement>,
    /// How many there are in all.
    disagreements_total: usize,
}

/// One payload that the parties read differently.
#[derive(Clone, Debug)]
struct Disagreement {
    payload: Payload,
    party: &'static str,
    sentence: String,
    /// The answer of each party to the shrunk payload.
    answers: Vec<(&'static str, Answer)>,
}

impl Agreement {
    /// Whether it is of every payload.
    fn is_whole(&self) -> bool {
        self.choice.sample.is_none() && self.choice.payload.is_none()
    }

    /// Why a whole run shows too little, if it does.
    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if !self.is_whole() {
            return faults;
        }
        if self.payloads < PAYLOADS_MIN {
            faults.push(format!("{} payloads; at least {PAYLOADS_MIN} are needed", self.payloads));
        }
        if self.refused * 100 < self.payloads * REFUSED_PERCENT_MIN {
            faults.push(format!("{} payloads are refused; {REFUSED_PERCENT_MIN} % are needed", self.refused));
        }
        faults.extend(
            self.stale.iter().map(|goal| format!("hit, though it is said to be out of reach: {goal}")),
        );
        for dialect in Dialect::ALL.iter().map(|dialect| dialect.as_str()) {
            if self.by_dialect.get(dialect).is_none_or(|hits| *hits < HITS) {
                faults.push(format!("the dialect {dialect} is hit less than {HITS} times"));
            }
        }
        faults
    }

    /// The verdict: broken where parties disagree, or where a whole run misses a goal.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if self.payloads == 0 {
            Verdict::CouldNotRun
        } else if self.disagreements.is_empty() && self.holes.is_empty() && self.faults().is_empty() {
            Verdict::Ok
        } else {
            Verdict::Broken
        }
    }
}

/// Asks all parties about all payloads.
///
/// # Errors
/// A party that stopped answering.
pub fn run(choice: &Choice) -> Result<Agreement, PartyError> {
    let Plan { payloads, hits } = plan::make(choice);
    let chosen: Vec<&Payload> = payloads.iter().collect();
    let (mut parties, skipped) = parties(choice)?;
    let answers = ask(&mut parties, &chosen)?;
    let mut found = Vec::new();
    for (index, payload) in chosen.iter().enumerate() {
        for (party, answers) in answers.iter().enumerate() {
            let name = parties[party].name();
            let sentence =
                answers[index].as_ref().and_then(|answer| compare::disagreement(&payload.rust, name, answer));
            found.extend(sentence.map(|sentence| (*payload, party, sentence)));
        }
    }
    let disagreements_total = found.len();
    let mut by_dialect = BTreeMap::new();
    for payload in &chosen {
        *by_dialect.entry(payload.dialect.as_str()).or_default() += 1;
    }
    let counts =
        parties.iter().zip(&answers).map(|(party, answers)| (party.name(), answers.iter().flatten().count()));
    let counts = counts.collect();
    // One of each goal: the others are most likely the same.
    let mut seen = BTreeSet::new();
    let first = found.into_iter().filter(|(payload, party, _)| seen.insert((&payload.goal, *party)));
    let disagreements = first
        .take(SHOWN_MAX)
        .map(|(payload, party, sentence)| explain(&mut parties, payload, party, sentence))
        .collect();
    let is_whole = choice.sample.is_none() && choice.payload.is_none();
    let goals = hits.len();
    let (holes, stale) = if is_whole { holes(hits) } else { (Vec::new(), Vec::new()) };
    Ok(Agreement {
        choice: choice.clone(),
        payloads: chosen.len(),
        refused: chosen.iter().filter(|payload| payload.rust.refuses).count(),
        by_dialect,
        parties: counts,
        skipped,
        goals,
        holes,
        stale,
        disagreements,
        disagreements_total,
    })
}

/// The goals with too few hits, and those that cannot be hit and were.
fn holes(hits: BTreeMap<Goal, usize>) -> (Vec<(Goal, usize)>, Vec<Goal>) {
    let (out_of_reach, others): (Vec<_>, Vec<_>) =
        hits.into_iter().partition(|(goal, _)| goal.is_out_of_reach());
    let stale = out_of_reach.into_iter().filter(|(_, hits)| *hits > 0).map(|(goal, _)| goal).collect();
    (others.into_iter().filter(|(_, hits)| *hits < HITS).collect(), stale)
}

type Parties = Vec<Box<dyn Party>>;

/// Parties that are not asked, with the reason.
type Skipped = Vec<(&'static str, String)>;

/// The parties that are compared with Rust, and why others cannot be.
fn parties(choice: &Choice) -> Result<(Parties, Skipped), PartyError> {
    let mut parties: Parties = vec![Box::new(Schema::default())];
    let mut skipped = Skipped::new();
    let classes = Arc::new(Classes::of_all(contracts::dictionary::dictionary()));
    let peer = choice
        .parties
        .dotnet
        .as_deref()
        .map(|program| Dotnet::start(program, classes.types()))
        .transpose()?;
    parties.push(Box::new(Model::new(&classes, peer.as_ref())));
    match &peer {
        Some(peer) => parties.push(Box::new(Dotnet::of(peer))),
        None => skipped
            .push(("dotnet", "no built Peer.dll of conformance/dotnet: name it with --dotnet".to_owned())),
    }
    match &choice.parties.python {
        Some(python) => parties.push(Box::new(Python::start(python)?)),
        None => {
            skipped
                .push(("python", "no Python with the workers' package: name one with --python".to_owned()));
        }
    }
    Ok((parties, skipped))
}

/// The answers of each party to each payload, each party on a thread of its own.
fn ask(parties: &mut Parties, payloads: &[&Payload]) -> Result<Vec<Vec<Option<Answer>>>, PartyError> {
    let names: Vec<&str> = parties.iter().map(|party| party.name()).collect();
    thread::scope(|scope| {
        let asked: Vec<_> = parties
            .iter_mut()
            .map(|party| scope.spawn(move || payloads.iter().map(|payload| party.ask(payload)).collect()))
            .collect();
        let answers = asked.into_iter().zip(names);
        answers.map(|(thread, party)| thread.join().map_err(|_| PartyError::Panicked { party })?).collect()
    })
}

/// The least form of a disagreement, with what each party says of it.
fn explain(parties: &mut Parties, payload: &Payload, party: usize, sentence: String) -> Disagreement {
    let name = parties[party].name();
    let mut asked = |payload: &Payload| -> Option<String> {
        let rust = party::rust_answer(payload);
        let answer = parties[party].ask(payload).ok()??;
        compare::disagreement(&rust, name, &answer)
    };
    let least = shrink::shrink(payload, &mut |smaller| asked(smaller).is_some());
    // A party that no longer answers leaves the sentence about the whole payload.
    let sentence = asked(&least).unwrap_or(sentence);
    let rust = ("rust", party::rust_answer(&least));
    let others = parties.iter_mut().filter_map(|party| Some((party.name(), party.ask(&least).ok()??)));
    let answers = std::iter::once(rust).chain(others).collect();
    Disagreement { payload: least, party: name, sentence, answers }
}

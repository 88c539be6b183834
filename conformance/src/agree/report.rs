//! The printed forms of an agreement.

use serde_json::{Value, json};
use std::io::{self, Write};

use super::{Agreement, Choice, Disagreement, HITS, goal};

/// Goals without enough hits that a report for people lists.
const HOLES_MAX: usize = 20;

/// Writes it for people.
///
/// # Errors
/// The error of the writer.
pub fn human(agreement: &Agreement, out: &mut dyn Write) -> io::Result<()> {
    for (index, disagreement) in agreement.disagreements.iter().enumerate() {
        writeln!(out, "{}. {}", index + 1, head(disagreement))?;
        writeln!(out, "   {}", disagreement.payload.text())?;
        for (party, answer) in &disagreement.answers {
            let word = if answer.refuses { "refuses it" } else { "accepts it" };
            writeln!(out, "   {party:<8}{word}{}", said(answer))?;
        }
        writeln!(out, "   {}\n", replay(&agreement.choice, disagreement))?;
    }
    let more = agreement.disagreements_total - agreement.disagreements.len();
    if more > 0 {
        writeln!(out, "and {more} more disagreements\n")?;
    }
    for (goal, hits) in agreement.holes.iter().take(HOLES_MAX) {
        writeln!(out, "hit {hits} times, {HITS} are needed: {goal}")?;
    }
    if agreement.holes.len() > HOLES_MAX {
        writeln!(out, "and {} more goals", agreement.holes.len() - HOLES_MAX)?;
    }
    for fault in agreement.faults() {
        writeln!(out, "{fault}")?;
    }
    summary(agreement, out)
}

fn summary(agreement: &Agreement, out: &mut dyn Write) -> io::Result<()> {
    let Agreement { payloads, refused, goals, .. } = agreement;
    let dialects: Vec<String> =
        agreement.by_dialect.iter().map(|(name, count)| format!("{name} {count}")).collect();
    writeln!(
        out,
        "payloads: {payloads} ({refused} refused; {}), seed {}",
        dialects.join(", "),
        agreement.choice.seed
    )?;
    if agreement.is_whole() {
        let out_of_reach = goal::out_of_reach();
        let covered = goals - agreement.holes.len() - out_of_reach.len();
        writeln!(
            out,
            "goals: {covered} of {goals} hit {HITS} times or more: each field, bound and rule of the schemas, but {} bounds too large \
             to generate",
            goal::bounds_left_out()
        )?;
        for (goal, why) in out_of_reach {
            writeln!(out, "out of reach: {goal}: {why}")?;
        }
    } else {
        writeln!(out, "goals: not judged, as this is a part of the payloads")?;
    }
    for (party, asked) in &agreement.parties {
        writeln!(out, "{party}: {asked} answers")?;
    }
    for (party, why) in &agreement.skipped {
        writeln!(out, "{party}: skipped: {why}")?;
    }
    let skipped = agreement.skipped.len();
    writeln!(out, "disagreements: {}, parties skipped: {skipped}", agreement.disagreements_total)
}

fn head(disagreement: &Disagreement) -> String {
    let Disagreement { payload, party, sentence, .. } = disagreement;
    format!("{party} and rust on {} ({}): {sentence}", payload.goal, payload.dialect)
}

fn said(answer: &super::Answer) -> String {
    match (&answer.value, answer.why.as_str()) {
        (Some(value), "" | "[]") => format!(": {value}"),
        (_, "" | "[]") => String::new(),
        (_, why) => format!(": {why}"),
    }
}

/// The command that asks about the payload again.
fn replay(choice: &Choice, disagreement: &Disagreement) -> String {
    let mut command =
        format!("conformance agree --seed {} --payload {}", choice.seed, disagreement.payload.number);
    for (flag, path) in [("--dotnet", &choice.parties.dotnet), ("--python", &choice.parties.python)] {
        if let Some(path) = path {
            command += &format!(" {flag} {}", path.display());
        }
    }
    command
}

/// Writes it for programs, by `schemas/agree.json`.
///
/// # Errors
/// The error of the writer.
pub fn json(agreement: &Agreement, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &document(agreement))?;
    writeln!(out)
}

fn document(agreement: &Agreement) -> Value {
    let disagreement = |disagreement: &Disagreement| {
        let answers = disagreement.answers.iter().map(|(party, answer)| {
            json!({"party": party, "refuses": answer.refuses, "why": answer.why, "value": answer.value})
        });
        json!({
            "party": disagreement.party,
            "sentence": disagreement.sentence,
            "definition": disagreement.payload.definition,
            "dialect": disagreement.payload.dialect,
            "goal": disagreement.payload.goal.to_string(),
            "payload": disagreement.payload.text(),
            "answers": answers.collect::<Vec<_>>(),
            "replay": replay(&agreement.choice, disagreement),
        })
    };
    json!({
        "verdict": agreement.verdict().as_str(),
        "seed": agreement.choice.seed,
        "payloads": agreement.payloads,
        "refused": agreement.refused,
        "dialects": agreement.by_dialect,
        "whole": agreement.is_whole(),
        "goals": agreement.goals,
        "holes": agreement.holes.iter().map(|(goal, hits)| json!({"goal": goal.to_string(), "hits": hits})).collect::<Vec<_>>(),
        "faults": agreement.faults(),
        "parties": agreement.parties.iter().map(|(party, answers)| json!({"party": party, "answers": answers})).collect::<Vec<_>>(),
        "skipped": agreement.skipped.iter().map(|(party, why)| json!({"party": party, "why": why})).collect::<Vec<_>>(),
        "disagreements": agreement.disagreements.iter().map(disagreement).collect::<Vec<_>>(),
        "disagreements_total": agreement.disagreements_total,
    })
}

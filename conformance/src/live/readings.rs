//! Documents as the target reads them: `normalized` and `effective` of `validate_request` against the reading of `contracts`.

use contracts::{Action, DeviceKind, Dialect, Form, Writer, effective, tree::Tree};
use serde_json::{Value, json};

use crate::{
    check::{CheckDef, ScenarioEnd},
    class::Class,
    context::Context,
    exchange::{Command, StrictReading, difference},
    generate::Generator,
    scenario::{Checks, Scenario},
    sentence::Sentence,
};

/// Payloads that real .NET wrote in four option sets, with their canonical documents.
const ORACLE: &str = include_str!("../../../fixtures/oracle/requests.jsonl");

/// Documents that are generated from the schema.
const GENERATED: usize = 200;

const NORMALIZED: Sentence = Sentence::NormalizedIsWhatWasRead;
const EFFECTIVE: Sentence = Sentence::EffectiveHasDefaults;

pub(super) fn scenarios(seed: u64) -> Vec<Scenario> {
    let mut scenarios: Vec<Scenario> =
        ["default", "ignore_null", "web", "relaxed"].into_iter().map(oracle).collect();
    scenarios.push(generated(seed));
    scenarios
}

fn pair(id: &str) -> [CheckDef; 2] {
    [
        CheckDef::new(format!("{id}.normalized"), Class::Names, NORMALIZED),
        CheckDef::new(format!("{id}.effective"), Class::Default, EFFECTIVE),
    ]
}

/// Every row of the oracle under one option set.
fn oracle(options: &'static str) -> Scenario {
    let rows: Vec<Value> =
        ORACLE.lines().map(|line| serde_json::from_str(line).expect("fixtures are tested")).collect();
    let checks = rows.iter().flat_map(|row| pair(&format!("row-{}", row["i"])));
    Scenario::new(format!("readings.dotnet-{options}"), checks.collect(), move |context, checks| {
        let device = device(context)?;
        for row in &rows {
            let text = row[options].as_str().expect("fixtures are tested").replacen(
                "generate_sdxl_enhanced",
                "validate_request",
                1,
            );
            let answer = context.send(text.as_bytes(), "validate_request")?;
            let dialect =
                if context.is_gateway() && options == "web" { Dialect::Camel } else { Dialect::Pascal };
            let reading = StrictReading::of(Action::ValidateRequest, dialect, &answer);
            judge(checks, &format!("row-{}", row["i"]), &reading, &row["canonical"], device);
        }
        Ok(())
    })
}

/// Generated documents, in each dialect in turn; some break rules over several fields.
fn generated(seed: u64) -> Scenario {
    let documents: Vec<Value> = {
        let mut generator = Generator::new(seed);
        (0..GENERATED).map(|_| generator.document("PromptSubmission")).collect()
    };
    let checks = (0..GENERATED).flat_map(|i| pair(&format!("document-{i}")));
    Scenario::new("readings.generated", checks.collect(), move |context, checks| {
        let device = device(context)?;
        for (i, document) in documents.iter().enumerate() {
            let read = contracts::read("PromptSubmission", &Tree::of(document), Writer::Sender);
            let Some(meant) = read.into_reported() else {
                return Err(ScenarioEnd::Undecided(format!(
                    "the tool generated what it cannot read: {document}"
                )));
            };
            let mut command = Command::new(Action::ValidateRequest, json!({"prompt_submission": document}))
                .id(context.fresh_id());
            command.dialect = Dialect::ALL[i % 3];
            command.form = if i % 2 == 0 { Form::Direct } else { Form::Documented };
            let reading = context.ask(&command)?;
            judge(checks, &format!("document-{i}"), &reading, &meant, device);
        }
        Ok(())
    })
}

fn device(context: &mut Context) -> Result<DeviceKind, ScenarioEnd> {
    let status = context.get(Action::GetStatus, json!({}))?;
    Ok(if status["gpu_id"] == "cpu_0" { DeviceKind::Cpu } else { DeviceKind::Gpu })
}

fn judge(checks: &mut Checks<'_>, id: &str, reading: &StrictReading, meant: &Value, device: DeviceKind) {
    let data = reading.data();
    let verdict = |member: &str, wanted: &Value| match &data {
        Ok(data) => difference(wanted, &data[member], "").map_or(Ok(()), Err),
        Err(why) => Err(why.clone()),
    };
    checks.decide(&format!("{id}.normalized"), verdict("normalized", meant));
    checks.decide(&format!("{id}.effective"), verdict("effective", &effective(meant, device)));
}

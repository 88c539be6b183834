//! Documents as the target reads them: `normalized` and `effective` of `validate_request` against the reading of `contracts`.

use std::collections::BTreeMap;

use contracts::{
    Action, DeviceKind, Dialect, Form, Writer,
    dictionary::{EnumSpec, Shape, dictionary},
    effective,
    leaves::{Leaf, leaves},
    tree::Tree,
};
use serde_json::{Value, json};

use crate::{
    case::with,
    check::{CheckDef, ScenarioEnd},
    class::Class,
    context::{Context, picture_url},
    display,
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
const SPELLINGS: Sentence = Sentence::UnsetIsAbsent;
const EFFECTIVE: Sentence = Sentence::EffectiveHasDefaults;

pub(super) fn scenarios(seed: u64) -> Vec<Scenario> {
    let mut scenarios: Vec<Scenario> =
        ["default", "ignore_null", "web", "relaxed"].into_iter().map(oracle).collect();
    scenarios.push(generated(seed));
    scenarios.push(enum_values());
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

/// Every spelling of every value of an enum, as the table has it and in the other case.
fn enum_values() -> Scenario {
    let enums: Vec<(&str, &EnumSpec)> =
        leaves().iter().filter_map(|leaf| Some((leaf.pointer.as_str(), enum_of(leaf)?))).collect();
    let id = |pointer: &str| pointer.trim_start_matches('/').replace("/*/", "/").replace('/', "-");
    let checks =
        enums.iter().map(|(pointer, _)| CheckDef::new(id(pointer), Class::Enum, SPELLINGS)).collect();
    Scenario::new("readings.enum-values", checks, move |context, checks| {
        for (pointer, spec) in &enums {
            // A value has several spellings, which may differ in case alone: each way to write it is asked once.
            let written: BTreeMap<String, &String> = spec
                .spellings
                .iter()
                .map(|(spelling, (index, _))| (spelling, &spec.values[*index]))
                .flat_map(|(spelling, value)| {
                    [value.clone(), spelling.clone(), spelling.to_uppercase()].map(|written| (written, value))
                })
                .collect();
            for (written, value) in &written {
                checks.decide(&id(pointer), read_as(context, pointer, written, value)?);
            }
        }
        Ok(())
    })
}

/// The enum of a leaf, or of the items of one.
fn enum_of(leaf: &'static Leaf) -> Option<&'static EnumSpec> {
    match dictionary().resolve(&leaf.property.shape) {
        Shape::Enum(spec) => Some(spec),
        Shape::List(list) => match dictionary().resolve(&list.item) {
            Shape::Enum(spec) => Some(spec),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a spelling is read as a value. The target may lack the value, but it knows it.
fn read_as(
    context: &mut Context,
    pointer: &str,
    written: &str,
    value: &str,
) -> Result<Result<(), String>, ScenarioEnd> {
    let is_list = leaves().iter().any(|leaf| {
        leaf.pointer == pointer && matches!(dictionary().resolve(&leaf.property.shape), Shape::List(_))
    });
    let at = format!("{}{}", pointer.replace('*', "0"), if is_list { "/0" } else { "" });
    let mut document = context.small_submission();
    if pointer.contains("control_nets") {
        document["conditioning"]["control_nets"] = json!([{"image": picture_url(90)}]);
    }
    let document = with(document, &at, written.into());
    let id = context.fresh_id();
    let fields = json!({"prompt_submission": document});
    let reading = context.ask(&Command::new(Action::ValidateRequest, fields).id(id))?;
    let data = reading.data().map_err(ScenarioEnd::Broken)?;
    let read = data["normalized"].pointer(&at);
    let errors = data["errors"].as_array().map_or(&[][..], Vec::as_slice);
    let unknown = errors.iter().any(|error| {
        error["code"] == "unsupported_value"
            && error["pointer"].as_str().is_some_and(|place| place.ends_with(&at))
    });
    Ok(if unknown || read.is_some_and(|read| read != value) {
        Err(format!(
            "{written} at {at} is {value}; it is read as {}, with {}",
            display::json(&read),
            data["errors"],
            written = display::json(&written),
            value = display::json(&value)
        ))
    } else {
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

//! The members that the existing C# bridge binds (contract §7.4), under their exact PascalCase names, with their C# types.

use contracts::{Action, Dialect, Form};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

use crate::{
    case,
    check::{CheckDef, ScenarioEnd},
    class::Class,
    context::Context,
    display,
    exchange::Command,
    scenario::Scenario,
    sentence::Sentence,
};

/// The table of contract §7.4.
const TABLE: &str = include_str!("../../data/binding.json");

#[derive(Deserialize)]
struct Row {
    actions: Vec<String>,
    members: BTreeMap<String, String>,
}

const SENTENCE: Sentence = Sentence::BridgeMembers;

pub(super) fn scenarios() -> Vec<Scenario> {
    let rows: Vec<Row> = serde_json::from_str(TABLE).expect("the table is tested");
    let mut scenarios = Vec::new();
    for Row { actions, members } in rows {
        for action in actions {
            let action: Action = action.parse().expect("the table names actions");
            scenarios.push(scenario(action, members.clone()));
        }
    }
    scenarios
}

fn scenario(action: Action, members: BTreeMap<String, String>) -> Scenario {
    let mut checks = vec![
        CheckDef::new("Success", Class::Type, Sentence::BridgeResponseSuccess),
        CheckDef::new("Error", Class::Type, Sentence::BridgeResponseError),
        CheckDef::new("Data", Class::Type, Sentence::BridgeResponseData),
    ];
    checks
        .extend(members.keys().map(|member| CheckDef::new(format!("Data-{member}"), Class::Case, SENTENCE)));
    Scenario::new(format!("binding.{action}"), checks, move |context, checks| {
        let reply = pascal_reply(context, action)?;
        checks.hold("Success", reply["Success"] == true, || format!("Success is {}", reply["Success"]));
        checks.hold("Error", reply.get("Error") == Some(&Value::Null), || {
            format!("Error is {}", display::json(&reply.get("Error")))
        });
        checks.hold("Data", reply["Data"].is_object(), || format!("Data is {}", reply["Data"]));
        for (member, clr) in &members {
            let value = reply["Data"].get(member);
            checks.hold(&format!("Data-{member}"), binds(value, clr), || match value {
                Some(value) => format!("{value} does not bind to {clr}"),
                None => format!("there is no member {member}, so that C# binds its default"),
            });
        }
        Ok(())
    })
}

fn pascal_reply(context: &mut Context, action: Action) -> Result<Value, ScenarioEnd> {
    if action == Action::LoadFromCache {
        let fields = case::fields(Action::LoadModelToCache, context, "")?;
        context.get(Action::LoadModelToCache, fields)?;
    }
    let fields = case::fields(action, context, "")?;
    let mut command =
        Command::new(action, if fields.is_object() { fields } else { json!({}) }).id(context.fresh_id());
    (command.form, command.dialect) = (Form::Direct, Dialect::Pascal);
    Ok(context.send(command.frame().to_string().as_bytes(), action.as_str())?.value)
}

/// Whether System.Text.Json binds a value to a C# type without a silent default.
fn binds(value: Option<&Value>, clr: &str) -> bool {
    let Some(value) = value else { return clr.ends_with('?') };
    match clr {
        "string" => value.is_string(),
        "string?" => value.is_string() || value.is_null(),
        "bool" => value.is_boolean(),
        "double" => value.is_number(),
        "int" => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
        "long" => value.as_i64().is_some(),
        "string[]" => value.as_array().is_some_and(|items| items.iter().all(Value::is_string)),
        "map<bool>" => value.as_object().is_some_and(|members| members.values().all(Value::is_boolean)),
        "map" => value.is_object(),
        other => panic!("unknown C# type `{other}` in the table"),
    }
}

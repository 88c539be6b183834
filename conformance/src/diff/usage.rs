//! What clients were seen to send: says of a finding which of them breaks. Its shape is `schemas/usage.json`.

use serde::Deserialize;
use serde_json::Value;
use std::{collections::BTreeMap, fs, path::Path};

use super::{Finding, LoadError, rule::Effect};

/// What a gateway saw.
#[derive(Clone, Debug, Deserialize)]
pub struct Usage {
    clients: Vec<Client>,
}

#[derive(Clone, Debug, Deserialize)]
struct Client {
    client: String,
    actions: Vec<Action>,
}

#[derive(Clone, Debug, Deserialize)]
struct Action {
    action: String,
    count: u64,
    last_seen: String,
    #[serde(default)]
    dialects: BTreeMap<String, u64>,
    #[serde(default)]
    fields: Vec<Field>,
}

#[derive(Clone, Debug, Deserialize)]
struct Field {
    field: String,
    count: u64,
    last_seen: String,
    #[serde(default)]
    spellings: BTreeMap<String, u64>,
    #[serde(default)]
    values: BTreeMap<String, u64>,
    minimum: Option<f64>,
    maximum: Option<f64>,
}

/// A client that sends what a finding breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// Its name.
    pub client: String,
    /// The action that it sends.
    pub action: String,
    /// How often it was seen.
    pub count: u64,
    /// When it was seen last.
    pub last_seen: String,
}

/// The schema of the file.
const SCHEMA: &str = include_str!("../../schemas/usage.json");

/// Reads a file.
///
/// # Errors
/// [`LoadError`] if it cannot be read, or is not of the schema.
pub fn read(path: &Path) -> Result<Usage, LoadError> {
    let text =
        fs::read_to_string(path).map_err(|cause| LoadError::Unreadable { path: path.to_owned(), cause })?;
    let file = path.to_string_lossy().into_owned();
    let not_json = |cause| LoadError::NotJson { file: file.clone(), cause };
    let document: Value = crate::json::read(text.as_bytes()).map_err(not_json)?;
    let schema: Value = serde_json::from_str(SCHEMA).map_err(not_json)?;
    if let Err(error) = jsonschema::validate(&schema, &document) {
        let why = format!("{}: {error}", error.instance_path());
        return Err(LoadError::NotUsage { file, why });
    }
    serde_json::from_value(document).map_err(not_json)
}

impl Usage {
    /// Adds the clients that send what the finding is about.
    pub(super) fn tell(&self, finding: &mut Finding) {
        if finding.request.is_none_or(|severity| severity == super::Severity::Info) {
            return;
        }
        for client in &self.clients {
            let concerned: Vec<&Action> =
                client.actions.iter().filter(|action| concerns(finding, &action.action)).collect();
            for action in concerned {
                let (count, last_seen) = seen(finding, action);
                if count > 0 {
                    finding.users.push(Use {
                        client: client.client.clone(),
                        action: action.action.clone(),
                        count,
                        last_seen,
                    });
                }
            }
        }
    }
}

/// Whether a finding is about commands of an action: one that it is in, or one that it removes.
fn concerns(finding: &Finding, action: &str) -> bool {
    let named = finding.name == format!("action {action}") || finding.name == action;
    finding.actions.iter().any(|known| known == action) || (finding.messages.is_empty() && named)
}

/// How often a client sent what breaks, and when last.
fn seen(finding: &Finding, action: &Action) -> (u64, String) {
    let field = action.fields.iter().find(|field| field.field == finding.at);
    let of_field = || field.map_or((0, String::new()), |field| (field.count, field.last_seen.clone()));
    let some =
        |count: u64| (count, field.map_or_else(|| action.last_seen.clone(), |field| field.last_seen.clone()));
    match finding.rule.id.as_str() {
        "M01" => (action.count, action.last_seen.clone()),
        // Those who leave it out: a new or a newly required member, a default.
        "P01" | "P02" | "P08" | "P25" | "V07" | "V08" => {
            let sent = field.map_or(0, |field| field.count);
            (action.count.saturating_sub(sent), action.last_seen.clone())
        }
        "V01" | "V11" => {
            let value = finding.before.as_ref().and_then(Value::as_str);
            some(value.zip(field).and_then(|(value, field)| field.values.get(value)).copied().unwrap_or(0))
        }
        "A01" | "A03" | "A04" => {
            let spelling = finding.name.as_str();
            some(field.and_then(|field| field.spellings.get(spelling)).copied().unwrap_or(0))
        }
        "N01" => {
            let spelt = ["pascal", "camel"].iter().filter_map(|dialect| action.dialects.get(*dialect)).sum();
            if field.is_some() { some(spelt) } else { (0, String::new()) }
        }
        "B01" | "B02" => match (field, finding.after.as_ref().and_then(Value::as_f64)) {
            // The range that was seen lies within the new bound.
            (Some(Field { minimum: Some(least), .. }), Some(bound))
                if finding.rule.id == "B01" && *least >= bound =>
            {
                (0, String::new())
            }
            (Some(Field { maximum: Some(most), .. }), Some(bound))
                if finding.rule.id == "B02" && *most <= bound =>
            {
                (0, String::new())
            }
            _ => of_field(),
        },
        _ if finding.rule.effect == Effect::None && field.is_none() => {
            (action.count, action.last_seen.clone())
        }
        _ => of_field(),
    }
}

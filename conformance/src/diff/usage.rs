//! The usage that a gateway saw: which clients a finding breaks. Its shape is `schemas/usage.json`.

use serde::Deserialize;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use super::{Finding, LoadError, rule::Layer};

/// The usage that a gateway saw.
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
    /// Names under which it was sent.
    #[serde(default)]
    names: BTreeMap<String, u64>,
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
        crate::input::text(path).map_err(|cause| LoadError::Unreadable { path: path.to_owned(), cause })?;
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

/// The clients that one finding breaks.
enum Seen {
    /// How often it was sent by a client, and when last.
    Times(u64, String),
    /// It cannot be told from what a usage holds.
    Open(&'static str),
}

impl Usage {
    /// Adds the clients that send what the finding is about, or why that cannot be told.
    pub(super) fn tell(&self, finding: &mut Finding, actions: &BTreeSet<String>) {
        if finding.request.is_none_or(|severity| severity == super::Severity::Info) {
            return;
        }
        let sent = self.clients.iter().flat_map(|client| client.actions.iter().map(move |it| (client, it)));
        let is_of_contract =
            self.clients.iter().flat_map(|client| &client.actions).any(|one| actions.contains(&one.action));
        let mut is_known = false;
        for (client, action) in sent {
            if !concerns(finding, action) {
                continue;
            }
            is_known = true;
            match seen(finding, action) {
                Seen::Open(why) => finding.usage_open = Some(why.to_owned()),
                Seen::Times(0, _) => {}
                Seen::Times(count, last_seen) => finding.users.push(Use {
                    client: client.client.clone(),
                    action: action.action.clone(),
                    count,
                    last_seen,
                }),
            }
        }
        if !finding.has_all_places {
            finding.usage_open = Some("it stands in more places than are looked at".to_owned());
        }
        if !is_of_commands(finding, actions) {
            finding.usage_open = Some("a usage does not hold what it is about".to_owned());
        }
        if !is_known && !is_of_contract {
            finding.usage_open = Some("the usage has no action of this contract".to_owned());
        }
    }
}

/// Whether a finding names the commands that it is about: by its messages, or as an action. A rule over fields does not.
fn is_of_commands(finding: &Finding, actions: &BTreeSet<String>) -> bool {
    let is_action = |name: &str| actions.contains(name);
    let named = is_action(&finding.name) || finding.name.strip_prefix("action ").is_some_and(is_action);
    !finding.actions.is_empty() || named || ["M01", "M15"].contains(&finding.rule.id.as_str())
}

/// Whether a finding is about commands of an action: one that it is in, or one that it removes.
fn concerns(finding: &Finding, action: &Action) -> bool {
    let is = |name: &str| name == action.action || action.names.contains_key(name);
    let named = is(&finding.name) || finding.name.strip_prefix("action ").is_some_and(is);
    finding.actions.iter().any(|known| is(known)) || (finding.messages.is_empty() && named)
}

/// Rules that break those who leave a member out.
const OF_ABSENCE: [&str; 6] = ["P01", "P02", "P08", "P25", "V07", "V08"];

/// Whether a finding breaks those who do not send it.
pub(super) fn is_of_absence(finding: &Finding) -> bool {
    OF_ABSENCE.contains(&finding.rule.id.as_str())
}

/// How often a client sent what breaks, and when last.
fn seen(finding: &Finding, action: &Action) -> Seen {
    let is_here =
        |field: &&Field| finding.places.iter().any(|(of, at)| *of == action.action && *at == field.field);
    let fields: Vec<&Field> = action.fields.iter().filter(is_here).collect();
    let last = || fields.iter().map(|field| field.last_seen.clone()).max();
    let last = last().unwrap_or_else(|| action.last_seen.clone());
    let times =
        |of: &dyn Fn(&Field) -> u64| Seen::Times(fields.iter().map(|field| of(field)).sum(), last.clone());
    let spelt = |counts: &BTreeMap<String, u64>, wanted: &str| -> u64 {
        // Gateways note values and names as they were sent.
        counts.iter().filter(|(sent, _)| sent.eq_ignore_ascii_case(wanted)).map(|(_, count)| count).sum()
    };
    match finding.rule.id.as_str() {
        "M01" => Seen::Times(action.count, action.last_seen.clone()),
        "M15" => Seen::Times(action.names.get(&finding.name).copied().unwrap_or(0), action.last_seen.clone()),
        _ if is_of_absence(finding) => {
            let sent: u64 = fields.iter().map(|field| field.count).sum();
            Seen::Times(action.count.saturating_sub(sent), action.last_seen.clone())
        }
        "V01" | "V11" => match finding.before.as_ref().and_then(Value::as_str) {
            Some(value) => times(&|field| spelt(&field.values, value)),
            None => Seen::Open("a usage counts values of enums alone"),
        },
        "A01" | "A03" | "A04" if finding.name.starts_with("spelling ") => {
            let value = finding.name.strip_prefix("spelling ").and_then(|rest| rest.split(" of ").next());
            times(&|field| value.map_or(0, |value| spelt(&field.values, value)))
        }
        "A01" | "A03" | "A04" if finding.rule.covers.iter().any(|edit| edit.starts_with("x-accepted:")) => {
            let name = finding.name.as_str();
            times(&|field| spelt(&field.spellings, name))
        }
        "N01" => {
            let dialects = ["pascal", "camel"].iter().filter_map(|dialect| action.dialects.get(*dialect));
            if fields.is_empty() { Seen::Times(0, last) } else { Seen::Times(dialects.sum(), last) }
        }
        "B01" | "B02" => {
            let bound = finding.after.as_ref().and_then(Value::as_f64);
            let is_beyond = |field: &Field| match (finding.rule.id.as_str(), field.minimum, field.maximum) {
                ("B01", Some(least), _) => bound.is_none_or(|bound| least < bound),
                ("B02", _, Some(most)) => bound.is_none_or(|bound| most > bound),
                // The values are not known: they may be beyond.
                _ => true,
            };
            times(&|field| if is_beyond(field) { field.count } else { 0 })
        }
        _ if finding.rule.layer == Layer::Wire => times(&|field| field.count),
        _ => Seen::Open("a usage does not hold what it is about"),
    }
}

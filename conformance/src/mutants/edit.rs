//! Edits: the ways in which one member can be wrong.

use contracts::dictionary::Shape;
use serde_json::{Value, json};

use super::site::step;

/// One way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Edit {
    /// The member is not there.
    Drop,
    /// It has another name.
    Rename,
    /// It is null.
    Null,
    /// It is of another JSON type.
    Retype,
    /// It is 0, "", [] or {}.
    Empty,
    /// It has the value of another member of the same type.
    Neighbour,
    /// It is one larger.
    Next,
    /// It is a thousand times as large: another unit.
    Scale,
    /// It has the other sign.
    Negate,
    /// It is the other truth value.
    Flip,
    /// It is another value of its closed set.
    Other,
    /// Its last character or item is missing.
    Truncate,
    /// Its items are in the reverse order.
    Reverse,
}

impl Edit {
    /// Those that a value of a shape can suffer.
    #[must_use]
    pub fn of(shape: &Shape) -> Vec<Self> {
        let own: &[Self] = match shape {
            Shape::Integer(_) | Shape::Number(_) => {
                &[Self::Empty, Self::Neighbour, Self::Next, Self::Scale, Self::Negate]
            }
            Shape::Text(_) => &[Self::Empty, Self::Neighbour, Self::Truncate],
            Shape::Enum(_) => &[Self::Other],
            Shape::Boolean => &[Self::Flip],
            Shape::List(_) => &[Self::Empty, Self::Truncate, Self::Reverse],
            Shape::Map(_) | Shape::Object(_) => &[Self::Empty],
            Shape::Ref(_) | Shape::Null | Shape::Nullable(_) | Shape::Any => &[],
        };
        let common = [Self::Drop, Self::Rename, Self::Null, Self::Retype];
        common.into_iter().chain(own.iter().copied()).collect()
    }

    /// Whether a command with this edit may be one that a worker obeys.
    #[must_use]
    pub fn keeps_the_command(self) -> bool {
        matches!(self, Self::Drop | Self::Neighbour | Self::Next | Self::Flip | Self::Other | Self::Reverse)
    }

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Drop => "drop",
            Self::Rename => "rename",
            Self::Null => "null",
            Self::Retype => "retype",
            Self::Empty => "empty",
            Self::Neighbour => "neighbour",
            Self::Next => "next",
            Self::Scale => "scale",
            Self::Negate => "negate",
            Self::Flip => "flip",
            Self::Other => "other",
            Self::Truncate => "truncate",
            Self::Reverse => "reverse",
        }
    }

    /// Edits the value under a key. `false` if that changes nothing: zero has no other sign.
    pub fn apply(self, holder: &mut Value, key: &str, shape: &Shape) -> bool {
        let Some(before) = step(holder, key).map(|value| value.clone()) else { return false };
        match self {
            Self::Drop => return remove(holder, key),
            Self::Rename => return rename(holder, key),
            Self::Neighbour => return neighbour(holder, key, &before),
            _ => {}
        }
        let Some(after) = self.edited(&before, shape).filter(|after| *after != before) else { return false };
        if let Some(value) = step(holder, key) {
            *value = after;
        }
        true
    }

    fn edited(self, before: &Value, shape: &Shape) -> Option<Value> {
        match (self, before) {
            (Self::Null, _) => Some(Value::Null),
            (Self::Retype, Value::String(_)) => Some(json!(1)),
            (Self::Retype, Value::Number(_) | Value::Bool(_)) => Some(before.to_string().into()),
            (Self::Retype, Value::Array(_)) => Some(json!({})),
            (Self::Retype, _) => Some(json!([])),
            (Self::Empty, Value::Number(number)) => Some(if number.is_f64() { json!(0.0) } else { json!(0) }),
            (Self::Empty, Value::String(_)) => Some(json!("")),
            (Self::Empty, Value::Array(_)) => Some(json!([])),
            (Self::Empty, Value::Object(_)) => Some(json!({})),
            (Self::Next, number) => calculated(number, |n| n.checked_add(1), |n| n + 1.0),
            (Self::Scale, number) => calculated(number, |n| n.checked_mul(1000), |n| n * 1000.0),
            (Self::Negate, number) => calculated(number, i64::checked_neg, |n| -n),
            (Self::Flip, Value::Bool(value)) => Some((!value).into()),
            (Self::Other, Value::String(value)) => another(value, shape),
            (Self::Truncate, Value::String(text)) => {
                let mut characters = text.chars();
                characters.next_back().map(|_| characters.as_str().into())
            }
            (Self::Truncate, Value::Array(items)) => {
                items.split_last().map(|(_, before)| before.to_vec().into())
            }
            (Self::Reverse, Value::Array(items)) => Some(items.iter().rev().cloned().collect()),
            _ => None,
        }
    }
}

fn calculated(
    number: &Value,
    integer: impl Fn(i64) -> Option<i64>,
    float: impl Fn(f64) -> f64,
) -> Option<Value> {
    match (number.as_i64(), number.as_f64()) {
        (Some(value), _) => integer(value).map(Value::from),
        (None, Some(value)) => Some(float(value).into()),
        _ => None,
    }
}

fn another(value: &str, shape: &Shape) -> Option<Value> {
    let Shape::Enum(set) = shape else { return None };
    set.values.iter().find(|other| *other != value).map(|other| other.as_str().into())
}

fn remove(holder: &mut Value, key: &str) -> bool {
    match holder {
        Value::Object(members) => members.shift_remove(key).is_some(),
        Value::Array(items) => key.parse::<usize>().is_ok_and(|index| {
            items.remove(index);
            true
        }),
        _ => false,
    }
}

fn rename(holder: &mut Value, key: &str) -> bool {
    let Value::Object(members) = holder else { return false };
    let renamed = members.iter().map(|(name, value)| {
        let name = if name == key { format!("{name}_x") } else { name.clone() };
        (name, value.clone())
    });
    *members = renamed.collect();
    true
}

/// Takes the value of the first other member whose value is of the same type and differs.
fn neighbour(holder: &mut Value, key: &str, before: &Value) -> bool {
    let Value::Object(members) = holder else { return false };
    let kind = std::mem::discriminant(before);
    let other = members
        .iter()
        .find(|(name, value)| *name != key && std::mem::discriminant(*value) == kind && *value != before);
    let Some(other) = other.map(|(_, value)| value.clone()) else { return false };
    members.insert(key.to_owned(), other);
    true
}

#[cfg(test)]
mod tests {
    use contracts::dictionary::dictionary;
    use serde_json::json;

    use super::*;

    fn edited(edit: Edit, member: &str, definition: &str, mut document: Value) -> Option<Value> {
        let property = dictionary().object(definition).property(member).expect("a member");
        let shape = match dictionary().resolve(&property.shape) {
            Shape::Nullable(inner) => dictionary().resolve(inner),
            other => other,
        };
        edit.apply(&mut document, member, shape).then_some(document)
    }

    #[test]
    fn each_edit_changes_its_member_alone() {
        let status =
            json!({"gpu_id": "gpu_0", "state": "ready", "is_initialized": true, "uptime_seconds": 2.5});
        let of = |edit, member| edited(edit, member, "WorkerStatus", status.clone()).expect("a change");
        assert_eq!(of(Edit::Drop, "state").get("state"), None);
        assert_eq!(of(Edit::Rename, "state")["state_x"], "ready");
        assert_eq!(of(Edit::Null, "state")["state"], Value::Null);
        assert_eq!(of(Edit::Retype, "uptime_seconds")["uptime_seconds"], "2.5");
        assert_eq!(of(Edit::Empty, "uptime_seconds")["uptime_seconds"], 0.0);
        assert_eq!(of(Edit::Next, "uptime_seconds")["uptime_seconds"], 3.5);
        assert_eq!(of(Edit::Scale, "uptime_seconds")["uptime_seconds"], 2500.0);
        assert_eq!(of(Edit::Negate, "uptime_seconds")["uptime_seconds"], -2.5);
        assert_eq!(of(Edit::Flip, "is_initialized")["is_initialized"], false);
        assert_eq!(of(Edit::Neighbour, "gpu_id")["gpu_id"], "ready");
        assert_eq!(of(Edit::Truncate, "gpu_id")["gpu_id"], "gpu_");
        assert_ne!(of(Edit::Other, "state")["state"], "ready");
    }

    #[test]
    fn an_edit_that_changes_nothing_says_so() {
        let metrics = json!({"commands_total": 0, "gpus": [1]});
        for (edit, member) in [
            (Edit::Empty, "commands_total"),
            (Edit::Negate, "commands_total"),
            (Edit::Scale, "commands_total"),
            (Edit::Reverse, "gpus"),
            (Edit::Drop, "commands_failed"),
        ] {
            assert_eq!(
                edited(edit, member, "PerformanceMetrics", metrics.clone()),
                None,
                "{edit:?} {member}"
            );
        }
    }
}

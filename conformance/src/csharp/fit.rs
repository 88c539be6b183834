//! Types of C# beside shapes of the schemas.

use contracts::dictionary::Shape;
use serde_json::Value;

use crate::dotnet::clr::Integer;

const LISTS: [&str; 9] = [
    "List",
    "IList",
    "IEnumerable",
    "ICollection",
    "IReadOnlyList",
    "IReadOnlyCollection",
    "HashSet",
    "ISet",
    "Collection",
];

/// Whether a type has no null.
pub(super) fn is_value(clr: &str) -> bool {
    Integer::of_keyword(clr).is_some() || matches!(clr, "bool" | "float" | "double" | "decimal")
}

/// Why a type does not hold the values of a shape.
pub(super) fn unlike(clr: &str, shape: &Shape) -> Option<String> {
    if matches!(clr, "object" | "JsonElement" | "JsonNode" | "JsonDocument") {
        return None;
    }
    let integer = Integer::of_keyword(clr);
    let (fits, wanted) = match shape {
        Shape::Integer(limits) => {
            if let Some(integer) = integer
                && !(integer.holds(limits.maximum.into()) && integer.holds(limits.minimum.into()))
            {
                return Some(format!("{clr} does not hold {} to {}", limits.minimum, limits.maximum));
            }
            (integer.is_some(), "an integer")
        }
        Shape::Number(_) => (integer.is_some() || matches!(clr, "float" | "double" | "decimal"), "a number"),
        Shape::Text(_) | Shape::Enum(_) => (!is_value(clr) && !is_list(clr) && !is_map(clr), "a string"),
        Shape::Boolean => (clr == "bool", "true or false"),
        Shape::List(_) => (is_list(clr), "a list"),
        Shape::Map(_) => (!is_value(clr) && clr != "string" && !is_list(clr), "a map"),
        Shape::Object(_) => (!is_value(clr) && clr != "string" && !is_list(clr), "an object"),
        Shape::Nullable(of) => return unlike(clr, of),
        Shape::Ref(_) | Shape::Null | Shape::Any => return None,
    };
    (!fits).then(|| format!("its type is {clr}, and the contract has {wanted}"))
}

fn is_list(clr: &str) -> bool {
    (clr.ends_with(']') && clr != "byte[]") || LISTS.contains(&clr.split('<').next().unwrap_or(clr))
}

fn is_map(clr: &str) -> bool {
    clr.split('<').next().is_some_and(|name| name.ends_with("Dictionary"))
}

/// Whether a literal of C# is a value of JSON.
pub(super) fn is_same(value: &Value, literal: &str) -> bool {
    match value {
        Value::Number(number) => number.as_f64() == literal.parse().ok(),
        Value::Bool(value) => literal == if *value { "true" } else { "false" } || (!value && literal == "0"),
        _ => false,
    }
}

//! Values on both sides of every limit of two schemas.

use proptest::{
    strategy::{Strategy as _, ValueTree as _},
    string::string_regex,
    test_runner::TestRunner,
};
use serde_json::{Map, Value, json};

use super::fill::Filler;
use crate::diff::{value::Types, view::View, walk::number};

/// Longest text and list that are made: a limit beyond them cannot be shown.
const LENGTH_MAX: u64 = 4_000_000;
const ITEMS_MAX: u64 = 10_000;

/// Texts that are made of one pattern.
const OF_PATTERN: usize = 24;

const BOUNDS: [&str; 4] = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"];

pub(super) fn numbers(view: &View<'_>) -> Vec<Value> {
    let of = |name: &str| view.get(name).and_then(Value::as_f64);
    let step = of("multipleOf");
    let near = step.unwrap_or(1.0);
    let bounds: Vec<f64> = BOUNDS.iter().filter_map(|name| of(name)).collect();
    let mut values = Vec::new();
    for bound in &bounds {
        values.extend([*bound, bound + near, bound - near, bound + 0.5, bound - 0.5]);
        values.extend([bound + 0.01, bound - 0.01]);
    }
    values.extend([0.0, 1.0, -1.0, 0.5, 7.0]);
    if let ([one, other, ..], _) = (bounds.as_slice(), ()) {
        values.push((one + other) / 2.0);
    }
    if let Some(step) = step {
        let aligned: Vec<f64> = values.iter().map(|value| (value / step).ceil() * step).collect();
        values.extend(aligned);
        values.extend([step, step * 2.0, step * 3.0]);
    }
    // Beyond 2^53 neighbours are one as doubles.
    let whole = BOUNDS.iter().filter_map(|name| view.get(name)?.as_i64());
    let beside = whole.flat_map(|whole| [Some(whole), whole.checked_add(1), whole.checked_sub(1)]);
    beside.flatten().map(Value::from).chain(values.into_iter().map(number)).collect()
}

/// Texts that a schema takes, or nearly.
pub(super) fn texts(view: &View<'_>) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    if let Some(pattern) = view.get("pattern").and_then(Value::as_str) {
        texts.extend(of_pattern(pattern));
    }
    let examples = view.get("examples").and_then(Value::as_array).into_iter().flatten();
    texts.extend(examples.chain(view.get("default")).filter_map(Value::as_str).map(str::to_owned));
    match view.get("format").and_then(Value::as_str) {
        Some(format) => texts.extend(of_format(format).iter().map(|&text| text.to_owned())),
        None => texts.extend([
            "a".to_owned(),
            String::new(),
            "a b".to_owned(),
            "A-1".to_owned(),
            "é\u{1F600}".to_owned(),
        ]),
    }
    for name in ["minLength", "maxLength"] {
        if let Some(bound) = view.get(name).and_then(Value::as_u64).filter(|bound| *bound <= LENGTH_MAX) {
            for length in [bound, bound + 1, bound.saturating_sub(1)] {
                texts.push("a".repeat(usize::try_from(length).unwrap_or(0)));
            }
        }
    }
    texts
}

fn of_format(format: &str) -> &'static [&'static str] {
    match format {
        "date-time" => &["2026-01-02T03:04:05Z", "2026-01-02T03:04:05"],
        "date" => &["2026-01-02", "2026-13-45"],
        "time" => &["03:04:05Z", "25:61:61"],
        "email" => &["a@example.org", "a"],
        "uri" | "iri" => &["https://example.org/a", "not a uri"],
        "uri-reference" => &["/a", "\\"],
        "uuid" => &["00000000-0000-4000-8000-000000000000", "0"],
        "ipv4" => &["127.0.0.1", "300.0.0.1"],
        "ipv6" => &["::1", "1"],
        "hostname" => &["example.org", "-"],
        _ => &["a", "1"],
    }
}

/// Texts that a pattern takes; none for a pattern that looks around.
pub(super) fn of_pattern(pattern: &str) -> Vec<String> {
    let inner = pattern.strip_prefix('^').unwrap_or(pattern);
    let inner = inner.strip_suffix('$').unwrap_or(inner);
    // A group keeps alternatives together, as the anchors did.
    let Ok(strategy) = string_regex(&format!("(?:{inner})")) else { return Vec::new() };
    let mut runner = TestRunner::deterministic();
    let trees = (0..OF_PATTERN).filter_map(|_| strategy.new_tree(&mut runner).ok());
    let mut texts: Vec<String> = trees.map(|tree| tree.current()).collect();
    texts.sort_by_key(String::len);
    texts.dedup();
    texts
}

/// The shortest name that a pattern takes.
pub(in crate::diff) fn name_of(pattern: &str) -> Option<String> {
    of_pattern(pattern).into_iter().find(|text| !text.is_empty())
}

/// Values about the limits of two schemas of the same place.
pub(super) fn about<'s>(
    filler: &Filler<'_, 's>,
    old: &View<'_>,
    new: &View<'_>,
    own: &View<'s>,
) -> Vec<Value> {
    let mut values = Vec::new();
    for view in [old, new] {
        values.extend(view.values().into_iter().flatten());
        let examples = view.get("examples").and_then(Value::as_array).into_iter().flatten();
        values.extend(examples.chain(view.get("default")).cloned());
        values.extend(of_parts(view));
    }
    values.extend(of_branches(filler, own));
    let types = old.types().or(new.types());
    if types.has(Types::NUMBER) {
        values.extend(numbers(old));
        values.extend(numbers(new));
    }
    if types.has(Types::STRING) {
        values.extend(texts(old).into_iter().chain(texts(new)).map(Value::from));
    }
    if types.has(Types::ARRAY) {
        lists(filler, old, new, own, &mut values);
    }
    if types.has(Types::OBJECT) {
        objects(filler, old, new, own, &mut values);
    }
    values.extend([
        json!(null),
        json!(true),
        json!(false),
        json!(3),
        json!(2.5),
        json!("b"),
        json!([]),
        json!({}),
    ]);
    values
}

/// Schemas of the same value whose yes or no decides whether a schema takes it.
const PARTS: [&str; 4] = ["not", "if", "then", "else"];
const UNIONS: [&str; 2] = ["anyOf", "oneOf"];

/// Where the parts of a schema are that judge the same value.
fn parts(view: &View<'_>) -> Vec<String> {
    let single = PARTS.iter().filter_map(|name| view.keywords.get(name)).map(|part| part.location.clone());
    let listed = UNIONS.iter().filter_map(|name| view.keywords.get(name)).flat_map(|union| {
        let count = union.value.as_array().map_or(0, Vec::len);
        (0..count).map(move |index| format!("{}/{index}", union.location))
    });
    single.chain(listed).collect()
}

/// Plain values about the limits of a schema's parts.
fn of_parts(view: &View<'_>) -> Vec<Value> {
    let mut values = Vec::new();
    for part in parts(view) {
        let part = View::of(view.side, &part);
        values.extend(part.values().into_iter().flatten());
        // Only what the part itself speaks of: one without a type says nothing of numbers.
        if part.types() == Types::NUMBER || part.types() == Types::INTEGER {
            values.extend(numbers(&part));
        }
        if part.types() == Types::STRING {
            values.extend(texts(&part).into_iter().map(Value::from));
        }
    }
    values
}

/// The least value of each part of a schema; of an object, with what the schema requires.
fn of_branches<'s>(filler: &Filler<'_, 's>, own: &View<'s>) -> Vec<Value> {
    let base = filler.object(own, 0);
    let mut values = Vec::new();
    for least in parts(own).iter().filter_map(|part| filler.least(part)) {
        if let (Some(Value::Object(base)), Value::Object(more)) = (&base, &least) {
            let mut joined = base.clone();
            joined.extend(more.clone());
            values.push(joined.into());
        }
        values.push(least);
    }
    values
}

fn bounds(old: &View<'_>, new: &View<'_>, names: [&str; 2], most: u64) -> Vec<usize> {
    let mut counts: Vec<u64> = vec![0, 1, 2];
    for view in [old, new] {
        for bound in names.iter().filter_map(|name| view.get(name)).filter_map(Value::as_u64) {
            counts.extend([bound.saturating_sub(1), bound, bound.saturating_add(1)]);
        }
    }
    counts.retain(|count| *count <= most);
    counts.sort_unstable();
    counts.dedup();
    counts.into_iter().filter_map(|count| usize::try_from(count).ok()).collect()
}

fn lists<'s>(
    filler: &Filler<'_, 's>,
    old: &View<'_>,
    new: &View<'_>,
    own: &View<'s>,
    values: &mut Vec<Value>,
) {
    for count in bounds(old, new, ["minItems", "maxItems"], ITEMS_MAX) {
        values.extend(filler.list(own, count, None, 0));
    }
    for view in [old, new] {
        if let Some(contains) = view.keywords.get("contains") {
            let contains = View::of(view.side, &contains.location);
            let items = contains.values().unwrap_or_else(|| numbers(&contains));
            values.extend(items.into_iter().map(|item| json!([item])));
        }
    }
    // Two equal items, as `uniqueItems` refuses them.
    if let Some(item) = own.keywords.get("items").and_then(|items| filler.least(&items.location)) {
        values.push(json!([item, item]));
    }
    values.extend([json!([1, 1]), json!(["a", "a"]), json!([null]), json!([1, "a"]), json!([{}])]);
}

fn objects<'s>(
    filler: &Filler<'_, 's>,
    old: &View<'_>,
    new: &View<'_>,
    own: &View<'s>,
    values: &mut Vec<Value>,
) {
    let least = match filler.least(&own.location) {
        Some(least @ Value::Object(_)) => Some(least),
        _ => filler.object(own, 0),
    };
    let Some(Value::Object(base)) = least else { return };
    let mut full = base.clone();
    for (name, place) in &own.properties {
        if let Some(value) = filler.least(place) {
            let mut one = base.clone();
            one.insert((*name).to_owned(), value.clone());
            full.entry(*name).or_insert(value);
            values.push(one.into());
        }
    }
    for name in old
        .required
        .keys()
        .chain(new.required.keys())
        .chain(old.properties.keys())
        .chain(new.properties.keys())
    {
        for start in [&base, &full] {
            let mut one = start.clone();
            if one.shift_remove(*name).is_some() {
                values.push(one.into());
            }
        }
    }
    for view in [old, new] {
        values.extend(dependent(view, &base));
    }
    let further = filler.further(own);
    for value in [further, json!("a"), json!({"a": 1}), json!(null), json!(-1)] {
        let mut one = base.clone();
        one.insert("further_1".to_owned(), value);
        values.push(one.into());
    }
    for name in [old, new].into_iter().flat_map(names_of_patterns) {
        for value in [json!(1), json!(-1), json!("a"), json!({}), json!(null)] {
            let mut one = base.clone();
            one.insert(name.clone(), value);
            values.push(one.into());
        }
    }
    for count in bounds(old, new, ["minProperties", "maxProperties"], ITEMS_MAX) {
        values.extend(sized(filler, own, &base, &full, count));
    }
    values.extend([base.into(), full.into()]);
}

/// Names that the patterns of a schema's members take, and the one of its names.
fn names_of_patterns(view: &View<'_>) -> Vec<String> {
    let patterns = view.get("patternProperties").and_then(Value::as_object).into_iter().flatten();
    let of_names = view.get("propertyNames").and_then(|names| names.get("pattern")?.as_str());
    let patterns = patterns.map(|(pattern, _)| pattern.as_str()).chain(of_names);
    // A few of each: two patterns have some names in common, and others not.
    patterns
        .flat_map(|pattern| of_pattern(pattern).into_iter().filter(|text| !text.is_empty()).take(6))
        .collect()
}

/// Objects with a member that others depend on, alone and with each of them.
fn dependent(view: &View<'_>, base: &Map<String, Value>) -> Vec<Value> {
    let mut found = Vec::new();
    let rows =
        ["dependentRequired", "dependentSchemas"].iter().filter_map(|name| view.get(name)?.as_object());
    for (name, needs) in rows.flatten() {
        let mut one = base.clone();
        one.insert(name.clone(), json!(1));
        found.push(one.clone().into());
        for need in needs.as_array().into_iter().flatten().filter_map(Value::as_str) {
            let mut two = one.clone();
            two.insert(need.to_owned(), json!(1));
            found.push(two.into());
        }
    }
    found
}

/// An object of so many members.
fn sized<'s>(
    filler: &Filler<'_, 's>,
    own: &View<'s>,
    base: &Map<String, Value>,
    full: &Map<String, Value>,
    count: usize,
) -> Option<Value> {
    let mut members = base.clone();
    let mut more = full.iter().filter(|(name, _)| !base.contains_key(*name));
    let mut further = 0;
    while members.len() < count {
        match more.next() {
            Some((name, value)) => drop(members.insert(name.clone(), value.clone())),
            None => {
                further += 1;
                members.insert(format!("further_{further}"), filler.further(own));
            }
        }
    }
    (members.len() == count).then(|| members.into())
}

/// Different values of a schema, many of them.
pub(super) fn many<'s>(filler: &Filler<'_, 's>, view: &View<'s>, own: &View<'s>, count: usize) -> Vec<Value> {
    let mut values = about(filler, view, view, own);
    let least = view.get("minimum").and_then(Value::as_f64).unwrap_or(0.0);
    let step = view.get("multipleOf").and_then(Value::as_f64).unwrap_or(1.0);
    for index in 0..count.min(2000) {
        values.push(number(least + step * index as f64));
        values.push(format!("a{index}").into());
        values.push(json!({format!("further_{index}"): 1}));
    }
    let mut different: Vec<Value> = Vec::new();
    for value in values {
        if !different.contains(&value) {
            different.push(value);
        }
    }
    different
}

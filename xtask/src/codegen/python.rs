//! The Python of the contract: `types.py` (msgspec structs with every limit) and `tables.py` (the tables as rows).

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::model::{Field, Model, Named, Presence, Shape, Text, TypeRef};
use crate::schemas::{Bundle, reference_name};

/// The first line of a generated Python file.
pub(crate) fn banner(source: &str, about: &str) -> String {
    format!(
        "\"\"\"{about}\n\nGenerated from schemas/{source} by cargo xtask codegen; edit the schema instead.\n\"\"\"\n\n"
    )
}

/// `__init__.py`.
pub(crate) fn package() -> String {
    banner("*.json", "Types and tables of the contract.").trim_end().to_owned() + "\n"
}

/// `types.py`.
///
/// # Errors
/// Text that cannot be formatted.
pub(crate) fn types(model: &Model) -> Result<String> {
    let mut text =
        banner("*_schema.json", "The objects, enums and limits of the contract, as msgspec reads them.");
    text += "from __future__ import annotations\n\nfrom typing import Annotated, Any, Literal\n\n\
        from msgspec import Meta, Struct, field\n\nfrom concord_workers.contract.checks import check_blank, check_once\n";
    for named in model.types.iter().filter(|named| scalar(&named.shape)) {
        write!(text, "\n{} = {}\n\"\"\"{}\"\"\"\n", named.name, alias(&named.shape), about(named))?;
    }
    for named in &model.types {
        if let Shape::Struct(fields) = &named.shape {
            text += &class(named, fields, model);
        }
    }
    text += "\n";
    for named in model.types.iter().filter(|named| collection(&named.shape)) {
        write!(text, "\n{} = {}\n\"\"\"{}\"\"\"\n", named.name, alias(&named.shape), about(named))?;
    }
    text += "\nDEFINITIONS: dict[str, Any] = {\n";
    for named in &model.types {
        writeln!(text, "    \"{0}\": {0},", named.name)?;
    }
    text += "}\n\"\"\"Every type by its name in the schemas; what is hoisted out of a property is `OwnerProperty`.\"\"\"\n";
    Ok(text)
}

fn scalar(shape: &Shape) -> bool {
    !matches!(shape, Shape::Struct(_)) && !collection(shape)
}

fn collection(shape: &Shape) -> bool {
    matches!(shape, Shape::List { .. } | Shape::Map { .. })
}

pub(crate) fn about(named: &Named) -> String {
    let unit = named.unit.as_deref().map(|unit| format!(" Unit: {unit}.")).unwrap_or_default();
    let text = format!("{}{unit}", named.description).replace('\\', "\\\\");
    if text.ends_with('"') { format!("{text} ") } else { text }
}

/// The annotated type of a scalar, list or map.
fn alias(shape: &Shape) -> String {
    match shape {
        Shape::Struct(_) => String::new(),
        Shape::Enum(values) => {
            let values: Vec<String> = values.iter().map(|value| format!("{value:?}")).collect();
            format!("Literal[{}]", values.join(", "))
        }
        Shape::Text(limits) => text_alias(limits),
        Shape::Integer(limits) => {
            let multiple = limits.multiple_of.map_or_else(String::new, |by| format!(", multiple_of={by}"));
            format!("Annotated[int, Meta(ge={}, le={}{multiple})]", limits.minimum, limits.maximum)
        }
        Shape::Number(limits) => {
            let low = if limits.minimum.1 { "gt" } else { "ge" };
            let high = if limits.maximum.1 { "lt" } else { "le" };
            format!("Annotated[float, Meta({low}={:?}, {high}={:?})]", limits.minimum.0, limits.maximum.0)
        }
        Shape::List { item, minimum, maximum, .. } => {
            format!("Annotated[list[{}], {}]", reference(item), length_limits(*minimum, *maximum))
        }
        Shape::Map { value, maximum } => {
            format!("Annotated[dict[str, {}], Meta(max_length={maximum})]", reference(value))
        }
    }
}

/// The limits of a list's length.
pub(crate) fn length_limits(minimum: u64, maximum: u64) -> String {
    let least = if minimum > 0 { format!("min_length={minimum}, ") } else { String::new() };
    format!("Meta({least}max_length={maximum})")
}

fn text_alias(limits: &Text) -> String {
    let mut meta = Vec::new();
    if limits.minimum > 0 {
        meta.push(format!("min_length={}", limits.minimum));
    }
    if let Some(maximum) = limits.maximum {
        meta.push(format!("max_length={maximum}"));
    }
    if let Some(pattern) = &limits.pattern {
        // In Python `$` would let a newline follow.
        let pattern = pattern.strip_suffix('$').map_or_else(|| pattern.clone(), |body| format!("{body}\\Z"));
        meta.push(format!("pattern=r\"{pattern}\""));
    }
    if meta.is_empty() { "str".to_owned() } else { format!("Annotated[str, Meta({})]", meta.join(", ")) }
}

pub(crate) fn reference(kind: &TypeRef) -> String {
    match kind {
        TypeRef::Named(name) => name.clone(),
        TypeRef::Boolean => "bool".to_owned(),
        TypeRef::Null => "None".to_owned(),
        TypeRef::Any => "Any".to_owned(),
    }
}

/// Words that a Python attribute cannot be called.
const KEYWORDS: [&str; 4] = ["from", "class", "global", "import"];

fn class(named: &Named, fields: &[Field], model: &Model) -> String {
    let mut text = format!(
        "\n\nclass {}(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):\n    \"\"\"{}\"\"\"\n",
        named.name,
        about(named)
    );
    let mut checks = String::new();
    for field in fields {
        text += &member(field);
        checks += &check(field, model);
    }
    if !checks.is_empty() {
        text +=
            "\n    def __post_init__(self) -> None:\n        \"\"\"What msgspec has no limit for.\"\"\"\n";
        text += &checks;
    }
    text
}

/// The attribute of a property, and the argument of `field` that keeps the property's name where the two differ.
pub(crate) fn attribute(property: &str) -> (String, String) {
    if KEYWORDS.contains(&property) {
        (format!("{property}_"), format!(", name=\"{property}\""))
    } else {
        (property.to_owned(), String::new())
    }
}

fn member(field: &Field) -> String {
    let (name, rename) = attribute(&field.name);
    let kind = reference(&field.kind);
    let (kind, value) = match field.presence {
        Presence::Required => (kind, None),
        Presence::Nullable => (format!("{kind} | None"), None),
        Presence::Optional => (format!("{kind} | None"), Some("None")),
    };
    let value = match (value, rename.is_empty()) {
        (None, true) => String::new(),
        (Some(value), true) => format!(" = {value}"),
        (None, false) => format!(" = field({})", rename.trim_start_matches(", ")),
        (Some(value), false) => format!(" = field(default={value}{rename})"),
    };
    let mut about = field.description.replace('\\', "\\\\");
    if let (Some(default), Presence::Optional) = (&field.default, field.presence) {
        about += &format!(" Absent: {default}.").replace('\\', "\\\\");
    }
    if about.ends_with('"') {
        about.push(' ');
    }
    format!("\n    {name}: {kind}{value}\n    \"\"\"{about}\"\"\"\n")
}

pub(crate) fn check(field: &Field, model: &Model) -> String {
    let TypeRef::Named(kind) = &field.kind else { return String::new() };
    let function = match model.get(kind).map(|named| &named.shape) {
        Some(Shape::Text(Text { not_blank: true, .. })) => "check_blank",
        Some(Shape::List { unique: true, .. }) => "check_once",
        _ => return String::new(),
    };
    format!("        {function}(\"{0}\", self.{0})\n", field.name)
}

/// `tables.py`.
///
/// # Errors
/// A row of another shape.
pub(crate) fn tables(bundle: &Bundle) -> Result<String> {
    let mut text =
        banner("*.json", "The tables of the contract: errors, warnings, actions, enum values, limits.");
    text += "from typing import Any, Final, NamedTuple\n";
    text += ROWS;
    text += "\nERRORS: Final[dict[str, ErrorRow]] = {\n";
    for row in list(&bundle.errors)? {
        let members = ["status", "retryable", "csharp_exception", "meaning", "hint"];
        let members = members.iter().map(|member| keyword(row, member)).collect::<Result<Vec<_>>>()?;
        let after = literal(row.get("retry_after").unwrap_or(&Value::Bool(false)));
        writeln!(text, "    {}: ErrorRow({}, retry_after={after}),", code(row)?, members.join(", "))?;
    }
    text += "}\n\nWARNINGS: Final[dict[str, str]] = {\n";
    for row in list(&bundle.warnings)? {
        writeln!(text, "    {}: {},", code(row)?, literal(row.get("meaning").context("no meaning")?))?;
    }
    text += "}\n\nACTIONS: Final[dict[str, ActionRow]] = {\n";
    text += &actions(&bundle.registry)?;
    text += "}\n\nALIASES: Final[dict[str, str]] = {alias: name for name, row in ACTIONS.items() for alias in row.aliases}\n";
    text += "\"\"\"Further names of actions, to the name.\"\"\"\n\n";
    text += "ENUM_VALUES: Final[dict[str, dict[str, dict[str, Any]]]] = {\n";
    for (name, schema) in &bundle.definitions {
        if let Some(values) = schema.get("x-values").and_then(Value::as_object) {
            writeln!(text, "    \"{name}\": {{")?;
            for (value, row) in values {
                writeln!(text, "        {}: {},", literal(&Value::String(value.clone())), literal(row))?;
            }
            text += "    },\n";
        }
    }
    text += "}\n\"\"\"What the schemas say of each value of an enum: `spellings`, `description`, and data of its own.\"\"\"\n\n";
    text += "SCHEDULERS: Final[dict[str, dict[str, Any]]] = ENUM_VALUES[\"SchedulerType\"]\n\
        \"\"\"`diffusers_class`, `diffusers_config?`, `karras?` (false: has none), `karras_of?`, `timestep_spacings?`, ….\"\"\"\n\n\
        CONTROL_NET_TYPES: Final[dict[str, dict[str, Any]]] = ENUM_VALUES[\"ControlNetType\"]\n\n";
    writeln!(text, "LIMITS: Final[dict[str, Any]] = {}", literal(&bundle.limits))?;
    Ok(text)
}

const ROWS: &str = r#"

class ErrorRow(NamedTuple):
    """One error code."""

    status: int
    retryable: bool
    csharp_exception: str
    meaning: str
    hint: str
    retry_after: bool


class ActionRow(NamedTuple):
    """One action; `action_class` is query, control, job, training or gateway; timeouts are seconds, None: no timeout."""

    aliases: tuple[str, ...]
    action_class: str
    summary: str
    request: str
    reply: str
    worker_module: str | None
    timeout_seconds: float | None
    wrapped_in: str | None
    request_id_max: int | None
    class_when: dict[str, Any] | None

"#;

fn actions(registry: &Value) -> Result<String> {
    let mut text = String::new();
    for row in list(registry.get("actions").context("no actions")?)? {
        let class = row.get("class").and_then(Value::as_str).context("no class")?;
        let default = registry.pointer(&format!("/classes/{class}/timeout_seconds")).unwrap_or(&Value::Null);
        let name = |member: &str| {
            let reference = row.get(member).and_then(Value::as_str).unwrap_or_default();
            reference_name(reference).map(str::to_owned).with_context(|| format!("no {member}"))
        };
        let optional = |member: &str| literal(row.get(member).unwrap_or(&Value::Null));
        let aliases = list(row.get("aliases").context("no aliases")?)?.iter().map(literal);
        let aliases: String = aliases.map(|alias| alias + ",").collect();
        let timeout = literal(row.get("timeout_seconds").unwrap_or(default));
        writeln!(
            text,
            "    {}: ActionRow(\n        aliases=({aliases}), action_class=\"{class}\", {},\n        request=\"{}\", \
             reply=\"{}\", worker_module={}, timeout_seconds={timeout},\n        wrapped_in={}, request_id_max={}, class_when={},\n    ),",
            literal(row.get("action").context("no action")?),
            keyword(row, "summary")?,
            name("request")?,
            name("reply")?,
            optional("worker_module"),
            optional("wrapped_in"),
            optional("request_id_max"),
            optional("class_when"),
        )?;
    }
    Ok(text)
}

fn list(value: &Value) -> Result<&Vec<Value>> {
    value.as_array().context("not a list")
}

fn code(row: &Value) -> Result<String> {
    Ok(literal(row.get("code").context("a row without code")?))
}

fn keyword(row: &Value, member: &str) -> Result<String> {
    let value = row.get(member).with_context(|| format!("no {member} in {row}"))?;
    Ok(format!("{member}={}", literal(value)))
}

/// JSON as Python.
fn literal(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(_) | Value::String(_) => value.to_string(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(literal).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(key, value)| format!("{}: {}", Value::String(key.clone()), literal(value)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
    }
}

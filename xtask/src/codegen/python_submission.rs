//! The Python of the effective prompt submission: `submission.py`.
//!
//! `types.py` has the document as a sender writes it, where nearly everything may be absent. Code that runs a job reads
//! the document after its defaults; there absence is the exception, and a type checker should know which members are
//! always there.

use anyhow::{Context as _, Result};

use super::python::{about, attribute, banner, check, length_limits};
use crate::model::{Field, Model, Named, Presence, Shape, TypeRef};

/// The definition of the whole document.
const ROOT: &str = "PromptSubmission";

const ABOUT: &str = "The prompt submission after its defaults, in two types for each of its objects.

`Effective…`: a complete document without violations, which is what a job runs on; the limits are those of `types`.
`Partial…`: one whose faulty values were taken out, which is what validation looks at; anything may be absent, and a
faulty item of a list is None, so that the others keep their places. Each effective type is a partial one too.
The members are described in `types`.";

/// `submission.py`.
///
/// # Errors
/// No definition of a prompt submission, or a member of it that allows any JSON.
pub(crate) fn submission(model: &Model) -> Result<String> {
    let mut text = banner("*_schema.json", ABOUT);
    text += "from __future__ import annotations\n\nfrom typing import Annotated\n\n\
        from msgspec import Meta, Struct, field\n\nfrom concord_workers.contract.checks import check_blank, check_once\n\
        from concord_workers.contract.generated import types\n";
    for named in objects_below(model, ROOT)? {
        text += &partial_class(named, model)?;
        text += &effective_class(named, model);
    }
    Ok(text)
}

/// The object of that name and every object inside it; inner ones first, as a Python class must exist before it is named.
fn objects_below<'a>(model: &'a Model, name: &str) -> Result<Vec<&'a Named>> {
    let named = model.get(name).with_context(|| format!("no definition {name}"))?;
    let mut found: Vec<&Named> = Vec::new();
    for field in fields(named) {
        if let Some(inner) = object_in(model, &field.kind) {
            for object in objects_below(model, &inner.name)? {
                if !found.iter().any(|known| known.name == object.name) {
                    found.push(object);
                }
            }
        }
    }
    found.push(named);
    Ok(found)
}

fn fields(named: &Named) -> &[Field] {
    match &named.shape {
        Shape::Struct(fields) => fields,
        _ => &[],
    }
}

/// The object that a member holds: itself, or each item of its list.
fn object_in<'a>(model: &'a Model, kind: &TypeRef) -> Option<&'a Named> {
    let TypeRef::Named(name) = kind else { return None };
    let named = model.get(name)?;
    match &named.shape {
        Shape::Struct(_) => Some(named),
        Shape::List { item, .. } => object_in(model, item),
        _ => None,
    }
}

/// `Submission` of `PromptSubmission`, else the definition's own name.
fn short(name: &str) -> &str {
    if name == ROOT { "Submission" } else { name }
}

fn head(prefix: &str, named: &Named, base: &str) -> String {
    format!(
        "\n\nclass {prefix}{}({base}, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):\n    \
         \"\"\"{}\"\"\"\n\n",
        short(&named.name),
        about(named)
    )
}

fn partial_class(named: &Named, model: &Model) -> Result<String> {
    let mut text = head("Partial", named, "Struct");
    for field in fields(named) {
        let kind = partial(model, &field.kind)?;
        let is_list = is_list(model, &field.kind);
        let is_object = !is_list && object_in(model, &field.kind).is_some();
        text += &if is_list {
            member(field, &kind, Some("()"))
        } else if is_object && always(model, field) {
            let (name, rename) = attribute(&field.name);
            format!("    {name}: {kind} = field(default_factory={kind}{rename})\n")
        } else {
            member(field, &format!("{kind} | None"), Some("None"))
        };
    }
    Ok(text)
}

fn effective_class(named: &Named, model: &Model) -> String {
    let mut text = head("Effective", named, &format!("Partial{}", short(&named.name)));
    let mut checks = String::new();
    for field in fields(named) {
        let kind = effective(model, &field.kind);
        text += &if always(model, field) {
            member(field, &kind, None)
        } else {
            member(field, &format!("{kind} | None"), Some("None"))
        };
        checks += &check(field, model);
    }
    if !checks.is_empty() {
        text += "\n    def __post_init__(self) -> None:\n        \"\"\"Checks the limits that msgspec lacks.\"\"\"\n";
        text += &checks;
    }
    text
}

/// One member with its default; none: it must be there.
fn member(field: &Field, kind: &str, default: Option<&str>) -> String {
    let (name, rename) = attribute(&field.name);
    let value = match (default, rename.strip_prefix(", ")) {
        (None, None) => String::new(),
        (Some(default), None) => format!(" = {default}"),
        (None, Some(rename)) => format!(" = field({rename})"),
        (Some(default), Some(rename)) => format!(" = field(default={default}, {rename})"),
    };
    format!("    {name}: {kind}{value}\n")
}

fn is_list(model: &Model, kind: &TypeRef) -> bool {
    let TypeRef::Named(name) = kind else { return false };
    matches!(model.get(name).map(|named| &named.shape), Some(Shape::List { .. }))
}

/// Whether the effective document always has a member: it is required, has a default without a condition, or is an object
/// with such a member, which then is made.
fn always(model: &Model, field: &Field) -> bool {
    if field.presence != Presence::Optional || field.defaults_always {
        return true;
    }
    let TypeRef::Named(name) = &field.kind else { return false };
    match model.get(name).map(|named| &named.shape) {
        Some(Shape::Struct(inner)) => {
            inner.iter().any(|field| field.presence == Presence::Optional && always(model, field))
        }
        _ => false,
    }
}

/// A type without limits.
fn partial(model: &Model, kind: &TypeRef) -> Result<String> {
    let TypeRef::Named(name) = kind else { return plain(kind) };
    let named = model.get(name).with_context(|| format!("no definition {name}"))?;
    Ok(match &named.shape {
        Shape::Struct(_) => format!("Partial{}", short(name)),
        Shape::Enum(_) | Shape::Text(_) => "str".to_owned(),
        Shape::Integer(_) => "int".to_owned(),
        Shape::Number(_) => "float".to_owned(),
        Shape::List { item, .. } => {
            // Only values are taken out: an object stays, without its faulty members.
            let absent = if object_in(model, item).is_some() { "" } else { " | None" };
            format!("tuple[{}{absent}, ...]", partial(model, item)?)
        }
        Shape::Map { value, .. } => format!("dict[str, {}]", partial(model, value)?),
    })
}

fn plain(kind: &TypeRef) -> Result<String> {
    match kind {
        TypeRef::Boolean => Ok("bool".to_owned()),
        TypeRef::Null => Ok("None".to_owned()),
        TypeRef::Any | TypeRef::Named(_) => anyhow::bail!("a prompt submission has typed members only"),
    }
}

/// A type with the limits of the schema. Lists are tuples, so that a list of effective objects is one of partial ones too.
fn effective(model: &Model, kind: &TypeRef) -> String {
    let TypeRef::Named(name) = kind else { return super::python::reference(kind) };
    match model.get(name).map(|named| &named.shape) {
        Some(Shape::Struct(_)) => format!("Effective{}", short(name)),
        Some(Shape::List { item, minimum, maximum, .. }) => {
            format!(
                "Annotated[tuple[{}, ...], {}]",
                effective(model, item),
                length_limits(*minimum, *maximum)
            )
        }
        _ => format!("types.{name}"),
    }
}

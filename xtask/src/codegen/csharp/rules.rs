//! `Rules.cs`: the rules over several fields, and the warnings of values that take no effect.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::{Csharp, head, indented, is_optional, places::Spot, variable, with};
use crate::model::{Shape, TypeRef};

impl<'b> Csharp<'b> {
    /// `Rules.cs`.
    ///
    /// # Errors
    /// A rule of an unknown kind, or one that points nowhere.
    pub(super) fn rules(self) -> Result<String> {
        let mut text = head("rules.json", "The rules over several fields.", &[]);
        for (named, _) in self.structs().filter(|(named, _)| self.has_rules(&named.name)) {
            text += &self.rules_of(&named.name).with_context(|| format!("the rules of {}", named.name))?;
        }
        Ok(text)
    }

    /// Whether rules are stated for a definition.
    pub(super) fn has_rules(self, name: &str) -> bool {
        self.rules_on(name).next().is_some()
    }

    fn rules_on(self, name: &str) -> impl Iterator<Item = &'b Value> {
        let rules = self.bundle.rules.as_array().into_iter().flatten();
        rules.filter(move |rule| rule["on"] == *name)
    }

    fn rules_of(self, on: &str) -> Result<String> {
        let name = self.type_name(on);
        let (mut body, mut wanted) = (String::new(), Vec::new());
        for rule in self.rules_on(on) {
            body += &self.rule(on, rule).with_context(|| format!("rule {}", rule["id"]))?;
            Self::pointers(rule, &mut wanted);
        }
        body += "\n        checks.Blame();\n";
        body += &self.idle(on, on, "", &mut wanted)?;
        let wanted: BTreeSet<String> =
            wanted.iter().map(|pointer| pointer.split("/*").next().unwrap_or(pointer).to_owned()).collect();
        let readable = self.readable(on, "this", "", &wanted)?;
        let said = readable
            .map_or_else(|| "this".to_owned(), |text| format!("this with\n        {{\n{text}        }}"));
        let effective = if self.has_defaults(on) { "said.WithDefaults()" } else { "said" };
        Ok(format!(
            "\npublic sealed partial record {name}\n{{\n    private void CheckRules(Checks checks, Place at)\n    {{\n        \
             // A value that could not be read is absent for the rules.\n        var said = {said};\n        var whole = {effective};\n{body}    }}\n}}\n"
        ))
    }

    fn rule(self, on: &str, rule: &Value) -> Result<String> {
        let fields = rule["fields"].as_array().context("no fields")?;
        let fields: Vec<&str> = fields.iter().filter_map(Value::as_str).collect();
        let each = fields[0].split_once("/*/").map(|(list, _)| list);
        let mut text = format!("\n        // {}\n", text_of(rule, "id")?);
        match each {
            None => text += &indented(&self.call(on, ("said", "whole"), rule, &fields, "")?, 8),
            Some(list) => {
                let (said, whole) = (self.spot(on, "said", list)?, self.spot(on, "whole", list)?);
                let Some(Shape::List { item: TypeRef::Named(item), .. }) =
                    self.named(&said.kind).map(|named| &named.shape)
                else {
                    bail!("{list} is no list of objects");
                };
                let call = self.call(item, ("saidItem", "item"), rule, &fields, list)?;
                write!(
                    text,
                    "        foreach (var (index, item) in ({} ?? []).Index())\n        {{\n            if (item is null) continue;\n            var saidItem = {}![index];\n{}        }}\n",
                    whole.chain,
                    said.chain.replace("?.", "!."),
                    indented(&call, 12)
                )?;
            }
        }
        Ok(text)
    }

    /// The call that judges one instance. `list`: the list that it is an item of.
    fn call(
        self,
        on: &str,
        (said, whole): (&str, &str),
        rule: &Value,
        fields: &[&str],
        list: &str,
    ) -> Result<String> {
        let inner =
            |pointer: &str| pointer.strip_prefix(list).map(|rest| rest.trim_start_matches("/*").to_owned());
        let mut places = Vec::new();
        let mut rows = Vec::new();
        for field in fields {
            let below = inner(field).context("fields of one list")?;
            let (of_said, of_whole) = (self.spot(on, said, &below)?, self.spot(on, whole, &below)?);
            let pointer = if list.is_empty() {
                format!("{field:?}")
            } else {
                format!("${:?}", field.replace('*', "{index}"))
            };
            rows.push(format!("new({pointer}, {}, {})", of_said.is_there(), of_whole.chain));
            places.push(of_whole);
        }
        let kind = text_of(rule, "kind")?;
        let breach = self.breach(on, whole, rule, &places)?;
        let breach = match rule.get("when") {
            None => breach,
            Some(when) => format!("{} ? {breach} : null", self.condition(on, whole, when)?),
        };
        let code = crate::model::pascal(text_of(rule, "code")?);
        let message = text_of(rule, "message")?;
        let head = if matches!(kind, "no_effect" | "weight_zero") {
            format!("checks.Warn(at, WarningCode.{code}")
        } else {
            format!("checks.Rule(at, {:?}, ErrorCode.{code}", text_of(rule, "id")?)
        };
        let rows = indented(&format!("{},", rows.join(",\n")), 8);
        Ok(format!("{head}, {message:?},\n    [\n{rows}    ],\n    {breach});\n"))
    }

    /// The expression for the breach of a rule, whose fields are at the places.
    fn breach(self, on: &str, whole: &str, rule: &Value, places: &[Spot]) -> Result<String> {
        let number = |index: usize| format!("(double?){}", places[index].chain);
        let long = |index: usize| format!("(long?){}", places[index].chain);
        let limit = |key: &str| {
            rule[key].as_f64().map(|limit| format!("{limit:?}")).with_context(|| format!("no {key}"))
        };
        Ok(match text_of(rule, "kind")? {
            "product_at_most" => {
                format!("Breach.ProductAtMost({}, {}, {})", number(0), number(1), limit("maximum")?)
            }
            "last_seed_at_most" => {
                format!("Breach.LastSeedAtMost({}, {}, {})", long(0), long(1), limit("maximum")?)
            }
            "floor_product_at_least" => {
                format!("Breach.FloorProductAtLeast({}, {}, {})", number(0), number(1), limit("minimum")?)
            }
            "less_than" => format!("Breach.LessThan({}, {})", number(0), number(1)),
            "scaled_at_most" => format!(
                "Breach.ScaledAtMost({}, {}, {}, {})",
                number(0),
                number(1),
                number(2),
                limit("maximum")?
            ),
            "scaled_product_at_most" => {
                format!(
                    "Breach.ScaledProductAtMost({}, {}, {}, {})",
                    number(0),
                    number(1),
                    number(2),
                    limit("maximum")?
                )
            }
            "same" => format!("Breach.Same({}, {})", places[0].chain, places[1].chain),
            "requires" => {
                let other = self.spot(on, whole, text_of(rule, "requires")?)?;
                format!("Breach.If({} && !({}))", places[0].is_there(), other.is_there())
            }
            "forbidden_when" | "no_effect" => {
                format!("Breach.If({})", self.condition(on, whole, &rule["forbidden"])?)
            }
            "weight_zero" => format!("Breach.If({} == 0)", places[0].chain),
            "not_both" => format!("Breach.If({} && {})", places[0].is_there(), places[1].is_there()),
            "required_when" => format!("Breach.If(!({}))", places[0].is_there()),
            "exactly_one" => format!("Breach.If(({}) == ({}))", places[0].is_there(), places[1].is_there()),
            "at_least_one" => format!("Breach.If(!({} || {}))", places[0].is_there(), places[1].is_there()),
            other => bail!("unknown kind of rule {other}"),
        })
    }

    /// The warnings of values that were set where they have no effect.
    fn idle(self, root: &str, owner: &str, at: &str, wanted: &mut Vec<String>) -> Result<String> {
        let mut text = String::new();
        for field in self.fields(owner).into_iter().flatten() {
            let pointer = format!("{at}/{}", field.name);
            if let Some(condition) = self.property(owner, field).get("x-takes-effect-when") {
                let said = self.spot(root, "said", &pointer)?;
                let is_default = match &field.default {
                    Some(default) => format!("{} == {}", said.chain, self.literal(default, &field.kind)?),
                    None => "false".to_owned(),
                };
                writeln!(
                    text,
                    "        checks.Idle(at, {pointer:?}, {}, {is_default}, {});",
                    said.is_there(),
                    self.condition(root, "whole", condition)?
                )?;
                Self::pointers(condition, wanted);
                wanted.push(pointer.clone());
            }
            if let Some(named) = self.named(&field.kind)
                && matches!(named.shape, Shape::Struct(_))
                && !self.has_rules(&named.name)
            {
                text += &self.idle(root, &named.name, &pointer, wanted)?;
            }
        }
        Ok(text)
    }

    /// The texts and lists of `wanted` as rules read them, as assignments; `None` if there are none.
    fn readable(
        self,
        owner: &str,
        start: &str,
        at: &str,
        wanted: &BTreeSet<String>,
    ) -> Result<Option<String>> {
        let mut text = String::new();
        for field in self.fields(owner).into_iter().flatten() {
            let (pointer, member) = (format!("{at}/{}", field.name), &field.csharp);
            let value = if at.is_empty() { member.clone() } else { format!("{start}.{member}") };
            let Some(named) = self.named(&field.kind) else { continue };
            match &named.shape {
                Shape::Text(_) | Shape::List { .. } if wanted.contains(&pointer) && is_optional(field) => {
                    writeln!(text, "            {member} = checks.Readable(at, {pointer:?}, {value}),")?;
                }
                Shape::Struct(_) => {
                    if let Some(inner) = self.readable(&named.name, &variable(field), &pointer, wanted)? {
                        writeln!(text, "            {member} = {},", with(field, &value, &inner))?;
                    }
                }
                _ => {}
            }
        }
        Ok((!text.is_empty()).then_some(text))
    }
}

fn text_of<'v>(value: &'v Value, key: &str) -> Result<&'v str> {
    value[key].as_str().with_context(|| format!("no {key}"))
}

//! Values of a document by their pointers, and conditions on them, as expressions of C#.

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::Csharp;
use crate::model::{Field, Presence, TypeRef};

/// The value at a pointer, as an expression.
pub(super) struct Spot {
    /// The expression: the value or null.
    pub(super) chain: String,
    /// Its type.
    pub(super) kind: TypeRef,
    /// Whether it is a value type that is always there.
    is_always: bool,
}

impl Spot {
    /// Whether the value is there.
    pub(super) fn is_there(&self) -> String {
        if self.is_always { "true".to_owned() } else { format!("{} is not null", self.chain) }
    }
}

impl<'b> Csharp<'b> {
    /// The value at a pointer below `start`, an expression of a definition's type that is not null.
    ///
    /// # Errors
    /// A pointer to nothing.
    pub(super) fn spot(self, owner: &str, start: &str, pointer: &str) -> Result<Spot> {
        let (mut chain, mut kind) = (start.to_owned(), TypeRef::Named(owner.to_owned()));
        let mut is_always = true;
        for (index, token) in pointer.split('/').skip(1).enumerate() {
            let field = self.field(&kind, token)?;
            let way = if index == 0 { "." } else { "?." };
            chain = format!("{chain}{way}{}", field.csharp);
            is_always = index == 0 && field.presence == Presence::Required && self.is_value(&field.kind);
            kind = field.kind.clone();
        }
        Ok(Spot { chain, kind, is_always })
    }

    fn field(self, kind: &TypeRef, name: &str) -> Result<&'b Field> {
        let TypeRef::Named(owner) = kind else { bail!("{name} in what is no object") };
        let fields = self.fields(owner).with_context(|| format!("{owner} is no object"))?;
        fields.iter().find(|field| field.name == name).with_context(|| format!("{owner} has no {name}"))
    }

    /// A condition as an expression; pointers start at `start`.
    ///
    /// # Errors
    /// A condition of an unknown kind.
    pub(super) fn condition(self, on: &str, start: &str, condition: &Value) -> Result<String> {
        let (kind, of) = condition.as_object().and_then(|of| of.iter().next()).context("no condition")?;
        if kind == "all" {
            let all = of.as_array().context("no conditions")?.iter();
            let all = all.map(|one| self.condition(on, start, one)).collect::<Result<Vec<_>>>()?;
            return Ok(format!("({})", all.join(" && ")));
        }
        let pointer = of.as_str().or_else(|| of[0].as_str()).context("a condition without pointer")?;
        let spot = self.spot(on, start, pointer)?;
        let values = || of[1].as_array().map(Vec::as_slice).context("no values");
        Ok(match kind.as_str() {
            "present" => spot.is_there(),
            "absent" => format!("!({})", spot.is_there()),
            "above" => format!("(double?){} > {}", spot.chain, of[1]),
            "equals" => self.is_one_of(&spot, std::slice::from_ref(&of[1]))?,
            "in" => self.is_one_of(&spot, values()?)?,
            "not_in" => format!("{} is not (null or {})", spot.chain, self.patterns(&spot, values()?)?),
            "value_is" | "value_has" => {
                let TypeRef::Named(name) = &spot.kind else { bail!("{pointer} is no enum") };
                let rows = self.bundle.definitions[name]["x-values"].as_object().context("no x-values")?;
                let key = of[1].as_str().context("no key")?;
                let has = |row: &Value| match kind.as_str() {
                    "value_is" => row.get(key) == Some(&of[2]),
                    _ => row.get(key).is_some(),
                };
                let values: Vec<Value> =
                    rows.iter().filter(|(_, row)| has(row)).map(|(value, _)| value.clone().into()).collect();
                self.is_one_of(&spot, &values)?
            }
            other => bail!("unknown condition {other}"),
        })
    }

    fn is_one_of(self, spot: &Spot, values: &[Value]) -> Result<String> {
        if values.is_empty() {
            return Ok("false".to_owned());
        }
        Ok(format!("{} is ({})", spot.chain, self.patterns(spot, values)?))
    }

    fn patterns(self, spot: &Spot, values: &[Value]) -> Result<String> {
        let patterns = values.iter().map(|value| self.literal(value, &spot.kind));
        Ok(patterns.collect::<Result<Vec<_>>>()?.join(" or "))
    }

    /// The pointers of a condition.
    pub(super) fn pointers(condition: &Value, found: &mut Vec<String>) {
        match condition {
            Value::String(text) if text.starts_with('/') => found.push(text.clone()),
            Value::Array(of) => of.iter().for_each(|one| Self::pointers(one, found)),
            Value::Object(of) => of.values().for_each(|one| Self::pointers(one, found)),
            _ => {}
        }
    }
}

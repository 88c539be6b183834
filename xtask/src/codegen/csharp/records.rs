//! `Records.cs`: every object as a record, with the check of its members.

use anyhow::Result;

use super::{Csharp, head, is_optional, xml};
use crate::model::{Field, Named, Presence, Shape, TypeRef};

impl Csharp<'_> {
    /// `Records.cs`.
    ///
    /// # Errors
    /// A member that C# has no type for.
    pub(super) fn records(self) -> Result<String> {
        let mut text = head(
            "*_schema.json",
            "The objects of the contract.",
            &["System.Text.Json", "System.Text.Json.Serialization"],
        );
        for (named, fields) in self.structs() {
            text += &self.record(named, fields)?;
        }
        Ok(text)
    }

    fn record(self, named: &Named, fields: &[Field]) -> Result<String> {
        let name = self.type_name(&named.name);
        let mut text = format!(
            "\n/// <summary>{}</summary>\npublic sealed partial record {name} : IContractDocument\n{{\n",
            xml(&named.description)
        );
        let mut checks = String::new();
        for field in fields {
            text += &self.member(&named.name, field)?;
            checks += &self.check_member(field)?;
        }
        if self.has_rules(&named.name) {
            checks += "        CheckRules(checks, at);\n";
        }
        text += &format!(
            "    /// <inheritdoc/>\n    public Findings Validate(Dialect dialect = default, Writer writer = default) =>\n        \
             Contracts.Checks.Run(dialect, writer, Check);\n\n    internal void Check(Checks checks, Place at)\n    {{\n{checks}    }}\n}}\n"
        );
        Ok(text)
    }

    fn member(self, owner: &str, field: &Field) -> Result<String> {
        let about = match (&field.default, is_optional(field)) {
            (Some(default), true) => format!("{} Absent: {default}.", field.description),
            _ => field.description.clone(),
        };
        let kind = self.clr(&field.kind)?;
        let (required, null) = match field.presence {
            Presence::Required => ("required ", ""),
            Presence::Optional => ("", "?"),
            Presence::Nullable => ("required ", "?"),
        };
        let mut attributes = String::new();
        if is_optional(field) {
            attributes += "    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]\n";
        }
        if self.keeps_wire_name(owner, &field.name) {
            attributes += &format!("    [JsonPropertyName({:?})]\n", field.name);
        }
        if let Some(converter) = self.converter(owner, field)? {
            attributes += &format!("    [JsonConverter(typeof({converter}))]\n");
        }
        Ok(format!(
            "    /// <summary>{}</summary>\n{attributes}    public {required}{kind}{null} {} {{ get; init; }}\n\n",
            xml(&about),
            field.csharp
        ))
    }

    /// Whether a member keeps its name in every dialect: the object's own ones, where `x-wire-names` says so.
    fn keeps_wire_name(self, owner: &str, name: &str) -> bool {
        let schema = &self.bundle.definitions[owner];
        let extended = schema["x-extends"].as_str().and_then(crate::schemas::reference_name);
        let inherited =
            extended.is_some_and(|base| self.bundle.definitions[base]["properties"].get(name).is_some());
        schema.get("x-wire-names").is_some() && !inherited
    }

    /// The converter of a member whose text or list has other forms.
    fn converter(self, owner: &str, field: &Field) -> Result<Option<String>> {
        if self.property(owner, field)["x-sorted"] == true
            && let Some(Shape::List { item, .. }) = self.named(&field.kind).map(|named| &named.shape)
        {
            return Ok(Some(format!("SortedConverter<{}>", self.clr(item)?)));
        }
        let TypeRef::Named(name) = &field.kind else { return Ok(None) };
        Ok(self.has_further_forms(name).then(|| format!("{name}Text")))
    }

    fn check_member(self, field: &Field) -> Result<String> {
        let of_value = self.is_value(&field.kind);
        let member = &field.csharp;
        let Some(check) = self.check_of(&field.kind)? else {
            // A boolean or any JSON: only its absence can be wrong, and of a value type there is none.
            return Ok(String::new());
        };
        let method = match (field.presence, of_value) {
            (Presence::Required, true) => "RequiredValue",
            (Presence::Required, false) => "Required",
            (_, true) => "OptionalValue",
            (_, false) => "Optional",
        };
        Ok(format!("        checks.{method}(at, {member:?}, {member}, {check});\n"))
    }
}

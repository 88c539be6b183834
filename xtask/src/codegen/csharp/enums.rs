//! `Enums.cs`: every enum with the spellings of its values.

use anyhow::{Result, bail};
use serde_json::Value;

use super::{Csharp, head, xml};
use crate::model::Shape;

impl Csharp<'_> {
    /// `Enums.cs`.
    ///
    /// # Errors
    /// Two values of one name in C#.
    pub(super) fn enums(self) -> Result<String> {
        let mut text =
            head("*_schema.json", "The enums of the contract.", &["System.Text.Json.Serialization"]);
        for named in &self.model.types {
            let Shape::Enum(values) = &named.shape else { continue };
            text += &format!(
                "\n/// <summary>{}</summary>\n[JsonConverter(typeof(SpellingConverter<{1}>))]\npublic enum {1}\n{{\n",
                xml(&named.description),
                named.name
            );
            let mut members: Vec<String> = Vec::new();
            for value in values {
                let member = member(value)?;
                if members.contains(&member) {
                    bail!("two values of {} would be called {member} in C#", named.name);
                }
                let row = self.bundle.definitions.get(&named.name).map(|schema| &schema["x-values"][value]);
                text += &self::value(value, &member, row);
                members.push(member);
            }
            text += "}\n";
        }
        Ok(text)
    }
}

/// One value.
fn value(value: &str, member: &str, row: Option<&Value>) -> String {
    let about = row.and_then(|row| row["description"].as_str()).map_or_else(
        || format!("<c>{}</c>.", xml(value)),
        |about| format!("<c>{}</c>: {}", xml(value), xml(about)),
    );
    let spellings = row.and_then(|row| row["spellings"].as_array()).into_iter().flatten();
    let spellings: Vec<String> = spellings.map(ToString::to_string).collect();
    let accepted = if spellings.is_empty() {
        String::new()
    } else {
        format!("    [AcceptedSpellings({})]\n", spellings.join(", "))
    };
    format!(
        "    /// <summary>{about}</summary>\n    [JsonStringEnumMemberName({value:?})]\n{accepted}    {member},\n"
    )
}

/// The name of a value: `DPM++ 2M Karras` → `DPMpp2MKarras`, as diffusers abbreviates it.
///
/// # Errors
/// A value without a letter.
pub(super) fn member(value: &str) -> Result<String> {
    let spelt = value.replace('+', "p");
    let words = spelt.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let name: String = words
        .map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
        })
        .collect();
    match name.chars().next() {
        None => bail!("the value {value:?} has no letter for a name in C#"),
        Some(first) if first.is_ascii_digit() => Ok(format!("Value{name}")),
        Some(_) => Ok(name),
    }
}

#[cfg(test)]
mod tests {
    use super::member;

    #[test]
    fn values_have_names_that_csharp_takes() {
        for (value, name) in [
            ("DPM++ 2M Karras", "DPMpp2MKarras"),
            ("Euler a", "EulerA"),
            ("Real-ESRGAN", "RealESRGAN"),
            ("bad_frame", "BadFrame"),
            ("2x", "Value2x"),
        ] {
            assert_eq!(member(value).unwrap(), name);
        }
        assert!(member("++").is_ok_and(|name| name == "Pp"));
        assert!(member("--").is_err());
    }
}

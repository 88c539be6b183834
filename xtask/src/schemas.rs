//! The files under `schemas/`, read and bundled: every definition hoisted flat, references rewritten,
//! `x-extends` and `x-enum-from` expanded.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value, json};

/// The files under `schemas/` as they stand, by name.
#[derive(Debug, Clone)]
pub(crate) struct Schemas {
    /// `(file name, document)`, sorted by name.
    pub(crate) files: Vec<(String, Value)>,
}

impl Schemas {
    /// Reads every `*.json` of a folder.
    ///
    /// # Errors
    /// A file that cannot be read, or is not JSON.
    pub(crate) fn load(folder: &Path) -> Result<Self> {
        let mut files = Vec::new();
        let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let text =
                    fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
                let document =
                    serde_json::from_str(&text).with_context(|| format!("schemas/{name} is not JSON"))?;
                files.push((name, document));
            }
        }
        files.sort_by(|left, right| left.0.cmp(&right.0));
        Ok(Self { files })
    }

    /// One file.
    ///
    /// # Errors
    /// No such file.
    pub(crate) fn file(&self, name: &str) -> Result<&Value> {
        self.files
            .iter()
            .find(|(file, _)| file == name)
            .map(|(_, document)| document)
            .with_context(|| format!("schemas/{name} is missing"))
    }

    /// The schema files proper, without the tables.
    pub(crate) fn documents(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.files
            .iter()
            .filter(|(name, _)| name.ends_with("_schema.json"))
            .map(|(name, document)| (name.as_str(), document))
    }

    /// The file that writes a definition.
    pub(crate) fn file_of(&self, definition: &str) -> Option<&str> {
        self.documents()
            .find(|(_, document)| document.get("$defs").and_then(|own| own.get(definition)).is_some())
            .map(|(file, _)| file)
    }

    /// The bundle: `$defs` of all files, and the tables.
    ///
    /// # Errors
    /// Two definitions of one name, a reference to nothing, a table of another shape.
    pub(crate) fn bundle(&self) -> Result<Bundle> {
        let mut definitions = Map::new();
        for (name, document) in self.documents() {
            let own = document
                .get("$defs")
                .and_then(Value::as_object)
                .with_context(|| format!("schemas/{name} has no $defs"))?;
            for (definition, schema) in own {
                let mut schema = schema.clone();
                self.rewrite(name, &mut schema)
                    .with_context(|| format!("schemas/{name}#/$defs/{definition}"))?;
                if definitions.insert(definition.clone(), schema).is_some() {
                    bail!(
                        "schemas/{name}#/$defs/{definition}: another file defines {definition} too; rename one"
                    );
                }
            }
        }
        self.expand_enums(&mut definitions)?;
        expand_extensions(&mut definitions)?;
        let mut registry = self.file("registry.json")?.clone();
        self.rewrite_registry(&mut registry)?;
        Ok(Bundle {
            definitions,
            registry,
            errors: self.table("errors.json", "errors")?,
            warnings: self.table("warnings.json", "warnings")?,
            rules: self.table("rules.json", "rules")?,
            limits: self.file("limits.json")?.clone(),
            sentences: self.table("sentences.json", "sentences")?,
        })
    }

    fn table(&self, file: &str, member: &str) -> Result<Value> {
        self.file(file)?
            .get(member)
            .filter(|rows| rows.is_array())
            .cloned()
            .with_context(|| format!("schemas/{file} has no list {member}"))
    }

    /// `file.json#/$defs/X` and `#/$defs/X` become `#/$defs/X`; the definition must be there.
    fn rewrite(&self, file: &str, schema: &mut Value) -> Result<()> {
        match schema {
            Value::Object(members) => {
                for (key, value) in members.iter_mut() {
                    if (key == "$ref" || key == "x-extends") && value.is_string() {
                        let target = value.as_str().unwrap_or_default();
                        *value = json!(format!("#/$defs/{}", self.resolve(file, target)?));
                    } else if !matches!(key.as_str(), "examples" | "default") {
                        self.rewrite(file, value)?;
                    }
                }
                Ok(())
            }
            Value::Array(items) => items.iter_mut().try_for_each(|item| self.rewrite(file, item)),
            _ => Ok(()),
        }
    }

    /// The name of the definition that a reference in `file` means.
    pub(crate) fn resolve(&self, file: &str, reference: &str) -> Result<String> {
        let (target, pointer) =
            reference.split_once('#').with_context(|| format!("$ref {reference:?} has no fragment"))?;
        let target = if target.is_empty() { file } else { target };
        let name = pointer
            .strip_prefix("/$defs/")
            .with_context(|| format!("$ref {reference:?} is not of the form file.json#/$defs/Name"))?;
        if self.file(target)?.get("$defs").and_then(|own| own.get(name)).is_none() {
            bail!("$ref {reference:?}: schemas/{target} has no definition {name}");
        }
        Ok(name.to_owned())
    }

    fn rewrite_registry(&self, registry: &mut Value) -> Result<()> {
        for list in ["actions", "parameters", "resources"] {
            let rows = registry
                .get_mut(list)
                .and_then(Value::as_array_mut)
                .with_context(|| format!("schemas/registry.json has no list {list}"))?;
            for row in rows {
                for member in ["request", "reply", "schema"] {
                    if let Some(reference) = row.get_mut(member) {
                        let name = self.resolve("registry.json", reference.as_str().unwrap_or_default())?;
                        *reference = json!(format!("#/$defs/{name}"));
                    }
                }
            }
        }
        Ok(())
    }

    /// `x-enum-from: "errors.json#/errors/code"`: the `code` of each row of the list `errors`.
    fn expand_enums(&self, definitions: &mut Map<String, Value>) -> Result<()> {
        for (name, schema) in definitions.iter_mut() {
            let Some(source) = schema.get("x-enum-from").and_then(Value::as_str) else { continue };
            let values =
                self.enum_from(source).with_context(|| format!("$defs/{name}: x-enum-from {source:?}"))?;
            if let Some(members) = schema.as_object_mut() {
                members.insert("enum".to_owned(), Value::Array(values));
            }
        }
        Ok(())
    }

    fn enum_from(&self, source: &str) -> Result<Vec<Value>> {
        let (file, pointer) = source.split_once('#').context("no fragment")?;
        let (list, member) = pointer.rsplit_once('/').context("no member")?;
        let rows = self
            .file(file)?
            .pointer(list)
            .and_then(Value::as_array)
            .with_context(|| format!("schemas/{file} has no list at {list}"))?;
        rows.iter()
            .map(|row| row.get(member).cloned().with_context(|| format!("a row without {member}")))
            .collect()
    }
}

/// What the whole of `schemas/` says, in one document.
#[derive(Debug, Clone)]
pub(crate) struct Bundle {
    /// Every definition, by its globally unique name, in the order of files and of definitions.
    pub(crate) definitions: Map<String, Value>,
    /// `registry.json`, its references rewritten.
    pub(crate) registry: Value,
    /// The rows of `errors.json`.
    pub(crate) errors: Value,
    /// The rows of `warnings.json`.
    pub(crate) warnings: Value,
    /// The rows of `rules.json`.
    pub(crate) rules: Value,
    /// `limits.json`.
    pub(crate) limits: Value,
    /// The rows of `sentences.json`: for the conformance suite alone, so the bundle's document has none.
    pub(crate) sentences: Value,
}

impl Bundle {
    /// The bundle as one document.
    pub(crate) fn document(&self) -> Value {
        json!({
            "$defs": self.definitions,
            "registry": self.registry,
            "errors": self.errors,
            "warnings": self.warnings,
            "rules": self.rules,
            "limits": self.limits,
        })
    }

    /// The definition that a bundled `#/$defs/X` names.
    pub(crate) fn definition(&self, reference: &str) -> Result<(&str, &Value)> {
        let name = reference_name(reference)
            .with_context(|| format!("{reference:?} is no reference to a definition"))?;
        self.definitions
            .get_key_value(name)
            .map(|(name, schema)| (name.as_str(), schema))
            .with_context(|| format!("no definition {name}"))
    }
}

/// `X` of `#/$defs/X`.
pub(crate) fn reference_name(reference: &str) -> Option<&str> {
    reference.strip_prefix("#/$defs/")
}

/// `x-extends`: the base's properties and required come first.
fn expand_extensions(definitions: &mut Map<String, Value>) -> Result<()> {
    let names: Vec<String> = definitions.keys().cloned().collect();
    for name in &names {
        expand_extension(definitions, name, &mut Vec::new())?;
    }
    Ok(())
}

fn expand_extension(definitions: &mut Map<String, Value>, name: &str, path: &mut Vec<String>) -> Result<()> {
    let Some(base) = definitions
        .get(name)
        .and_then(|schema| schema.get("x-extends"))
        .and_then(Value::as_str)
        .and_then(reference_name)
        .map(str::to_owned)
    else {
        return Ok(());
    };
    if definitions[name].get("x-extended").is_some() {
        return Ok(());
    }
    if path.contains(&base) {
        bail!("$defs/{name}: x-extends goes round in a circle through {base}");
    }
    path.push(name.to_owned());
    expand_extension(definitions, &base, path)?;
    let (base_properties, base_required) = members(&definitions[&base]);
    let (own_properties, own_required) = members(&definitions[name]);
    let mut properties = base_properties;
    for (property, schema) in own_properties {
        if properties.insert(property.clone(), schema).is_some() {
            bail!("$defs/{name}: {base}, which it extends, has a property {property} too");
        }
    }
    let required: Vec<Value> = base_required.into_iter().chain(own_required).collect();
    if let Some(schema) = definitions.get_mut(name).and_then(Value::as_object_mut) {
        schema.insert("properties".to_owned(), Value::Object(properties));
        if !required.is_empty() {
            schema.insert("required".to_owned(), Value::Array(required));
        }
        // Says to a reader of the bundle that the base is copied already.
        schema.insert("x-extended".to_owned(), json!(true));
    }
    Ok(())
}

fn members(schema: &Value) -> (Map<String, Value>, Vec<Value>) {
    let properties = schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    (properties, required)
}

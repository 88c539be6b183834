//! The files against the meta-schemas under `schemas/meta/`.

use jsonschema::{Registry, Validator};
use serde_json::{Value, json};

use super::{Finding, finding};
use crate::schemas::Schemas;

/// The meta-schema of the subset.
const SUBSET: &str = include_str!("../../../schemas/meta/subset_schema.json");
/// The shapes of the tables.
const TABLES: &str = include_str!("../../../schemas/meta/tables_schema.json");

/// What the meta-schemas refuse.
pub(super) fn findings(schemas: &Schemas) -> Vec<Finding> {
    let validators = Validators::new();
    let mut findings = Vec::new();
    for (file, document) in &schemas.files {
        let table = file.trim_end_matches(".json");
        let validator = if file.ends_with("_schema.json") {
            &validators.subset
        } else if let Some((_, validator)) = validators.tables.iter().find(|(name, _)| *name == table) {
            validator
        } else {
            let what = "a file that is neither a schema nor a table".to_owned();
            findings.push(finding(file, "", what, "name a schema *_schema.json"));
            continue;
        };
        if file.ends_with("_schema.json") && document["$id"] != file.as_str() {
            let what = format!("its $id is {}, not its name", document["$id"]);
            findings.push(finding(
                file,
                "/$id",
                what,
                "references are resolved against it: write the file's name",
            ));
        }
        for error in validator.iter_errors(document) {
            // A negative finding repeats the whole value, which may be a page long.
            let what: String = error.to_string().chars().take(300).collect();
            findings.push(finding(
                file,
                error.instance_path().as_str(),
                what,
                "see schemas/meta/ and schemas/README.md for what is allowed",
            ));
        }
    }
    findings
}

struct Validators {
    subset: Validator,
    tables: Vec<(&'static str, Validator)>,
}

impl Validators {
    /// # Panics
    /// When a meta-schema is not a schema, which every run of the tests would show.
    fn new() -> Self {
        let subset: Value = serde_json::from_str(SUBSET).expect("subset_schema.json is JSON");
        let tables: Value = serde_json::from_str(TABLES).expect("tables_schema.json is JSON");
        let registry = Registry::new()
            .add("urn:concord:meta:subset-1", &subset)
            .and_then(|registry| registry.add("urn:concord:meta:tables-1", &tables))
            .and_then(jsonschema::RegistryBuilder::prepare)
            .expect("the meta-schemas register");
        let validator = |reference: &str| {
            jsonschema::options()
                .with_registry(&registry)
                .build(&json!({ "$ref": reference }))
                .expect("the meta-schemas compile")
        };
        Self {
            subset: validator("urn:concord:meta:subset-1"),
            tables: ["registry", "errors", "warnings", "rules", "limits", "sentences"]
                .map(|table| (table, validator(&format!("urn:concord:meta:tables-1#/$defs/{table}"))))
                .into(),
        }
    }
}

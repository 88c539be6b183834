//! Random edits: what is breaking is shown, what is not is not contradicted, and little is undecided.

use conformance::diff::{Direction, Severity};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{fs, path::Path, process::Command, time::Instant};

use super::{
    assert_witnesses, compared, is_long,
    random::{Random, document, edit},
};

/// Edits of one run of the tests, and those of `xtask long`.
const EDITS: u64 = 120;
const EDITS_LONG: u64 = 5000;

#[test]
fn random_edits_are_decided_as_execution_and_the_second_judge_say() {
    let count = if is_long() { EDITS_LONG } else { EDITS };
    let judge = std::env::var_os("CONCORD_JSONCOMPAT");
    let folder = tempfile::tempdir().unwrap();
    let start = Instant::now();
    let (mut undecided, mut breaking, mut seen, mut wrong) = (0, 0, 0, Vec::new());
    let mut judged = Judged::default();
    for seed in 0..count {
        if seed % 250 == 249 {
            eprintln!(
                "{seed} edits in {} s: {breaking} breaking, {undecided} undecided; {judged:?}, {} contradictions",
                start.elapsed().as_secs(),
                wrong.len()
            );
        }
        let mut random = Random::new(seed);
        let old = document(&mut random);
        let mut new = old.clone();
        let what = edit(&mut new, &mut random);
        let direction = if random.one_in(2) { Direction::Request } else { Direction::Response };
        let compared = compared(&old, &new, direction);
        assert_witnesses(&old, &new, &compared);
        if compared.findings.iter().any(|finding| finding.rule.id == "C09") {
            wrong.push(format!("seed {seed}: {what}: no rule explains it"));
        }
        seen += usize::from(!compared.findings.is_empty());
        let is = |severity| compared.count(severity) > 0;
        breaking += usize::from(is(Severity::Breaking));
        undecided += usize::from(is(Severity::Undecided) && !is(Severity::Breaking));
        if let Some(judge) = &judge {
            let said = second(judge.as_ref(), folder.path(), &old, &new, direction);
            // A dangerous edit is legal by our policy, whatever validation says of it.
            let ours = match () {
                () if is(Severity::Breaking) => Some(false),
                () if is(Severity::Undecided) || is(Severity::Dangerous) => None,
                () => Some(true),
            };
            if let Err(why) = judged.settle(ours, &said, &old, &new, direction) {
                wrong.push(format!("seed {seed} {direction}: {what}: {why}\n{old}\n{new}"));
            }
        }
    }
    eprintln!(
        "{count} edits in {} s: {seen} seen, {breaking} breaking, {undecided} undecided; {judged:?}",
        start.elapsed().as_secs()
    );
    if judge.is_some() {
        let decided = judged.agreed + judged.settled;
        assert!(decided * 2 > usize::try_from(count).unwrap(), "the second judge decides little: {judged:?}");
    }
    assert!(wrong.is_empty(), "{} contradictions:\n{}", wrong.len(), wrong.join("\n"));
    assert!(undecided * 100 <= usize::try_from(count).unwrap() * 3, "{undecided} of {count} are undecided");
    assert!(breaking * 5 > usize::try_from(count).unwrap(), "only {breaking} of {count} edits are breaking");
}

#[test]
fn a_schema_that_needs_itself_comes_to_an_end() {
    let document = |most: u64| {
        json!({"$ref": "#/$defs/Node", "$defs": {
            "Node": {"type": "object", "additionalProperties": {"$ref": "#/$defs/Node"}, "minProperties": 1,
                     "properties": {"next": {"$ref": "#/$defs/Node"}, "others": {"$ref": "#/$defs/Nodes"}, "size": {"$ref": "#/$defs/Size"}}},
            "Nodes": {"type": "array", "minItems": 1, "uniqueItems": true, "items": {"anyOf": [{"$ref": "#/$defs/Nodes"}, {"$ref": "#/$defs/Node"}]}},
            "Size": {"type": "integer", "minimum": 0, "maximum": most}}})
    };
    let (old, new) = (document(9), document(8));
    let compared = compared(&old, &new, Direction::Request);
    assert_witnesses(&old, &new, &compared);
    assert_eq!(compared.count(Severity::Breaking), 1, "{:?}", compared.findings);
}

/// The second judge's answer.
#[derive(Debug, Deserialize)]
#[serde(tag = "status", rename_all = "lowercase")]
enum Said {
    Compatible,
    Incompatible { counterexample: Value },
    Unknown {},
}

/// How often the two judges decided, and how.
#[derive(Debug, Default)]
struct Judged {
    /// Both said the same.
    agreed: usize,
    /// They differed, and validators say what we say.
    settled: usize,
    /// One of them did not decide.
    open: usize,
}

impl Judged {
    /// Settles what two judges say by execution, else says why not. `ours` is whether the edit is compatible.
    fn settle(
        &mut self,
        ours: Option<bool>,
        said: &Said,
        old: &Value,
        new: &Value,
        direction: Direction,
    ) -> Result<(), String> {
        match (ours, said) {
            (None, _) | (_, Said::Unknown {}) => self.open += 1,
            (Some(true), Said::Compatible) | (Some(false), Said::Incompatible { .. }) => self.agreed += 1,
            // `assert_witnesses` has shown the document that breaks.
            (Some(false), Said::Compatible) => self.settled += 1,
            (Some(true), Said::Incompatible { counterexample }) => {
                let takes = |schema: &Value| {
                    let validator = jsonschema::options().should_validate_formats(true).build(schema);
                    validator.unwrap().is_valid(counterexample)
                };
                let (sender, reader) = if direction == Direction::Request { (old, new) } else { (new, old) };
                if takes(sender) && !takes(reader) {
                    return Err(format!("we say compatible, and {counterexample} shows that it breaks"));
                }
                self.settled += 1;
            }
        }
        Ok(())
    }
}

/// What jsoncompat says.
fn second(judge: &Path, folder: &Path, old: &Value, new: &Value, direction: Direction) -> Said {
    let [old, new] = [("old.json", old), ("new.json", new)].map(|(name, schema)| {
        let path = folder.join(name);
        fs::write(&path, schema.to_string()).unwrap();
        path
    });
    // Who reads requests is the new version of a deserializer.
    let role = if direction == Direction::Request { "deserializer" } else { "serializer" };
    let output = Command::new(judge)
        .arg("compat")
        .args([&old, &new])
        .args(["--role", role, "--json"])
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|err| {
        panic!("jsoncompat says nothing of {old:?}: {err}: {}", String::from_utf8_lossy(&output.stderr))
    })
}

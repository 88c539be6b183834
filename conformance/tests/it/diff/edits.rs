//! Random edits: what is breaking is shown, what is not is not contradicted, and little is undecided.

use conformance::diff::{Direction, Severity};
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
    for seed in 0..count {
        if seed % 500 == 499 {
            eprintln!(
                "{seed} edits in {} s: {breaking} breaking, {undecided} undecided",
                start.elapsed().as_secs()
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
                () if is(Severity::Breaking) => "incompatible",
                () if is(Severity::Undecided) || is(Severity::Dangerous) => "unknown",
                () => "compatible",
            };
            if said != ours && said != "unknown" && ours != "unknown" {
                wrong.push(format!(
                    "seed {seed} {direction}: {what}: ours {ours}, theirs {said}\n{old}\n{new}"
                ));
            }
        }
    }
    eprintln!("{count} edits: {seen} seen, {breaking} breaking, {undecided} undecided");
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

/// The verdict of jsoncompat: `compatible`, `incompatible` or `unknown`.
fn second(judge: &Path, folder: &Path, old: &Value, new: &Value, direction: Direction) -> String {
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
    let text = String::from_utf8_lossy(&output.stdout).to_lowercase();
    ["incompatible", "compatible", "unknown"]
        .into_iter()
        .find(|word| text.contains(word))
        .unwrap_or("unknown")
        .to_owned()
}

//! Recorded replies of workers to the C# payloads: a strict reader of their dialect reads each of them whole.

use conformance::{
    exchange::{StrictReading, difference},
    party::Answer,
};
use contracts::{Action, Dialect};
use serde_json::Value;

#[test]
fn recorded_replies_are_heard_whole() {
    let fixtures = crate::fixtures();
    for file in ["worker-sim.jsonl", "python.jsonl"] {
        let path = fixtures.join("replies").join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(rows.len() > 40, "{file} has {} rows", rows.len());
        let mut successes = 0;
        for row in &rows {
            let text = |name: &str| row[name].as_str().unwrap_or_else(|| panic!("{row} has no {name}"));
            let action: Action = text("action").parse().unwrap_or_else(|err| panic!("{row}: {err}"));
            let dialect: Dialect = text("dialect").parse().unwrap_or_else(|err| panic!("{row}: {err}"));
            assert!(fixtures.join(text("fixture")).is_file(), "{row} is of no fixture");
            let reading =
                StrictReading::of(action, dialect, &Answer { value: row["reply"].clone(), http: None });
            let at = format!("{file}, {}", row["fixture"]);
            assert_eq!(reading.misspelt, Vec::<String>::new(), "{at}");
            let read = reading.read.unwrap_or_else(|why| panic!("{at}: {why}"));
            let again = read.reply.to_value(dialect);
            assert_eq!(difference(&again, &row["reply"], ""), None, "{at}: written again it is another");
            successes += usize::from(row["reply"]["success"] == true || row["reply"]["Success"] == true);
        }
        assert!(successes > 20, "{file} has {successes} successes");
    }
}

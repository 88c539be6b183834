//! Replies as text: the short way to JSON writes what the long way writes.

use contracts::{Action, Dialect, Reply, Warning, WarningCode};
use serde_json::json;
use std::collections::HashMap;

use crate::generated::documents::documents;

#[test]
fn both_ways_to_json_write_the_same_bytes() {
    let mut of: HashMap<&str, Vec<_>> = HashMap::new();
    for (name, document) in documents() {
        of.entry(name).or_default().push(document);
    }
    let warning = Warning {
        code: WarningCode::NoEffect,
        pointer: Some("/payload".to_owned()),
        message: "`steps` takes no effect here".to_owned(),
        hint: None,
    };
    let mut compared = 0;
    for action in Action::ALL {
        for document in of.get(action.info().reply).into_iter().flatten() {
            // As a worker repeats them in its data, where the data has a place for them; as it came; and not at all.
            let mut repeated = document.clone();
            if repeated.get("warnings").is_some() {
                repeated["warnings"] = json!([warning.message]);
            }
            for (data, warnings) in [
                (repeated, vec![warning.clone()]),
                (document.clone(), vec![warning.clone()]),
                (document.clone(), vec![]),
            ] {
                let session_id = (compared % 2 == 0).then(|| "s1".to_owned());
                let request_id = Some("r1".to_owned());
                let reply = Reply {
                    action: Some(action),
                    request_id,
                    session_id,
                    outcome: Ok(data),
                    warnings,
                    more_warnings: 0,
                };
                for dialect in Dialect::ALL {
                    let long = serde_json::to_vec(&reply.to_value(dialect)).expect("it has string keys");
                    assert_eq!(reply.to_json(dialect), long, "{action}");
                    compared += 1;
                }
            }
        }
    }
    assert!(compared >= 10_000, "{compared} replies were written");
}

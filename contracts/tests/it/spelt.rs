//! The dialect of a document is that of the most names; the order of members never decides.

use contracts::{Action, Dialect, RouteBody, read_body, read_frame};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::data::lines;

const VALIDATE: RouteBody<'static> =
    RouteBody { action: Action::ValidateRequest, bare: Some("prompt_submission") };

/// Of a body, or of what was refused of it.
fn dialect(body: &str, route: RouteBody<'_>, given: &Map<String, Value>) -> Option<Dialect> {
    match read_body(body.as_bytes(), route, given) {
        Ok(incoming) => incoming.reading.dialect,
        Err(refusal) => refusal.dialect,
    }
}

#[test]
fn the_most_names_among_the_fields_decide() {
    use Dialect::{Camel, Pascal, Snake};
    let rows: &[(&str, Option<Dialect>)] = &[
        // One name of snake against three of pascal, both ways round.
        (
            r#"{"hyperparameters":{"guidance_scale":7.5},"Model":{"Base":"a"},"Conditioning":{"Prompt":"a"}}"#,
            Some(Pascal),
        ),
        (
            r#"{"Conditioning":{"Prompt":"a"},"Model":{"Base":"a"},"hyperparameters":{"guidance_scale":7.5}}"#,
            Some(Pascal),
        ),
        // Keys of maps are data.
        (
            r#"{"metadata":{"tags":{"User":"a","Team":"b","ProjectName":"c"}},"model":{"base":"a"},"conditioning":{"prompt":"a"}}"#,
            None,
        ),
        (r#"{"metadata":{"tags":{"User":"a"}},"scheduler":{"karras_sigmas":true}}"#, Some(Snake)),
        // Ties: pascal, camel, snake.
        (r#"{"Model":{},"hyperparameters":{"guidance_scale":7.5}}"#, Some(Pascal)),
        (r#"{"Model":{},"hyperparameters":{"guidanceScale":7.5}}"#, Some(Pascal)),
        (r#"{"scheduler":{"karras_sigmas":true},"hyperparameters":{"guidanceScale":7.5}}"#, Some(Camel)),
        (
            r#"{"Model":{},"scheduler":{"karras_sigmas":true},"hyperparameters":{"guidanceScale":7.5}}"#,
            Some(Pascal),
        ),
        (
            r#"{"scheduler":{"karras_sigmas":true,"timestep_spacing":"leading"},"hyperparameters":{"guidanceScale":7.5}}"#,
            Some(Snake),
        ),
        // Null names tell, unknown ones do not.
        (r#"{"model":{"base":"a"},"hyperparameters":{"guidanceScale":null}}"#, Some(Camel)),
        (r#"{"Modell":{},"Sampler":1,"hyperparameters":{"guidanceScale":1}}"#, Some(Camel)),
        // Further names tell as the canonical ones do: accepted spellings and places, flags, neutral-only names.
        (r#"{"hyperparameters":{"negativePrompt":"bad","width":512}}"#, Some(Camel)),
        (r#"{"performance":{"cpuOffload":true}}"#, Some(Camel)),
        (r#"{"performance":{"cpu_offload":false}}"#, Some(Snake)),
        (r#"{"scheduler":{"NumInferenceSteps":3}}"#, Some(Pascal)),
        (r#"{"hyperparameters":{"cfgScale":3}}"#, Some(Camel)),
        (r#"{"conditioning":{"img2ImgStrength":0.5}}"#, Some(Camel)),
        (r#"{"conditioning":{"Img2ImgStrength":null}}"#, Some(Pascal)),
        (r#"{"scheduler":{"snrWeighting":false}}"#, Some(Camel)),
        (r#"{"performance":{"xformers":true}}"#, None),
        // A name twice is a refusal in the dialect of the others.
        (r#"{"Model":{"Base":"a"},"Model":{"Base":"b"}}"#, Some(Pascal)),
    ];
    for (body, meant) in rows {
        assert_eq!(dialect(body, VALIDATE, &Map::new()), *meant, "{body}");
    }
}

#[test]
fn the_envelope_decides_only_where_the_fields_tell_nothing() {
    use Dialect::{Camel, Pascal, Snake};
    let rows: &[(&str, Option<Dialect>)] = &[
        (
            r#"{"action":"enhanced_sdxl","request_id":"r","session_id":"s","request":{"Model":{}}}"#,
            Some(Pascal),
        ),
        (
            r#"{"Action":"enhanced_sdxl","SessionId":"s","Request":{"hyperparameters":{"guidance_scale":1}}}"#,
            Some(Snake),
        ),
        (r#"{"action":"enhanced_sdxl","request_id":"r","request":{"model":{}}}"#, Some(Snake)),
        (r#"{"action":"enhanced_sdxl","requestId":"r","request":{"model":{}}}"#, Some(Camel)),
        // Wrapper names are the envelope's.
        (r#"{"action":"generate_sdxl","prompt_submission":{"Model":{}}}"#, Some(Pascal)),
        (r#"{"action":"generate_sdxl","promptSubmission":{"model":{}}}"#, Some(Camel)),
        (r#"{"action":"enhanced_sdxl","Request":{"model":{}}}"#, Some(Pascal)),
        (r#"{"action":"generate_image","Parameters":{"guidance_scale":1}}"#, Some(Snake)),
        (r#"{"action":"start_training","Request":{"base_model":"a"}}"#, Some(Snake)),
        (r#"{"action":"start_training","Request":{}}"#, Some(Pascal)),
        // Ties of the envelope's names.
        (r#"{"action":"get_status","RequestId":"r","session_id":"s"}"#, Some(Pascal)),
        (r#"{"action":"get_status","requestId":"r","session_id":"s"}"#, Some(Camel)),
        (r#"{"Action":"get_status","request_id":"r","session_id":"s"}"#, Some(Snake)),
        (r#"{"Action":"nothing_like_it","RequestId":"r","session_id":"s"}"#, Some(Pascal)),
        (r#"{"action":"get_status"}"#, None),
    ];
    for (frame, meant) in rows {
        let found = match read_frame(frame.as_bytes()) {
            Ok(incoming) => incoming.reading.dialect,
            Err(refusal) => refusal.dialect,
        };
        assert_eq!(found, *meant, "{frame}");
    }
}

/// The names of a path and a query are the route's, not the sender's.
#[test]
fn what_the_query_gives_tells_no_dialect() {
    let given = Map::from_iter([("model_id".to_owned(), json!("m"))]);
    let route = RouteBody { action: Action::UnloadModel, bare: None };
    assert_eq!(dialect("", route, &given), None);
}

#[test]
fn a_member_of_the_envelope_is_pointed_at_where_it_stands() {
    let frame = br#"{"action":"get_status","Attempt":3,"session_id":"s"}"#;
    let head = read_frame(frame).expect("it is a command").head;
    assert_eq!(head.pointer("attempt"), "/Attempt");
    assert_eq!(head.pointer("session_id"), "/session_id");
}

/// Every name in one of the three dialects, as `picks` has it.
fn mix(value: &Value, spelt: &[Value; 3], picks: &mut impl Iterator<Item = usize>) -> Value {
    match value {
        Value::Object(members) => {
            let each = spelt.each_ref().map(|one| one.as_object().expect("it is the same document"));
            let named = (0..members.len()).map(|at| {
                let (name, _) = each[picks.next().unwrap_or(0) % 3].iter().nth(at).expect("as many members");
                let inner = each.map(|one| one.values().nth(at).expect("as many members").clone());
                (name.clone(), mix(&inner[0], &inner, picks))
            });
            Value::Object(named.collect())
        }
        // Lists have an order; objects in them are left in one dialect.
        other => other.clone(),
    }
}

/// The document with the members of every object in another order.
fn shuffle(value: &Value, turns: &mut impl Iterator<Item = usize>) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<(String, Value)> =
                members.iter().map(|(name, value)| (name.clone(), shuffle(value, turns))).collect();
            for at in (1..members.len()).rev() {
                members.swap(at, turns.next().unwrap_or(0) % (at + 1));
            }
            Value::Object(members.into_iter().collect())
        }
        Value::Array(items) => items.iter().map(|item| shuffle(item, turns)).collect(),
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn the_order_of_members_never_decides(
        row in any::<prop::sample::Index>(),
        picks in prop::collection::vec(0usize..3, 1..60),
        turns in prop::collection::vec(0usize..97, 60),
    ) {
        let rows = lines("oracle/requests.jsonl");
        let canonical = &row.get(&rows)["canonical"];
        let spelt = Dialect::ALL.map(|dialect| dialect.spell("PromptSubmission", canonical));
        let body = mix(canonical, &spelt, &mut picks.iter().copied().cycle());
        let other = shuffle(&body, &mut turns.iter().copied().cycle());
        let none = Map::new();
        let of = |body: &Value| dialect(&body.to_string(), VALIDATE, &none);
        prop_assert_eq!(of(&body), of(&other), "{}\n{}", body, other);
        let frame = |body: &Value| json!({"action": "validate_request", "request_id": "r", "request": body}).to_string();
        let of = |body: &Value| read_frame(frame(body).as_bytes()).expect("it is a command").reading.dialect;
        prop_assert_eq!(of(&body), of(&other), "{}\n{}", body, other);
    }
}

/// Two spellings of `payload` are treated as those of every other name of the envelope.
#[test]
fn a_payload_in_two_spellings_is_one() {
    let frame = r#"{"action":"unload_model","payload":{"model_id":"a"},"Payload":{"model_id":"a"}}"#;
    let incoming = read_frame(frame.as_bytes()).expect("an envelope");
    let warnings: Vec<_> = incoming
        .reading
        .warnings
        .iter()
        .map(|warning| (warning.code.as_str(), warning.pointer.as_deref()))
        .collect();
    assert_eq!(warnings, [("duplicate_equal", Some("/Payload"))]);
    assert_eq!(incoming.reading.document(), Some(&json!({"model_id": "a"})));
}

//! Traces: where a client names one, and what its worker, its events and the log have then.

use contracts::Trace;
use serde_json::{Value, json};

use crate::{
    program::{Program, Stderr},
    rig::{HttpResponse, Rig, job, submission, within},
    stdio_client::StdioClient,
};

const ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SAID: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const OTHER: &str = "00-11111111111111111111111111111111-00f067aa0ba902b7-01";

/// A worker that records each line before it reads it.
const LISTENS: &str = "while IFS= read -r line; do printf '%s\\n' \"$line\" >> \"$DIR/asked\"; printf '%s\\n' \"$line\"; done \
    | $SIM \"$@\" $FAULT\n";

async fn listened(fault: &str) -> Rig {
    let rig = Rig::scripted("", &format!("FAULT=\"{fault}\"\n{LISTENS}")).await;
    within(rig.dispatcher.pool().settled()).await;
    rig
}

/// Returns the recorded frame of an action.
fn asked(rig: &Rig, action: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(rig.dir.path().join("asked")).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["action"] == action).collect()
}

/// Sends a job with headers, and waits for its end. Returns its id and its reply.
async fn run(rig: &Rig, headers: &[(&str, &str)], command: &Value) -> (String, HttpResponse) {
    let mut request = rig.request("POST", "/v1/commands?dialect=snake").json(command);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = rig.send_request(request).await;
    assert_eq!(response.status, 200, "{response:?}");
    (response.body["request_id"].as_str().unwrap().to_owned(), response)
}

/// Returns the trace in the events of a job, which all have the same.
async fn told(rig: &Rig, id: &str) -> Option<Trace> {
    let request = rig.request("GET", &format!("/v1/jobs/{id}/events?dialect=pascal"));
    let text = within(async { request.send().await.unwrap().text().await.unwrap() }).await;
    let events: Vec<Value> = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line.strip_prefix("data: ")?).ok())
        .filter(|event| event.get("Event").is_some())
        .collect();
    assert!(!events.is_empty(), "{text}");
    assert!(events.iter().all(|event| event["Traceparent"] == events[0]["Traceparent"]), "{text}");
    let text = events[0].get("Traceparent")?.as_str().expect("a text");
    Some(Trace::of_canonical(text).expect("it keeps the schema"))
}

fn warnings(response: &HttpResponse) -> Vec<(&str, &str)> {
    let details = response.body["warning_details"].as_array().unwrap();
    details.iter().map(|one| (one["code"].as_str().unwrap(), one["pointer"].as_str().unwrap_or(""))).collect()
}

fn envelope(traceparent: &str) -> Value {
    let mut command = job("generate_sdxl");
    command["traceparent"] = traceparent.into();
    command
}

#[tokio::test]
async fn a_header_and_an_envelope_go_to_the_worker_and_into_the_events_under_our_own_span() {
    let rig = listened("").await;
    let same_trace = SAID.replace("00f067aa0ba902b7", "0000000000000001");
    for (headers, command) in [
        (&[("traceparent", SAID)][..], job("generate_sdxl")),
        (&[], envelope(SAID)),
        (&[("traceparent", SAID)], envelope(&same_trace)),
        // The additions of other vendors and of later versions are dropped.
        (
            &[("traceparent", &*format!("01{}-more", &SAID[2..])), ("tracestate", "vendor=1")],
            job("generate_sdxl"),
        ),
    ] {
        let (id, response) = run(&rig, headers, &command).await;
        assert_eq!(warnings(&response), [], "{response:?}");
        let told = told(&rig, &id).await.expect("the trace");
        assert_eq!((told.id(), &told.as_str()[52..]), (ID, "-01"), "{told}");
        assert_ne!(told.parent(), "00f067aa0ba902b7", "the span is the gateway's own");
        let sent = asked(&rig, "generate_sdxl").pop().unwrap();
        assert_eq!(sent["traceparent"], told.as_str(), "{sent}");
        assert!(!sent.to_string().contains("vendor"), "{sent}");
        let record = rig.get(&format!("/v1/jobs/{id}")).await;
        assert!(!record.body["data"].to_string().contains(ID), "{record:?}");
    }
    // Queries have it, too, because their worker may log it.
    rig.send_request(rig.request("GET", "/v1/capabilities").header("traceparent", SAID)).await;
    let sent = asked(&rig, "get_capabilities").pop().unwrap();
    assert!(sent["traceparent"].as_str().unwrap().starts_with(&SAID[..36]), "{sent}");
    rig.stop().await;
}

#[tokio::test]
async fn who_names_no_trace_gets_none() {
    let rig = listened("").await;
    let (id, response) = run(&rig, &[("tracestate", "vendor=1")], &job("generate_sdxl")).await;
    assert_eq!((told(&rig, &id).await, warnings(&response)), (None, vec![]));
    assert_eq!(asked(&rig, "generate_sdxl")[0].get("traceparent"), None);
    rig.stop().await;
}

#[tokio::test]
async fn the_header_wins_and_an_envelope_of_another_trace_is_said_to_take_no_effect() {
    let rig = Rig::start(&[]).await;
    let pascal = json!({"Action": "generate_sdxl", "Request": submission(), "Traceparent": OTHER});
    for (command, pointer) in [(envelope(OTHER), "/traceparent"), (pascal, "/Traceparent")] {
        let (id, response) = run(&rig, &[("traceparent", SAID)], &command).await;
        assert_eq!(warnings(&response), [("no_effect", pointer)], "{response:?}");
        assert_eq!(told(&rig, &id).await.unwrap().id(), ID);
    }
    rig.stop().await;
}

#[tokio::test]
async fn a_malformed_header_begins_a_new_trace_and_so_do_several() {
    let rig = Rig::start(&[]).await;
    let upper = SAID.to_uppercase();
    let long = format!("01{}-{}", &SAID[2..], "x".repeat(1024));
    let zeros = format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32));
    for headers in [
        &[("traceparent", "nonsense")][..],
        &[("traceparent", "")],
        &[("traceparent", &*upper)],
        &[("traceparent", &*zeros)],
        &[("traceparent", &*long)],
        &[("traceparent", SAID), ("traceparent", SAID)],
    ] {
        let (id, response) = run(&rig, headers, &job("generate_sdxl")).await;
        let told = told(&rig, &id).await.unwrap_or_else(|| panic!("{headers:?}: no trace"));
        assert_ne!(told.id(), ID, "{headers:?}");
        assert!(told.as_str().ends_with("-00"), "{told}: nobody has sampled it");
        assert_eq!(warnings(&response), [], "{response:?}");
        // The new one takes precedence over the envelope's, as any header does.
        let (id, response) = run(&rig, headers, &envelope(SAID)).await;
        assert_ne!(self::told(&rig, &id).await.unwrap().id(), ID, "{headers:?}");
        assert_eq!(warnings(&response), [("no_effect", "/traceparent")], "{response:?}");
    }
    rig.stop().await;
}

#[tokio::test]
async fn a_header_that_is_no_text_begins_a_new_trace_too() {
    let rig = Rig::start(&[]).await;
    let value = reqwest::header::HeaderValue::from_bytes(b"00-\xff\xfe").unwrap();
    let request =
        rig.request("POST", "/v1/commands").header("traceparent", value).json(&job("generate_sdxl"));
    let response = rig.send_request(request).await;
    assert_eq!(response.status, 200, "{response:?}");
    assert!(told(&rig, response.body["request_id"].as_str().unwrap()).await.is_some());
    rig.stop().await;
}

#[tokio::test]
async fn a_malformed_envelope_is_refused_where_it_stands_whatever_the_header() {
    let rig = Rig::start(&[]).await;
    for traceparent in ["nonsense", &SAID.to_uppercase(), &format!("01{}", &SAID[2..])] {
        let request =
            rig.request("POST", "/v1/commands").header("traceparent", SAID).json(&envelope(traceparent));
        let response = rig.send_request(request).await;
        assert_eq!((response.status, response.code()), (422, "unsupported_value"), "{response:?}");
        assert_eq!(response.body["error_details"]["field"], "/traceparent");
    }
    let response = rig.get("/v1/queue?traceparent=nonsense").await;
    assert_eq!(
        (response.code(), &response.body["error_details"]["field"]),
        ("unsupported_value", &json!("/traceparent"))
    );
    rig.stop().await;
}

/// A retry has another span, or another trace, and is still the same request.
#[tokio::test]
async fn a_trace_is_no_part_of_what_a_key_stands_for() {
    let rig = Rig::with(1, "", &[]).await;
    let (first, _) =
        run(&rig, &[("idempotency-key", "k"), ("traceparent", SAID)], &job("generate_sdxl")).await;
    for (headers, command) in [
        (&[("idempotency-key", "k"), ("traceparent", OTHER)][..], job("generate_sdxl")),
        (&[("idempotency-key", "k")], job("generate_sdxl")),
        (&[("idempotency-key", "k")], envelope(OTHER)),
        (&[("idempotency-key", "k"), ("traceparent", "nonsense")], envelope(SAID)),
    ] {
        let (id, _) = run(&rig, headers, &command).await;
        assert_eq!(id, first, "{headers:?}");
        assert_eq!(told(&rig, &id).await.unwrap().id(), ID, "its trace is that of who began it");
    }
    let mut other = envelope(SAID);
    other["payload"]["prompt_submission"]["scheduler"]["steps"] = 3.into();
    let request = rig.request("POST", "/v1/commands").header("idempotency-key", "k").json(&other);
    assert_eq!(rig.send_request(request).await.code(), "conflict");
    rig.stop().await;
}

#[tokio::test]
async fn a_worker_that_refuses_the_feature_is_asked_again_without_and_never_told_of_a_trace() {
    let rig = listened("--fault no_trace").await;
    let greetings = asked(&rig, "initialize");
    let features: Vec<&Value> = greetings.iter().map(|frame| &frame["payload"]["features"]).collect();
    assert_eq!(features, [&json!(["events", "out_of_order", "trace"]), &json!(["events", "out_of_order"])]);
    assert_eq!(rig.dispatcher.pool().lanes()[0].view().starts, 1, "it is no death");
    // A worker without the feature would refuse the field.
    let (id, response) = run(&rig, &[("traceparent", SAID)], &job("generate_sdxl")).await;
    assert_eq!(warnings(&response), [], "{response:?}");
    assert_eq!(told(&rig, &id).await.unwrap().id(), ID, "the gateway itself knows the trace");
    assert_eq!(asked(&rig, "generate_sdxl")[0].get("traceparent"), None);
    rig.stop().await;
}

/// A worker that also refuses `initialize` without `trace` has another reason.
#[tokio::test]
async fn a_worker_that_refuses_for_other_reasons_is_asked_twice_and_no_more() {
    let script =
        "FAULT=\"\"\n".to_owned() + &LISTENS.replace("$SIM", "sed -u 's/\\[\"1\"\\]/[\"9\"]/' | $SIM");
    let config = "[restart]\ndeaths_max = 1\nopen_min_seconds = 200\n";
    let rig = Rig::scripted(config, &script).await;
    rig.lane(|view| matches!(view.state, gateway::lane::LaneState::Open(_))).await;
    let reason = rig.dispatcher.pool().lanes()[0].unready().unwrap();
    assert!(reason.contains("no common protocol version"), "{reason}");
    assert_eq!(asked(&rig, "initialize").len(), 2);
    rig.stop().await;
}

/// The events of a job have its own trace, even if its worker writes none or another.
#[tokio::test]
async fn events_have_the_jobs_own_trace_whatever_the_worker_says() {
    let rig = Rig::with(1, "", &["--fault", "dropped_trace"]).await;
    let (id, _) = run(&rig, &[("traceparent", SAID)], &job("generate_sdxl")).await;
    assert_eq!(told(&rig, &id).await.unwrap().id(), ID);
    rig.stop().await;
    let swaps =
        format!("$SIM \"$@\" | sed -u -E 's/(\"event\":\"progress\",)/\\1\"traceparent\":\"{OTHER}\",/'\n");
    let rig = Rig::scripted("", &swaps).await;
    within(rig.dispatcher.pool().settled()).await;
    let (id, _) = run(&rig, &[], &job("generate_sdxl")).await;
    assert_eq!(told(&rig, &id).await, None, "nobody named one");
    rig.stop().await;
}

#[tokio::test]
async fn over_stdio_events_say_it_where_it_was_negotiated() {
    for (features, text) in
        [(json!(["events", "out_of_order", "trace"]), true), (json!(["events", "out_of_order"]), false)]
    {
        let mut client = StdioClient::start(&["--sim-arg", "--step-ms", "--sim-arg", "0"]);
        client
            .send(&json!({"action": "initialize", "request_id": "i", "payload": {"features": features}}))
            .await;
        assert_eq!(client.reply().await["data"]["features"], features);
        let mut command = envelope(SAID);
        command["request_id"] = "a".into();
        client.send(&command).await;
        let mut told = Vec::new();
        let reply = loop {
            let line = client.line().await;
            match line["event"].as_str() {
                Some("heartbeat") => {}
                Some(_) => told.push(line),
                None => break line,
            }
        };
        assert_eq!(reply["success"], true, "{reply}");
        assert!(!told.is_empty());
        for event in &told {
            let trace = event["traceparent"].as_str().and_then(Trace::of_canonical);
            assert_eq!(trace.as_ref().map(Trace::id), text.then_some(ID), "{event}");
        }
        command["traceparent"] = "nonsense".into();
        client.send(&command).await;
        assert_eq!(client.reply().await["error_details"]["field"], "/traceparent");
        assert_eq!(client.end().await.1, Some(0));
    }
}

#[tokio::test]
async fn lines_of_the_log_have_the_trace_beside_the_request() {
    let args = ["--log-format", "json", "--sim-arg", "--fault", "--sim-arg", "out_of_memory"];
    let program = Program::serve(Stderr::ResourceGuard, &args).await;
    let mut fails = envelope(SAID);
    fails["request_id"] = "fails".into();
    let (_, reply) = program.command(&fails).await;
    assert_eq!(reply["error_details"]["code"], "out_of_memory", "{reply}");
    let bad = json!({"action": "generate_sdxl", "request_id": "bad", "traceparent": SAID, "payload": {}});
    assert_eq!(program.command(&bad).await.0, 422);
    assert_eq!(program.get_with("/v1/nothing", &[("traceparent", SAID)]).await, Some(404));
    assert_eq!(program.get("/v1/nobody").await, Some(404));
    let text = program.says("stderr", "\"/v1/nobody\"").await;
    let lines: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    for (name, value, message) in [
        ("request_id", "fails", "failed"),
        ("request_id", "bad", "refused"),
        ("path", "/v1/nothing", "answered"),
    ] {
        let of: Vec<&Value> =
            lines.iter().filter(|line| line[name] == value && line["message"] == message).collect();
        assert_eq!((of.len(), &of[0]["trace_id"]), (1, &json!(ID)), "{value}: {text}");
    }
    let without = lines.iter().find(|line| line["path"] == "/v1/nobody").unwrap();
    assert_eq!(without.get("trace_id"), None, "{without}");
}

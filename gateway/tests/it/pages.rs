//! Pages of jobs, URLs in replies, streams of events, and the environment.

use serde_json::{Value, json};

use crate::{
    raw::{Raw, head},
    rig::{Rig, job, long_job, submission, within},
};

fn tagged(id: &str, session: Option<&str>, tags: Value) -> Value {
    let mut command = job("generate_sdxl");
    command["request_id"] = id.into();
    command["payload"]["prompt_submission"]["metadata"] = json!({"tags": tags});
    if let Some(session) = session {
        command["session_id"] = session.into();
    }
    command
}

fn ids(data: &Value) -> Vec<&str> {
    data["jobs"].as_array().unwrap().iter().map(|job| job["request_id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn pages_of_jobs_are_complete_and_stand_still() {
    let rig = Rig::with(1, "", &[]).await;
    for n in 0..7 {
        rig.command(&tagged(&format!("job-{n}"), None, json!({}))).await;
    }
    let first = rig.get("/v1/jobs?limit=3").await.body["data"].clone();
    assert_eq!(rig.get("/v1/jobs?Limit=3").await.body["data"], first, "in any spelling");
    assert_eq!((ids(&first), &first["total"]), (vec!["job-6", "job-5", "job-4"], &json!(7)));
    // Jobs that arrive between two pages move no page.
    rig.command(&tagged("later", None, json!({}))).await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = rig.get(&format!("/v1/jobs?limit=3&cursor={cursor}")).await.body["data"].clone();
    assert_eq!((ids(&second), &second["total"]), (vec!["job-3", "job-2", "job-1"], &json!(8)));
    // A command has the same fields as the query.
    let command = json!({"action": "list_jobs", "payload": {"limit": 3, "cursor": second["next_cursor"]}});
    let third = rig.command(&command).await.body["data"].clone();
    assert_eq!((ids(&third), third.get("next_cursor")), (vec!["job-0"], None));
    let all = rig.get("/v1/jobs?limit=8").await.body["data"].clone();
    assert_eq!((ids(&all).len(), all.get("next_cursor")), (8, None), "a full page may be the last");
    for (query, code) in [
        ("limit=0", "out_of_range"),
        ("limit=1001", "out_of_range"),
        ("cursor=garbage", "unsupported_value"),
        ("cursor=MTox", "unsupported_value"),
        ("tag.=x", "unknown_field"),
        ("tag.a=1&tag.a=2", "duplicate_field"),
        ("status=none", "unsupported_value"),
    ] {
        let answer = rig.get(&format!("/v1/jobs?{query}")).await;
        assert_eq!(answer.code(), code, "{query} {answer:?}");
    }
    rig.stop().await;
}

#[tokio::test]
async fn jobs_are_filtered_by_status_session_and_tags() {
    let rig = Rig::with(1, "", &[]).await;
    rig.command(&tagged("a", Some("s-1"), json!({"album": "cats", "year": "2026"}))).await;
    rig.command(&tagged("b", Some("s-2"), json!({"album": "cats"}))).await;
    let mut broken = tagged("c", Some("s-1"), json!({"album": "dogs"}));
    broken["payload"]["prompt_submission"]["model"]["base"] = "nobody".into();
    rig.command(&broken).await;
    for (query, expected) in [
        ("", vec!["c", "b", "a"]),
        ("status=completed", vec!["b", "a"]),
        ("status=failed", vec!["c"]),
        ("status=queued", vec![]),
        ("session_id=s-1", vec!["c", "a"]),
        ("session_id=nobody", vec![]),
        ("tag.album=cats", vec!["b", "a"]),
        ("tag.album=cats&tag.year=2026", vec!["a"]),
        ("tag.album=", vec![]),
        ("tag.nothing=cats", vec![]),
        ("session_id=s-1&tag.album=cats&status=completed", vec!["a"]),
    ] {
        let answer = rig.get(&format!("/v1/jobs?{query}")).await;
        assert_eq!(ids(&answer.body["data"]), expected, "{query} {answer:?}");
        assert_eq!(answer.body["data"]["total"], expected.len(), "{query}");
    }
    let page = rig.get("/v1/jobs?tag.album=cats&limit=1").await.body["data"].clone();
    assert_eq!((ids(&page), &page["total"]), (vec!["b"], &json!(2)));
    let command = json!({"action": "list_jobs", "session_id": "s-1", "tags": {"album": "dogs"}});
    assert_eq!(ids(&rig.command(&command).await.body["data"]), ["c"]);
    rig.stop().await;
}

#[tokio::test]
async fn a_job_says_when_its_cancel_was_asked_for() {
    let rig = Rig::with(1, "", &["--step-ms", "20"]).await;
    rig.queue(&long_job("runs", 150)).await;
    rig.queue(&long_job("waits", 150)).await;
    rig.running("runs").await;
    assert_eq!(rig.get("/v1/jobs/runs").await.body["data"].get("cancel_requested_at"), None);
    for id in ["waits", "runs"] {
        assert_eq!(rig.delete(&format!("/v1/jobs/{id}")).await.status, 200);
        rig.reply(id).await;
        let job = rig.get(&format!("/v1/jobs/{id}")).await.body["data"].clone();
        let asked = job["cancel_requested_at"].as_str().unwrap();
        assert!(
            job["queued_at"].as_str().unwrap() <= asked && asked <= job["completed_at"].as_str().unwrap(),
            "{job}"
        );
    }
    rig.stop().await;
}

/// Every URL of every kind of reply, for a base.
async fn urls(rig: &Rig, headers: &[(&str, &str)], base: &str) {
    let ask = |verb: &'static str, path: String, body: Option<Value>| {
        let mut request = rig.request(verb, &path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        rig.send_request(if let Some(body) = body { request.json(&body) } else { request })
    };
    let made = ask("POST", "/v1/generate".to_owned(), Some(submission())).await;
    let id = made.body["request_id"].as_str().unwrap().to_owned();
    let own = format!("{base}/v1/jobs/{id}");
    let image = format!("{own}/images/0");
    assert_eq!(made.body["data"]["image_details"][0]["url"], image, "{made:?}");
    let job = ask("GET", format!("/v1/jobs/{id}"), None).await.body["data"].clone();
    let expected = json!({"self": own, "events": format!("{own}/events"), "images": [image]});
    assert_eq!(job["urls"], expected, "{job}");
    assert_eq!(job["result"]["image_details"][0]["url"], image);
    let jobs = ask("GET", "/v1/jobs".to_owned(), None).await.body["data"].clone();
    assert_eq!(jobs["jobs"][0]["urls"], expected, "{jobs}");
    let batch = json!({"action": "batch_generate", "payload": {"requests": [submission(), submission()]}});
    let batch = ask("POST", "/v1/commands".to_owned(), Some(batch)).await.body;
    let id = batch["request_id"].as_str().unwrap();
    for n in 0..2 {
        let url = &batch["data"]["results"][n]["data"]["image_details"][0]["url"];
        assert_eq!(*url, format!("{base}/v1/jobs/{id}/images/{n}"), "{batch}");
    }
    let mut request = rig.request("GET", &format!("/v1/jobs/{id}/events"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let events = within(async { request.send().await.unwrap().text().await.unwrap() }).await;
    assert!(events.contains(&format!("\"url\":\"{base}/v1/jobs/{id}/images/1\"")), "{events}");
    let mut request =
        rig.request("POST", "/v1/generate").header("prefer", "respond-async").json(&submission());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let queued = rig.send_request(request).await;
    let location = queued.headers["location"].to_str().unwrap();
    assert_eq!(location, format!("{base}/v1/jobs/{}", queued.body["request_id"].as_str().unwrap()));
}

#[tokio::test]
async fn urls_begin_where_the_client_of_the_request_finds_us() {
    let prefix = [("x-forwarded-prefix", "/gpu/a"), ("x-forwarded-host", "evil.example")];
    let rig = Rig::with(1, "trusted_proxies = [\"127.0.0.0/8\"]\n", &[]).await;
    urls(&rig, &prefix, "/gpu/a").await;
    // The same records, for another client.
    urls(&rig, &[], "").await;
    for wrong in ["gpu", "/", "/gpu/", "//evil.example", "https://evil.example", "/a b", "/a, /b"] {
        let answer =
            rig.send_request(rig.request("GET", "/v1/jobs").header("x-forwarded-prefix", wrong)).await;
        assert_eq!((answer.status, answer.code()), (400, "bad_request"), "{wrong}");
    }
    rig.stop().await;
    let rig = Rig::with(1, "trusted_proxies = [\"10.0.0.1\"]\n", &[]).await;
    urls(&rig, &prefix, "").await;
    rig.stop().await;
    let rig = Rig::with(1, "public_url = \"https://images.example.com/gpu/\"\n", &[]).await;
    urls(&rig, &prefix, "https://images.example.com/gpu").await;
    rig.stop().await;
}

#[tokio::test]
async fn whoever_has_heard_the_end_is_told_to_come_no_more() {
    let rig = Rig::with(1, "", &[]).await;
    let id = rig.queue(&job("generate_sdxl")).await;
    rig.reply(&id).await;
    let events = |last: Option<u64>| {
        let request = rig.request("GET", &format!("/v1/jobs/{id}/events"));
        let request = match last {
            Some(last) => request.header("last-event-id", last),
            None => request,
        };
        within(async {
            let response = request.send().await.unwrap();
            assert_eq!(response.headers()["x-accel-buffering"], "no");
            (response.status().as_u16(), response.text().await.unwrap())
        })
    };
    let (_, all) = events(None).await;
    let numbers: Vec<u64> =
        all.lines().filter_map(|line| line.strip_prefix("id: ")).map(|id| id.parse().unwrap()).collect();
    assert_eq!(numbers, (0..numbers.len() as u64).collect::<Vec<_>>(), "{all}");
    let end = numbers.last().copied().unwrap();
    assert!(all.contains(&format!("id: {end}\nevent: reply\n")), "{all}");
    for last in [end, end + 1, 99, u64::MAX] {
        assert_eq!(events(Some(last)).await, (204, String::new()), "{last}");
    }
    let (status, rest) = events(Some(end - 1)).await;
    assert_eq!((status, rest.matches("event: ").count()), (200, 1), "{rest}");
    rig.stop().await;
}

#[tokio::test]
async fn whoever_is_ahead_of_a_job_that_runs_waits_for_its_end() {
    let rig = Rig::with(1, "", &["--step-ms", "20"]).await;
    rig.queue(&long_job("runs", 150)).await;
    rig.running("runs").await;
    let request = rig.request("GET", "/v1/jobs/runs/events").header("last-event-id", 1_000_000);
    let response = within(request.send()).await.unwrap();
    assert_eq!(response.status(), 200);
    rig.delete("/v1/jobs/runs").await;
    let message = within(response.text()).await.unwrap();
    assert_eq!(message.matches("event: reply").count(), 1, "{message}");
    rig.stop().await;
}

#[tokio::test]
async fn a_wrong_path_is_told_as_one() {
    let rig = Rig::with(1, "", &[]).await;
    for (path, hint) in [
        ("/v1/jobs/", "there is /v1/jobs,"),
        ("/v1/jobs/x/events//", "there is /v1/jobs/x/events,"),
        ("/v1/nothing/", "GET /openapi.json"),
        ("/", "GET /openapi.json"),
    ] {
        let answer = rig.get(path).await;
        let message = answer.body["error_details"]["hint"].as_str().unwrap_or_default();
        assert_eq!(answer.status, 404);
        assert!(message.contains(hint), "{path} {answer:?}");
    }
    for path in ["/v1/jobs/%ff", "/v1/jobs/%ff/events", "/v1/jobs/a/images/%ff", "/v1/sessions/%ff"] {
        let answer = Raw::to(&rig).await.ask(head("GET", path, "")).await;
        assert_eq!((answer.status, &*answer.code()), (400, "bad_request"), "{path} {answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    }
    rig.stop().await;
}

/// Runs the program with a variable. Returns its exit code and its stderr.
fn run(name: &str, value: &str, args: &[&str]) -> (Option<i32>, String) {
    let dir = tempfile::tempdir().unwrap();
    let ran = std::process::Command::new(crate::rig::GATEWAY)
        .args(args)
        .env(name, value)
        .current_dir(dir.path())
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    (ran.status.code(), String::from_utf8(ran.stderr).unwrap())
}

#[test]
fn variables_and_addresses_that_mean_nothing_are_told() {
    for name in ["CONCORD_CONFIG", "CONCORD_LISTEN", "CONCORD_OUTPUT_DIR", "CONCORD_INPUT_ROOTS"] {
        let (code, message) = run(name, "", &["pending"]);
        assert_eq!(code, Some(2), "{message}");
        assert!(message.contains(&format!("{name} is empty")), "{message}");
    }
    let (code, message) = run("CONCORD_LISTN", "x", &["pending"]);
    assert_eq!(code, Some(0), "{message}");
    assert!(message.contains("nothing reads CONCORD_LISTN; is CONCORD_LISTEN meant?"), "{message}");
    for (listen, hint) in
        [(":8099", "127.0.0.1:8099"), ("8099", "127.0.0.1:8099"), ("unix:/run/x", "not served")]
    {
        let (code, message) = run("CONCORD_LISTEN", listen, &["serve"]);
        assert_eq!(code, Some(2), "{message}");
        assert!(message.contains(hint), "{message}");
    }
    let (code, message) =
        run("CONCORD_LISTEN", "0.0.0.0:0", &["serve", "--allow-remote", "--workers", "sim"]);
    assert_eq!(code, Some(1), "{message}");
    assert!(message.contains("--allowed-host"), "{message}");
}

#[tokio::test]
async fn replies_are_kept_by_their_bytes_and_the_last_one_always() {
    let rig = Rig::with(1, "records_bytes_max = 1024\n", &[]).await;
    for id in ["first", "second", "third", "fourth", "fifth", "sixth"] {
        let mut command = job("generate_sdxl");
        command["request_id"] = id.into();
        let answer = rig.command(&command).await;
        assert_eq!(answer.body["success"], true, "{answer:?}");
        assert_eq!(rig.get(&format!("/v1/jobs/{id}")).await.status, 200, "{id}");
    }
    assert_eq!(rig.get("/v1/jobs/first").await.code(), "job_not_found");
    rig.stop().await;
}

/// Positions are the contract's everywhere: 0 runs, 1 is next.
#[tokio::test]
async fn positions_in_the_queue_begin_behind_the_running_job() {
    let rig = Rig::with(1, "", &["--step-ms", "50"]).await;
    let mut accepted = Vec::new();
    for id in ["runs", "next", "last"] {
        let command = long_job(id, 150);
        let request = rig.request("POST", "/v1/commands").header("prefer", "respond-async").json(&command);
        accepted.push(rig.send_request(request).await.body["queue_position"].clone());
        rig.running("runs").await;
    }
    assert_eq!(accepted[1..], [json!(1), json!(2)]);
    let queue = rig.get("/v1/queue").await.body["data"]["queued_requests"].clone();
    let told: Vec<(&str, u64)> = queue
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["request_id"].as_str().unwrap(), row["queue_position"].as_u64().unwrap()))
        .collect();
    assert_eq!(told, [("runs", 0), ("next", 1), ("last", 2)]);
    for (id, position) in [("next", 1), ("last", 2)] {
        let job = rig.get(&format!("/v1/jobs/{id}")).await.body["data"].clone();
        assert_eq!(job["queue_position"], position, "{job}");
    }
    for id in ["last", "next", "runs"] {
        rig.command(&json!({"action": "cancel", "payload": {"target_request_id": id}})).await;
    }
    rig.stop().await;
}

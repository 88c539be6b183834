//! Clients that leave before the reply: which of their commands are cancelled.

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::rig::{Rig, job, long_job, submission, within};

/// How a connection ends.
#[derive(Clone, Copy, Debug)]
enum Way {
    Fin,
    Rst,
}

/// Sends a request on a connection of its own, and reads nothing.
async fn send(rig: &Rig, path: &str, headers: &str, body: &Value) -> TcpStream {
    let address = rig.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let body = body.to_string();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

fn leave(stream: TcpStream, way: Way) {
    if let Way::Rst = way {
        stream.set_zero_linger().unwrap();
    }
    drop(stream);
}

/// Waits until a job is accepted. It polls, because a job that is not accepted yet has no events.
async fn accepted(rig: &Rig, id: &str) {
    within(async {
        while rig.dispatcher.queue().job(id.into()).await.unwrap().is_none() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

fn is_left(reply: &Value) {
    assert_eq!(reply["error_details"]["code"], "cancelled", "{reply}");
    assert_eq!(reply["error_details"]["details"]["reason"], "client_left", "{reply}");
}

#[tokio::test]
async fn the_job_of_a_client_that_leaves_is_cancelled_waiting_or_running() {
    let rig = Rig::with(1, "", &["--step-ms", "20"]).await;
    for way in [Way::Fin, Way::Rst] {
        let running = format!("running-{way:?}");
        let client = send(&rig, "/v1/commands", "", &long_job(&running, 150)).await;
        accepted(&rig, &running).await;
        rig.running(&running).await;
        let waiting = format!("waiting-{way:?}");
        let second = send(&rig, "/v1/commands", "", &long_job(&waiting, 150)).await;
        accepted(&rig, &waiting).await;
        leave(second, way);
        is_left(&rig.reply(&waiting).await);
        leave(client, way);
        is_left(&rig.reply(&running).await);
        let job = rig.get(&format!("/v1/jobs/{running}")).await;
        assert_eq!(job.body["data"]["status"], "cancelled", "{job:?}");
    }
    rig.assert_makes_pictures().await;
    assert_eq!(rig.dispatcher.pool().lanes()[0].view().starts, 1, "no worker was killed for it");
    rig.stop().await;
}

#[tokio::test]
async fn a_batch_whose_client_leaves_is_cancelled_as_a_whole() {
    let rig = Rig::with(1, "", &["--step-ms", "20"]).await;
    let mut requests = vec![submission(), submission()];
    requests[0]["scheduler"]["steps"] = 150.into();
    let batch = json!({"action": "batch_generate", "request_id": "batch", "payload": {"requests": requests}});
    let client = send(&rig, "/v1/commands", "", &batch).await;
    accepted(&rig, "batch").await;
    rig.running("batch").await;
    leave(client, Way::Fin);
    is_left(&rig.reply("batch").await);
    rig.assert_makes_pictures().await;
    rig.stop().await;
}

#[tokio::test]
async fn a_client_that_said_so_may_leave_and_its_job_goes_on() {
    for (name, path, headers) in [
        ("async", "/v1/commands", "Prefer: respond-async\r\n"),
        ("keyed", "/v1/commands", "Idempotency-Key: k\r\n"),
        ("finish", "/v1/commands?on_disconnect=finish", ""),
    ] {
        let rig = Rig::with(1, "", &["--step-ms", "5"]).await;
        let client = send(&rig, path, headers, &long_job(name, 40)).await;
        accepted(&rig, name).await;
        rig.running(name).await;
        leave(client, Way::Fin);
        assert_eq!(rig.reply(name).await["success"], true, "{name}");
        rig.stop().await;
    }
}

#[tokio::test]
async fn a_client_that_half_closes_says_finish() {
    let rig = Rig::with(1, "", &["--step-ms", "5"]).await;
    let mut client = send(&rig, "/v1/commands?on_disconnect=finish", "", &long_job("half", 40)).await;
    accepted(&rig, "half").await;
    client.shutdown().await.unwrap();
    assert_eq!(rig.reply("half").await["success"], true);
    // The connection has ended for the server, as for HTTP/1.1 servers in general: the reply is at the job's URL.
    let mut rest = Vec::new();
    within(client.read_to_end(&mut rest)).await.ok();
    assert_eq!(rig.get("/v1/jobs/half").await.body["data"]["status"], "completed");
    rig.stop().await;
}

#[tokio::test]
async fn the_configuration_says_what_becomes_of_jobs_and_the_query_wins() {
    let rig = Rig::with(1, "on_disconnect = \"finish\"\n", &["--step-ms", "5"]).await;
    let client = send(&rig, "/v1/commands", "", &long_job("goes-on", 40)).await;
    accepted(&rig, "goes-on").await;
    leave(client, Way::Fin);
    assert_eq!(rig.reply("goes-on").await["success"], true);
    let client = send(&rig, "/v1/commands?on_disconnect=cancel", "", &long_job("ends", 150)).await;
    accepted(&rig, "ends").await;
    leave(client, Way::Rst);
    is_left(&rig.reply("ends").await);
    rig.stop().await;
}

#[tokio::test]
async fn of_two_clients_of_one_key_the_last_that_leaves_cancels_and_the_key_is_free() {
    let rig = Rig::with(1, "", &["--step-ms", "20"]).await;
    let path = "/v1/commands?on_disconnect=cancel";
    let key = "Idempotency-Key: both\r\n";
    let command = long_job("shared", 150);
    let first = send(&rig, path, key, &command).await;
    accepted(&rig, "shared").await;
    let second = send(&rig, path, key, &command).await;
    let shared = rig.dispatcher.queue().job("shared".into()).await.unwrap().unwrap();
    within(async {
        while shared.events.clients() < 2 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    leave(first, Way::Fin);
    within(async {
        while shared.events.clients() > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(shared.events.subscribe().borrow().reply().is_none(), "the second still waits");
    leave(second, Way::Fin);
    is_left(&rig.reply("shared").await);
    // Another request takes the key, because its job was cancelled.
    let request = rig.request("POST", path).header("idempotency-key", "both").json(&job("generate_sdxl"));
    let again = rig.send_request(request).await;
    assert_eq!(again.body["success"], true, "{again:?}");
    rig.stop().await;
}

#[tokio::test]
async fn a_client_that_was_told_that_the_job_goes_on_keeps_it_for_all() {
    let rig = Rig::with(1, "", &["--step-ms", "10"]).await;
    let key = "Idempotency-Key: mixed\r\n";
    let command = long_job("mixed", 60);
    let first = send(&rig, "/v1/commands", key, &command).await;
    accepted(&rig, "mixed").await;
    let second = send(&rig, "/v1/commands?on_disconnect=cancel", key, &command).await;
    let mixed = rig.dispatcher.queue().job("mixed".into()).await.unwrap().unwrap();
    within(async {
        while mixed.events.clients() < 2 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    leave(first, Way::Fin);
    leave(second, Way::Fin);
    assert_eq!(rig.reply("mixed").await["success"], true);
    rig.stop().await;
}

#[tokio::test]
async fn what_on_disconnect_can_not_mean_is_said() {
    let rig = Rig::with(1, "", &[]).await;
    let both = rig.request("POST", "/v1/generate?on_disconnect=cancel").header("prefer", "respond-async");
    let both = rig.send_request(both.json(&submission())).await;
    assert_eq!((both.status, both.code()), (422, "validation_failed"), "{both:?}");
    assert_eq!(both.body["error_details"]["field"], "/on_disconnect");
    let strange = rig.post("/v1/generate?on_disconnect=wait", &submission()).await;
    assert_eq!((strange.status, strange.code()), (422, "unsupported_value"), "{strange:?}");
    assert_eq!(strange.body["error_details"]["errors"][0]["allowed"], json!(["cancel", "finish"]));
    let twice = rig.post("/v1/generate?on_disconnect=finish&on_disconnect=finish", &submission()).await;
    assert_eq!(twice.code(), "duplicate_field", "{twice:?}");
    assert_eq!(rig.get("/v1/queue?on_disconnect=finish").await.code(), "unknown_field");
    assert_eq!(rig.get("/health/live?on_disconnect=finish").await.code(), "unknown_field");
    let query = rig.post("/v1/commands?on_disconnect=finish", &json!({"action": "get_status"})).await;
    assert_eq!(query.body["success"], true, "{query:?}");
    assert_eq!(query.body["warning_details"][0]["code"], "no_effect", "{query:?}");
    let fine = rig.request("POST", "/v1/generate?on_disconnect=finish").header("prefer", "respond-async");
    assert_eq!(rig.send_request(fine.json(&submission())).await.status, 202);
    rig.stop().await;
}

#[tokio::test]
async fn loads_and_trainings_go_on_without_their_clients() {
    let rig = Rig::with(1, "", &["--step-ms", "10"]).await;
    std::fs::create_dir(rig.dir.path().join("set")).unwrap();
    let picture = image::RgbImage::from_pixel(64, 64, image::Rgb([200, 20, 20]));
    picture.save(rig.dir.path().join("set/one.png")).unwrap();
    std::fs::write(rig.dir.path().join("set/one.txt"), "a red square").unwrap();
    rig.queue(&long_job("before", 100)).await;
    rig.running("before").await;
    let training = json!({"action": "start_training", "request_id": "training", "payload": {
        "training_type": "LoRA", "base_model": "sdxl_base", "training_data": rig.dir.path().join("set"),
        "hyperparameters": {"max_steps": 1, "resolution": 64}}});
    let client = send(&rig, "/v1/commands", "", &training).await;
    accepted(&rig, "training").await;
    let load = json!({"action": "load_model", "request_id": "load",
                      "payload": {"model_path": "sdxl_base", "model_type": "sdxl"}});
    let second = send(&rig, "/v1/commands", "", &load).await;
    leave(client, Way::Rst);
    leave(second, Way::Fin);
    let reply = rig.reply("training").await;
    assert_eq!(reply["success"], true, "{reply}");
    rig.stop().await;
}

#[tokio::test]
async fn closing_a_stream_of_events_cancels_nothing() {
    let rig = Rig::with(1, "", &["--step-ms", "5"]).await;
    rig.queue(&long_job("watched", 60)).await;
    rig.running("watched").await;
    let mut stream = rig.request("GET", "/v1/jobs/watched/events").send().await.unwrap();
    assert!(within(stream.chunk()).await.unwrap().is_some());
    drop(stream);
    assert_eq!(rig.reply("watched").await["success"], true);
    rig.stop().await;
}

#[tokio::test]
async fn the_id_of_a_query_whose_client_left_is_in_flight_until_the_worker_is_done_with_it() {
    let rig = Rig::with(1, "", &["--fault", "slow:2000@get_schedulers"]).await;
    let query = json!({"action": "get_schedulers", "request_id": "same"});
    // The one that comes first is running while the other is refused; the first one is to leave.
    let first = loop {
        let first = send(&rig, "/v1/commands", "", &query).await;
        if rig.command(&query).await.code() == "conflict" {
            break first;
        }
    };
    leave(first, Way::Fin);
    // The server reads the end of the first connection before it answers on a new one.
    assert_eq!(rig.get("/health/live").await.status, 200);
    let again = rig.command(&query).await;
    assert_eq!((again.status, again.code()), (409, "conflict"), "{again:?}");
    rig.stop().await;
}

//! Slow clients, and bodies that are refused.

use crate::{
    raw::{Raw, head},
    rig::{Rig, submission},
};

const JSON: &str = "Content-Type: application/json\r\n";

async fn hasty(times: &str) -> Rig {
    Rig::with(1, &format!("[http]\n{times}\n"), &[]).await
}

#[tokio::test]
async fn a_head_that_never_ends_is_cut() {
    let rig = hasty("head_seconds = 0.05").await;
    for begun in ["", "GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\n"] {
        let mut raw = Raw::to(&rig).await;
        raw.send(begun).await;
        assert_eq!(raw.end().await, b"", "{begun:?}");
    }
    // The second request of a connection has the same limit, from its first byte.
    let mut raw = Raw::to(&rig).await;
    assert_eq!(raw.ask(head("GET", "/v1/jobs", "")).await.status, 200);
    raw.send("GET /v1").await;
    assert_eq!(raw.end().await, b"");
    rig.assert_makes_pictures().await;
    rig.stop().await;
}

#[tokio::test]
async fn a_connection_between_two_requests_is_kept_for_a_while_of_its_own() {
    // Each limit is tested with the other one too long for the test.
    let rig = hasty("head_seconds = 100\nidle_seconds = 0.05").await;
    let mut raw = Raw::to(&rig).await;
    assert_eq!(raw.ask(head("GET", "/v1/jobs", "")).await.status, 200);
    assert_eq!(raw.end().await, b"");
    rig.stop().await;
}

#[tokio::test]
async fn a_job_may_take_longer_than_its_clients_may() {
    let times =
        "[http]\nhead_seconds = 0.05\nidle_seconds = 0.05\nbody_seconds = 0.05\nwrite_seconds = 0.05\n";
    let rig = Rig::with(1, times, &["--step-ms", "100"]).await;
    let mut raw = Raw::to(&rig).await;
    let body = submission().to_string();
    let headers = format!("{JSON}Content-Length: {}\r\n", body.len());
    let answer = raw.ask(head("POST", "/v1/generate", &headers) + &body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    rig.stop().await;
}

#[tokio::test]
async fn a_body_that_drips_is_cut_with_an_answer() {
    let rig = hasty("body_seconds = 0.05").await;
    for (path, kind) in [("/v1/generate", "application/json"), ("/v1/uploads", "image/png")] {
        let mut raw = Raw::to(&rig).await;
        raw.send(head("POST", path, &format!("Content-Type: {kind}\r\nContent-Length: 100000\r\n")) + "{")
            .await;
        let answer = raw.answer().await;
        assert_eq!((answer.status, &*answer.code()), (504, "timeout"), "{answer:?}");
        assert_eq!(answer.json()["error_details"]["retryable"], true);
        assert_eq!(answer.header("connection"), Some("close"));
        assert_eq!(raw.end().await, b"");
    }
    rig.assert_makes_pictures().await;
    rig.stop().await;
}

#[tokio::test]
async fn a_body_over_the_limit_is_answered_though_its_sender_does_not_look() {
    let rig = Rig::with(1, "frame_bytes_max = 4096\n", &[]).await;
    // More than sockets hold, so that the sender is stuck unless the gateway reads.
    let long = vec![b' '; 12 << 20];
    for (path, kind) in
        [("/v1/generate", "application/json"), ("/v1/uploads", "image/png"), ("/v1/commands", "text/json")]
    {
        for chunked in [false, true] {
            let mut raw = Raw::to(&rig).await;
            let headers = match chunked {
                true => format!("Content-Type: {kind}\r\nTransfer-Encoding: chunked\r\n"),
                false => format!("Content-Type: {kind}\r\nContent-Length: {}\r\n", long.len()),
            };
            raw.send(head("POST", path, &headers)).await;
            if chunked {
                raw.send(format!("{:x}\r\n", long.len())).await;
            }
            raw.send(&long).await;
            if chunked {
                raw.send("\r\n0\r\n\r\n").await;
            }
            let answer = raw.answer().await;
            assert_eq!((answer.status, &*answer.code()), (413, "frame_too_large"), "{path} {chunked}");
            assert_eq!(answer.header("connection"), Some("close"));
            assert_eq!(raw.end().await, b"");
        }
    }
    rig.assert_makes_pictures().await;
    rig.stop().await;
}

#[tokio::test]
async fn whoever_waits_for_a_word_is_told_before_the_body() {
    let rig = Rig::with(1, "", &[]).await;
    let expect = "Expect: 100-continue\r\n";
    for (path, headers, status) in [
        ("/v1/generate", format!("{JSON}Content-Length: 999999999\r\n"), 413),
        ("/v1/uploads", "Content-Type: image/png\r\nContent-Length: 999999999\r\n".to_owned(), 413),
        ("/v1/generate", "Content-Type: text/plain\r\nContent-Length: 99\r\n".to_owned(), 415),
        ("/v1/generate", "Content-Length: 99\r\n".to_owned(), 415),
        ("/v1/uploads", "Content-Type: text/plain\r\nContent-Length: 99\r\n".to_owned(), 415),
        ("/v1/nothing", format!("{JSON}Content-Length: 99\r\n"), 404),
        ("/v1/generate", format!("{JSON}Origin: null\r\nContent-Length: 99\r\n"), 403),
    ] {
        let mut raw = Raw::to(&rig).await;
        let answer = raw.ask(head("POST", path, &format!("{headers}{expect}"))).await;
        assert_eq!(answer.status, status, "{path} {headers} {answer:?}");
    }
    let mut raw = Raw::to(&rig).await;
    let body = submission().to_string();
    let headers = format!("{JSON}{expect}Content-Length: {}\r\n", body.len());
    assert_eq!(raw.ask(head("POST", "/v1/validate", &headers)).await.status, 100);
    assert_eq!(raw.ask(&body).await.status, 200);
    rig.stop().await;
}

#[tokio::test]
async fn a_connection_outlives_refusals_whose_bodies_come_after_all() {
    let rig = Rig::with(1, "", &[]).await;
    let mut raw = Raw::to(&rig).await;
    let body = vec![b'x'; 200_000];
    for (path, kind, status) in [
        ("/v1/generate", "text/plain", 415),
        ("/v1/nothing", "application/json", 404),
        ("/v1/jobs", "application/json", 405),
        ("/v1/generate", "application/json", 400),
    ] {
        let headers = format!("Content-Type: {kind}\r\nContent-Length: {}\r\n", body.len());
        raw.send(head("POST", path, &headers)).await;
        let answer = raw.ask(&body).await;
        assert_eq!(answer.status, status, "{path} {answer:?}");
    }
    // In one go, two requests.
    let two = head("GET", "/v1/jobs", "") + &head("GET", "/health/live", "");
    assert_eq!(raw.ask(two).await.status, 200);
    assert_eq!(raw.answer().await.status, 200);
    rig.stop().await;
}

#[tokio::test]
async fn a_connection_too_many_waits_for_room() {
    let rig = hasty("connections_max = 2\nidle_seconds = 100").await;
    let (mut one, mut two, mut three) = (Raw::to(&rig).await, Raw::to(&rig).await, Raw::to(&rig).await);
    assert_eq!(one.ask(head("GET", "/health/live", "")).await.status, 200);
    assert_eq!(two.ask(head("GET", "/health/live", "")).await.status, 200);
    three.send(head("GET", "/health/live", "")).await;
    drop(one);
    assert_eq!(three.answer().await.status, 200);
    rig.stop().await;
}

#[tokio::test]
async fn a_client_that_takes_nothing_of_its_replies_is_cut() {
    let rig = hasty("connections_max = 1\nwrite_seconds = 0.05").await;
    let mut deaf = Raw::to(&rig).await;
    // More than sockets hold.
    deaf.send(head("GET", "/openapi.json", "").repeat(200)).await;
    // When it is closed there is room for another.
    let mut next = Raw::to(&rig).await;
    assert_eq!(next.ask(head("GET", "/health/live", "")).await.status, 200);
    rig.stop().await;
}

/// Replies that nobody takes stay with their connection, one after another, and hold up nobody else.
#[tokio::test]
async fn a_client_that_asks_a_thousand_times_and_reads_nothing_holds_up_nobody() {
    let rig = hasty("write_seconds = 100").await;
    let query = r#"{"action":"get_capabilities"}"#;
    let command = head("POST", "/v1/commands", &format!("{JSON}Content-Length: {}\r\n", query.len())) + query;
    let mut deaf = Vec::new();
    for _ in 0..10 {
        let mut raw = Raw::to(&rig).await;
        raw.send(command.repeat(100)).await;
        deaf.push(raw);
    }
    for _ in 0..10 {
        rig.assert_answers().await;
        rig.assert_makes_pictures().await;
    }
    // Nothing of theirs is lost either: they only read late.
    for raw in &mut deaf {
        for _ in 0..100 {
            assert_eq!(raw.answer().await.status, 200);
        }
    }
    rig.stop().await;
}

#[tokio::test]
async fn a_transfer_coding_that_is_not_decoded_is_refused() {
    let rig = Rig::with(1, "", &[]).await;
    let body = submission().to_string();
    let body = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    for (coding, status) in
        [("gzip, chunked", 501), ("x-own,chunked", 501), ("chunked", 200), ("Chunked", 200)]
    {
        let mut raw = Raw::to(&rig).await;
        let headers = format!("{JSON}Transfer-Encoding: {coding}\r\n");
        let answer = raw.ask(head("POST", "/v1/validate", &headers) + &body).await;
        assert_eq!(answer.status, status, "{coding}: {answer:?}");
        if status == 501 {
            let error = answer.json()["error"].as_str().unwrap().to_owned();
            assert_eq!(answer.code(), "unsupported_feature", "{coding}");
            assert!(error.contains(coding.split(',').next().unwrap()), "{error}");
        }
    }
    rig.stop().await;
}

#[tokio::test]
async fn http_2_is_not_begun() {
    let rig = Rig::with(1, "", &[]).await;
    let mut raw = Raw::to(&rig).await;
    raw.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await;
    assert_eq!(raw.end().await, b"");
    rig.assert_makes_pictures().await;
    rig.stop().await;
}

#[tokio::test]
async fn an_upgrade_is_answered_in_http_1_1() {
    let rig = Rig::with(1, "", &[]).await;
    let mut raw = Raw::to(&rig).await;
    let headers =
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n";
    assert_eq!(raw.ask(head("GET", "/health/live", headers)).await.status, 200);
    rig.stop().await;
}

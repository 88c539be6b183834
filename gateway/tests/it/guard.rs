//! Strangers: hosts that are not the gateway's, and pages that may not send.

use serde_json::json;

use crate::{
    raw::{Raw, head},
    rig::{Rig, submission},
};

async fn ask(rig: &Rig, request: impl AsRef<[u8]>) -> crate::raw::Answer {
    Raw::to(rig).await.ask(request).await
}

#[tokio::test]
async fn a_request_names_a_host_that_the_gateway_is_known_by() {
    let config = "allowed_hosts = [\"gpu.lan\"]\npublic_url = \"https://images.example.com/gpu\"\n";
    let rig = Rig::with(1, config, &[]).await;
    let own = rig.url.strip_prefix("http://").unwrap();
    for (host, expected) in [
        (own, 200),
        ("127.0.0.1", 200),
        ("LOCALHOST:1234", 200),
        ("localhost.", 200),
        ("gpu.lan:80", 200),
        ("127.0.0.1:", 200),
        ("evil.example:", 403),
        ("images.example.com", 200),
        ("evil.example", 403),
        ("evil.example:8080", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost.evil.example", 403),
        ("10.0.0.1", 403),
        ("[::1]", 403),
        ("", 400),
        ("a@localhost", 400),
        ("local host", 400),
    ] {
        for version in ["1.1", "1.0"] {
            let answer = ask(&rig, format!("GET /v1/jobs HTTP/{version}\r\nHost: {host}\r\n\r\n")).await;
            let code = match expected {
                200 => "none",
                400 => "bad_request",
                _ => "forbidden",
            };
            assert_eq!((answer.status, &*answer.code()), (expected, code), "{host:?} {answer:?}");
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{host:?}");
        }
    }
    for (request, expected) in [
        ("GET /v1/jobs HTTP/1.1\r\n\r\n", 400),
        ("GET /v1/jobs HTTP/1.0\r\n\r\n", 200),
        ("GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400),
        ("GET http://localhost/v1/jobs HTTP/1.1\r\nHost: localhost\r\n\r\n", 200),
        ("GET http://evil.example/v1/jobs HTTP/1.1\r\nHost: localhost\r\n\r\n", 403),
        ("GET http://localhost/v1/jobs HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403),
        ("GET /health/live HTTP/1.1\r\nHost: evil.example\r\n\r\n", 200),
        ("GET /health/ready HTTP/1.1\r\nHost: 10.0.0.1:8080\r\n\r\n", 200),
        ("GET /nothing HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403),
    ] {
        assert_eq!(ask(&rig, request).await.status, expected, "{request:?}");
    }
    rig.stop().await;
}

#[tokio::test]
async fn pages_of_strangers_send_nothing() {
    let config =
        "cors_origins = [\"https://app.example\"]\npublic_url = \"https://images.example.com/gpu\"\n";
    let rig = Rig::with(1, config, &[]).await;
    let own = rig.url.clone();
    let port = own.rsplit_once(':').unwrap().1;
    let host = format!("localhost:{port}");
    let at_localhost = format!("http://{host}");
    for (headers, expected) in [
        (String::new(), 404),
        (format!("Origin: {at_localhost}\r\n"), 404),
        ("Origin: https://images.example.com\r\n".to_owned(), 404),
        ("Origin: https://app.example\r\n".to_owned(), 404),
        ("Origin: https://app.example\r\nSec-Fetch-Site: cross-site\r\n".to_owned(), 404),
        ("Sec-Fetch-Site: same-origin\r\n".to_owned(), 404),
        ("Sec-Fetch-Site: none\r\n".to_owned(), 404),
        ("Sec-Fetch-Site: cross-site\r\n".to_owned(), 403),
        ("Sec-Fetch-Site: Cross-Site\r\n".to_owned(), 403),
        ("Origin: null\r\n".to_owned(), 403),
        ("Origin: \r\n".to_owned(), 403),
        ("Origin: http://evil.example\r\n".to_owned(), 403),
        ("Origin: http://localhost:1\r\n".to_owned(), 403),
        ("Origin: http://app.example\r\n".to_owned(), 403),
        ("Origin: https://app.example:444\r\n".to_owned(), 403),
        (format!("Origin: {at_localhost}\r\nOrigin: http://evil.example\r\n"), 403),
    ] {
        // Also without a body.
        let request = format!("DELETE /v1/jobs/nobody HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n");
        let answer = ask(&rig, request).await;
        assert_eq!(answer.status, expected, "{headers:?} {answer:?}");
        let read = ask(&rig, format!("GET /v1/jobs HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n")).await;
        assert_eq!(read.status, 200, "{headers:?}");
    }
    rig.stop().await;
}

/// Whatever it asks: the layer of CORS answers OPTIONS by itself, so that it once let strangers pass.
#[tokio::test]
async fn every_method_and_route_refuses_pages_of_strangers() {
    for config in ["", "cors_origins = [\"https://app.example\"]\n"] {
        let rig = Rig::with(1, config, &[]).await;
        for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"] {
            for path in [
                "/v1/generate",
                "/v1/jobs/nobody",
                "/v1/contract/schema",
                "/health/live",
                "/metrics",
                "/nowhere",
            ] {
                let answer = ask(&rig, head(method, path, "Origin: https://evil.example\r\n")).await;
                assert_eq!(answer.status, 403, "{config:?} {method} {path} {answer:?}");
            }
        }
        // An OPTIONS that asks for no method is no preflight: the layer does not answer it for known pages either.
        for headers in ["", "Origin: https://app.example\r\n", "Access-Control-Request-Method: POST\r\n"] {
            let answer = ask(&rig, head("OPTIONS", "/v1/generate", headers)).await;
            let expected = if config.is_empty() && headers.starts_with("Origin") { 403 } else { 405 };
            assert_eq!(answer.status, expected, "{config:?} {headers:?} {answer:?}");
        }
        rig.stop().await;
    }
}

#[tokio::test]
async fn a_web_page_neither_commands_nor_stops_a_gateway() {
    let rig = Rig::with(1, "", &[]).await;
    let shutdown = r#"{"action": "shutdown"}"#;
    let evil = "Origin: http://evil.example\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n";
    for (headers, status) in [
        (evil, 403),
        ("", 415),
        ("Content-Type: text/plain\r\n", 415),
        ("Content-Type: application/json\r\n", 200),
    ] {
        let command = if status == 200 { r#"{"action": "get_status"}"# } else { shutdown };
        let headers = format!("{headers}Content-Length: {}\r\n", command.len());
        let answer = ask(&rig, head("POST", "/v1/commands", &headers) + command).await;
        assert_eq!(answer.status, status, "{headers} {answer:?}");
    }
    rig.assert_makes_pictures().await;
    rig.stop().await;
}

#[tokio::test]
async fn a_body_says_what_it_is() {
    let rig = Rig::with(1, "", &[]).await;
    let body = submission().to_string();
    let chunked = |body: &str| format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    for (path, headers, body, status) in [
        ("/v1/validate", format!("Content-Length: {}\r\n", body.len()), body.clone(), 415),
        ("/v1/validate", "Transfer-Encoding: chunked\r\n".to_owned(), chunked(&body), 415),
        ("/v1/uploads", "Content-Length: 4\r\n".to_owned(), "\u{89}PN".to_owned(), 415),
        ("/v1/gpus/gpu_0/cleanup", "Content-Length: 0\r\n".to_owned(), String::new(), 200),
        ("/v1/gpus/gpu_0/cleanup", String::new(), String::new(), 200),
        ("/v1/gpus/gpu_0/cleanup", "Transfer-Encoding: chunked\r\n".to_owned(), "0\r\n\r\n".to_owned(), 200),
    ] {
        let answer = ask(&rig, head("POST", path, &headers) + &body).await;
        assert_eq!(answer.status, status, "{path} {headers:?} {answer:?}");
    }
    rig.stop().await;
}

/// Whatever reads the body: it is no fault of its JSON.
#[tokio::test]
async fn a_body_that_breaks_off_is_a_bad_request() {
    let rig = Rig::with(1, "", &[]).await;
    for (path, kind) in [("/v1/validate", "application/json"), ("/v1/uploads", "image/png")] {
        let headers = format!("Content-Type: {kind}\r\nTransfer-Encoding: chunked\r\n");
        let answer = ask(&rig, head("POST", path, &headers) + "-1\r\n{}\r\n0\r\n\r\n").await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "bad_request"), "{answer:?}");
        let hint = answer.json()["error_details"]["hint"].clone();
        assert_eq!(hint, "send the whole body, as its Content-Length or its chunks say");
    }
    rig.stop().await;
}

#[tokio::test]
async fn known_pages_are_answered_by_cors_and_others_are_not() {
    let rig = Rig::with(1, "cors_origins = [\"https://app.example\"]\n", &[]).await;
    let preflight = |origin: &str| {
        head(
            "OPTIONS",
            "/v1/generate",
            &format!(
                "Origin: {origin}\r\nAccess-Control-Request-Method: POST\r\n\
                 Access-Control-Request-Headers: content-type,prefer\r\n"
            ),
        )
    };
    let answer = ask(&rig, preflight("https://app.example")).await;
    assert_eq!(
        (answer.status, answer.header("access-control-allow-origin")),
        (200, Some("https://app.example"))
    );
    let allowed = answer.header("access-control-allow-headers").unwrap_or_default();
    // A page that traces its requests sends the last two headers together.
    for name in ["prefer", "traceparent", "tracestate"] {
        assert!(allowed.split(',').any(|one| one == name), "{name} is not in {allowed}");
    }
    let answer = ask(&rig, preflight("https://evil.example")).await;
    assert_eq!(answer.header("access-control-allow-origin"), None, "{answer:?}");
    let command = json!({"action": "get_status"}).to_string();
    let headers = format!(
        "Origin: https://app.example\r\nContent-Type: application/json\r\nContent-Length: {}\r\n",
        command.len()
    );
    let answer = ask(&rig, head("POST", "/v1/commands", &headers) + &command).await;
    assert_eq!(
        (answer.status, answer.header("access-control-allow-origin")),
        (200, Some("https://app.example"))
    );
    assert!(answer.header("access-control-expose-headers").is_some_and(|names| names.contains("location")));
    rig.stop().await;
    // Without origins there is no CORS.
    let rig = Rig::with(1, "", &[]).await;
    let answer = ask(&rig, preflight("https://app.example")).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (405, None), "{answer:?}");
    rig.stop().await;
}

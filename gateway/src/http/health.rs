//! `/health/live` and `/health/ready`.

use axum::{
    body::Body,
    extract::State,
    http::{Response, StatusCode},
};
use serde_json::{Value, json};

use super::problem::with;
use crate::dispatch::Dispatcher;

/// Answers that the process lives.
pub(crate) async fn live(State(dispatcher): State<Dispatcher>) -> Response<Body> {
    let body = json!({"status": "live", "uptime_seconds": dispatcher.uptime().as_secs_f64()});
    with(StatusCode::OK, "application/json", body.to_string())
}

/// Answers whether at least one worker takes a job now, by its last line.
pub(crate) async fn ready(State(dispatcher): State<Dispatcher>) -> Response<Body> {
    let gpus: Vec<Value> = dispatcher
        .pool()
        .lanes()
        .iter()
        .map(|lane| {
            let why = dispatcher.lane_trouble(lane);
            let mut gpu = json!({
                "gpu_id": lane.gpu.as_str(),
                "ready": why.is_none(),
                "silent_seconds": lane.silent_for().as_secs_f64(),
            });
            if let Some(why) = why {
                gpu["reason"] = why.into();
            }
            gpu
        })
        .collect();
    let reason = dispatcher.unready().await;
    let ready = reason.is_none() && gpus.iter().any(|gpu| gpu["ready"] == true);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let mut body = json!({"status": if ready { "ready" } else { "unready" }, "gpus": gpus});
    if let Some(reason) = reason {
        body["reason"] = reason.into();
    }
    with(status, "application/json", body.to_string())
}

//! The first command of a life: what the lane and its worker agree on.

use std::sync::Arc;

use contracts::{Action, ErrorCode, Failure, limits::PROTOCOL_VERSIONS};
use serde_json::json;
use tokio::time::Instant;

use super::{Exit, Life, Waiter};
use crate::lane::{LaneState, WorkerFacts, silence::Liveness};

/// Whether a worker that is asked for fewer features may agree: it does not know the name of one, or does not have it.
fn refuses_a_feature(failure: &Failure) -> bool {
    matches!(
        failure.code,
        ErrorCode::UnsupportedValue | ErrorCode::UnsupportedFeature | ErrorCode::ValidationFailed
    )
}

impl Life<'_> {
    pub(super) fn shake_hands(&mut self) {
        let mut features = vec!["events", "out_of_order"];
        if self.actor.policy.previews {
            features.push("previews");
        }
        if self.asks_trace {
            features.push("trace");
        }
        let payload =
            json!({"protocol_versions": PROTOCOL_VERSIONS, "features": features, "dialect": "snake"});
        self.send_own(Action::Initialize, &payload, Waiter::Handshake, None);
    }

    pub(super) fn on_handshake(&mut self, line: &[u8]) -> Option<Exit> {
        let refuse = |what: String| Some(Exit::kill(format!("its answer to initialize is no good: {what}")));
        let read = match contracts::Reply::from_json(Action::Initialize, line) {
            Ok(read) => read.reply,
            Err(err) => return refuse(err.to_string()),
        };
        let data = match read.outcome {
            Ok(data) => data,
            Err(failure) if self.asks_trace && refuses_a_feature(&failure) => {
                // A worker from before traces: everything else may still fit.
                tracing::info!(gpu = %self.actor.gpu, %failure, "the worker refuses initialize; it is asked again without trace");
                self.asks_trace = false;
                self.shake_hands();
                return None;
            }
            Err(failure) => return refuse(failure.to_string()),
        };
        if !PROTOCOL_VERSIONS.iter().any(|version| data["protocol_version"] == *version) {
            let ours = PROTOCOL_VERSIONS.join(", ");
            return refuse(format!("it speaks protocol {}, and a lane {ours}", data["protocol_version"]));
        }
        // A lane owns one GPU; a gateway has a pool of its own.
        if data["worker"] == "gateway" {
            return refuse("it is a gateway, and a lane needs a worker".to_owned());
        }
        let has = |feature: &str| {
            data["features"].as_array().is_some_and(|all| all.iter().any(|one| one == feature))
        };
        if !has("events") || !has("out_of_order") {
            return refuse("it speaks without events or out_of_order, which a lane needs".to_owned());
        }
        if data["dialect"] != "snake" {
            return refuse(format!("it speaks {}, and was asked for snake", data["dialect"]));
        }
        self.sends_trace = self.asks_trace && has("trace");
        let text = |name: &str| data[name].as_str().unwrap_or_default().to_owned();
        let gpu = &self.actor.gpu;
        if data["gpu_id"] != gpu.as_str() {
            return refuse(format!("it is {}, and its lane is {gpu}", data["gpu_id"]));
        }
        let facts = WorkerFacts {
            worker: text("worker"),
            version: text("worker_version"),
            device_name: text("device_name"),
            pid: data["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok()).unwrap_or_default(),
        };
        tracing::info!(%gpu, worker = facts.worker, version = facts.version, device = facts.device_name, pid = facts.pid, "worker ready");
        self.ready = true;
        self.liveness = Liveness::new(Instant::now());
        self.actor.breaker.on_ready();
        self.actor.last_death = None;
        let (starts_failed, misconfigured) =
            (self.actor.breaker.starts_failed(), self.actor.breaker.is_misconfigured());
        self.actor.update(|view| {
            view.breaker.starts_failed = starts_failed;
            view.breaker.misconfigured = misconfigured;
            view.state = LaneState::Ready;
            view.facts = Some(Arc::new(facts));
            view.last_death = None;
            view.worker_state = "ready".to_owned();
            true
        });
        // Commands that wait are sent by the loop, as the writer has room.
        None
    }
}

//! The first command of a life: what the lane and its worker agree on.

use std::sync::Arc;

use contracts::{Action, ErrorCode, Failure, limits::PROTOCOL_VERSIONS};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Exit, Life, Waiter};
use crate::lane::{GpuId, LaneState, WorkerFacts, silence::Liveness};

/// Whether a worker that is asked for fewer features may agree: it does not know the name of one, or does not have it.
fn refuses_a_feature(failure: &Failure) -> bool {
    matches!(
        failure.code,
        ErrorCode::UnsupportedValue | ErrorCode::UnsupportedFeature | ErrorCode::ValidationFailed
    )
}

/// Why a lane cannot work with a worker that answered `initialize`.
#[derive(Debug, thiserror::Error)]
enum Misfit {
    #[error("it speaks protocol {0}, and a lane {ours}", ours = PROTOCOL_VERSIONS.join(", "))]
    Version(Value),
    /// A lane owns one GPU; a gateway has a pool of its own.
    #[error("it is a gateway, and a lane needs a worker")]
    Gateway,
    #[error("it speaks without events or out_of_order, which a lane needs")]
    Features,
    #[error("it speaks {0}, and was asked for snake")]
    Dialect(Value),
    #[error("it is {gpu}, and its lane is {lane}")]
    Gpu { gpu: Value, lane: GpuId },
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
        if let Err(misfit) = self.fits(&data) {
            return refuse(misfit.to_string());
        }
        self.sends_trace = self.asks_trace && has(&data, "trace");
        self.begin(&data);
        // Commands that wait are sent by the loop, as the writer has room.
        None
    }

    /// Checks that the lane can work with a worker, by its answer to `initialize`.
    fn fits(&self, data: &Value) -> Result<(), Misfit> {
        if !PROTOCOL_VERSIONS.iter().any(|version| data["protocol_version"] == *version) {
            return Err(Misfit::Version(data["protocol_version"].clone()));
        }
        if data["worker"] == "gateway" {
            return Err(Misfit::Gateway);
        }
        if !has(data, "events") || !has(data, "out_of_order") {
            return Err(Misfit::Features);
        }
        if data["dialect"] != "snake" {
            return Err(Misfit::Dialect(data["dialect"].clone()));
        }
        let gpu = &self.actor.gpu;
        if data["gpu_id"] != gpu.as_str() {
            return Err(Misfit::Gpu { gpu: data["gpu_id"].clone(), lane: gpu.clone() });
        }
        Ok(())
    }

    /// The worker is up: it gets work from now on.
    fn begin(&mut self, data: &Value) {
        let text = |name: &str| data[name].as_str().unwrap_or_default().to_owned();
        let gpu = &self.actor.gpu;
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
    }
}

/// Whether a feature was agreed on.
fn has(data: &Value, feature: &str) -> bool {
    data["features"].as_array().is_some_and(|all| all.iter().any(|one| one == feature))
}

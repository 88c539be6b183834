//! The list of devices: the host's GPUs, and the devices of lanes that the host does not list.

use contracts::{Action, Warning};
use futures::future::join_all;
use serde_json::{Value, json};
use tokio::time::{Duration, timeout};

use super::{
    Dispatcher,
    ask::{left_out, share},
    context::CommandContext,
};
use crate::{
    gpu::{Gpu, GpuId},
    lane::{LaneError, LaneHandle},
};

/// The prefix of the UUIDs of devices that NVML does not list.
const NO_UUID: &str = "simulated";

/// What the row of a device lacks without an answer of its worker.
const LACKS: &str = "its row lacks what its worker knows";

/// What the row of a device lacks without an answer of NVML.
const LACKS_NVML: &str = "its row is that of the gateway's start, with the memory that its worker reports";

/// The answer of a worker to a question about itself.
#[derive(Default)]
struct LaneAnswer {
    data: Option<Value>,
    warnings: Vec<Warning>,
    more_warnings: usize,
}

/// What a lane's worker answered.
#[derive(Default)]
struct LaneAnswers {
    status: LaneAnswer,
    capabilities: LaneAnswer,
}

impl Dispatcher {
    /// Lists the devices. A worker or an NVML that gives no answer makes rows poorer, and warnings say so.
    pub(super) async fn devices(&self, limit: Option<Duration>, context: &mut CommandContext) -> Value {
        let lanes = self.pool().lanes();
        let limit = share(limit);
        // All at once, so that what does not answer delays nothing else.
        let answers = join_all(lanes.iter().map(|lane| self.about(lane, limit)));
        let ((host, trouble), answers) = futures::join!(self.host_gpus(limit), answers);
        let mut lanes: Vec<(&LaneHandle, LaneAnswers)> = lanes.iter().zip(answers).collect();
        let mut devices: Vec<Value> = Vec::new();
        for gpu in &host {
            let id = gpu.id();
            let place = lanes.iter().position(|(lane, _)| lane.gpu == id);
            let (lane, answers) = match place.map(|place| lanes.remove(place)) {
                Some((lane, answers)) => (Some(lane), answers),
                None => (None, LaneAnswers::default()),
            };
            let mut device = host_device(gpu, lane);
            if let Some(why) = &trouble {
                context.add_warnings(vec![left_out(&id, LACKS_NVML, why)], 0);
                set_memory(&mut device, answers.status, context);
            }
            set_families(&mut device, answers.capabilities, context);
            devices.push(device);
        }
        for (lane, answers) in lanes {
            let mut device = device_without_nvml(lane, answers.status.data.is_some());
            set_memory(&mut device, answers.status, context);
            set_families(&mut device, answers.capabilities, context);
            devices.push(device);
        }
        json!({"devices": devices})
    }

    /// The GPUs of the host now. If NVML does not list them: those of the start, and why.
    async fn host_gpus(&self, limit: Option<Duration>) -> (Vec<Gpu>, Option<String>) {
        let Some(gpus) = self.inner.gpus.clone() else { return (Vec::new(), None) };
        // On a blocking thread, because a failing driver takes seconds to answer, and a dead one never does.
        let list = tokio::task::spawn_blocking(move || gpus.list());
        let listed = timeout(limit.unwrap_or(Duration::MAX), list).await;
        let trouble = match listed {
            Ok(Ok(Ok(listed))) => return (listed, None),
            Ok(Ok(Err(err))) => err.to_string(),
            Ok(Err(err)) => err.to_string(),
            Err(_) => {
                let seconds = limit.unwrap_or_default().as_secs_f64();
                format!("NVML gives {}", LaneError::TimedOut { seconds })
            }
        };
        tracing::warn!(trouble, "the GPUs cannot be listed; those of the start are");
        (self.config().gpus.clone().unwrap_or_default(), Some(trouble))
    }

    /// Asks a lane's worker about itself.
    async fn about(&self, lane: &LaneHandle, limit: Option<Duration>) -> LaneAnswers {
        if let Some(reason) = lane.unready() {
            let warnings = vec![left_out(&lane.gpu, LACKS, &reason)];
            let none = LaneAnswer { warnings, ..LaneAnswer::default() };
            return LaneAnswers { capabilities: none, ..LaneAnswers::default() };
        }
        let (status, capabilities) = futures::join!(
            self.ask_or_warn(lane, Action::GetStatus, limit),
            self.ask_or_warn(lane, Action::GetCapabilities, limit)
        );
        LaneAnswers { status, capabilities }
    }

    /// Asks a worker about itself. If it gives no answer, a warning says what its row lacks: one worker must not hide the
    /// other devices.
    async fn ask_or_warn(&self, lane: &LaneHandle, action: Action, limit: Option<Duration>) -> LaneAnswer {
        let reply = self.ask_own(lane, action, limit).await;
        let (mut warnings, more_warnings) = (reply.warnings, reply.more_warnings);
        let data = match reply.outcome {
            Ok(data) => Some(data),
            Err(failure) => {
                tracing::warn!(gpu = %lane.gpu, %action, %failure, "left out of the list of devices");
                warnings.push(left_out(&lane.gpu, LACKS, &failure.message));
                None
            }
        };
        LaneAnswer { data, warnings, more_warnings }
    }
}

fn host_device(gpu: &Gpu, lane: Option<&LaneHandle>) -> Value {
    json!({
        "device_id": gpu.id().as_str(),
        "name": gpu.name,
        "uuid": gpu.uuid,
        "device_type": "gpu",
        "total_memory_bytes": gpu.memory_total_bytes,
        "available_memory_bytes": gpu.memory_free_bytes,
        "is_available": lane.is_some_and(LaneHandle::is_ready),
    })
}

/// A device that NVML does not list, as its worker describes it.
fn device_without_nvml(lane: &LaneHandle, is_available: bool) -> Value {
    let name = lane.view().facts.as_ref().map(|facts| facts.device_name.clone());
    let kind = if lane.gpu == GpuId::cpu() { "cpu" } else { "simulated" };
    json!({
        "device_id": lane.gpu.as_str(),
        "name": name.unwrap_or_else(|| "not started".to_owned()),
        "uuid": format!("{NO_UUID}-{}", lane.gpu),
        "device_type": kind,
        "is_available": is_available,
    })
}

/// Sets the memory of a device to what its worker reports. Free memory of which nobody knows is left out.
fn set_memory(device: &mut Value, status: LaneAnswer, context: &mut CommandContext) {
    context.add_warnings(status.warnings, status.more_warnings);
    let Value::Object(members) = device else { return };
    members.shift_remove("available_memory_bytes");
    if let Some(memory) = status.data.as_ref().and_then(|status| status.get("memory_stats")) {
        members.insert("total_memory_bytes".to_owned(), memory["vram_total_bytes"].clone());
        members.insert("available_memory_bytes".to_owned(), memory["vram_available_bytes"].clone());
    }
}

/// Adds the families of models that the device's worker runs.
fn set_families(device: &mut Value, capabilities: LaneAnswer, context: &mut CommandContext) {
    context.add_warnings(capabilities.warnings, capabilities.more_warnings);
    if let Some(families) = capabilities.data.as_ref().and_then(|data| data.get("families")) {
        device["families"] = families.clone();
    }
}

//! The list of devices: the host's GPUs, and the devices of lanes that the host does not list.

use contracts::{Action, ErrorCode, Failure, Warning};
use futures::future::join_all;
use serde_json::{Value, json};
use tokio::time::Duration;

use super::{
    Dispatcher,
    ask::{left_out, share},
};
use crate::{
    gpu::{Gpu, GpuId},
    lane::LaneHandle,
};

/// The prefix of the UUIDs of devices that NVML does not list.
const NO_UUID: &str = "simulated";

impl Dispatcher {
    /// Lists the devices. A worker that gives no answer makes its own row poorer, and a warning says so.
    pub(super) async fn devices(
        &self,
        limit: Option<Duration>,
    ) -> Result<(Value, Vec<Warning>), Box<Failure>> {
        let host = self.host_gpus().await?;
        let lanes = self.pool().lanes();
        let unlisted: Vec<&LaneHandle> =
            lanes.iter().filter(|lane| !host.iter().any(|gpu| gpu.id() == lane.gpu)).collect();
        let listed = host.iter().map(|gpu| self.host_device(gpu, share(limit)));
        let others = unlisted.iter().map(|lane| self.device_without_nvml(lane, share(limit)));
        // All at once, so that a worker that does not answer delays only its own row.
        let (listed, others) = futures::join!(join_all(listed), join_all(others));
        let (devices, warnings): (Vec<Value>, Vec<Option<Warning>>) =
            listed.into_iter().chain(others).unzip();
        Ok((json!({"devices": devices}), warnings.into_iter().flatten().collect()))
    }

    async fn host_gpus(&self) -> Result<Vec<Gpu>, Box<Failure>> {
        let Some(gpus) = self.inner.gpus.clone() else { return Ok(Vec::new()) };
        // On a blocking thread, because a failing driver takes seconds to answer.
        let listed = tokio::task::spawn_blocking(move || gpus.list()).await;
        let internal = |what: String| Box::new(Failure::new(ErrorCode::Internal, what));
        listed.map_err(|err| internal(err.to_string()))?.map_err(|err| internal(err.to_string()))
    }

    async fn host_device(&self, gpu: &Gpu, limit: Option<Duration>) -> (Value, Option<Warning>) {
        let id = gpu.id();
        let lane = self.pool().lane(id.as_str());
        let mut device = json!({
            "device_id": id.as_str(),
            "name": gpu.name,
            "uuid": gpu.uuid,
            "device_type": "gpu",
            "total_memory_bytes": gpu.memory_total_bytes,
            "available_memory_bytes": gpu.memory_free_bytes,
            "is_available": lane.is_some_and(LaneHandle::is_ready),
        });
        let Some(lane) = lane else { return (device, None) };
        if let Some(warning) = without_worker(lane) {
            return (device, Some(warning));
        }
        let (answer, warning) = self.ask_or_warn(lane, Action::GetCapabilities, limit).await;
        add_families(&mut device, answer.as_ref());
        (device, warning)
    }

    /// A device that NVML does not list, as its worker describes it.
    async fn device_without_nvml(
        &self,
        lane: &LaneHandle,
        limit: Option<Duration>,
    ) -> (Value, Option<Warning>) {
        let ((status, warning), (capabilities, other)) = match without_worker(lane) {
            None => futures::join!(
                self.ask_or_warn(lane, Action::GetStatus, limit),
                self.ask_or_warn(lane, Action::GetCapabilities, limit)
            ),
            warning => ((None, warning), (None, None)),
        };
        let name = lane.view().facts.as_ref().map(|facts| facts.device_name.clone());
        let kind = if lane.gpu == GpuId::cpu() { "cpu" } else { "simulated" };
        let mut device = json!({
            "device_id": lane.gpu.as_str(),
            "name": name.unwrap_or_else(|| "not started".to_owned()),
            "uuid": format!("{NO_UUID}-{}", lane.gpu),
            "device_type": kind,
            "is_available": status.is_some(),
        });
        if let Some(memory) = status.as_ref().and_then(|status| status.get("memory_stats")) {
            device["total_memory_bytes"] = memory["vram_total_bytes"].clone();
            device["available_memory_bytes"] = memory["vram_available_bytes"].clone();
        }
        add_families(&mut device, capabilities.as_ref());
        (device, warning.or(other))
    }

    /// Asks a worker about itself. If it gives no answer, the warning says what its row lacks: one worker must not hide
    /// the other devices.
    async fn ask_or_warn(
        &self,
        lane: &LaneHandle,
        action: Action,
        limit: Option<Duration>,
    ) -> (Option<Value>, Option<Warning>) {
        match self.ask_data(lane, action, limit).await {
            Ok(data) => (Some(data), None),
            Err(err) => {
                tracing::warn!(gpu = %lane.gpu, %action, %err, "left out of the list of devices");
                (None, Some(left_out(&lane.gpu, LACKS, &err.to_string())))
            }
        }
    }
}

/// Says what is missing from the row of a device without an answer of its worker.
const LACKS: &str = "its row lacks what its worker knows";

/// The warning of a lane that has no worker to ask.
fn without_worker(lane: &LaneHandle) -> Option<Warning> {
    lane.unready().map(|reason| left_out(&lane.gpu, LACKS, &reason))
}

/// Adds the families of models that the device's worker runs.
fn add_families(device: &mut Value, capabilities: Option<&Value>) {
    if let Some(families) = capabilities.and_then(|capabilities| capabilities.get("families")) {
        device["families"] = families.clone();
    }
}

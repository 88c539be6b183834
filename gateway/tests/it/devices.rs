//! `list_devices` on a host with GPUs, and with an NVML that fails or does not answer.

use std::sync::{Arc, Mutex, mpsc};

use gateway::{
    config::Config,
    gpu::{BrokenGpus, FakeGpus, Gpu, GpuError, Gpus},
};
use serde_json::{Value, json};

use crate::{
    left_out::{assert_names, row},
    rig::{HttpResponse, Rig, flags, within},
};

/// An NVML that does not answer until the test drops the sender.
struct DeadGpus(Mutex<mpsc::Receiver<()>>);

impl Gpus for DeadGpus {
    fn list(&self) -> Result<Vec<Gpu>, GpuError> {
        self.0.lock().unwrap().recv().ok();
        Ok(Vec::new())
    }
}

/// The list of devices of a host that had two GPUs when the gateway started.
async fn devices(gpus: Arc<dyn Gpus>) -> HttpResponse {
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::decide(&flags(dir.path(), 2, "", &[]), &[], None).unwrap();
    config.gpus = Some(FakeGpus::recorded().list().unwrap());
    let rig = Rig::on_host(dir, config, Some(gpus)).await;
    within(rig.dispatcher.pool().settled()).await;
    let response = rig.get("/v1/devices").await;
    rig.stop().await;
    response
}

#[tokio::test]
async fn the_gpus_of_the_host_are_listed_with_what_nvml_and_their_workers_say() {
    let response = devices(Arc::new(FakeGpus::recorded())).await;
    assert_eq!((response.status, &response.body["warnings"]), (200, &json!([])), "{response:?}");
    for (gpu, recorded) in ["gpu_0", "gpu_1"].iter().zip(FakeGpus::recorded().0) {
        let device = row(&response, "devices", "device_id", gpu);
        let expected = json!({
            "device_id": gpu, "name": recorded.name, "uuid": recorded.uuid, "device_type": "gpu",
            "total_memory_bytes": recorded.memory_total_bytes,
            "available_memory_bytes": recorded.memory_free_bytes,
            "is_available": true, "families": ["sdxl"],
        });
        assert_eq!(*device, expected);
    }
}

/// Nothing is listed as new that only was so at the start, and no device is missing.
#[tokio::test]
async fn a_dead_nvml_hides_no_device() {
    let broken = GpuError::Nvml { reason: Arc::new(std::io::Error::other("GPU is lost")) };
    let (hold, held) = mpsc::channel();
    let dead = DeadGpus(Mutex::new(held));
    let (broken, dead) = tokio::join!(devices(Arc::new(BrokenGpus(broken))), async {
        let response = devices(Arc::new(dead)).await;
        drop(hold);
        response
    });
    for (response, why) in [(broken, "GPU is lost"), (dead, "NVML gives no answer within 5 s")] {
        assert_eq!(response.status, 200, "{response:?}");
        for (gpu, recorded) in ["gpu_0", "gpu_1"].iter().zip(FakeGpus::recorded().0) {
            assert_names(&response, gpu, why);
            let device = row(&response, "devices", "device_id", gpu);
            assert_eq!((&device["uuid"], &device["is_available"]), (&json!(recorded.uuid), &json!(true)));
            // As its worker reports it, and not as NVML did.
            let free = device["available_memory_bytes"].as_u64().unwrap();
            assert_ne!(free, recorded.memory_free_bytes, "{device}");
            assert_eq!(device["families"], json!(["sdxl"]));
        }
        assert_eq!(response.body["data"]["devices"].as_array().map(Vec::len), Some(2));
        assert_ne!(response.body["warnings"], Value::Null);
    }
}

//! NVML: the only place that knows it.

use nvml_wrapper::Nvml;

use super::{Gpu, GpuError, Gpus};

/// The GPUs that NVML finds.
#[derive(Debug)]
pub struct NvmlGpus(Nvml);

impl NvmlGpus {
    /// Opens NVML.
    ///
    /// # Errors
    /// Where there is no driver.
    pub fn open() -> Result<Self, GpuError> {
        Nvml::init().map(Self).map_err(|err| GpuError::Nvml(err.to_string()))
    }
}

impl Gpus for NvmlGpus {
    fn list(&self) -> Result<Vec<Gpu>, GpuError> {
        let failed = |err: nvml_wrapper::error::NvmlError| GpuError::Nvml(err.to_string());
        let count = self.0.device_count().map_err(failed)?;
        let gpu = |index| {
            let device = self.0.device_by_index(index)?;
            let memory = device.memory_info()?;
            Ok(Gpu {
                index,
                uuid: device.uuid()?,
                name: device.name()?,
                memory_total_bytes: memory.total,
                memory_free_bytes: memory.free,
            })
        };
        (0..count).map(|index| gpu(index).map_err(failed)).collect()
    }
}

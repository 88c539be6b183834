//! NVML: the only place that knows it.

use std::sync::Arc;

use nvml_wrapper::{Nvml, error::NvmlError};

use super::{Gpu, GpuError, Gpus};

/// The GPUs that NVML finds.
#[derive(Debug)]
pub struct NvmlGpus(Nvml);

impl NvmlGpus {
    /// Opens NVML.
    ///
    /// # Errors
    /// [`GpuError::Absent`] if its library is not installed, [`GpuError::Nvml`] if it does not work.
    pub fn open() -> Result<Self, GpuError> {
        Nvml::init().map(Self).map_err(|err| match err {
            NvmlError::LibraryNotFound => GpuError::Absent,
            // The loader reports a missing library in its text alone.
            NvmlError::LibloadingError(err) if err.to_string().contains("No such file") => GpuError::Absent,
            err => nvml(err),
        })
    }
}

impl Gpus for NvmlGpus {
    fn list(&self) -> Result<Vec<Gpu>, GpuError> {
        let count = self.0.device_count().map_err(nvml)?;
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
        (0..count).map(|index| gpu(index).map_err(nvml)).collect()
    }
}

fn nvml(err: NvmlError) -> GpuError {
    GpuError::Nvml { reason: Arc::new(err) }
}

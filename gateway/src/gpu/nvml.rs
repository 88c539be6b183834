//! NVML: the only place that knows it.

use nvml_wrapper::{Nvml, error::NvmlError};

use super::{Gpu, GpuError, Gpus};

/// The GPUs that NVML finds.
#[derive(Debug)]
pub struct NvmlGpus(Nvml);

impl NvmlGpus {
    /// Opens NVML.
    ///
    /// # Errors
    /// [`GpuError::Absent`] without its library, [`GpuError::Nvml`] where it does not work.
    pub fn open() -> Result<Self, GpuError> {
        Nvml::init().map(Self).map_err(|err| match err {
            NvmlError::LibraryNotFound => GpuError::Absent,
            NvmlError::LibloadingError(err) if err.to_string().contains("No such file") => GpuError::Absent,
            err => GpuError::Nvml(err.to_string()),
        })
    }
}

impl Gpus for NvmlGpus {
    fn list(&self) -> Result<Vec<Gpu>, GpuError> {
        let failed = |err: NvmlError| GpuError::Nvml(err.to_string());
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

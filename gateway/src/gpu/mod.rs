//! The GPUs of the host. Only `nvml` knows NVML.

mod fake;
mod id;
mod nvml;

pub use fake::FakeGpus;
pub use id::GpuId;
pub use nvml::NvmlGpus;

use std::{error::Error, sync::Arc};

use contracts::DeviceName;

/// NVML that is installed and does not work: each list fails with this error.
#[derive(Clone, Debug)]
pub struct BrokenGpus(pub GpuError);

impl Gpus for BrokenGpus {
    fn list(&self) -> Result<Vec<Gpu>, GpuError> {
        Err(self.0.clone())
    }
}

/// One GPU of the host.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct Gpu {
    /// Its index in NVML's order, which is that of the PCI bus.
    pub index: u32,
    /// `GPU-…`.
    pub uuid: String,
    /// Its model.
    pub name: String,
    /// Its memory, bytes.
    pub memory_total_bytes: u64,
    /// Its memory that is free now, bytes.
    pub memory_free_bytes: u64,
}

impl Gpu {
    /// `gpu_N`.
    #[must_use]
    pub fn id(&self) -> GpuId {
        GpuId::gpu(self.index)
    }
}

/// Why the GPUs cannot be listed, or one cannot be found.
#[derive(Clone, Debug, thiserror::Error)]
pub enum GpuError {
    /// NVML's library is not installed.
    #[error("no NVML here")]
    Absent,
    /// NVML is installed and does not work.
    #[error("NVML does not work here: {reason}")]
    Nvml {
        /// NVML's own error. Part of the sentence, because that goes to clients, who see no chain of sources.
        reason: Arc<dyn Error + Send + Sync>,
    },
    /// No GPU of this host has that name.
    #[error("{name:?} names no GPU here; there are {}", .known.join(", "))]
    Unknown {
        /// The name.
        name: String,
        /// The GPUs of this host: `gpu_N (UUID)`.
        known: Vec<String>,
    },
    /// The name is not an index, and without NVML nothing else names a GPU.
    #[error("{name:?} names no GPU here; there are none, as there is no NVML")]
    UnknownWithoutNvml {
        /// The name.
        name: String,
    },
}

/// A source of GPUs: NVML, or a record of one in tests.
pub trait Gpus: Send + Sync {
    /// All GPUs, in PCI bus order, with their memory now.
    ///
    /// # Errors
    /// [`GpuError::Nvml`] if NVML does not work.
    fn list(&self) -> Result<Vec<Gpu>, GpuError>;
}

/// Returns the GPU that a name of `CUDA_VISIBLE_DEVICES` or `GPU_ID` stands for: an index, `gpu_N` or a UUID.
///
/// `gpus` is `None` without NVML: then no UUID can be found.
///
/// # Errors
/// [`GpuError::Unknown`] or [`GpuError::UnknownWithoutNvml`] if it names none.
pub fn named(name: &str, gpus: Option<&[Gpu]>) -> Result<GpuId, GpuError> {
    let unknown = || match gpus {
        Some(gpus) => GpuError::Unknown {
            name: name.to_owned(),
            known: gpus.iter().map(|gpu| format!("gpu_{} ({})", gpu.index, gpu.uuid)).collect(),
        },
        None => GpuError::UnknownWithoutNvml { name: name.to_owned() },
    };
    // `cuda:N` counts what one process sees, so that it names no GPU of the host.
    let index = match name.parse() {
        Ok(DeviceName::Gpu(index)) if !name.starts_with("cuda:") => Some(u32::from(index)),
        _ => None,
    };
    match (index, gpus) {
        (Some(index), None) => Ok(GpuId::gpu(index)),
        (Some(index), Some(gpus)) if gpus.iter().any(|gpu| gpu.index == index) => Ok(GpuId::gpu(index)),
        (None, Some(gpus)) => {
            // CUDA takes any prefix of a UUID that is unique.
            let mut fitting =
                gpus.iter().filter(|gpu| name.starts_with("GPU-") && gpu.uuid.starts_with(name));
            match (fitting.next(), fitting.next()) {
                (Some(gpu), None) => Ok(gpu.id()),
                _ => Err(unknown()),
            }
        }
        _ => Err(unknown()),
    }
}

#[cfg(test)]
mod tests {
    use super::{FakeGpus, Gpus, named};

    #[test]
    fn names_of_gpus() {
        let gpus = FakeGpus::recorded().list().unwrap();
        let with = |name: &str| named(name, Some(&gpus)).ok().map(|gpu| gpu.as_str().to_owned());
        let without = |name: &str| named(name, None).ok().map(|gpu| gpu.as_str().to_owned());
        assert_eq!(with("1").as_deref(), Some("gpu_1"));
        assert_eq!(with("gpu_0").as_deref(), Some("gpu_0"));
        assert_eq!(with(&gpus[1].uuid).as_deref(), Some("gpu_1"));
        for unknown in ["2", "gpu_7", "GPU-", "GPU-nothing", "MIG-1", ""] {
            assert_eq!(with(unknown), None, "{unknown}");
        }
        assert_eq!(without("gpu_3").as_deref(), Some("gpu_3"));
        for unknown in ["GPU-0", "", "x", "gpu_1000"] {
            assert_eq!(without(unknown), None, "{unknown}");
        }
    }
}

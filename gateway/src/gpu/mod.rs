//! Which GPUs the host has. Only `nvml` knows NVML.

mod fake;
mod id;
mod nvml;

pub use fake::FakeGpus;
pub use id::GpuId;
pub use nvml::NvmlGpus;

/// NVML that is there, and does not work; why.
#[derive(Clone, Debug)]
pub struct BrokenGpus(pub String);

impl Gpus for BrokenGpus {
    fn list(&self) -> Result<Vec<Gpu>, GpuError> {
        Err(GpuError::Nvml(self.0.clone()))
    }
}

/// One GPU of the host.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct Gpu {
    /// Its place in NVML's (PCI bus) order.
    pub index: u32,
    /// `GPU-…`.
    pub uuid: String,
    /// What it is.
    pub name: String,
    /// Its memory, bytes.
    pub memory_total_bytes: u64,
    /// What is free of it now, bytes.
    pub memory_free_bytes: u64,
}

impl Gpu {
    /// `gpu_N`.
    #[must_use]
    pub fn id(&self) -> GpuId {
        GpuId::gpu(self.index)
    }
}

/// Why the GPUs cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum GpuError {
    /// NVML's library is not on this host.
    #[error("no NVML here")]
    Absent,
    /// NVML is there, and does not work.
    #[error("NVML does not work here: {0}")]
    Nvml(String),
    /// A name that names no GPU of this host.
    #[error("{name:?} names no GPU here; there are {known}")]
    Unknown {
        /// The name.
        name: String,
        /// Those that there are.
        known: String,
    },
}

/// Where GPUs are found: NVML, or a record of it.
pub trait Gpus: Send + Sync {
    /// All GPUs, in PCI bus order, with their memory now.
    ///
    /// # Errors
    /// [`GpuError::Nvml`].
    fn list(&self) -> Result<Vec<Gpu>, GpuError>;
}

/// The GPU that a name of `CUDA_VISIBLE_DEVICES` or `GPU_ID` stands for: an index, `gpu_N` or a UUID.
///
/// `gpus` is `None` without NVML: then a UUID stands for nothing.
///
/// # Errors
/// [`GpuError::Unknown`].
pub fn named(name: &str, gpus: Option<&[Gpu]>) -> Result<GpuId, GpuError> {
    let unknown = || {
        let known = gpus.map(|gpus| gpus.iter().map(|gpu| format!("gpu_{} ({})", gpu.index, gpu.uuid)));
        let known = known
            .map_or_else(|| "none, as there is no NVML".to_owned(), |all| all.collect::<Vec<_>>().join(", "));
        GpuError::Unknown { name: name.to_owned(), known }
    };
    let index = name.strip_prefix("gpu_").unwrap_or(name).parse::<u32>().ok().filter(|index| *index < 1000);
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

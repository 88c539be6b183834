//! The name of a GPU.

use std::{fmt, sync::Arc};

use contracts::DeviceName;
use serde::{Deserialize, Serialize};

/// A GPU as the contract names it: `gpu_N` or `cpu_0`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GpuId(#[serde(with = "crate::shared")] Arc<str>);

impl GpuId {
    /// The GPU of the host with this index.
    #[must_use]
    pub fn gpu(index: u32) -> Self {
        Self(format!("gpu_{index}").into())
    }

    /// The processor.
    #[must_use]
    pub fn cpu() -> Self {
        Self("cpu_0".into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The index of a GPU; `None` for the processor.
    #[must_use]
    pub fn index(&self) -> Option<u32> {
        self.0.strip_prefix("gpu_")?.parse().ok()
    }

    /// Whether this is the device of a prompt submission (`cuda:N`, `cpu`).
    #[must_use]
    pub fn is_device(&self, device: &str) -> bool {
        self.0.parse().is_ok_and(|name: DeviceName| name.torch() == device)
    }
}

impl From<&str> for GpuId {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

impl fmt::Display for GpuId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

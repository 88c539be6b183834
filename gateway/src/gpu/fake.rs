//! A source of GPUs in place of NVML, for tests.

use super::{Gpu, GpuError, Gpus};

/// A fixed list of GPUs.
#[derive(Clone, Debug)]
pub struct FakeGpus(pub Vec<Gpu>);

impl FakeGpus {
    /// Two GPUs, as NVML of a real host described them.
    #[must_use]
    pub fn recorded() -> Self {
        let gpu = |index, uuid: &str| Gpu {
            index,
            uuid: uuid.to_owned(),
            name: "NVIDIA H100 80GB HBM3".to_owned(),
            memory_total_bytes: 85_520_809_984,
            memory_free_bytes: 84_974_239_744,
        };
        Self(vec![
            gpu(0, "GPU-2c1dd9c5-5a2f-7c2e-9d26-1f9f0c6a7b10"),
            gpu(1, "GPU-8f0e7a13-4b6d-2f55-8a31-64cbb2f0d9e7"),
        ])
    }
}

impl Gpus for FakeGpus {
    fn list(&self) -> Result<Vec<Gpu>, GpuError> {
        Ok(self.0.clone())
    }
}

//! Names of devices: `gpu_N`, `cuda:N`, an index, `cpu_0`.

use std::{fmt, str::FromStr};

/// The highest index of a GPU (`GpuId` of the schemas).
const INDEX_MAX: u16 = 999;

/// One device of a host, as an envelope's `gpu_id` names it.
///
/// ```
/// use contracts::DeviceName;
///
/// for name in ["7", "gpu_7", "cuda:7"] {
///     let device: DeviceName = name.parse().unwrap();
///     assert_eq!((device.to_string().as_str(), device.torch().as_str()), ("gpu_7", "cuda:7"));
/// }
/// assert_eq!("cpu_0".parse(), Ok(DeviceName::Cpu));
/// assert!("gpu_007".parse::<DeviceName>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DeviceName {
    /// The host's GPU of an index, 0..=999, by PCI bus.
    Gpu(u16),
    /// The processor.
    Cpu,
}

impl DeviceName {
    /// The same as `performance.device` and PyTorch spell it: `cuda:N`, `cpu`.
    #[must_use]
    pub fn torch(self) -> String {
        match self {
            Self::Gpu(index) => format!("cuda:{index}"),
            Self::Cpu => "cpu".to_owned(),
        }
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gpu(index) => write!(f, "gpu_{index}"),
            Self::Cpu => f.write_str("cpu_0"),
        }
    }
}

impl FromStr for DeviceName {
    type Err = UnknownDevice;

    fn from_str(name: &str) -> Result<Self, UnknownDevice> {
        if name == "cpu_0" {
            return Ok(Self::Cpu);
        }
        let digits = name.strip_prefix("gpu_").or_else(|| name.strip_prefix("cuda:")).unwrap_or(name);
        // Each GPU has one spelling: `+1` and `01` parse as numbers, and would be a second one.
        let is_plain = |index: &u16| *index <= INDEX_MAX && index.to_string() == digits;
        let index = digits.parse().ok().filter(is_plain);
        index.map(Self::Gpu).ok_or_else(|| UnknownDevice(name.to_owned()))
    }
}

/// A name of no device.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no device: give an index, gpu_N, cuda:N or cpu_0")]
pub struct UnknownDevice(String);

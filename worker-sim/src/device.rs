//! The GPU that this worker simulates, by flag or environment.

use contracts::{DeviceKind, DeviceName, UnknownDevice};

/// The one device of a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Device {
    id: DeviceName,
    /// `gpu_N`, or `cpu_0`.
    pub(crate) gpu_id: String,
}

impl From<DeviceName> for Device {
    fn from(id: DeviceName) -> Self {
        Self { id, gpu_id: id.to_string() }
    }
}

impl Device {
    /// The host's GPU N; `None` for the processor.
    pub(crate) fn index(&self) -> Option<u64> {
        match self.id {
            DeviceName::Gpu(index) => Some(index.into()),
            DeviceName::Cpu => None,
        }
    }

    pub(crate) fn kind(&self) -> DeviceKind {
        match self.id {
            DeviceName::Gpu(_) => DeviceKind::Gpu,
            DeviceName::Cpu => DeviceKind::Cpu,
        }
    }

    /// Mixed into `--seed`, so that workers on different devices choose different seeds. 999 for the processor.
    pub(crate) fn seed(&self) -> u64 {
        self.index().unwrap_or(999)
    }

    /// As `performance.device` and a result spell it.
    pub(crate) fn contract_name(&self) -> String {
        self.id.torch()
    }

    pub(crate) fn name(&self) -> String {
        self.index().map_or_else(|| "Simulated CPU".to_owned(), |index| format!("Simulated GPU {index}"))
    }

    /// Whether a canonical `performance.device` names this one.
    pub(crate) fn is_own_name(&self, name: &str) -> bool {
        name == "auto" || name == self.contract_name()
    }

    /// Whether an envelope's `gpu_id` names this one.
    pub(crate) fn is_own_id(&self, gpu_id: &str) -> bool {
        gpu_id == self.gpu_id
    }

    /// The device that flags and environment name, and warnings about them.
    ///
    /// # Errors
    /// [`DeviceError::Unknown`] for a name of no device, [`DeviceError::Disagree`] if the variables name two devices.
    pub(crate) fn find(
        flag: Option<&str>,
        on_cpu: bool,
        visible: Option<&str>,
        gpu_id: Option<&str>,
    ) -> Result<(Self, Vec<String>), DeviceError> {
        let mut warnings = Vec::new();
        if on_cpu {
            return Ok((DeviceName::Cpu.into(), warnings));
        }
        if let Some(flag) = flag {
            return Ok((read("--gpu", flag)?, warnings));
        }
        let mut found: Option<(&'static str, Self)> = None;
        for (variable, value) in [("CUDA_VISIBLE_DEVICES", visible), ("GPU_ID", gpu_id)] {
            let Some(value) = value.filter(|value| !value.is_empty()) else { continue };
            let device = read(variable, value)?;
            // CUDA itself takes an index and does not know `gpu_N`: the operator should hear how it was read.
            if let Some(index) = device.index().filter(|_| value.starts_with("gpu_")) {
                warnings.push(format!("{variable}={value} is read as GPU index {index}"));
            }
            match &found {
                Some((first, other)) if *other != device => {
                    return Err(DeviceError::Disagree {
                        first,
                        gpu_id: other.gpu_id.clone(),
                        second: variable,
                        other_gpu_id: device.gpu_id,
                    });
                }
                _ => found = Some((variable, device)),
            }
        }
        Ok((found.map_or_else(|| DeviceName::Gpu(0).into(), |(_, device)| device), warnings))
    }
}

/// Why no device is found.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeviceError {
    #[error("{from}: {cause}")]
    Unknown {
        /// The flag or the variable.
        from: &'static str,
        cause: UnknownDevice,
    },
    #[error("{first} names {gpu_id} and {second} names {other_gpu_id}")]
    Disagree { first: &'static str, gpu_id: String, second: &'static str, other_gpu_id: String },
}

/// Reads the name that a flag or a variable gives.
fn read(from: &'static str, name: &str) -> Result<Device, DeviceError> {
    let id: DeviceName = name.parse().map_err(|cause| DeviceError::Unknown { from, cause })?;
    Ok(id.into())
}

#[cfg(test)]
mod tests {
    use super::Device;

    fn check(visible: Option<&str>, gpu_id: Option<&str>, expected: Result<(&str, usize), ()>) {
        let found = Device::find(None, false, visible, gpu_id);
        let found = found.map(|(device, warnings)| (device.gpu_id, warnings.len())).map_err(drop);
        assert_eq!(found, expected.map(|(id, warnings)| (id.to_owned(), warnings)));
    }

    #[test]
    fn the_environment_names_a_gpu() {
        check(None, None, Ok(("gpu_0", 0)));
        check(Some(""), None, Ok(("gpu_0", 0)));
        check(Some("1"), None, Ok(("gpu_1", 0)));
        check(Some("gpu_2"), Some("gpu_2"), Ok(("gpu_2", 2)));
        check(None, Some("gpu_3"), Ok(("gpu_3", 1)));
        check(Some("0"), Some("gpu_1"), Err(()));
        check(Some("GPU-6ab1"), None, Err(()));
        check(Some("0,1"), None, Err(()));
        check(Some("gpu_01"), None, Err(()));
        check(Some("-1"), None, Err(()));
    }
}

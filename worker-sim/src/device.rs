//! Which GPU this worker pretends to be, by flag or environment.

use contracts::DeviceKind;

/// The one device of a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Device {
    /// `gpu_N`, or `cpu_0`.
    pub(crate) gpu_id: String,
    /// The host's GPU N; `None` for the processor.
    pub(crate) index: Option<u64>,
}

impl Device {
    pub(crate) fn gpu(index: u64) -> Self {
        Self { gpu_id: format!("gpu_{index}"), index: Some(index) }
    }

    pub(crate) fn cpu() -> Self {
        Self { gpu_id: "cpu_0".to_owned(), index: None }
    }

    pub(crate) fn kind(&self) -> DeviceKind {
        if self.index.is_some() { DeviceKind::Gpu } else { DeviceKind::Cpu }
    }

    /// As `performance.device` and a result spell it.
    pub(crate) fn contract_name(&self) -> String {
        self.index.map_or_else(|| "cpu".to_owned(), |index| format!("cuda:{index}"))
    }

    pub(crate) fn name(&self) -> String {
        self.index.map_or_else(|| "Simulated CPU".to_owned(), |index| format!("Simulated GPU {index}"))
    }

    /// Whether a canonical `performance.device` means this one.
    pub(crate) fn is_own_name(&self, name: &str) -> bool {
        name == "auto" || name == self.contract_name()
    }

    /// Whether an envelope's `gpu_id` means this one.
    pub(crate) fn is_own_id(&self, gpu_id: &str) -> bool {
        gpu_id == self.gpu_id
    }

    /// The device that flags and environment name, and what is worth a warning.
    ///
    /// # Errors
    /// `DeviceError::Unknown` for a name that no GPU has, `DeviceError::Disagree` for two variables that name two GPUs.
    pub(crate) fn find(
        flag: Option<&str>,
        on_cpu: bool,
        visible: Option<&str>,
        gpu_id: Option<&str>,
    ) -> Result<(Self, Vec<String>), DeviceError> {
        let mut warnings = Vec::new();
        if on_cpu {
            return Ok((Self::cpu(), warnings));
        }
        if let Some(flag) = flag {
            return Ok((read("--gpu", flag, None)?, warnings));
        }
        let mut found: Option<(&'static str, Self)> = None;
        for (variable, value) in [("CUDA_VISIBLE_DEVICES", visible), ("GPU_ID", gpu_id)] {
            let Some(value) = value.filter(|value| !value.is_empty()) else { continue };
            let device = read(variable, value, Some(&mut warnings))?;
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
        Ok((found.map_or_else(|| Self::gpu(0), |(_, device)| device), warnings))
    }
}

/// Why no device is found.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeviceError {
    #[error("{from}={name} is no GPU that this worker knows: give an index or gpu_N")]
    Unknown {
        /// The flag or the variable.
        from: &'static str,
        name: String,
    },
    #[error("{first} names {gpu_id} and {second} {other_gpu_id}")]
    Disagree { first: &'static str, gpu_id: String, second: &'static str, other_gpu_id: String },
}

/// Reads one name. Only CUDA's own variables are owed a warning: CUDA itself does not know `gpu_N`.
fn read(from: &'static str, name: &str, warnings: Option<&mut Vec<String>>) -> Result<Device, DeviceError> {
    let digits = name.strip_prefix("gpu_").or_else(|| name.strip_prefix("cuda:")).unwrap_or(name);
    let index = digits.parse::<u64>().ok().filter(|index| *index <= 999 && digits == index.to_string());
    match index {
        _ if name == "cpu_0" => Ok(Device::cpu()),
        Some(index) => {
            if let Some(warnings) = warnings
                && name.starts_with("gpu_")
            {
                warnings.push(format!("{from}={name} is read as GPU index {index}"));
            }
            Ok(Device::gpu(index))
        }
        None => Err(DeviceError::Unknown { from, name: name.to_owned() }),
    }
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

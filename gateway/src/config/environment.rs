//! The GPUs that the environment gives to this process.

use super::{ConfigError, PoolFlags, WorkerKind};
use crate::gpu::{self, Gpu, GpuId};

/// Returns the GPUs that `CUDA_VISIBLE_DEVICES` or `GPU_ID` name, as they are named; none if neither is set, or if a
/// flag takes precedence.
///
/// # Errors
/// [`ConfigError::GpusDiffer`] if both are set and name different GPUs, [`ConfigError::GpusHidden`] if every GPU is
/// hidden from workers that need one, [`ConfigError::Gpu`] if a name is unknown.
pub fn owned(
    visible: Option<&str>,
    gpu_id: Option<&str>,
    flags: &PoolFlags,
    gpus: Option<&[Gpu]>,
) -> Result<Vec<String>, ConfigError> {
    let device = flags.device.as_deref().unwrap_or("auto");
    if !flags.gpus.is_empty() || (device != "auto" && !device.starts_with("cuda:")) {
        return Ok(Vec::new());
    }
    // An unset variable names no GPU.
    let named = gpu_id.map_or_else(Vec::new, names);
    let Some(visible) = visible else { return Ok(named) };
    let seen = names(visible);
    if seen.is_empty() || seen == ["-1"] {
        return check_hidden(visible, &named, flags, gpus).map(|()| Vec::new());
    }
    if !named.is_empty() && ids(&seen, gpus)? != ids(&named, gpus)? {
        return Err(ConfigError::GpusDiffer { visible: visible.to_owned(), gpu_id: named });
    }
    Ok(seen)
}

fn names(list: &str) -> Vec<String> {
    list.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn ids(names: &[String], gpus: Option<&[Gpu]>) -> Result<Vec<GpuId>, ConfigError> {
    let mut ids = names.iter().map(|name| gpu::named(name, gpus)).collect::<Result<Vec<_>, _>>()?;
    ids.sort();
    ids.dedup();
    Ok(ids)
}

/// Refuses hidden GPUs, but not for simulated workers, which need none.
fn check_hidden(
    visible: &str,
    named: &[String],
    flags: &PoolFlags,
    gpus: Option<&[Gpu]>,
) -> Result<(), ConfigError> {
    let auto = matches!(flags.workers, None | Some(WorkerKind::Auto));
    let simulated = flags.workers == Some(WorkerKind::Sim) || (auto && gpus.is_none());
    if simulated && named.is_empty() {
        return Ok(());
    }
    Err(ConfigError::GpusHidden { visible: visible.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::owned;
    use crate::{
        config::{PoolFlags, WorkerKind},
        gpu::{FakeGpus, Gpus},
    };

    fn of(visible: Option<&str>, gpu_id: Option<&str>, flags: &PoolFlags) -> Result<Vec<String>, String> {
        let gpus = FakeGpus::recorded().list().unwrap();
        owned(visible, gpu_id, flags, Some(&gpus)).map_err(|err| err.to_string())
    }

    #[test]
    fn the_environment_names_gpus_and_must_agree() {
        let none = PoolFlags::default();
        assert_eq!(of(None, None, &none).unwrap(), [""; 0]);
        assert_eq!(of(Some("1, 0"), None, &none).unwrap(), ["1", "0"]);
        assert_eq!(of(None, Some("gpu_1"), &none).unwrap(), ["gpu_1"]);
        assert_eq!(of(Some("GPU-8f0e7a13"), Some("gpu_1"), &none).unwrap(), ["GPU-8f0e7a13"]);
        assert!(of(Some("0"), Some("gpu_1"), &none).unwrap_err().contains("name different GPUs"));
        let gpu = PoolFlags { gpus: vec!["0".to_owned()], ..PoolFlags::default() };
        assert_eq!(of(Some("0"), Some("gpu_1"), &gpu).unwrap(), [""; 0]);
    }

    #[test]
    fn none_visible_is_no_gpu() {
        let cpu = PoolFlags { device: Some("cpu".to_owned()), ..PoolFlags::default() };
        let sim = PoolFlags { workers: Some(WorkerKind::Sim), ..PoolFlags::default() };
        for hidden in ["", " ", "-1"] {
            let message = of(Some(hidden), None, &PoolFlags::default()).unwrap_err();
            assert!(message.contains("hides every GPU"), "{message}");
            assert_eq!(of(Some(hidden), None, &cpu).unwrap(), [""; 0]);
            assert_eq!(of(Some(hidden), None, &sim).unwrap(), [""; 0]);
        }
    }
}

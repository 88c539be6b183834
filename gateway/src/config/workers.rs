//! The choice of workers: their kind, their GPUs, and how each is started.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use super::{ConfigError, File, PoolFlags, WorkerKind, absolute, folders};
use crate::{
    gpu::{self, Gpu, GpuError, GpuId},
    lane::Launch,
    units::Count,
};

/// Default of `sim_workers`: the fewest that show how jobs are spread.
const SIMULATED_WORKERS: u32 = 2;

/// This binary by the kernel's own link, which works even after an upgrade has replaced the file.
const OWN: &str = "/proc/self/exe";

/// The kind of workers, and their GPUs.
pub(super) struct Choice {
    pub(super) kind: WorkerKind,
    /// GPUs that NVML found; `None` without any.
    pub(super) host: Option<Vec<Gpu>>,
    /// The GPU of each worker.
    gpus: Vec<GpuId>,
    /// What NVML found, as a sentence for the operator.
    found: String,
}

impl Choice {
    /// Decides by flags, file, and what NVML has `found`.
    pub(super) fn of(
        flags: &PoolFlags,
        file: &File,
        owned: &[String],
        found: Result<Vec<Gpu>, GpuError>,
    ) -> Result<Self, ConfigError> {
        let asked = flags.workers.or(file.workers).unwrap_or(WorkerKind::Auto);
        let python = flags.python.is_some() || file.python.is_some();
        let (host, found) = match found {
            Ok(gpus) if gpus.is_empty() => (None, "NVML found no GPU".to_owned()),
            Ok(gpus) => {
                let names: Vec<String> =
                    gpus.iter().map(|gpu| format!("gpu_{} ({})", gpu.index, gpu.name)).collect();
                (Some(gpus), format!("NVML found {}", names.join(", ")))
            }
            Err(reason @ GpuError::Nvml { .. }) if asked == WorkerKind::Auto && !python => {
                return Err(ConfigError::GpusUnknown { reason });
            }
            Err(err) => (None, err.to_string()),
        };
        let kind = match asked {
            WorkerKind::Auto if host.is_some() || python => WorkerKind::Python,
            WorkerKind::Auto => WorkerKind::Sim,
            kind => kind,
        };
        let mut gpus = Vec::new();
        for id in gpu_ids(flags, file, owned, host.as_deref(), kind)? {
            // One worker owns a GPU, however many names of it were given.
            if !gpus.contains(&id) {
                gpus.push(id);
            }
        }
        Ok(Self { kind, host, gpus, found })
    }

    pub(super) fn launches(
        &self,
        flags: &PoolFlags,
        file: &File,
        common: &[OsString],
    ) -> Result<Vec<(GpuId, Launch)>, ConfigError> {
        let host = self.host.as_deref();
        let own = flags.own_program.clone().unwrap_or_else(|| OWN.into());
        let launches: Vec<(GpuId, Launch)> = match self.kind {
            WorkerKind::Python => {
                let (python, main) = python(flags, file)?;
                self.gpus
                    .iter()
                    .map(|id| (id.clone(), python_launch(&python, &main, id, common, host)))
                    .collect()
            }
            _ => {
                let program = match &flags.sim_program {
                    Some(program) => program.clone(),
                    None => std::env::current_exe().map_err(|source| ConfigError::NoOwnProgram { source })?,
                };
                self.gpus.iter().map(|id| (id.clone(), sim_launch(&program, id, common, flags))).collect()
            }
        };
        Ok(launches.into_iter().map(|(id, launch)| (id, Launch { own: own.clone(), ..launch })).collect())
    }

    pub(super) fn about(&self, workers: &[(GpuId, Launch)]) -> String {
        let on: Vec<&str> = self.gpus.iter().map(GpuId::as_str).collect();
        let on = on.join(", ");
        match self.kind {
            WorkerKind::Python => {
                let program = workers[0].1.program.display();
                format!("{}; Python workers ({program}) on {on}", self.found)
            }
            _ => format!(
                "{}; {} simulated worker{} on {on}: pictures are test patterns, not diffusion",
                self.found,
                workers.len(),
                if workers.len() == 1 { "" } else { "s" },
            ),
        }
    }
}

/// The GPU of each worker, one of them possibly twice.
fn gpu_ids(
    flags: &PoolFlags,
    file: &File,
    owned: &[String],
    host: Option<&[Gpu]>,
    kind: WorkerKind,
) -> Result<Vec<GpuId>, ConfigError> {
    let names = names(flags, file, owned)?;
    if on_processor(&names)? {
        return Ok(vec![GpuId::cpu()]);
    }
    if !names.is_empty() {
        return Ok(names.iter().map(|name| gpu::named(name, host)).collect::<Result<_, _>>()?);
    }
    Ok(match (kind, host) {
        (WorkerKind::Python, Some(gpus)) => gpus.iter().map(Gpu::id).collect(),
        (WorkerKind::Python, None) => vec![GpuId::cpu()],
        _ => {
            let count = flags.sim_workers.or(file.sim_workers).map_or(SIMULATED_WORKERS, Count::get);
            (0..count).map(GpuId::gpu).collect()
        }
    })
}

/// The names of the GPUs: those of `--device`, else `--gpu`, else the environment, else the file. None stands for all
/// GPUs.
fn names(flags: &PoolFlags, file: &File, owned: &[String]) -> Result<Vec<String>, ConfigError> {
    let without_device = [&flags.gpus, owned, &file.gpus]
        .into_iter()
        .find(|names| !names.is_empty())
        .map_or(&[][..], |names| names);
    let Some(device) = flags.device.as_deref().filter(|device| *device != "auto") else {
        return Ok(without_device.to_vec());
    };
    // `cuda:N` counts what CUDA would see: the GPUs of the environment, else all of them in NVML's order.
    let Some(nth) = device.strip_prefix("cuda:") else { return Ok(vec![device.to_owned()]) };
    let nth: usize = nth.parse().map_err(|_| ConfigError::UnknownDevice { device: device.to_owned() })?;
    if owned.is_empty() {
        return Ok(vec![format!("gpu_{nth}")]);
    }
    let name = owned
        .get(nth)
        .cloned()
        .ok_or_else(|| ConfigError::DeviceNotOwned { device: device.to_owned(), owned: owned.to_vec() })?;
    Ok(vec![name])
}

/// Whether the names stand for the processor, which is named alone.
fn on_processor(names: &[String]) -> Result<bool, ConfigError> {
    let is_cpu = |name: &String| name == "cpu" || name == "cpu_0";
    let (cpu, gpus): (Vec<_>, Vec<_>) = names.iter().partition(|name| is_cpu(name));
    match (cpu.first(), gpus.first()) {
        (Some(&cpu), Some(&gpu)) => Err(ConfigError::CpuBesideGpu { cpu: cpu.clone(), gpu: gpu.clone() }),
        (cpu, _) => Ok(cpu.is_some()),
    }
}

/// The interpreter and the worker's main file, which both exist.
fn python(flags: &PoolFlags, file: &File) -> Result<(PathBuf, PathBuf), ConfigError> {
    let python =
        flags.python.clone().or(file.python.clone()).unwrap_or_else(|| "workers/.venv/bin/python".into());
    let main =
        flags.worker_main.clone().or(file.worker_main.clone()).unwrap_or_else(|| "workers/main.py".into());
    for path in [&python, &main] {
        if !path.is_file() {
            return Err(ConfigError::NoPythonWorker { path: path.clone() });
        }
    }
    // Not canonical, because Python finds its virtual environment by the path of the interpreter's link.
    Ok((absolute(&python)?, absolute(&main)?))
}

fn python_launch(
    python: &Path,
    main: &Path,
    id: &GpuId,
    common: &[OsString],
    gpus: Option<&[Gpu]>,
) -> Launch {
    let mut args = vec![main.into(), "--worker".into(), "pipeline_manager".into()];
    args.extend_from_slice(common);
    let mut launch = Launch {
        own: PathBuf::new(),
        program: python.to_owned(),
        args,
        envs: vec![
            ("CUDA_DEVICE_ORDER".into(), "PCI_BUS_ID".into()),
            ("PYTHONUNBUFFERED".into(), "1".into()),
        ],
        env_removes: vec!["CUDA_VISIBLE_DEVICES".into(), "GPU_ID".into()],
    };
    match gpus.and_then(|gpus| gpus.iter().find(|gpu| gpu.id() == *id)) {
        Some(gpu) => {
            launch.envs.push(("CUDA_VISIBLE_DEVICES".into(), gpu.uuid.clone().into()));
            launch.env_removes.retain(|name| name != "CUDA_VISIBLE_DEVICES");
        }
        None if *id == GpuId::cpu() => launch.args.extend(["--device".into(), "cpu".into()]),
        None => {
            launch.envs.push(("CUDA_VISIBLE_DEVICES".into(), id.as_str().trim_start_matches("gpu_").into()));
            launch.env_removes.retain(|name| name != "CUDA_VISIBLE_DEVICES");
        }
    }
    launch
}

fn sim_launch(program: &Path, id: &GpuId, common: &[OsString], flags: &PoolFlags) -> Launch {
    let mut args: Vec<OsString> = vec![
        "worker-sim".into(),
        "--worker".into(),
        "pipeline_manager".into(),
        "--gpu".into(),
        id.as_str().into(),
    ];
    args.extend_from_slice(common);
    args.extend(flags.sim_args.iter().map(OsString::from));
    Launch {
        own: PathBuf::new(),
        program: program.to_owned(),
        args,
        envs: Vec::new(),
        env_removes: vec!["CUDA_VISIBLE_DEVICES".into(), "GPU_ID".into()],
    }
}

/// Arguments that every worker takes.
pub(super) fn common_args(
    flags: &PoolFlags,
    file: &File,
    output_dir: &Path,
    frame_bytes_max: usize,
) -> Result<Vec<OsString>, ConfigError> {
    let mut args: Vec<OsString> = vec!["--output-dir".into(), output_dir.into()];
    let models = folders(&flags.model_roots, &file.model_roots, "CONCORD_MODEL_ROOTS", "models");
    let inputs = folders(&flags.input_roots, &file.input_roots, "CONCORD_INPUT_ROOTS", "inputs");
    for (flag, roots) in [("--model-root", models), ("--input-root", inputs)] {
        for root in roots {
            args.extend([flag.into(), absolute(&root)?.into()]);
        }
    }
    if flags.deterministic {
        args.push("--deterministic".into());
    }
    if let Some(threads) = flags.threads {
        args.extend(["--threads".into(), threads.to_string().into()]);
    }
    args.extend(["--frame-bytes-max".into(), frame_bytes_max.to_string().into()]);
    args.extend(file.worker_args.iter().chain(&flags.worker_args).map(OsString::from));
    Ok(args)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::{File, names, on_processor};
    use crate::{
        cli::{Cli, Command},
        config::PoolFlags,
    };

    fn flags(args: &[&str]) -> PoolFlags {
        let args = ["gateway", "stdio"].iter().chain(args);
        let Command::Stdio(stdio) = Cli::try_parse_from(args).unwrap().command else { panic!("it is stdio") };
        stdio.pool
    }

    fn of(args: &[&str], owned: &[&str]) -> Result<Vec<String>, String> {
        let owned: Vec<String> = owned.iter().map(|&name| name.to_owned()).collect();
        let file = File { gpus: vec!["7".to_owned()], ..File::default() };
        names(&flags(args), &file, &owned).map_err(|err| err.to_string())
    }

    #[test]
    fn a_flag_goes_before_the_environment_and_that_before_the_file() {
        assert_eq!(of(&[], &[]).unwrap(), ["7"]);
        assert_eq!(of(&[], &["2", "GPU-a"]).unwrap(), ["2", "GPU-a"]);
        assert_eq!(of(&["--gpu", "5"], &["2"]).unwrap(), ["5"]);
        assert_eq!(of(&["--device", "auto"], &["2"]).unwrap(), ["2"]);
        assert_eq!(of(&["--device", "gpu_3"], &["2"]).unwrap(), ["gpu_3"]);
        assert_eq!(of(&["--device", "cpu"], &["2"]).unwrap(), ["cpu"]);
    }

    #[test]
    fn the_processor_is_named_alone() {
        let on = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
            on_processor(&names).map_err(|err| err.to_string())
        };
        assert_eq!(on(&["cpu", "cpu_0"]), Ok(true));
        assert_eq!(on(&["gpu_0", "1"]), Ok(false));
        assert_eq!(on(&[]), Ok(false));
        assert!(on(&["cpu", "gpu_0"]).unwrap_err().contains("cpu and gpu_0 are named together"));
    }

    #[test]
    fn cuda_counts_what_it_sees() {
        assert_eq!(of(&["--device", "cuda:1"], &[]).unwrap(), ["gpu_1"]);
        assert_eq!(of(&["--device", "cuda:1"], &["2", "GPU-a"]).unwrap(), ["GPU-a"]);
        assert!(of(&["--device", "cuda:2"], &["2", "GPU-a"]).unwrap_err().contains("2, GPU-a"));
        assert!(of(&["--device", "cuda:x"], &[]).unwrap_err().contains("cuda:N"));
    }
}

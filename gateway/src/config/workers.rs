//! Which workers on which GPUs, and how each is started.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use super::{ConfigError, File, absolute, said};
use crate::{
    cli::{PoolFlags, WorkerKind},
    gpu::{self, Gpu, GpuError},
    lane::{GpuId, Launch},
};

/// How many simulated workers there are where nothing says otherwise.
const SIMULATED_WORKERS: u32 = 2;

/// Which workers on which GPUs.
pub(super) struct Choice {
    pub(super) kind: WorkerKind,
    gpus: Vec<GpuId>,
    why: String,
}

impl Choice {
    pub(super) fn of(
        flags: &PoolFlags,
        file: &File,
        owned: &[String],
        gpus: Option<&[Gpu]>,
    ) -> Result<Self, ConfigError> {
        let asked = flags.workers.or(file.workers).unwrap_or(WorkerKind::Auto);
        let found = match gpus {
            Some(gpus) => {
                let names: Vec<String> =
                    gpus.iter().map(|gpu| format!("gpu_{} ({})", gpu.index, gpu.name)).collect();
                format!("NVML found {}", names.join(", "))
            }
            None => "NVML found no GPU".to_owned(),
        };
        let python = flags.python.is_some() || file.python.is_some();
        let kind = match asked {
            WorkerKind::Auto if gpus.is_some() || python => WorkerKind::Python,
            WorkerKind::Auto => WorkerKind::Sim,
            kind => kind,
        };
        let names = if owned.is_empty() {
            if flags.gpus.is_empty() { &file.gpus } else { &flags.gpus }
        } else {
            owned
        };
        let cpu = flags.device.as_deref() == Some("cpu")
            || names.iter().any(|name| name == "cpu" || name == "cpu_0");
        let named = match (cpu, names.is_empty(), gpus) {
            (true, ..) => vec![GpuId::cpu()],
            (_, false, _) => {
                let ids: Result<Vec<GpuId>, GpuError> =
                    names.iter().map(|name| gpu::named(name, gpus)).collect();
                ids?
            }
            (_, true, Some(gpus)) if kind == WorkerKind::Python => gpus.iter().map(Gpu::id).collect(),
            (_, true, None) if kind == WorkerKind::Python => vec![GpuId::cpu()],
            _ => (0..flags.sim_workers.or(file.sim_workers).unwrap_or(SIMULATED_WORKERS))
                .map(GpuId::gpu)
                .collect(),
        };
        let mut ids = Vec::new();
        for id in named {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        Ok(Self { kind, gpus: ids, why: found })
    }

    pub(super) fn launches(
        &self,
        flags: &PoolFlags,
        file: &File,
        common: &[OsString],
        gpus: Option<&[Gpu]>,
    ) -> Result<Vec<(GpuId, Launch)>, ConfigError> {
        match self.kind {
            WorkerKind::Python => {
                let (python, main) = python(flags, file)?;
                Ok(self
                    .gpus
                    .iter()
                    .map(|id| (id.clone(), python_launch(&python, &main, id, common, gpus)))
                    .collect())
            }
            _ => {
                let program = match &flags.sim_program {
                    Some(program) => program.clone(),
                    None => std::env::current_exe().map_err(|err| {
                        ConfigError::Wrong(format!("the gateway cannot find itself: {err}"))
                    })?,
                };
                Ok(self.gpus.iter().map(|id| (id.clone(), sim_launch(&program, id, common, flags))).collect())
            }
        }
    }

    pub(super) fn about(&self, workers: &[(GpuId, Launch)]) -> String {
        let on: Vec<&str> = self.gpus.iter().map(GpuId::as_str).collect();
        let on = on.join(", ");
        match self.kind {
            WorkerKind::Python => {
                let program = workers[0].1.program.display();
                format!("{}; Python workers ({program}) on {on}", self.why)
            }
            _ => format!(
                "{}; {} simulated worker{} on {on}: pictures are test patterns, not diffusion",
                self.why,
                workers.len(),
                if workers.len() == 1 { "" } else { "s" },
            ),
        }
    }
}

/// The interpreter and the worker's main file, both there.
fn python(flags: &PoolFlags, file: &File) -> Result<(PathBuf, PathBuf), ConfigError> {
    let python =
        flags.python.clone().or(file.python.clone()).unwrap_or_else(|| "workers/.venv/bin/python".into());
    let main =
        flags.worker_main.clone().or(file.worker_main.clone()).unwrap_or_else(|| "workers/main.py".into());
    for path in [&python, &main] {
        if !path.is_file() {
            return Err(ConfigError::Wrong(format!(
                "{} is not there: run workers/setup.sh, give --python and --worker-main, or take simulated workers with --workers sim",
                path.display()
            )));
        }
    }
    // Not canonical: a virtual environment is known by the path of its link.
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
) -> Result<Vec<OsString>, ConfigError> {
    let mut args: Vec<OsString> = vec!["--output-dir".into(), output_dir.into()];
    let models = said(&flags.model_roots, &file.model_roots, "CONCORD_MODEL_ROOTS", "models");
    let inputs = said(&flags.input_roots, &file.input_roots, "CONCORD_INPUT_ROOTS", "inputs");
    for (flag, roots) in [("--model-root", models), ("--input-root", inputs)] {
        for root in roots {
            args.extend([flag.into(), absolute(&root)?.into()]);
        }
    }
    if flags.deterministic {
        args.push("--deterministic".into());
    }
    args.extend(file.worker_args.iter().chain(&flags.worker_args).map(OsString::from));
    Ok(args)
}

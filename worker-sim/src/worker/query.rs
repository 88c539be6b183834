//! Queries: computed at once, in their turn.

use contracts::{
    Action, Class, ErrorCode, Failure, Submission, dictionary::dictionary, effective, limits, pointer,
    shorten,
};
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

use super::{Activity, Command, Effect, Outcome, Worker, job};
use crate::{
    check::{self, CLIP_SKIP_MAX},
    clock::Now,
    cost::Cost,
    faults::Kind,
    files, models, optimize,
};

/// Memory of the process itself in the pretend accounting, bytes.
const PROCESS_BYTES: u64 = 64 << 20;

impl Worker {
    pub(super) fn query(&mut self, command: Command, now: Now) {
        if self.strikes_run(&command) {
            return;
        }
        let outcome = self.asked(&command, now);
        self.answer(command, outcome, now);
    }

    /// Whether the fault `crash` or `hang` strikes a command as it runs.
    pub(super) fn strikes_run(&mut self, command: &Command) -> bool {
        if self.faults.is_empty() {
            return false;
        }
        if self.faults.strike_at(Kind::Crash, "run", "run", command.moment()) {
            self.effects.push(Effect::Crash);
            return true;
        }
        if self.faults.strike_at(Kind::Hang, "all", "all", command.moment()) {
            self.effects.push(Effect::Hang);
            return true;
        }
        false
    }

    /// The answer of a query.
    pub(super) fn asked(&self, command: &Command, now: Now) -> Outcome {
        match command.action() {
            Action::GetStatus => Ok(self.status(now)),
            Action::GetCapabilities => Ok(self.capabilities()),
            Action::GetSchedulers => Ok(schedulers()),
            Action::GetControlnetTypes => Ok(control_net_types()),
            Action::GetModelInfo => self.model_info(command),
            Action::GetPerformanceMetrics => Ok(self.metrics.performance()),
            Action::GetQueueStatus => Ok(self.queue_status(now)),
            Action::ValidateRequest => Ok(self.validation(command)),
            Action::GetPerformanceEstimate => {
                let (submission, whole) = self.whole(command)?;
                let (models, missing) = self.models_or_fail(command, &submission, &whole)?;
                let speed = self.speed();
                Ok(Cost::of(&whole, &models, &missing, speed).report(self.gpu.total, speed))
            }
            Action::OptimizeRequest => {
                let (submission, whole) = self.whole(command)?;
                let (models, missing) = self.models_or_fail(command, &submission, &whole)?;
                let goals = optimize::Goals::of(&command.fields["preferences"]);
                let optimizations: Vec<&str> = check::optimizations(&self.settings.device).collect();
                let bounds = optimize::Bounds { total: self.gpu.total, speed: self.speed(), optimizations };
                Ok(optimize::optimize(
                    &submission.document,
                    &self.settings.device,
                    &models,
                    &missing,
                    &goals,
                    &bounds,
                ))
            }
            Action::ValidateModelFiles => {
                let paths = self.files_of(command)?;
                let results: Vec<Value> =
                    paths.iter().map(|path| files::inspect(&self.registry, path, false)).collect();
                Ok(json!({"results": results}))
            }
            Action::GetTrainingStatus => self.trainings.status(command.required("training_id")),
            Action::GetTrainingHistory => self.trainings.history(command.required("training_id")),
            other => Err(Box::new(Failure::new(ErrorCode::Internal, format!("`{other}` is no query")))),
        }
    }

    pub(super) fn state(&self) -> &'static str {
        match &self.running {
            _ if self.stopping.is_some() => "draining",
            Some(running) => match running.activity {
                Activity::Load(_) => "loading",
                _ => "running",
            },
            None if self.trainings.is_busy() => "training",
            None => "ready",
        }
    }

    fn memory_stats(&self) -> Value {
        json!({
            "vram_used_bytes": self.gpu.used(),
            "vram_total_bytes": self.gpu.total,
            "vram_available_bytes": self.gpu.total.saturating_sub(self.gpu.used()),
            "ram_used_bytes": self.ram.used() + PROCESS_BYTES,
        })
    }

    fn status(&self, now: Now) -> Value {
        let running = self.running.as_ref();
        let mut status = json!({
            "gpu_id": self.settings.device.gpu_id,
            "state": self.state(),
            "is_initialized": self.is_initialized,
            "has_model_loaded": !self.gpu.held.is_empty(),
            "active_inference_sessions": u64::from(running.is_some_and(|running| running.command.class == Class::Job)),
            "last_activity": self.last_activity.stamp(),
            "uptime_seconds": now.seconds_since(self.started),
            "memory_stats": self.memory_stats(),
        });
        if let Some(held) = self.current.as_deref().and_then(|id| self.gpu.by_id(id)) {
            status["current_model_id"] = held.model.id.as_str().into();
            status["model_loaded_at"] = held.loaded_at.as_str().into();
            status["model_size_bytes"] = held.model.bytes.into();
        }
        if let Some(id) = running.and_then(|running| running.command.head.request_id.as_deref()) {
            status["running_request_id"] = id.into();
        }
        status
    }

    fn capabilities(&self) -> Value {
        let dictionary = dictionary();
        let values = |name: &str| dictionary.enumeration(name).values.clone();
        let features: Map<String, Value> = ["text2img"]
            .into_iter()
            .map(str::to_owned)
            .chain(job::feature_names())
            .map(|name| (name, true.into()))
            .collect();
        let upscalers = values("UpscalerName").into_iter().filter(|name| name != "none");
        let options: Vec<String> =
            ["auto_contrast", "safety_checker"].into_iter().map(str::to_owned).chain(upscalers).collect();
        let actions: Vec<&str> = Action::ALL
            .iter()
            .filter(|action| action.info().class != Class::Gateway)
            .map(|action| action.as_str())
            .collect();
        let loaded: Vec<Value> = self.infos().collect();
        let limits = limits();
        json!({
            "features": features,
            "supported_schedulers": values("SchedulerType"),
            "supported_formats": values("OutputFormat"),
            "max_resolution": limits["pixels_max"].as_f64().unwrap_or_default().sqrt() as u64 / 8 * 8,
            "max_batch_size": limits["batch_size_max"],
            "memory_optimizations": check::optimizations(&self.settings.device).collect::<Vec<_>>(),
            "postprocessing_options": options,
            "gpu_id": self.settings.device.gpu_id,
            "device_name": self.settings.device.name(),
            "memory_stats": self.memory_stats(),
            "loaded_models": loaded,
            "control_net_types": values("ControlNetType"),
            "actions": actions,
            "dtypes": values("PrecisionName"),
            "families": [models::FAMILY],
            "limits": limits,
        })
    }

    fn infos(&self) -> impl Iterator<Item = Value> {
        let gpu_id = self.settings.device.gpu_id.as_str();
        let on_gpu = self.gpu.infos().map(move |mut info| {
            info["gpu_id"] = gpu_id.into();
            info
        });
        on_gpu.chain(self.ram.infos())
    }

    fn model_info(&self, command: &Command) -> Outcome {
        let wanted = command.text("model_id");
        let models: Vec<Value> =
            self.infos().filter(|info| wanted.is_none_or(|id| info["model_id"] == id)).collect();
        if let Some(id) = wanted
            && models.is_empty()
        {
            let failure = Failure::new(
                ErrorCode::ModelNotFound,
                format!("{} is neither loaded nor cached", shorten(id)),
            );
            return Err(command.fail_at(failure, "model_id"));
        }
        Ok(json!({"models": models}))
    }

    fn queue_status(&self, now: Now) -> Value {
        let mut status = self.metrics.queue_counts();
        let running = self.running.as_ref().filter(|running| running.command.class == Class::Job);
        let waiting: Vec<&Command> =
            self.queue.iter().filter(|command| command.class == Class::Job).collect();
        let average = self.metrics.average_seconds();
        let name = |command: &Command| {
            command.head.request_id.clone().unwrap_or_else(|| format!("unnamed-{}", command.ticket))
        };
        let mut rows = Vec::new();
        if let Some(running) = running {
            rows.push(json!({
                "request_id": name(&running.command), "status": "running", "queue_position": 0,
                "queued_at": running.command.received.stamp(), "started_at": running.started.stamp(),
            }));
        }
        for (i, command) in waiting.iter().enumerate() {
            let mut row = json!({
                "request_id": name(command), "status": "queued", "queue_position": i + 1,
                "queued_at": command.received.stamp(),
            });
            if let Some(average) = average {
                row["estimated_start_seconds"] = (average * (i + rows.len().min(1)) as f64).into();
            }
            rows.push(row);
        }
        status["total_queued"] = waiting.len().into();
        status["currently_processing"] = usize::from(running.is_some()).into();
        if let Some(average) = average {
            let left = running.map_or(0.0, |running| (average - now.seconds_since(running.started)).max(0.0));
            status["estimated_queue_clear_seconds"] = (left + average * waiting.len() as f64).into();
        }
        status["queued_requests"] = rows.into();
        status
    }

    /// `ValidationReport` of the submission of a command.
    pub(super) fn validation(&self, command: &Command) -> Value {
        let submission = command.submission();
        let normalized = submission.as_ref().map(|submission| submission.document.clone());
        let whole = normalized.as_ref().map(|document| effective(document, self.settings.device.kind()));
        let mut violations = command.violations.clone();
        let mut details = Map::new();
        if let (Some(submission), Some(whole)) = (&submission, &whole) {
            let needs = check::needs(whole, &self.registry, &self.settings.device);
            // Figures of a value that breaks a bound, or without a model that is not there, would be of nothing.
            let keeps_bounds = violations.is_empty();
            let is_baseless = self.faults.at_start(Kind::BaselessFigures).is_some();
            let can_be_reckoned = keeps_bounds && (needs.violations.is_empty() || is_baseless);
            if keeps_bounds {
                details = size(whole);
            }
            let mut fit = None;
            if can_be_reckoned {
                let missing: Vec<_> =
                    needs.models.iter().filter(|model| !self.gpu.has(model)).cloned().collect();
                let cost = Cost::of(whole, &needs.models, &missing, self.speed());
                details.extend(cost.figures());
                if self.faults.at_start(Kind::FitsAnyway).is_none() {
                    fit =
                        check::fit(&submission.document, whole, &needs.models, self.speed(), self.gpu.total);
                }
            }
            for mut violation in needs.violations.into_iter().chain(fit) {
                violation.pointer = command.of_submission(submission, &violation.pointer);
                if !violations.iter().any(|known| known.pointer == violation.pointer) {
                    violations.push(violation);
                }
            }
        }
        let warnings = command.warnings.iter().map(|warning| warning.message.as_str());
        let warnings: Vec<&str> = warnings.take(limits::WARNINGS_MAX as usize).collect();
        let warnings_shown = warnings.len();
        let total = command.violations_total + violations.len() - command.violations.len();
        violations.truncate(limits::ERRORS_MAX as usize);
        let violations_shown = violations.len();
        let mut report = json!({
            "valid": violations.is_empty(),
            "errors": violations,
            "warnings": warnings,
            "normalized": normalized,
            "effective": whole,
            "validation_details": details,
        });
        if let Some(first) = report["errors"].get(0).map(|violation| violation["message"].clone()) {
            report["error"] = first;
        }
        if total > violations_shown {
            report["errors_total"] = total.into();
        }
        if command.warnings.len() > warnings_shown {
            report["warnings_total"] = command.warnings.len().into();
        }
        report
    }

    /// The submission of a command that is valid, and its effective form.
    pub(super) fn whole(&self, command: &Command) -> Result<(Submission, Value), Box<Failure>> {
        let mut submission =
            command.submission().unwrap_or_else(|| unreachable!("its schema requires a submission"));
        if submission.document.pointer("/model/base").is_none() {
            let current =
                self.current.clone().filter(|id| self.gpu.by_id(id).is_some()).ok_or_else(|| {
                    let failure = Failure::new(
                        ErrorCode::ModelNotLoaded,
                        "no model is named, and no base model is loaded",
                    );
                    Box::new(failure.hint("name a model, or load one"))
                })?;
            if let Value::Object(members) = &mut submission.document {
                members.insert("model".to_owned(), json!({"base": current}));
            }
        }
        let whole = effective(&submission.document, self.settings.device.kind());
        Ok((submission, whole))
    }

    /// The models of a submission and those of them that are yet to be loaded; all faults as one failure.
    pub(super) fn models_or_fail(
        &self,
        command: &Command,
        submission: &Submission,
        whole: &Value,
    ) -> Result<(Vec<crate::models::Model>, Vec<crate::models::Model>), Box<Failure>> {
        let needs = check::needs(whole, &self.registry, &self.settings.device);
        if !needs.violations.is_empty() {
            let mut violations = needs.violations;
            for violation in &mut violations {
                violation.pointer = command.of_submission(submission, &violation.pointer);
            }
            return Err(Box::new(Failure::of_violations(violations)));
        }
        let missing = needs.models.iter().filter(|model| !self.gpu.has(model)).cloned().collect();
        Ok((needs.models, missing))
    }
}

/// The figures of a submission that need no model.
fn size(whole: &Value) -> Map<String, Value> {
    let side = |name: &str| {
        pointer::get(whole, &format!("/hyperparameters/dimensions/{name}")).and_then(Value::as_f64)
    };
    let (Some(width), Some(height)) = (side("width"), side("height")) else { return Map::new() };
    let figures = [("pixel_count", width * height), ("aspect_ratio", width / height)];
    figures.map(|(name, figure)| (name.to_owned(), figure.into())).into_iter().collect()
}

/// `limits` of the capabilities: those of the schema, and of the pretend models.
fn limits() -> Value {
    use contracts::dictionary::Shape;
    let dictionary = dictionary();
    let most = |name: &str| match dictionary.resolve(&dictionary.named(name).shape) {
        Shape::Integer(integer) => integer.maximum,
        _ => 0,
    };
    static RULES: LazyLock<Value> = LazyLock::new(|| {
        let bundle: Value =
            serde_json::from_str(contracts::BUNDLE).expect("the bundle is generated and tested");
        bundle["rules"].clone()
    });
    let rule = |id: &str| {
        let rule = RULES.as_array().into_iter().flatten().find(|rule| rule["id"] == id);
        rule.and_then(|rule| rule["maximum"].as_u64()).unwrap_or_default()
    };
    let original = dictionary
        .enumeration("SchedulerType")
        .data
        .values()
        .filter_map(|data| data["original_steps"].as_u64())
        .min();
    json!({
        "side_max": most("ImageSide"),
        "pixels_max": rule("pixels"),
        "batch_size_max": most("BatchSize"),
        "steps_max": most("Steps"),
        "clip_skip_max": CLIP_SKIP_MAX,
        "lcm_steps_max": original.unwrap_or_default(),
        "output_side_max": rule("output-side"),
        "output_pixels_max": rule("output-pixels"),
    })
}

fn schedulers() -> Value {
    let spec = dictionary().enumeration("SchedulerType");
    let rows: Vec<Value> = spec
        .values
        .iter()
        .map(|name| {
            let data = &spec.data[name];
            json!({
                "name": name, "description": data["description"], "diffusers_class": data["diffusers_class"],
                "recommended_steps": data["recommended_steps"],
            })
        })
        .collect();
    let steps: Map<String, Value> =
        spec.values.iter().map(|name| (name.clone(), spec.data[name]["recommended_steps"].clone())).collect();
    let recommended = dictionary().named("SchedulerType").default.clone();
    json!({"schedulers": rows, "recommended_scheduler": recommended.unwrap_or_else(|| spec.values[0].clone().into()), "default_steps": steps})
}

fn control_net_types() -> Value {
    let spec = dictionary().enumeration("ControlNetType");
    let rows: Vec<Value> = spec
        .values
        .iter()
        .map(|name| {
            let data = &spec.data[name];
            json!({
                "name": name, "description": data["description"], "recommended_weight": data["recommended_weight"],
                "supported_formats": data["supported_formats"], "preprocessor_model": format!("simulated {name}"),
            })
        })
        .collect();
    let weights: Map<String, Value> = spec
        .values
        .iter()
        .map(|name| (name.clone(), spec.data[name]["recommended_weight"].clone()))
        .collect();
    json!({"types": rows, "recommended_weights": weights})
}

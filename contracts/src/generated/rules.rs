//! Generated from schemas/rules.json by cargo xtask codegen; edit the schema instead.
//!
//! The rules over several fields, on the types.

#![allow(
    clippy::cast_precision_loss,
    clippy::nonminimal_bool,
    unused_doc_comments,
    unused_parens,
    reason = "generated; limits are below 2^53"
)]
use super::types::*;

impl Parameters {
    /// Whether every rule over several fields holds; which one does not, and where, the reading says.
    #[must_use]
    pub fn keeps_rules(&self) -> bool {
        /// parameters-pixels
        let broken = Some(self)
            .and_then(|of| of.width.as_ref())
            .map(|value| value.get() as f64)
            .or(Some(1024.0))
            .zip(
                Some(self).and_then(|of| of.height.as_ref()).map(|value| value.get() as f64).or(Some(1024.0)),
            )
            .is_some_and(|(a, b)| a * b > 4194304.0);
        if broken {
            return false;
        }
        /// parameters-last-seed
        let broken = Some(self)
            .and_then(|of| of.seed.as_ref())
            .map(|value| value.get() as f64)
            .or(Some(-1.0))
            .zip(
                Some(self)
                    .and_then(|of| of.num_images.as_ref())
                    .map(|value| value.get() as f64)
                    .or(Some(1.0)),
            )
            .is_some_and(|(seed, count)| seed >= 0.0 && count - 1.0 > 9007199254740991.0 - seed);
        if broken {
            return false;
        }
        true
    }

    /// Whether the rules hold and a reading would neither warn of anything nor put a list in order.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.keeps_rules()
    }
}

impl PromptSubmission {
    /// Whether every rule over several fields holds; which one does not, and where, the reading says.
    #[must_use]
    pub fn keeps_rules(&self) -> bool {
        /// pixels
        let broken = Some(self)
            .and_then(|of| of.hyperparameters.as_ref())
            .and_then(|of| of.dimensions.as_ref())
            .and_then(|of| of.width.as_ref())
            .map(|value| value.get() as f64)
            .or(Some(1024.0))
            .zip(
                Some(self)
                    .and_then(|of| of.hyperparameters.as_ref())
                    .and_then(|of| of.dimensions.as_ref())
                    .and_then(|of| of.height.as_ref())
                    .map(|value| value.get() as f64)
                    .or(Some(1024.0)),
            )
            .is_some_and(|(a, b)| a * b > 4194304.0);
        if broken {
            return false;
        }
        /// last-seed
        let broken = Some(self)
            .and_then(|of| of.hyperparameters.as_ref())
            .and_then(|of| of.seed.as_ref())
            .map(|value| value.get() as f64)
            .or(Some(-1.0))
            .zip(
                Some(self)
                    .and_then(|of| of.hyperparameters.as_ref())
                    .and_then(|of| of.batch_size.as_ref())
                    .map(|value| value.get() as f64)
                    .or(Some(1.0)),
            )
            .is_some_and(|(seed, count)| seed >= 0.0 && count - 1.0 > 9007199254740991.0 - seed);
        if broken {
            return false;
        }
        /// strength-steps
        let broken = Some(self).map(|of| &of.conditioning).and_then(|of| of.init_image.as_ref()).is_some()
            && Some(self)
                .and_then(|of| of.scheduler.as_ref())
                .and_then(|of| of.steps.as_ref())
                .map(|value| value.get() as f64)
                .or(Some(30.0))
                .zip(
                    Some(self)
                        .and_then(|of| of.hyperparameters.as_ref())
                        .and_then(|of| of.strength.as_ref())
                        .map(|value| value.get())
                        .or(Some(0.75)),
                )
                .is_some_and(|(a, b)| (a * b).floor() < 1.0);
        if broken {
            return false;
        }
        /// guidance-window
        let broken = Some(self)
            .map(|of| &of.conditioning)
            .and_then(|of| of.control_nets.as_ref())
            .is_some_and(|list| {
                list.iter().any(|item| {
                    Some(item)
                        .and_then(|of| of.guidance_start.as_ref())
                        .map(|value| value.get())
                        .or(Some(0.0))
                        .zip(
                            Some(item)
                                .and_then(|of| of.guidance_end.as_ref())
                                .map(|value| value.get())
                                .or(Some(1.0)),
                        )
                        .is_some_and(|(a, b)| a >= b)
                })
            });
        if broken {
            return false;
        }
        /// mask-needs-image
        let broken =
            (Some(self).map(|of| &of.conditioning).and_then(|of| of.inpaint_mask.as_ref()).is_some()
                && !Some(self).map(|of| &of.conditioning).and_then(|of| of.init_image.as_ref()).is_some());
        if broken {
            return false;
        }
        /// output-side
        let broken = (Some(self)
            .and_then(|of| of.postprocessing.as_ref())
            .and_then(|of| of.upscaler.as_ref())
            .map(|value| value.as_str())
            .or(Some("none"))
            .is_some()
            && !matches!(
                Some(self)
                    .and_then(|of| of.postprocessing.as_ref())
                    .and_then(|of| of.upscaler.as_ref())
                    .map(|value| value.as_str())
                    .or(Some("none")),
                Some("none")
            ))
            && Some(self)
                .and_then(|of| of.hyperparameters.as_ref())
                .and_then(|of| of.dimensions.as_ref())
                .and_then(|of| of.width.as_ref())
                .map(|value| value.get() as f64)
                .or(Some(1024.0))
                .zip(
                    Some(self)
                        .and_then(|of| of.hyperparameters.as_ref())
                        .and_then(|of| of.dimensions.as_ref())
                        .and_then(|of| of.height.as_ref())
                        .map(|value| value.get() as f64)
                        .or(Some(1024.0)),
                )
                .zip(
                    Some(self)
                        .and_then(|of| of.postprocessing.as_ref())
                        .and_then(|of| of.upscale_factor.as_ref())
                        .map(|value| value.get())
                        .or(Some(2.0)),
                )
                .is_some_and(|((w, h), by)| {
                    let (w, h) = ((w * by).round(), (h * by).round());
                    w.max(h) > 16383.0
                });
        if broken {
            return false;
        }
        /// output-pixels
        let broken = (Some(self)
            .and_then(|of| of.postprocessing.as_ref())
            .and_then(|of| of.upscaler.as_ref())
            .map(|value| value.as_str())
            .or(Some("none"))
            .is_some()
            && !matches!(
                Some(self)
                    .and_then(|of| of.postprocessing.as_ref())
                    .and_then(|of| of.upscaler.as_ref())
                    .map(|value| value.as_str())
                    .or(Some("none")),
                Some("none")
            ))
            && Some(self)
                .and_then(|of| of.hyperparameters.as_ref())
                .and_then(|of| of.dimensions.as_ref())
                .and_then(|of| of.width.as_ref())
                .map(|value| value.get() as f64)
                .or(Some(1024.0))
                .zip(
                    Some(self)
                        .and_then(|of| of.hyperparameters.as_ref())
                        .and_then(|of| of.dimensions.as_ref())
                        .and_then(|of| of.height.as_ref())
                        .map(|value| value.get() as f64)
                        .or(Some(1024.0)),
                )
                .zip(
                    Some(self)
                        .and_then(|of| of.postprocessing.as_ref())
                        .and_then(|of| of.upscale_factor.as_ref())
                        .map(|value| value.get())
                        .or(Some(2.0)),
                )
                .is_some_and(|((w, h), by)| {
                    let (w, h) = ((w * by).round(), (h * by).round());
                    w * h > 67108864.0
                });
        if broken {
            return false;
        }
        /// karras-support
        let broken = matches!(
            Some(self)
                .and_then(|of| of.scheduler.as_ref())
                .and_then(|of| of.type_.as_ref())
                .map(|value| value.as_str())
                .or(Some("DPM++ 2M")),
            Some("Euler a") | Some("DDIM") | Some("PNDM") | Some("LCM") | Some("TCD") | Some("DDPM")
        ) && matches!(
            Some(self)
                .and_then(|of| of.scheduler.as_ref())
                .and_then(|of| of.karras_sigmas.as_ref())
                .copied()
                .or(Some(false)),
            Some(true)
        );
        if broken {
            return false;
        }
        /// spacing-support
        let broken = matches!(
            Some(self)
                .and_then(|of| of.scheduler.as_ref())
                .and_then(|of| of.type_.as_ref())
                .map(|value| value.as_str())
                .or(Some("DPM++ 2M")),
            Some("DPM++ 2S") | Some("LCM") | Some("TCD")
        ) && (Some(self)
            .and_then(|of| of.scheduler.as_ref())
            .and_then(|of| of.timestep_spacing.as_ref())
            .map(|value| value.as_str())
            .or(Some("leading"))
            .is_some()
            && !matches!(
                Some(self)
                    .and_then(|of| of.scheduler.as_ref())
                    .and_then(|of| of.timestep_spacing.as_ref())
                    .map(|value| value.as_str())
                    .or(Some("leading")),
                Some("leading")
            ));
        if broken {
            return false;
        }
        true
    }

    /// Whether the rules hold and a reading would neither warn of anything nor put a list in order.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        /// karras-named
        let broken = matches!(
            Some(self)
                .and_then(|of| of.scheduler.as_ref())
                .and_then(|of| of.type_.as_ref())
                .map(|value| value.as_str())
                .or(Some("DPM++ 2M")),
            Some("DPM++ 2M Karras") | Some("DPM++ 2M SDE Karras") | Some("DPM++ SDE Karras")
        ) && (matches!(
            Some(self)
                .and_then(|of| of.scheduler.as_ref())
                .and_then(|of| of.karras_sigmas.as_ref())
                .copied()
                .or(Some(false)),
            Some(false)
        ) && Some(self)
            .and_then(|of| of.scheduler.as_ref())
            .and_then(|of| of.karras_sigmas.as_ref())
            .is_some());
        if broken {
            return false;
        }
        /// lora-weight-zero
        let broken =
            Some(self).map(|of| &of.conditioning).and_then(|of| of.loras.as_ref()).is_some_and(|list| {
                list.iter().any(|item| {
                    Some(item).and_then(|of| of.weight.as_ref()).map(|value| value.get()).or(Some(1.0))
                        == Some(0.0)
                })
            });
        if broken {
            return false;
        }
        /// control-net-weight-zero
        let broken = Some(self)
            .map(|of| &of.conditioning)
            .and_then(|of| of.control_nets.as_ref())
            .is_some_and(|list| {
                list.iter().any(|item| {
                    Some(item).and_then(|of| of.weight.as_ref()).map(|value| value.get()).or(Some(1.0))
                        == Some(0.0)
                })
            });
        if broken {
            return false;
        }
        if Some(self)
            .and_then(|of| of.scheduler.as_ref())
            .and_then(|of| of.timestep_spacing.as_ref())
            .is_some()
            && Some(self)
                .and_then(|of| of.scheduler.as_ref())
                .and_then(|of| of.timestep_spacing.as_ref())
                .map(|value| value.as_str())
                != Some("leading")
            && !(Some(self)
                .and_then(|of| of.scheduler.as_ref())
                .and_then(|of| of.type_.as_ref())
                .map(|value| value.as_str())
                .or(Some("DPM++ 2M"))
                .is_some()
                && !matches!(
                    Some(self)
                        .and_then(|of| of.scheduler.as_ref())
                        .and_then(|of| of.type_.as_ref())
                        .map(|value| value.as_str())
                        .or(Some("DPM++ 2M")),
                    Some("DPM++ 2S") | Some("LCM") | Some("TCD")
                ))
        {
            return false;
        }
        if Some(self).and_then(|of| of.hyperparameters.as_ref()).and_then(|of| of.strength.as_ref()).is_some()
            && Some(self)
                .and_then(|of| of.hyperparameters.as_ref())
                .and_then(|of| of.strength.as_ref())
                .map(|value| value.get())
                != Some(0.75)
            && !Some(self).map(|of| &of.conditioning).and_then(|of| of.init_image.as_ref()).is_some()
        {
            return false;
        }
        if Some(self)
            .and_then(|of| of.hyperparameters.as_ref())
            .and_then(|of| of.refiner_start.as_ref())
            .is_some()
            && Some(self)
                .and_then(|of| of.hyperparameters.as_ref())
                .and_then(|of| of.refiner_start.as_ref())
                .map(|value| value.get())
                != Some(0.8)
            && !Some(self).map(|of| &of.model).and_then(|of| of.refiner.as_ref()).is_some()
        {
            return false;
        }
        if Some(self).map(|of| &of.conditioning).and_then(|of| of.negative_prompt.as_ref()).is_some()
            && true
            && !Some(self)
                .and_then(|of| of.hyperparameters.as_ref())
                .and_then(|of| of.guidance_scale.as_ref())
                .map(|value| value.get())
                .or(Some(7.5))
                .is_some_and(|value| value > 1.0)
        {
            return false;
        }
        if Some(self).map(|of| &of.conditioning).and_then(|of| of.negative_prompt_2.as_ref()).is_some()
            && true
            && !Some(self)
                .and_then(|of| of.hyperparameters.as_ref())
                .and_then(|of| of.guidance_scale.as_ref())
                .map(|value| value.get())
                .or(Some(7.5))
                .is_some_and(|value| value > 1.0)
        {
            return false;
        }
        if Some(self).map(|of| &of.conditioning).and_then(|of| of.mask_channel.as_ref()).is_some()
            && Some(self)
                .map(|of| &of.conditioning)
                .and_then(|of| of.mask_channel.as_ref())
                .map(|value| value.as_str())
                != Some("luminance")
            && !Some(self).map(|of| &of.conditioning).and_then(|of| of.inpaint_mask.as_ref()).is_some()
        {
            return false;
        }
        if Some(self).map(|of| &of.conditioning).and_then(|of| of.mask_blur.as_ref()).is_some()
            && Some(self)
                .map(|of| &of.conditioning)
                .and_then(|of| of.mask_blur.as_ref())
                .map(|value| value.get() as f64)
                != Some(0.0)
            && !Some(self).map(|of| &of.conditioning).and_then(|of| of.inpaint_mask.as_ref()).is_some()
        {
            return false;
        }
        if Some(self)
            .and_then(|of| of.performance.as_ref())
            .and_then(|of| of.optimizations.as_ref())
            .is_some_and(|list| !list.iter().is_sorted())
        {
            return false;
        }
        if Some(self)
            .and_then(|of| of.postprocessing.as_ref())
            .and_then(|of| of.upscale_factor.as_ref())
            .is_some()
            && Some(self)
                .and_then(|of| of.postprocessing.as_ref())
                .and_then(|of| of.upscale_factor.as_ref())
                .map(|value| value.get())
                != Some(2.0)
            && !(Some(self)
                .and_then(|of| of.postprocessing.as_ref())
                .and_then(|of| of.upscaler.as_ref())
                .map(|value| value.as_str())
                .or(Some("none"))
                .is_some()
                && !matches!(
                    Some(self)
                        .and_then(|of| of.postprocessing.as_ref())
                        .and_then(|of| of.upscaler.as_ref())
                        .map(|value| value.as_str())
                        .or(Some("none")),
                    Some("none")
                ))
        {
            return false;
        }
        if Some(self).and_then(|of| of.postprocessing.as_ref()).and_then(|of| of.quality.as_ref()).is_some()
            && Some(self)
                .and_then(|of| of.postprocessing.as_ref())
                .and_then(|of| of.quality.as_ref())
                .map(|value| value.get() as f64)
                != Some(95.0)
            && !matches!(
                Some(self)
                    .and_then(|of| of.postprocessing.as_ref())
                    .and_then(|of| of.output_format.as_ref())
                    .map(|value| value.as_str())
                    .or(Some("png")),
                Some("jpeg") | Some("webp")
            )
        {
            return false;
        }
        self.keeps_rules()
    }
}

impl RunInference {
    /// Whether every rule over several fields holds; which one does not, and where, the reading says.
    #[must_use]
    pub fn keeps_rules(&self) -> bool {
        /// inference-model
        let broken = Some(self)
            .and_then(|of| of.model_id.as_ref())
            .map(|value| &**value)
            .zip(
                Some(self).map(|of| &of.parameters).and_then(|of| of.model_id.as_ref()).map(|value| &**value),
            )
            .is_some_and(|(a, b)| a != b);
        if broken {
            return false;
        }
        /// inference-model-named
        let broken = !(Some(self).and_then(|of| of.model_id.as_ref()).is_some()
            || Some(self).map(|of| &of.parameters).and_then(|of| of.model_id.as_ref()).is_some());
        if broken {
            return false;
        }
        true
    }

    /// Whether the rules hold and a reading would neither warn of anything nor put a list in order.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.keeps_rules()
    }
}

impl TrainingJob {
    /// Whether every rule over several fields holds; which one does not, and where, the reading says.
    #[must_use]
    pub fn keeps_rules(&self) -> bool {
        /// epochs-or-steps
        let broken = (Some(self)
            .and_then(|of| of.hyperparameters.as_ref())
            .and_then(|of| of.epochs.as_ref())
            .is_some()
            && Some(self)
                .and_then(|of| of.hyperparameters.as_ref())
                .and_then(|of| of.max_steps.as_ref())
                .is_some());
        if broken {
            return false;
        }
        /// validation-needs-prompt
        let broken = (Some(self).and_then(|of| of.validation_every.as_ref()).is_some()
            && !Some(self).and_then(|of| of.validation_prompt.as_ref()).is_some());
        if broken {
            return false;
        }
        /// training-type
        let broken = !Some(self).and_then(|of| of.resume_from.as_ref()).is_some()
            && !Some(self).and_then(|of| of.training_type.as_ref()).is_some();
        if broken {
            return false;
        }
        /// training-base
        let broken = !Some(self).and_then(|of| of.resume_from.as_ref()).is_some()
            && !Some(self).and_then(|of| of.base_model.as_ref()).is_some();
        if broken {
            return false;
        }
        /// training-data
        let broken = !Some(self).and_then(|of| of.resume_from.as_ref()).is_some()
            && !Some(self).and_then(|of| of.training_data.as_ref()).is_some();
        if broken {
            return false;
        }
        /// instance-prompt
        let broken = (!Some(self).and_then(|of| of.resume_from.as_ref()).is_some()
            && matches!(
                Some(self).and_then(|of| of.training_type.as_ref()).map(|value| value.as_str()),
                Some("DreamBooth")
            ))
            && !Some(self).and_then(|of| of.instance_prompt.as_ref()).is_some();
        if broken {
            return false;
        }
        /// placeholder-token
        let broken = (!Some(self).and_then(|of| of.resume_from.as_ref()).is_some()
            && matches!(
                Some(self).and_then(|of| of.training_type.as_ref()).map(|value| value.as_str()),
                Some("Textual Inversion")
            ))
            && !Some(self).and_then(|of| of.placeholder_token.as_ref()).is_some();
        if broken {
            return false;
        }
        /// initializer-token
        let broken = (!Some(self).and_then(|of| of.resume_from.as_ref()).is_some()
            && matches!(
                Some(self).and_then(|of| of.training_type.as_ref()).map(|value| value.as_str()),
                Some("Textual Inversion")
            ))
            && !Some(self).and_then(|of| of.initializer_token.as_ref()).is_some();
        if broken {
            return false;
        }
        true
    }

    /// Whether the rules hold and a reading would neither warn of anything nor put a list in order.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        if Some(self).and_then(|of| of.dreambooth_mode.as_ref()).is_some()
            && Some(self).and_then(|of| of.dreambooth_mode.as_ref()).map(|value| value.as_str())
                != Some("lora")
            && !matches!(
                Some(self).and_then(|of| of.training_type.as_ref()).map(|value| value.as_str()),
                Some("DreamBooth")
            )
        {
            return false;
        }
        if Some(self).and_then(|of| of.hyperparameters.as_ref()).and_then(|of| of.epochs.as_ref()).is_some()
            && Some(self)
                .and_then(|of| of.hyperparameters.as_ref())
                .and_then(|of| of.epochs.as_ref())
                .map(|value| value.get() as f64)
                != Some(20.0)
            && !!Some(self)
                .and_then(|of| of.hyperparameters.as_ref())
                .and_then(|of| of.max_steps.as_ref())
                .is_some()
        {
            return false;
        }
        self.keeps_rules()
    }
}

impl ValidateModelFiles {
    /// Whether every rule over several fields holds; which one does not, and where, the reading says.
    #[must_use]
    pub fn keeps_rules(&self) -> bool {
        /// paths-or-suite
        let broken = Some(self).and_then(|of| of.model_paths.as_ref()).is_some()
            == Some(self).and_then(|of| of.suite.as_ref()).is_some();
        if broken {
            return false;
        }
        true
    }

    /// Whether the rules hold and a reading would neither warn of anything nor put a list in order.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.keeps_rules()
    }
}

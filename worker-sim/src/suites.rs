//! Model suites: base, refiner and autoencoder that belong together.

use contracts::Failure;

use crate::{
    command::Command,
    models::{Model, Registry},
};

/// The parts of a suite: component, the field that names it, its type.
const PARTS: &[(&str, &str, &str)] = &[
    ("base", "base_model_path", "sdxl"),
    ("refiner", "refiner_model_path", "sdxl_refiner"),
    ("vae", "vae_model_path", "vae"),
];

/// A suite that was loaded or cached.
#[derive(Clone, Debug)]
pub(crate) struct Suite {
    pub(crate) name: String,
    /// Component and model.
    pub(crate) parts: Vec<(&'static str, Model)>,
}

impl Suite {
    /// The suite that a command names; its parts are called `sdxl_<suite>_<component>`.
    pub(crate) fn of(command: &Command, registry: &Registry) -> Result<Self, Box<Failure>> {
        let name = command.required("suite_name");
        let mut parts = Vec::new();
        for (component, field, kind) in PARTS {
            let Some(path) = command.text(field) else { continue };
            let id = format!("sdxl_{name}_{component}");
            let model =
                registry.name(path, kind, Some(&id)).map_err(|failure| command.fail_at(failure, field))?;
            parts.push((*component, model));
        }
        Ok(Self { name: name.to_owned(), parts })
    }

    pub(crate) fn models(&self) -> Vec<Model> {
        self.parts.iter().map(|(_, model)| model.clone()).collect()
    }

    pub(crate) fn component(&self, model: &Model) -> &'static str {
        self.parts.iter().find(|(_, part)| part.id == model.id).map_or("base", |(component, _)| component)
    }
}

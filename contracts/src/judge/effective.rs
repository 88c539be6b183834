//! The effective document: the canonical one with every default that applies.

use serde_json::{Map, Value};

use crate::{
    dictionary::{Dictionary, ObjectSpec, Property, Shape, dictionary},
    pointer,
};

/// The kind of device that a command runs on: some defaults depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceKind {
    /// A GPU, real or simulated.
    Gpu,
    /// The processor.
    Cpu,
}

impl DeviceKind {
    fn key(self) -> &'static str {
        match self {
            Self::Gpu => "gpu",
            Self::Cpu => "cpu",
        }
    }
}

/// A canonical prompt submission with every default of the contract that applies; `seed` stays −1.
///
/// A default that is bound to another field stands only where it can take effect.
///
/// ```
/// use contracts::{DeviceKind, effective};
/// let written = serde_json::json!({"model": {"base": "sdxl_base"}, "conditioning": {"prompt": "a pier"}});
/// let whole = effective(&written, DeviceKind::Cpu);
/// assert_eq!(whole["scheduler"]["type"], "DPM++ 2M");
/// assert_eq!(whole["performance"]["dtype"], "fp32");
/// assert!(whole["hyperparameters"].get("strength").is_none(), "there is no init image");
/// ```
#[must_use]
pub fn effective(submission: &Value, device: DeviceKind) -> Value {
    effective_of("PromptSubmission", submission, device)
}

/// As [`effective`], for a canonical document of any definition, such as a training job.
///
/// # Panics
/// If there is no definition of that name.
#[must_use]
pub fn effective_of(definition: &str, document: &Value, device: DeviceKind) -> Value {
    effective_by(dictionary(), definition, document, device)
}

/// As [`effective_of`], by the tables of another contract.
///
/// # Panics
/// If there is no definition of that name.
#[must_use]
pub fn effective_by(
    dictionary: &Dictionary,
    definition: &str,
    document: &Value,
    device: DeviceKind,
) -> Value {
    with_defaults(document, &dictionary.named(definition).shape, dictionary, Some(device))
}

/// Defaults filled in; those that hang on a device only where one is named.
pub(crate) fn with_defaults(
    document: &Value,
    shape: &Shape,
    dictionary: &Dictionary,
    device: Option<DeviceKind>,
) -> Value {
    let fill = Fill { dictionary, shape, device };
    let mut whole = document.clone();
    fill.value(&mut whole, shape, &|property, _| fill.plain(property));
    // Bound defaults are asked of a document that has its plain ones.
    let asked = whole.clone();
    fill.value(&mut whole, shape, &|property, _| fill.bound(property, &asked));
    whole
}

struct Fill<'d> {
    dictionary: &'d Dictionary,
    shape: &'d Shape,
    device: Option<DeviceKind>,
}

impl Fill<'_> {
    fn plain(&self, property: &Property) -> Option<Value> {
        if property.takes_effect_when.is_some() {
            return None;
        }
        if let (Some(by_device), Some(device)) = (&property.default_by_device, self.device) {
            return by_device.get(device.key()).cloned();
        }
        property.default.clone().or_else(|| self.default_of_shape(property))
    }

    fn bound(&self, property: &Property, document: &Value) -> Option<Value> {
        if let Some((field, values)) = &property.default_by {
            return values.get(pointer::get(document, field)?.as_str()?).cloned();
        }
        let condition = property.takes_effect_when.as_ref()?;
        let holds = condition.holds(document, self.shape, self.dictionary);
        let default = property.default.clone().or_else(|| self.default_of_shape(property));
        default.filter(|_| holds)
    }

    fn default_of_shape(&self, property: &Property) -> Option<Value> {
        self.dictionary.default_of(&property.shape)
    }

    fn value(
        &self,
        value: &mut Value,
        shape: &Shape,
        default: &dyn Fn(&Property, &ObjectSpec) -> Option<Value>,
    ) {
        match (self.dictionary.resolve(shape), value) {
            (Shape::Object(object), Value::Object(members)) => self.object(members, object, default),
            (Shape::List(list), Value::Array(items)) => {
                for item in items {
                    self.value(item, &list.item, default);
                }
            }
            _ => {}
        }
    }

    fn object(
        &self,
        members: &mut Map<String, Value>,
        object: &ObjectSpec,
        default: &dyn Fn(&Property, &ObjectSpec) -> Option<Value>,
    ) {
        for property in &object.properties {
            if let Some(member) = members.get_mut(&property.snake) {
                self.value(member, &property.shape, default);
            } else if let Shape::Object(inner) = self.dictionary.resolve(&property.shape) {
                let mut filled = Map::new();
                self.object(&mut filled, inner, default);
                if !filled.is_empty() {
                    members.insert(property.snake.clone(), filled.into());
                }
            } else if let Some(value) = default(property, object) {
                members.insert(property.snake.clone(), value);
            }
        }
    }
}

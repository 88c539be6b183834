//! Classes as C# services declare them, described for the model.

use conformance::dotnet::clr::{Class, Clr, Enumeration, Integer, Member, Types};

pub(crate) fn optional(of: Clr) -> Clr {
    Clr::Nullable(Box::new(of))
}

pub(crate) fn list(of: Clr) -> Clr {
    Clr::List(Box::new(of))
}

pub(crate) fn map(of: Clr) -> Clr {
    Clr::Map(Box::new(of))
}

/// The types of `bind.jsonl`: class 0 is `Inner`, class 1 has the property `Value`; enum 0 is a colour.
pub(crate) fn probe(clr: &str) -> Types {
    holders(&[clr])
}

/// The same with a class for each of several types.
pub(crate) fn holders(types: &[&str]) -> Types {
    let inner = Class {
        name: "Inner".to_owned(),
        members: vec![Member::new("A", Clr::Integer(Integer::INT)), Member::new("B", Clr::String)],
        ..Class::default()
    };
    let members = ["Red", "Green", "Blue"].into_iter().zip(0..);
    let members = members.map(|(name, value)| (name.to_owned(), value)).collect();
    let colour = Enumeration { name: "Colour".to_owned(), members, ..Enumeration::default() };
    let holder = |(index, clr): (usize, &&str)| Class {
        name: format!("Holder{index}"),
        members: vec![Member::new("Value", of_name(clr))],
        ..Class::default()
    };
    let classes = std::iter::once(inner).chain(types.iter().enumerate().map(holder)).collect();
    Types { classes, enums: vec![colour] }
}

fn of_name(name: &str) -> Clr {
    if let Some(of) = name.strip_suffix('?') {
        return optional(of_name(of));
    }
    if let Some(of) = name.strip_prefix("List<").and_then(|of| of.strip_suffix('>')) {
        return list(of_name(of));
    }
    if let Some(of) = name.strip_prefix("Dictionary<string,").and_then(|of| of.strip_suffix('>')) {
        return map(of_name(of));
    }
    match name {
        "bool" => Clr::Bool,
        "float" => Clr::Single,
        "double" => Clr::Double,
        "decimal" => Clr::Decimal,
        "string" => Clr::String,
        "char" => Clr::Char,
        "DateTime" => Clr::DateTime,
        "DateTimeOffset" => Clr::DateTimeOffset,
        "DateOnly" => Clr::DateOnly,
        "TimeSpan" => Clr::TimeSpan,
        "Guid" => Clr::Guid,
        "Uri" => Clr::Uri,
        "byte[]" => Clr::Bytes,
        "int[]" => list(Clr::Integer(Integer::INT)),
        "object" => Clr::Object,
        "JsonElement" => Clr::Element,
        "enum" => Clr::Enum(0),
        "Inner" => Clr::Class(0),
        keyword => {
            Clr::Integer(Integer::of_keyword(keyword).unwrap_or_else(|| panic!("unknown type {keyword}")))
        }
    }
}

/// The class of a reply as C# services declare it.
pub(crate) fn reply() -> Types {
    let text = |name: &str| Member::new(name, Clr::String);
    let int = || Clr::Integer(Integer::INT);
    let class =
        |name: &str, members: Vec<Member>| Class { name: name.to_owned(), members, ..Class::default() };
    let envelope = class(
        "PyTorchResponse",
        vec![
            text("RequestId"),
            text("SessionId"),
            Member::new("Success", Clr::Bool),
            Member::new("Data", Clr::Class(1)),
            text("Error"),
            Member::new("ErrorDetails", Clr::Class(2)),
            Member::new("Warnings", list(Clr::String)),
        ],
    );
    let data = class(
        "EnhancedSDXLResult",
        vec![
            Member::new("Images", list(Clr::String)),
            Member::new("ImageDetails", list(Clr::Object)),
            Member::new("GenerationTimeSeconds", Clr::Double),
            Member::new("PreprocessingTimeSeconds", Clr::Double),
            Member::new("PostprocessingTimeSeconds", Clr::Double),
            Member::new("MemoryUsedMB", Clr::Double),
            Member::new("SeedUsed", Clr::Integer(Integer::LONG)),
            Member::new("FeaturesUsed", map(Clr::Bool)),
            text("SchedulerUsed"),
            Member::new("StepsUsed", int()),
            text("ModelId"),
            text("Device"),
        ],
    );
    let details = class(
        "ErrorDetails",
        vec![text("Code"), text("Field"), Member::new("Retryable", Clr::Bool), text("Hint")],
    );
    Types { classes: vec![envelope, data, details], enums: Vec::new() }
}

/// The request as C# services declare it.
pub(crate) fn request() -> Types {
    let text = |name: &str| Member::new(name, Clr::String);
    let int = |name: &str| Member::new(name, optional(Clr::Integer(Integer::INT)));
    let double = |name: &str| Member::new(name, optional(Clr::Double));
    let single = |name: &str| Member::new(name, optional(Clr::Single));
    let boolean = |name: &str| Member::new(name, optional(Clr::Bool));
    let class =
        |name: &str, members: Vec<Member>| Class { name: name.to_owned(), members, ..Class::default() };
    let own = |name: &str, clr: Clr| Member { json: Some(name.to_owned()), ..Member::new(name, clr) };
    let classes = vec![
        class(
            "Envelope",
            vec![own("action", Clr::String), own("request", Clr::Class(1)), own("session_id", Clr::String)],
        ),
        class(
            "EnhancedSDXLRequest",
            [
                "Model",
                "Scheduler",
                "Hyperparameters",
                "Conditioning",
                "Performance",
                "Postprocessing",
                "Metadata",
            ]
            .into_iter()
            .zip(2..)
            .map(|(name, index)| Member::new(name, Clr::Class(index)))
            .collect(),
        ),
        class("Model", vec![text("Base"), text("Refiner"), text("Vae")]),
        class(
            "Scheduler",
            vec![text("Type"), int("Steps"), boolean("KarrasSigmas"), text("TimestepSpacing")],
        ),
        class(
            "Hyperparameters",
            vec![
                double("GuidanceScale"),
                Member::new("Seed", optional(Clr::Integer(Integer::LONG))),
                Member::new("Dimensions", Clr::Class(9)),
                int("BatchSize"),
                double("Strength"),
                double("RefinerStart"),
            ],
        ),
        class(
            "Conditioning",
            vec![
                text("Prompt"),
                text("Prompt2"),
                text("NegativePrompt"),
                text("NegativePrompt2"),
                int("ClipSkip"),
                Member::new("LoRAs", list(Clr::Class(10))),
                Member::new("ControlNets", list(Clr::Class(11))),
                Member::new("TextualInversions", list(Clr::Class(12))),
                text("InitImage"),
                text("InpaintMask"),
                int("MaskBlur"),
            ],
        ),
        class(
            "Performance",
            vec![text("Device"), text("Dtype"), Member::new("Optimizations", list(Clr::String))],
        ),
        class(
            "Postprocessing",
            vec![
                boolean("SafetyChecker"),
                text("Upscaler"),
                double("UpscaleFactor"),
                text("OutputFormat"),
                int("Quality"),
                boolean("AutoContrast"),
            ],
        ),
        class(
            "Metadata",
            vec![text("Priority"), int("TimeoutSeconds"), Member::new("Tags", map(Clr::String))],
        ),
        class("Dimensions", vec![int("Width"), int("Height")]),
        class("LoRA", vec![text("Name"), single("Weight"), text("AdapterName")]),
        class(
            "ControlNet",
            vec![
                text("Type"),
                text("Model"),
                text("Image"),
                single("Weight"),
                double("GuidanceStart"),
                double("GuidanceEnd"),
                boolean("Preprocess"),
            ],
        ),
        class("TextualInversion", vec![text("Path"), text("Token")]),
    ];
    Types { classes, enums: Vec::new() }
}

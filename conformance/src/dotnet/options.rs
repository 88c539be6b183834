//! `JsonSerializerOptions`: what of them decides how names and values are read and written.

use contracts::naming;

/// `JsonNamingPolicy`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// The names of C#.
    #[default]
    None,
    /// `CamelCase`.
    Camel,
    /// `SnakeCaseLower`.
    SnakeLower,
    /// `SnakeCaseUpper`.
    SnakeUpper,
    /// `KebabCaseLower`.
    KebabLower,
    /// `KebabCaseUpper`.
    KebabUpper,
}

impl Policy {
    /// The JSON name of a C# name.
    #[must_use]
    pub fn of(self, csharp: &str) -> String {
        match self {
            Self::None => csharp.to_owned(),
            Self::Camel => naming::camel(csharp),
            Self::SnakeLower => naming::snake_lower(csharp),
            Self::SnakeUpper => naming::snake_upper(csharp),
            Self::KebabLower => naming::kebab_lower(csharp),
            Self::KebabUpper => naming::snake_upper(csharp).replace('_', "-"),
        }
    }
}

/// `JsonNumberHandling`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    /// `AllowReadingFromString`.
    pub from_string: bool,
    /// `WriteAsString`.
    pub as_string: bool,
    /// `AllowNamedFloatingPointLiterals`.
    pub named_floats: bool,
}

/// How an enum is read and written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Enums {
    /// As its number.
    #[default]
    Numbers,
    /// By `JsonStringEnumConverter`, whose names a policy makes.
    Names(Policy),
}

/// `JavaScriptEncoder`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoder {
    /// The default: ASCII only, without what HTML reads.
    #[default]
    Default,
    /// `UnsafeRelaxedJsonEscaping`.
    Relaxed,
}

/// A set of serialiser options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Its name in reports.
    pub name: &'static str,
    /// `PropertyNamingPolicy`.
    pub policy: Policy,
    /// `PropertyNameCaseInsensitive`.
    pub case_insensitive: bool,
    /// `NumberHandling`.
    pub numbers: Numbers,
    /// `UnmappedMemberHandling = Disallow`.
    pub disallow_unmapped: bool,
    /// `AllowDuplicateProperties = false`.
    pub disallow_duplicates: bool,
    /// `RespectNullableAnnotations`.
    pub respect_nullable: bool,
    /// `RespectRequiredConstructorParameters`.
    pub respect_required_parameters: bool,
    /// Converters of enums.
    pub enums: Enums,
    /// `Encoder`.
    pub encoder: Encoder,
    /// `DefaultIgnoreCondition = WhenWritingNull`.
    pub ignore_null: bool,
}

/// The names of [`Options::named`], of which the first six are those that programs use.
pub const NAMES: [&str; 6] =
    ["default", "case_insensitive", "web", "snake_lower", "strict", "disallow_unmapped"];

impl Options {
    /// `new JsonSerializerOptions()`.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            policy: Policy::None,
            case_insensitive: false,
            numbers: Numbers::default(),
            disallow_unmapped: false,
            disallow_duplicates: false,
            respect_nullable: false,
            respect_required_parameters: false,
            enums: Enums::Numbers,
            encoder: Encoder::Default,
            ignore_null: false,
        }
    }

    /// The set of a name: one of [`NAMES`], or a name of the oracle's further sets.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let web_numbers = Numbers { from_string: true, ..Numbers::default() };
        let web = |name| Self {
            policy: Policy::Camel,
            case_insensitive: true,
            numbers: web_numbers,
            ..Self::new(name)
        };
        Some(match name {
            "default" => Self::new("default"),
            "case_insensitive" => Self { case_insensitive: true, ..Self::new("case_insensitive") },
            "web" => web("web"),
            "snake_lower" => Self { policy: Policy::SnakeLower, ..Self::new("snake_lower") },
            "strict" => Self {
                disallow_unmapped: true,
                disallow_duplicates: true,
                respect_nullable: true,
                respect_required_parameters: true,
                ..Self::new("strict")
            },
            "disallow_unmapped" => Self { disallow_unmapped: true, ..Self::new("disallow_unmapped") },
            "default+enum_strings" => {
                Self { enums: Enums::Names(Policy::None), ..Self::new("default+enum_strings") }
            }
            "web+enum_snake" => Self { enums: Enums::Names(Policy::SnakeLower), ..web("web+enum_snake") },
            "default+named_floats" => Self {
                numbers: Numbers { named_floats: true, ..Numbers::default() },
                ..Self::new("default+named_floats")
            },
            "default+read_from_string" => {
                Self { numbers: web_numbers, ..Self::new("default+read_from_string") }
            }
            "relaxed" => Self { encoder: Encoder::Relaxed, ..Self::new("relaxed") },
            "ignore_null" => Self { ignore_null: true, ..Self::new("ignore_null") },
            _ => return None,
        })
    }

    /// The sets of [`NAMES`].
    #[must_use]
    pub fn all() -> Vec<Self> {
        NAMES.iter().filter_map(|name| Self::named(name)).collect()
    }
}

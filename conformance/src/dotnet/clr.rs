//! Types of C# as the serialiser sees them: their kind, and the members of a class.

use super::{
    options::{Enums, Numbers, Options},
    value::Value,
};

/// The classes and enums that a type refers to, by their index: classes refer to each other in circles.
#[derive(Clone, Debug, Default)]
pub struct Types {
    /// The classes.
    pub classes: Vec<Class>,
    /// The enums.
    pub enums: Vec<Enumeration>,
}

/// A type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clr {
    /// `bool`.
    Bool,
    /// An integer.
    Integer(Integer),
    /// `float`.
    Single,
    /// `double`.
    Double,
    /// `decimal`.
    Decimal,
    /// `string`.
    String,
    /// `char`.
    Char,
    /// `DateTime`.
    DateTime,
    /// `DateTimeOffset`.
    DateTimeOffset,
    /// `DateOnly`.
    DateOnly,
    /// `TimeSpan`.
    TimeSpan,
    /// `Guid`.
    Guid,
    /// `Uri`.
    Uri,
    /// `byte[]`.
    Bytes,
    /// `object`, which is read as a `JsonElement`.
    Object,
    /// `JsonElement`.
    Element,
    /// An enum, by its index in [`Types`].
    Enum(usize),
    /// A value type with `?`.
    Nullable(Box<Clr>),
    /// A list, an array or another collection.
    List(Box<Clr>),
    /// A dictionary with strings as keys.
    Map(Box<Clr>),
    /// A class, a record or a struct, by its index in [`Types`].
    Class(usize),
}

/// An integer type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Integer {
    /// Its bits: 8, 16, 32 or 64.
    pub bits: u32,
    /// Whether it has negative values.
    pub signed: bool,
}

impl Integer {
    /// `int`.
    pub const INT: Self = Self { bits: 32, signed: true };
    /// `long`.
    pub const LONG: Self = Self { bits: 64, signed: true };

    /// The type of a keyword of C#.
    #[must_use]
    pub fn of_keyword(keyword: &str) -> Option<Self> {
        Some(match keyword {
            "sbyte" => Self { bits: 8, signed: true },
            "byte" => Self { bits: 8, signed: false },
            "short" => Self { bits: 16, signed: true },
            "ushort" => Self { bits: 16, signed: false },
            "int" => Self::INT,
            "uint" => Self { bits: 32, signed: false },
            "long" => Self::LONG,
            "ulong" => Self { bits: 64, signed: false },
            _ => return None,
        })
    }

    /// Its keyword.
    #[must_use]
    pub fn keyword(self) -> &'static str {
        match (self.bits, self.signed) {
            (8, true) => "sbyte",
            (8, false) => "byte",
            (16, true) => "short",
            (16, false) => "ushort",
            (32, true) => "int",
            (32, false) => "uint",
            (_, true) => "long",
            (_, false) => "ulong",
        }
    }

    /// Whether it has a value.
    #[must_use]
    pub fn holds(self, value: i128) -> bool {
        let (least, most) = if self.signed {
            (-(1_i128 << (self.bits - 1)), (1_i128 << (self.bits - 1)) - 1)
        } else {
            (0, (1_i128 << self.bits) - 1)
        };
        (least..=most).contains(&value)
    }
}

/// An enum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Enumeration {
    /// Its name.
    pub name: String,
    /// Its members with their numbers.
    pub members: Vec<(String, i64)>,
    /// The converter that its own attribute names.
    pub converter: Option<Enums>,
    /// Whether it has `[Flags]`.
    pub flags: bool,
}

/// A class, a record or a struct.
#[derive(Clone, Debug, Default)]
pub struct Class {
    /// Its name.
    pub name: String,
    /// Its members, in the order of writing.
    pub members: Vec<Member>,
    /// Whether it is a value type.
    pub is_struct: bool,
    /// `[JsonNumberHandling]` of the class.
    pub numbers: Option<Numbers>,
    /// `[JsonUnmappedMemberHandling]` of the class: whether it refuses unknown names.
    pub disallow_unmapped: Option<bool>,
}

/// A member of a class.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its name in C#.
    pub csharp: String,
    /// `[JsonPropertyName]`.
    pub json: Option<String>,
    /// Its type.
    pub clr: Clr,
    /// Whether a value in JSON reaches it.
    pub read: bool,
    /// Whether it is written.
    pub write: bool,
    /// Whether an object without it is refused (`required`, `[JsonRequired]`).
    pub required: bool,
    /// Whether its annotation allows null.
    pub null_allowed: bool,
    /// The value of a new instance.
    pub initial: Value,
    /// `[JsonNumberHandling]` of the member.
    pub numbers: Option<Numbers>,
    /// `[JsonExtensionData]`: unknown names are kept in it.
    pub extension: bool,
    /// `[JsonIgnore(Condition = WhenWritingNull)]`.
    pub ignore_null: bool,
}

impl Member {
    /// An auto-property `public CLR NAME { get; set; }`.
    #[must_use]
    pub fn new(csharp: &str, clr: Clr) -> Self {
        Self {
            csharp: csharp.to_owned(),
            json: None,
            initial: clr.initial(),
            null_allowed: clr.allows_null(),
            clr,
            read: true,
            write: true,
            required: false,
            numbers: None,
            extension: false,
            ignore_null: false,
        }
    }

    /// Its name in JSON.
    #[must_use]
    pub fn json_name(&self, options: &Options) -> String {
        self.json.clone().unwrap_or_else(|| options.policy.of(&self.csharp))
    }
}

impl Clr {
    /// Whether null is one of its values.
    #[must_use]
    pub fn allows_null(&self) -> bool {
        matches!(
            self,
            Self::String
                | Self::Uri
                | Self::Bytes
                | Self::Object
                | Self::Nullable(_)
                | Self::List(_)
                | Self::Map(_)
                | Self::Class(_)
        )
    }

    /// `default(T)`.
    #[must_use]
    pub fn initial(&self) -> Value {
        match self {
            Self::Bool => Value::Bool(false),
            Self::Integer(_) => Value::Integer(0),
            Self::Single => Value::Single(0.0),
            Self::Double => Value::Double(0.0),
            Self::Decimal => Value::Decimal("0".to_owned()),
            Self::Char => Value::Text("\0".to_owned()),
            Self::DateTime => Value::Formed("0001-01-01T00:00:00".to_owned()),
            Self::DateTimeOffset => Value::Formed("0001-01-01T00:00:00+00:00".to_owned()),
            Self::DateOnly => Value::Formed("0001-01-01".to_owned()),
            Self::TimeSpan => Value::Formed("00:00:00".to_owned()),
            Self::Guid => Value::Formed("00000000-0000-0000-0000-000000000000".to_owned()),
            Self::Enum(index) => Value::Enum(*index, 0),
            _ => Value::Null,
        }
    }

    /// Its name in C#.
    #[must_use]
    pub fn name(&self, types: &Types) -> String {
        match self {
            Self::Bool => "bool".to_owned(),
            Self::Integer(integer) => integer.keyword().to_owned(),
            Self::Single => "float".to_owned(),
            Self::Double => "double".to_owned(),
            Self::Decimal => "decimal".to_owned(),
            Self::String => "string".to_owned(),
            Self::Char => "char".to_owned(),
            Self::DateTime => "DateTime".to_owned(),
            Self::DateTimeOffset => "DateTimeOffset".to_owned(),
            Self::DateOnly => "DateOnly".to_owned(),
            Self::TimeSpan => "TimeSpan".to_owned(),
            Self::Guid => "Guid".to_owned(),
            Self::Uri => "Uri".to_owned(),
            Self::Bytes => "byte[]".to_owned(),
            Self::Object => "object".to_owned(),
            Self::Element => "JsonElement".to_owned(),
            Self::Enum(index) => types.enums[*index].name.clone(),
            Self::Nullable(of) => format!("{}?", of.name(types)),
            Self::List(of) => format!("List<{}>", of.name(types)),
            Self::Map(of) => format!("Dictionary<string, {}>", of.name(types)),
            Self::Class(index) => types.classes[*index].name.clone(),
        }
    }
}

//! The macros that write a checked newtype. Every one ends in `impls!`, which reads, writes and describes it.

/// The part that all newtypes have in common: reading within limits, writing, the schema.
macro_rules! impls {
    ($name:ident, $read:path, $schema:expr) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $read(deserializer, &Self::LIMITS).map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serde::Serialize::serialize(&self.0, serializer)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let schema: fn(&mut schemars::SchemaGenerator) -> schemars::Schema = $schema;
                schema(generator)
            }
        }
    };
}

/// An integer.
macro_rules! integer {
    ($(#[$about:meta])* $name:ident: $kind:ty, $limits:expr) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name($kind);

        impl $name {
            /// Its limits.
            pub const LIMITS: IntegerLimits = $limits;

            /// The value, if it is within the limits.
            ///
            /// # Errors
            /// The limit that it breaks.
            pub fn new(value: $kind) -> Result<Self, LimitError> {
                Self::LIMITS.check(i128::from(value)).map(|()| Self(value))
            }

            /// The value.
            #[must_use]
            pub const fn get(self) -> $kind {
                self.0
            }
        }

        impl TryFrom<$kind> for $name {
            type Error = LimitError;

            fn try_from(value: $kind) -> Result<Self, LimitError> {
                Self::new(value)
            }
        }

        impl From<$name> for $kind {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(formatter)
            }
        }

        crate::checked::impls!($name, read_integer, |_| Self::LIMITS.schema());
    };
}

/// A number.
macro_rules! number {
    ($(#[$about:meta])* $name:ident, $limits:expr) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
        pub struct $name(f64);

        impl $name {
            /// Its limits.
            pub const LIMITS: NumberLimits = $limits;

            /// The value, if it is within the limits.
            ///
            /// # Errors
            /// The limit that it breaks; NaN and the infinities break every one.
            pub fn new(value: f64) -> Result<Self, LimitError> {
                Self::LIMITS.check(value).map(|()| Self(value))
            }

            /// The value.
            #[must_use]
            pub const fn get(self) -> f64 {
                self.0
            }
        }

        impl TryFrom<f64> for $name {
            type Error = LimitError;

            fn try_from(value: f64) -> Result<Self, LimitError> {
                Self::new(value)
            }
        }

        impl From<$name> for f64 {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(formatter)
            }
        }

        crate::checked::impls!($name, read_number, |_| Self::LIMITS.schema());
    };
}

/// A string.
macro_rules! text {
    ($(#[$about:meta])* $name:ident, $limits:expr) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Its limits.
            pub const LIMITS: TextLimits = $limits;

            /// The text, if it is within the limits.
            ///
            /// # Errors
            /// The limit that it breaks.
            pub fn new(text: impl Into<String>) -> Result<Self, LimitError> {
                let text = text.into();
                Self::LIMITS.check(&text).map(|()| Self(text))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text, owned.
            #[must_use]
            pub fn into_inner(self) -> String {
                self.0
            }
        }

        impl std::ops::Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, text: &str) -> bool {
                self.0 == text
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, text: &&str) -> bool {
                self.0 == *text
            }
        }

        impl TryFrom<String> for $name {
            type Error = LimitError;

            fn try_from(text: String) -> Result<Self, LimitError> {
                Self::new(text)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = LimitError;

            fn try_from(text: &str) -> Result<Self, LimitError> {
                Self::new(text)
            }
        }

        impl std::str::FromStr for $name {
            type Err = LimitError;

            fn from_str(text: &str) -> Result<Self, LimitError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(formatter)
            }
        }

        crate::checked::impls!($name, read_text, |_| Self::LIMITS.schema());
    };
}

/// A list.
macro_rules! list {
    ($(#[$about:meta])* $name:ident: $item:ty, $limits:expr) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name(Vec<$item>);

        impl $name {
            /// Its limits.
            pub const LIMITS: ListLimits = $limits;

            /// The list, if it is within the limits.
            ///
            /// # Errors
            /// The limit that it breaks.
            pub fn new(items: Vec<$item>) -> Result<Self, LimitError> {
                Self::LIMITS.check(&items).map(|()| Self(items))
            }

            /// The items, owned.
            #[must_use]
            pub fn into_inner(self) -> Vec<$item> {
                self.0
            }
        }

        impl std::ops::Deref for $name {
            type Target = [$item];

            fn deref(&self) -> &[$item] {
                &self.0
            }
        }

        impl TryFrom<Vec<$item>> for $name {
            type Error = LimitError;

            fn try_from(items: Vec<$item>) -> Result<Self, LimitError> {
                Self::new(items)
            }
        }

        impl From<$name> for Vec<$item> {
            fn from(list: $name) -> Self {
                list.0
            }
        }

        impl IntoIterator for $name {
            type Item = $item;
            type IntoIter = std::vec::IntoIter<$item>;

            fn into_iter(self) -> Self::IntoIter {
                self.0.into_iter()
            }
        }

        impl<'a> IntoIterator for &'a $name {
            type Item = &'a $item;
            type IntoIter = std::slice::Iter<'a, $item>;

            fn into_iter(self) -> Self::IntoIter {
                self.0.iter()
            }
        }

        crate::checked::impls!($name, read_list, |generator| Self::LIMITS
            .schema(&generator.subschema_for::<$item>()));
    };
}

/// A map.
macro_rules! map {
    ($(#[$about:meta])* $name:ident: $value:ty, $limits:expr) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct $name(std::collections::BTreeMap<String, $value>);

        impl $name {
            /// Its limits.
            pub const LIMITS: MapLimits = $limits;

            /// The map, if it is within the limits.
            ///
            /// # Errors
            /// The limit that it breaks.
            pub fn new(entries: std::collections::BTreeMap<String, $value>) -> Result<Self, LimitError> {
                Self::LIMITS.check(entries.len()).map(|()| Self(entries))
            }

            /// The entries, owned.
            #[must_use]
            pub fn into_inner(self) -> std::collections::BTreeMap<String, $value> {
                self.0
            }
        }

        impl std::ops::Deref for $name {
            type Target = std::collections::BTreeMap<String, $value>;

            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }

        impl TryFrom<std::collections::BTreeMap<String, $value>> for $name {
            type Error = LimitError;

            fn try_from(entries: std::collections::BTreeMap<String, $value>) -> Result<Self, LimitError> {
                Self::new(entries)
            }
        }

        crate::checked::impls!($name, read_map, |generator| Self::LIMITS
            .schema(&generator.subschema_for::<$value>()));
    };
}

pub(crate) use {impls, integer, list, map, number, text};

//! The classes of drift that checks find, with stable codes.

macro_rules! classes {
    ($($name:ident $code:literal $means:literal,)*) => {
        /// A class of drift between two sides of the contract.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
        pub enum Class {
            $(#[doc = $means] #[serde(rename = $code)] $name,)*
        }

        impl Class {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its code.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The subject of its checks.
            #[must_use]
            pub fn means(self) -> &'static str {
                match self { $(Self::$name => $means,)* }
            }
        }
    };
}

classes! {
    Cmd "G-CMD" "Command parity: names sent are names handled, unknown ones are refused with a code.",
    Env "G-ENV" "Every reply is one closed envelope.",
    Names "G-NAMES" "Every field is declared and read.",
    Case "G-CASE" "One casing rule at each boundary.",
    Type "G-TYPE" "Types, integer widths, timestamps.",
    Default "G-DEFAULT" "Absent, null, empty, and effective defaults.",
    Enum "G-ENUM" "Closed sets, never substituted.",
    Limit "G-LIMIT" "Boundary probes.",
    Unit "G-UNIT" "Units in names, and quantities that agree.",
    Frame "G-FRAME" "Purity of stdout, one terminal reply, events that differ from replies.",
    Corr "G-CORR" "Ids of replies, in errors too.",
    Conc "G-CONC" "Concurrency and order.",
    Time "G-TIME" "Deadlines.",
    Life "G-LIFE" "Start, health, stop.",
    Effect "G-EFFECT" "Success has an observable effect.",
    Cap "G-CAP" "Advertised means implemented.",
    Id "G-ID" "Grammar of identifiers.",
    Asset "G-ASSET" "Files that the consumer can open.",
    Http "G-HTTP" "Routes, verbs, statuses.",
}

impl std::fmt::Display for Class {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

//! `Names.cs`: the names of properties in both directions, and the type of each definition.

use std::collections::BTreeMap;

use anyhow::Result;

use super::{Csharp, head};

impl Csharp<'_> {
    /// `Names.cs`.
    ///
    /// # Errors
    /// None today: the lint of the schemas has one C# name for each name.
    pub(super) fn names(self) -> Result<String> {
        let mut text = head("*_schema.json", "Names of properties, and of definitions.", &[]);
        let names: BTreeMap<&str, &str> = self
            .structs()
            .flat_map(|(_, fields)| fields)
            .map(|field| (field.name.as_str(), field.csharp.as_str()))
            .collect();
        text += "\n/// <summary>Names of properties. One name of the schemas has one name in C# everywhere.</summary>\n\
            static class Names\n{\n    /// <summary>The name in C# of each name of the schemas.</summary>\n    \
            public static readonly IReadOnlyDictionary<string, string> Csharp = new Dictionary<string, string>\n    {\n";
        for (name, csharp) in names {
            text += &format!("        [{name:?}] = {csharp:?},\n");
        }
        text += "    };\n\n    /// <summary>The name in the schemas of each name in C#.</summary>\n    \
            public static readonly IReadOnlyDictionary<string, string> Snake = Csharp.ToDictionary(pair => pair.Value, pair => pair.Key);\n}\n\n\
            /// <summary>The objects of the contract.</summary>\npublic static class Definitions\n{\n    \
            /// <summary>The type of each definition, by its name in the schemas.</summary>\n    \
            public static IReadOnlyDictionary<string, Type> Types { get; } = new Dictionary<string, Type>\n    {\n";
        for (named, _) in self.structs() {
            text += &format!("        [{:?}] = typeof({}),\n", named.name, self.type_name(&named.name));
        }
        text += "    };\n}\n";
        Ok(text)
    }
}

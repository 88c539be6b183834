//! C# sources against the contract: the members that System.Text.Json would write and bind, and where they differ from the
//! schemas. Nothing is built: a source is parsed, and what it cannot tell is undecided, with its file and line.

mod collect;
mod constructor;
mod declaration;
mod expression;
mod fit;
mod judge;
mod members;
mod preprocess;
mod project;
mod syntax;
mod type_name;

use std::{fs, path::PathBuf};

use crate::{
    dotnet::Options,
    source::{
        Judged, Place,
        files::{self, Unreadable},
    },
};
use declaration::{Declaration, Kind, attribute};
use expression::Expression;
pub use members::Row;
use project::Project;
use syntax::Source;
use type_name::TypeName;

/// What the serialiser makes of a type.
#[derive(Clone, Debug)]
pub struct TypeRows {
    /// The type.
    pub name: String,
    /// Where it is declared.
    pub place: Place,
    /// `Object`, `Enumerable`, `Dictionary`, or `None` for one with a converter.
    pub kind: &'static str,
    /// Its members in the order of writing, or why it cannot be serialised.
    pub members: Result<Vec<Row>, String>,
    /// `[JsonUnmappedMemberHandling]`.
    pub unmapped: Option<String>,
    /// `[JsonNumberHandling]`.
    pub numbers: Option<String>,
    /// The exception that `{}` gives.
    pub bind_empty_fault: Option<&'static str>,
    /// What its sources do not decide.
    pub undecided: Vec<(Place, String)>,
}

/// C# sources, without what builds leave beside them.
const FILES: files::Kind = files::Kind { suffix: ".cs", without: &["bin", "obj", "node_modules"] };

/// Bases whose own properties are lost in JSON.
const LISTS: [&str; 13] = [
    "List",
    "Collection",
    "HashSet",
    "Queue",
    "Stack",
    "LinkedList",
    "ObservableCollection",
    "SortedSet",
    "IEnumerable",
    "ICollection",
    "IList",
    "ISet",
    "ConcurrentBag",
];
const MAPS: [&str; 6] = [
    "Dictionary",
    "SortedDictionary",
    "IDictionary",
    "IReadOnlyDictionary",
    "ConcurrentDictionary",
    "SortedList",
];

/// Parsed sources.
pub struct Sources {
    project: Project,
}

impl Sources {
    /// Reads all `.cs` files at the paths and below them.
    ///
    /// # Errors
    /// [`Unreadable`], with the path.
    pub fn read(paths: &[PathBuf]) -> Result<Self, Unreadable> {
        let mut texts = Vec::new();
        for path in files::find(paths, &FILES)? {
            let bytes = fs::read(&path).map_err(files::unreadable(&path))?;
            let text = String::from_utf8_lossy(&bytes);
            texts.push((path, text.trim_start_matches('\u{feff}').to_owned()));
        }
        Ok(Self::of(&texts))
    }

    /// The same of texts.
    #[must_use]
    pub fn of(texts: &[(PathBuf, String)]) -> Self {
        let sources: Vec<Source> =
            texts.iter().filter_map(|(path, text)| Source::parse(path, text, true)).collect();
        Self { project: Project::of(&sources) }
    }

    /// Each public type that can be serialised, under options.
    #[must_use]
    pub fn types(&self, options: &Options) -> Vec<TypeRows> {
        let types = self.project.declarations.iter().filter(|one| {
            matches!(one.kind, Kind::Class | Kind::Struct)
                && one.is("public")
                && !one.is("static")
                && !one.is("ref")
                && one.type_parameters.is_empty()
        });
        types.map(|declaration| rows(&self.project, declaration, options)).collect()
    }

    /// The types against the schemas. Without a choice of options they are judged by the defaults, and not decided.
    #[must_use]
    pub fn judge(&self, options: Option<&Options>, maps: &[(String, String)]) -> Judged {
        judge::judge(&self.project, options, maps)
    }
}

fn rows(project: &Project, of: &Declaration, options: &Options) -> TypeRows {
    let mut undecided = Vec::new();
    let kind = kind(project, of, &mut undecided);
    let members = if kind == "Object" {
        members::members(project, of, options, &mut undecided)
    } else {
        Ok(Vec::new())
    };
    let bind_empty_fault = match &members {
        Ok(rows) if kind == "Object" => empty_fault(of, rows),
        Ok(_) if kind == "Enumerable" => Some("JsonException"),
        _ => None,
    };
    let text_of = |name: &str| attribute(&of.attributes, name).and_then(|one| one.values.first()).map(flags);
    TypeRows {
        name: of.name.clone(),
        place: of.place.clone(),
        kind,
        members,
        unmapped: text_of("JsonUnmappedMemberHandling"),
        numbers: text_of("JsonNumberHandling"),
        bind_empty_fault,
        undecided,
    }
}

fn empty_fault(of: &Declaration, rows: &[Row]) -> Option<&'static str> {
    if !constructor::can_make(of) {
        return Some("NotSupportedException");
    }
    let is_out_of_reach = rows.iter().any(|row| row.required && !row.read);
    let has_two = rows.iter().filter(|row| row.extension).count() > 1;
    if has_two || is_out_of_reach || !constructor::binds_all(of, rows) {
        return Some("InvalidOperationException");
    }
    rows.iter().any(|row| row.required).then_some("JsonException")
}

fn kind(project: &Project, of: &Declaration, undecided: &mut Vec<(Place, String)>) -> &'static str {
    if let Some(converter) = attribute(&of.attributes, "JsonConverter") {
        let place = Place { line: converter.line, ..of.place.clone() };
        undecided.push((place, format!("{} is written by a converter", of.name)));
        return "None";
    }
    let (hierarchy, _) = project.hierarchy(of);
    let bases = || hierarchy.iter().flat_map(|(declaration, _)| declaration.bases.iter().map(TypeName::head));
    if bases().any(|base| MAPS.contains(&base)) {
        "Dictionary"
    } else if bases().any(|base| LISTS.contains(&base)) {
        "Enumerable"
    } else {
        "Object"
    }
}

/// Members of an enum as .NET prints them: in the order of their values.
fn flags(expression: &Expression) -> String {
    const ORDER: [&str; 3] = ["AllowReadingFromString", "WriteAsString", "AllowNamedFloatingPointLiterals"];
    fn names(expression: &Expression, found: &mut Vec<String>) {
        match expression {
            Expression::Both(left, right) => {
                names(left, found);
                names(right, found);
            }
            one => found.push(members::last(one).to_owned()),
        }
    }
    let mut found = Vec::new();
    names(expression, &mut found);
    found.sort_by_key(|name| ORDER.iter().position(|other| other == name));
    found.join(", ")
}

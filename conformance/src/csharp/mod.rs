//! C# against the contract: the members that System.Text.Json writes and binds, and where they differ from the schemas.
//!
//! A source is parsed and nothing of it is built: what it cannot tell is undecided, with its file and line. A built assembly is
//! described by real .NET, which is asked in a process of its own (`assembly`).

pub mod assembly;
mod collect;
mod commands;
mod compare;
mod constructor;
mod declaration;
mod encoding;
mod expression;
mod fit;
pub mod form;
mod judge;
pub mod limits;
mod members;
mod preprocess;
mod project;
mod settings;
mod syntax;
mod type_name;
mod unit;

use std::path::{Path, PathBuf};

use crate::{
    contract::Tables,
    dotnet::Options,
    source::{
        Judged, Place, Undecided,
        files::{self, Unreadable},
    },
};
use declaration::{Declaration, Kind, attribute};
use expression::Expression;
use form::Form;
use judge::Roles;
pub use members::{Row, Unserialisable};
use project::Project;
use syntax::Source;
use type_name::TypeName;

/// A type as the serialiser sees it.
#[derive(Clone, Debug)]
pub struct TypeRows {
    /// The type.
    pub name: String,
    /// Where it is declared.
    pub place: Place,
    /// `Object`, `Enumerable`, `Dictionary`, or `None` for one with a converter.
    pub kind: String,
    /// Its members in the order of writing, or why it cannot be serialised.
    pub members: Result<Vec<Row>, Unserialisable>,
    /// `[JsonUnmappedMemberHandling]`.
    pub unmapped: Option<String>,
    /// `[JsonNumberHandling]`.
    pub numbers: Option<String>,
    /// The exception that `{}` gives.
    pub bind_empty_fault: Option<String>,
    /// Questions that its sources leave open.
    pub undecided: Vec<(Place, String)>,
    /// The converter that writes it, if one does.
    pub converted: Option<(Place, String)>,
    /// The names of its members in JSON, even of a type with a converter.
    pub names: Vec<String>,
    /// Whether it is declared in another type.
    pub is_nested: bool,
    /// Whether no instance of it is made: its derived types stand for themselves.
    pub is_abstract: bool,
    /// The types that derive from it and that a member of theirs tells apart.
    pub tags: Vec<Tag>,
    /// The source-generated context that serialises it.
    pub context: Option<String>,
    /// The options that decide how it reads.
    pub serialiser: Serialiser,
}

/// `[JsonDerivedType]`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct Tag {
    /// The name of the member in JSON.
    pub name: String,
    /// The derived type.
    pub of: String,
    /// The member's value for it.
    pub value: String,
}

/// The options that decide how a reply is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
pub struct Serialiser {
    /// `PropertyNameCaseInsensitive`.
    pub case_insensitive: bool,
    /// `UnmappedMemberHandling = Disallow`.
    pub disallow_unmapped: bool,
    /// `RespectNullableAnnotations`.
    pub respect_nullable: bool,
}

impl From<&Options> for Serialiser {
    fn from(options: &Options) -> Self {
        let Options { case_insensitive, disallow_unmapped, respect_nullable, .. } = *options;
        Self { case_insensitive, disallow_unmapped, respect_nullable }
    }
}

impl TypeRows {
    /// Whether options that are not known may decide its names or the form of its enums.
    fn is_open(&self) -> bool {
        let is_open =
            |row: &Row| !row.extension && (!row.named || matches!(row.form, Form::NumberOfEnum { .. }));
        self.context.is_none() && self.members.iter().flatten().any(is_open)
    }

    /// Whether a document with a name that it does not know is refused; its attribute goes before the options.
    fn refuses_unknown(&self) -> bool {
        self.unmapped.as_deref().map_or(self.serialiser.disallow_unmapped, |said| said == "Disallow")
    }
}

/// C# sources, without what builds leave beside them.
const FILES: files::Kind = files::Kind { suffix: ".cs", without: &["bin", "obj", "node_modules"] };

/// Bases whose own properties are lost in JSON.
const LISTS: [&str; 21] = [
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
    "IReadOnlyList",
    "IReadOnlyCollection",
    "IReadOnlySet",
    "IAsyncEnumerable",
    "ReadOnlyCollection",
    "ImmutableArray",
    "ImmutableList",
    "ImmutableHashSet",
];
const MAPS: [&str; 8] = [
    "Dictionary",
    "SortedDictionary",
    "IDictionary",
    "IReadOnlyDictionary",
    "ConcurrentDictionary",
    "SortedList",
    "ReadOnlyDictionary",
    "ImmutableDictionary",
];

/// Why C# is not judged.
#[derive(Debug, thiserror::Error)]
pub enum CsharpError {
    /// A source or a folder cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// An assembly is not described.
    #[error(transparent)]
    Assembly(#[from] assembly::AssemblyError),
    /// A type has two definitions.
    #[error("--map gives {0} two definitions")]
    MappedTwice(String),
    /// A type that a map names is not there.
    #[error("--map names the type {0}, which is not there")]
    NoType(String),
}

/// Judges the sources at paths and below them, and built assemblies, which `peer` describes.
///
/// # Errors
/// [`CsharpError`].
pub fn judge(
    paths: &[PathBuf],
    peer: Option<&Path>,
    tables: &Tables,
    options: &[Options],
    maps: &[(String, String)],
) -> Result<Judged, CsharpError> {
    let twice =
        maps.iter().enumerate().find(|(nth, (name, _))| maps[..*nth].iter().any(|(other, _)| other == name));
    if let Some((_, (name, _))) = twice {
        return Err(CsharpError::MappedTwice(name.clone()));
    }
    let (assemblies, sources): (Vec<PathBuf>, Vec<PathBuf>) =
        paths.iter().cloned().partition(|path| assembly::is_one(path));
    let mut judged = match sources.as_slice() {
        [] => Judged::default(),
        sources => Sources::read(sources)?.judge_by(tables, options, maps),
    };
    for path in assemblies {
        judged.extend(assembly::judge(&path, peer, tables, options, maps)?);
    }
    judged.sort();
    let is_there = |name: &str| judged.compared.iter().any(|one| one.starts_with(&format!("{name} as ")));
    match maps.iter().find(|(name, _)| !is_there(name)) {
        Some((name, _)) => Err(CsharpError::NoType(name.clone())),
        None => Ok(judged),
    }
}

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
        let (mut texts, mut broken) = (Vec::new(), Vec::new());
        for path in files::find(paths, &FILES)? {
            let bytes = crate::input::bytes(&path).map_err(files::unreadable(&path))?;
            let (text, fault) = encoding::text(&bytes);
            let place = |line| Place { file: path.clone(), line };
            broken.extend(fault.map(|line| (place(line), "its encoding is not UTF-8".to_owned())));
            texts.push((path, text));
        }
        let mut sources = Self::of(&texts);
        sources.project.undecided.extend(broken);
        Ok(sources)
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

    /// The types and the commands against the schemas, under each of some options. Without any, types that no source-generated
    /// context serialises are judged by the defaults, and not decided.
    #[must_use]
    pub fn judge(&self, options: &[Options], maps: &[(String, String)]) -> Judged {
        self.judge_by(Tables::own(), options, maps)
    }

    /// The same by any contract.
    #[must_use]
    pub fn judge_by(&self, tables: &Tables, options: &[Options], maps: &[(String, String)]) -> Judged {
        let roles = Roles::of(tables);
        let mut judged = Judged::default();
        let by_default = [Options::new("default")];
        for used in if options.is_empty() { &by_default[..] } else { options } {
            let types = self.data_types(used);
            judge::judge(&roles, &types, maps, &mut judged);
            judged.undecided.extend(self.untold(&types, &judged).filter(|_| options.is_empty()));
        }
        for command in &self.project.commands {
            commands::judge(&roles, command, &mut judged);
        }
        let said = self.project.undecided.iter().cloned();
        judged.undecided.extend(said.map(|(place, why)| Undecided { place, why }));
        settings::judge(&self.project.settings, options, &mut judged);
        judged.sort();
        judged
    }

    /// Where options come from that no source tells; else the first type that was compared and that they decide about.
    fn untold(&self, types: &[TypeRows], judged: &Judged) -> Option<Undecided> {
        let is_compared = |of: &&TypeRows| of.is_open() && !judged.left_out.contains(&of.name);
        let first = types.iter().find(is_compared)?;
        let place = self.project.injected.first().unwrap_or(&first.place).clone();
        let why = "no source tells the serialiser's options: name them with --options".to_owned();
        Some(Undecided { place, why })
    }

    /// Classes and structs that hold data, each under the options of its context, else under those given.
    fn data_types(&self, options: &Options) -> Vec<TypeRows> {
        let types = self.project.declarations.iter().filter(|one| {
            matches!(one.kind, Kind::Class | Kind::Struct) && !one.is("static") && !settings::is_context(one)
        });
        types
            .map(|declaration| match self.project.contexts.of_type(&declaration.name) {
                Some(context) => TypeRows {
                    context: Some(context.name.clone()),
                    ..rows(&self.project, declaration, &context.options)
                },
                None => rows(&self.project, declaration, options),
            })
            .collect()
    }
}

fn rows(project: &Project, of: &Declaration, options: &Options) -> TypeRows {
    let mut undecided = Vec::new();
    let kind = kind(project, of);
    let declared = members::members(project, of, options, &mut undecided);
    let names = declared.iter().flatten().map(|row| row.json.clone()).collect();
    let members = if kind == "Object" { declared } else { Ok(Vec::new()) };
    let bind_empty_fault = match &members {
        Ok(rows) if kind == "Object" => empty_fault(of, rows),
        Ok(_) if kind == "Enumerable" => Some("JsonException".to_owned()),
        _ => None,
    };
    let text_of = |name: &str| attribute(&of.attributes, name).and_then(|one| one.values.first()).map(flags);
    let converted = attribute(&of.attributes, "JsonConverter").map(|converter| {
        let place = Place { line: converter.line, ..of.place.clone() };
        (place, format!("{} is written by a converter", of.name))
    });
    TypeRows {
        name: of.name.clone(),
        place: of.place.clone(),
        kind: kind.to_owned(),
        members,
        unmapped: text_of("JsonUnmappedMemberHandling"),
        numbers: text_of("JsonNumberHandling"),
        bind_empty_fault,
        undecided,
        converted,
        names,
        is_nested: of.is_nested,
        is_abstract: of.is("abstract"),
        tags: tags(of),
        context: None,
        serialiser: Serialiser::from(options),
    }
}

/// `[JsonDerivedType]` with a text, under the name of `[JsonPolymorphic]`.
fn tags(of: &Declaration) -> Vec<Tag> {
    let polymorphic = attribute(&of.attributes, "JsonPolymorphic");
    let named = polymorphic
        .and_then(|one| one.named.iter().find(|(name, _)| name == "TypeDiscriminatorPropertyName"));
    let name = match named {
        Some((_, Expression::Text(name))) => name.as_str(),
        _ => "$type",
    };
    let derived = of.attributes.iter().filter(|one| one.name == "JsonDerivedType");
    derived
        .filter_map(|one| match one.values.as_slice() {
            [Expression::TypeOf(of), Expression::Text(value)] => {
                Some(Tag { name: name.to_owned(), of: of.head().to_owned(), value: value.clone() })
            }
            _ => None,
        })
        .collect()
}

fn empty_fault(of: &Declaration, rows: &[Row]) -> Option<String> {
    if !constructor::can_make(of) {
        return Some("NotSupportedException".to_owned());
    }
    let is_out_of_reach = rows.iter().any(|row| row.required && !row.read);
    let has_two = rows.iter().filter(|row| row.extension).count() > 1;
    if has_two || is_out_of_reach || !constructor::binds_all(of, rows) {
        return Some("InvalidOperationException".to_owned());
    }
    rows.iter().any(|row| row.required).then(|| "JsonException".to_owned())
}

fn kind(project: &Project, of: &Declaration) -> &'static str {
    if attribute(&of.attributes, "JsonConverter").is_some() {
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

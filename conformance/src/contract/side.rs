//! Schemas as they are read: a file, a folder or a git revision, as one bundle with its tables and messages.

use serde_json::{Map, Value};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    Direction, extend,
    git::{self, RevisionError},
    last_name, openapi, references, roots,
};
use crate::input;

/// Why a side cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It is neither a path nor a revision.
    #[error(
        "{name}: neither a file, a folder nor a revision with schemas: {cause}\nhint: give a path, or a revision as `v1` or `v1:schemas`"
    )]
    NoSuchSide {
        /// As it was given.
        name: String,
        /// Why git has no schemas of that name.
        cause: RevisionError,
    },
    /// A file cannot be read.
    #[error("{}: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        cause: io::Error,
    },
    /// A file is not JSON, or has a name twice in one object.
    #[error("{file}: {cause}")]
    NotJson {
        /// The file.
        file: String,
        /// The cause.
        cause: serde_json::Error,
    },
    /// There is no schema in it.
    #[error(
        "{name}: no file with a JSON Schema or an OpenAPI document\nhint: schemas are files that end in .json"
    )]
    NoSchemas {
        /// As it was given.
        name: String,
    },
    /// An OpenAPI document of another version.
    #[error(
        "{file}: it is OpenAPI {version}, and 3.1 is read\nhint: its schemas mean something else; convert it to 3.1"
    )]
    OtherOpenApi {
        /// The file.
        file: String,
        /// The version that it says.
        version: String,
    },
    /// A schema refers to itself and says nothing else.
    #[error("{file}#{pointer}: the schema refers to itself")]
    RefersToItself {
        /// The file.
        file: String,
        /// Where in it.
        pointer: String,
    },
    /// There are more schemas than are judged.
    #[error("{name}: it has more than {max} schemas, the limit for one version")]
    TooMany {
        /// As it was given.
        name: String,
        /// The limit.
        max: usize,
    },
    /// A reference leads nowhere.
    #[error(
        "{file}#{pointer}: the reference {reference} leads nowhere\nhint: all files that it needs must be in the folder; nothing is fetched"
    )]
    Dangling {
        /// The file.
        file: String,
        /// Where in it.
        pointer: String,
        /// The reference.
        reference: String,
    },
    /// A schema is not valid.
    #[error("{file}: it is no JSON Schema 2020-12: {why}")]
    NotASchema {
        /// The file.
        file: String,
        /// What the meta-schema says.
        why: String,
    },
    /// A file of usage has another form.
    #[error("{file}: it is no usage of a contract: {why}\nhint: its form is conformance/schemas/usage.json")]
    NotUsage {
        /// The file.
        file: String,
        /// What the schema says.
        why: String,
    },
    /// A schema of a contract with a registry has a form that the tables do not hold.
    #[error(
        "{file}#{pointer}: outside of the subset of JSON Schema: {why}\nhint: schemas/README.md describes the subset"
    )]
    OutsideSubset {
        /// The file.
        file: String,
        /// Where in it.
        pointer: String,
        /// What is outside.
        why: String,
    },
    /// A rule or an alias has a code that its contract does not have.
    #[error(
        "{place}: the code `{code}` is in no table of codes that may stand here\nhint: rules have codes of errors.json or warnings.json, aliases of warnings.json"
    )]
    UnknownCode {
        /// Where.
        place: String,
        /// The code.
        code: String,
    },
    /// Plain schemas say nothing of C# names, actions and readings.
    #[error(
        "{name} has no registry.json: sources are judged by a contract with one, kept as schemas/README.md describes"
    )]
    NoTables {
        /// As it was given.
        name: String,
    },
    /// Two different kinds of documents are compared.
    #[error("{old} is {old_kind} and {new} is {new_kind}: they cannot be compared")]
    OtherKinds {
        /// Name of the old side.
        old: String,
        /// Kind of the old side.
        old_kind: &'static str,
        /// Name of the new side.
        new: String,
        /// Kind of the new side.
        new_kind: &'static str,
    },
}

/// A file as it was read.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// What a side is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A folder as ours: schemas with a registry of actions.
    Contract,
    /// One or several JSON Schemas.
    Schemas,
    /// One or several OpenAPI documents.
    OpenApi,
}

impl Kind {
    /// It, in a sentence.
    fn as_str(self) -> &'static str {
        match self {
            Self::Contract => "a contract with a registry",
            Self::Schemas => "a set of JSON Schemas",
            Self::OpenApi => "an OpenAPI document",
        }
    }
}

/// A message: where its schema is, and which way it goes.
#[derive(Clone, Debug)]
pub(crate) struct Root {
    /// Equal on both sides for the same message of one document.
    pub(crate) label: String,
    /// The key of its document, of plain schemas: a folder may have the same label in several.
    pub(crate) document: Option<String>,
    /// The action, where it is the command or the reply of one.
    pub(crate) action: Option<String>,
    /// Pointer into the bundle.
    pub(crate) location: String,
    pub(crate) direction: Direction,
}

impl Root {
    /// Its name where there are several documents, or one: two files are compared whatever their names are.
    pub(crate) fn name(&self, has_several: bool) -> String {
        match &self.document {
            Some(document) if has_several => format!("{document} {}", self.label),
            _ => self.label.clone(),
        }
    }
}

/// One side.
pub struct Side {
    /// As it was given.
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// `$defs` has each document by its key; all references are pointers into the bundle.
    pub(crate) bundle: Value,
    /// Files by the keys of their documents.
    pub(crate) files: BTreeMap<String, File>,
    /// Documents that are no schemas, by the file's name without its suffix: `registry`, `errors`, `limits`…
    pub(crate) tables: BTreeMap<String, Value>,
    pub(crate) roots: Vec<Root>,
    /// Documents by their keys as they were written.
    written: Map<String, Value>,
    /// Entries of the folder that are not read: its subfolders, and YAML files.
    pub(crate) left_out: Vec<String>,
}

/// Tables of a contract that say something on the wire.
const TABLES: [&str; 5] = ["registry", "errors", "warnings", "rules", "limits"];

impl Side {
    /// Reads a side: a path if there is one, else a revision of the repository of the working directory.
    ///
    /// # Errors
    /// [`LoadError`] if it cannot be read whole.
    pub fn read(name: &str, direction: Direction) -> Result<Self, LoadError> {
        let path = Path::new(name);
        if path.is_dir() {
            let mut side = Self::of_files(name, folder(path)?, direction)?;
            side.left_out = left_out(path)?;
            return Ok(side);
        }
        let files = if path.exists() { vec![file(path)?] } else { git::revision(name)? };
        Self::of_files(name, files, direction)
    }

    /// Reads a side. Where the path of a contract is given, a revision alone has the contract at that path.
    ///
    /// # Errors
    /// [`LoadError`] if it cannot be read whole.
    pub fn read_at(name: &str, contract: Option<&Path>, direction: Direction) -> Result<Self, LoadError> {
        match contract {
            Some(contract) if !name.contains(':') && !Path::new(name).exists() => {
                Self::read(&git::at(name, contract)?, direction)
            }
            _ => Self::read(name, direction),
        }
    }

    /// A side of texts: path and content of each file.
    ///
    /// # Errors
    /// [`LoadError`] if one of them is no schema.
    pub fn of_texts(
        name: &str,
        texts: impl IntoIterator<Item = (String, String)>,
        direction: Direction,
    ) -> Result<Self, LoadError> {
        let files = texts.into_iter().map(|(path, text)| File { path, text }).collect();
        Self::of_files(name, files, direction)
    }

    fn of_files(name: &str, files: Vec<File>, direction: Direction) -> Result<Self, LoadError> {
        let mut documents = Map::new();
        let mut by_key = BTreeMap::new();
        let mut tables = BTreeMap::new();
        let mut parsed = Vec::new();
        for file in files {
            let value = crate::json::read(file.text.as_bytes())
                .map_err(|cause| LoadError::NotJson { file: file.path.clone(), cause })?;
            parsed.push((file, value));
        }
        let is_contract = parsed.iter().any(|(file, _)| stem(&file.path) == "registry");
        let is_openapi = parsed.iter().any(|(_, value)| value.get("openapi").is_some());
        let kind = match (is_contract, is_openapi) {
            (true, _) => Kind::Contract,
            (false, true) => Kind::OpenApi,
            (false, false) => Kind::Schemas,
        };
        for (file, value) in parsed {
            if is_contract && !file.path.ends_with("_schema.json") {
                if TABLES.contains(&stem(&file.path)) {
                    tables.insert(stem(&file.path).to_owned(), value);
                    by_key.insert(format!("{}.json", stem(&file.path)), file);
                }
                continue;
            }
            match kind {
                Kind::OpenApi => openapi::check_version(&file, &value)?,
                Kind::Contract | Kind::Schemas => check_schema(&file, &value)?,
            }
            let key = key(&file.path);
            documents.insert(key.clone(), value);
            by_key.insert(key, file);
        }
        if documents.is_empty() {
            return Err(LoadError::NoSchemas { name: name.to_owned() });
        }
        check_count(name, &documents)?;
        let written = documents.clone();
        references::check_bases(&documents, &tables, &by_key)?;
        references::resolve(&mut documents, &by_key)?;
        references::check_circles(&documents, &by_key)?;
        extend::expand(&mut documents, &tables);
        if kind == Kind::OpenApi {
            openapi::add_messages(&mut documents);
        }
        let mut bundle = Map::new();
        bundle.insert("$defs".to_owned(), documents.into());
        let mut side = Self {
            name: name.to_owned(),
            kind,
            bundle: bundle.into(),
            files: by_key,
            tables,
            roots: Vec::new(),
            written,
            left_out: Vec::new(),
        };
        references::check_tables(&side)?;
        side.roots = roots::of(&side, direction);
        Ok(side)
    }

    /// The parts of OpenAPI documents outside of schemas, by pointer; with the file in front if there are several.
    pub(crate) fn beside_schemas(&self) -> BTreeMap<String, (String, Value)> {
        let several = self.written.len() > 1;
        let mut found = BTreeMap::new();
        for (key, document) in &self.written {
            for (pointer, value) in openapi::beside_schemas(document) {
                let name = if several { format!("{key}{pointer}") } else { pointer.clone() };
                let location = format!("/$defs/{}{pointer}", contracts::pointer::escape(key));
                found.insert(name, (location, value));
            }
        }
        found
    }

    /// Whether it has several documents.
    pub(crate) fn has_several(&self) -> bool {
        self.written.len() > 1
    }

    /// The files of schemas, with their documents as they were written.
    pub(crate) fn schemas(&self) -> impl Iterator<Item = (&File, &Value)> {
        self.written.iter().filter_map(|(key, document)| Some((self.files.get(key)?, document)))
    }

    /// Where a definition is, by its name; or a message, by its label.
    pub(crate) fn named(&self, name: &str) -> Option<String> {
        let root = self.roots.iter().find(|root| root.name(self.has_several()) == name);
        let named = || definitions(self).into_iter().find(|location| last_name(location) == name);
        root.map(|root| root.location.clone()).or_else(named)
    }

    /// The names that [`Self::named`] knows.
    pub(crate) fn names(&self) -> Vec<String> {
        let labels = self.roots.iter().map(|root| root.name(self.has_several()));
        labels.chain(definitions(self).iter().map(|location| last_name(location))).collect()
    }

    /// The schema at a pointer of the bundle.
    pub(crate) fn at(&self, location: &str) -> Option<&Value> {
        contracts::pointer::get(&self.bundle, location)
    }

    /// The file of a pointer of the bundle, and the pointer in it.
    pub(crate) fn place(&self, location: &str) -> (String, String) {
        let inner = location.strip_prefix("/$defs/").unwrap_or(location);
        let (key, pointer) =
            inner.split_once('/').map_or((inner, String::new()), |(key, rest)| (key, format!("/{rest}")));
        let key = contracts::pointer::unescape(key);
        let pointer =
            if key == openapi::MESSAGES { openapi::origin(&pointer, self.written.values()) } else { pointer };
        let file = self.files.get(&key).or_else(|| self.files.values().next());
        (file.map_or(key, |file| file.path.clone()), pointer)
    }
}

/// Schemas of one version: ten times those of ours. Validators follow nested ones by recursion, and the stack has room for so many.
const SCHEMAS_MAX: usize = 20_000;

fn check_count(name: &str, documents: &Map<String, Value>) -> Result<(), LoadError> {
    let mut count = 0;
    documents.values().for_each(|document| references::each_schema(document, "", &mut |_, _| count += 1));
    if count <= SCHEMAS_MAX {
        return Ok(());
    }
    Err(LoadError::TooMany { name: name.to_owned(), max: SCHEMAS_MAX })
}

fn check_schema(file: &File, value: &Value) -> Result<(), LoadError> {
    let refused = |why: String| LoadError::NotASchema { file: file.path.clone(), why };
    if !value.is_object() && !value.is_boolean() {
        return Err(refused("a schema is an object or a boolean".to_owned()));
    }
    let mut plain = value.clone();
    if let Some(object) = plain.as_object_mut() {
        object.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
    }
    jsonschema::meta::validate(&plain).map_err(|err| refused(format!("{}: {err}", err.instance_path())))?;
    let mut faults = Vec::new();
    references::each_schema(value, "", &mut |schema, at| {
        let pattern = schema.get("pattern").and_then(Value::as_str);
        // This engine has no look-ahead, and ECMA-262 has: the validators may take a pattern that it refuses.
        if let Some(pattern) = pattern.filter(|pattern| regex_syntax::parse(pattern).is_err())
            && let Err(err) = jsonschema::validator_for(&serde_json::json!({"pattern": pattern}))
        {
            faults.push(format!("{at}/pattern: {err}"));
        }
    });
    faults.into_iter().next().map_or(Ok(()), |why| Err(refused(why)))
}

/// Refuses two sides of different kinds.
pub(crate) fn check_kinds(old: &Side, new: &Side) -> Result<(), LoadError> {
    if old.kind == new.kind {
        return Ok(());
    }
    Err(LoadError::OtherKinds {
        old: old.name.clone(),
        old_kind: old.kind.as_str(),
        new: new.name.clone(),
        new_kind: new.kind.as_str(),
    })
}

/// Where each definition of a side is.
pub(crate) fn definitions(side: &Side) -> Vec<String> {
    let documents = side.at("/$defs").and_then(Value::as_object).into_iter().flatten();
    let each = documents.filter(|(key, _)| side.files.contains_key(*key)).flat_map(|(key, document)| {
        let holders = ["/$defs", "/definitions", "/components/schemas"];
        holders.into_iter().flat_map(move |holder| {
            let names = document.pointer(holder).and_then(Value::as_object).into_iter().flat_map(Map::keys);
            let escape = contracts::pointer::escape;
            names.map(move |name| format!("/$defs/{}{holder}/{}", escape(key), escape(name)))
        })
    });
    each.collect()
}

/// A key that stands in references as it is.
fn key(path: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || ".-_".contains(c) { c } else { '_' };
    let name = Path::new(path).file_name().map_or(path.into(), |name| name.to_string_lossy());
    name.chars().map(plain).collect()
}

fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_suffix(".json").unwrap_or(name)
}

fn file(path: &Path) -> Result<File, LoadError> {
    let unreadable = |cause| LoadError::Unreadable { path: path.to_owned(), cause };
    let text = input::text(path).map_err(unreadable)?;
    Ok(File { path: path.to_string_lossy().into_owned(), text })
}

/// Entries of a folder that are not read.
fn left_out(path: &Path) -> Result<Vec<String>, LoadError> {
    let unreadable = |cause| LoadError::Unreadable { path: path.to_owned(), cause };
    let entries = fs::read_dir(path).map_err(unreadable)?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(unreadable)?.path();
        let is_yaml = path.extension().is_some_and(|suffix| suffix == "yaml" || suffix == "yml");
        let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if (path.is_dir() && !is_hidden) || is_yaml {
            found.push(path.to_string_lossy().into_owned());
        }
    }
    found.sort();
    Ok(found)
}

/// The JSON files of a folder itself: a folder below it is another contract, or its meta-schema.
fn folder(path: &Path) -> Result<Vec<File>, LoadError> {
    let unreadable = |cause| LoadError::Unreadable { path: path.to_owned(), cause };
    let entries = fs::read_dir(path).map_err(unreadable)?;
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>().map_err(unreadable)?;
    paths.retain(|path| path.extension().is_some_and(|suffix| suffix == "json") && path.is_file());
    paths.sort();
    paths.iter().map(|path| file(path)).collect()
}

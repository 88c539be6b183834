//! A built assembly: real .NET describes its types, and they are held to the schemas as those of sources are.
//!
//! `conformance/dotnet` is the program that does so. It loads the assembly: constructors of its types, its contexts and its
//! converters run, as they would in the service.

use serde::Deserialize;
use std::{
    io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{
    Row, Serialiser, Tag, TypeRows, Unserialisable,
    form::Form,
    judge::{self, Roles},
    limits::Limits,
};
use crate::{
    contract::Tables,
    dotnet::Options,
    source::{Judged, Place, Undecided},
};

/// Why an assembly is not judged.
#[derive(Debug, thiserror::Error)]
pub enum AssemblyError {
    /// No program describes it.
    #[error(
        "real .NET describes a built assembly: build conformance/dotnet, and name its Peer.dll with --dotnet"
    )]
    NoPeer,
    /// .NET is missing.
    #[error(
        "`dotnet` does not start, and only real .NET describes a built assembly: install .NET 10, or judge the sources"
    )]
    NoDotnet(#[source] io::Error),
    /// .NET failed.
    #[error("{0}: .NET does not describe it: {1}")]
    Failed(PathBuf, String),
}

/// Whether a path names an assembly.
#[must_use]
pub fn is_one(path: &Path) -> bool {
    path.extension().is_some_and(|end| end.eq_ignore_ascii_case("dll"))
}

/// Judges an assembly under each of some options. A type that a source-generated context of the assembly serialises is judged by
/// that context; without options, any other type is judged by the defaults, and not decided.
///
/// # Errors
/// [`AssemblyError`].
pub fn judge(
    path: &Path,
    peer: Option<&Path>,
    tables: &Tables,
    options: &[Options],
    maps: &[(String, String)],
) -> Result<Judged, AssemblyError> {
    let peer = peer.ok_or(AssemblyError::NoPeer)?;
    let roles = Roles::of(tables);
    let mut judged = Judged::default();
    let names: Vec<&str> = options.iter().map(|options| options.name).collect();
    for name in if names.is_empty() { &["default"][..] } else { &names } {
        let (types, undecided) = types(path, peer, name)?;
        judged.undecided.extend(undecided);
        judge::judge(&roles, &types, maps, &mut judged);
        let is_untold = |of: &&TypeRows| of.is_open() && !judged.left_out.contains(&of.name);
        if let Some(of) = types.iter().find(is_untold).filter(|_| options.is_empty()) {
            let why = "no assembly tells the serialiser's options: name them with --options".to_owned();
            judged.undecided.push(Undecided { place: of.place.clone(), why });
        }
    }
    judged.sort();
    Ok(judged)
}

/// The types of an assembly under named options, and what of it cannot be described.
///
/// # Errors
/// [`AssemblyError`].
pub fn types(
    path: &Path,
    peer: &Path,
    options: &str,
) -> Result<(Vec<TypeRows>, Vec<Undecided>), AssemblyError> {
    let Described { types, undecided } = describe(path, peer, options)?;
    let types = types.into_iter().map(Type::rows).collect();
    Ok((types, undecided.into_iter().map(Remark::undecided).collect()))
}

fn describe(path: &Path, peer: &Path, options: &str) -> Result<Described, AssemblyError> {
    let failed = |why: String| AssemblyError::Failed(path.to_owned(), why);
    let mut command = Command::new("dotnet");
    command.arg(peer).arg("describe").arg(path).arg(options).stdin(Stdio::null());
    let output = command.output().map_err(AssemblyError::NoDotnet)?;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        return Err(failed(told.lines().next().unwrap_or("it says nothing").to_owned()));
    }
    serde_json::from_slice(&output.stdout).map_err(|err| failed(err.to_string()))
}

/// The program's description of an assembly.
#[derive(Deserialize)]
struct Described {
    types: Vec<Type>,
    undecided: Vec<Remark>,
}

#[derive(Deserialize)]
struct Remark {
    file: PathBuf,
    line: usize,
    why: String,
}

impl Remark {
    fn undecided(self) -> Undecided {
        Undecided { place: Place { file: self.file, line: self.line }, why: self.why }
    }
}

#[derive(Deserialize)]
struct Type {
    name: String,
    file: PathBuf,
    line: usize,
    is_nested: bool,
    is_abstract: bool,
    tags: Vec<Tag>,
    context: Option<String>,
    names: Vec<String>,
    serialiser: Serialiser,
    /// Why it cannot be serialised.
    why: Option<String>,
    kind: String,
    converter: Option<String>,
    unmapped: Option<String>,
    numbers: Option<String>,
    bind_empty_fault: Option<String>,
    members: Vec<Member>,
}

#[derive(Deserialize)]
struct Member {
    json: String,
    member: String,
    clr: String,
    read: bool,
    write: bool,
    by_constructor: Option<String>,
    has_default: Option<bool>,
    required: bool,
    null_to_set: bool,
    order: i64,
    extension: bool,
    converter: Option<String>,
    conditional_write: bool,
    never_null: bool,
    named: bool,
    skips_default: bool,
    initial: Option<String>,
    form: Form,
    limits: Limits,
    file: PathBuf,
    line: usize,
}

impl Type {
    fn rows(self) -> TypeRows {
        let place = Place { file: self.file, line: self.line };
        let name = self.name;
        let converted =
            self.converter.map(|converter| (place.clone(), format!("{name} is written by {converter}")));
        let members: Vec<Row> = self.members.into_iter().map(Member::row).collect();
        TypeRows {
            kind: self.kind,
            members: self.why.map_or(Ok(members), |why| Err(Unserialisable::ByDotnet(why))),
            unmapped: self.unmapped,
            numbers: self.numbers,
            bind_empty_fault: self.bind_empty_fault,
            undecided: Vec::new(),
            converted,
            names: self.names,
            is_nested: self.is_nested,
            is_abstract: self.is_abstract,
            tags: self.tags,
            context: self.context,
            serialiser: self.serialiser,
            place,
            name,
        }
    }
}

impl Member {
    fn row(self) -> Row {
        Row {
            json: self.json,
            member: self.member,
            clr: self.clr,
            read: self.read,
            write: self.write,
            by_constructor: self.by_constructor,
            has_default: self.has_default,
            required: self.required,
            null_to_set: self.null_to_set,
            order: self.order,
            extension: self.extension,
            converter: self.converter,
            conditional_write: self.conditional_write,
            form: self.form,
            never_null: self.never_null,
            named: self.named,
            skips_default: self.skips_default,
            limits: self.limits,
            place: Place { file: self.file, line: self.line },
            initial: self.initial,
        }
    }
}

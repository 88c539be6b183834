//! Options that sources set: those of source-generated contexts are known by type; others show that a choice on the command line
//! is not all that the program uses.

use std::collections::{BTreeSet, HashMap};
use tree_sitter::Node;

use super::{
    declaration::{Attribute, Declaration, attribute},
    expression::{self, Expression},
    members::last,
    syntax::{Source, children, field, line_of, of_kind, text_of},
    type_name::TypeName,
};
use crate::{
    dotnet::{
        Options,
        options::{Enums, Policy},
    },
    source::{Judged, Place, Undecided},
};

/// The class of the options.
const OPTIONS: &str = "JsonSerializerOptions";

/// A place where options are made or changed.
pub(super) struct Setting {
    place: Place,
    aspects: Vec<Aspect>,
}

/// What a setting says.
#[derive(Clone, Debug, PartialEq)]
enum Aspect {
    Policy(Policy),
    CaseInsensitive(bool),
    Enums(Enums),
    DisallowUnmapped(bool),
    /// What is not modelled, as it is written.
    Other(String),
}

impl Aspect {
    fn holds(&self, options: &Options) -> bool {
        match self {
            Self::Policy(policy) => options.policy == *policy,
            Self::CaseInsensitive(is) => options.case_insensitive == *is,
            Self::Enums(enums) => options.enums == *enums,
            Self::DisallowUnmapped(is) => options.disallow_unmapped == *is,
            Self::Other(_) => false,
        }
    }

    fn said(&self) -> String {
        match self {
            Self::Policy(policy) => format!("PropertyNamingPolicy {policy:?}"),
            Self::CaseInsensitive(is) => format!("PropertyNameCaseInsensitive {is}"),
            Self::Enums(enums) => format!("enums as {enums:?}"),
            Self::DisallowUnmapped(is) => {
                format!("unknown members {}", if *is { "refused" } else { "skipped" })
            }
            Self::Other(text) => text.clone(),
        }
    }

    /// What a member of the options is set to; None for what decides no name and no type.
    fn of(name: &str, value: &Expression, written: &str) -> Option<Self> {
        let path = last(value);
        Some(match name {
            "PropertyNamingPolicy" => match policy(path) {
                Some(policy) => Self::Policy(policy),
                None if written == "null" => Self::Policy(Policy::None),
                None => Self::Other(format!("PropertyNamingPolicy {written}")),
            },
            "PropertyNameCaseInsensitive" => Self::CaseInsensitive(written == "true"),
            "UnmappedMemberHandling" => Self::DisallowUnmapped(path == "Disallow"),
            "DefaultIgnoreCondition" if path == "WhenWritingDefault" => Self::Other(format!("{name} {path}")),
            "NumberHandling" if written.contains("WriteAsString") => Self::Other(format!("{name} {written}")),
            "IncludeFields" if written == "true" => Self::Other(format!("{name} {written}")),
            "UseStringEnumConverter" if written == "true" => Self::Enums(Enums::Names(Policy::None)),
            _ => return None,
        })
    }
}

/// The policy of a name of `JsonNamingPolicy` or `JsonKnownNamingPolicy`.
fn policy(name: &str) -> Option<Policy> {
    Some(match name {
        "CamelCase" => Policy::Camel,
        "SnakeCaseLower" => Policy::SnakeLower,
        "SnakeCaseUpper" => Policy::SnakeUpper,
        "KebabCaseLower" => Policy::KebabLower,
        "KebabCaseUpper" => Policy::KebabUpper,
        "Unspecified" => Policy::None,
        _ => return None,
    })
}

/// The settings of a source.
pub(super) fn collect(source: &Source) -> Vec<Setting> {
    let mut found = Vec::new();
    let mut open = vec![source.tree.root_node()];
    while let Some(node) = open.pop() {
        let aspects = aspects(node, &source.text);
        if !aspects.is_empty() {
            let place = Place { file: source.path.clone(), line: line_of(node) };
            found.push(Setting { place, aspects });
        } else if node.kind() != "attribute_list" {
            open.extend(children(node));
        }
    }
    found
}

/// Parameters of types like `IOptions<JsonSerializerOptions>`.
pub(super) fn injected(source: &Source) -> Vec<Place> {
    let mut found = Vec::new();
    let mut open = vec![source.tree.root_node()];
    while let Some(node) = open.pop() {
        let of = field(node, "type").filter(|_| node.kind() == "parameter");
        if let Some(TypeName::Named(_, arguments)) = of.map(|of| TypeName::of(of, &source.text))
            && arguments.iter().any(|one| matches!(one.head(), OPTIONS | "JsonOptions"))
        {
            found.push(Place { file: source.path.clone(), line: line_of(node) });
        }
        open.extend(children(node));
    }
    found.sort();
    found
}

fn aspects(node: Node<'_>, text: &str) -> Vec<Aspect> {
    match node.kind() {
        "object_creation_expression" if is_options(field(node, "type"), text) => made(node, text),
        "implicit_object_creation_expression" if is_declared_as_options(node, text) => made(node, text),
        "assignment_expression" => changed(node, text).into_iter().collect(),
        "invocation_expression" => added(node, text).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn is_options(of: Option<Node<'_>>, text: &str) -> bool {
    of.is_some_and(|of| TypeName::of(of, text).head() == OPTIONS)
}

/// `JsonSerializerOptions options = new() { … }`, of a variable, a field or a property.
fn is_declared_as_options(node: Node<'_>, text: &str) -> bool {
    let mut above = node.parent();
    for _ in 0..3 {
        let Some(parent) = above else { return false };
        if matches!(parent.kind(), "variable_declaration" | "property_declaration") {
            return is_options(field(parent, "type"), text);
        }
        above = parent.parent();
    }
    false
}

/// All that a new object of options decides: what it does not say is as by default.
fn made(node: Node<'_>, text: &str) -> Vec<Aspect> {
    let arguments = of_kind(node, "argument_list").into_iter().flat_map(children);
    let argument = arguments.map(|argument| text_of(argument, text)).next();
    let mut policy = Aspect::Policy(Policy::None);
    let mut case = Aspect::CaseInsensitive(false);
    let mut others = Vec::new();
    match argument.as_deref().map(|argument| argument.rsplit('.').next().map_or("", str::trim)) {
        None | Some("General") => {}
        Some("Web") => {
            (policy, case) = (Aspect::Policy(Policy::Camel), Aspect::CaseInsensitive(true));
        }
        Some("Strict") => others.push(Aspect::DisallowUnmapped(true)),
        Some(copied) => others.push(Aspect::Other(format!("options copied from {copied}"))),
    }
    let entries = of_kind(node, "initializer_expression").into_iter().flat_map(children);
    for entry in entries.filter(|entry| entry.kind() == "assignment_expression") {
        let (Some(left), Some(right)) = (field(entry, "left"), field(entry, "right")) else { continue };
        let name = text_of(left, text);
        if name == "Converters" {
            others.extend(children(right).into_iter().map(|one| converter(one, text)));
            continue;
        }
        match Aspect::of(&name, &expression::read(right, text), &text_of(right, text)) {
            Some(of @ Aspect::Policy(_)) => policy = of,
            Some(of @ Aspect::CaseInsensitive(_)) => case = of,
            other => others.extend(other),
        }
    }
    [policy, case].into_iter().chain(others).collect()
}

/// `….PropertyNamingPolicy = …`.
fn changed(node: Node<'_>, text: &str) -> Option<Aspect> {
    let left = field(node, "left").filter(|left| left.kind() == "member_access_expression")?;
    let name = text_of(field(left, "name")?, text);
    let right = field(node, "right")?;
    Aspect::of(&name, &expression::read(right, text), &text_of(right, text))
}

/// `….Converters.Add(new …)`.
fn added(node: Node<'_>, text: &str) -> Option<Aspect> {
    let function = text_of(field(node, "function")?, text);
    let argument = children(field(node, "arguments")?).first().copied()?;
    let argument = children(argument).last().copied().unwrap_or(argument);
    function.ends_with(".Converters.Add").then(|| converter(argument, text))
}

fn converter(node: Node<'_>, text: &str) -> Aspect {
    let written = text_of(node, text);
    let is_of_enums =
        field(node, "type").is_some_and(|of| TypeName::of(of, text).head() == "JsonStringEnumConverter");
    if !is_of_enums {
        return Aspect::Other(format!("the converter {written}"));
    }
    let argument = of_kind(node, "argument_list").into_iter().flat_map(children).next();
    let argument = argument.map_or_else(String::new, |argument| text_of(argument, text));
    match argument.rsplit('.').next().map(str::trim) {
        None | Some("" | "null") => Aspect::Enums(Enums::Names(Policy::None)),
        Some(name) => match policy(name) {
            Some(policy) => Aspect::Enums(Enums::Names(policy)),
            None => Aspect::Other(format!("the converter {written}")),
        },
    }
}

/// Settings that none of the chosen options have.
pub(super) fn judge(settings: &[Setting], chosen: &[Options], judged: &mut Judged) {
    for setting in settings {
        if chosen.iter().any(|options| setting.aspects.iter().all(|aspect| aspect.holds(options))) {
            continue;
        }
        let names: Vec<&str> = chosen.iter().map(|options| options.name).collect();
        let other =
            |aspect: &&Aspect| chosen.is_empty() || !chosen.iter().all(|options| aspect.holds(options));
        let said: Vec<String> = setting.aspects.iter().filter(other).map(Aspect::said).collect();
        let than = if names.is_empty() {
            String::new()
        } else {
            format!(", other than --options {}", names.join(", "))
        };
        let why = format!("options are set here{than}: {}", said.join("; "));
        judged.undecided.push(Undecided { place: setting.place.clone(), why });
    }
}

/// A source-generated context.
pub(super) struct Context {
    pub(super) name: String,
    pub(super) options: Options,
}

/// The contexts, and the types that each serialises.
#[derive(Default)]
pub(super) struct Contexts {
    contexts: Vec<Context>,
    by_type: HashMap<String, usize>,
}

/// Whether a class is a context.
pub(super) fn is_context(of: &Declaration) -> bool {
    of.bases.iter().any(|base| base.head() == "JsonSerializerContext")
}

impl Contexts {
    pub(super) fn of(declarations: &[Declaration], undecided: &mut Vec<(Place, String)>) -> Self {
        let mut found = Self::default();
        for declaration in declarations.iter().filter(|one| is_context(one)) {
            let index = found.contexts.len();
            let options = attribute(&declaration.attributes, "JsonSourceGenerationOptions");
            let options = options.map_or_else(
                || Options::new("default"),
                |options| generation_options(options, &declaration.place, undecided),
            );
            found.contexts.push(Context { name: declaration.name.clone(), options });
            for name in reached(declarations, declaration) {
                found.by_type.entry(name).or_insert(index);
            }
        }
        found
    }

    /// The context of a type.
    pub(super) fn of_type(&self, name: &str) -> Option<&Context> {
        self.by_type.get(name).map(|index| &self.contexts[*index])
    }
}

/// The types of `[JsonSerializable]`, and those of their members.
fn reached(declarations: &[Declaration], context: &Declaration) -> BTreeSet<String> {
    let named = context.attributes.iter().filter(|one| one.name == "JsonSerializable");
    let mut open: Vec<&TypeName> = named
        .filter_map(|one| match one.values.first() {
            Some(Expression::TypeOf(of)) => Some(of),
            _ => None,
        })
        .collect();
    let mut found = BTreeSet::new();
    while let Some(of) = open.pop() {
        match of {
            TypeName::Nullable(of) | TypeName::Array(of, _) => open.push(of),
            TypeName::Named(name, arguments) => {
                open.extend(arguments);
                if !found.insert(name.clone()) {
                    continue;
                }
                for declared in declarations.iter().filter(|one| one.name == *name) {
                    open.extend(declared.members.iter().map(|member| &member.type_name));
                    open.extend(declared.parameters.iter().flatten().map(|one| &one.type_name));
                    open.extend(&declared.bases);
                }
            }
            TypeName::Other(_) => {}
        }
    }
    found
}

/// `[JsonSourceGenerationOptions]`.
fn generation_options(of: &Attribute, place: &Place, undecided: &mut Vec<(Place, String)>) -> Options {
    let mut options = match of.values.first().map(last) {
        Some("Web") => Options::named("web"),
        Some("Strict") => Options::named("strict"),
        _ => None,
    }
    .unwrap_or_else(|| Options::new("default"));
    for (name, value) in &of.named {
        let is_true = *value == Expression::Other("true".to_owned());
        let written = match value {
            Expression::Other(text) => text.as_str(),
            one => last(one),
        };
        match (name.as_str(), Aspect::of(name, value, written)) {
            (_, Some(Aspect::Policy(policy))) => options.policy = policy,
            (_, Some(Aspect::CaseInsensitive(is))) => options.case_insensitive = is,
            (_, Some(Aspect::Enums(enums))) => options.enums = enums,
            (_, Some(Aspect::DisallowUnmapped(is))) => options.disallow_unmapped = is,
            ("RespectNullableAnnotations", _) => options.respect_nullable = is_true,
            ("RespectRequiredConstructorParameters", _) => options.respect_required_parameters = is_true,
            (_, Some(Aspect::Other(why))) => {
                undecided.push((Place { line: of.line, ..place.clone() }, format!("a context has {why}")));
            }
            ("Converters", None) => {
                let why = "a context has converters, which no source tells".to_owned();
                undecided.push((Place { line: of.line, ..place.clone() }, why));
            }
            _ => {}
        }
    }
    options
}

//! Declarations of a source: types at any depth, parts of one type together.

use std::collections::HashMap;
use tree_sitter::Node;

use super::{
    declaration::{Attribute, Constructor, Declaration, Kind, Parameter, Property},
    expression::{self, Expression},
    syntax::{Source, children, children_all, field, line_of, name_of, of_kind, text_of},
    type_name::TypeName,
};
use crate::source::Place;

/// The namespace whose attributes the serialiser reads.
const SERIALIZATION: &str = "System.Text.Json.Serialization";

/// The namespace of attributes of validation, and those that state limits.
const VALIDATION: &str = "System.ComponentModel.DataAnnotations";
const LIMITS: [&str; 5] = ["Range", "MinLength", "MaxLength", "StringLength", "Length"];

/// Attributes of the compiler that say whether null may be set, and which constructor sets required members.
const COMPILER: [&str; 3] = ["AllowNull", "DisallowNull", "SetsRequiredMembers"];

/// What `using` says in a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Usings {
    namespaces: Vec<String>,
    aliases: HashMap<String, (String, TypeName)>,
}

impl Usings {
    /// Of the whole project: those with `global`.
    pub(super) fn collect(source: &Source, only_global: bool) -> Self {
        let mut usings = Self::default();
        let mut nodes = vec![source.tree.root_node()];
        while let Some(node) = nodes.pop() {
            for child in children(node) {
                match child.kind() {
                    "using_directive" => usings.add(child, source, only_global),
                    "namespace_declaration" | "declaration_list" if !only_global => nodes.push(child),
                    _ => {}
                }
            }
        }
        usings
    }

    fn add(&mut self, node: Node<'_>, source: &Source, only_global: bool) {
        let text = text_of(node, &source.text);
        if text.starts_with("global") != only_global {
            return;
        }
        let whole =
            text.trim_start_matches("global").trim().trim_start_matches("using").trim_end_matches(';').trim();
        match (field(node, "name"), children(node).last()) {
            (Some(name), Some(of)) => {
                let path = whole.split_once('=').map_or(whole, |(_, path)| path).trim().to_owned();
                self.aliases.insert(name_of(name, &source.text), (path, TypeName::of(*of, &source.text)));
            }
            _ => self.namespaces.push(whole.to_owned()),
        }
    }

    pub(super) fn extend(&mut self, other: &Self) {
        self.namespaces.extend(other.namespaces.iter().cloned());
        self.aliases.extend(other.aliases.clone());
    }

    /// The aliases of types.
    pub(super) fn types(&self) -> HashMap<String, TypeName> {
        self.aliases.iter().map(|(name, (_, of))| (name.clone(), of.clone())).collect()
    }

    /// The name of an attribute that the serialiser or the compiler reads.
    fn attribute(&self, written: &str) -> Option<String> {
        let path = self.aliases.get(written).map_or(written, |(path, _)| path);
        let (namespace, name) =
            path.rsplit_once('.').map_or((None, path), |(before, name)| (Some(before), name));
        let name = name.split('<').next().unwrap_or(name);
        let name = name.strip_suffix("Attribute").unwrap_or(name);
        let namespace = namespace.map(|namespace| namespace.trim_start_matches("global::"));
        let namespace = namespace.map(|alias| self.aliases.get(alias).map_or(alias, |(path, _)| path));
        let of = if LIMITS.contains(&name) { VALIDATION } else { SERIALIZATION };
        let is_read = match namespace {
            Some(namespace) => namespace == of,
            None => self.namespaces.iter().any(|namespace| namespace == of),
        };
        (is_read || COMPILER.contains(&name)).then(|| name.to_owned())
    }
}

/// Reads the declarations of a source.
pub(super) fn declarations(source: &Source, usings: &Usings) -> Vec<Declaration> {
    let collector = Collector { source, usings, aliases: usings.types() };
    let mut found = Vec::new();
    collector.within(source.tree.root_node(), true, &mut found);
    found
}

struct Collector<'s> {
    source: &'s Source,
    usings: &'s Usings,
    aliases: HashMap<String, TypeName>,
}

impl Collector<'_> {
    fn within(&self, node: Node<'_>, is_visible: bool, found: &mut Vec<Declaration>) {
        for child in children(node) {
            let kind = match child.kind() {
                "class_declaration" => Kind::Class,
                "record_declaration" => {
                    let head = text_of(child, self.text());
                    let is_struct =
                        head.split(['{', '(', ';']).next().is_some_and(|head| head.contains("record struct"));
                    if is_struct { Kind::Struct } else { Kind::Class }
                }
                "struct_declaration" | "record_struct_declaration" => Kind::Struct,
                "interface_declaration" => Kind::Interface,
                "enum_declaration" => Kind::Enum,
                "namespace_declaration" | "file_scoped_namespace_declaration" | "declaration_list" => {
                    self.within(child, is_visible, found);
                    continue;
                }
                _ => continue,
            };
            let mut declaration = self.declaration(child, kind);
            declaration.is_nested =
                node.parent().is_some_and(|owner| owner.kind() != "namespace_declaration")
                    && node.kind() == "declaration_list";
            // A type inside one that is not public is not public.
            if !is_visible {
                declaration.modifiers.retain(|modifier| modifier != "public");
            }
            let is_public = declaration.is("public");
            found.push(declaration);
            if let Some(body) = field(child, "body") {
                self.within(body, is_public, found);
            }
        }
    }

    fn text(&self) -> &str {
        &self.source.text
    }

    fn place(&self, node: Node<'_>) -> Place {
        Place { file: self.source.path.clone(), line: line_of(node) }
    }

    fn nullable_at(&self, node: Node<'_>) -> bool {
        self.source.nullable.get(line_of(node) - 1).copied().unwrap_or(true)
    }

    fn type_name(&self, node: Node<'_>) -> TypeName {
        TypeName::of(node, self.text()).with(&self.aliases)
    }

    fn declaration(&self, node: Node<'_>, kind: Kind) -> Declaration {
        let name = field(node, "name").map_or_else(String::new, |name| name_of(name, self.text()));
        let bases = of_kind(node, "base_list").into_iter().flat_map(children);
        let bases =
            bases.filter(|base| base.kind() != "argument_list").map(|base| self.type_name(base)).collect();
        let parameters = of_kind(node, "type_parameter_list").into_iter().flat_map(children);
        let type_parameters = parameters
            .filter_map(|parameter| field(parameter, "name"))
            .map(|name| name_of(name, self.text()))
            .collect();
        let mut declaration = Declaration {
            name,
            place: self.place(field(node, "name").unwrap_or(node)),
            kind,
            is_record: node.kind().starts_with("record"),
            is_nested: false,
            modifiers: self.modifiers(node),
            type_parameters,
            structs: self.constrained(node, &["struct"]),
            never_null: self.constrained(node, &["class", "notnull"]),
            bases,
            attributes: self.attributes(node),
            parameters: of_kind(node, "parameter_list").first().map(|list| self.parameters(*list)),
            members: Vec::new(),
            constructors: Vec::new(),
            constants: Vec::new(),
            values: Vec::new(),
        };
        for member in field(node, "body").map(children).into_iter().flatten() {
            self.member(member, &mut declaration);
        }
        declaration
    }

    /// Type parameters with one of some constraints.
    fn constrained(&self, node: Node<'_>, constraints: &[&str]) -> Vec<String> {
        let clauses = of_kind(node, "type_parameter_constraints_clause").into_iter();
        let clauses = clauses.filter(|clause| {
            let constraint = text_of(*clause, self.text());
            constraint.split([':', ',']).skip(1).any(|one| constraints.contains(&one.trim()))
        });
        clauses
            .filter_map(|clause| children(clause).first().map(|name| name_of(*name, self.text())))
            .collect()
    }

    fn member(&self, node: Node<'_>, declaration: &mut Declaration) {
        match node.kind() {
            "property_declaration" => declaration.members.extend(self.property(node, declaration.kind)),
            "field_declaration" => self.fields(node, declaration),
            "constructor_declaration" => {
                let parameters = field(node, "parameters").map(|list| self.parameters(list));
                declaration.constructors.push(Constructor {
                    is_public: self.modifiers(node).iter().any(|modifier| modifier == "public"),
                    attributes: self.attributes(node),
                    parameters: parameters.into_iter().flatten().collect(),
                });
            }
            "enum_member_declaration" => {
                let name = field(node, "name").map_or_else(String::new, |name| name_of(name, self.text()));
                let attributes = self.attributes(node);
                let json = attributes.iter().find(|attribute| attribute.name == "JsonStringEnumMemberName");
                let json = json.and_then(|attribute| match attribute.values.first() {
                    Some(Expression::Text(json)) => Some(json.clone()),
                    _ => None,
                });
                declaration.values.push((name, json));
            }
            _ => {}
        }
    }

    fn property(&self, node: Node<'_>, owner: Kind) -> Option<Property> {
        // Those of an interface have another name in the runtime, which is not public.
        if !of_kind(node, "explicit_interface_specifier").is_empty() {
            return None;
        }
        let name = field(node, "name")?;
        let modifiers = self.modifiers(node);
        let is_public = owner == Kind::Interface || modifiers.iter().any(|modifier| modifier == "public");
        let (mut getter, mut setter) = (None, None);
        match field(node, "accessors") {
            None => getter = Some(is_public),
            Some(list) => {
                for accessor in of_kind(list, "accessor_declaration") {
                    let kind = field(accessor, "name").map(|kind| text_of(kind, self.text()));
                    let own = self.modifiers(accessor);
                    let access = Some(is_public && own.is_empty());
                    match kind.as_deref() {
                        Some("get") => getter = access,
                        Some("set" | "init") => setter = access,
                        _ => {}
                    }
                }
            }
        }
        let initial = field(node, "value").filter(|value| value.kind() != "arrow_expression_clause");
        Some(Property {
            name: name_of(name, self.text()),
            type_name: self.type_name(field(node, "type")?),
            place: self.place(name),
            attributes: self.attributes(node),
            modifiers,
            is_field: false,
            getter,
            setter,
            nullable: self.nullable_at(name),
            initial: initial.map(|value| text_of(value, self.text())),
        })
    }

    fn fields(&self, node: Node<'_>, declaration: &mut Declaration) {
        let modifiers = self.modifiers(node);
        let has = |modifier: &str| modifiers.iter().any(|other| other == modifier);
        let Some(variables) = of_kind(node, "variable_declaration").pop() else { return };
        let Some(type_node) = field(variables, "type") else { return };
        for variable in of_kind(variables, "variable_declarator") {
            let Some(name) = field(variable, "name") else { continue };
            let value = children(variable).into_iter().find(|child| *child != name);
            if has("const") {
                let value = value.map(|value| expression::read(value, self.text()));
                declaration.constants.extend(value.map(|value| (name_of(name, self.text()), value)));
                continue;
            }
            declaration.members.push(Property {
                name: name_of(name, self.text()),
                type_name: self.type_name(type_node),
                place: self.place(name),
                attributes: self.attributes(node),
                is_field: true,
                getter: Some(has("public")),
                setter: (!has("readonly")).then(|| has("public")),
                nullable: self.nullable_at(name),
                initial: value.map(|value| text_of(value, self.text())),
                modifiers: modifiers.clone(),
            });
        }
    }

    fn parameters(&self, list: Node<'_>) -> Vec<Parameter> {
        let parameters = of_kind(list, "parameter").into_iter().filter_map(|parameter| {
            let name = field(parameter, "name")?;
            // The grammar has no name for it: what follows the `=`.
            let mut after =
                children_all(parameter).into_iter().skip_while(|child| child.kind() != "=").skip(1);
            let default = after.find(Node::is_named).map(|value| text_of(value, self.text()));
            Some(Parameter {
                name: name_of(name, self.text()),
                type_name: self.type_name(field(parameter, "type")?),
                has_default: default.is_some(),
                default,
                attributes: self.attributes(parameter),
                nullable: self.nullable_at(name),
                place: self.place(name),
            })
        });
        parameters.collect()
    }

    fn modifiers(&self, node: Node<'_>) -> Vec<String> {
        of_kind(node, "modifier").into_iter().map(|modifier| text_of(modifier, self.text())).collect()
    }

    fn attributes(&self, node: Node<'_>) -> Vec<Attribute> {
        let mut found = Vec::new();
        for list in of_kind(node, "attribute_list") {
            let target = of_kind(list, "attribute_target_specifier").pop();
            let target =
                target.map(|target| text_of(target, self.text()).trim_end_matches(':').trim().to_owned());
            for attribute in of_kind(list, "attribute") {
                found.extend(self.attribute(attribute, target.clone()));
            }
        }
        found
    }

    fn attribute(&self, node: Node<'_>, target: Option<String>) -> Option<Attribute> {
        let name = field(node, "name")?;
        let types = match TypeName::of(name, self.text()) {
            TypeName::Named(_, arguments) => arguments,
            _ => Vec::new(),
        };
        let mut attribute = Attribute {
            name: self.usings.attribute(&text_of(name, self.text()))?,
            target,
            values: Vec::new(),
            named: Vec::new(),
            types,
            line: line_of(node),
        };
        let arguments = of_kind(node, "attribute_argument_list").into_iter().flat_map(children);
        for argument in arguments {
            let Some(value) = children(argument).pop() else { continue };
            let value = expression::read(value, self.text());
            match field(argument, "name") {
                Some(name) => attribute.named.push((name_of(name, self.text()), value)),
                None => attribute.values.push(value),
            }
        }
        Some(attribute)
    }
}

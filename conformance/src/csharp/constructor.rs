//! The constructor that the serialiser calls, and the members that it binds.

use super::{
    declaration::{Constructor, Declaration, Kind, Parameter, Property, attribute},
    members::Row,
    project::{Names, Project},
    type_name::TypeName,
};
use crate::dotnet::Options;

/// The properties that a record makes of its parameters: not those that it declares itself or inherits.
pub(super) fn positional(of: &Declaration, above: &[(&Declaration, Names)]) -> Vec<Property> {
    if !of.is_record {
        return Vec::new();
    }
    let has = |declaration: &Declaration, name: &str| {
        let by_parameter = declaration.is_record
            && declaration.parameters.iter().flatten().any(|parameter| parameter.name == name);
        by_parameter || declaration.members.iter().any(|member| member.name == name)
    };
    let parameters = of.parameters.iter().flatten().filter(|parameter| {
        let is_own = of.members.iter().any(|member| member.name == parameter.name);
        !is_own && !above.iter().any(|(base, _)| has(base, &parameter.name))
    });
    parameters.map(property).collect()
}

fn property(parameter: &Parameter) -> Property {
    let of_property = |target: &Option<String>| target.as_deref() == Some("property");
    Property {
        name: parameter.name.clone(),
        type_name: parameter.type_name.clone(),
        place: parameter.place.clone(),
        attributes: parameter.attributes.iter().filter(|one| of_property(&one.target)).cloned().collect(),
        modifiers: vec!["public".to_owned()],
        is_field: false,
        getter: Some(true),
        setter: Some(true),
        nullable: parameter.nullable,
        initial: parameter.default.clone(),
    }
}

/// Whether the constructor that is called sets all required members.
pub(super) fn sets_required(of: &Declaration) -> bool {
    chosen(of).is_some_and(|constructor| attribute(&constructor.attributes, "SetsRequiredMembers").is_some())
}

/// Whether an instance can be made.
pub(super) fn can_make(of: &Declaration) -> bool {
    !of.is("abstract") && (of.kind == Kind::Struct || chosen(of).is_some())
}

/// The constructor of the attribute, else the public one without parameters, else the only public one.
fn chosen(of: &Declaration) -> Option<Constructor> {
    let mut all: Vec<Constructor> = of.constructors.clone();
    if let Some(parameters) = &of.parameters {
        let of_method = of.attributes.iter().filter(|one| one.target.as_deref() == Some("method"));
        let attributes = of_method.cloned().collect();
        all.push(Constructor { is_public: true, attributes, parameters: parameters.clone() });
    }
    if all.is_empty() {
        all.push(Constructor { is_public: true, attributes: Vec::new(), parameters: Vec::new() });
    }
    let marked = all.iter().find(|one| attribute(&one.attributes, "JsonConstructor").is_some());
    if marked.is_some() {
        return marked.cloned();
    }
    let public: Vec<&Constructor> = all.iter().filter(|one| one.is_public).collect();
    let without = public.iter().find(|one| one.parameters.is_empty());
    match (without, public.as_slice()) {
        (Some(without), _) => Some((*without).clone()),
        (None, [only]) => Some((*only).clone()),
        _ => None,
    }
}

/// Binds members through the constructor's parameters: those of the same name but for case, and of the same type.
pub(super) fn bind(
    project: &Project,
    hierarchy: &[(&Declaration, Names)],
    options: &Options,
    rows: &mut [Row],
) {
    let Some((of, names)) = hierarchy.first() else { return };
    let Some(constructor) = chosen(of).filter(|_| can_make(of)) else { return };
    let is_marked = attribute(&constructor.attributes, "JsonConstructor").is_some();
    if of.kind == Kind::Struct && !is_marked {
        return;
    }
    for parameter in &constructor.parameters {
        let type_name = parameter.type_name.with(names);
        let clr = project.show(&type_name);
        let is_it =
            |row: &&mut Row| row.clr == clr && row.member.to_lowercase() == parameter.name.to_lowercase();
        let Some(row) = rows.iter_mut().find(is_it) else { continue };
        row.read = row.read || row.write;
        row.by_constructor = Some(parameter.name.clone());
        row.has_default = Some(parameter.has_default);
        row.required |= options.respect_required_parameters && !parameter.has_default;
        let is_value = |name: &str| project.is_value(name);
        if !type_name.is_value(&is_value) {
            let is_annotated = matches!(type_name, TypeName::Nullable(_));
            row.null_to_set = is_annotated || !parameter.nullable;
        }
    }
}

/// Whether each parameter is a member: the serialiser refuses the type otherwise, when it reads.
pub(super) fn binds_all(of: &Declaration, rows: &[Row]) -> bool {
    let Some(constructor) = chosen(of) else { return true };
    if of.kind == Kind::Struct && attribute(&constructor.attributes, "JsonConstructor").is_none() {
        return true;
    }
    let bound =
        |parameter: &Parameter| rows.iter().any(|row| row.by_constructor.as_ref() == Some(&parameter.name));
    constructor.parameters.iter().all(bound)
}

//! All declarations of the sources together: parts of one type as one, constants, and which names are value types.

use std::collections::{BTreeSet, HashMap};

use super::{
    collect::{self, Usings},
    commands::{self, Command},
    declaration::{Declaration, Kind},
    expression::Expression,
    settings::{self, Contexts, Setting},
    syntax::Source,
    type_name::TypeName,
};
use crate::source::Place;

/// Steps that a constant may take to its value.
const STEPS_MAX: usize = 16;

/// The sources of a project.
pub(super) struct Project {
    /// The types, in the order of the sources.
    pub(super) declarations: Vec<Declaration>,
    values: BTreeSet<String>,
    /// Places that a source does not decide.
    pub(super) undecided: Vec<(Place, String)>,
    /// Commands that are written as anonymous objects or dictionaries.
    pub(super) commands: Vec<Command>,
    /// Places where options of the serialiser are set.
    pub(super) settings: Vec<Setting>,
    /// Parameters through which a program gets options that are made elsewhere.
    pub(super) injected: Vec<Place>,
    /// Source-generated contexts.
    pub(super) contexts: Contexts,
}

impl Project {
    pub(super) fn of(sources: &[Source]) -> Self {
        let mut global = Usings::default();
        for source in sources {
            global.extend(&Usings::collect(source, true));
        }
        let mut declarations: Vec<Declaration> = Vec::new();
        let mut undecided = Vec::new();
        let (mut commands, mut settings, mut injected) = (Vec::new(), Vec::new(), Vec::new());
        for source in sources {
            commands.extend(commands::collect(source));
            settings.extend(settings::collect(source));
            injected.extend(settings::injected(source));
            let mut usings = Usings::collect(source, false);
            usings.extend(&global);
            for declaration in collect::declarations(source, &usings) {
                add(&mut declarations, declaration);
            }
            let at = |line: &usize| Place { file: source.path.clone(), line: *line };
            undecided.extend(source.undecided.iter().map(|(line, why)| (at(line), why.clone())));
        }
        let values = declarations.iter().filter(|one| matches!(one.kind, Kind::Enum | Kind::Struct));
        let values = values.map(|one| one.name.clone()).collect();
        let contexts = Contexts::of(&declarations, &mut undecided);
        Self { declarations, values, undecided, commands, settings, injected, contexts }
    }

    /// The declaration of a name, with as many type parameters.
    pub(super) fn named(&self, name: &str, arguments: usize) -> Option<&Declaration> {
        self.declarations.iter().find(|one| one.name == name && one.type_parameters.len() == arguments)
    }

    /// Whether a name is an enum or a struct of the sources.
    pub(super) fn is_value(&self, name: &str) -> bool {
        self.values.contains(name)
    }

    /// A type as the runtime names it.
    pub(super) fn show(&self, of: &TypeName) -> String {
        of.show(&|name| self.is_value(name))
    }

    /// The type of a member with its type parameters replaced. `T?` is another type than `T` only where `T` is a struct by
    /// its constraint.
    pub(super) fn substituted(&self, owner: &Declaration, of: &TypeName, names: &Names) -> TypeName {
        match (of, of.with(names)) {
            (TypeName::Nullable(open), TypeName::Nullable(closed))
                if owner.type_parameters.iter().any(|name| name == open.head())
                    && !owner.structs.iter().any(|name| name == open.head())
                    && closed.is_value(&|name| self.is_value(name)) =>
            {
                *closed
            }
            (_, closed) => closed,
        }
    }

    /// The string of a constant expression within a type.
    pub(super) fn text(&self, expression: &Expression, owner: &Declaration) -> Option<String> {
        self.text_within(expression, owner, STEPS_MAX)
    }

    fn text_within(&self, expression: &Expression, owner: &Declaration, steps: usize) -> Option<String> {
        let steps = steps.checked_sub(1)?;
        match expression {
            Expression::Text(text) => Some(text.clone()),
            Expression::Both(left, right) => Some(format!(
                "{}{}",
                self.text_within(left, owner, steps)?,
                self.text_within(right, owner, steps)?
            )),
            Expression::Path(path) => {
                let (name, before) = path.split_last()?;
                let holder = match before.last() {
                    Some(holder) => self.declarations.iter().find(|one| one.name == *holder)?,
                    None => owner,
                };
                let constant = holder.constants.iter().find(|(other, _)| other == name);
                match constant {
                    Some((_, value)) => self.text_within(value, holder, steps),
                    None => {
                        let base = holder.bases.first()?;
                        let base = self.declarations.iter().find(|one| one.name == base.head())?;
                        self.text_within(expression, base, steps).filter(|_| before.is_empty())
                    }
                }
            }
            _ => None,
        }
    }

    /// A type and its bases, from the type itself on, each with its type parameters replaced; and a base that is not in the
    /// sources.
    pub(super) fn hierarchy<'p>(
        &'p self,
        of: &'p Declaration,
    ) -> (Vec<(&'p Declaration, Names)>, Option<String>) {
        let mut found = vec![(of, Names::new())];
        loop {
            let Some((last, names)) = found.last() else { return (found, None) };
            let bases = last.bases.iter().map(|base| base.with(names));
            let mut unknown = None;
            let mut next = None;
            for base in bases {
                let TypeName::Named(name, arguments) = &base else { continue };
                match self.named(name, arguments.len()) {
                    Some(declaration) if declaration.kind == Kind::Class => {
                        let parameters = declaration.type_parameters.iter().cloned();
                        next = Some((declaration, parameters.zip(arguments.iter().cloned()).collect()));
                        break;
                    }
                    Some(_) => {}
                    None if is_interface(name) || name == "object" => {}
                    None => unknown = Some(self.show(&base)),
                }
            }
            match next {
                Some(next) if found.len() < 64 => found.push(next),
                _ => return (found, unknown),
            }
        }
    }
}

/// Type parameters with the types that stand for them.
pub(super) type Names = HashMap<String, TypeName>;

/// `IName`, by the convention that all of the base library follows.
fn is_interface(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next() == Some('I') && chars.next().is_some_and(char::is_uppercase)
}

/// Adds a declaration, or its members to an earlier part of the same type.
fn add(declarations: &mut Vec<Declaration>, new: Declaration) {
    let earlier = declarations.iter_mut().find(|one| {
        one.name == new.name
            && one.type_parameters.len() == new.type_parameters.len()
            && one.is("partial")
            && new.is("partial")
    });
    match earlier {
        None => declarations.push(new),
        Some(earlier) => {
            earlier.modifiers.extend(new.modifiers);
            earlier.bases.extend(new.bases);
            earlier.attributes.extend(new.attributes);
            earlier.members.extend(new.members);
            earlier.constructors.extend(new.constructors);
            earlier.constants.extend(new.constants);
            earlier.parameters = earlier.parameters.take().or(new.parameters);
        }
    }
}

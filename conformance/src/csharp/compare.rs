//! One type against one definition: missing, misspelt and unknown names, other types, limits and units, values that stand in for
//! absent ones.

use contracts::{
    dictionary::{Name, ObjectSpec, Property, Shape},
    naming::ordinal_ignore_case,
};
use std::collections::BTreeSet;

use super::{
    TypeRows, fit,
    form::Form,
    judge::{Object, Roles, folded},
    members::Row,
    unit,
};
use crate::{
    class::Class,
    source::{Finding, Judged, Place, Undecided, distance},
};

/// Letters that may differ in a misspelt name.
const LETTERS_MAX: usize = 2;

/// How a dialect spells a property.
type Spelling = fn(&Property) -> &str;

const DIALECTS: [(&str, Spelling); 3] =
    [("snake", |one| &one.snake), ("pascal", |one| &one.csharp), ("camel", |one| &one.camel)];

/// Compares a type with a definition.
pub(super) fn compare(roles: &Roles<'_>, of: &TypeRows, definition: &str, judged: &mut Judged) {
    let is_received = roles.is_received(definition);
    let head = roles.find("EnvelopeHead").filter(|_| roles.is_command(definition)).map(|head| head.spec);
    let dialects = if roles.is_snake(definition) { &DIALECTS[..1] } else { &DIALECTS };
    let mut comparison = Comparison { roles, of, is_received, head, dialects, judged };
    comparison.compare(roles.object(definition));
}

struct Comparison<'c> {
    roles: &'c Roles<'c>,
    of: &'c TypeRows,
    /// Whether C# reads it; else C# writes it.
    is_received: bool,
    /// The members of the envelope that may stand beside those of a command.
    head: Option<&'c ObjectSpec>,
    /// The dialects that its names are in.
    dialects: &'static [(&'static str, Spelling)],
    judged: &'c mut Judged,
}

impl Comparison<'_> {
    fn compare(&mut self, definition: &Object<'_>) {
        let object = definition.spec;
        let said = self.of.undecided.iter().chain(&self.of.converted).cloned();
        self.judged.undecided.extend(said.map(|(place, why)| Undecided { place, why }));
        let members = match &self.of.members {
            Ok(members) => members.as_slice(),
            Err(why) => {
                let why = format!("it cannot be serialised: {why}");
                return self.broken(&self.of.place, Class::Env, None, why);
            }
        };
        if self.of.kind != "Object" {
            return;
        }
        let mut found = BTreeSet::new();
        let mut known = Vec::new();
        for row in members.iter().filter(|row| !row.extension && (row.read || row.write)) {
            match self.property(row, definition) {
                Some((property, is_older)) => {
                    if self.is_used(row) {
                        found.insert(property.snake.as_str());
                    }
                    known.push((row, property, is_older));
                }
                None if self.is_used(row) => self.unknown(row, object, &mut found),
                None => {}
            }
        }
        found.extend(self.of.tags.iter().filter_map(|tag| Some(object.property(&tag.name)?.snake.as_str())));
        self.names(&known);
        for (row, property, _) in known {
            self.member(row, property);
        }
        self.missing(object, &found);
        self.whole(members);
    }

    /// Whether its side of the contract uses a member: a value of JSON reaches it, or it is written.
    fn is_used(&self, row: &Row) -> bool {
        if self.is_received { row.read } else { row.write }
    }

    /// The property that a member is, and whether it is so by an older name, which a command may have.
    fn property<'o>(&self, row: &Row, definition: &Object<'o>) -> Option<(&'o Property, bool)> {
        match definition.spec.names.get(&row.json) {
            Some(Name::Property { index, spelling }) if !self.is_received => {
                let is_older = !(spelling.snake || spelling.pascal || spelling.camel);
                Some((&definition.spec.properties[*index], is_older))
            }
            _ => definition.index.get(&folded(&row.json)).map(|property| (*property, false)),
        }
    }

    /// Compares the type as a whole: a reader that always throws, a writer of names that are chosen elsewhere.
    fn whole(&mut self, members: &[Row]) {
        let throws = self.of.bind_empty_fault.as_deref();
        let is_unreadable = matches!(throws, Some("InvalidOperationException" | "NotSupportedException"));
        if self.is_received && is_unreadable && !self.of.is_abstract {
            let why = "no reply is read into it: its constructor has a parameter that is no member, a required member cannot be \
                       set, or no constructor is the one to use";
            self.broken(&self.of.place, Class::Type, None, why.to_owned());
        }
        for row in members.iter().filter(|row| row.extension && !self.is_received) {
            let why = format!("{}.{} writes names that no source tells", self.of.name, row.member);
            self.judged.undecided.push(Undecided { place: row.place.clone(), why });
        }
    }

    /// A reader may take from a reply what it needs and no more, unless it refuses what it does not know.
    fn missing(&mut self, object: &ObjectSpec, found: &BTreeSet<&str>) {
        let catches = self.of.members.iter().flatten().any(|row| row.extension);
        let refuses = self.of.refuses_unknown() && !catches;
        for property in object.properties.iter().filter(|one| !found.contains(one.snake.as_str())) {
            let why = match (self.is_received, property.required, refuses) {
                (true, _, true) => {
                    format!(
                        "it refuses names that it does not know, and a reply may have `{}`",
                        property.snake
                    )
                }
                (false, true, _) => {
                    format!("no member writes `{}`, which the contract requires", property.snake)
                }
                _ => continue,
            };
            self.broken(&self.of.place, Class::Names, None, why);
        }
    }

    /// A reply is in one dialect: of members that are read in several, those of the fewer stay empty.
    fn names(&mut self, known: &[(&Row, &Property, bool)]) {
        let case = self.is_received && self.of.serialiser.case_insensitive;
        let reaches =
            |row: &Row, spelt: &str| spelt == row.json || (case && ordinal_ignore_case(spelt, &row.json));
        let dialects = self.dialects;
        let in_it = |spelling: Spelling| {
            known.iter().filter(|(row, property, _)| reaches(row, spelling(property))).count()
        };
        let best = dialects.iter().max_by_key(|(_, spelling)| in_it(*spelling));
        for (row, property, _) in known.iter().filter(|(.., is_older)| !is_older) {
            let fits_any = dialects.iter().any(|(_, spelling)| reaches(row, spelling(property)));
            let why = match best {
                _ if !fits_any => format!(
                    "the JSON name is {:?}, and the contract has {}, {} or {}",
                    row.json, property.snake, property.csharp, property.camel
                ),
                Some((dialect, spelling)) if self.is_received && !reaches(row, spelling(property)) => {
                    format!(
                        "the type reads the dialect {dialect}, in which the contract has {}, and not {:?}",
                        spelling(property),
                        row.json
                    )
                }
                _ => continue,
            };
            self.broken(&row.place, Class::Case, Some(row), why);
        }
    }

    fn member(&mut self, row: &Row, property: &Property) {
        if !self.is_used(row) {
            // A member of a reply's type without a setter keeps its initial value, whatever the reply says.
            if self.is_received {
                let why =
                    format!("no value of `{}` reaches it: it has no setter that is used", property.snake);
                self.broken(&row.place, Class::Default, Some(row), why);
            }
            return;
        }
        if let Some(name) = row.form.unknown() {
            let why = format!("{}.{} is written by {name}, which no source tells", self.of.name, row.member);
            return self.judged.undecided.push(Undecided { place: row.place.clone(), why });
        }
        if let Some((class, why)) = fit::unlike(self.roles, &row.form, &property.shape, self.is_received) {
            self.broken(&row.place, class, Some(row), why);
        }
        if self.is_received {
            self.read_absent(row, property);
        } else {
            if let Some(why) = row.limits.unlike(self.roles.dictionary, &property.shape) {
                self.broken(&row.place, Class::Limit, Some(row), why);
            }
            self.written_always(row, property);
            self.never_written(row, property);
        }
    }

    /// What a reader makes of an absent or a null member.
    fn read_absent(&mut self, row: &Row, property: &Property) {
        let is_nullable = matches!(property.shape, Shape::Nullable(_));
        if row.required && !property.required {
            let why = format!("a reply without `{}` is refused, and the contract allows it", property.snake);
            self.broken(&row.place, Class::Names, Some(row), why);
        } else if !property.required && (row.never_null || row.initial.as_deref().is_some_and(says)) {
            let initial = row.initial.as_deref().unwrap_or(zero(&row.form));
            let why = format!("an absent `{}` is read as {initial}", property.snake);
            self.broken(&row.place, Class::Default, Some(row), why);
        }
        let refuses_null = row.never_null || (self.of.serialiser.respect_nullable && !row.null_to_set);
        if is_nullable && refuses_null {
            let why = format!("a reply whose `{}` is null is refused", property.snake);
            self.broken(&row.place, Class::Default, Some(row), why);
        }
    }

    /// A value that is written although nobody set it.
    fn written_always(&mut self, row: &Row, property: &Property) {
        let text = row.initial.as_deref().map(str::trim);
        let by_caller = row.required || (row.by_constructor.is_some() && row.has_default == Some(false));
        let is_left_out =
            row.conditional_write && text.is_none_or(|text| text == zero(&row.form) || is_absent(text));
        if property.required || by_caller || is_left_out {
            return;
        }
        let initial = match (text, &row.form) {
            (Some(text), _) if is_absent(text) => return,
            (Some(text), _) => text.to_owned(),
            (None, _) if !row.never_null => return,
            (None, Form::Enum { values, .. }) => {
                values.first().map_or_else(|| "0".to_owned(), |first| format!("\"{first}\""))
            }
            (None, form) => zero(form).to_owned(),
        };
        let dictionary = self.roles.dictionary;
        let default = dictionary.default_of(&property.shape).or_else(|| property.default.clone());
        // `Priority.Normal` is a name of an enum.
        let last = initial.rsplit('.').next().unwrap_or(&initial);
        if default
            .as_ref()
            .is_some_and(|default| fit::is_same(default, &initial) || fit::is_same(default, last))
        {
            return;
        }
        if let (Shape::Enum(spec), true) = (dictionary.resolve(&property.shape), initial.starts_with('"')) {
            let value = initial.trim_matches('"');
            if !spec.spellings.contains_key(&value.to_lowercase()) {
                let why = format!(
                    "it is always written, and the contract has no value {value:?} of {}",
                    property.snake
                );
                return self.broken(&row.place, Class::Enum, Some(row), why);
            }
        }
        if !is_literal(&initial) {
            let why =
                format!("{}.{} begins with {initial}, whose value no source tells", self.of.name, row.member);
            return self.judged.undecided.push(Undecided { place: row.place.clone(), why });
        }
        let default = default.map_or_else(
            || "has no default".to_owned(),
            |default| format!("means {default} where it is absent"),
        );
        let why = format!("{initial} is always written, and the contract {default}");
        self.broken(&row.place, Class::Default, Some(row), why);
    }

    /// A value that is left out, although the contract's default is another.
    fn never_written(&mut self, row: &Row, property: &Property) {
        let dictionary = self.roles.dictionary;
        let default = dictionary.default_of(&property.shape).or_else(|| property.default.clone());
        let zero = zero(&row.form);
        let is_value = match dictionary.resolve(&property.shape) {
            Shape::Integer(limits) => limits.check(0).is_ok(),
            Shape::Number(limits) => limits.check(0.0).is_ok(),
            Shape::Boolean => true,
            _ => false,
        };
        if let Some(default) = default.filter(|default| !fit::is_same(default, zero))
            && row.skips_default
            && row.never_null
            && is_value
        {
            let why = format!("{zero} is never written, and the contract then means {default}");
            self.broken(&row.place, Class::Default, Some(row), why);
        }
    }

    fn unknown<'o>(&mut self, row: &Row, object: &'o ObjectSpec, found: &mut BTreeSet<&'o str>) {
        // Older names and flags that a command may have, values that belong elsewhere, and the envelope's.
        let is_read = |spec: &ObjectSpec| spec.names.contains_key(&row.json);
        if !self.is_received && (is_read(object) || self.head.is_some_and(is_read)) {
            return;
        }
        let is_free = |property: &&Property| !found.contains(property.snake.as_str());
        let other_unit =
            object.properties.iter().filter(is_free).find(|one| unit::differs(&row.json, &one.snake));
        let name = folded(&row.json);
        let near = object.properties.iter().filter(is_free).find(|property| {
            distance(&folded(&property.snake), &name) <= LETTERS_MAX && name.len() > LETTERS_MAX * 2
        });
        let is_of_envelope =
            self.is_received && self.roles.find("Reply").is_some_and(|reply| reply.index.contains_key(&name));
        let (class, why) = match (other_unit, near) {
            (Some(property), _) => {
                found.insert(property.snake.as_str());
                (Class::Unit, format!("its name says another unit than the contract's `{}`", property.snake))
            }
            (None, Some(property)) => {
                found.insert(property.snake.as_str());
                (Class::Names, format!("the contract has no {:?}; it has {}", row.json, property.snake))
            }
            (None, None) if is_of_envelope => {
                let why =
                    format!("{:?} is a member of the envelope, whose `data` holds the others", row.json);
                (Class::Env, why)
            }
            (None, None) if self.is_received && row.required => {
                (Class::Names, format!("no reply has {:?}, which it requires: each is refused", row.json))
            }
            (None, None) if self.is_received => (
                Class::Names,
                format!("no reply or event has {:?}: the member keeps its initial value", row.json),
            ),
            (None, None) => {
                (Class::Names, format!("the contract has no {:?}: a command with it is refused", row.json))
            }
        };
        self.broken(&row.place, class, Some(row), why);
    }

    fn broken(&mut self, place: &Place, class: Class, row: Option<&Row>, why: String) {
        let subject = match row {
            Some(row) => format!("{}.{}", self.of.name, row.member),
            None => self.of.name.clone(),
        };
        self.judged.findings.push(Finding { place: place.clone(), class, subject, why });
    }
}

/// The value of a value type that nobody sets.
fn zero(form: &Form) -> &'static str {
    if *form == Form::Boolean { "false" } else { "0" }
}

/// Whether an initial value says something that nobody wrote.
fn says(initial: &str) -> bool {
    is_literal(initial.trim()) && !is_absent(initial.trim())
}

/// Whether an initial value means absent: null, or empty. The members of a new object are judged with its own type.
fn is_absent(text: &str) -> bool {
    let is_new = text.starts_with("new") && text.ends_with("()");
    is_new
        || text.starts_with('{')
        || matches!(
            text.trim_end_matches('!'),
            "null" | "default" | "\"\"" | "[]" | "string.Empty" | "String.Empty" | "new() { }" | "new() {}"
        )
        || (text.starts_with("Array.Empty<") && text.ends_with("()"))
}

/// Whether an initial value is a number, a boolean or a string.
fn is_literal(text: &str) -> bool {
    let is_text = text.starts_with('"') && text.ends_with('"');
    let is_number = text.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit());
    is_text || is_number || matches!(text, "true" | "false")
}

//! Goals: what payloads must hit, computed from the schemas, so that a new field, bound or rule is a goal by itself.

use contracts::{
    BUNDLE,
    dictionary::{Dictionary, ObjectSpec, Property, Shape, dictionary},
};
use serde_json::Value;
use std::{collections::BTreeSet, fmt, sync::LazyLock};

/// How often each goal must be hit.
pub(super) const HITS: usize = 5;

/// Texts longer than this, and lists and maps with more entries than [`MANY`], are not generated: they cost more than they show.
pub(super) const LONG: u64 = 100_000;

/// See [`LONG`].
const MANY: u64 = 5_000;

/// Goals that no payload can hit, each with the reason; one that is hit is reported.
const OUT_OF_REACH: [(&str, &str); 1] = [(
    "PromptSubmission/scheduler/timestep_spacing: without effect",
    "a value other than the default breaks the rule spacing-support where it has no effect, and the default is not warned of",
)];

/// One goal.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Goal {
    /// The definition.
    pub(super) definition: String,
    /// Its member; empty for the object itself and for rules.
    pub(super) member: String,
    /// The place below the member: empty, or `/0` for an item, `/key` for an entry.
    pub(super) below: &'static str,
    /// The kind of value to write at the place.
    pub(super) kind: Kind,
}

/// A kind of value that payloads must have at a place.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A sound value.
    Present,
    /// No value, where none is needed.
    Absent,
    /// No value, where one is needed.
    Missing,
    /// null.
    Null,
    /// The empty string.
    Empty,
    /// A value of another JSON type.
    OtherType,
    /// The least value, length or count.
    Least,
    /// The greatest.
    Most,
    /// Less than the least.
    TooLittle,
    /// More than the greatest.
    TooMuch,
    /// No multiple.
    NoMultiple,
    /// An integer with a fraction, an exponent or the sign of a zero.
    OtherForm,
    /// A text that its pattern refuses.
    OffPattern,
    /// White space alone.
    Blank,
    /// A text in another form that is read.
    Alias,
    /// A name that the enum does not have.
    UnknownValue,
    /// A value in other case.
    OtherCase,
    /// An accepted spelling.
    Spelling,
    /// An item twice.
    Twice,
    /// A member that nothing knows.
    UnknownMember,
    /// A rule over several fields that is broken.
    Rule(String),
    /// A value that takes no effect.
    Idle,
}

impl Goal {
    /// Whether no payload can hit it.
    pub(super) fn is_out_of_reach(&self) -> bool {
        let name = self.to_string();
        OUT_OF_REACH.iter().any(|(goal, _)| *goal == name)
    }
}

/// The goals that no payload can hit, with the reasons.
pub(super) fn out_of_reach() -> &'static [(&'static str, &'static str)] {
    &OUT_OF_REACH
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { definition, member, below, kind } = self;
        match kind {
            Kind::Rule(id) => write!(f, "{definition}: rule {id}"),
            kind => write!(f, "{definition}/{}{below}: {}", member.trim_start_matches('/'), kind.name()),
        }
    }
}

impl Kind {
    /// It, for people.
    fn name(&self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Absent => "absent",
            Self::Missing => "missing",
            Self::Null => "null",
            Self::Empty => "empty",
            Self::OtherType => "another type",
            Self::Least => "the least",
            Self::Most => "the most",
            Self::TooLittle => "too little",
            Self::TooMuch => "too much",
            Self::NoMultiple => "no multiple",
            Self::OtherForm => "an integer in another form",
            Self::OffPattern => "off its pattern",
            Self::Blank => "blank",
            Self::Alias => "another form that is read",
            Self::UnknownValue => "an unknown value",
            Self::OtherCase => "in other case",
            Self::Spelling => "an accepted spelling",
            Self::Twice => "an item twice",
            Self::UnknownMember => "an unknown member",
            Self::Rule(_) => "a broken rule",
            Self::Idle => "without effect",
        }
    }

    /// Whether a document with it is to be accepted, of a sender or in canonical form.
    pub(super) fn is_sound(&self, required: Required, is_sender: bool) -> bool {
        match self {
            Self::Present | Self::Absent | Self::Least | Self::Most | Self::Idle => true,
            // In an integer's limits these are edges that belong to them.
            Self::Null => match required {
                Required::Nullable | Required::Any => true,
                Required::Optional => is_sender,
                Required::Yes => false,
            },
            Self::Empty => is_sender && required == Required::Optional,
            Self::Alias | Self::OtherCase | Self::Spelling => is_sender,
            _ => false,
        }
    }

    /// Whether JSON Schema has no word for it, so that a validator accepts it.
    pub(super) fn is_beyond_schema(&self) -> bool {
        matches!(self, Self::OtherForm | Self::Blank)
    }
}

/// Whether a member must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Required {
    /// It must.
    Yes,
    /// It may be left out.
    Optional,
    /// It must, and null is one of its values.
    Nullable,
    /// It is any JSON, null too.
    Any,
}

impl Required {
    /// Of a property.
    pub(super) fn of(property: &Property) -> Self {
        match dictionary().resolve(&property.shape) {
            Shape::Any => Self::Any,
            Shape::Nullable(_) | Shape::Null => Self::Nullable,
            _ if property.required => Self::Yes,
            _ => Self::Optional,
        }
    }
}

/// Every goal.
pub(super) fn all() -> Vec<Goal> {
    let senders = sender_definitions();
    let mut goals = Vec::new();
    let mut defs: Vec<_> = dictionary().defs().collect();
    defs.sort_by(|a, b| a.name.cmp(&b.name));
    for def in defs {
        let Shape::Object(spec) = &def.shape else { continue };
        let is_sender = senders.contains(&def.name);
        goals.push(goal(&def.name, "", "", Kind::UnknownMember));
        for property in &spec.properties {
            of_property(&def.name, property, is_sender, &mut goals);
        }
        if !def.rules.is_empty() {
            idle(&def.name, spec, "", dictionary(), &mut goals);
        }
        goals.extend(def.rules.iter().map(|rule| goal(&def.name, "", "", Kind::Rule(rule.id.clone()))));
    }
    goals
}

fn goal(definition: &str, member: &str, below: &'static str, kind: Kind) -> Goal {
    Goal { definition: definition.to_owned(), member: member.to_owned(), below, kind }
}

fn of_property(definition: &str, property: &Property, is_sender: bool, goals: &mut Vec<Goal>) {
    let mut add = |below, kind| goals.push(goal(definition, &property.snake, below, kind));
    let required = Required::of(property);
    add("", Kind::Present);
    add("", if property.required { Kind::Missing } else { Kind::Absent });
    let mut shape = dictionary().resolve(&property.shape);
    if let Shape::Nullable(inner) = shape {
        shape = dictionary().resolve(inner);
    }
    // null in the place of the one value null is that value.
    if required != Required::Any && !matches!(shape, Shape::Null) {
        add("", Kind::Null);
    }
    if matches!(shape, Shape::Text(_) | Shape::Enum(_)) {
        add("", Kind::Empty);
    }
    of_shape(shape, "", is_sender, &mut add);
    match shape {
        Shape::List(list) => {
            let item = dictionary().resolve(&list.item);
            if !matches!(item, Shape::Any) {
                add("/0", Kind::Null);
            }
            of_shape(item, "/0", is_sender, &mut add);
        }
        Shape::Map(map) => of_shape(dictionary().resolve(&map.value), "/key", is_sender, &mut add),
        _ => {}
    }
}

/// The goals of a value's own limits.
fn of_shape(shape: &Shape, below: &'static str, is_sender: bool, add: &mut dyn FnMut(&'static str, Kind)) {
    let mut all = |kinds: &[Kind]| kinds.iter().for_each(|kind| add(below, kind.clone()));
    if !matches!(shape, Shape::Any) {
        all(&[Kind::OtherType]);
    }
    match shape {
        Shape::Integer(limits) => {
            all(&[Kind::Least, Kind::Most, Kind::TooLittle, Kind::TooMuch, Kind::OtherForm]);
            if limits.multiple_of > 1 {
                all(&[Kind::NoMultiple]);
            }
        }
        Shape::Number(_) => all(&[Kind::Least, Kind::Most, Kind::TooLittle, Kind::TooMuch]),
        Shape::Text(spec) => {
            if spec.limits.form.pattern().is_some() {
                all(&[Kind::OffPattern]);
            }
            if spec.limits.maximum <= LONG {
                all(&[Kind::TooMuch]);
                if spec.limits.form.pattern().is_none() {
                    all(&[Kind::Most]);
                }
            }
            if spec.limits.not_blank {
                all(&[Kind::Blank]);
            }
            if !spec.aliases.is_empty() && is_sender {
                all(&[Kind::Alias]);
            }
        }
        Shape::Enum(spec) => {
            all(&[Kind::UnknownValue, Kind::OtherCase]);
            if spec.spellings.values().any(|(_, accepted)| *accepted) {
                all(&[Kind::Spelling]);
            }
        }
        Shape::List(list) => {
            if list.limits.minimum > 0 {
                all(&[Kind::TooLittle, Kind::Least]);
            }
            if list.limits.maximum <= MANY {
                all(&[Kind::TooMuch]);
            }
            if list.limits.unique {
                all(&[Kind::Twice]);
            }
        }
        Shape::Map(map) if map.limits.maximum <= MANY => all(&[Kind::TooMuch]),
        _ => {}
    }
}

/// How many bounds are too large to be generated.
pub(super) fn bounds_left_out() -> usize {
    let defs = dictionary().defs().filter_map(|def| match &def.shape {
        Shape::Object(spec) => Some(spec),
        _ => None,
    });
    let properties = defs.flat_map(|spec| &spec.properties);
    properties.filter(|property| is_left_out(dictionary().resolve(&property.shape))).count()
}

fn is_left_out(shape: &Shape) -> bool {
    match shape {
        Shape::Text(spec) => spec.limits.maximum > LONG && spec.limits.maximum != u64::MAX,
        Shape::List(list) => list.limits.maximum > MANY,
        Shape::Map(map) => map.limits.maximum > MANY,
        _ => false,
    }
}

/// Values whose effect hangs on a condition.
fn idle(definition: &str, spec: &ObjectSpec, at: &str, dictionary: &Dictionary, goals: &mut Vec<Goal>) {
    for property in &spec.properties {
        let member = format!("{at}/{}", property.snake);
        if property.takes_effect_when.is_some() {
            goals.push(goal(definition, &member, "", Kind::Idle));
        }
        if let Shape::Object(inner) = dictionary.resolve(&property.shape) {
            idle(definition, inner, &member, dictionary, goals);
        }
    }
}

/// The definitions that clients write: the requests of the registry and all that they hold.
pub(super) fn sender_definitions() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for action in contracts::Action::ALL {
        collect(action.info().request, &mut found);
    }
    found
}

fn collect(name: &str, found: &mut BTreeSet<String>) {
    let def = dictionary().named(name);
    if let Shape::Object(spec) = &def.shape
        && found.insert(name.to_owned())
    {
        spec.properties.iter().for_each(|property| inner(&property.shape, found));
    }
}

fn inner(shape: &Shape, found: &mut BTreeSet<String>) {
    match shape {
        Shape::Ref(id) => {
            let def = dictionary().def(*id);
            collect(&def.name, found);
            inner(&def.shape, found);
        }
        Shape::Nullable(of) => inner(of, found),
        Shape::List(list) => inner(&list.item, found),
        Shape::Map(map) => inner(&map.value, found),
        _ => {}
    }
}

/// The row of `rules.json` of an id.
pub(super) fn rule(id: &str) -> &'static Value {
    static ROWS: LazyLock<Value> = LazyLock::new(|| {
        let mut bundle: Value = serde_json::from_str(BUNDLE).expect("the bundle is generated and tested");
        bundle["rules"].take()
    });
    let mut rows = ROWS.as_array().into_iter().flatten();
    rows.find(|rule| rule["id"] == id).expect("a goal is of a rule")
}

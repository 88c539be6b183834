//! The payloads: for each goal as many as it needs, each of which does what its goal says.

use contracts::{
    Dialect,
    dictionary::{Condition, ObjectSpec, Shape, dictionary},
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

use super::{
    Choice,
    answer::{Answer, plain},
    document::{Documents, Step},
    edit,
    goal::{self, Goal, HITS, Kind, Required},
    party::rust_answer,
    payload::Payload,
};
use crate::generate::Generator;

/// Attempts at one payload: a random document may break a rule by itself.
const ATTEMPTS: usize = 200;

/// Attempts at a document that breaks a given rule.
const ATTEMPTS_AT_RULE: usize = 1_500;

/// Of the optional members of a document one in so many is there, by the attempt: some rules need much, others little.
const RARE: [u64; 5] = [2, 3, 6, 12, 1];

/// Where a definition stands in others: the owner, and the steps down from it.
type Parents = BTreeMap<String, Vec<(String, Vec<Step>)>>;

/// The payloads, and how often they hit each goal.
pub(super) struct Plan {
    pub(super) payloads: Vec<Payload>,
    pub(super) hits: BTreeMap<Goal, usize>,
}

/// Makes the payloads that are chosen. Each has dice of its own, so that a part of them costs no more than that part.
pub(super) fn make(choice: &Choice) -> Plan {
    // Every sound document has members and lacks others, so these goals are mostly hit by the payloads of the others.
    let (late, early): (Vec<Goal>, Vec<Goal>) =
        goal::all().into_iter().partition(|goal| matches!(goal.kind, Kind::Present | Kind::Absent));
    let planner = Planner { seed: choice.seed, parents: parents(), senders: goal::sender_definitions() };
    let mut documents = Documents::default();
    let count = early.len() * HITS;
    let numbers: Vec<usize> = match (choice.payload, choice.sample) {
        (Some(number), _) if number < count => vec![number],
        (None, Some(sample)) => {
            (0..sample.min(count)).map(|index| index * count / sample.min(count)).collect()
        }
        _ => (0..count).collect(),
    };
    let is_part = numbers.len() < count;
    let mut plan =
        Plan { payloads: Vec::new(), hits: goal::all().into_iter().map(|goal| (goal, 0)).collect() };
    for number in numbers {
        plan.add(planner.numbered(&mut documents, &early[number / HITS], number));
    }
    for (index, goal) in late.iter().enumerate().filter(|_| !is_part) {
        for turn in 0..HITS.saturating_sub(plan.hits[goal]) {
            plan.add(planner.numbered(&mut documents, goal, count + index * HITS + turn));
        }
    }
    // The number of one of the late payloads: which of them there are hangs on all the others.
    if let Some(number) = choice.payload.filter(|_| !is_part) {
        plan.payloads.retain(|payload| payload.number == number);
    }
    plan
}

impl Plan {
    /// Adds a payload, and counts what it hits.
    fn add(&mut self, payload: Payload) {
        if let Some(value) = &payload.rust.value {
            self.observe(&payload.definition, value);
        }
        let is_counted =
            payload.rust.value.is_some() && matches!(payload.goal.kind, Kind::Present | Kind::Absent);
        if !is_counted && hits(&payload) {
            *self.hits.entry(payload.goal.clone()).or_default() += 1;
        }
        self.payloads.push(payload);
    }

    /// Counts the members that an accepted document has and lacks.
    fn observe(&mut self, definition: &str, value: &Value) {
        let (Shape::Object(spec), Value::Object(members)) = (&dictionary().named(definition).shape, value)
        else {
            return;
        };
        for property in &spec.properties {
            let kind = if members.contains_key(&property.snake) { Kind::Present } else { Kind::Absent };
            let goal =
                Goal { definition: definition.to_owned(), member: property.snake.clone(), below: "", kind };
            *self.hits.entry(goal).or_default() += 1;
            if let Some(member) = members.get(&property.snake) {
                self.observe_shape(&property.shape, member);
            }
        }
    }

    fn observe_shape(&mut self, shape: &'static Shape, value: &Value) {
        match (shape, value) {
            (Shape::Ref(id), value) => {
                let def = dictionary().def(*id);
                if matches!(def.shape, Shape::Object(_)) {
                    self.observe(&def.name, value);
                } else {
                    self.observe_shape(&def.shape, value);
                }
            }
            (Shape::Nullable(inner), value) => self.observe_shape(inner, value),
            (Shape::List(list), Value::Array(items)) => {
                items.iter().for_each(|item| self.observe_shape(&list.item, item));
            }
            (Shape::Map(map), Value::Object(entries)) => {
                entries.values().for_each(|entry| self.observe_shape(&map.value, entry));
            }
            _ => {}
        }
    }
}

/// Whether a payload does what its goal says, by the reading of Rust. The other parties say whether that reading is right.
pub(super) fn hits(payload: &Payload) -> bool {
    let answer = &payload.rust;
    let found = answer.found.iter().flatten();
    let (goal, at) = (&payload.goal, plain(&payload.pointer));
    match &goal.kind {
        Kind::Rule(id) => {
            let rule = goal::rule(id);
            let mut found = found;
            if matches!(rule["kind"].as_str(), Some("no_effect" | "weight_zero")) {
                let code = rule["code"].as_str();
                return answer
                    .warnings
                    .iter()
                    .flatten()
                    .any(|(warned, at)| Some(warned.as_str()) == code && is_at(rule, at));
            }
            found.any(|found| found.rule.as_ref() == Some(id))
        }
        Kind::Idle => {
            answer.warnings.iter().flatten().any(|(code, place)| code == "no_effect" && *place == at)
        }
        // An empty text means absent, or is a text, or too short a one: here only the agreement counts.
        Kind::Empty => true,
        _ if is_sound(payload) => !answer.refuses,
        _ => found.into_iter().any(|found| found.at.starts_with(&at)),
    }
}

/// Whether a warning stands at the last field of a rule.
fn is_at(rule: &Value, at: &str) -> bool {
    let last = rule["fields"].as_array().and_then(|fields| fields.last()).and_then(Value::as_str);
    last.is_some_and(|last| at.ends_with(&plain(last.rsplit('/').next().unwrap_or(last))))
}

/// Whether the contract accepts what the goal puts at its place.
fn is_sound(payload: &Payload) -> bool {
    let goal = &payload.goal;
    let Some(property) = dictionary().object(&goal.definition).property(&goal.member) else { return false };
    let below = if goal.below.is_empty() { Required::of(property) } else { Required::Yes };
    goal.kind.is_sound(below, payload.is_sender)
}

/// A seed for each number (the finaliser of splitmix64): seeds that differ by one would give dice that begin alike.
fn mixed(seed: u64, number: u64) -> u64 {
    let mut mixed = seed.wrapping_add(number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

struct Planner {
    seed: u64,
    parents: Parents,
    senders: BTreeSet<String>,
}

impl Planner {
    /// The payload of a number.
    fn numbered(&self, documents: &mut Documents, goal: &Goal, number: usize) -> Payload {
        documents.dice = Generator::new(mixed(self.seed, number as u64));
        Payload { number, ..self.fitting(documents, goal, number / HITS, number % HITS) }
    }

    /// A payload that does what its goal says, or the last attempt at one.
    fn fitting(&self, documents: &mut Documents, goal: &Goal, index: usize, turn: usize) -> Payload {
        let is_rare = matches!(goal.kind, Kind::Rule(_) | Kind::Idle);
        let attempts = if is_rare { ATTEMPTS_AT_RULE } else { ATTEMPTS };
        // What holds it may have a rule that no such value keeps: the last half of the attempts stands alone.
        let path_of = |attempt| if attempt < attempts / 2 { turn } else { 0 };
        let mut payload = self.payload(documents, goal, (index, turn), 0, turn);
        for attempt in 1..attempts {
            if hits(&payload) {
                break;
            }
            payload = self.payload(documents, goal, (index, turn), attempt, path_of(attempt));
        }
        payload
    }

    fn payload(
        &self,
        documents: &mut Documents,
        goal: &Goal,
        (index, turn): (usize, usize),
        attempt: usize,
        place: usize,
    ) -> Payload {
        let is_sender = self.senders.contains(&goal.definition);
        // Most stand alone; the others inside what holds them, one or two steps up.
        let (root, path) = match place {
            0..3 => (goal.definition.clone(), Vec::new()),
            _ => self.inside(documents, &goal.definition, place - 2, is_sender),
        };
        let is_rare = matches!(goal.kind, Kind::Rule(_) | Kind::Idle);
        let rare = if is_rare { 2 } else { RARE[attempt % RARE.len()] };
        let spec = dictionary().object(&goal.definition);
        let mut document = Value::Object(documents.object(dictionary().object(&root), rare));
        let mut made = |documents: &mut Documents| Value::Object(documents.object(spec, rare));
        documents.place(&mut document, &dictionary().named(&root).shape, &path, rare, &mut made);
        let mut pointer: String = path.iter().map(step_text).collect();
        let owner = document.pointer_mut(&pointer).expect("the place was made");
        pointer += &put(documents, owner, goal, spec, turn);
        let payload = Payload {
            number: 0,
            definition: root,
            is_sender,
            dialect: Dialect::ALL[(index + turn) % 3],
            snake: document,
            goal: goal.clone(),
            pointer,
            rust: Answer::default(),
        };
        Payload { rust: rust_answer(&payload), ..payload }
    }

    /// A definition that holds another, so many steps up, and the way down.
    fn inside(
        &self,
        documents: &mut Documents,
        definition: &str,
        levels: usize,
        is_sender: bool,
    ) -> (String, Vec<Step>) {
        let (mut root, mut path) = (definition.to_owned(), Vec::new());
        for _ in 0..levels {
            let Some(parents) = self.parents.get(&root) else { break };
            let same: Vec<_> =
                parents.iter().filter(|(owner, _)| self.senders.contains(owner) == is_sender).collect();
            if same.is_empty() {
                break;
            }
            let (owner, down) = documents.pick(&same);
            path.splice(0..0, down.iter().cloned());
            root.clone_from(owner);
        }
        (root, path)
    }
}

fn step_text(step: &Step) -> String {
    match step {
        Step::Member(name) => format!("/{name}"),
        Step::Item => "/0".to_owned(),
        Step::Entry => "/key".to_owned(),
    }
}

/// Puts what a goal says in its object; returns the place below it.
fn put(
    documents: &mut Documents,
    owner: &mut Value,
    goal: &Goal,
    spec: &'static ObjectSpec,
    turn: usize,
) -> String {
    match &goal.kind {
        Kind::UnknownMember => {
            owner["unknown_member"] = json!(1);
            return "/unknown_member".to_owned();
        }
        Kind::Rule(id) => {
            break_rule(documents, owner, &goal.definition, goal::rule(id));
            return String::new();
        }
        Kind::Idle => {
            let shape = &dictionary().named(&goal.definition).shape;
            let property = dictionary().property_at(shape, &goal.member).expect("a goal is of a member");
            let (mut pointers, mut constants) = (vec![goal.member.clone()], Vec::new());
            condition_parts(property.takes_effect_when.as_ref(), &mut pointers, &mut constants);
            for pointer in pointers {
                set_one(documents, owner, &goal.definition, &pointer, &constants);
            }
            return goal.member.clone();
        }
        _ => {}
    }
    let property = spec.property(&goal.member).expect("a goal is of a member");
    let value = edit::value(documents, property, goal.below, &goal.kind, turn);
    let members = owner.as_object_mut().expect("an object");
    match (value, goal.below) {
        (None, _) => drop(members.remove(&goal.member)),
        (Some(value), "") => drop(members.insert(goal.member.clone(), value)),
        (Some(value), "/0") => {
            let mut list = documents.value(&property.shape, 3);
            match list.as_array_mut().and_then(|items| items.first_mut()) {
                Some(first) => *first = value,
                None => list = json!([value]),
            }
            members.insert(goal.member.clone(), list);
        }
        (Some(value), _) => drop(members.insert(goal.member.clone(), json!({"key": value}))),
    }
    format!("/{}{}", goal.member, goal.below)
}

/// Sets the fields of a rule, and of its conditions, to values of all kinds: one document in some breaks it.
fn break_rule(documents: &mut Documents, owner: &mut Value, on: &str, rule: &Value) {
    let mut pointers = Vec::new();
    pointers_in(rule, &mut pointers);
    pointers.sort();
    pointers.dedup();
    let mut constants = Vec::new();
    constants_in(&rule["when"], &mut constants);
    constants_in(&rule["forbidden"], &mut constants);
    for pointer in pointers {
        set_one(documents, owner, on, &pointer, &constants);
    }
}

/// Sets the value at a pointer below an object to an edge, to any sound value, to one of `constants` that fits, or to nothing.
fn set_one(documents: &mut Documents, owner: &mut Value, on: &str, pointer: &str, constants: &[Value]) {
    let shape = &dictionary().named(on).shape;
    let Some(property) = dictionary().property_at(shape, pointer) else { return };
    let path: Vec<Step> = pointer
        .split('/')
        .skip(1)
        .map(|token| if token == "*" { Step::Item } else { Step::Member(token.to_owned()) })
        .collect();
    let kind = [Kind::Least, Kind::Most, Kind::Most, Kind::Present][documents.dice.below(4) as usize].clone();
    let fitting: Vec<&Value> = constants.iter().filter(|value| fits(&property.shape, value)).collect();
    let value = match documents.dice.below(6) {
        0 if !property.required => None,
        1 | 2 if !fitting.is_empty() => Some((*documents.pick(&fitting)).clone()),
        3 if matches!(dictionary().resolve(&property.shape), Shape::Number(_)) => Some(json!(0)),
        _ => edit::value(documents, property, "", &kind, 0),
    };
    let is_gone = value.is_none();
    let mut made = |_: &mut Documents| value.clone().unwrap_or(Value::Null);
    documents.place(owner, shape, &path, 3, &mut made);
    if is_gone && let Some((parent, name)) = pointer.rsplit_once('/') {
        let parent = parent.replace('*', "0");
        if let Some(members) = owner.pointer_mut(&parent).and_then(Value::as_object_mut) {
            members.remove(name);
        }
    }
}

/// The pointers and the values of a condition.
fn condition_parts(condition: Option<&Condition>, pointers: &mut Vec<String>, constants: &mut Vec<Value>) {
    match condition {
        Some(Condition::Present(pointer) | Condition::Absent(pointer)) => pointers.push(pointer.clone()),
        Some(Condition::In(pointer, values) | Condition::NotIn(pointer, values)) => {
            pointers.push(pointer.clone());
            constants.extend(values.iter().cloned());
        }
        Some(Condition::Above(pointer, bound)) => {
            pointers.push(pointer.clone());
            constants.push(json!(bound));
        }
        Some(Condition::ValueHas(pointer, _) | Condition::ValueIs(pointer, _, _)) => {
            pointers.push(pointer.clone());
        }
        Some(Condition::All(all)) => {
            all.iter().for_each(|condition| condition_parts(Some(condition), pointers, constants));
        }
        None => {}
    }
}

fn fits(shape: &Shape, value: &Value) -> bool {
    match dictionary().resolve(shape) {
        Shape::Enum(spec) => value.as_str().is_some_and(|text| spec.values.iter().any(|known| known == text)),
        Shape::Boolean => value.is_boolean(),
        Shape::Integer(_) | Shape::Number(_) => value.is_number(),
        _ => false,
    }
}

fn pointers_in(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.starts_with('/') => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| pointers_in(item, found)),
        Value::Object(members) => members.values().for_each(|member| pointers_in(member, found)),
        _ => {}
    }
}

fn constants_in(value: &Value, found: &mut Vec<Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| constants_in(item, found)),
        Value::Object(members) => members.values().for_each(|member| constants_in(member, found)),
        Value::Null => {}
        other => found.push(other.clone()),
    }
}

/// Each definition with the objects that hold it.
fn parents() -> Parents {
    let mut parents = Parents::new();
    let mut defs: Vec<_> = dictionary().defs().collect();
    defs.sort_by(|a, b| a.name.cmp(&b.name));
    for def in defs {
        let Shape::Object(spec) = &def.shape else { continue };
        for property in &spec.properties {
            let step = Step::Member(property.snake.clone());
            held(&property.shape, vec![step], &mut |name, steps| {
                parents.entry(name.to_owned()).or_default().push((def.name.clone(), steps));
            });
        }
    }
    parents
}

/// The objects that a shape holds, without those inside other objects.
fn held(shape: &Shape, steps: Vec<Step>, found: &mut dyn FnMut(&str, Vec<Step>)) {
    let down = |step| steps.iter().cloned().chain([step]).collect();
    match shape {
        Shape::Ref(id) => match &dictionary().def(*id).shape {
            Shape::Object(_) => found(&dictionary().def(*id).name, steps),
            inner => held(inner, steps, found),
        },
        Shape::Nullable(inner) => held(inner, steps, found),
        Shape::List(list) => held(&list.item, down(Step::Item), found),
        Shape::Map(map) => held(&map.value, down(Step::Entry), found),
        _ => {}
    }
}

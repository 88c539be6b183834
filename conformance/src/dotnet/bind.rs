//! `JsonSerializer.Deserialize`: a JSON text bound to a described type.

use super::{
    clr::{Class, Clr, Member, Types},
    element::{self, Element},
    fault::{Fault, Stop},
    name,
    options::{Numbers, Options},
    path::{self, Frame},
    scalar, text,
    token::{Reader, Token},
    value::Value,
};

/// The value that a JSON text is bound to, and what was passed over on the way.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// The value.
    pub value: Value,
    /// Paths of names that no member has: their values are dropped without a word.
    pub ignored: Vec<String>,
    /// Paths of members that the text lacks: they keep their initial values.
    pub absent: Vec<String>,
}

/// Binds a text to a type.
///
/// # Errors
/// The `JsonException`.
pub fn bind(types: &Types, clr: &Clr, options: &Options, json: &str) -> Result<Bound, Fault> {
    let reader = Reader::new(json);
    let mut binder =
        Binder { types, options, reader, frames: Vec::new(), ignored: Vec::new(), absent: Vec::new() };
    match binder.whole(clr) {
        Ok(value) => Ok(Bound { value, ignored: binder.ignored, absent: binder.absent }),
        Err(Stop { inner, why }) => Err(Fault { path: path::of(&binder.frames), inner, why }),
    }
}

struct Binder<'t> {
    types: &'t Types,
    options: &'t Options,
    reader: Reader<'t>,
    /// Popped only after success: at a fault they tell its path.
    frames: Vec<Frame>,
    ignored: Vec<String>,
    absent: Vec<String>,
}

impl<'t> Binder<'t> {
    fn whole(&mut self, clr: &'t Clr) -> Result<Value, Stop> {
        self.reader.next()?;
        let value = self.value(clr, None)?;
        self.reader.end()?;
        Ok(value)
    }

    /// The value at the current token.
    fn value(&mut self, clr: &'t Clr, numbers: Option<Numbers>) -> Result<Value, Stop> {
        let is_null = self.reader.token() == Token::Null;
        let handling = numbers.unwrap_or(self.options.numbers);
        let is_reference = match clr {
            Clr::Class(index) => !self.types.classes[*index].is_struct,
            other => other.allows_null(),
        };
        if is_null && is_reference {
            return Ok(Value::Null);
        }
        match clr {
            Clr::Nullable(of) => self.value(of, numbers),
            Clr::Bool => scalar::boolean(&self.reader),
            Clr::Integer(kind) => scalar::integer(&self.reader, *kind, handling),
            Clr::Single => scalar::single(&self.reader, handling),
            Clr::Double => scalar::double(&self.reader, handling),
            Clr::Decimal => scalar::decimal(&self.reader, handling),
            Clr::String => scalar::string(&self.reader).map(Value::Text),
            Clr::Uri => scalar::uri(&self.reader),
            Clr::Char => scalar::char(&self.reader),
            Clr::Bytes => scalar::bytes(&self.reader),
            Clr::DateTime | Clr::DateTimeOffset | Clr::DateOnly | Clr::TimeSpan | Clr::Guid => {
                scalar::formed(&self.reader, clr)
            }
            Clr::Enum(index) => {
                scalar::enumeration(&self.reader, (*index, &self.types.enums[*index]), self.options)
            }
            Clr::Object | Clr::Element => {
                let element = element::read(&mut self.reader, !self.options.disallow_duplicates)?;
                Ok(Value::Element(element))
            }
            Clr::List(of) => self.list(of, numbers),
            Clr::Map(of) => self.map(of, numbers),
            Clr::Class(index) => self.object(*index),
        }
    }

    fn list(&mut self, of: &'t Clr, numbers: Option<Numbers>) -> Result<Value, Stop> {
        self.frames.push(Frame::List(None));
        self.begins(Token::StartArray, "a list")?;
        let mut items = Vec::new();
        loop {
            self.set(Frame::List(Some(items.len())));
            if self.reader.next()? == Token::EndArray {
                break;
            }
            items.push(self.value(of, numbers)?);
        }
        self.frames.pop();
        Ok(Value::List(items))
    }

    fn map(&mut self, of: &'t Clr, numbers: Option<Numbers>) -> Result<Value, Stop> {
        self.frames.push(Frame::Map(None));
        self.begins(Token::StartObject, "an object")?;
        let mut entries: Vec<(String, Value)> = Vec::new();
        while self.reader.next()? != Token::EndObject {
            let key = text::unescape(self.reader.raw())?;
            self.set(Frame::Map(Some(key.clone())));
            let before = entries.iter().position(|(other, _)| *other == key);
            if before.is_some() && self.options.disallow_duplicates {
                return Err(Stop::json(format!("the key {key:?} stands twice")));
            }
            self.reader.next()?;
            let value = self.value(of, numbers)?;
            match before {
                Some(at) => entries[at].1 = value,
                None => entries.push((key, value)),
            }
        }
        self.frames.pop();
        Ok(Value::Map(entries))
    }

    fn object(&mut self, index: usize) -> Result<Value, Stop> {
        let types = self.types;
        let class = &types.classes[index];
        self.frames.push(Frame::Object(None));
        self.begins(Token::StartObject, "an object")?;
        let mut values: Vec<Value> = class.members.iter().map(|member| member.initial.clone()).collect();
        let mut seen = vec![false; values.len()];
        while self.reader.next()? != Token::EndObject {
            let name = text::unescape(self.reader.raw())?;
            let reached = name::reached(class, &name, self.options);
            self.set(Frame::Object(Some(name.clone())));
            match reached {
                Some((at, member)) if member.read => {
                    if std::mem::replace(&mut seen[at], true) && self.options.disallow_duplicates {
                        return Err(Stop::json(format!("the member {} stands twice", member.csharp)));
                    }
                    self.reader.next()?;
                    values[at] = self.member(class, member)?;
                }
                Some((at, _)) => {
                    seen[at] = true;
                    self.pass_over()?;
                }
                None => self.unknown(class, name, &mut values)?,
            }
            self.set(Frame::Object(None));
        }
        self.finish(class, &seen)?;
        self.frames.pop();
        Ok(Value::Object(index, values))
    }

    fn member(&mut self, class: &Class, member: &'t Member) -> Result<Value, Stop> {
        let value = self.value(&member.clr, member.numbers.or(class.numbers))?;
        if value == Value::Null && !member.null_allowed && self.options.respect_nullable {
            return Err(Stop::json(format!("{} does not allow null", member.csharp)));
        }
        Ok(value)
    }

    /// A name that no member has.
    fn unknown(&mut self, class: &Class, name: String, values: &mut [Value]) -> Result<(), Stop> {
        if class.disallow_unmapped.unwrap_or(self.options.disallow_unmapped) {
            return Err(Stop::json(format!("{} has no member {name:?}", class.name)));
        }
        let Some(at) = class.members.iter().position(|member| member.extension) else {
            self.ignored.push(path::of(&self.frames));
            return self.pass_over();
        };
        self.reader.next()?;
        let element = Value::Element(element::read(&mut self.reader, true)?);
        match &mut values[at] {
            Value::Map(entries) => entries.push((name, element)),
            other => *other = Value::Map(vec![(name, element)]),
        }
        Ok(())
    }

    fn pass_over(&mut self) -> Result<(), Stop> {
        self.reader.next()?;
        self.reader.skip()
    }

    /// The end of an object: members that it must have, and those that keep their initial values.
    fn finish(&mut self, class: &Class, seen: &[bool]) -> Result<(), Stop> {
        let at = path::of(&self.frames);
        let lacking = class.members.iter().zip(seen).filter(|(_, seen)| !**seen).map(|(member, _)| member);
        for member in lacking {
            let name = member.json_name(self.options);
            if member.required {
                return Err(Stop::json(format!("{} needs the member {name:?}", class.name)));
            }
            if member.read && !member.extension {
                self.absent.push(format!("{at}.{name}"));
            }
        }
        Ok(())
    }

    fn begins(&self, token: Token, wanted: &str) -> Result<(), Stop> {
        if self.reader.token() == token { Ok(()) } else { Err(Stop::json(format!("{wanted} is needed"))) }
    }

    /// Replaces the frame of the value that is being read.
    fn set(&mut self, frame: Frame) {
        if let Some(last) = self.frames.last_mut() {
            *last = frame;
        }
    }
}

/// An element as the value of an `object`.
impl From<Element> for Value {
    fn from(element: Element) -> Self {
        Self::Element(element)
    }
}

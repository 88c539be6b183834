//! `JsonElement`: JSON that keeps how its numbers are written.

use std::collections::HashSet;

use super::{
    fault::Stop,
    options::Encoder,
    text,
    token::{Reader, Token},
};

/// A JSON document inside another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Element {
    /// null, true, false, or a number as written.
    Literal(String),
    /// A string without its quotes, with its escapes.
    Text(String),
    /// A list.
    List(Vec<Element>),
    /// Members in the order of the text, their names with escapes; a name may stand twice.
    Object(Vec<(String, Element)>),
}

/// Reads the element that the current token begins.
pub(super) fn read(reader: &mut Reader<'_>, allow_duplicates: bool) -> Result<Element, Stop> {
    Ok(match reader.token() {
        Token::StartArray => {
            let mut items = Vec::new();
            while reader.next()? != Token::EndArray {
                items.push(read(reader, allow_duplicates)?);
            }
            Element::List(items)
        }
        Token::StartObject => {
            let mut members: Vec<(String, Element)> = Vec::new();
            let mut names = HashSet::new();
            while reader.next()? != Token::EndObject {
                let raw = reader.raw();
                if !allow_duplicates && !names.insert(text::unescape(raw)?) {
                    return Err(Stop::json(format!("the name \"{raw}\" stands twice")));
                }
                reader.next()?;
                members.push((raw.to_owned(), read(reader, allow_duplicates)?));
            }
            Element::Object(members)
        }
        Token::String => Element::Text(reader.raw().to_owned()),
        _ => Element::Literal(reader.raw().to_owned()),
    })
}

impl Element {
    /// Writes it; an error if a string of it cannot be read.
    pub(super) fn write(&self, encoder: Encoder, out: &mut String) -> Result<(), Stop> {
        match self {
            Self::Literal(raw) => out.push_str(raw),
            Self::Text(raw) => text::escape(&text::unescape(raw)?, encoder, out),
            Self::List(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    out.push_str(if i == 0 { "" } else { "," });
                    item.write(encoder, out)?;
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (i, (name, member)) in members.iter().enumerate() {
                    out.push_str(if i == 0 { "" } else { "," });
                    text::escape(&text::unescape(name)?, encoder, out);
                    out.push(':');
                    member.write(encoder, out)?;
                }
                out.push('}');
            }
        }
        Ok(())
    }
}

//! `Utf8JsonReader`: the tokens of a JSON text, without comments and trailing commas, at most 64 levels deep.

use super::fault::Stop;

/// Levels that the reader goes down.
const DEPTH_MAX: usize = 64;

/// A token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    StartObject,
    EndObject,
    StartArray,
    EndArray,
    Name,
    String,
    Number,
    True,
    False,
    Null,
}

/// The token before the place of the reader.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// Nothing, or a name: a value must follow.
    Name,
    /// The begin of an object or a list.
    Open,
    /// A whole value.
    Value,
}

/// Reads tokens one after another.
pub(super) struct Reader<'t> {
    text: &'t str,
    at: usize,
    open: Vec<u8>,
    before: Before,
    token: Token,
    raw: &'t str,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0, open: Vec::new(), before: Before::Name, token: Token::Null, raw: "" }
    }

    /// The last token.
    pub(super) fn token(&self) -> Token {
        self.token
    }

    /// Its text; of a string or a name without quotes.
    pub(super) fn raw(&self) -> &'t str {
        self.raw
    }

    /// Reads the next token.
    pub(super) fn next(&mut self) -> Result<Token, Stop> {
        self.skip_blanks();
        let within = self.open.last().copied();
        match (self.before, within) {
            (Before::Name, _) => self.value(),
            (Before::Open | Before::Value, Some(open)) if self.peek() == Some(open + 2) => Ok(self.close()),
            (Before::Open, Some(b'{')) => self.name(),
            (Before::Open, _) => self.value(),
            (Before::Value, Some(open)) if self.peek() == Some(b',') => {
                self.at += 1;
                self.skip_blanks();
                if open == b'{' { self.name() } else { self.value() }
            }
            (Before::Value, _) => Err(self.unexpected("`,` or the end of an object or a list")),
        }
    }

    /// Reads over the value that the current token begins.
    pub(super) fn skip(&mut self) -> Result<(), Stop> {
        if matches!(self.token, Token::StartObject | Token::StartArray) {
            let depth = self.open.len();
            while self.open.len() >= depth {
                self.next()?;
            }
        }
        Ok(())
    }

    /// Nothing but blanks may stand after the document.
    pub(super) fn end(&mut self) -> Result<(), Stop> {
        self.skip_blanks();
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.unexpected("the end of the text")),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn unexpected(&self, wanted: &str) -> Stop {
        match self.text[self.at..].chars().next() {
            None => Stop::syntax(format!("the text ends, and {wanted} should follow")),
            Some(c) => Stop::syntax(format!("{c:?} at byte {}, where {wanted} should stand", self.at)),
        }
    }

    fn take(&mut self, token: Token, before: Before, raw: &'t str) -> Token {
        self.token = token;
        self.before = before;
        self.raw = raw;
        token
    }

    fn close(&mut self) -> Token {
        let token = if self.open.pop() == Some(b'{') { Token::EndObject } else { Token::EndArray };
        self.at += 1;
        self.take(token, Before::Value, "")
    }

    fn name(&mut self) -> Result<Token, Stop> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("a name"));
        }
        let raw = self.string()?;
        self.skip_blanks();
        if self.peek() != Some(b':') {
            return Err(self.unexpected("`:`"));
        }
        self.at += 1;
        Ok(self.take(Token::Name, Before::Name, raw))
    }

    fn value(&mut self) -> Result<Token, Stop> {
        match self.peek() {
            Some(open @ (b'{' | b'[')) => {
                if self.open.len() >= DEPTH_MAX {
                    return Err(Stop::syntax(format!("more than {DEPTH_MAX} levels")));
                }
                self.open.push(open);
                self.at += 1;
                let token = if open == b'{' { Token::StartObject } else { Token::StartArray };
                Ok(self.take(token, Before::Open, ""))
            }
            Some(b'"') => {
                let raw = self.string()?;
                Ok(self.take(Token::String, Before::Value, raw))
            }
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.literal("true", Token::True),
            Some(b'f') => self.literal("false", Token::False),
            Some(b'n') => self.literal("null", Token::Null),
            _ => Err(self.unexpected("a value")),
        }
    }

    fn literal(&mut self, literal: &'static str, token: Token) -> Result<Token, Stop> {
        if !self.text[self.at..].starts_with(literal) {
            return Err(self.unexpected("a value"));
        }
        self.at += literal.len();
        Ok(self.take(token, Before::Value, literal))
    }

    /// A string; the text between its quotes.
    fn string(&mut self) -> Result<&'t str, Stop> {
        let bytes = self.text.as_bytes();
        let start = self.at + 1;
        self.at = start;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(&self.text[start..self.at - 1]);
                }
                Some(b'\\') => {
                    self.at += 1;
                    let digits = bytes.get(self.at + 1..self.at + 5);
                    match self.peek() {
                        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
                        Some(b'u') if digits.is_some_and(|four| four.iter().all(u8::is_ascii_hexdigit)) => {
                            self.at += 5;
                        }
                        _ => return Err(self.unexpected("an escape")),
                    }
                }
                Some(..0x20) | None => return Err(self.unexpected("a character of a string")),
                Some(_) => self.at += 1,
            }
        }
    }

    fn number(&mut self) -> Result<Token, Stop> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        match self.peek() {
            None | Some(b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t' | b'/') => {
                let raw = &self.text[start..self.at];
                Ok(self.take(Token::Number, Before::Value, raw))
            }
            Some(_) => Err(self.unexpected("the end of a number")),
        }
    }

    /// One digit or more.
    fn digits(&mut self) -> Result<(), Stop> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err(self.unexpected("a digit")) } else { Ok(()) }
    }
}

//! Lines of a JSON text by pointers.

use contracts::pointer::escape;

/// The line, from 1, where the value at a pointer starts; that of the nearest ancestor if there is none.
pub(crate) fn line_of(text: &str, pointer: &str) -> usize {
    let mut scanner = Scanner { bytes: text.as_bytes(), at: 0, line: 1, wanted: pointer, best: (0, 1) };
    scanner.value(&mut String::new());
    scanner.best.1
}

/// Reads a text that is known to be JSON.
struct Scanner<'t> {
    bytes: &'t [u8],
    at: usize,
    line: usize,
    wanted: &'t str,
    /// Length of the longest pointer so far that leads to the wanted one, and its line.
    best: (usize, usize),
}

impl Scanner<'_> {
    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    fn space(&mut self) {
        while self.peek().is_ascii_whitespace() {
            if self.peek() == b'\n' {
                self.line += 1;
            }
            self.at += 1;
        }
    }

    fn value(&mut self, pointer: &mut String) {
        self.space();
        match self.peek() {
            b'{' => self.object(pointer),
            b'[' => self.array(pointer),
            b'"' => drop(self.text()),
            _ => {
                while self.at < self.bytes.len() && !b",]} \t\r\n".contains(&self.peek()) {
                    self.at += 1;
                }
            }
        }
    }

    /// Notes the place if it is on the way; otherwise its inside is of no interest, but is read.
    fn note(&mut self, pointer: &str, line: usize) {
        let leads =
            self.wanted.strip_prefix(pointer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if leads && pointer.len() > self.best.0 {
            self.best = (pointer.len(), line);
        }
    }

    fn object(&mut self, pointer: &mut String) {
        self.at += 1;
        loop {
            self.space();
            if self.peek() != b'"' {
                self.at += 1;
                return;
            }
            let line = self.line;
            let name = self.text();
            let length = pointer.len();
            pointer.push('/');
            pointer.push_str(&escape(&name));
            self.note(pointer, line);
            self.space();
            self.at += 1;
            self.value(pointer);
            pointer.truncate(length);
            self.space();
            if self.peek() == b',' {
                self.at += 1;
            }
        }
    }

    fn array(&mut self, pointer: &mut String) {
        self.at += 1;
        for index in 0.. {
            self.space();
            if self.at >= self.bytes.len() || self.peek() == b']' {
                self.at += 1;
                return;
            }
            let length = pointer.len();
            pointer.push_str(&format!("/{index}"));
            self.note(pointer, self.line);
            self.value(pointer);
            pointer.truncate(length);
            self.space();
            if self.peek() == b',' {
                self.at += 1;
            }
        }
    }

    fn text(&mut self) -> String {
        let start = self.at;
        self.at += 1;
        while self.at < self.bytes.len() && self.peek() != b'"' {
            self.at += if self.peek() == b'\\' { 2 } else { 1 };
        }
        self.at += 1;
        let raw = self.bytes.get(start..self.at).and_then(|raw| serde_json::from_slice(raw).ok());
        raw.unwrap_or_else(String::new)
    }
}

#[cfg(test)]
mod tests {
    use super::line_of;

    #[test]
    fn a_pointer_leads_to_the_line_of_its_name() {
        let text = "{\n \"a\": [1,\n  {\"b~/c\": \"x\\\"{\"}\n ],\n \"d\": {\n  \"e\": null}}";
        for (pointer, line) in
            [("", 1), ("/a", 2), ("/a/1", 3), ("/a/1/b~0~1c", 3), ("/d", 5), ("/d/e", 6), ("/d/x/y", 5)]
        {
            assert_eq!(line_of(text, pointer), line, "{pointer}");
        }
    }
}

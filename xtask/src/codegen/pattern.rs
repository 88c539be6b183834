//! Patterns of strings as loops: a pattern that can be checked byte by byte needs no regular expression engine.
//!
//! A pattern of ASCII classes with counts, in which it is clear at each byte which class takes it, becomes a list of
//! alternatives, each a row of pieces. Any other keeps its regular expression.

use anyhow::{Context as _, Result, bail};

/// So many characters out of a class.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    class: Vec<(u8, u8)>,
    minimum: u32,
    maximum: u32,
}

impl Piece {
    fn fixed(&self) -> bool {
        self.minimum == self.maximum
    }

    fn meets(&self, other: &Self) -> bool {
        self.class.iter().any(|(low, high)| {
            other.class.iter().any(|(other_low, other_high)| low <= other_high && other_low <= high)
        })
    }
}

/// The `Form` of a pattern, as Rust text.
///
/// # Errors
/// A pattern that is not anchored at both ends.
pub(crate) fn form(pattern: &str) -> Result<String> {
    let body = pattern
        .strip_prefix('^')
        .and_then(|body| body.strip_suffix('$'))
        .with_context(|| format!("pattern {pattern:?} is not anchored by ^ and $"))?;
    let rows = Parser { rest: body }.alternatives().ok().filter(|rows| clear(rows));
    let Some(rows) = rows else {
        return Ok(format!(
            "{{\n            static REGEX: LazyRegex = LazyRegex::new(|| compile({pattern:?}));\n            Form::Pattern({pattern:?}, &REGEX)\n        }}"
        ));
    };
    let rows: Vec<String> = rows
        .iter()
        .map(|row| {
            let pieces: Vec<String> = row.iter().map(piece).collect();
            format!("            &[{}],\n", pieces.join(", "))
        })
        .collect();
    Ok(format!("Form::Pieces({pattern:?}, &[\n{}        ])", rows.concat()))
}

fn piece(piece: &Piece) -> String {
    // A `-` of its own goes last, where it is no range.
    let mut ranges = piece.class.clone();
    ranges.sort_by_key(|range| *range == (b'-', b'-'));
    let class: String = ranges
        .iter()
        .map(|(low, high)| {
            if low == high {
                char::from(*low).to_string()
            } else {
                format!("{}-{}", char::from(*low), char::from(*high))
            }
        })
        .collect();
    let maximum = if piece.maximum == u32::MAX { "u32::MAX".to_owned() } else { piece.maximum.to_string() };
    format!("Piece::new({class:?}, {}, {maximum})", piece.minimum)
}

/// Whether greedy matching never has to go back.
fn clear(rows: &[Vec<Piece>]) -> bool {
    rows.iter().all(|row| row.windows(2).all(|pair| pair[0].fixed() || !pair[0].meets(&pair[1])))
}

/// Reads literals, classes, `+`, `{n}`, `{n,m}` and unquantified groups of alternatives.
struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn alternatives(&mut self) -> Result<Vec<Vec<Piece>>> {
        let rows = self.choice()?;
        if !self.rest.is_empty() {
            bail!("unbalanced");
        }
        Ok(rows)
    }

    fn choice(&mut self) -> Result<Vec<Vec<Piece>>> {
        let mut rows = self.sequence()?;
        while self.eat('|') {
            rows.extend(self.sequence()?);
        }
        Ok(rows)
    }

    fn sequence(&mut self) -> Result<Vec<Vec<Piece>>> {
        let mut rows: Vec<Vec<Piece>> = vec![Vec::new()];
        while let Some(next) = self.rest.chars().next().filter(|next| !matches!(next, '|' | ')')) {
            let tails = if self.eat('(') {
                let tails = self.choice()?;
                if !self.eat(')') || self.rest.starts_with(['*', '+', '?', '{']) {
                    bail!("a group that is counted");
                }
                tails
            } else {
                let class = self.class(next)?;
                let (minimum, maximum) = self.count()?;
                vec![vec![Piece { class, minimum, maximum }]]
            };
            rows = rows
                .iter()
                .flat_map(|row| tails.iter().map(|tail| [row.as_slice(), tail].concat()))
                .collect();
        }
        Ok(rows)
    }

    fn class(&mut self, next: char) -> Result<Vec<(u8, u8)>> {
        self.eat(next);
        match next {
            '[' => self.set(),
            '\\' => {
                let escaped = self.take()?;
                if escaped.is_ascii_alphanumeric() {
                    bail!("an escape class");
                }
                Ok(vec![(byte(escaped)?, byte(escaped)?)])
            }
            '.' | '^' | '$' | '*' | '+' | '?' | '{' | '}' => bail!("an operator"),
            literal => Ok(vec![(byte(literal)?, byte(literal)?)]),
        }
    }

    fn set(&mut self) -> Result<Vec<(u8, u8)>> {
        let mut ranges = Vec::new();
        if self.rest.starts_with('^') {
            bail!("a negated class reaches beyond ASCII");
        }
        while !self.eat(']') {
            let low = self.take()?;
            if low == '\\' || low == '[' {
                bail!("an escape in a class");
            }
            let range = self.rest.starts_with('-') && !self.rest.starts_with("-]");
            let high = if range {
                self.eat('-');
                self.take()?
            } else {
                low
            };
            if low > high {
                bail!("a range that is upside down");
            }
            ranges.push((byte(low)?, byte(high)?));
        }
        Ok(ranges)
    }

    fn count(&mut self) -> Result<(u32, u32)> {
        if self.eat('+') {
            return Ok((1, u32::MAX));
        }
        if self.rest.starts_with(['*', '?']) {
            bail!("a quantifier that is not in use");
        }
        if !self.eat('{') {
            return Ok((1, 1));
        }
        let (inside, rest) = self.rest.split_once('}').context("an open count")?;
        self.rest = rest;
        let (minimum, maximum) = inside.split_once(',').unwrap_or((inside, inside));
        Ok((minimum.parse()?, maximum.parse()?))
    }

    fn eat(&mut self, expected: char) -> bool {
        self.rest.strip_prefix(expected).map(|rest| self.rest = rest).is_some()
    }

    fn take(&mut self) -> Result<char> {
        let next = self.rest.chars().next().context("the pattern ends early")?;
        self.eat(next);
        Ok(next)
    }
}

fn byte(character: char) -> Result<u8> {
    u8::try_from(character).ok().filter(u8::is_ascii).context("not ASCII")
}

#[cfg(test)]
mod tests {
    use super::form;

    #[test]
    fn classes_with_counts_become_loops() {
        for (pattern, pieces) in [
            ("^[a-z][a-z0-9-]{0,3}$", "&[Piece::new(\"a-z\", 1, 1), Piece::new(\"a-z0-9-\", 0, 3)],"),
            ("^a(b|c+)$", "&[Piece::new(\"a\", 1, 1), Piece::new(\"b\", 1, 1)],"),
            (
                "^a\\.[0-9]{2}Z$",
                "Piece::new(\".\", 1, 1), Piece::new(\"0-9\", 2, 2), Piece::new(\"Z\", 1, 1)",
            ),
        ] {
            let form = form(pattern).expect("an anchored pattern");
            assert!(form.starts_with("Form::Pieces") && form.contains(pieces), "{form}");
        }
    }

    #[test]
    fn what_a_loop_might_get_wrong_stays_a_pattern() {
        for pattern in [
            "^(/[^/]+)+$",
            "^[^/]$",
            "^a*$",
            "^a?$",
            "^\\d$",
            "^.$",
            "^[a-z]+[a-z]$",
            "^[a-z]{1,3}b$",
            "^é$",
            "^(a$",
            "^[z-a]$",
        ] {
            let form = form(pattern).expect("an anchored pattern");
            assert!(form.contains("Form::Pattern"), "{pattern}: {form}");
        }
        assert!(form("[a-z]").is_err());
    }
}

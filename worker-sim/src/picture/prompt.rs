//! Weighted prompts: `(text:1.2)` weights, `\(` escapes, other parentheses are text.

/// A piece of a prompt and its weight.
pub(crate) type Piece = (String, f64);

/// The pieces of a prompt; without weighting it is one piece, as written.
pub(crate) fn pieces(prompt: &str, weighting: bool) -> Vec<Piece> {
    if !weighting {
        return vec![(prompt.to_owned(), 1.0)];
    }
    let mut pieces: Vec<Piece> = Vec::new();
    let mut text = String::new();
    let mut rest = prompt;
    while let Some(first) = rest.chars().next() {
        if let Some(escaped) = rest.strip_prefix('\\').and_then(|after| after.chars().next())
            && matches!(escaped, '(' | ')')
        {
            text.push(escaped);
            rest = &rest[2..];
        } else if let Some((inside, weight, length)) = weighted(rest) {
            push(&mut pieces, std::mem::take(&mut text), 1.0);
            push(&mut pieces, inside, weight);
            rest = &rest[length..];
        } else {
            text.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    push(&mut pieces, text, 1.0);
    pieces
}

/// `(text:1.2)` at the beginning: its text, its weight, its length in bytes.
fn weighted(text: &str) -> Option<(String, f64, usize)> {
    let inside = text.strip_prefix('(')?;
    let end =
        inside.char_indices().find(|(at, c)| matches!(c, '(' | ')') && !inside[..*at].ends_with('\\'))?;
    if end.1 != ')' {
        return None;
    }
    let (words, weight) = inside[..end.0].rsplit_once(':')?;
    let weight: f64 = weight.trim().parse().ok().filter(|weight: &f64| weight.is_finite())?;
    let words = words.replace("\\(", "(").replace("\\)", ")");
    (!words.is_empty()).then_some((words, weight, end.0 + 2))
}

/// A piece of weight 1 joins the one before it, so that `(a:1.0)` is `a`.
fn push(pieces: &mut Vec<Piece>, text: String, weight: f64) {
    match pieces.last_mut() {
        _ if text.is_empty() => {}
        Some((last, known)) if *known == weight => last.push_str(&text),
        _ => pieces.push((text, weight)),
    }
}

#[cfg(test)]
mod tests {
    use super::pieces;

    fn check(prompt: &str, expected: &[(&str, f64)]) {
        let expected: Vec<_> = expected.iter().map(|(text, weight)| ((*text).to_owned(), *weight)).collect();
        assert_eq!(pieces(prompt, true), expected, "{prompt:?}");
    }

    #[test]
    fn weights_are_read() {
        check("a pier", &[("a pier", 1.0)]);
        check("a (red:1.2) pier", &[("a ", 1.0), ("red", 1.2), (" pier", 1.0)]);
        check("a (red:1.0) pier", &[("a red pier", 1.0)]);
        check("a (red) pier", &[("a (red) pier", 1.0)]);
        check(r"a \(red:1.2\) pier", &[("a (red:1.2) pier", 1.0)]);
        check("((a:2) b", &[("(", 1.0), ("a", 2.0), (" b", 1.0)]);
        check("(é:1.5)", &[("é", 1.5)]);
        check("(:1.5)", &[("(:1.5)", 1.0)]);
        check("(a:", &[("(a:", 1.0)]);
        assert_eq!(pieces("a (red:1.2) pier", false), [("a (red:1.2) pier".to_owned(), 1.0)]);
    }
}

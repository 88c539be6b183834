//! Why a line of a worker is no frame, in a sentence that the author of the worker can act on.

/// Literals of other languages that JSON does not have, and what JSON has instead.
const LITERALS: [(&str, &str); 8] = [
    ("NaN", "JSON has no NaN"),
    ("nan", "JSON has no NaN"),
    ("Infinity", "JSON has no Infinity"),
    ("-Infinity", "JSON has no Infinity"),
    ("inf", "JSON has no Infinity"),
    ("True", "JSON writes true"),
    ("False", "JSON writes false"),
    ("None", "JSON writes null"),
];

/// Returns why a line is not a JSON object that a lane can read.
pub(super) fn why(line: &[u8]) -> String {
    if line.starts_with(b"\xEF\xBB\xBF") {
        return "a byte order mark stands before it, which only the first frame may have".to_owned();
    }
    if line.contains(&b'\r') {
        return "a carriage return stands in it: something else is printed to the same stdout".to_owned();
    }
    let text = match std::str::from_utf8(line) {
        Ok(text) => text,
        Err(err) => return format!("invalid UTF-8 at byte {}", err.valid_up_to()),
    };
    let err = match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Ok(_) if !text.trim_start().starts_with('{') => return "it is JSON, and no object".to_owned(),
        Ok(_) => return "`request_id`, `event` or `success` has another type, or stands twice".to_owned(),
        Err(err) => err,
    };
    // serde_json counts columns from 1, and stops somewhere inside the unknown token: look back for its begin.
    let at = err.column().saturating_sub(1);
    let near = (at.saturating_sub(8)..=at).rev().find_map(|begin| {
        let rest = text.get(begin..)?;
        let before = text.get(..begin)?.trim_end().chars().next_back();
        let (literal, said) = LITERALS.iter().find(|(literal, _)| rest.starts_with(literal))?;
        matches!(before, Some(':' | ',' | '['))
            .then(|| format!("{literal} stands at column {}: {said}", begin + 1))
    });
    if let Some(near) = near {
        return near;
    }
    if err.is_eof() && text.trim_start().starts_with('{') {
        return format!("it ends within the object ({err}): a frame is one line, without line breaks inside");
    }
    err.to_string()
}

#[cfg(test)]
mod tests {
    use super::why;

    #[test]
    fn the_reason_names_what_stands_there() {
        for (line, said) in [
            (&br#"{"request_id":"a","success":true,"data":{"x":NaN}}"#[..], "NaN stands at column 46"),
            (br#"{"data":[-Infinity]}"#, "JSON has no Infinity"),
            (br#"{"success": True}"#, "JSON writes true"),
            (br#"{"error": None}"#, "JSON writes null"),
            (b"\xEF\xBB\xBF{\"success\":true}", "byte order mark"),
            (b" 10%|#   |\r{\"success\":true}", "carriage return"),
            (b"{", "one line"),
            (b"{\"a\":\"\xff\"}", "invalid UTF-8 at byte 6"),
            (b"[1]", "no object"),
            (br#"{"success":"yes"}"#, "another type"),
            (br#"{"success":true,"success":true}"#, "stands twice"),
            (b"Loading pipeline", "expected value"),
        ] {
            let reason = why(line);
            assert!(reason.contains(said), "{}: {reason}", String::from_utf8_lossy(line));
        }
    }
}

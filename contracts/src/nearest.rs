//! The known name that is most like an unknown one.

/// The known name most like one that is not known, if any is near.
pub(crate) fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let length = name.chars().count();
    // Two names differ by at least the difference of their lengths: a name twice as long cannot be near, and comparing
    // it would cost the product of the lengths.
    let possible = |known: &&str| {
        let known = known.chars().count();
        length.abs_diff(known) * 2 <= length.max(known)
    };
    let mut known = known.filter(possible).peekable();
    known.peek()?;
    let name = name.to_lowercase();
    let likeness = |known: &str| strsim::normalized_damerau_levenshtein(&name, &known.to_lowercase());
    known
        .map(|known| (likeness(known), known))
        .filter(|(likeness, _)| *likeness >= 0.5)
        // Of equals the first in the alphabet, so that messages are stable.
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
        .map(|(_, known)| known)
}

/// The way out for a name that an option of a C# serializer writes. `None` for any other name.
pub(crate) fn written_by(name: &str) -> Option<&'static str> {
    match name {
        "$id" | "$ref" | "$values" => {
            Some("ReferenceHandler.Preserve writes it: leave that out of the C# options")
        }
        "$type" => {
            Some("TypeNameHandling or a type discriminator writes it: leave that out of the C# options")
        }
        _ => None,
    }
}

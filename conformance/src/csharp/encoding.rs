//! The text of a source: UTF-8, or UTF-16 with its mark, as the compiler reads it.

/// The text, and the line of the first byte that is none.
pub(super) fn text(bytes: &[u8]) -> (String, Option<usize>) {
    let of_pairs = |pairs: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, rest) = pairs.as_chunks::<2>();
        let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
        let whole = String::from_utf16(&units).ok().filter(|_| rest.is_empty());
        let is_broken = whole.is_none();
        (whole.unwrap_or_else(|| String::from_utf16_lossy(&units)), is_broken.then_some(1))
    };
    match bytes {
        [0xFF, 0xFE, pairs @ ..] => of_pairs(pairs, u16::from_le_bytes),
        [0xFE, 0xFF, pairs @ ..] => of_pairs(pairs, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, utf8 @ ..] | utf8 => match str::from_utf8(utf8) {
            Ok(text) => (text.to_owned(), None),
            Err(err) => {
                let before = &utf8[..err.valid_up_to()];
                let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
                (String::from_utf8_lossy(utf8).into_owned(), Some(line))
            }
        },
    }
}

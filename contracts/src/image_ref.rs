//! References to images that are none: the base64 of a picture without the head that makes it a `data:` URL.
//!
//! `Convert.ToBase64String` and canvas code without its prefix write it. Read as a path it is "no file at …".

use crate::{
    fault::Failure,
    generated::{error_code::ErrorCode, limits::BARE_BASE64_MIN},
};

/// How the base64 of a file begins, and what the file is.
const HEADERS: [(&str, &str); 3] = [("iVBORw0KGgo", "png"), ("/9j/", "jpeg"), ("UklGR", "webp")];

/// The refusal of a reference that is bare base64: it has no letter that base64 has not, and begins as a PNG, JPEG or
/// WebP does or is longer than a name can be.
///
/// ```
/// let refused = contracts::bare_base64("iVBORw0KGgoAAAANSUhEUg==").unwrap();
/// assert_eq!(refused.hint.as_deref(), Some("write data:image/png;base64, before it"));
/// assert!(contracts::bare_base64("inputs/init.png").is_none());
/// ```
#[must_use]
pub fn bare_base64(reference: &str) -> Option<Failure> {
    let header = HEADERS.iter().find(|(start, _)| reference.starts_with(start));
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_= \t\r\n".contains(&byte);
    let may_be = header.is_some() || reference.len() as u64 >= BARE_BASE64_MIN;
    if !may_be || !reference.bytes().all(is_letter) {
        return None;
    }
    let kind = header.map_or("png", |(_, kind)| kind);
    let message = format!(
        "{} characters that look like base64 and not like a path; a picture in the request begins with data:image/{kind};base64,",
        reference.len()
    );
    let hint = format!("write data:image/{kind};base64, before it");
    Some(Failure::new(ErrorCode::ImageInvalid, message).hint(hint))
}

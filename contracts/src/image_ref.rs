//! Image references that are bare base64: a picture without the head that makes it a `data:` URL.
//!
//! `Convert.ToBase64String` and canvas code without its prefix write it. Read as a path it would be refused with "no file
//! at …", which does not say what to write.

use crate::{
    dictionary::dictionary,
    generated::{error_code::ErrorCode, limits::BARE_BASE64_MIN},
    violation::Failure,
};

/// The image format whose files begin as this base64 does; `base64_starts` of `OutputFormat` lists the beginnings.
fn format_of(base64: &str) -> Option<&'static str> {
    let formats = dictionary().enumeration("OutputFormat");
    let begins = |format: &&String| {
        let starts = formats.data[format.as_str()]["base64_starts"].as_array().into_iter().flatten();
        starts.filter_map(|start| start.as_str()).any(|start| base64.starts_with(start))
    };
    formats.values.iter().find(begins).map(String::as_str)
}

/// The failure of an image reference that is bare base64. `None` for any other reference.
///
/// A reference is taken for base64 if all its characters are of that alphabet, and it begins as a file of an image
/// format does or is longer than a file name can be.
///
/// ```
/// let refused = contracts::bare_base64("iVBORw0KGgoAAAANSUhEUg==").unwrap();
/// assert_eq!(refused.hint.as_deref(), Some("write data:image/png;base64, before it"));
/// assert!(contracts::bare_base64("inputs/init.png").is_none());
/// ```
#[must_use]
pub fn bare_base64(reference: &str) -> Option<Failure> {
    let format = format_of(reference);
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_= \t\r\n".contains(&byte);
    let may_be = format.is_some() || reference.len() as u64 >= BARE_BASE64_MIN;
    if !may_be || !reference.bytes().all(is_letter) {
        return None;
    }
    let kind = format.unwrap_or("png");
    let message = format!(
        "{} characters of base64 instead of a path; a picture inside a request begins with data:image/{kind};base64,",
        reference.len()
    );
    let hint = format!("write data:image/{kind};base64, before it");
    Some(Failure::new(ErrorCode::ImageInvalid, message).hint(hint))
}

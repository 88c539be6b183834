//! Numbers, strings and enums: one value against its bounds.

use serde_json::Value;

use crate::{
    dictionary::{EnumSpec, IntegerSpec, NumberSpec, Shape, TextSpec},
    generated::{error_code::ErrorCode, warning_code::WarningCode},
    tree::Tree,
};

/// What was read from one scalar.
pub(crate) struct Scalar {
    /// The canonical value, kept where only a limit is broken.
    pub(crate) value: Option<Value>,
    pub(crate) fault: Option<ScalarFault>,
    /// The warning, what was said, and what it was read as.
    pub(crate) respelt: Option<(WarningCode, String, String)>,
}

/// What is wrong with one scalar.
pub(crate) struct ScalarFault {
    pub(crate) code: ErrorCode,
    pub(crate) message: String,
    pub(crate) allowed: Option<Vec<String>>,
    pub(crate) minimum: Option<f64>,
    pub(crate) maximum: Option<f64>,
    pub(crate) nearest: Option<String>,
}

fn fault(code: ErrorCode, message: String) -> ScalarFault {
    ScalarFault { code, message, allowed: None, minimum: None, maximum: None, nearest: None }
}

impl Scalar {
    fn good(value: impl Into<Value>) -> Self {
        Self { value: Some(value.into()), fault: None, respelt: None }
    }
    fn bad(message: String) -> Self {
        Self { value: None, fault: Some(fault(ErrorCode::UnsupportedValue, message)), respelt: None }
    }
    fn beyond(value: Option<Value>, message: String, minimum: f64, maximum: f64) -> Self {
        let fault = ScalarFault {
            minimum: bound(minimum),
            maximum: bound(maximum),
            ..fault(ErrorCode::OutOfRange, message)
        };
        Self { value, fault: Some(fault), respelt: None }
    }
}

fn bound(limit: f64) -> Option<f64> {
    (limit.abs() < f64::MAX).then_some(limit)
}

/// The way out of an enum that is written as a number.
const NUMBER_HINT: &str =
    "add JsonStringEnumConverter to the C# options, so that the enum is written by name";

/// Beyond this no integer of the contract lies, and a float holds no exact one; the sign alone tells what is wrong.
const INTEGER_RANGE: f64 = 9_223_372_036_854_775_808.0;

/// Reads a scalar of a resolved shape.
pub(crate) fn read(shape: &Shape, tree: &Tree, lenient: bool) -> Scalar {
    match shape {
        Shape::Integer(spec) => integer(*spec, tree),
        Shape::Number(spec) => number(*spec, tree),
        Shape::Text(spec) => text(spec, tree, lenient),
        Shape::Enum(spec) => enumeration(spec, tree, lenient),
        Shape::Boolean => match tree {
            Tree::Bool(value) => Scalar::good(*value),
            other => Scalar::bad(format!("true or false is wanted here, not {}", other.kind())),
        },
        Shape::Null => match tree {
            Tree::Null => Scalar::good(Value::Null),
            other => Scalar::bad(format!("null is wanted here, not {}", other.kind())),
        },
        _ => panic!("no scalar: {shape:?}"),
    }
}

fn integer(spec: IntegerSpec, tree: &Tree) -> Scalar {
    let (min, max) = (spec.min as f64, spec.max as f64);
    let beyond = |value: Option<Value>, shown: String| {
        let message = if spec.multiple_of > 1 {
            format!("{shown} is outside {}..{} or no multiple of {}", spec.min, spec.max, spec.multiple_of)
        } else {
            format!("{shown} is outside {}..{}", spec.min, spec.max)
        };
        Scalar::beyond(value, message, min, max)
    };
    match *tree {
        Tree::Integer(i) if i < spec.min || i > spec.max || i % spec.multiple_of != 0 => {
            beyond(Some(i.into()), i.to_string())
        }
        Tree::Integer(i) => Scalar::good(i),
        Tree::Number(n) if n.abs() >= INTEGER_RANGE => beyond(Some(n.into()), n.to_string()),
        Tree::Number(n) => {
            Scalar::bad(format!("an integer is written without fraction and exponent, not as {n:?}"))
        }
        ref other => Scalar::bad(format!("an integer is wanted here, not {}", other.kind())),
    }
}

fn number(spec: NumberSpec, tree: &Tree) -> Scalar {
    let n = match *tree {
        Tree::Integer(i) => i as f64,
        Tree::Number(n) => n,
        ref other => return Scalar::bad(format!("a number is wanted here, not {}", other.kind())),
    };
    let low = if spec.min_exclusive { n <= spec.min } else { n < spec.min };
    let high = if spec.max_exclusive { n >= spec.max } else { n > spec.max };
    if low || high {
        let from = if spec.min_exclusive { "above " } else { "" };
        let to = if spec.max_exclusive { "below " } else { "" };
        let message = format!("{n} is outside {from}{}..{to}{}", spec.min, spec.max);
        return Scalar::beyond(Some(n.into()), message, spec.min, spec.max);
    }
    Scalar::good(n)
}

fn text(spec: &TextSpec, tree: &Tree, lenient: bool) -> Scalar {
    let Tree::Text(said) = tree else {
        return Scalar::bad(format!("a string is wanted here, not {}", tree.kind()));
    };
    let mut said = std::borrow::Cow::Borrowed(said.as_str());
    if lenient && spec.lower_case {
        said = said.to_lowercase().into();
    }
    let length = said.chars().count();
    if length < spec.min || length > spec.max {
        let message = format!("{length} characters; {}..{} are allowed", spec.min, spec.max);
        return Scalar::beyond(Some(said.as_ref().into()), message, spec.min as f64, spec.max as f64);
    }
    if spec.not_blank && said.chars().all(char::is_whitespace) {
        return Scalar::bad("it is blank".to_owned());
    }
    let Some(pattern) = &spec.pattern else {
        return Scalar::good(said.as_ref());
    };
    if pattern.is_match(&said) {
        return Scalar::good(said.as_ref());
    }
    for alias in spec.aliases.iter().filter(|_| lenient) {
        if alias.pattern.is_match(&said) {
            let meant = alias.pattern.replace(&said, &alias.to).into_owned();
            let respelt = Some((alias.warning, said.into_owned(), meant.clone()));
            return Scalar { respelt, ..Scalar::good(meant) };
        }
    }
    Scalar::bad(format!("{} does not match {}", shorten(&said), pattern.as_str()))
}

fn enumeration(spec: &EnumSpec, tree: &Tree, lenient: bool) -> Scalar {
    let Tree::Text(said) = tree else {
        let mut message = format!("a name is wanted here, not {}", tree.kind());
        if matches!(tree, Tree::Integer(_)) {
            message = format!("{message}; {NUMBER_HINT}");
        }
        let fault =
            ScalarFault { allowed: Some(spec.values.clone()), ..fault(ErrorCode::UnsupportedValue, message) };
        return Scalar { value: None, fault: Some(fault), respelt: None };
    };
    if spec.values.contains(said) {
        return Scalar::good(said.as_str());
    }
    if let Some((index, accepted)) = spec.spellings.get(&said.to_lowercase()).filter(|_| lenient) {
        let meant = &spec.values[*index];
        let respelt = accepted.then(|| (WarningCode::AcceptedSpelling, said.clone(), meant.clone()));
        return Scalar { respelt, ..Scalar::good(meant.as_str()) };
    }
    let near = nearest(said, spec.values.iter().map(String::as_str)).map(str::to_owned);
    let message = format!("{} is none of {}", shorten(said), spec.values.join(", "));
    let fault = ScalarFault {
        allowed: Some(spec.values.clone()),
        nearest: near,
        ..fault(ErrorCode::UnsupportedValue, message)
    };
    Scalar { value: None, fault: Some(fault), respelt: None }
}

/// A fault of a list's or map's length.
pub(crate) fn count(length: usize, min: usize, max: usize, of: &str) -> Option<ScalarFault> {
    if (min..=max).contains(&length) {
        return None;
    }
    Scalar::beyond(None, format!("{length} {of}; {min}..{max} are allowed"), min as f64, max as f64).fault
}

/// The known name most like one that is not known, if any is near.
pub(crate) fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let length = name.chars().count();
    // A name can differ by no less than the difference of the lengths: what is twice as long is near to nothing, and
    // to compare it would cost the product of the lengths.
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

/// Equal as values: `2` and `2.0` are.
pub(crate) fn equal(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

/// What an option of a C# serializer has to do with a name, if that writes it.
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

/// A name as a message may show it.
pub(crate) fn named(name: &str) -> std::borrow::Cow<'_, str> {
    match name.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("`{}…`", &name[..end]).into(),
        None => format!("`{name}`").into(),
    }
}

/// A pointer as a message may show it.
pub(crate) fn pointed(pointer: &str) -> std::borrow::Cow<'_, str> {
    match pointer.char_indices().nth(POINTER_SHOWN) {
        Some((end, _)) => format!("{}…", &pointer[..end]).into(),
        None => pointer.into(),
    }
}

/// Characters of a pointer that a message shows: more than any place of the contract has.
const POINTER_SHOWN: usize = 256;
/// Characters of a sender's data that a message shows.
const SHOWN: usize = 64;

/// A string as a message may show it: not more than a line of a sender's data.
pub(crate) fn shorten(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}

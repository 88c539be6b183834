//! Numbers, strings and enums: one value against its bounds.

use serde_json::Value;

use crate::{
    checked::{IntegerLimits, LimitError, NumberLimits},
    dictionary::{EnumSpec, Shape, TextSpec},
    generated::{error_code::ErrorCode, warning_code::WarningCode},
    hint::Hints,
    nearest::nearest,
    shown::{brief, shorten},
    tree::Tree,
};

/// The result of reading one scalar.
pub(crate) struct Scalar {
    /// The canonical value, kept where only a limit is broken.
    pub(crate) value: Option<Value>,
    pub(crate) violation: Option<ScalarViolation>,
    /// The warning, the value as written, and the value it was read as.
    pub(crate) respelt: Option<(WarningCode, String, String)>,
}

/// The violation of one scalar, before its place is known.
pub(crate) struct ScalarViolation {
    pub(crate) code: ErrorCode,
    pub(crate) message: String,
    pub(crate) allowed: Option<Vec<String>>,
    pub(crate) minimum: Option<f64>,
    pub(crate) maximum: Option<f64>,
    pub(crate) nearest: Option<String>,
    pub(crate) hint: Option<String>,
}

fn violation(code: ErrorCode, message: String) -> ScalarViolation {
    ScalarViolation { code, message, allowed: None, minimum: None, maximum: None, nearest: None, hint: None }
}

impl Scalar {
    fn good(value: impl Into<Value>) -> Self {
        Self { value: Some(value.into()), violation: None, respelt: None }
    }
    fn bad(message: String, hint: String) -> Self {
        let violation =
            ScalarViolation { hint: Some(hint), ..violation(ErrorCode::UnsupportedValue, message) };
        Self { value: None, violation: Some(violation), respelt: None }
    }
    fn beyond(value: Option<Value>, message: String, minimum: f64, maximum: f64) -> Self {
        let violation = ScalarViolation {
            minimum: bound(minimum),
            maximum: bound(maximum),
            ..violation(ErrorCode::OutOfRange, message)
        };
        Self { value, violation: Some(violation), respelt: None }
    }
}

fn bound(limit: f64) -> Option<f64> {
    (limit.abs() < f64::MAX).then_some(limit)
}

/// The way out of an enum that is written as a number.
const NUMBER_HINT: &str =
    "add JsonStringEnumConverter to the C# options, so that the enum is written by name";

/// 2^63: larger JSON numbers arrive as floats; they are reported as out of range, not as a fraction.
const INTEGER_RANGE: f64 = 9_223_372_036_854_775_808.0;

/// How an integer is written. `-0` has neither fraction nor exponent, and yet many readers make a float of it.
const INTEGER_FORM: &str = "without fraction, exponent or the sign of a zero";

/// Reads a scalar of a resolved shape.
pub(crate) fn read(shape: &Shape, tree: &Tree, lenient: bool, hints: Hints<'_>) -> Scalar {
    match (shape, tree) {
        (Shape::Integer(limits), Tree::Integer(_) | Tree::Number(_)) => integer(*limits, tree, hints),
        (Shape::Number(limits), Tree::Integer(_) | Tree::Number(_)) => number(*limits, tree),
        (Shape::Text(spec), Tree::Text(said)) => text(spec, said, lenient, hints),
        (Shape::Enum(spec), Tree::Text(said)) => enumeration(spec, said, lenient),
        (Shape::Boolean, Tree::Bool(value)) => Scalar::good(*value),
        (Shape::Null, Tree::Null) => Scalar::good(Value::Null),
        (Shape::Enum(spec), other) => no_name(spec, other),
        (shape, other) => {
            let wanted = match shape {
                Shape::Integer(_) => "an integer",
                Shape::Number(_) => "a number",
                Shape::Text(_) => "a string",
                Shape::Boolean => "true or false",
                Shape::Null => "null",
                _ => panic!("no scalar: {shape:?}"),
            };
            let message = format!("expected {wanted}, not {}", other.kind());
            Scalar::bad(message, hints.of_type(shape, other))
        }
    }
}

fn integer(limits: IntegerLimits, tree: &Tree, hints: Hints<'_>) -> Scalar {
    let IntegerLimits { minimum, maximum, multiple_of } = limits;
    let beyond = |value: Option<Value>, shown: String| {
        let multiple =
            if multiple_of > 1 { format!(" or not a multiple of {multiple_of}") } else { String::new() };
        let message = format!("{shown} is outside {minimum}..{maximum}{multiple}");
        Scalar::beyond(value, message, minimum as f64, maximum as f64)
    };
    match tree {
        &Tree::Integer(i) if limits.check(i.into()).is_err() => beyond(Some(i.into()), i.to_string()),
        &Tree::Integer(i) => Scalar::good(i),
        // No value: a float of it would be another number than the one written.
        Tree::Number(n) if n.value().abs() >= INTEGER_RANGE => beyond(None, n.to_string()),
        Tree::Number(n) => Scalar::bad(
            format!("an integer is written {INTEGER_FORM}, not as {n}"),
            format!("write it {INTEGER_FORM}{}", hints.such_as()),
        ),
        other => panic!("no number: {other:?}"),
    }
}

fn number(limits: NumberLimits, tree: &Tree) -> Scalar {
    let (n, shown): (f64, &dyn std::fmt::Display) = match tree {
        Tree::Integer(i) => (*i as f64, i),
        Tree::Number(n) => (n.value(), n),
        other => panic!("no number: {other:?}"),
    };
    if limits.check(n).is_ok() {
        return Scalar::good(n);
    }
    let (minimum, maximum) = (limits.minimum.value(), limits.maximum.value());
    let (above, below) = (limits.minimum.is_exclusive(), limits.maximum.is_exclusive());
    let message = if above || below {
        let above = if above { "above" } else { "at least" };
        let below = if below { "below" } else { "at most" };
        format!("{shown} is not {above} {minimum} and {below} {maximum}")
    } else {
        format!("{shown} is outside {minimum}..{maximum}")
    };
    Scalar::beyond(Some(n.into()), message, minimum, maximum)
}

fn text(spec: &TextSpec, said: &str, lenient: bool, hints: Hints<'_>) -> Scalar {
    let mut said = std::borrow::Cow::Borrowed(said);
    if lenient && spec.lower_case {
        said = said.to_lowercase().into();
    }
    match spec.limits.check(&said) {
        Ok(()) => Scalar::good(said.as_ref()),
        Err(LimitError::Length { length, minimum, maximum }) => {
            let message = format!("{length} characters; {minimum}..{maximum} are allowed");
            Scalar::beyond(Some(said.as_ref().into()), message, minimum as f64, maximum as f64)
        }
        Err(LimitError::Blank) => {
            let hint = format!("write more than white space{}", hints.such_as());
            Scalar::bad("the text is blank".to_owned(), hint)
        }
        Err(_) => another_form(spec, &said, lenient, hints),
    }
}

/// A string that does not match its pattern: one of the other forms that are read, or bad.
fn another_form(spec: &TextSpec, said: &str, lenient: bool, hints: Hints<'_>) -> Scalar {
    for alias in spec.aliases.iter().filter(|_| lenient) {
        if alias.pattern.is_match(said) {
            let meant = alias.pattern.replace(said, &alias.to).into_owned();
            let respelt = Some((alias.warning, said.to_owned(), meant.clone()));
            return Scalar { respelt, ..Scalar::good(meant) };
        }
    }
    let pattern = spec.limits.form.pattern().expect("only a pattern refuses a form");
    Scalar::bad(format!("{} does not match {}", shorten(said), brief(pattern)), hints.of_form())
}

/// A value of another type in the place of an enum.
fn no_name(spec: &EnumSpec, tree: &Tree) -> Scalar {
    let mut message = format!("expected one of the allowed names, not {}", tree.kind());
    let mut hint = format!("write one of the allowed names in quotes, such as {:?}", spec.values[0]);
    if matches!(tree, Tree::Integer(_)) {
        message = format!("{message}; {NUMBER_HINT}");
        hint = NUMBER_HINT.to_owned();
    }
    let allowed = Some(spec.values.clone());
    let violation =
        ScalarViolation { allowed, hint: Some(hint), ..violation(ErrorCode::UnsupportedValue, message) };
    Scalar { value: None, violation: Some(violation), respelt: None }
}

fn enumeration(spec: &EnumSpec, said: &str, lenient: bool) -> Scalar {
    if spec.values.iter().any(|value| value == said) {
        return Scalar::good(said);
    }
    if let Some((index, accepted)) = spec.spellings.get(&said.to_lowercase()).filter(|_| lenient) {
        let meant = &spec.values[*index];
        let respelt = accepted.then(|| (WarningCode::AcceptedSpelling, said.to_owned(), meant.clone()));
        return Scalar { respelt, ..Scalar::good(meant.as_str()) };
    }
    let near = nearest(said, spec.values.iter().map(String::as_str)).map(str::to_owned);
    let message = format!("{} is not one of {}", shorten(said), spec.values.join(", "));
    let violation = ScalarViolation {
        allowed: Some(spec.values.clone()),
        nearest: near,
        ..violation(ErrorCode::UnsupportedValue, message)
    };
    Scalar { value: None, violation: Some(violation), respelt: None }
}

/// The violation of a list's or map's length, in items or entries.
pub(crate) fn count(checked: Result<(), LimitError>, of: &str) -> Option<ScalarViolation> {
    let Err(LimitError::Count { count, minimum, maximum }) = checked else { return None };
    let message = format!("{count} {of}; {minimum}..{maximum} are allowed");
    Scalar::beyond(None, message, minimum as f64, maximum as f64).violation
}

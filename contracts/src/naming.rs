//! Names across languages: the mechanical rule from `snake` to C#, and the naming policies of System.Text.Json.
//!
//! The policies are exact models of `JsonNamingPolicy` in .NET 10, held to rows that real .NET wrote
//! (`fixtures/oracle/names.jsonl`, `match.jsonl`).

/// The C# name of a snake name by the mechanical rule: split on `_`, upper-case each first letter.
///
/// A schema states `x-csharp` where this does not give the name that C# uses (`loras` → `LoRAs`).
///
/// ```
/// assert_eq!(contracts::naming::pascal("guidance_scale"), "GuidanceScale");
/// assert_eq!(contracts::naming::pascal("prompt_2"), "Prompt2");
/// ```
#[must_use]
pub fn pascal(snake: &str) -> String {
    let mut name = String::with_capacity(snake.len());
    for word in snake.split('_') {
        let mut chars = word.chars();
        name.extend(chars.next().into_iter().flat_map(char::to_uppercase));
        name.push_str(chars.as_str());
    }
    name
}

/// A C# name under `JsonNamingPolicy.CamelCase`.
///
/// ```
/// assert_eq!(contracts::naming::camel("LoRAs"), "loRAs");
/// assert_eq!(contracts::naming::camel("IOStatus"), "ioStatus");
/// ```
#[must_use]
pub fn camel(csharp: &str) -> String {
    let mut chars: Vec<char> = csharp.chars().collect();
    if !chars.first().is_some_and(|first| first.is_uppercase()) {
        return csharp.to_owned();
    }
    for i in 0..chars.len() {
        if i == 1 && !chars[i].is_uppercase() {
            break;
        }
        let next = chars.get(i + 1).copied();
        if i > 0
            && let Some(next) = next
            && !next.is_uppercase()
        {
            if next == ' ' {
                chars[i] = lower(chars[i]);
            }
            break;
        }
        chars[i] = lower(chars[i]);
    }
    chars.into_iter().collect()
}

/// A C# name under `JsonNamingPolicy.SnakeCaseLower`.
#[must_use]
pub fn snake_lower(csharp: &str) -> String {
    separated(csharp, '_', lower, |c| c)
}

/// A C# name under `JsonNamingPolicy.SnakeCaseUpper`.
#[must_use]
pub fn snake_upper(csharp: &str) -> String {
    separated(csharp, '_', |c| c, upper)
}

/// A C# name under `JsonNamingPolicy.KebabCaseLower`.
#[must_use]
pub fn kebab_lower(csharp: &str) -> String {
    separated(csharp, '-', lower, |c| c)
}

fn separated(
    csharp: &str,
    separator: char,
    big: impl Fn(char) -> char,
    small: impl Fn(char) -> char,
) -> String {
    #[derive(PartialEq)]
    enum State {
        NotStarted,
        Upper,
        LowerOrDigit,
        Space,
    }
    let chars: Vec<char> = csharp.chars().collect();
    let mut out = String::with_capacity(csharp.len() + 8);
    let mut state = State::NotStarted;
    for (i, &c) in chars.iter().enumerate() {
        if c.is_uppercase() {
            let starts_word = match state {
                State::NotStarted => false,
                State::LowerOrDigit | State::Space => true,
                State::Upper => chars.get(i + 1).is_some_and(|next| next.is_lowercase()),
            };
            if starts_word {
                out.push(separator);
            }
            out.push(big(c));
            state = State::Upper;
        } else if c.is_lowercase() || c.is_numeric() {
            if state == State::Space {
                out.push(separator);
            }
            out.push(small(c));
            state = State::LowerOrDigit;
        } else if c == ' ' {
            if state != State::NotStarted {
                state = State::Space;
            }
        } else {
            out.push(c);
            state = State::NotStarted;
        }
    }
    out
}

// Invariant culture maps one char to one char; the few that Rust maps to several stay as they are.
fn lower(c: char) -> char {
    let mut mapped = c.to_lowercase();
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

fn upper(c: char) -> char {
    let mut mapped = c.to_uppercase();
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

/// The serialiser options under which C# reads a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReaderOptions {
    /// `new JsonSerializerOptions()`: names as in C#, case-sensitive.
    Default,
    /// `PropertyNameCaseInsensitive = true`.
    CaseInsensitive,
    /// `JsonSerializerDefaults.Web`: camelCase, case-insensitive.
    Web,
    /// `PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower`.
    SnakeLower,
}

impl ReaderOptions {
    /// Whether a JSON name reaches the C# property under these options.
    ///
    /// ```
    /// use contracts::naming::ReaderOptions;
    /// assert!(!ReaderOptions::Default.reaches("memory_used_mb", "MemoryUsedMB"));
    /// assert!(ReaderOptions::Web.reaches("memoryUsedMB", "MemoryUsedMB"));
    /// ```
    #[must_use]
    pub fn reaches(self, json_name: &str, csharp: &str) -> bool {
        match self {
            Self::Default => json_name == csharp,
            Self::CaseInsensitive => ordinal_ignore_case(json_name, csharp),
            Self::Web => ordinal_ignore_case(json_name, &camel(csharp)),
            Self::SnakeLower => json_name == snake_lower(csharp),
        }
    }
}

/// `StringComparer.OrdinalIgnoreCase`: upper-cases each char by the invariant simple mapping.
#[must_use]
pub fn ordinal_ignore_case(a: &str, b: &str) -> bool {
    a.chars().map(upper).eq(b.chars().map(upper))
}

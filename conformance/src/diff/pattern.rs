//! Patterns as trees. They are of ECMA-262, where `\d` is `[0-9]`; crate regex-syntax alone would take it for all digits of
//! Unicode.

use regex_syntax::hir::Hir;

/// The tree of a pattern. `None` if no tree shows what it takes (look-ahead, a back reference): of such a pattern nothing is
/// proven, and a change of it stays a finding.
pub(super) fn tree(pattern: &str) -> Option<Hir> {
    let of_regex = jsonschema_regex::to_rust_regex(pattern).ok()?;
    regex_syntax::parse(&of_regex).ok()
}

//! Ids of the requests of a batch.

/// The batch and the index of a request of a batch: `b.2` is the third request of `b`. `None` for any other id, `b.02`
/// among them: an id is compared as it is written.
///
/// ```
/// assert_eq!(contracts::batch_and_index("b.2"), Some(("b", 2)));
/// assert_eq!(contracts::batch_and_index("b.02"), None);
/// ```
#[must_use]
pub fn batch_and_index(id: &str) -> Option<(&str, usize)> {
    let (batch, index) = id.rsplit_once('.')?;
    let parsed: usize = index.parse().ok()?;
    (parsed.to_string() == index).then_some((batch, parsed))
}

//! Units in names: `memory_used_mb` and `MemoryUsedBytes` mean one quantity in two units.

use contracts::naming::snake_lower;

/// Words at the end of a name that are units.
const UNITS: [&str; 18] = [
    "bytes",
    "byte",
    "kb",
    "mb",
    "gb",
    "kib",
    "mib",
    "gib",
    "ms",
    "millis",
    "milliseconds",
    "seconds",
    "secs",
    "sec",
    "minutes",
    "hours",
    "percent",
    "ratio",
];

/// Whether two names are one quantity in two units, or one of them without a unit.
pub(super) fn differs(csharp: &str, snake: &str) -> bool {
    let (csharp, snake) = (snake_lower(csharp), snake.to_owned());
    let (stem, unit) = split(&csharp);
    let (other_stem, other_unit) = split(&snake);
    stem == other_stem && unit != other_unit
}

fn split(name: &str) -> (&str, Option<&str>) {
    match name.rsplit_once('_') {
        Some((stem, unit)) if UNITS.contains(&unit) => (stem, Some(unit)),
        _ => (name, None),
    }
}

//! The figures for people, beside those of a saved run if there is one.

use std::io::{self, Write};

use super::{BASELINES, Bench, compare::Change};

/// Writes the figures.
///
/// # Errors
/// The error of the writer.
pub fn write(bench: &Bench, changes: &[Change], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{:<12}{:>12}  {:<24}what", "figure", "median", "quartiles")?;
    for figure in &bench.figures {
        let [low, median, high] = figure.quartiles();
        let baseline = BASELINES.iter().find(|(name, _)| *name == figure.name);
        let (_, what) = baseline.expect("each figure has its baseline");
        let quartiles = format!("{low:.3} to {high:.3}");
        writeln!(out, "{:<12}{median:>11.3}x  {quartiles:<24}{what}", figure.name)?;
    }
    if bench.profile == "debug" {
        writeln!(out, "a debug build of the tool: the first four figures are not those of a release")?;
    }
    for change in changes {
        let (word, percent) = (change.verdict.as_str(), change.worse * 100.0);
        writeln!(out, "{word:<12}{}: {percent:+.0} % (+ is worse) beside the saved run", change.name)?;
    }
    Ok(())
}

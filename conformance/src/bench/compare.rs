//! A run beside a saved one: which figures are worse by more than a threshold.

use super::{Bench, Better, Figure, saved::Saved};
use crate::verdict::Verdict;

/// A figure beside the saved one.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Its name.
    pub name: String,
    /// By how much it is worse: 0.5 is half as much again; below 0 it is better.
    pub worse: f64,
    /// The judgement of the change.
    pub verdict: Verdict,
}

/// Compares figure by figure.
#[must_use]
pub fn compare(bench: &Bench, saved: &Saved, threshold: f64) -> Vec<Change> {
    let other = |name: &str| saved.figures.iter().find(|saved| saved.name == name);
    let both = bench.figures.iter().filter_map(|figure| Some((figure, other(&figure.name)?)));
    both.map(|(figure, saved)| change(figure, saved, threshold)).collect()
}

/// The worst of all.
#[must_use]
pub fn verdict(changes: &[Change]) -> Verdict {
    let any = |verdict| changes.iter().any(|change| change.verdict == verdict);
    if changes.is_empty() {
        Verdict::CouldNotRun
    } else if any(Verdict::Broken) {
        Verdict::Broken
    } else if any(Verdict::Undecided) {
        Verdict::Undecided
    } else {
        Verdict::Ok
    }
}

fn change(figure: &Figure, saved: &Figure, threshold: f64) -> Change {
    let (now, before) = (figure.quartiles(), saved.quartiles());
    let (worse, is_apart) = match figure.better {
        Better::Lower => (now[1] / before[1] - 1.0, now[0] > before[2]),
        Better::Higher => (before[1] / now[1] - 1.0, now[2] < before[0]),
    };
    // Medians that differ while the quartiles overlap may be noise: that decides nothing.
    let verdict = match (worse > threshold, is_apart) {
        (true, true) => Verdict::Broken,
        (true, false) => Verdict::Undecided,
        (false, _) => Verdict::Ok,
    };
    Change { name: figure.name.clone(), worse, verdict }
}

#[cfg(test)]
mod tests {
    use super::change;
    use crate::{
        bench::{Better, Figure},
        verdict::Verdict,
    };

    #[test]
    fn a_figure_is_worse_only_beyond_the_threshold_and_the_noise() {
        let lower = |samples: &[f64]| Figure::new("x", Better::Lower, samples.to_vec());
        let higher = |samples: &[f64]| Figure::new("x", Better::Higher, samples.to_vec());
        let saved = [9.0, 10.0, 10.0, 10.0, 11.0];
        for (samples, on_lower, on_higher) in [
            ([9.0, 10.0, 10.0, 10.0, 11.0], Verdict::Ok, Verdict::Ok),
            ([12.0, 12.0, 12.0, 12.0, 12.0], Verdict::Ok, Verdict::Ok),
            ([20.0, 20.0, 20.0, 20.0, 20.0], Verdict::Broken, Verdict::Ok),
            ([5.0, 10.0, 20.0, 20.0, 20.0], Verdict::Undecided, Verdict::Ok),
            ([5.0, 5.0, 5.0, 5.0, 5.0], Verdict::Ok, Verdict::Broken),
            ([5.0, 5.0, 5.0, 10.0, 10.0], Verdict::Ok, Verdict::Undecided),
        ] {
            let lower = change(&lower(&samples), &lower(&saved), 0.25).verdict;
            let higher = change(&higher(&samples), &higher(&saved), 0.25).verdict;
            assert_eq!((lower, higher), (on_lower, on_higher), "{samples:?}");
        }
    }
}

//! Rounds of a figure and its baseline, in turns.

use std::{
    convert::Infallible,
    time::{Duration, Instant},
};

/// A batch is over after this time, however few of its calls were made: a slow worker must not take hours.
const BATCH_MAX: Duration = Duration::from_millis(200);

/// Ratios of a figure to its baseline, one for each round.
pub(super) fn ratios<E>(
    rounds: usize,
    figure: &mut dyn FnMut() -> Result<f64, E>,
    baseline: &mut dyn FnMut() -> Result<f64, E>,
) -> Result<Vec<f64>, E> {
    (0..rounds)
        .map(|round| {
            let (figure, baseline) = if round % 2 == 0 {
                let first = figure()?;
                (first, baseline()?)
            } else {
                let first = baseline()?;
                (figure()?, first)
            };
            // Of a clock that saw no time pass it is infinite, which no run is saved with.
            Ok(figure / baseline)
        })
        .collect()
}

/// [`ratios`] of what cannot fail.
pub(super) fn sure_ratios(
    rounds: usize,
    figure: &mut dyn FnMut() -> f64,
    baseline: &mut dyn FnMut() -> f64,
) -> Vec<f64> {
    let ratios = ratios::<Infallible>(rounds, &mut || Ok(figure()), &mut || Ok(baseline()));
    match ratios {
        Ok(ratios) => ratios,
        Err(never) => match never {},
    }
}

/// The seconds of the median call of a batch.
pub(super) fn batch<E>(calls: usize, mut call: impl FnMut() -> Result<(), E>) -> Result<f64, E> {
    let begun = Instant::now();
    let mut times = Vec::with_capacity(calls);
    while times.len() < calls && (times.is_empty() || begun.elapsed() < BATCH_MAX) {
        let start = Instant::now();
        call()?;
        times.push(start.elapsed().as_secs_f64());
    }
    times.sort_unstable_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

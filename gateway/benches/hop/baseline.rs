//! Another build of the gateway beside this one: both answer by turns, in short batches, so that whatever slows the
//! machine slows both alike. Times of separate runs differ more from one run to the next than two builds do.

use std::{ffi::OsStr, path::Path, time::Duration};

use crate::{
    STATUS, SUBMISSION, clients_per_second, ends::Http, placements, start_gateway, timed, wait_until_ready,
};

const ROUNDS: usize = 60;
/// Calls of a batch: few enough that both batches meet the same machine, enough to fill the caches again.
const CALLS: usize = 100;
const JOBS: usize = 20;
/// Turns of eight clients, and how long each lasts.
const CROWDS: usize = 8;
const CROWD: Duration = Duration::from_millis(500);

/// Prints this build's figures as ratios of the baseline's.
pub(crate) fn compare(baseline: &OsStr) {
    println!("this build beside {}: medians of {ROUNDS} rounds in turns\n", Path::new(baseline).display());
    for (placement, client, children) in placements() {
        let output = crate::folder();
        crate::pin(children);
        let [old, new] = [(baseline, "old"), (OsStr::new(env!("CARGO_BIN_EXE_gateway")), "new")]
            .map(|(binary, name)| start_gateway(binary, &output.path().join(name)));
        crate::pin(client);
        for gateway in [&old, &new] {
            wait_until_ready(&gateway.address);
        }
        let mut ends = [&old, &new].map(|gateway| Http::connect(&gateway.address));
        println!("{placement}\n  {:<44} {:>9} {:>9} {:>7}  quartiles", "", "baseline", "this", "ratio");
        for (name, path, body, calls) in [
            ("get_status, µs", "/v1/commands", STATUS, CALLS),
            ("job 64×64, µs", "/v1/generate", SUBMISSION, JOBS),
        ] {
            let rounds = (0..ROUNDS).map(|round| {
                in_turns(round, &mut |which| {
                    let batch = (0..calls).map(|_| {
                        timed(|| assert_eq!(ends[which].post(path, body).0, 200)).as_secs_f64() * 1e6
                    });
                    median(batch.collect())
                })
            });
            print_row(name, &rounds.collect::<Vec<_>>());
        }
        let addresses = [&old.address, &new.address];
        let rounds = (0..CROWDS)
            .map(|round| in_turns(round, &mut |which| clients_per_second(addresses[which], CROWD)));
        print_row("8 clients, get_status a second", &rounds.collect::<Vec<_>>());
        println!();
    }
}

/// One figure of each; who begins changes with the round.
fn in_turns(round: usize, measure: &mut dyn FnMut(usize) -> f64) -> [f64; 2] {
    let mut figures = [0.0; 2];
    for turn in [round % 2, 1 - round % 2] {
        figures[turn] = measure(turn);
    }
    figures
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

fn print_row(name: &str, rounds: &[[f64; 2]]) {
    let [old, new] = [0, 1].map(|which| median(rounds.iter().map(|round| round[which]).collect()));
    let mut ratios: Vec<f64> = rounds.iter().map(|[old, new]| new / old).collect();
    ratios.sort_unstable_by(f64::total_cmp);
    let [low, middle, high] = [1, 2, 3].map(|quarter| ratios[(ratios.len() - 1) * quarter / 4]);
    println!("  {name:<44} {old:>9.1} {new:>9.1} {middle:>6.3}x  {low:.3} to {high:.3}");
}

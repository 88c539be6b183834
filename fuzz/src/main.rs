//! `cargo xtask fuzz`: drives the targets for a while and keeps the input that breaks one.

use std::{
    panic,
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use fuzz::{corpus, mutate::Mutator, targets};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("fuzz: {err:#}");
            ExitCode::FAILURE
        }
    }
}

/// `fuzz SECONDS SEED [TARGET]...`, or `fuzz --input FILE TARGET` for one input again.
fn run() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, path, name] = arguments.as_slice()
        && flag == "--input"
    {
        let bytes = std::fs::read(path).with_context(|| path.clone())?;
        target(name)?.1(&bytes);
        return Ok(());
    }
    let [seconds, seed, names @ ..] = arguments.as_slice() else {
        bail!("usage: fuzz SECONDS SEED [TARGET]..., or fuzz --input FILE TARGET");
    };
    let seconds: u64 = seconds.parse().with_context(|| format!("SECONDS {seconds}"))?;
    let seed: u64 = seed.parse().with_context(|| format!("SEED {seed}"))?;
    let chosen = match names {
        [] => targets::ALL.to_vec(),
        names => names.iter().map(|name| target(name)).collect::<Result<_, _>>()?,
    };
    let corpus = corpus::read().context("the corpus")?;
    for (name, target) in chosen {
        let until = Instant::now() + Duration::from_secs(seconds);
        let mut mutator = Mutator::new(corpus.clone(), seed);
        let mut count = 0_u64;
        while Instant::now() < until {
            let input = mutator.next_input();
            if panic::catch_unwind(|| target(&input)).is_err() {
                let path = keep(name, &input).with_context(|| format!("the input that broke {name}"))?;
                bail!(
                    "{name} broke after {count} inputs of seed {seed}; again: fuzz --input {} {name}",
                    path.display()
                );
            }
            count += 1;
        }
        eprintln!("{name:<12} {count} inputs in {seconds} s, seed {seed}");
    }
    Ok(())
}

fn target(name: &str) -> anyhow::Result<targets::Target> {
    targets::ALL.into_iter().find(|(known, _)| *known == name).with_context(|| {
        let names = targets::ALL.map(|(name, _)| name).join(", ");
        format!("no target {name}; there are {names}")
    })
}

fn keep(name: &str, input: &[u8]) -> std::io::Result<PathBuf> {
    let folder = std::env::temp_dir().join("concord-fuzz");
    std::fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{name}-{}", std::process::id()));
    std::fs::write(&path, input)?;
    Ok(path)
}

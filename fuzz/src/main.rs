//! `cargo xtask fuzz`: drives the targets for a while and keeps what breaks one.

use std::{
    panic,
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use fuzz::{corpus, mutate::Mutator, targets};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            eprintln!("fuzz: {what}");
            ExitCode::FAILURE
        }
    }
}

/// `fuzz SECONDS SEED [TARGET]...`, or `fuzz --input FILE TARGET` for one input again.
fn run() -> Result<(), String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, path, name] = arguments.as_slice()
        && flag == "--input"
    {
        let bytes = std::fs::read(path).map_err(|err| format!("{path}: {err}"))?;
        target(name)?.1(&bytes);
        return Ok(());
    }
    let [seconds, seed, names @ ..] = arguments.as_slice() else {
        return Err("usage: fuzz SECONDS SEED [TARGET]..., or fuzz --input FILE TARGET".to_owned());
    };
    let seconds: u64 = seconds.parse().map_err(|err| format!("SECONDS {seconds}: {err}"))?;
    let seed: u64 = seed.parse().map_err(|err| format!("SEED {seed}: {err}"))?;
    let chosen = match names {
        [] => targets::ALL.to_vec(),
        names => names.iter().map(|name| target(name)).collect::<Result<_, _>>()?,
    };
    let corpus = corpus::read().map_err(|err| format!("the corpus: {err}"))?;
    for (name, target) in chosen {
        let until = Instant::now() + Duration::from_secs(seconds);
        let mut mutator = Mutator::new(corpus.clone(), seed);
        let mut count = 0_u64;
        while Instant::now() < until {
            let input = mutator.next_input();
            if panic::catch_unwind(|| target(&input)).is_err() {
                let path = keep(name, &input).map_err(|err| format!("keeping what broke {name}: {err}"))?;
                return Err(format!(
                    "{name} broke after {count} inputs of seed {seed}; again: fuzz --input {} {name}",
                    path.display()
                ));
            }
            count += 1;
        }
        eprintln!("{name:<12} {count} inputs in {seconds} s, seed {seed}");
    }
    Ok(())
}

fn target(name: &str) -> Result<targets::Target, String> {
    targets::ALL.into_iter().find(|(known, _)| *known == name).ok_or_else(|| {
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

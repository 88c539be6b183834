//! The inputs that the mutator starts from: the fixtures, and cases that they lack.

use std::{fs, io, path::Path};

/// The inputs that every target starts from.
///
/// # Errors
/// A file that cannot be read.
pub fn read() -> io::Result<Vec<Vec<u8>>> {
    let mut corpus = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    for folder in ["seed", "envelopes", "invalid", "replies"] {
        let mut paths: Vec<_> =
            fs::read_dir(root.join(folder))?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
        // The order of a folder is the file system's; a run must not depend on it.
        paths.sort();
        for path in paths {
            let bytes = match path.extension().and_then(|ending| ending.to_str()) {
                Some("json" | "jsonl") => fs::read(&path)?,
                _ => continue,
            };
            if path.extension().is_some_and(|ending| ending == "jsonl") {
                corpus.extend(
                    bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec),
                );
            } else {
                corpus.push(bytes);
            }
        }
    }
    corpus.extend(headers());
    Ok(corpus)
}

/// Files of weights, sound and broken.
fn headers() -> impl Iterator<Item = Vec<u8>> {
    let file = |header: &str, data: usize| {
        [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &vec![0; data]].concat()
    };
    [
        file(r#"{"w":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}"#, 4),
        file(r#"{"__metadata__":{"model_type":"lora"},"a.b":{"dtype":"BF16","shape":[],"data_offsets":[0,2]}}"#, 2),
        file(r#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,18446744073709551615]}}"#, 4),
        file("{}", 0),
        [255; 8].to_vec(),
        Vec::new(),
    ]
    .into_iter()
}

//! The payloads of the seed, as C# writes them, over HTTP, stdio and `submit`: the replies match snapshots, and the
//! pictures exist.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::Command,
};

use crate::rig::{GATEWAY, Rig, within};

/// Replaces values that differ from run to run by their kind.
fn tame(value: &mut Value, name: &str) {
    let snake: String = name
        .chars()
        .flat_map(|c| if c.is_uppercase() { vec!['_', c.to_ascii_lowercase()] } else { vec![c] })
        .collect();
    let is = |names: &[&str]| names.iter().any(|one| snake.ends_with(one));
    match value {
        Value::Object(members) => members.iter_mut().for_each(|(name, member)| tame(member, name)),
        Value::Array(items) => items.iter_mut().for_each(|item| tame(item, name)),
        Value::Number(_) if is(&["_seconds", "_percent"]) => *value = "(seconds)".into(),
        Value::Number(_) if is(&["ram_used_bytes", "memory_used_m_b", "memory_used_mb"]) => {
            *value = "(memory)".into();
        }
        Value::Number(_) if is(&["bytes"]) && name.eq_ignore_ascii_case("bytes") => *value = "(bytes)".into(),
        Value::String(_) if is(&["_at", "last_activity"]) => *value = "(time)".into(),
        Value::String(_) if is(&["sha256"]) => *value = "(hash)".into(),
        Value::String(text) if text.contains("/out/") || text.contains("/v1/jobs/") => {
            let end = text.rsplit(['_', '/']).next().unwrap_or_default();
            // A training's file is named by its id.
            let end = end
                .split_once('.')
                .filter(|(stem, _)| uuid::Uuid::try_parse(stem).is_ok())
                .map_or(end, |(_, kind)| kind);
            *value = format!("(path)_{end}").into();
        }
        Value::String(text) if uuid::Uuid::try_parse(text).is_ok() => *value = "(id)".into(),
        _ => {}
    }
}

/// The payloads: name and file.
fn payloads() -> Vec<(String, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/seed");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 11, "{files:?}");
    files.into_iter().map(|file| (file.file_stem().unwrap().to_string_lossy().into_owned(), file)).collect()
}

/// The data set of the training payload.
fn make_data_set(folder: &Path) {
    let data_set = folder.join("custom_dataset");
    std::fs::create_dir(&data_set).unwrap();
    image::RgbImage::from_pixel(64, 64, image::Rgb([9, 99, 199])).save(data_set.join("one.png")).unwrap();
    std::fs::write(data_set.join("one.txt"), "a blue square").unwrap();
}

/// Checks that each picture in a reply is a file of the reported size. Returns how many there are.
fn open_pictures(reply: &Value) -> usize {
    let data = reply.get("Data").or_else(|| reply.get("data")).unwrap();
    let details = data.get("ImageDetails").or_else(|| data.get("image_details"));
    let details = details.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    for detail in details {
        let of =
            |pascal: &str, snake: &str| detail.get(pascal).or_else(|| detail.get(snake)).unwrap().clone();
        let size = image::image_dimensions(of("Path", "path").as_str().unwrap()).unwrap();
        assert_eq!(
            (of("Width", "width"), of("Height", "height")),
            (size.0.into(), size.1.into()),
            "{detail}"
        );
    }
    details.len()
}

/// The gateway's program with one simulated worker that takes no time, and a folder of its own.
fn program(verb: &str) -> (Command, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    make_data_set(folder.path());
    let mut command = Command::new(GATEWAY);
    command.arg(verb).args(["--workers", "sim", "--sim-workers", "1"]);
    for arg in ["--step-ms", "0", "--load-ms", "0"] {
        command.args(["--sim-arg", arg]);
    }
    command.arg("--output-dir").arg(folder.path().join("out")).arg("--input-root").arg(folder.path());
    command.env_remove("CUDA_VISIBLE_DEVICES").env_remove("GPU_ID").kill_on_drop(true);
    (command, folder)
}

#[tokio::test]
async fn the_payloads_of_the_seed_are_answered() {
    let rig = Rig::with(1, "", &[]).await;
    make_data_set(rig.dir.path());
    let mut pictures = 0;
    for (name, file) in payloads() {
        let mut response = rig.bytes("/v1/commands?dialect=pascal", std::fs::read(&file).unwrap()).await;
        assert_eq!(response.body["Success"], true, "{name}: {}", response.body);
        pictures += open_pictures(&response.body);
        tame(&mut response.body, "");
        insta::assert_json_snapshot!(name.clone(), response.body);
    }
    assert!(pictures >= 4, "{pictures}");
    rig.stop().await;
}

#[tokio::test]
async fn the_payloads_of_the_seed_are_answered_on_stdio() {
    let (mut command, _folder) = program("stdio");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut pictures = 0;
    for (name, file) in payloads() {
        let one_line = std::fs::read_to_string(&file).unwrap().replace('\n', "") + "\n";
        stdin.write_all(one_line.as_bytes()).await.unwrap();
        let line = within(lines.next_line()).await.unwrap().expect("a reply");
        let mut reply: Value = serde_json::from_str(&line).unwrap();
        // A bridge reads only PascalCase; the documented envelope is answered in snake.
        let member = if name == "documented" { "success" } else { "Success" };
        assert_eq!(reply[member], true, "{name}: {reply}");
        pictures += open_pictures(&reply);
        tame(&mut reply, "");
        insta::assert_json_snapshot!(format!("stdio-{name}"), reply);
    }
    assert!(pictures >= 4, "{pictures}");
    drop(stdin);
    assert_eq!(within(child.wait()).await.unwrap().code(), Some(0));
}

#[tokio::test]
async fn the_payloads_of_the_seed_are_submitted() {
    let mut pictures = 0;
    for (name, file) in payloads() {
        let (mut command, _folder) = program("submit");
        let output = within(command.arg(&file).arg("--json").output()).await.unwrap();
        assert_eq!(output.status.code(), Some(0), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        let mut reply: Value = serde_json::from_slice(&output.stdout).unwrap();
        pictures += open_pictures(&reply);
        tame(&mut reply, "");
        insta::assert_json_snapshot!(format!("submit-{name}"), reply);
    }
    assert!(pictures >= 4, "{pictures}");
}

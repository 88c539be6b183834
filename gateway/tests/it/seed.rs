//! The seed's own payloads, as C# writes them, by HTTP: replies are snapshots.

use serde_json::Value;

use crate::rig::Rig;

/// What differs from run to run stands as its kind.
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

#[tokio::test]
async fn the_payloads_of_the_seed_are_answered() {
    let rig = Rig::with(1, "", &[]).await;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/seed");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let data_set = rig.dir.path().join("custom_dataset");
    std::fs::create_dir(&data_set).unwrap();
    image::RgbImage::from_pixel(64, 64, image::Rgb([9, 99, 199])).save(data_set.join("one.png")).unwrap();
    std::fs::write(data_set.join("one.txt"), "a blue square").unwrap();
    let mut answered = 0;
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let mut heard = rig.bytes("/v1/commands?dialect=pascal", std::fs::read(&file).unwrap()).await;
        tame(&mut heard.body, "");
        insta::assert_json_snapshot!(name.clone(), heard.body);
        assert_eq!(heard.body["Success"], true, "{name}");
        answered += 1;
    }
    assert!(answered > 0, "there are payloads");
    rig.stop().await;
}

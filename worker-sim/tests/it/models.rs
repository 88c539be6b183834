//! Models: loads, the cache, suites, eviction, files.

use serde_json::{Value, json};

use crate::support::{Sim, job};

fn loaded(sim: &mut Sim) -> Vec<(String, String)> {
    let data = sim.data("get_model_info", json!({}));
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    data["models"]
        .as_array()
        .expect("models")
        .iter()
        .map(|model| (text(&model["model_id"]), text(&model["location"])))
        .collect()
}

fn names(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(id, place)| ((*id).to_owned(), (*place).to_owned())).collect()
}

#[test]
fn a_model_goes_through_the_cache_to_the_gpu_and_away() {
    let mut sim = Sim::start(&["--load-ms", "300"]);
    let base = json!({"model_path": "/models/sdxl_base.safetensors", "model_type": "sdxl"});
    let reply = sim.ask("load_from_cache", json!({"model_id": "sdxl_base"}));
    assert_eq!(reply["error_details"]["code"], "model_not_found");
    assert_eq!(reply["error_details"]["hint"], "load_model_to_cache");
    assert_eq!(sim.data("load_model_to_cache", base.clone())["from_cache"], false);
    assert_eq!(loaded(&mut sim), names(&[("sdxl_base", "ram")]));
    let fast = sim.data("load_from_cache", json!({"model_id": "sdxl_base"}));
    assert_eq!(fast["from_cache"], true);
    assert!(
        fast["load_time_seconds"].as_f64().is_some_and(|seconds| (0.03..0.3).contains(&seconds)),
        "{fast}"
    );
    assert_eq!(loaded(&mut sim), names(&[("sdxl_base", "gpu"), ("sdxl_base", "ram")]));
    assert_eq!(
        sim.data("load_model", base)["memory_used_bytes"],
        fast["memory_used_bytes"],
        "it is there already"
    );
    let vae =
        sim.data("load_model", json!({"model_path": "/models/sdxl_vae.safetensors", "model_type": "vae"}));
    assert_eq!(vae["memory_used_bytes"], vae["model_size_bytes"], "its own memory, not that of all models");
    sim.data("unload_model", json!({"model_id": "sdxl_vae"}));
    let gone = sim.data("unload_model", json!({"model_id": "sdxl_base"}));
    assert_eq!(gone, json!({"model_ids": ["sdxl_base"], "freed_bytes": fast["model_size_bytes"]}));
    assert_eq!(sim.code("unload_model", json!({"model_id": "sdxl_base"})), "model_not_found");
    assert_eq!(sim.data("unload_model", json!({})), json!({"model_ids": [], "freed_bytes": 0}));
}

#[test]
fn ids_and_paths_mean_what_the_contract_says() {
    let mut sim = Sim::start(&[]);
    let load = |path: &str, kind: &str, id: Option<&str>| json!({"model_path": path, "model_type": kind, "model_id": id});
    let id = |sim: &mut Sim, path: &str| sim.data("load_model", load(path, "lora", None))["model_id"].clone();
    assert_eq!(id(&mut sim, "/models/b.safetensors"), "b");
    let first = id(&mut sim, "/models/a/b.safetensors");
    let second = id(&mut sim, "/models/c/b.safetensors");
    assert!(first != second && first.as_str().is_some_and(|id| id.starts_with("b-")), "{first} {second}");
    assert_eq!(id(&mut sim, "a/./x/..//b.safetensors"), first, "the same place, spelt otherwise");
    assert_eq!(sim.code("load_model", load("/models/c/b.safetensors", "lora", Some("b"))), "conflict");
    assert_eq!(sim.data("load_model", load("/models/c/b.safetensors", "lora", Some("b2")))["model_id"], "b2");
    assert_eq!(
        sim.code("load_model", load("/models/c/b.safetensors", "lora", Some("ü"))),
        "unsupported_value"
    );
    assert!(id(&mut sim, "/models/über.safetensors").as_str().is_some_and(|id| id.starts_with("ber-")));
    assert_eq!(
        sim.code("load_model", load("https://example.org/x.safetensors", "lora", None)),
        "model_not_found"
    );
    assert_eq!(sim.code("load_model", load("C:\\models\\x.safetensors", "lora", None)), "model_not_found");
    assert_eq!(sim.code("load_model", load("loras/style.safetensors/", "lora", None)), "model_not_found");
    assert_eq!(sim.code("load_model", load("detail", "lora", None)), "model_not_found");
    assert_eq!(sim.code("load_model", load("/elsewhere/x.safetensors", "lora", None)), "path_not_allowed");
    assert_eq!(sim.code("load_model", load("/models/x.bin", "lora", None)), "model_invalid");
    assert_eq!(sim.code("load_model", load("sdxl_vae", "sdxl", None)), "model_invalid");
    let by_id = json!({"conditioning": {"loras": [{"name": "b2"}]}});
    assert_eq!(sim.data("generate_sdxl", job(by_id))["features_used"]["lora"], true);
}

#[test]
fn a_file_of_several_ids_is_loaded_once() {
    let mut sim = Sim::start(&[]);
    let load = |id: Option<&str>| json!({"model_path": "/models/a/b.safetensors", "model_type": "sdxl", "model_id": id});
    let first = sim.data("load_model", load(Some("mine")));
    let second = sim.data("load_model", load(None));
    assert_ne!(first["model_id"], second["model_id"]);
    assert_eq!(first["memory_used_bytes"], second["memory_used_bytes"]);
    assert_eq!(
        sim.data("unload_model", json!({"model_id": "mine"}))["freed_bytes"],
        0,
        "it lies there still"
    );
    let rest = sim.data("unload_model", json!({}));
    assert_eq!(rest["freed_bytes"], first["model_size_bytes"], "{rest}");
}

#[test]
fn files_of_one_name_in_two_folders_take_part_together() {
    let mut sim = Sim::start(&[]);
    let lora = |path: &str| json!({"name": path, "weight": 0.5});
    let both = json!([
        lora("watercolor/pytorch_lora_weights.safetensors"),
        lora("pencil/pytorch_lora_weights.safetensors")
    ]);
    for loras in [json!([both[0]]), json!([both[1]]), both] {
        let data = sim.data("generate_sdxl", job(json!({"conditioning": {"loras": loras}})));
        assert_eq!(data["features_used"]["lora"], true);
    }
}

#[test]
fn the_least_recently_used_model_makes_room() {
    // Two bases of 6.9 GB fit, three do not.
    let mut sim = Sim::start(&["--vram-mb", "14500"]);
    for id in ["a", "b"] {
        sim.data(
            "load_model",
            json!({"model_path": format!("/models/{id}.safetensors"), "model_type": "sdxl"}),
        );
    }
    sim.data("generate_sdxl", job(json!({"model": {"base": "a"}})));
    let reply = sim.ask("generate_sdxl", job(json!({"model": {"base": "/models/c.safetensors"}})));
    assert_eq!(reply["warning_details"][0]["code"], "model_swapped", "{reply}");
    assert_eq!(loaded(&mut sim), names(&[("a", "gpu"), ("c", "gpu")]));
    let status = sim.data("get_status", json!({}));
    let memory = &status["memory_stats"];
    let sum = memory["vram_used_bytes"].as_u64().expect("bytes")
        + memory["vram_available_bytes"].as_u64().expect("bytes");
    assert_eq!(memory["vram_total_bytes"], sum);
    let freed = sim.data("cleanup_memory", json!({}))["freed_gpu_bytes"].as_u64().expect("bytes");
    assert!(freed > 0);
    let after = sim.data("get_status", json!({}))["memory_stats"]["vram_used_bytes"].as_u64().expect("bytes");
    assert_eq!(after + freed, memory["vram_used_bytes"].as_u64().expect("bytes"));
}

#[test]
fn a_suite_is_loaded_whole_or_not_at_all() {
    let mut sim = Sim::start(&["--vram-mb", "10000"]);
    let suite = json!({"suite_name": "s", "base_model_path": "sdxl_base", "refiner_model_path": "sdxl_refiner", "vae_model_path": "sdxl_vae"});
    assert_eq!(sim.code("load_sdxl_suite", suite.clone()), "out_of_memory");
    assert_eq!(loaded(&mut sim), []);
    let cached = sim.data("cache_sdxl_suite", suite);
    let ids: Vec<&Value> =
        cached["component_results"].as_array().expect("parts").iter().map(|part| &part["model_id"]).collect();
    assert_eq!(ids, ["sdxl_s_base", "sdxl_s_refiner", "sdxl_s_vae"]);
    assert_eq!(sim.data("load_from_cache", json!({"model_id": "sdxl_s_base"}))["from_cache"], true);
    assert_eq!(
        sim.data("validate_model_files", json!({"suite": "s"}))["results"].as_array().map(Vec::len),
        Some(3)
    );
    assert_eq!(sim.code("validate_model_files", json!({"suite": "t"})), "model_not_found");
}

#[test]
fn real_files_are_opened() {
    let home = tempfile::tempdir().expect("a folder");
    let root = home.path().join("models");
    std::fs::create_dir_all(&root).expect("a folder");
    let header = br#"{"w":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}"#;
    let good = [&(header.len() as u64).to_le_bytes()[..], header, &[0; 4]].concat();
    std::fs::write(root.join("good.safetensors"), &good).expect("a file");
    std::fs::write(root.join("short.safetensors"), &good[..good.len() - 1]).expect("a file");
    let mut sim = Sim::start_in(home, &["--model-root", root.to_str().expect("text")]);
    let paths = ["good", "short.safetensors", "/models/vae.safetensors", "nobody"];
    let data = sim.data("validate_model_files", json!({"model_paths": paths, "deep": true}));
    let found: Vec<(&Value, &Value)> = data["results"]
        .as_array()
        .expect("results")
        .iter()
        .map(|file| (&file["is_valid"], &file["tensor_count"]))
        .collect();
    assert_eq!(found[0], (&json!(true), &json!(1)), "{data}");
    assert_eq!(found[1].0, false, "{data}");
    assert_eq!(found[2].0, true);
    assert_eq!(found[3].0, false);
    assert!(data["results"][0]["sha256"].is_string());
    let asked: Vec<&Value> = (0..paths.len()).map(|i| &data["results"][i]["model_path"]).collect();
    assert_eq!(asked, paths.iter().collect::<Vec<_>>(), "as asked");
    assert_eq!(data["results"][0]["dtypes"], json!(["fp16"]));
    assert_eq!(sim.code("validate_model_files", json!({"model_paths": ["/etc/passwd"]})), "path_not_allowed");
    assert_eq!(
        sim.data("load_model", json!({"model_path": "good", "model_type": "vae"}))["model_size_bytes"],
        good.len()
    );
}

/// Bytes of a file with this header and eight bytes behind it.
fn file(header: &str) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &[1, 2, 3, 4, 0, 0, 0, 0]].concat()
}

fn tensor(name: &str, begin: u64, end: u64) -> String {
    let side = (end - begin) / 2;
    format!(r#""{name}":{{"dtype":"F16","shape":[1,{side}],"data_offsets":[{begin},{end}]}}"#)
}

/// The header of a sound file with one piece of its text exchanged.
fn sound_but(piece: &str, other: &str) -> String {
    let header = format!("{{{}}}", tensor("w", 0, 8));
    assert!(header.contains(piece), "{header}");
    header.replace(piece, other)
}

#[test]
fn a_broken_file_is_refused_by_looks_loads_and_jobs() {
    let home = tempfile::tempdir().expect("a folder");
    let root = home.path().join("models");
    std::fs::create_dir_all(root.join("folder.safetensors")).expect("a folder");
    let sound = file(&format!("{{{}}}", tensor("w", 0, 8)));
    let broken = [
        ("empty.safetensors", Vec::new()),
        ("page.safetensors", b"<!DOCTYPE html><html></html>".to_vec()),
        ("cut.safetensors", sound[..20].to_vec()),
        ("nothing.safetensors", file("{}")),
        ("twice.safetensors", file(&format!("{{{},{}}}", tensor("w", 0, 4), tensor("w", 0, 8)))),
        ("overlap.safetensors", file(&format!("{{{},{}}}", tensor("a", 0, 4), tensor("b", 2, 8)))),
        ("hole.safetensors", file(&format!("{{{},{}}}", tensor("a", 0, 2), tensor("b", 4, 8)))),
        ("rest.safetensors", file(&format!("{{{}}}", tensor("w", 0, 4)))),
        ("zeros.safetensors", file(&format!("{{{},{}}}", tensor("a", 0, 4), tensor("b", 4, 8)))),
        ("sound.safetensors.part", sound.clone()),
        ("shape.safetensors", file(&sound_but("[1,4]", "[1,5]"))),
        ("negative.safetensors", file(&sound_but("[1,4]", "[-1,-4]"))),
        ("endless.safetensors", file(&sound_but("[1,4]", "[4294967296,4294967296,4]"))),
        ("dtype.safetensors", file(&sound_but("F16", "Q16"))),
        ("inner.safetensors", file(&sound_but("\"shape\"", "\"shape\":[1,4],\"shape\""))),
        ("metadata.safetensors", file(&sound_but("{\"w\"", "{\"__metadata__\":{\"a\":1},\"w\""))),
        ("name.safetensors", file(&sound_but("\"w\"", &format!("\"{}\"", "n".repeat(100_000))))),
        ("type.safetensors", file(&sound_but("F16", &"n".repeat(100_000)))),
        ("sides.safetensors", file(&sound_but("[1,4]", &format!("[{}4]", "1,".repeat(100_000))))),
    ];
    for (name, bytes) in &broken {
        std::fs::write(root.join(name), bytes).expect("a file");
    }
    std::fs::write(root.join("sound.safetensors"), sound).expect("a file");
    let mode = nix::sys::stat::Mode::S_IRWXU;
    nix::unistd::mkfifo(&root.join("pipe.safetensors"), mode).expect("a pipe");
    let mut sim = Sim::start_in(home, &["--model-root", root.to_str().expect("text")]);
    let names = broken.iter().map(|(name, _)| *name).chain(["folder.safetensors", "pipe.safetensors"]);
    for path in names.map(|name| root.join(name)).map(|path| path.display().to_string()) {
        let looked = sim.data("validate_model_files", json!({"model_paths": [path]}));
        assert_eq!(looked["results"][0]["is_valid"], false, "{looked}");
        assert!(looked.to_string().len() < 4000, "a header's texts may be as long as the header: {path}");
        let load = json!({"model_path": path, "model_type": "sdxl"});
        assert_eq!(sim.code("load_model", load), "model_invalid", "{path}");
        assert_eq!(
            sim.code("generate_sdxl", job(json!({"model": {"base": path}}))),
            "model_invalid",
            "{path}"
        );
    }
    let looked = sim.data("validate_model_files", json!({"model_paths": ["sound"]}));
    assert_eq!(looked["results"][0]["is_valid"], true, "{looked}");
    sim.data("generate_sdxl", job(json!({"model": {"base": "sound"}})));
}

/// As the Python worker takes them: links of a download may lead to nothing, and back into the folder.
#[test]
fn links_in_a_folder_are_followed_but_not_out_of_the_roots() {
    use std::os::unix::fs::symlink;
    let home = tempfile::tempdir().expect("a folder");
    let root = home.path().join("models");
    let sound = file(&format!("{{{}}}", tensor("w", 0, 8)));
    let targets = [("nothing", "nowhere"), ("circle", "."), ("out", "/etc")];
    for (name, target) in targets {
        std::fs::create_dir_all(root.join(name)).expect("a folder");
        std::fs::write(root.join(name).join("w.safetensors"), &sound).expect("a file");
        symlink(target, root.join(name).join("a")).expect("a link");
        symlink(target, root.join(name).join("b")).expect("a link");
    }
    let mut sim = Sim::start_in(home, &["--model-root", root.to_str().expect("text")]);
    for (name, _) in &targets[..2] {
        let loaded = sim.data("load_model", json!({"model_path": format!("./{name}"), "model_type": "sdxl"}));
        assert_eq!(loaded["model_size_bytes"], sound.len(), "{name}");
        let looked = sim.data("validate_model_files", json!({"model_paths": [format!("./{name}")]}));
        assert_eq!(looked["results"][0]["is_valid"], true, "{looked}");
    }
    for base in ["./out", "out"] {
        assert_eq!(
            sim.code("generate_sdxl", job(json!({"model": {"base": base}}))),
            "path_not_allowed",
            "{base}"
        );
    }
}

/// A link that stays inside the roots leads to a folder with one that does not.
#[test]
fn a_link_out_of_the_roots_is_found_behind_a_link_that_stays_inside() {
    use std::os::unix::fs::symlink;
    let home = tempfile::tempdir().expect("a folder");
    let root = home.path().join("models");
    std::fs::create_dir_all(root.join("m")).expect("a folder");
    std::fs::create_dir_all(root.join("shared")).expect("a folder");
    let outside = home.path().join("outside.safetensors");
    std::fs::write(&outside, file(&format!("{{{}}}", tensor("w", 0, 8)))).expect("a file");
    symlink("../shared", root.join("m/a")).expect("a link");
    symlink(&outside, root.join("shared/b.safetensors")).expect("a link");
    let mut sim = Sim::start_in(home, &["--model-root", root.to_str().expect("text")]);
    let load = json!({"model_path": "./m", "model_type": "sdxl"});
    let reply = sim.ask("load_model", load);
    assert_eq!(reply["error_details"]["code"], "path_not_allowed", "{reply}");
    assert!(reply["error"].as_str().is_some_and(|error| error.starts_with("b.safetensors in ")), "{reply}");
}

/// A folder may be listed and hold a file that may not be looked at: what is beside it must not be left out without a word.
#[test]
fn a_file_of_a_model_that_may_not_be_looked_at_is_an_error() {
    use std::{
        fs::{self, Permissions},
        io::Write as _,
        os::unix::{
            fs::{MetadataExt as _, PermissionsExt as _},
            process::CommandExt as _,
        },
        process::{Command, Stdio},
    };
    let home = tempfile::tempdir().expect("a folder");
    let allow = |name: &str, mode: u32| {
        fs::set_permissions(home.path().join(name), Permissions::from_mode(mode)).expect("a mode");
    };
    for folder in ["m/locked", "m/listed", "in", "out"] {
        fs::create_dir_all(home.path().join(folder)).expect("a folder");
    }
    let sound = file(&format!("{{{}}}", tensor("w", 0, 8)));
    for name in ["w.safetensors", "locked/w.safetensors", "listed/w.safetensors"] {
        fs::write(home.path().join("m").join(name), &sound).expect("a file");
    }
    fs::copy(env!("CARGO_BIN_EXE_worker-sim"), home.path().join("worker-sim")).expect("a copy");
    for (name, mode) in [("", 0o755), ("out", 0o777), ("m/locked", 0o000)] {
        allow(name, mode);
    }
    let load = json!({"action": "load_model", "payload": {"model_path": "./m", "model_type": "sdxl"}});
    let loaded = || {
        let mut command = Command::new(home.path().join("worker-sim"));
        command.args(["--device", "cpu", "--model-root", ".", "--input-root", "in", "--output-dir", "out"]);
        // Root may look at everything.
        if fs::metadata("/proc/self").expect("it is there").uid() == 0 {
            command.uid(65534);
        }
        command.current_dir(home.path()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut worker = command.spawn().expect("it starts");
        writeln!(worker.stdin.take().expect("a pipe"), "{load}").expect("it reads");
        let output = worker.wait_with_output().expect("it ends");
        serde_json::from_slice::<Value>(&output.stdout).expect("a reply")
    };
    assert_eq!(loaded()["success"], true, "a folder that cannot be listed is passed over, as a loader does");
    allow("m/listed", 0o444);
    let reply = loaded();
    assert_eq!(reply["error_details"]["code"], "model_invalid", "{reply}");
    allow("m/listed", 0o755);
    allow("m/locked", 0o755);
}

#[test]
fn the_self_test_tests() {
    let mut sim = Sim::start(&[]);
    for scope in ["commands", "sdxl", "models", "benchmark"] {
        let data = sim.data("run_self_test", json!({"scope": scope}));
        assert_eq!(data["failed"], 0, "{data}");
        assert_eq!(data["passed"].as_u64(), data["checks"].as_array().map(|checks| checks.len() as u64));
        assert!(data["passed"].as_u64() > Some(0));
    }
}

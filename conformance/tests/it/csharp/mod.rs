//! `conformance csharp`: types of sources as real .NET describes them, and against the schemas.

mod drifts;
mod marked;
mod reviewed;
mod shapes;

use conformance::{
    csharp::{Sources, TypeRows},
    dotnet::Options,
    source::Judged,
    verdict::Verdict,
};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::tool;

/// What a row of the oracle says of a type, of which the model says the same.
fn stated(row: &Value) -> Value {
    if row["outcome"] != "ok" {
        return json!({"outcome": row["outcome"]});
    }
    let names = ["outcome", "kind", "members", "unmapped", "numbers", "bind_empty_fault"];
    let stated = names.into_iter().map(|name| (name.to_owned(), row[name].clone()));
    stated.collect::<serde_json::Map<_, _>>().into()
}

fn by_the_model(of: &TypeRows) -> Value {
    match &of.members {
        Err(_) => json!({"outcome": "InvalidOperationException"}),
        Ok(members) => json!({
            "outcome": "ok", "kind": of.kind, "members": members, "unmapped": of.unmapped,
            "numbers": of.numbers, "bind_empty_fault": of.bind_empty_fault,
        }),
    }
}

/// Holds the model to rows about sources.
fn assert_rows(rows: &Path, sources: &Path, expected: usize) {
    let text = fs::read_to_string(rows).expect("the rows");
    let mut wrong = Vec::new();
    let mut all = 0;
    for line in text.lines() {
        let row: Value = serde_json::from_str(line).expect("a row is JSON");
        let path = sources.join(row["file"].as_str().expect("a file"));
        let parsed = Sources::read(&[path]).expect("the source");
        let options = Options::named(row["options"].as_str().expect("options")).expect("a known set");
        let types = parsed.types(&options);
        let found = types.iter().find(|one| row["type"] == one.name.as_str());
        let model = found.map_or(Value::Null, by_the_model);
        all += 1;
        if model != stated(&row) {
            let (file, of, options) = (&row["file"], &row["type"], &row["options"]);
            wrong.push(format!("{file} {of} {options}\n  .NET  {}\n  model {model}", stated(&row)));
        }
    }
    assert_eq!(all, expected, "no row may go missing");
    let shown = &wrong[..wrong.len().min(20)];
    assert!(wrong.is_empty(), "{} of {all} rows differ:\n{}", wrong.len(), shown.join("\n"));
}

#[test]
fn each_type_of_the_oracle_has_the_members_that_dotnet_finds() {
    let folder = crate::fixtures().join("oracle");
    assert_rows(&folder.join("types.jsonl"), &folder.join("sources"), 258);
}

#[test]
fn each_type_of_ours_has_the_members_that_dotnet_finds() {
    let folder = crate::fixtures().join("csharp");
    assert_rows(&folder.join("types.jsonl"), &folder, ROWS);
}

const ROWS: usize = 237;

/// Judges a text under the default options.
fn judge(text: &str) -> Judged {
    let sources = Sources::of(&[(PathBuf::from("Dtos.cs"), text.to_owned())]);
    sources.judge(&[Options::new("default")], &[])
}

/// The findings as `line class subject`.
fn found(judged: &Judged) -> Vec<String> {
    let line =
        |one: &conformance::source::Finding| format!("{} {} {}", one.place.line, one.class, one.subject);
    judged.findings.iter().map(line).collect()
}

#[test]
fn a_class_that_keeps_the_contract_is_ok() {
    let judged = judge(
        "public class Scheduler {\n  public string? Type { get; set; }\n  public int? Steps { get; set; }\n  \
         public bool? KarrasSigmas { get; set; }\n  public string? TimestepSpacing { get; set; }\n}\n",
    );
    assert_eq!((found(&judged), judged.verdict()), (Vec::new(), Verdict::Ok), "{judged:#?}");
}

#[test]
fn each_drift_of_a_class_has_its_line_and_class() {
    let judged = judge(
        "using System.Text.Json.Serialization;\npublic enum Spacing { Leading }\npublic class Scheduler {\n  \
         public int? Type { get; set; }\n  public int Steps { get; set; }\n  \
         [JsonPropertyName(\"karras-sigmas\")] public bool? KarrasSigmas { get; set; }\n  \
         public Spacing? TimestepSpacing { get; set; }\n  public int? Stepz { get; set; }\n}\n",
    );
    assert_eq!(
        found(&judged),
        [
            "4 G-TYPE Scheduler.Type",
            "5 G-DEFAULT Scheduler.Steps",
            "6 G-CASE Scheduler.KarrasSigmas",
            "7 G-ENUM Scheduler.TimestepSpacing",
            "8 G-NAMES Scheduler.Stepz",
        ],
        "{judged:#?}"
    );
}

#[test]
fn a_required_member_that_is_missing_is_found_at_the_class() {
    let judged = judge(
        "public class Conditioning {\n  public string? NegativePrompt { get; set; }\n  \
         public int? ClipSkip { get; set; }\n}\n",
    );
    assert_eq!(found(&judged), ["1 G-NAMES Conditioning"], "{judged:#?}");
    // Two of a dozen names are too few to tell what a class of another name stands for; a map does.
    let text = "public class Words {\n  public string? NegativePrompt { get; set; }\n}\n".to_owned();
    let sources = Sources::of(&[(PathBuf::from("Dtos.cs"), text)]);
    assert!(sources.judge(&[Options::new("default")], &[]).compared.is_empty());
    let map = [("Words".to_owned(), "Conditioning".to_owned())];
    let judged = sources.judge(&[Options::new("default")], &map);
    assert_eq!(found(&judged), ["1 G-NAMES Words"], "{judged:#?}");
}

#[test]
fn a_converter_and_unknown_options_are_never_green() {
    let text = "using System.Text.Json.Serialization;\npublic class Scheduler {\n  public string? Type { get; set; }\n  \
         [JsonConverter(typeof(Own))] public int? Steps { get; set; }\n  public bool? KarrasSigmas { get; set; }\n}\n";
    let judged = judge(text);
    let lines: Vec<usize> = judged.undecided.iter().map(|one| one.place.line).collect();
    assert_eq!((lines, judged.verdict()), (vec![4], Verdict::Undecided), "{judged:#?}");
    let sources =
        Sources::of(&[(PathBuf::from("Dtos.cs"), text.replace("[JsonConverter(typeof(Own))] ", ""))]);
    assert_eq!(sources.judge(&[], &[]).verdict(), Verdict::Undecided);
}

/// The bridge has the classes of the requirements, which read seeds into an `int`: a reply to a larger seed is refused there.
#[test]
fn the_bridge_of_this_repository_is_read() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../clients/bridge");
    let options = ["--options", "default", "--options", "case_insensitive"];
    let output = tool(&[&["csharp", folder, "--format", "sarif"], &options[..]].concat());
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["version"], "2.1.0", "{report:#}");
    let results = report["runs"][0]["results"].as_array().expect("results");
    let messages: Vec<&str> = results.iter().filter_map(|one| one["message"]["text"].as_str()).collect();
    assert_eq!(
        messages,
        [
            "InferenceResult.Seed: int does not hold 0 to 9007199254740991",
            "EnhancedSDXLResult.SeedUsed: int does not hold 0 to 9007199254740991",
            // The bridge sends it on purpose.
            "generate_sdxl_enhanced: the contract has no value \"DPM+++\" of Type",
        ]
    );
}

#[test]
fn five_hundred_types_are_judged_in_two_seconds() {
    let class = |i: usize| {
        format!(
            "public class T{i} : B{i} {{ public string? Type {{ get; set; }} public int? Steps {{ get; set; }} }} public class B{i} {{ public bool? KarrasSigmas {{ get; set; }} }}\n"
        )
    };
    let text: String = (0..250).map(class).collect();
    let start = std::time::Instant::now();
    let judged = judge(&text);
    assert_eq!(judged.compared.len() + judged.left_out.len(), 500);
    assert!(
        start.elapsed().as_secs() < 20,
        "{:?}, where an optimised build has two seconds",
        start.elapsed()
    );
}

#[test]
fn an_assembly_without_dotnet_could_not_run_and_says_why() {
    let said = |arguments: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_conformance"))
            .args(arguments)
            .env("PATH", "")
            .output()
            .expect("the tool starts");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, told) = said(&["csharp", "Services.dll"]);
    assert_eq!(code, Some(30), "{told}");
    assert!(told.contains("--dotnet") && told.contains("conformance/dotnet"), "{told}");
    let (code, told) = said(&["csharp", "Services.dll", "--dotnet", "Peer.dll"]);
    assert_eq!(code, Some(30), "{told}");
    assert!(told.contains("`dotnet` does not start"), "{told}");
}

#[test]
fn a_source_that_cannot_be_read_is_undecided() {
    let folder = tempfile::tempdir().expect("a folder");
    let undecided = |name: &str, bytes: &[u8]| {
        let file = folder.path().join(name);
        fs::write(&file, bytes).expect("the source is written");
        let judged = Sources::read(&[file]).expect("a file").judge(&[Options::new("default")], &[]);
        judged.undecided.iter().map(|one| format!("{} {}", one.place.line, one.why)).collect::<Vec<_>>()
    };
    let deep = format!("{}{}", "class A{".repeat(20_000), "}".repeat(20_000));
    assert_eq!(undecided("Deep.cs", deep.as_bytes()), ["1 it nests too deeply to be read"]);
    let sum = format!(
        "class A {{ object F() => new {{ action = \"load_model\", model_path = {}\"\" }}; }}",
        "\"a\" + ".repeat(400)
    );
    assert_eq!(undecided("Sum.cs", sum.as_bytes()), Vec::<String>::new());
    assert_eq!(undecided("Latin.cs", b"// one\n// \xe9\n"), ["2 its encoding is not UTF-8"]);
    let utf16: Vec<u8> = "\u{feff}class A { }".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(undecided("Wide.cs", &utf16), Vec::<String>::new());
}

#[test]
fn a_map_that_says_nothing_could_not_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("Dtos.cs");
    fs::write(&file, "public class Job { public string? Prompt { get; set; } }")
        .expect("the source is written");
    let said = |maps: &[&str]| {
        let maps = maps.iter().flat_map(|map| ["--map", map]);
        let arguments: Vec<&str> =
            ["csharp", file.to_str().expect("UTF-8")].into_iter().chain(maps).collect();
        let output = tool(&arguments);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    for (maps, why) in [
        (&["Job=Conditioning", "Job=Model"][..], "two definitions"),
        (&["Jobs=Conditioning"], "not there"),
        (&["Job=Seed"], "no object"),
        (&[], "nothing was compared"),
    ] {
        let (code, told) = said(maps);
        assert!(code == Some(30) && told.contains(why), "{maps:?}: {code:?} {told}");
    }
}

#[test]
fn a_command_may_have_the_envelope_beside_its_fields_and_older_names() {
    let judged = judge(
        "public class LoadModel {\n  public string Action { get; set; } = \"load_model\";\n  public string? SessionId { get; set; }\n  \
         public string ModelPath { get; set; } = \"\";\n  public string ModelType { get; set; } = \"sdxl\";\n}\n\
         public class Conditioning {\n  public string Prompt { get; set; } = \"\";\n  public List<string>? Loras { get; set; }\n}\n\
         public struct Size {\n  public int Width { get; set; }\n  public int Height { get; set; }\n}\n",
    );
    // The older name is read; its items are objects.
    assert_eq!(found(&judged), ["9 G-TYPE Conditioning.Loras"], "{judged:#?}");
    assert_eq!(judged.left_out, ["Size"]);
}

#[test]
fn names_that_are_snake_in_every_dialect_may_stand_beside_others() {
    let judged = judge(
        "using System.Text.Json.Serialization;\npublic class Problem {\n  [JsonPropertyName(\"type\")] public string? Type { get; set; }\n  \
         [JsonPropertyName(\"title\")] public string? Title { get; set; }\n  [JsonPropertyName(\"status\")] public int? Status { get; set; }\n  \
         public string? Detail { get; set; }\n}\n",
    );
    assert_eq!(found(&judged), ["6 G-CASE Problem.Detail"], "{judged:#?}");
}

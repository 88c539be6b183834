//! The model of System.Text.Json against what real .NET did: rows of the oracle, and real .NET itself.

mod classes;

use classes::{holders, list, probe, reply, request};
use conformance::dotnet::{
    Options, Value, bind,
    clr::{Class, Clr, Integer, Member, Types},
    fault::Inner,
    line::{self, Writer},
    options::{Encoder, Policy},
    peer::{Answer, Peer},
    write,
};
use serde_json::Value as Json;
use std::{
    fs,
    path::{Path, PathBuf},
};

fn rows(path: &Path) -> Vec<Json> {
    let text = fs::read_to_string(path).unwrap_or_else(|err| panic!("{}: {err}", path.display()));
    text.lines().map(|line| serde_json::from_str(line).expect("a row is JSON")).collect()
}

/// The rows of a file of the repository.
fn fixture(name: &str) -> Vec<Json> {
    rows(&crate::fixtures().join("oracle").join(name))
}

/// The whole oracle, where it lies beside the checkout.
fn oracle() -> Option<PathBuf> {
    let mut above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let found = above.find_map(|folder| Some(folder.join("shared/oracle")).filter(|folder| folder.is_dir()));
    if found.is_none() {
        eprintln!("skipped: no folder shared/oracle beside this checkout");
    }
    found
}

fn text(row: &Json, name: &str) -> String {
    row[name].as_str().unwrap_or_else(|| panic!("{name} of {row}")).to_owned()
}

fn written(types: &Types, value: &Value) -> String {
    match write::write(types, value, &write::report_options()) {
        Ok(written) => written,
        Err(fault) => format!("unserialisable:{}", fault.exception()),
    }
}

/// The outcome of a text as a row of the oracle states it, or as the model gives it.
fn stated(row: &Json) -> String {
    match row["outcome"].as_str() {
        Some("bound") => format!("= {}", row["value"].as_str().unwrap_or("null")),
        Some(exception) => format!("{exception} {} {}", row["path"], row["inner"]),
        None => panic!("no outcome in {row}"),
    }
}

fn by_the_model(types: &Types, clr: &Clr, options: &Options, json: &str, has_inner: bool) -> String {
    match bind::bind(types, clr, options, json) {
        Ok(bound) => {
            let value = match (&bound.value, clr) {
                (Value::Object(_, values), Clr::Class(1)) => &values[0],
                (other, _) => other,
            };
            format!("= {}", written(types, value))
        }
        Err(fault) => {
            let inner = fault.inner.filter(|_| has_inner).map(Inner::as_str);
            format!("JsonException {} {}", Json::from(fault.path), inner.map_or(Json::Null, Json::from))
        }
    }
}

/// Every row whose outcome the model does not give, with what it gives.
fn wrong_bindings(rows: &[Json]) -> Vec<String> {
    let wrong = rows.iter().filter_map(|row| {
        let clr = text(row, "type");
        let types = probe(&clr);
        let options = Options::named(&text(row, "options")).expect("a known set");
        let model = by_the_model(&types, &Clr::Class(1), &options, &text(row, "json"), true);
        let stated = stated(row);
        (model != stated)
            .then(|| format!("{clr} {} {}: {stated}; the model: {model}", options.name, row["json"]))
    });
    wrong.collect()
}

fn assert_none(wrong: &[String], all: usize) {
    let shown = &wrong[..wrong.len().min(60)];
    assert!(wrong.is_empty(), "{} of {all} rows differ:\n{}", wrong.len(), shown.join("\n"));
}

#[test]
fn a_sample_of_tokens_binds_as_in_dotnet() {
    let rows = fixture("bind.jsonl");
    assert_eq!(rows.len(), 1108, "no row may go missing");
    assert_none(&wrong_bindings(&rows), rows.len());
}

#[test]
fn each_token_binds_to_each_type_as_in_dotnet() {
    let Some(oracle) = oracle() else { return };
    let rows = rows(&oracle.join("bind.jsonl"));
    assert_eq!(rows.len(), 11_054, "no row may go missing");
    assert_none(&wrong_bindings(&rows), rows.len());
}

#[test]
fn names_are_made_as_in_dotnet() {
    let rows = fixture("names.jsonl");
    assert_eq!(rows.len(), 75, "no row may go missing");
    for row in rows {
        let name = text(&row, "name");
        for (policy, key) in [
            (Policy::Camel, "camel"),
            (Policy::SnakeLower, "snake_lower"),
            (Policy::SnakeUpper, "snake_upper"),
            (Policy::KebabLower, "kebab_lower"),
        ] {
            assert_eq!(policy.of(&name), text(&row, key), "{key} of {name}");
        }
    }
}

#[test]
fn a_name_reaches_the_property_that_dotnet_sets() {
    let double = || Clr::Double;
    let members = vec![
        Member::new("MemoryUsedMB", double()),
        Member::new("Images", list(Clr::String)),
        Member::new("SeedUsed", Clr::Integer(Integer::LONG)),
        Member::new("Success", Clr::Bool),
        Member::new("GpuId", Clr::String),
        Member::new("LoRAs", Clr::String),
    ];
    let class = Class { name: "Names".to_owned(), members, ..Class::default() };
    let types = Types { classes: vec![class], enums: Vec::new() };
    let rows = fixture("match.jsonl");
    assert_eq!(rows.len(), 112, "no row may go missing");
    for row in rows {
        let options = Options::named(&text(&row, "options")).expect("a known set");
        let (outcome, property) = match bind::bind(&types, &Clr::Class(0), &options, &text(&row, "json")) {
            Err(fault) => {
                assert_eq!(row["path"], fault.path, "{row}");
                ("JsonException", None)
            }
            Ok(bound) => {
                let Value::Object(_, values) = bound.value else { panic!("{row}") };
                let members = &types.classes[0].members;
                let changed = members.iter().zip(values).find(|(member, value)| member.initial != *value);
                assert_eq!(changed.is_none(), bound.ignored.len() == 1, "{row}");
                let property = changed.map(|(member, _)| member.csharp.clone());
                (if property.is_some() { "bound" } else { "ignored" }, property)
            }
        };
        assert_eq!(row["outcome"], outcome, "{row}");
        assert_eq!(row["property"].as_str(), property.as_deref(), "{row}");
    }
}

#[test]
fn replies_bind_as_in_dotnet() {
    let types = reply();
    let rows = fixture("replies.jsonl");
    assert_eq!(rows.len(), 258, "no row may go missing");
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|row| {
            let options = Options::named(&text(row, "options")).expect("a known set");
            let model = by_the_model(&types, &Clr::Class(0), &options, &text(row, "json"), false);
            let stated = stated(row);
            (model != stated).then(|| format!("{row}; the model: {model}"))
        })
        .collect();
    assert_none(&wrong, rows.len());
}

#[test]
fn lines_are_those_of_dotnet() {
    let rows = fixture("framing.jsonl");
    assert_eq!(rows.len(), 14, "no row may go missing");
    for row in rows {
        let bytes = unhex(&text(&row, "hex"));
        let writer = match row["kind"].as_str() {
            Some("StreamWriter(Encoding.UTF8)") => Writer::StreamWriterUtf8,
            Some("StreamWriter()") => Writer::StreamWriter,
            Some("Process.StandardInput.WriteLine") => Writer::StandardInput,
            _ => {
                assert_eq!(row["lines"], Json::from(line::read_lines(&bytes)), "{row}");
                continue;
            }
        };
        let written = if writer == Writer::StandardInput { "{\"a\":\"é\"}" } else { "{}" };
        assert_eq!(writer.first_line(written), bytes, "{row}");
    }
}

fn unhex(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16).expect("hex");
    pairs.map(byte).collect()
}

/// Values of `write.jsonl`; what its row shows is read as the type where the bytes do not tell the value.
#[test]
fn values_are_written_as_in_dotnet() {
    let rows = fixture("write.jsonl");
    assert_eq!(rows.len(), 64, "no row may go missing");
    for row in rows {
        for set in ["default", "web", "relaxed"] {
            let options = Options::named(set).expect("a known set");
            if row["kind"] == "string" {
                assert_eq!(text(&row, set), write::write_units(&units(&row), &options), "{row}");
                continue;
            }
            let (types, value) = shown(&row);
            let model = match write::write(&types, &value, &options) {
                Ok(written) => written,
                Err(fault) => format!("throws:{}", fault.exception()),
            };
            assert_eq!(text(&row, set), model, "{row}");
        }
    }
}

/// The UTF-16 units of a string's row.
fn units(row: &Json) -> Vec<u16> {
    let shown = text(row, "shown");
    shown.split_whitespace().map(|unit| u16::from_str_radix(unit, 16).expect("hex")).collect()
}

/// The value of a row: by its kind, bound from the bytes that .NET wrote, which must be made again.
fn shown(row: &Json) -> (Types, Value) {
    let (kind, shown) = (text(row, "kind"), text(row, "shown"));
    let types = probe("int");
    let value = match (kind.as_str(), shown.as_str()) {
        ("double", "NaN") => Value::Double(f64::NAN),
        ("double", "Infinity") => Value::Double(f64::INFINITY),
        ("double", "-Infinity") => Value::Double(f64::NEG_INFINITY),
        ("bytes", _) => Value::Bytes(unhex(&shown)),
        ("null", _) => Value::Null,
        ("Probe<string>", _) => {
            let class = Class { members: vec![Member::new("Value", Clr::String)], ..Class::default() };
            return (Types { classes: vec![class], enums: Vec::new() }, Value::Object(0, vec![Value::Null]));
        }
        // Names of an anonymous type that are the same under each policy.
        ("anonymous", _) => bound("Dictionary<string,string>", &text(row, "default")),
        ("Dictionary<string,bool>" | "Dictionary<string,object>", _) => bound(&kind, &text(row, "default")),
        ("ulong" | "enum" | "DateTimeOffset" | "Guid", _) => bound(&kind, &text(row, "default")),
        ("DateTime" | "TimeSpan", _) => bound(&kind, &format!("\"{shown}\"")),
        (_, _) => bound(&kind, &shown),
    };
    (types, value)
}

fn bound(kind: &str, json: &str) -> Value {
    let types = probe(kind);
    let json = format!("{{\"Value\":{json}}}");
    let bound = bind::bind(&types, &Clr::Class(1), &Options::new("default"), &json);
    match bound.unwrap_or_else(|fault| panic!("{json}: {fault}")).value {
        Value::Object(_, mut values) => values.remove(0),
        other => panic!("{other:?}"),
    }
}

/// What C# wrote under one set of options is read, and written again byte by byte under each.
#[test]
fn requests_are_read_and_written_as_in_dotnet() {
    let types = request();
    let rows = fixture("requests.jsonl");
    assert_eq!(rows.len(), 202, "no row may go missing");
    for row in rows {
        for from in ["default", "ignore_null", "web", "relaxed"] {
            let options = Options::named(from).expect("a known set");
            let bound = bind::bind(&types, &Clr::Class(0), &options, &text(&row, from));
            let bound = bound.unwrap_or_else(|fault| panic!("{from} of {}: {fault}", row["i"]));
            assert_eq!(bound.ignored, [""; 0], "{from} of {}", row["i"]);
            for to in ["default", "ignore_null", "web", "relaxed"] {
                let options = Options::named(to).expect("a known set");
                let written = write::write(&types, &bound.value, &options).expect("it can be written");
                assert_eq!(text(&row, to), written, "{from} to {to} of {}", row["i"]);
            }
        }
    }
}

#[test]
fn the_encoders_differ_where_html_would_read() {
    let types = Types::default();
    let value = Value::Text("a<b>&'+`é".to_owned());
    let of = |encoder| {
        let options = Options { encoder, ..Options::new("test") };
        write::write(&types, &value, &options).expect("it can be written")
    };
    assert_eq!(of(Encoder::Relaxed), "\"a<b>&'+`é\"");
    assert_eq!(of(Encoder::Default), r#""a\u003Cb\u003E\u0026\u0027\u002B\u0060\u00E9""#);
}

/// Tokens that the oracle does not have: edges of each grammar.
fn edges() -> Vec<String> {
    let lines = include_str!("../data/edges.jsonl").lines();
    lines.map(|line| serde_json::from_str(line).expect("a line is a JSON string")).collect()
}

/// Types of the questions for real .NET.
const ASKED: &[&str] = &[
    "bool",
    "bool?",
    "sbyte",
    "byte",
    "short",
    "ushort",
    "int",
    "int?",
    "uint",
    "long",
    "long?",
    "ulong",
    "float",
    "float?",
    "double",
    "double?",
    "decimal",
    "decimal?",
    "string",
    "char",
    "DateTime",
    "DateTime?",
    "DateTimeOffset",
    "DateOnly",
    "TimeSpan",
    "TimeSpan?",
    "Guid",
    "Guid?",
    "Uri",
    "byte[]",
    "object",
    "JsonElement",
    "enum",
    "enum?",
    "List<int>",
    "List<int?>",
    "List<string>",
    "List<Inner>",
    "int[]",
    "Dictionary<string,bool>",
    "Dictionary<string,int>",
    "Dictionary<string,string>",
    "Dictionary<string,object>",
    "Dictionary<string,Inner>",
    "List<List<int>>",
    "Inner",
];

/// Option sets of the questions.
const SETS: &[&str] = &[
    "default",
    "case_insensitive",
    "web",
    "snake_lower",
    "strict",
    "default+enum_strings",
    "web+enum_snake",
    "default+named_floats",
    "default+read_from_string",
];

/// Real .NET answers the same questions, where its peer is built: `CONFORMANCE_DOTNET_PEER` is the path of `Peer.dll`.
#[test]
fn the_model_and_dotnet_agree_on_what_the_oracle_lacks() {
    let Some(program) = std::env::var_os("CONFORMANCE_DOTNET_PEER") else {
        eprintln!("skipped: CONFORMANCE_DOTNET_PEER names no built peer");
        return;
    };
    let edges = edges();
    let mut wrong = Vec::new();
    let mut asked = 0;
    let types = holders(ASKED);
    let mut peer = Peer::start(Path::new(&program), &types).expect("dotnet starts");
    for (index, clr) in (1..).zip(ASKED) {
        for set in SETS {
            let options = Options::named(set).expect("a known set");
            let name = options.policy.of("Value");
            let holder = &types.classes[index].name;
            let tokens = edges.iter().map(|token| format!("{{\"{name}\":{token}}}"));
            let duplicates = ["1", "\"x\"", "null"]
                .map(|token| format!("{{\"{name}\":{token},\"{name}\":{token},\"Z\":[}}"));
            for json in tokens.chain(duplicates) {
                asked += 1;
                let real = match peer.bind(holder, set, &json).expect("the peer answers") {
                    Answer::Bound(value) => format!("= {value}"),
                    Answer::Thrown { exception, path, inner } => {
                        format!("{exception} {} {}", Json::from(path), Json::from(inner))
                    }
                };
                let model = match bind::bind(&types, &Clr::Class(index), &options, &json) {
                    Ok(bound) => format!("= {}", written(&types, &bound.value)),
                    Err(fault) => {
                        let inner = fault.inner.map(Inner::as_str);
                        format!("JsonException {} {}", Json::from(fault.path), Json::from(inner))
                    }
                };
                if model != real {
                    wrong.push(format!("{clr} {set} {json}: {real}; the model: {model}"));
                }
            }
        }
    }
    assert_none(&wrong, asked);
}

/// Newtonsoft.Json is asked too, from the folder of the SDK; it reads what System.Text.Json refuses.
#[test]
fn newtonsoft_reads_a_number_from_a_string() {
    let Some(program) = std::env::var_os("CONFORMANCE_DOTNET_PEER") else {
        eprintln!("skipped: CONFORMANCE_DOTNET_PEER names no built peer");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("document.json");
    let document = r#"{"Model":{"Base":"b"},"Scheduler":{"Steps":"30"},"Conditioning":{"Prompt":"a"}}"#;
    fs::write(&file, document).expect("the file is written");
    let paths = [file.as_path(), Path::new(&program)].map(|path| path.to_str().expect("a path of the test"));
    let (_, report) = crate::run(&["read", paths[0], "--dotnet", paths[1], "--format", "json"]);
    let reading = |party: &str| {
        let readings = report["readings"].as_array().expect("a list");
        readings
            .iter()
            .find(|reading| reading["party"] == party)
            .unwrap_or_else(|| panic!("{party}: {report:#}"))
    };
    assert_eq!(reading("dotnet:default")["outcome"], "refused");
    assert_eq!(reading("dotnet:newtonsoft")["outcome"], "read", "{report:#}");
    assert_eq!(reading("dotnet:newtonsoft")["value"]["Scheduler"]["Steps"], 30);
}

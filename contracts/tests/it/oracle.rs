//! What real .NET wrote, against our readings and our naming (`fixtures/oracle/`).

use contracts::{
    ErrorCode, Form,
    framing::{Decoder, Line},
    naming::{ReaderOptions, camel, kebab_lower, snake_lower, snake_upper},
    read_frame,
};
use serde_json::{Value, json};

use crate::data::{lines, same, text};

/// One request under four sets of serialiser options is one canonical document.
#[test]
fn every_request_is_read_to_its_canonical_document() {
    let rows = lines("oracle/requests.jsonl");
    assert_eq!(rows.len(), 202, "no row may go missing");
    for row in rows {
        written(&row);
        for options in ["default", "ignore_null", "web", "relaxed"] {
            let at = format!("row {} {options}", row["i"]);
            let incoming = read_frame(text(&row, options).as_bytes())
                .unwrap_or_else(|refusal| panic!("{at}: {refusal:?}"));
            assert_eq!(incoming.form, Form::Direct, "{at}");
            let document = incoming.reading.reported().cloned().unwrap_or_else(|| panic!("{at}: unread"));
            assert!(
                same(&document["prompt_submission"], &row["canonical"]),
                "{at}\nread      {}\ncanonical {}",
                document["prompt_submission"],
                row["canonical"]
            );
            // .NET bounds nothing: a rule over several fields may be broken, a single value never is.
            let of_one_value = incoming.reading.violations.iter().find(|violation| {
                !matches!(violation.code, ErrorCode::ValidationFailed | ErrorCode::UnsupportedFeature)
            });
            assert_eq!(of_one_value, None, "{at}");
        }
    }
}

/// Characters that .NET escapes unless it is told to be relaxed, beside all beyond ASCII.
const ESCAPED: [char; 6] = ['+', '&', '<', '>', '\'', '`'];

/// Each text of a request is written as its options say: else it would be another one's.
fn written(row: &Value) {
    let at = format!("row {} of requests.jsonl", row["i"]);
    let [default, ignore_null, web, relaxed] =
        ["default", "ignore_null", "web", "relaxed"].map(|options| text(row, options));
    assert!(default.contains(":null") && !ignore_null.contains(":null"), "{at}: nulls");
    assert!(default.contains("\"Model\"") && ignore_null.contains("\"Model\""), "{at}: PascalCase");
    assert!(web.contains("\"model\"") && relaxed.contains("\"Model\""), "{at}: camelCase");
    let is_escaped = |text: &str| text.is_ascii() && !text.contains(ESCAPED);
    assert!([default, ignore_null, web].into_iter().all(is_escaped), "{at}: escapes");
    assert!(is_relaxed(relaxed), "{at}: relaxed");
}

/// Whether a text escapes no character that the relaxed encoder writes as it is.
fn is_relaxed(text: &str) -> bool {
    ESCAPED.iter().all(|character| !text.contains(&format!("\\u{:04X}", *character as u32)))
}

/// Recorded names that do not begin as a C# property does.
const UNUSUAL_NAMES: [&str; 7] = ["a", "textEncoder2", "iD", "_Private", "__x", "kebab-case", "ßharp"];

#[test]
fn the_naming_policies_are_those_of_dotnet() {
    let rows = lines("oracle/names.jsonl");
    assert_eq!(rows.len(), 75, "no row may go missing");
    for row in rows {
        let name = text(&row, "name");
        // Another spelling of a name has the same names in some rows.
        let is_of_csharp = name.starts_with(char::is_uppercase);
        assert_eq!(is_of_csharp, !UNUSUAL_NAMES.contains(&name), "{row}");
        let policies = [
            ("camel", camel(name)),
            ("snake_lower", snake_lower(name)),
            ("snake_upper", snake_upper(name)),
            ("kebab_lower", kebab_lower(name)),
        ];
        for (policy, ours) in policies {
            assert_eq!(row[policy], ours, "{policy} of {name}");
        }
    }
}

#[test]
fn names_reach_the_properties_that_dotnet_binds() {
    let properties = ["MemoryUsedMB", "Images", "SeedUsed", "Success", "GpuId", "LoRAs"];
    let rows = lines("oracle/match.jsonl");
    assert_eq!(rows.len(), 112, "no row may go missing");
    let mut checked = 0;
    for row in rows {
        let options = match text(&row, "options") {
            "default" | "strict" | "disallow_unmapped" => ReaderOptions::Default,
            "case_insensitive" => ReaderOptions::CaseInsensitive,
            "web" => ReaderOptions::Web,
            "snake_lower" => ReaderOptions::SnakeLower,
            other => panic!("unknown options {other}"),
        };
        let key = text(&row, "key");
        let reached = properties.into_iter().find(|property| options.reaches(key, property));
        assert_eq!(row["property"].as_str(), reached, "{row}");
        let is_closed = matches!(text(&row, "options"), "strict" | "disallow_unmapped");
        let outcome = match reached {
            Some(_) => "bound",
            None if is_closed => "JsonException",
            None => "ignored",
        };
        assert_eq!(text(&row, "outcome"), outcome, "{row}");
        let path = (outcome == "JsonException").then(|| format!("$.{key}"));
        assert_eq!(row["path"].as_str(), path.as_deref(), "{row}");
        let read: Value =
            serde_json::from_str(text(&row, "json")).unwrap_or_else(|err| panic!("{row}: {err}"));
        assert!(read.get(key).is_some(), "{row}");
        checked += 1;
    }
    assert_eq!(checked, 112);
}

/// Where our framing and `ReadLine` agree; where they do not, the contract says what ours does.
#[test]
fn lines_are_split_as_the_contract_says() {
    let mut agreed = 0;
    for row in lines("oracle/framing.jsonl").iter().filter(|row| row["kind"] == "StreamReader.ReadLine") {
        let bytes = unhex(text(row, "hex"));
        let mut decoder = Decoder::default();
        let mut ours = decoder.push(&bytes);
        ours.extend(decoder.finish());
        let theirs = &row["lines"];
        let (expected, differs): (Vec<&[u8]>, Option<Value>) = match text(row, "name") {
            // `ReadLine` splits at a lone CR; a frame ends at LF alone.
            "cr" => (vec![b"a\rb"], Some(json!(["a", "b"]))),
            // `ReadLine` gives a blank line; we read over it.
            "blank" => (vec![b"a", b"b"], Some(json!(["a", "", "b"]))),
            // `ReadLine` puts U+FFFD in place of invalid UTF-8; we keep the bytes, and refuse the frame.
            "bad-utf8" => (vec![b"a\xFFb"], Some(json!(["a\u{FFFD}b"]))),
            _ => {
                agreed += 1;
                let lines = theirs.as_array().unwrap_or_else(|| panic!("{row} has no lines"));
                let of = |line| Value::as_str(line).unwrap_or_else(|| panic!("{row}"));
                (lines.iter().map(of).map(str::as_bytes).collect(), None)
            }
        };
        assert_eq!(
            ours,
            expected.into_iter().map(|line| Line::Text(line.to_vec())).collect::<Vec<_>>(),
            "{row}"
        );
        assert!(differs.is_none_or(|differs| differs == *theirs), "{row}");
    }
    assert_eq!(agreed, 8);
}

/// What .NET writes to our stdin, with or without a BOM, is a frame.
#[test]
fn what_dotnet_writes_is_read() {
    for row in lines("oracle/framing.jsonl").iter().filter(|row| row["kind"] != "StreamReader.ReadLine") {
        let mut decoder = Decoder::default();
        let read = decoder.push(&unhex(text(row, "hex")));
        let [Line::Text(text)] = read.as_slice() else { panic!("{row}") };
        assert!(serde_json::from_slice::<Value>(text).unwrap().is_object(), "{row}");
    }
}

/// The escapes and numbers that .NET writes mean what they say.
#[test]
fn what_dotnet_writes_means_the_same_here() {
    for row in lines("oracle/write.jsonl") {
        let read = |option: &str| -> Value {
            serde_json::from_str(text(&row, option)).unwrap_or_else(|err| panic!("{row}: {err}"))
        };
        let options = ["default", "web", "relaxed"];
        match text(&row, "kind") {
            "string" => {
                let unit = |unit| u16::from_str_radix(unit, 16).unwrap_or_else(|err| panic!("{row}: {err}"));
                let units: Vec<u16> = text(&row, "shown").split_whitespace().map(unit).collect();
                let said = String::from_utf16_lossy(&units);
                assert!(options.iter().all(|option| read(option) == said), "{row}");
                let is_escaped =
                    |option: &&str| text(&row, option).is_ascii() && !text(&row, option).contains(ESCAPED);
                assert!(
                    ["default", "web"].iter().all(is_escaped) && is_relaxed(text(&row, "relaxed")),
                    "{row}"
                );
            }
            "double" | "float" | "long" | "decimal" => {
                let said: f64 = text(&row, "shown").parse().unwrap_or_else(|err| panic!("{row}: {err}"));
                for option in options {
                    if said.is_finite() {
                        assert_eq!(read(option).as_f64(), Some(said), "{row}");
                    } else {
                        assert_eq!(text(&row, option), "throws:ArgumentException", "{row}");
                    }
                }
            }
            kind => {
                let alike = options.map(|option| match (kind, option) {
                    ("Probe<string>", "web") => text(&row, option).replace("value", "Value"),
                    _ => text(&row, option).to_owned(),
                });
                assert!(
                    read("default") == read("relaxed") && alike.iter().all(|one| *one == alike[0]),
                    "{row}"
                );
            }
        }
    }
}

fn unhex(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
}

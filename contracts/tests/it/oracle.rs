//! What real .NET wrote, against our readings and our naming (`fixtures/oracle/`).

use contracts::{
    ErrorCode, Form,
    framing::{Decoder, Line},
    naming::{ReaderOptions, camel, kebab_lower, snake_lower, snake_upper},
    read_frame,
};
use serde_json::Value;

use crate::data::{lines, same};

/// One request under four sets of serialiser options is one canonical document.
#[test]
fn every_request_is_read_to_its_canonical_document() {
    let rows = lines("oracle/requests.jsonl");
    assert_eq!(rows.len(), 202, "no row may go missing");
    for row in rows {
        for options in ["default", "ignore_null", "web", "relaxed"] {
            let text = row[options].as_str().expect("a frame as text");
            let at = format!("row {} {options}", row["i"]);
            let incoming = read_frame(text.as_bytes()).unwrap_or_else(|refusal| panic!("{at}: {refusal:?}"));
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

#[test]
fn the_naming_policies_are_those_of_dotnet() {
    let rows = lines("oracle/names.jsonl");
    assert_eq!(rows.len(), 75, "no row may go missing");
    for row in rows {
        let name = row["name"].as_str().unwrap();
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
        let options = match row["options"].as_str().unwrap() {
            "default" | "strict" | "disallow_unmapped" => ReaderOptions::Default,
            "case_insensitive" => ReaderOptions::CaseInsensitive,
            "web" => ReaderOptions::Web,
            "snake_lower" => ReaderOptions::SnakeLower,
            other => panic!("unknown options {other}"),
        };
        let key = row["key"].as_str().unwrap();
        let reached = properties.into_iter().find(|property| options.reaches(key, property));
        assert_eq!(row["property"].as_str(), reached, "{row}");
        checked += 1;
    }
    assert_eq!(checked, 112);
}

/// Where our framing and `ReadLine` agree; where they do not, the contract says what ours does.
#[test]
fn lines_are_split_as_the_contract_says() {
    let mut agreed = 0;
    for row in lines("oracle/framing.jsonl").iter().filter(|row| row["kind"] == "StreamReader.ReadLine") {
        let bytes = unhex(row["hex"].as_str().unwrap());
        let mut decoder = Decoder::default();
        let mut ours = decoder.push(&bytes);
        ours.extend(decoder.finish());
        let expected: Vec<Line> = match row["name"].as_str().unwrap() {
            // `ReadLine` splits at a lone CR; a frame ends at LF alone.
            "cr" => vec![Line::Text(b"a\rb".to_vec())],
            // `ReadLine` gives a blank line; we read over it.
            "blank" => vec![Line::Text(b"a".to_vec()), Line::Text(b"b".to_vec())],
            // `ReadLine` puts U+FFFD in place of invalid UTF-8; we keep the bytes, and refuse the frame.
            "bad-utf8" => vec![Line::Text(b"a\xFFb".to_vec())],
            _ => {
                agreed += 1;
                let texts = row["lines"].as_array().unwrap().iter().map(|line| line.as_str().unwrap());
                texts.map(|text| Line::Text(text.as_bytes().to_vec())).collect()
            }
        };
        assert_eq!(ours, expected, "{}", row["name"]);
    }
    assert_eq!(agreed, 8);
}

/// What .NET writes to our stdin, with or without a BOM, is a frame.
#[test]
fn what_dotnet_writes_is_read() {
    for row in lines("oracle/framing.jsonl").iter().filter(|row| row["kind"] != "StreamReader.ReadLine") {
        let mut decoder = Decoder::default();
        let read = decoder.push(&unhex(row["hex"].as_str().unwrap()));
        let [Line::Text(text)] = read.as_slice() else { panic!("{row}") };
        assert!(serde_json::from_slice::<Value>(text).unwrap().is_object(), "{row}");
    }
}

/// The escapes and numbers that .NET writes mean what they say.
#[test]
fn what_dotnet_writes_means_the_same_here() {
    for row in lines("oracle/write.jsonl") {
        let read = |option: &str| -> Value {
            serde_json::from_str(row[option].as_str().unwrap()).unwrap_or_else(|err| panic!("{row}: {err}"))
        };
        if row["kind"] == "string" {
            let units: Vec<u16> = row["shown"]
                .as_str()
                .unwrap()
                .split_whitespace()
                .map(|unit| u16::from_str_radix(unit, 16).unwrap())
                .collect();
            let said = String::from_utf16_lossy(&units);
            for option in ["default", "web", "relaxed"] {
                assert_eq!(read(option), said, "{row}");
            }
        }
    }
}

fn unhex(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
}

//! What options of a serializer write that is no part of the contract: the sentence names the option.

use contracts::{
    Writer,
    framing::{Decoder, Line},
    read, read_frame, tree,
};

fn messages(document: &str) -> Vec<String> {
    let parsed = tree::parse(document.as_bytes()).expect("it is JSON");
    let reading = read("PromptSubmission", &parsed.tree, Writer::Sender);
    reading
        .violations
        .into_iter()
        .map(|violation| format!("{} {}", violation.pointer, violation.message))
        .collect()
}

#[test]
fn an_enum_that_got_a_number_is_told_of_its_converter() {
    let documents = [
        r#"{"Scheduler":{"Type":5}}"#,
        r#"{"Postprocessing":{"OutputFormat":0}}"#,
        r#"{"Metadata":{"Priority":1}}"#,
        r#"{"Performance":{"Dtype":0}}"#,
        r#"{"performance":{"optimizations":[0]}}"#,
    ];
    for document in documents {
        let messages = messages(document);
        let told = |message: &String| {
            message.contains("expected one of the allowed names")
                && message.contains("JsonStringEnumConverter")
        };
        assert!(messages.iter().any(told), "{document}: {messages:?}");
    }
    // A boolean is no enum of C#.
    let other = messages(r#"{"Scheduler":{"Type":true}}"#);
    assert!(!other[0].contains("JsonStringEnumConverter"), "{other:?}");
}

#[test]
fn names_with_a_dollar_name_the_option_that_writes_them() {
    let rows = [
        (r#"{"$id":"1"}"#, "/$id", "ReferenceHandler.Preserve"),
        (r#"{"Model":{"$ref":"1"}}"#, "/Model/$ref", "ReferenceHandler.Preserve"),
        (
            r#"{"Conditioning":{"Loras":{"$id":"2","$values":[]}}}"#,
            "/Conditioning/Loras",
            "ReferenceHandler.Preserve",
        ),
        (r#"{"$type":"Concord.PromptSubmission, Concord"}"#, "/$type", "TypeNameHandling"),
        (r#"{"Conditioning":{"Loras":[{"$type":"A"}]}}"#, "/Conditioning/Loras/0/$type", "TypeNameHandling"),
    ];
    for (document, pointer, option) in rows {
        let messages = messages(document);
        let told = |message: &String| message.starts_with(&format!("{pointer} ")) && message.contains(option);
        assert!(messages.iter().any(told), "{document}: {messages:?}");
    }
    // No other name has such a reason.
    assert!(messages(r#"{"$schema":"x"}"#)[0].ends_with("is unknown here"));
}

#[test]
fn a_late_bom_and_a_comment_are_named() {
    let mut decoder = Decoder::new(1024);
    let lines =
        decoder.push(b"\xEF\xBB\xBF{\"action\":\"get_status\"}\n\xEF\xBB\xBF{\"action\":\"get_status\"}\n");
    let read: Vec<_> = lines
        .iter()
        .map(|line| match line {
            Line::Text(text) => read_frame(text).map_err(|refusal| refusal.failure.message),
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(read[0].is_ok());
    let said = read[1].as_ref().expect_err("a BOM is no JSON");
    assert!(said.contains("byte order mark"), "{said}");

    let rows = [
        ("// a\n{}", "line 1 column 1"),
        ("{/* a */}", "line 1 column 2"),
        ("{\"a\":1, // b\n\"c\":2}", "line 1 column 9"),
        ("{\"a\": /* b */ 1}", "line 1 column 7"),
        ("{\"a\":[1 /* b */]}", "line 1 column 9"),
        ("{} // a", "line 1 column 4"),
    ];
    for (text, place) in rows {
        let said = tree::parse(text.as_bytes()).expect_err("a comment is no JSON").to_string();
        assert_eq!(said, format!("JSON has no comments: one begins at {place}"), "{text}");
    }
    for text in ["{\"a\":\"// no comment\",}", "{\"a\":/}"] {
        let said = tree::parse(text.as_bytes()).expect_err("it is no JSON").to_string();
        assert!(!said.contains("comment"), "{said}");
    }
}

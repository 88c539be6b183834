//! What real .NET binds of replies (`fixtures/oracle/replies.jsonl`): our naming tells which names reach a property, and a
//! reply that we take as valid has no value at which .NET throws.

use contracts::{ErrorCode, Writer, dictionary::dictionary, naming::ReaderOptions, read, tree::Tree, unique};
use serde_json::{Map, Value, json};

use crate::data::{lines, same, text};

/// A property of a C# class, and what it is while no name reaches it.
type Property = (&'static str, Type);

/// The C# types of the recorded classes.
#[derive(Clone, Copy)]
enum Type {
    Boolean,
    Integer { maximum: i64 },
    Double,
    Text,
    Texts,
    Flags,
    Class(&'static [Property]),
}

const LONG: Type = Type::Integer { maximum: i64::MAX };
const INT: Type = Type::Integer { maximum: i32::MAX as i64 };

const RESPONSE: &[Property] = &[
    ("RequestId", Type::Text),
    ("SessionId", Type::Text),
    ("Success", Type::Boolean),
    ("Data", Type::Class(RESULT)),
    ("Error", Type::Text),
    ("ErrorDetails", Type::Class(DETAILS)),
    ("Warnings", Type::Texts),
];

const RESULT: &[Property] = &[
    ("Images", Type::Texts),
    ("ImageDetails", Type::Texts),
    ("GenerationTimeSeconds", Type::Double),
    ("PreprocessingTimeSeconds", Type::Double),
    ("PostprocessingTimeSeconds", Type::Double),
    ("MemoryUsedMB", Type::Double),
    ("SeedUsed", LONG),
    ("FeaturesUsed", Type::Flags),
    ("SchedulerUsed", Type::Text),
    ("StepsUsed", INT),
    ("ModelId", Type::Text),
    ("Device", Type::Text),
];

const DETAILS: &[Property] =
    &[("Code", Type::Text), ("Field", Type::Text), ("Retryable", Type::Boolean), ("Hint", Type::Text)];

/// How a row reads: by which names, whether text may be a number, and whether a name that reaches nothing is refused.
#[derive(Clone, Copy)]
struct Reader {
    names: ReaderOptions,
    numbers_as_text: bool,
    closed: bool,
}

impl Reader {
    fn of(options: &str) -> Self {
        let names = match options {
            "default" | "strict" | "disallow_unmapped" => ReaderOptions::Default,
            "case_insensitive" => ReaderOptions::CaseInsensitive,
            "web" => ReaderOptions::Web,
            "snake_lower" => ReaderOptions::SnakeLower,
            other => panic!("unknown options {other}"),
        };
        let closed = matches!(options, "strict" | "disallow_unmapped");
        Self { names, numbers_as_text: options == "web", closed }
    }

    /// What a class binds, or the path at which .NET throws.
    fn class(self, members: &Map<String, Value>, class: &[Property], at: &str) -> Result<Value, String> {
        let unbound = |kind: &Type| match kind {
            Type::Boolean => json!(false),
            Type::Integer { .. } | Type::Double => json!(0),
            _ => Value::Null,
        };
        let mut bound: Map<String, Value> =
            class.iter().map(|(name, kind)| ((*name).to_owned(), unbound(kind))).collect();
        for (name, value) in members {
            let at = format!("{at}.{name}");
            match class.iter().find(|(property, _)| self.names.reaches(name, property)) {
                Some((property, kind)) => {
                    bound.insert((*property).to_owned(), self.value(value, *kind, &at)?);
                }
                None if self.closed => return Err(at),
                None => {}
            }
        }
        Ok(bound.into())
    }

    fn value(self, value: &Value, kind: Type, at: &str) -> Result<Value, String> {
        let as_text = value.as_str().filter(|_| self.numbers_as_text);
        let fits = match (kind, value) {
            (Type::Text | Type::Texts | Type::Flags | Type::Class(_), Value::Null) => true,
            (Type::Class(class), Value::Object(members)) => return self.class(members, class, at),
            (Type::Boolean, value) => value.is_boolean(),
            (Type::Text, value) => value.is_string(),
            (Type::Integer { maximum }, _) => {
                let number = as_text.map_or_else(|| value.as_i64(), |text| text.parse().ok());
                return number
                    .filter(|number| *number <= maximum)
                    .map(Value::from)
                    .ok_or_else(|| at.to_owned());
            }
            (Type::Double, value) => value.is_number() || as_text == Some("NaN"),
            (Type::Texts, Value::Array(items)) => match items.iter().position(|item| !item.is_string()) {
                Some(index) => return Err(format!("{at}[{index}]")),
                None => true,
            },
            (Type::Flags, Value::Object(flags)) => match flags.iter().find(|(_, flag)| !flag.is_boolean()) {
                Some((name, _)) => return Err(format!("{at}.{name}")),
                None => true,
            },
            _ => false,
        };
        if fits { Ok(value.clone()) } else { Err(at.to_owned()) }
    }

    /// What a whole text binds, or where .NET throws.
    fn text(self, text: &str) -> Result<Value, String> {
        match serde_json::from_str(text) {
            Ok(Value::Object(members)) => self.class(&members, RESPONSE, "$"),
            Ok(Value::Null) => Ok(Value::Null),
            _ => Err("$".to_owned()),
        }
    }
}

#[test]
fn dotnet_binds_of_a_reply_what_our_naming_says() {
    let rows = lines("oracle/replies.jsonl");
    assert_eq!(rows.len(), 258, "no row may go missing");
    for row in &rows {
        let text = |name: &str| text(row, name);
        let (options, shape) = (text("options"), text("shape"));
        let expected = match (shape, options) {
            // Of these three .NET says more than where a value has another type: its own limits, and a second name.
            ("deep", _) => Err("$.X".to_owned()),
            ("lone-surrogate", "snake_lower") => Ok(json!({"Success": false})),
            ("lone-surrogate", _) => Err("$.Error".to_owned()),
            ("duplicate", "strict") => Err("$.Success".to_owned()),
            _ => Reader::of(options).text(text("json")),
        };
        match expected {
            Err(path) => {
                assert_eq!((text("outcome"), text("path")), ("JsonException", path.as_str()), "{row}");
            }
            Ok(bound) => {
                let told: Value =
                    serde_json::from_str(text("value")).unwrap_or_else(|err| panic!("{row}: {err}"));
                let is_part = shape == "lone-surrogate" && told["Success"] == bound["Success"];
                assert!(
                    text("outcome") == "bound" && (is_part || same(&told, &bound)),
                    "{row}\nand not {bound}"
                );
            }
        }
    }
    // Each shape was read under each of the options once, and one text is one shape.
    for row in &rows {
        let alike = |name: &str| rows.iter().filter(|other| other[name] == row[name]).count();
        assert_eq!((alike("shape"), alike("options")), (6, 43), "{row}");
        let of_shape = rows.iter().filter(|other| other["shape"] == row["shape"]);
        assert!(of_shape.clone().all(|other| other["json"] == row["json"]), "{row}");
    }
}

/// A reply in PascalCase at which .NET throws is one that we refuse too.
#[test]
fn no_reply_that_we_take_makes_dotnet_throw() {
    let mut thrown = 0;
    for row in lines("oracle/replies.jsonl").iter().filter(|row| row["options"] == "default") {
        let text = text(row, "json");
        // A count may be more than an `int`; no job has so many steps, as `steps` is at most 150.
        let is_beyond_steps = row["shape"] == "type:StepsUsed=2147483648";
        if row["outcome"] == "JsonException" && !is_beyond_steps {
            assert!(!unique(text.as_bytes()).is_ok_and(|reply| is_taken(&reply)), "{row}");
            thrown += 1;
        }
    }
    assert!(thrown >= 15, "{thrown} rows throw");
}

/// Whether the values of a reply in PascalCase are those of a reply that we take. It may lack members: they were added later.
fn is_taken(reply: &Value) -> bool {
    let (taken, known) = (|name: &str| reply["Data"].get(name), dictionary().object("SdxlResult"));
    let data = known
        .properties
        .iter()
        .filter_map(|property| Some((property.snake.clone(), taken(&property.csharp)?.clone())));
    let data = read("SdxlResult", &Tree::of(&Value::Object(data.collect())), Writer::Canonical);
    let is_broken = data.violations.iter().any(|violation| violation.code != ErrorCode::MissingField);
    reply["Success"].is_boolean() && !is_broken
}

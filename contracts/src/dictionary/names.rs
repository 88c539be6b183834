//! The spellings of an object: the names that are read in it, their meanings, and their dialects.

use serde_json::Value;

use super::{
    Table,
    object::{Extra, Name, ObjectSpec, Spelling},
};
use crate::{dialect::Dialect, naming};

impl ObjectSpec {
    /// Adds every spelling that a schema gives. A name that is there already stays, so the properties' own names win.
    pub(super) fn add_names(&mut self, schema: &Value) {
        self.add_own_names();
        self.add_further_spellings(schema);
        self.add_places(schema);
        self.add_neutrals(schema);
        self.add_flags(schema);
    }

    fn add_own_names(&mut self) {
        for index in 0..self.properties.len() {
            let property = &self.properties[index];
            let (snake, csharp, camel) =
                (property.snake.clone(), property.csharp.clone(), property.camel.clone());
            self.note_dialects([Some(&snake), Some(&csharp), Some(&camel)]);
            for name in [&snake, &csharp, &camel] {
                let spelling = Spelling {
                    snake: *name == snake,
                    pascal: *name == csharp,
                    camel: *name == camel,
                    synonym: false,
                };
                self.names.insert(name.clone(), Name::Property { index, spelling });
            }
        }
    }

    fn add_further_spellings(&mut self, schema: &Value) {
        for index in 0..self.properties.len() {
            let property = &schema["properties"][&self.properties[index].snake];
            for (key, synonym) in [("x-synonyms", true), ("x-accepted", false)] {
                for name in property[key].as_array().into_iter().flatten() {
                    let name = name.as_str().expect("names are strings");
                    let spelling = Spelling { snake: false, pascal: false, camel: false, synonym };
                    self.add(name, None, &Name::Property { index, spelling });
                }
            }
        }
    }

    fn add_places(&mut self, schema: &Value) {
        for (snake, place) in members(schema, "x-accepted-places") {
            let to = place["to"].as_str().expect("a place has a pointer").to_owned();
            self.add(snake, place["csharp"].as_str(), &Name::Place { to });
        }
    }

    fn add_neutrals(&mut self, schema: &Value) {
        for (snake, neutral) in members(schema, "x-neutral-only") {
            let adds = members(neutral, "adds")
                .map(|(value, list)| (value.clone(), (self.list(list), value.clone())))
                .collect();
            let index = self.add_extra(snake, adds);
            self.add(snake, None, &Name::Neutral { index });
        }
    }

    fn add_flags(&mut self, schema: &Value) {
        for (snake, flag) in members(schema, "x-flags") {
            let value = flag["adds"].as_str().expect("an item").to_owned();
            let adds = Table::from_iter([("true".to_owned(), (self.list(&flag["to"]), value))]);
            let index = self.add_extra(snake, adds);
            self.add(snake, None, &Name::Flag { index });
        }
    }

    /// The index of the list that a neutral-only property or a flag adds to.
    fn list(&self, name: &Value) -> usize {
        self.by_snake[name.as_str().expect("a list of this object")]
    }

    fn add_extra(&mut self, snake: &str, adds: Table<(usize, String)>) -> usize {
        self.extras.push(Extra { snake: snake.to_owned(), adds });
        self.extras.len() - 1
    }

    /// Adds a further name in its three dialects; canonical spellings keep their meaning.
    fn add(&mut self, name: &str, csharp: Option<&str>, meaning: &Name) {
        let csharp = csharp.map_or_else(
            || {
                if is_snake(name) { naming::pascal(name) } else { name.to_owned() }
            },
            str::to_owned,
        );
        let camel = naming::camel(&csharp);
        let snake = is_snake(name).then_some(name);
        self.note_dialects([snake, Some(&csharp), Some(&camel)]);
        for spelling in [name.to_owned(), camel, csharp] {
            self.names.entry(spelling).or_insert_with(|| meaning.clone());
        }
    }

    /// Notes which of a name's forms in snake, pascal and camel one dialect alone has; forms of names that are known
    /// already keep their meaning.
    fn note_dialects(&mut self, forms: [Option<&str>; 3]) {
        for (form, dialect) in forms.into_iter().zip([Dialect::Snake, Dialect::Pascal, Dialect::Camel]) {
            let alone = forms.into_iter().filter(|other| *other == form).count() == 1;
            if let Some(form) = form.filter(|_| alone)
                && !self.names.contains_key(form)
            {
                self.dialects.insert(form.to_owned(), dialect);
            }
        }
    }
}

/// The members of an object that a schema has under a key, if it has any.
fn members<'s>(schema: &'s Value, key: &str) -> impl Iterator<Item = (&'s String, &'s Value)> {
    schema[key].as_object().into_iter().flatten()
}

fn is_snake(name: &str) -> bool {
    !name.contains(|c: char| c.is_uppercase())
}

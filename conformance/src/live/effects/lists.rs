//! Lists of a submission with none, one, two and as many items as there may be: the last item acts. One item too many is
//! refused as a real command by `fields`, and by `validate_request` in `bounds`.

use contracts::{
    Action,
    dictionary::{Shape, dictionary},
};
use serde_json::{Value, json};

use super::{base, distance, draw};
use crate::{
    case::with,
    check::{CheckDef, ScenarioEnd},
    class::Class,
    context::picture_url,
    display,
    exchange::Command,
    picture::difference,
    scenario::Scenario,
    sentence::Sentence,
};

const PROVES: Sentence = Sentence::NothingSilent;
const INVERSIONS: &str = "textual_inversions";
const REFERENCES: &str = "reference_images";

/// Most items of a list of the conditioning.
fn most(name: &str) -> usize {
    let property = dictionary().object("Conditioning").property(name).expect("a list of the conditioning");
    match dictionary().resolve(&property.shape) {
        Shape::List(list) => usize::try_from(list.limits.maximum).expect("a list fits in memory"),
        _ => panic!("{name} is no list"),
    }
}

/// Numbers of items, each with the check of it.
fn lengths(name: &str) -> [(&'static str, usize); 3] {
    [("one", 1), ("two", 2), ("most", most(name))]
}

fn checks(name: &str) -> Vec<CheckDef> {
    let ids = ["none"].into_iter().chain(lengths(name).map(|(id, _)| id));
    ids.map(|id| CheckDef::new(id, Class::Effect, PROVES)).collect()
}

/// Of all tokens only the last one stands in the prompt.
pub(super) fn inversions() -> Scenario {
    Scenario::new("effects.inversions", checks(INVERSIONS), |context, checks| {
        let Some(path) = context.options.embedding.clone() else {
            return Err(ScenarioEnd::Skip("needs --embedding".to_owned()));
        };
        context.need_feature("textual_inversion")?;
        let at = format!("/conditioning/{INVERSIONS}");
        // No token is a part of another one.
        let token = |number: usize| format!("<conf-{number}>");
        let lists = [("none", 0)].into_iter().chain(lengths(INVERSIONS));
        for (check, length) in lists {
            let prompt = format!("a lighthouse, {}", token(length.saturating_sub(1)));
            let plain = with(base(&context.options), "/conditioning/prompt", prompt.into());
            let list: Value = (0..length).map(|i| json!({"path": path, "token": token(i)})).collect();
            let without = draw(context, plain.clone())?;
            let drawn = draw(context, with(plain, &at, list))?;
            let differs = difference(&without.pictures[0], &drawn.pictures[0]);
            let is_so = if length == 0 { differs.is_some_and(|most| most <= 1) } else { differs != Some(0) };
            checks.hold(check, is_so, || {
                format!("with {length} inversions the picture differs by {} of 255", distance(differs))
            });
        }
        Ok(())
    })
}

/// A worker without an IP-Adapter says so, however many images there are. One with it would be another worker.
pub(super) fn references() -> Scenario {
    Scenario::new("effects.references", checks(REFERENCES), |context, checks| {
        let at = format!("/conditioning/{REFERENCES}");
        let plain = draw(context, base(&context.options))?;
        let none = draw(context, with(base(&context.options), &at, json!([])))?;
        let differs = difference(&plain.pictures[0], &none.pictures[0]);
        checks.hold("none", differs.is_some_and(|most| most <= 1), || {
            format!("an empty list moves the picture by {} of 255", distance(differs))
        });
        for (check, length) in lengths(REFERENCES) {
            let list: Value = (0..length).map(|_| picture_url(90)).collect();
            let fields = json!({"prompt_submission": with(base(&context.options), &at, list)});
            let id = context.fresh_id();
            let reading = context.ask(&Command::new(Action::GenerateSdxl, fields).id(id))?;
            let field = reading.snake["error_details"]["field"].as_str();
            let is_there = field.is_some_and(|field| field.contains(&at));
            checks.hold(check, is_there && reading.code() == Ok("unsupported_feature"), || {
                let code = display::result(&reading.code());
                format!("{length} {REFERENCES}: {code} at {}", display::json(&field))
            });
        }
        Ok(())
    })
}

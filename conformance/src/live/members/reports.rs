//! The report of a submission, its estimate, what is made of it, and the self test: against the submission and each other.

use contracts::Action;
use serde_json::{Value, json};

use super::{
    each,
    interview::{ask_shared as ask, is, lies},
};
use crate::{
    case::with,
    check::ScenarioEnd,
    class::Class,
    context::Context,
    display,
    exchange::Command,
    member,
    scenario::{Checks, Scenario},
    sentence::Sentence,
};

pub(super) fn scenario() -> Scenario {
    let report = [
        "valid",
        "report-error",
        "report-errors",
        "as-the-refusal",
        "report-warnings",
        "normalized",
        "pixel_count",
        "aspect_ratio",
    ];
    let estimate =
        ["estimated_time_seconds", "detailed_breakdown", "basis", "fits", "estimated_vram_mb", "larger-job"];
    let optimization = ["changes", "path", "from", "to", "reason", "estimate_before", "estimate_after"];
    let test = ["checks", "passed", "failed", "id", "name", "seconds", "check-passed"];
    let checks = [
        each(Class::Unit, Sentence::EstimateMembers, &report),
        each(Class::Unit, Sentence::EstimateMembers, &estimate),
        each(Class::Unit, Sentence::OptimizationMembers, &optimization),
        each(Class::Effect, Sentence::AdvertisedIsImplemented, &test),
    ];
    Scenario::new("members.reports", checks.concat(), |context, checks| {
        // A job first: what is measured is told after it.
        let small = context.small_submission();
        ask(context, Action::GenerateSdxl, json!({"prompt_submission": small}))?;
        validation(checks, context)?;
        refusal(checks, context)?;
        estimates(checks, context)?;
        optimized(checks, context)?;
        self_test(checks, context)
    })
}

/// A small submission of 128×64.
fn wide(context: &Context) -> Value {
    let size = json!({"width": 128, "height": 64});
    with(context.small_submission(), "/hyperparameters/dimensions", size)
}

fn validation(checks: &mut Checks<'_>, context: &mut Context) -> Result<(), ScenarioEnd> {
    let document = wide(context);
    let fields = json!({"prompt_submission": document});
    let good = ask(context, Action::ValidateRequest, fields)?.data;
    checks.decide("valid", is(&good, "/valid", &json!(true)));
    checks.hold("report-error", good.get("error").is_none(), || good.to_string());
    checks.decide("report-errors", is(&good, "/errors", &json!([])));
    // Everything in it is canonical and no default, so that it is read as it is.
    checks.decide("normalized", is(&good, "/normalized", &document));
    checks.decide("pixel_count", is(&good, "/validation_details/pixel_count", &json!(128 * 64)));
    checks.decide("aspect_ratio", lies(&good, "/validation_details/aspect_ratio", 1.999, 2.001));
    let estimate = ask(context, Action::GetPerformanceEstimate, json!({"prompt_submission": document}))?.data;
    for (own, other) in [
        ("estimated_vram_mb", "/estimated_vram_usage_mb"),
        ("estimated_time_seconds", "/estimated_time_seconds"),
    ] {
        let told = member::number(&estimate, other)?;
        let near = lies(&good, &format!("/validation_details/{own}"), told * 0.9 - 1.0, told * 1.1 + 1.0);
        checks.decide(own, near);
    }
    let spoilt =
        with(with(document, "/scheduler/steps", 0.into()), "/hyperparameters/guidance_scale", 99.into());
    let bad = ask(context, Action::ValidateRequest, json!({"prompt_submission": spoilt}))?.data;
    checks.decide("valid", is(&bad, "/valid", &json!(false)));
    checks.decide("report-error", is(&bad, "/error", &bad["errors"][0]["message"]));
    let mut pointers: Vec<&str> =
        member::list(&bad, "/errors")?.iter().filter_map(|error| error["pointer"].as_str()).collect();
    // The contract has no order of violations: a reader that walks a map in its own order is as good.
    pointers.sort_unstable();
    let wanted = [
        "/payload/prompt_submission/hyperparameters/guidance_scale",
        "/payload/prompt_submission/scheduler/steps",
    ];
    checks.hold("report-errors", pointers == wanted, || display::json(&pointers));
    Ok(())
}

fn estimate(context: &mut Context, document: Value) -> Result<Value, ScenarioEnd> {
    Ok(ask(context, Action::GetPerformanceEstimate, json!({"prompt_submission": document}))?.data)
}

/// A report has the faults and the warnings of the refusal that a job gets, member for member: of each fault alone, so that
/// none stands behind another, and of all together.
fn refusal(checks: &mut Checks<'_>, context: &mut Context) -> Result<(), ScenarioEnd> {
    let strength = ("/hyperparameters/strength", json!(0.5));
    let spoilt = [
        ("/scheduler/type", json!("Eulr")),
        ("/scheduler/steps", json!(0)),
        ("/hyperparameters/guidance_scale", json!(99)),
        ("/hyperparameters/guidance_scal", json!(3)),
    ];
    for fault in &spoilt {
        // The strength takes no effect without an image.
        as_the_refusal(checks, context, &[fault.clone(), strength.clone()])?;
    }
    as_the_refusal(checks, context, &[&spoilt[..], &[strength]].concat())
}

fn as_the_refusal(
    checks: &mut Checks<'_>,
    context: &mut Context,
    spoilt: &[(&str, Value)],
) -> Result<(), ScenarioEnd> {
    let document =
        spoilt.iter().fold(wide(context), |document, (at, value)| with(document, at, value.clone()));
    let fields = json!({"prompt_submission": document});
    let report = ask(context, Action::ValidateRequest, fields.clone())?.data;
    let id = context.fresh_id();
    let refused = context.ask(&Command::new(Action::GenerateSdxl, fields).id(id))?.snake;
    for (told, refused) in
        [("/errors", &refused["error_details"]["errors"]), ("/warnings", &refused["warnings"])]
    {
        let check = if told == "/errors" { "as-the-refusal" } else { "report-warnings" };
        // Their order is the writer's, who may read the members of the two commands in another order.
        let (own, refused) = (sorted(&report[&told[1..]]), sorted(refused));
        let differs = first_difference(&own, &refused, told);
        let is_some = own.as_array().is_some_and(|own| !own.is_empty());
        checks.hold(check, is_some && differs.is_none(), || {
            let differs = differs.unwrap_or_else(|| format!("{told} is {own}"));
            format!("{differs} in the refusal of a job")
        });
    }
    Ok(())
}

/// The items of a list in an order of their own; another value as it is.
fn sorted(list: &Value) -> Value {
    let mut list = list.clone();
    if let Value::Array(items) = &mut list {
        items.sort_by_cached_key(|item| {
            (item["pointer"].to_string(), item["code"].to_string(), item.to_string())
        });
    }
    list
}

/// Where two values differ: the pointer, and both.
fn first_difference(one: &Value, two: &Value, at: &str) -> Option<String> {
    let inside = |name: &str| {
        let (one, two) = (one.get(name).unwrap_or(&Value::Null), two.get(name).unwrap_or(&Value::Null));
        first_difference(one, two, &format!("{at}/{name}"))
    };
    match (one, two) {
        (Value::Object(members), Value::Object(others)) => {
            members.keys().chain(others.keys()).find_map(|name| inside(name))
        }
        (Value::Array(items), Value::Array(others)) if items.len() == others.len() => (0..)
            .zip(items.iter().zip(others))
            .find_map(|(index, (one, two))| first_difference(one, two, &format!("{at}/{index}"))),
        _ => (one != two).then(|| format!("{at} is {one}, and {two}")),
    }
}

fn estimates(checks: &mut Checks<'_>, context: &mut Context) -> Result<(), ScenarioEnd> {
    let document = context.small_submission();
    let small = estimate(context, document.clone())?;
    checks.decide("estimated_time_seconds", lies(&small, "/estimated_time_seconds", 1e-6, 86_400.0));
    checks.decide("fits", is(&small, "/fits", &json!(true)));
    let basis = small["basis"].as_str();
    checks.hold("basis", matches!(basis, Some("measured" | "model_sizes")), || small.to_string());
    let parts = member::object(&small, "/detailed_breakdown")?;
    let numbers = parts.values().filter_map(Value::as_f64);
    checks.hold("detailed_breakdown", parts.len() > 1 && numbers.clone().count() == parts.len(), || {
        small.to_string()
    });
    checks.hold("detailed_breakdown", numbers.clone().all(|part| part >= 0.0), || small.to_string());
    let long = estimate(context, with(document, "/scheduler/steps", 150.into()))?;
    let (one, two) = (
        member::number(&small, "/estimated_time_seconds")?,
        member::number(&long, "/estimated_time_seconds")?,
    );
    checks.hold("larger-job", two > one, || format!("{one} s of 2 steps, {two} s of 150"));
    Ok(())
}

/// The reported changes turn the request into the reported one; both estimates are those of their documents.
fn optimized(checks: &mut Checks<'_>, context: &mut Context) -> Result<(), ScenarioEnd> {
    let large = with(
        context.small_submission(),
        "/hyperparameters/dimensions",
        json!({"width": 2048, "height": 2048}),
    );
    let large = with(large, "/hyperparameters/batch_size", 2.into());
    let fields =
        json!({"prompt_submission": large, "preferences": {"priority": "memory", "preserve_quality": false}});
    let told = ask(context, Action::OptimizeRequest, fields)?.data;
    let changes = member::list(&told, "/changes")?;
    checks.hold("changes", !changes.is_empty(), || "nothing is changed to save memory".to_owned());
    let optimized = &told["optimized_request"];
    let mut applied = large.clone();
    for change in changes {
        let path = member::text(change, "/path")?;
        let before = applied.pointer(path);
        // A value that was not written may be told as its default.
        let is_from = before.is_none() || before == change.get("from");
        checks.hold("from", is_from && change.get("from") != change.get("to"), || {
            format!("changes, one after the other: {change} was {before}", before = display::json(&before))
        });
        // Words, and not the path or a value again.
        let reason = change["reason"].as_str();
        let is_said = reason.is_some_and(|reason| reason.len() > 8 && reason.contains(' '));
        checks.hold("reason", is_said, || change.to_string());
        checks.hold("path", path.starts_with('/'), || change.to_string());
        applied = with(applied, path, change["to"].clone());
    }
    checks.decide("to", is(&json!({"request": applied}), "/request", optimized));
    for (member, document) in [("estimate_before", &large), ("estimate_after", optimized)] {
        let own = estimate(context, document.clone())?;
        for part in ["estimated_vram_usage_mb", "detailed_breakdown", "basis", "fits"] {
            checks.decide(member, is(&told[member], &format!("/{part}"), &own[part]));
        }
        // It may have been measured anew in between.
        let seconds = member::number(&own, "/estimated_time_seconds")?;
        let near = lies(&told[member], "/estimated_time_seconds", seconds * 0.5, seconds * 2.0);
        checks.decide(member, near);
    }
    Ok(())
}

fn self_test(checks: &mut Checks<'_>, context: &mut Context) -> Result<(), ScenarioEnd> {
    let told = ask(context, Action::RunSelfTest, json!({"scope": "commands"}))?;
    let rows = member::list(&told.data, "/checks")?;
    checks.hold("checks", !rows.is_empty(), || told.data.to_string());
    for (member, wanted) in [("passed", true), ("failed", false)] {
        let number = rows.iter().filter(|row| row["passed"] == wanted).count();
        checks.decide(member, is(&told.data, &format!("/{member}"), &json!(number)));
    }
    let mut ids: Vec<&str> = rows.iter().filter_map(|row| row["id"].as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    checks.hold("id", ids.len() == rows.len(), || {
        format!("{ids} of {} checks", rows.len(), ids = display::json(&ids))
    });
    let mut names: Vec<&str> = rows.iter().filter_map(|row| row["name"].as_str()).collect();
    names.sort_unstable();
    names.dedup();
    checks.hold("name", names.len() == rows.len(), || {
        format!("{names} of {} checks", rows.len(), names = display::json(&names))
    });
    let seconds: f64 = rows.iter().filter_map(|row| row["seconds"].as_f64()).sum();
    let took = told.took().as_secs_f64();
    // A target with pretended times may tell more than passed; each alone is told in seconds.
    checks.hold("seconds", (0.0..=took.max(60.0)).contains(&seconds), || format!("{seconds} s of {took} s"));
    // Each scope has checks of its own.
    let ids_of = |data: &Value| -> Vec<Value> {
        data["checks"].as_array().into_iter().flatten().map(|check| check["id"].clone()).collect()
    };
    let own = ids_of(&told.data);
    for scope in ["models", "benchmark"] {
        let other = ids_of(&ask(context, Action::RunSelfTest, json!({"scope": scope}))?.data);
        let is_its_own = !other.is_empty() && other.iter().all(|id| !own.contains(id));
        checks.hold("id", is_its_own, || {
            let (other, own) = (crate::display::json(&other), crate::display::json(&own));
            format!("scope {scope} has {other}, and commands {own}")
        });
    }
    // Whatever a worker calls its checks: those of the commands are about commands.
    let is_of_action = |row: &Value| {
        let said: Vec<&str> = [&row["id"], &row["name"]].into_iter().filter_map(Value::as_str).collect();
        Action::ALL.iter().any(|action| said.iter().any(|text| text.contains(action.as_str())))
    };
    checks.hold("checks", rows.iter().any(is_of_action), || {
        format!("scope commands has no check of a command: {}", display::json(&own))
    });
    let failed: Vec<&Value> = rows.iter().filter(|row| row["passed"] != true).collect();
    checks.hold("check-passed", failed.is_empty(), || {
        format!("its own test fails: {failed}", failed = display::json(&failed))
    });
    Ok(())
}

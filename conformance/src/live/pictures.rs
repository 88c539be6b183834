//! Pictures over HTTP: whether a cache may keep them, parts of them, and a picture in answer to a submission.

use contracts::Action;
use serde_json::{Value, json};

use super::http::problem;
use crate::{
    case::with,
    check::{CheckDef, ScenarioEnd},
    class::Class,
    context::Context,
    display,
    exchange::Command,
    member,
    scenario::Scenario,
    sentence::Sentence,
};

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![caching(), instead_of_json()]
}

/// Draws one picture under an id; `data` of the reply.
fn draw(context: &mut Context, id: &str, seed: u64) -> Result<Value, ScenarioEnd> {
    let submission = with(context.small_submission(), "/hyperparameters/seed", seed.into());
    let reading =
        context.ask(&Command::new(Action::GenerateSdxl, json!({"prompt_submission": submission})).id(id))?;
    reading.data().cloned().map_err(ScenarioEnd::Broken)
}

fn caching() -> Scenario {
    let sentence = Sentence::PictureCaching;
    let checks = ["etag", "cache-control", "not-modified", "changed", "range", "range-beyond", "head"]
        .map(|id| CheckDef::new(id, Class::Asset, sentence));
    Scenario::new("pictures.caching", checks.into(), |context, checks| {
        let id = context.fresh_id();
        let first = draw(context, &id, 1)?;
        let path = format!("/v1/jobs/{id}/images/0");
        let gateway = context.gateway()?;
        let picture = gateway.send("GET", &path, &[], None)?;
        let etag = format!("\"{}\"", member::text(&first, "/image_details/0/sha256")?);
        checks.hold("etag", picture.header("etag") == Some(&etag), || {
            format!("{} in place of {etag}", picture.header("etag").unwrap_or("none"))
        });
        let cached = picture.header("cache-control");
        checks.hold("cache-control", cached == Some("private, no-cache"), || display::json(&cached));
        let again = gateway.send("GET", &path, &[("if-none-match", &etag)], None)?;
        checks.hold("not-modified", again.status == 304 && again.body.is_empty(), || {
            format!("{} with {} bytes", again.status, again.body.len())
        });
        let part = gateway.send("GET", &path, &[("range", "bytes=1-3")], None)?;
        checks.hold("range", part.status == 206 && picture.body.get(1..4) == Some(&part.body[..]), || {
            format!("{} with {} bytes", part.status, part.body.len())
        });
        let beyond = format!("bytes={}-", picture.body.len());
        let beyond = gateway.send("GET", &path, &[("range", &beyond)], None)?;
        checks.hold("range-beyond", beyond.status == 416, || beyond.status.to_string());
        let head = gateway.send("HEAD", &path, &[], None)?;
        let length = head.header("content-length").and_then(|length| length.parse().ok());
        checks.hold("head", head.status == 200 && length == Some(picture.body.len()), || {
            format!("{}, content-length {}", head.status, display::json(&length))
        });
        // An ended id may be used again: the same URL is then another picture.
        draw(context, &id, 2)?;
        let other = context.gateway()?.send("GET", &path, &[("if-none-match", &etag)], None)?;
        checks.hold("changed", other.status == 200 && other.body != picture.body, || {
            format!("{} with {} bytes", other.status, other.body.len())
        });
        Ok(())
    })
}

fn instead_of_json() -> Scenario {
    let sentence = Sentence::PictureInsteadOfJson;
    let checks = ["picture", "seed", "job", "vary", "another-type", "several", "any"]
        .map(|id| CheckDef::new(id, Class::Http, sentence));
    Scenario::new("pictures.instead-of-json", checks.into(), |context, checks| {
        let submission = context.small_submission();
        let body = |submission: &Value| Some(submission.to_string().into_bytes());
        let gateway = context.gateway()?;
        let picture = gateway.send("POST", "/v1/generate", &[("accept", "image/png")], body(&submission))?;
        checks.hold(
            "picture",
            picture.status == 200
                && picture.content_type == "image/png"
                && picture.body.starts_with(b"\x89PNG"),
            || format!("{} {}", picture.status, picture.content_type),
        );
        let seed = picture.header("x-seed");
        checks.hold("seed", seed == Some("7"), || format!("X-Seed is {}", seed.unwrap_or("absent")));
        let (id, link) = (picture.header("x-request-id"), picture.header("link"));
        let is_linked = match (id, link) {
            (Some(id), Some(link)) => !id.is_empty() && link.contains(&format!("/v1/jobs/{id}")),
            _ => false,
        };
        checks.hold("job", is_linked, || {
            format!("X-Request-Id {}, Link {}", display::json(&id), display::json(&link))
        });
        let vary = picture.header("vary");
        let varies = vary.is_some_and(|vary| vary.to_ascii_lowercase().contains("accept"));
        checks.hold("vary", varies, || format!("Vary is {}", display::json(&vary)));
        let webp = gateway.send("POST", "/v1/generate", &[("accept", "image/webp")], body(&submission))?;
        checks.decide("another-type", problem(&webp, "not_acceptable"));
        let two = with(submission.clone(), "/hyperparameters/batch_size", 2.into());
        let two = gateway.send("POST", "/v1/generate", &[("accept", "image/png")], body(&two))?;
        checks.decide("several", problem(&two, "validation_failed"));
        let any = gateway.send("POST", "/v1/generate", &[("accept", "*/*")], body(&submission))?;
        checks.hold("any", any.status == 200 && any.content_type == "application/json", || {
            format!("{} {}", any.status, any.content_type)
        });
        Ok(())
    })
}

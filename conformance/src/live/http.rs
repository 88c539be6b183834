//! HTTP: every route of the registry, statuses, problems, the ways of waiting.

use contracts::{
    Action, Class as ActionClass, Dialect, ErrorCode,
    dictionary::dictionary,
    registry::{RESOURCES, Route},
};
use serde_json::{Value, json};

use crate::{
    case,
    check::{CheckDef, ScenarioEnd},
    class::Class,
    context::Context,
    display,
    exchange::{Command, StrictReading},
    member,
    party::gateway::{Exchange, Gateway},
    scenario::{Checks, Scenario},
    sentence::Sentence,
};

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![routes(), openapi(), resources(), problems(), dialects(), asynchronous(), bad_bodies()]
}

fn all_routes() -> Vec<(Action, &'static Route)> {
    Action::ALL.iter().flat_map(|action| action.info().routes.iter().map(|route| (*action, route))).collect()
}

fn route_id(route: &Route) -> String {
    let path: String =
        route.path.trim_start_matches("/v1/").chars().filter(|c| !matches!(c, '{' | '}')).collect();
    format!("{}-{}", route.verb.to_lowercase(), path.replace('/', "-"))
}

fn routes() -> Scenario {
    let proves = Sentence::RoutesFromRegistry;
    let checks =
        all_routes().iter().map(|(_, route)| CheckDef::new(route_id(route), Class::Http, proves)).collect();
    Scenario::new("http.routes", checks, |context, checks| {
        context.gateway()?;
        let gpu_id = member::text(&context.get(Action::GetStatus, json!({}))?, "/gpu_id")?.to_owned();
        // A worker that still loads its libraries answers a query late; a load waits for it.
        context.capabilities()?;
        let document = context.gateway()?.send("GET", "/openapi.json", &[], None)?.answer()?.value;
        for (action, route) in all_routes() {
            match visit(context, action, route, &gpu_id) {
                Ok(verdict) => verdict_of(checks, route, verdict, is_pending(&document, route)),
                Err(ScenarioEnd::Skip(why)) => checks.skip(&route_id(route), why),
                Err(ScenarioEnd::Broken(why)) => checks.decide(&route_id(route), Err(why)),
                Err(end) => return Err(end),
            }
        }
        Ok(())
    })
}

enum Visit {
    Good,
    NotThere,
    Bad(String),
}

/// Whether the gateway's OpenAPI document marks a route as not implemented yet.
fn is_pending(document: &Value, route: &Route) -> bool {
    document["paths"][route.path][route.verb.to_lowercase()]["x-pending"] == true
}

/// Advertised means implemented: only a route that the gateway itself calls pending may answer `unsupported_feature`.
fn verdict_of(checks: &mut Checks<'_>, route: &Route, visit: Visit, pending: bool) {
    let id = route_id(route);
    match visit {
        Visit::Good if pending => {
            checks.decide(&id, Err("it is served, and the OpenAPI document says x-pending".to_owned()));
        }
        Visit::Good => checks.decide(&id, Ok(())),
        Visit::NotThere if pending => {
            checks.skip(&id, "the gateway's own OpenAPI document says x-pending");
        }
        Visit::NotThere => {
            let why = "unsupported_feature, and the OpenAPI document does not say x-pending";
            checks.decide(&id, Err(why.to_owned()));
        }
        Visit::Bad(why) => checks.decide(&id, Err(why)),
    }
}

/// Sends a request to a route. A route about a job, session or training must answer that it does not exist.
fn visit(context: &mut Context, action: Action, route: &Route, gpu_id: &str) -> Result<Visit, ScenarioEnd> {
    let mut fields = case::fields(action, context, "conf-nobody")?;
    let mut path = route.path.to_owned();
    let mut about_nobody = route.path.contains('{');
    while let Some((before, rest)) = path.split_once('{') {
        let (name, after) = rest.split_once('}').expect("routes are generated");
        let field = route.params.iter().find(|(param, _)| *param == name).map_or(name, |(_, field)| field);
        let value = if name == "gpu_id" { gpu_id } else { "conf-nobody" };
        about_nobody &= name != "gpu_id";
        let (before, after) = (before.to_owned(), after.to_owned());
        if let Some(members) = fields.as_object_mut() {
            members.remove(field);
        }
        path = format!("{before}{value}{after}");
    }
    for (field, _) in route.fixed {
        fields.as_object_mut().map(|members| members.remove(*field));
    }
    let body = match route.bare {
        _ if route.verb == "GET" => None,
        Some(bare) => Some(fields[bare].to_string().into_bytes()),
        None => Some(fields.to_string().into_bytes()),
    };
    let exchange = context.gateway()?.send(route.verb, &path, &[], body)?;
    if action.info().class == ActionClass::Training && exchange.status < 300 {
        let id = member::text(&exchange.answer()?.value, "/data/training_id")?.to_owned();
        super::training::end(context, &id)?;
    }
    let answer = exchange.answer()?;
    let reading = StrictReading::of(action, Dialect::Snake, &answer);
    Ok(match reading.code() {
        Ok("unsupported_feature") => Visit::NotThere,
        Ok(code) if about_nobody && code.ends_with("_not_found") && code != "route_not_found" => {
            good_problem(&exchange, code)
        }
        _ => match reading.data() {
            Ok(_) if exchange.status == 200 => match &reading.read {
                Ok(read) if !read.unknown_members.is_empty() => {
                    Visit::Bad(format!("unknown members: {}", read.unknown_members.join(", ")))
                }
                _ => Visit::Good,
            },
            Ok(_) => Visit::Bad(format!("a success with status {}", exchange.status)),
            Err(why) => Visit::Bad(format!("{} {path}: {why}", route.verb)),
        },
    })
}

fn good_problem(exchange: &Exchange, code: &str) -> Visit {
    match problem(exchange, code) {
        Ok(()) => Visit::Good,
        Err(why) => Visit::Bad(why),
    }
}

/// Whether an exchange is the problem of a code: content type, status, RFC 9457 members, and those of the failed reply.
pub(super) fn problem(exchange: &Exchange, code: &str) -> Result<(), String> {
    let body = exchange.answer().map_err(|err| err.to_string())?.value;
    let status = code.parse::<ErrorCode>().map_err(|_| format!("{code} is no code"))?.status();
    let found = body["error_details"]["code"]
        .as_str()
        .or(body["ErrorDetails"]["Code"].as_str())
        .or(body["errorDetails"]["code"].as_str());
    if found != Some(code) {
        return Err(format!("{code} is wanted, not {}", crate::display::shorten(&body.to_string())));
    }
    let expected = [
        (exchange.content_type == "application/problem+json", "the content type"),
        (exchange.status == status && body["status"] == status, "the status"),
        (body["type"] == format!("urn:concord:error:{code}"), "type"),
        (
            body["title"].is_string() && body["detail"].is_string() && body["instance"].is_string(),
            "title, detail, instance",
        ),
    ];
    match expected.iter().find(|(holds, _)| !holds) {
        Some((_, what)) => {
            Err(format!("{what} of {code} is wrong: {} {} {body}", exchange.status, exchange.content_type))
        }
        None => Ok(()),
    }
}

fn openapi() -> Scenario {
    let mut checks: Vec<CheckDef> = all_routes()
        .iter()
        .map(|(_, route)| CheckDef::new(route_id(route), Class::Http, Sentence::OpenapiFromRegistry))
        .collect();
    checks.push(CheckDef::new("version", Class::Http, Sentence::OpenapiDocument));
    Scenario::new("http.openapi", checks, |context, checks| {
        let document = context.gateway()?.send("GET", "/openapi.json", &[], None)?.answer()?.value;
        checks.hold(
            "version",
            document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")),
            || document["openapi"].to_string(),
        );
        for (_, route) in all_routes() {
            let described = &document["paths"][route.path][route.verb.to_lowercase()];
            checks.hold(&route_id(route), described.is_object(), || {
                format!("{} {} is not described", route.verb, route.path)
            });
        }
        Ok(())
    })
}

/// The id of a check of a resource, and its path: resources that are read without an id in their path.
fn plain_resources() -> impl Iterator<Item = (String, &'static str)> {
    let plain = RESOURCES.iter().filter(|resource| resource.verb == "GET" && !resource.path.contains('{'));
    plain.map(|resource| {
        let id = resource.path.trim_start_matches('/').replace(['/', '.'], "-");
        (id, resource.path)
    })
}

fn resources() -> Scenario {
    let mut checks: Vec<CheckDef> = plain_resources()
        .map(|(id, _)| CheckDef::new(id, Class::Http, Sentence::ResourcesOfRegistry))
        .collect();
    checks.push(CheckDef::new("picture", Class::Asset, Sentence::PictureOfAJob));
    checks.push(CheckDef::new("events", Class::Http, Sentence::EventStream));
    checks.push(CheckDef::new("job", Class::Http, Sentence::JobMembers));
    Scenario::new("http.resources", checks, |context, checks| {
        for (id, path) in plain_resources() {
            let exchange = context.gateway()?.send("GET", path, &[], None)?;
            checks.hold(&id, exchange.status == 200, || exchange.status.to_string());
        }
        let id = context.fresh_id();
        let submission = context.small_submission();
        let reading = context
            .ask(&Command::new(Action::GenerateSdxl, json!({"prompt_submission": submission})).id(&id))?;
        let result = reading.data().map_err(ScenarioEnd::Broken)?.clone();
        job_resources(context.gateway()?, checks, &id, &result)
    })
}

/// The picture, the events and the record of a job that completed with `result`.
fn job_resources(
    gateway: &Gateway,
    checks: &mut Checks<'_>,
    id: &str,
    result: &Value,
) -> Result<(), ScenarioEnd> {
    let picture = gateway.send("GET", &format!("/v1/jobs/{id}/images/0"), &[], None)?;
    let bytes = result["image_details"][0]["bytes"].as_u64();
    checks.hold(
        "picture",
        picture.status == 200
            && picture.content_type == "image/png"
            && bytes == Some(picture.body.len() as u64),
        || format!("{} {} {} bytes", picture.status, picture.content_type, picture.body.len()),
    );
    let events =
        gateway.send("GET", &format!("/v1/jobs/{id}/events"), &[("accept", "text/event-stream")], None)?;
    let text = String::from_utf8_lossy(&events.body);
    checks.hold(
        "events",
        events.status == 200
            && events.content_type == "text/event-stream"
            && text.contains("id:")
            && text.contains("data:"),
        || format!("{} {} {text}", events.status, events.content_type),
    );
    let job = gateway.send("GET", &format!("/v1/jobs/{id}"), &[], None)?;
    let reading = StrictReading::of(Action::GetJob, Dialect::Snake, &job.answer()?);
    let completed = reading.data().map(|job| job["status"] == "completed" && job["request_id"] == id);
    checks.hold("job", completed == Ok(true), || reading.snake.to_string());
    Ok(())
}

fn problems() -> Scenario {
    let sentence = Sentence::ProblemDocuments;
    let checks = [
        "route_not_found",
        "method_not_allowed",
        "unsupported_media_type",
        "unknown_action",
        "model_not_found",
        "out_of_range",
        "job_not_found",
    ]
    .map(|id| CheckDef::new(id, Class::Http, sentence));
    let ids = Sentence::GatewayMakesIds;
    let checks = [&checks[..], &[CheckDef::new("request-ids", Class::Corr, ids)]].concat();
    Scenario::new("http.problems", checks, |context, checks| {
        let command = |action: &str, payload: Value| {
            Some(json!({"action": action, "payload": payload}).to_string().into_bytes())
        };
        let unknown = json!({"prompt_submission": {"model": {"base": "conf_no_such_model"}, "conditioning": {"prompt": "a"}}});
        let gateway = context.gateway()?;
        let cases = [
            ("route_not_found", gateway.send("GET", "/v1/nothing", &[], None)?),
            ("method_not_allowed", gateway.send("DELETE", "/v1/generate", &[], None)?),
            (
                "unsupported_media_type",
                gateway.send("POST", "/v1/commands", &[("content-type", "text/plain")], None)?,
            ),
            ("unknown_action", gateway.send("POST", "/v1/commands", &[], command("paint", json!({})))?),
            (
                "model_not_found",
                gateway.send("POST", "/v1/commands", &[], command("generate_sdxl", unknown))?,
            ),
            (
                "out_of_range",
                gateway.send(
                    "POST",
                    "/v1/commands",
                    &[],
                    command("shutdown", json!({"grace_seconds": -1})),
                )?,
            ),
            ("job_not_found", gateway.send("GET", "/v1/jobs/conf-nobody", &[], None)?),
        ];
        let nameless = cases.iter().find(|(_, exchange)| {
            !exchange.answer().is_ok_and(|answer| answer.value["request_id"].is_string())
        });
        checks.hold("request-ids", nameless.is_none(), || {
            nameless.map_or_else(String::new, |(code, _)| format!("the answer to {code} has none"))
        });
        for (code, exchange) in cases {
            checks.decide(code, problem(&exchange, code));
        }
        Ok(())
    })
}

fn dialects() -> Scenario {
    let checks = Dialect::ALL
        .map(|dialect| CheckDef::new(format!("query-{dialect}"), Class::Case, Sentence::DialectOfQuery));
    Scenario::new("http.dialects", checks.into(), |context, checks| {
        for dialect in Dialect::ALL {
            let exchange =
                context.gateway()?.send("GET", &format!("/v1/capabilities?dialect={dialect}"), &[], None)?;
            let reading = StrictReading::of(Action::GetCapabilities, dialect, &exchange.answer()?);
            checks.hold(
                &format!("query-{dialect}"),
                reading.misspelt.is_empty() && reading.data().is_ok(),
                || {
                    format!(
                        "misspelt {}, {}",
                        display::json(&reading.misspelt),
                        display::result(&reading.data())
                    )
                },
            );
        }
        Ok(())
    })
}

fn asynchronous() -> Scenario {
    let checks = vec![
        CheckDef::new("accepted", Class::Http, Sentence::RespondAsync),
        CheckDef::new("location", Class::Http, Sentence::JobResource),
        CheckDef::new("own-id", Class::Corr, Sentence::GatewayMakesIds),
    ];
    Scenario::new("http.asynchronous", checks, |context, checks| {
        let body = context.small_submission().to_string().into_bytes();
        let exchange =
            context.gateway()?.send("POST", "/v1/generate", &[("prefer", "respond-async")], Some(body))?;
        let accepted = exchange.answer()?.value;
        let shape = &dictionary().named("Accepted").shape;
        let data = accepted.get("data").cloned().unwrap_or_else(|| accepted.clone());
        let mut misspelt = Vec::new();
        let accepted_data = crate::exchange::unspell(Dialect::Snake, &data, shape, "", &mut misspelt);
        let id = member::text(&accepted_data, "/request_id")?.to_owned();
        checks.hold(
            "accepted",
            exchange.status == 202 && misspelt.is_empty() && accepted_data["status"].is_string(),
            || format!("{} {accepted}", exchange.status),
        );
        checks.hold("own-id", id.len() == 36 && id.as_bytes().get(14) == Some(&b'7'), || {
            format!("{} is no UUIDv7", display::json(&id))
        });
        let Some(location) = exchange.header("location") else {
            return Err(ScenarioEnd::Broken("no Location".to_owned()));
        };
        let path = location.find("/v1/").map_or(location, |at| &location[at..]);
        let job = context.gateway()?.send("GET", path, &[], None)?;
        let reading = StrictReading::of(Action::GetJob, Dialect::Snake, &job.answer()?);
        checks.hold("location", reading.data().is_ok_and(|job| job["request_id"] == id.as_str()), || {
            reading.snake.to_string()
        });
        Ok(())
    })
}

fn bad_bodies() -> Scenario {
    let sentence = Sentence::BadBodies;
    let checks = ["empty", "deep", "not-utf8", "too-large", "dot-dot", "still-served"]
        .map(|id| CheckDef::new(id, Class::Http, sentence));
    Scenario::new("http.bad-bodies", checks.into(), |context, checks| {
        let gateway = context.gateway()?;
        let post = |body: Vec<u8>| gateway.send("POST", "/v1/commands", &[], Some(body));
        checks.decide("empty", problem(&post(Vec::new())?, "bad_frame"));
        let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
        checks.decide("deep", problem(&post(deep.into_bytes())?, "bad_frame"));
        checks.decide("not-utf8", problem(&post(b"{\"action\":\"\xFF\"}".to_vec())?, "bad_frame"));
        match post(vec![b' '; 20 << 20]) {
            Ok(exchange) => checks.decide("too-large", problem(&exchange, "frame_too_large")),
            Err(err) => checks.decide(
                "too-large",
                Err(format!("the connection was closed before its answer could be read: {err}")),
            ),
        }
        let escape = gateway.send(
            "POST",
            "/v1/models/validate",
            &[],
            Some(json!({"model_paths": ["../../../../etc/passwd"]}).to_string().into_bytes()),
        )?;
        let body = escape.answer()?.value;
        let code = &body["error_details"]["code"];
        let refused = ["path_not_allowed", "model_not_found"].iter().any(|allowed| code == allowed)
            || body["data"]["results"][0]["is_valid"] == false;
        checks.hold("dot-dot", refused, || body.to_string());
        let status = context.get(Action::GetStatus, json!({}));
        checks.hold("still-served", status.is_ok(), || display::result(&status));
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::party::Answer;

    #[test]
    fn a_problem_is_read_as_a_failed_reply() {
        let body = json!({
            "type": "urn:concord:error:job_not_found", "title": "t", "status": 404, "detail": "d", "instance": "/v1/jobs/x",
            "request_id": null, "success": false, "data": null, "error": "d",
            "error_details": {"code": "job_not_found", "retryable": false}, "warnings": [], "warning_details": [],
        });
        let answer = Answer { value: body, http: Some((404, "application/problem+json".to_owned())) };
        let reading = StrictReading::of(Action::GetJob, Dialect::Snake, &answer);
        assert_eq!(reading.code(), Ok("job_not_found"));
        assert_eq!(reading.misspelt, Vec::<String>::new());
    }
}

//! Requests of web pages in a visitor's browser, and requests under a foreign host name.

use contracts::limits::HTTP_HEAD;
use serde_json::json;
use std::time::Duration;

use super::http::problem;
use crate::{check::CheckDef, class::Class, display, scenario::Scenario, sentence::Sentence};

/// Time by which a busy machine may notice the end of a limit later.
const MARGIN: Duration = Duration::from_secs(5);

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![hosts(), origins(), bodies(), sniffing(), slowness()]
}

const BODY: &str = r#"{"action":"get_status"}"#;

fn hosts() -> Scenario {
    let sentence = Sentence::HostHeader;
    let checks = vec![
        CheckDef::new("foreign-command", Class::Http, sentence),
        CheckDef::new("foreign-read", Class::Http, sentence),
        CheckDef::new("foreign-like-ours", Class::Http, sentence),
        CheckDef::new("localhost", Class::Http, sentence),
        CheckDef::new("health-any", Class::Http, Sentence::HealthOfAnyHost),
    ];
    Scenario::new("strangers.hosts", checks, |context, checks| {
        let gateway = context.gateway()?;
        let (post, get) = (Some(BODY.as_bytes().to_vec()), None);
        let evil = [("host", "evil.example")];
        let command = gateway.send("POST", "/v1/commands", &evil, post)?;
        checks.decide("foreign-command", problem(&command, "forbidden"));
        checks.decide(
            "foreign-read",
            problem(&gateway.send("GET", "/v1/jobs", &evil, get.clone())?, "forbidden"),
        );
        // A name that only begins as ours does.
        let like = [("host", "localhost.evil.example")];
        checks.decide(
            "foreign-like-ours",
            problem(&gateway.send("GET", "/v1/jobs", &like, get.clone())?, "forbidden"),
        );
        let port = gateway.port()?;
        let localhost = format!("localhost:{port}");
        let own = gateway.send("GET", "/v1/jobs", &[("host", &localhost)], get.clone())?;
        checks.hold("localhost", own.status == 200, || own.status.to_string());
        let live = gateway.send("GET", "/health/live", &evil, get)?;
        checks.hold("health-any", live.status == 200, || live.status.to_string());
        Ok(())
    })
}

fn origins() -> Scenario {
    let sentence = Sentence::OriginHeader;
    let refused: [(&str, &[(&str, &str)]); 5] = [
        ("foreign", &[("origin", "https://evil.example")]),
        ("null", &[("origin", "null")]),
        ("cross-site", &[("sec-fetch-site", "cross-site")]),
        ("foreign-without-body", &[("origin", "https://evil.example")]),
        // It names no method that the page wants, so that it is no preflight.
        ("foreign-options", &[("origin", "https://evil.example")]),
    ];
    let mut checks: Vec<CheckDef> =
        refused.iter().map(|(id, _)| CheckDef::new(*id, Class::Http, sentence)).collect();
    checks.push(CheckDef::new("own", Class::Http, sentence));
    checks.push(CheckDef::new("no-origin", Class::Http, sentence));
    checks.push(CheckDef::new("read", Class::Http, Sentence::OriginOfReads));
    Scenario::new("strangers.origins", checks, move |context, checks| {
        let gateway = context.gateway()?;
        let body = || Some(BODY.as_bytes().to_vec());
        for (id, headers) in refused {
            let exchange = match id {
                "foreign-without-body" => gateway.send("DELETE", "/v1/jobs/conf-nobody", headers, None)?,
                "foreign-options" => gateway.send("OPTIONS", "/v1/commands", headers, None)?,
                _ => gateway.send("POST", "/v1/commands", headers, body())?,
            };
            checks.decide(id, problem(&exchange, "forbidden"));
        }
        let own = gateway.send("POST", "/v1/commands", &[("origin", gateway.base())], body())?;
        checks.hold("own", own.status == 200, || own.status.to_string());
        let plain = gateway.send("POST", "/v1/commands", &[], body())?;
        checks.hold("no-origin", plain.status == 200, || plain.status.to_string());
        let read = gateway.send("GET", "/v1/jobs", &[("origin", "https://evil.example")], None)?;
        let allowed = read.header("access-control-allow-origin");
        checks.hold("read", read.status == 200 && allowed.is_none(), || {
            format!("{}, access-control-allow-origin {}", read.status, allowed.unwrap_or("absent"))
        });
        Ok(())
    })
}

/// A page can send JSON without a preflight only if it sends no content type.
fn bodies() -> Scenario {
    let sentence = Sentence::ContentTypeRequired;
    let checks = vec![CheckDef::new("no-content-type", Class::Http, sentence)];
    Scenario::new("strangers.bodies", checks, |context, checks| {
        let gateway = context.gateway()?;
        let bare = [("content-type", "")];
        let exchange = gateway.send("POST", "/v1/commands", &bare, Some(BODY.as_bytes().to_vec()))?;
        checks.decide("no-content-type", problem(&exchange, "unsupported_media_type"));
        Ok(())
    })
}

fn sniffing() -> Scenario {
    let sentence = Sentence::Nosniff;
    let paths = ["/v1/jobs", "/v1/nothing", "/health/live", "/openapi.json"];
    let checks = paths
        .iter()
        .map(|path| {
            CheckDef::new(path.trim_start_matches('/').replace(['/', '.'], "-"), Class::Http, sentence)
        })
        .collect();
    Scenario::new("strangers.nosniff", checks, move |context, checks| {
        for path in paths {
            let exchange = context.gateway()?.send("GET", path, &[], None)?;
            let value = exchange.header("x-content-type-options");
            let id = path.trim_start_matches('/').replace(['/', '.'], "-");
            checks.hold(&id, value == Some("nosniff"), || json!(value).to_string());
        }
        Ok(())
    })
}

/// A client that never ends its head, as a scanner of ports or a slow attacker.
fn slowness() -> Scenario {
    let sentence = Sentence::LimitsOfTime;
    let checks = vec![
        CheckDef::new("half-a-head", Class::Http, sentence),
        CheckDef::new("still-served", Class::Http, sentence),
    ];
    Scenario::new("strangers.slowness", checks, |context, checks| {
        let gateway = context.gateway()?;
        let waited = gateway.send_half_a_head(HTTP_HEAD + MARGIN)?;
        checks.hold("half-a-head", waited.is_some(), || {
            let limit = display::seconds(HTTP_HEAD + MARGIN);
            format!("the half of a head still holds its connection {limit} later")
        });
        let live = gateway.send("GET", "/health/live", &[], None)?;
        checks.hold("still-served", live.status == 200, || live.status.to_string());
        Ok(())
    })
}

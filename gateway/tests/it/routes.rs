//! Every route of the registry answers, and `/openapi.json` describes all of them.

use contracts::{Action, registry::RESOURCES};
use serde_json::{Value, json};

use crate::rig::{Rig, job};

#[tokio::test]
async fn every_route_answers() {
    let rig = Rig::start(&[]).await;
    rig.queue(&{
        let mut command = job("generate_sdxl");
        command["request_id"] = "known".into();
        command
    })
    .await;
    rig.reply("known").await;
    let fill = |path: &str| path.replace("{gpu_id}", "gpu_0").replace("{id}", "known").replace("{n}", "0");
    let routes =
        Action::ALL.into_iter().flat_map(|action| action.info().routes).map(|route| (route.verb, route.path));
    for (verb, path) in routes.chain(RESOURCES.iter().map(|resource| (resource.verb, resource.path))) {
        if path.ends_with("/events") {
            continue;
        }
        let path = fill(path);
        let request = rig.request(verb, &path);
        let request = if verb == "POST" { request.json(&json!({})) } else { request };
        let response = rig.send_request(request).await;
        assert!(
            !matches!(response.code(), "route_not_found" | "method_not_allowed" | "internal"),
            "{verb} {path}: {response:?}"
        );
    }
    rig.stop().await;
}

#[tokio::test]
async fn what_is_not_there_yet_says_so() {
    let rig = Rig::with(1, "", &[]).await;
    for action in ["auto_balance", "get_cache_status"] {
        let response = rig.command(&json!({"action": action})).await;
        assert_eq!((response.status, response.code()), (501, "unsupported_feature"), "{response:?}");
    }
    rig.stop().await;
}

#[tokio::test]
async fn openapi_describes_every_route_and_all_its_references_resolve() {
    let rig = Rig::with(1, "", &[]).await;
    let document = rig.get("/openapi.json").await.body;
    assert_eq!(document["openapi"], "3.1.0");
    for action in Action::ALL {
        for route in action.info().routes {
            let operation = &document["paths"][route.path][route.verb.to_lowercase()];
            assert_eq!(operation["x-action"], action.as_str(), "{} {}", route.verb, route.path);
        }
    }
    for resource in &RESOURCES {
        assert!(
            document["paths"][resource.path][resource.verb.to_lowercase()].is_object(),
            "{}",
            resource.path
        );
    }
    resolve(&document, &document);
    let mut ids = Vec::new();
    for operation in
        document["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values())
    {
        ids.push(operation["operationId"].as_str().unwrap().to_owned());
    }
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count, "operation ids are unique");
    rig.stop().await;
}

fn resolve(document: &Value, value: &Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if let ("$ref", Some(reference)) = (name.as_str(), member.as_str()) {
                    let pointer = reference.strip_prefix('#').expect("references stay inside");
                    assert!(document.pointer(pointer).is_some(), "{reference}");
                }
                resolve(document, member);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| resolve(document, item)),
        _ => {}
    }
}

#[tokio::test]
async fn pictures_and_events_are_served() {
    let rig = Rig::start(&[]).await;
    let id = rig.queue(&job("generate_sdxl")).await;
    rig.reply(&id).await;
    let job = rig.get(&format!("/v1/jobs/{id}")).await;
    let detail = &job.body["data"]["result"]["image_details"][0];
    let picture = crate::rig::within(async {
        rig.request("GET", detail["url"].as_str().unwrap()).send().await.unwrap().bytes().await.unwrap()
    })
    .await;
    assert_eq!(picture, std::fs::read(detail["path"].as_str().unwrap()).unwrap());
    assert_eq!(rig.get(&format!("/v1/jobs/{id}/images/1")).await.status, 404);
    let events = |last: Option<&str>, dialect: &str| {
        let request = rig.request("GET", &format!("/v1/jobs/{id}/events{dialect}"));
        let request = match last {
            Some(last) => request.header("last-event-id", last),
            None => request,
        };
        crate::rig::within(async { request.send().await.unwrap().text().await.unwrap() })
    };
    let all = events(None, "").await;
    assert!(all.starts_with("id: 0\n"), "{all}");
    assert!(all.trim_end().lines().any(|line| line == "event: reply"), "{all}");
    let some = events(Some("2"), "?dialect=pascal").await;
    assert!(some.starts_with("id: 3\n"), "{some}");
    assert!(some.contains("\"TotalSteps\""), "{some}");
    rig.stop().await;
}

#[tokio::test]
async fn initialize_and_shutdown_over_http() {
    let rig = Rig::start(&[]).await;
    let response =
        rig.command(&json!({"action": "initialize", "payload": {"protocol_versions": ["1"]}})).await;
    assert_eq!(response.body["data"]["worker"], "gateway", "{response:?}");
    assert_eq!(response.body["data"]["features"], json!([]));
    let response = rig.command(&json!({"action": "initialize", "payload": {"features": ["events"]}})).await;
    assert_eq!(response.code(), "unsupported_feature", "{response:?}");
    assert_eq!(response.body["error_details"]["field"], "/payload/features");
    let response =
        rig.command(&json!({"action": "initialize", "payload": {"protocol_versions": ["9"]}})).await;
    assert_eq!(response.code(), "unsupported_value", "{response:?}");
    let response = rig.command(&json!({"action": "shutdown", "payload": {"grace_seconds": 1}})).await;
    assert_eq!(response.body["data"], json!({}), "{response:?}");
    let until = crate::rig::within(rig.dispatcher.stopped()).await;
    assert!(until <= tokio::time::Instant::now() + std::time::Duration::from_secs(1));
    rig.stop().await;
}

//! The command: exit codes, forms of its report, waivers, usage.

use serde_json::{Value, json};
use std::{fs, path::PathBuf};
use tempfile::TempDir;

use crate::tool;

/// A folder with two versions of a schema.
fn versions(old: &Value, new: &Value) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("old.json"), serde_json::to_string_pretty(old).unwrap()).unwrap();
    fs::write(folder.path().join("new.json"), serde_json::to_string_pretty(new).unwrap()).unwrap();
    folder
}

fn steps(maximum: u64) -> Value {
    json!({"type": "object", "additionalProperties": false, "properties": {
        "steps": {"type": "integer", "minimum": 1, "maximum": maximum, "default": 20}}})
}

/// Runs `diff`; its exit code and both streams.
fn diff(folder: &TempDir, flags: &[&str]) -> (i32, String, String) {
    let [old, new] =
        ["old.json", "new.json"].map(|name| folder.path().join(name).to_string_lossy().into_owned());
    let output = tool(&[&["diff", &old, &new], flags].concat());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

fn write(folder: &TempDir, name: &str, value: &Value) -> String {
    let path: PathBuf = folder.path().join(name);
    fs::write(&path, value.to_string()).unwrap();
    path.to_string_lossy().into_owned()
}

#[test]
fn the_exit_code_is_the_verdict() {
    let narrower = versions(&steps(150), &steps(100));
    assert_eq!(diff(&narrower, &["--direction", "request"]).0, 10);
    assert_eq!(diff(&narrower, &["--direction", "response"]).0, 0);
    assert_eq!(diff(&versions(&steps(100), &steps(100)), &[]).0, 0);
    let pattern = |text: &str| json!({"type": "string", "pattern": text});
    // No text tells whether a look-ahead takes less.
    let open = versions(&pattern("^(?=a)[a-z]{2}$"), &pattern("^a[a-z]$"));
    assert_eq!(diff(&open, &[]).0, 20);
    // A pattern that no engine of trees reads is compared by documents, never taken for equal.
    let unread = versions(&pattern("^(?=a)ab$"), &pattern("^(?=a)a[b]$"));
    assert_eq!(diff(&unread, &[]).0, 20);
    // `\d` is `[0-9]` in ECMA-262, and `\p{Nd}` all digits of Unicode.
    assert_eq!(diff(&versions(&pattern("^\\d+$"), &pattern("^[0-9]+$")), &[]).0, 0);
    let (code, text, _) = diff(&versions(&pattern("^\\d+$"), &pattern("^\\p{Nd}+$")), &[]);
    assert!(code == 10 && text.contains("B09"), "{text}");
    for (old, why) in
        [(json!({"type": "strin"}), "no JSON Schema"), (json!({"$ref": "b.json"}), "leads nowhere")]
    {
        let (code, _, err) = diff(&versions(&old, &steps(1)), &[]);
        assert_eq!(code, 30, "{err}");
        assert!(err.contains(why), "{err}");
    }
    let missing = tool(&["diff", "no-such-thing", "no-such-thing"]);
    assert_eq!(missing.status.code(), Some(30));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("hint: give a path, or a revision"));
}

#[test]
fn a_finding_says_whom_it_breaks_and_shows_a_document() {
    let folder = versions(&steps(150), &steps(100));
    let (_, text, _) = diff(&folder, &["--direction", "request"]);
    for part in [
        "breaking  B02",
        "new.json:8: maximum is 100 (was 150)",
        "breaks: C# services, Rust clients",
        "witness: document that the old version takes: {\"steps\":150}",
        "/steps: 150 is greater than the maximum of 100",
        "fix: keep the old bound",
        "waive: {\"fingerprint\":",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn every_form_is_written_and_valid() {
    let folder = versions(&steps(150), &steps(100));
    let report = |format: &str| diff(&folder, &["--format", format]).1;
    let document: Value = serde_json::from_str(&report("json")).unwrap();
    let schema: Value = serde_json::from_str(include_str!("../../../schemas/diff.json")).unwrap();
    if let Err(error) = jsonschema::validate(&schema, &document) {
        panic!("{}: {error}", error.instance_path());
    }
    let sarif: Value = serde_json::from_str(&report("sarif")).unwrap();
    let place = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["region"]["startLine"], 8);
    assert!(place["artifactLocation"]["uri"].as_str().unwrap().ends_with("new.json"));
    assert!(report("junit").contains("<failure message=\"maximum is 100 (was 150)\" type=\"B02\">"));
    assert!(report("github").starts_with("::error file="));
    assert!(report("markdown").contains("| breaking | B02 |"));
    assert!(report("html").contains("<h1>it breaks somebody</h1>"));
}

#[test]
fn a_waiver_holds_until_its_day_and_for_its_finding() {
    let folder = versions(&steps(150), &steps(100));
    let (_, text, _) = diff(&folder, &["--format", "json", "--direction", "request"]);
    let document: Value = serde_json::from_str(&text).unwrap();
    let fingerprint = document["findings"][0]["fingerprint"].as_str().unwrap();
    let with = |fingerprint: &str, owner: &str, expires: &str| {
        let waiver = json!({"fingerprint": fingerprint, "reason": "nobody asks for more", "owner": owner, "expires": expires});
        let file = write(&folder, "waivers.json", &json!({"waivers": [waiver]}));
        let (code, text, _) = diff(&folder, &["--direction", "request", "--waivers", &file]);
        (code, text)
    };
    let (code, text) = with(fingerprint, "ann", "2999-01-01");
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("waived    B02"), "{text}");
    for (fingerprint, owner, expires, why) in [
        (fingerprint, "ann", "2020-01-01", "it expired on 2020-01-01"),
        (fingerprint, " ", "2999-01-01", "it has no owner"),
        (fingerprint, "ann", "soon", "is no day"),
        ("0000000000000000", "ann", "2999-01-01", "no breaking or undecided finding"),
    ] {
        let (code, text) = with(fingerprint, owner, expires);
        assert_eq!(code, 10, "{text}");
        assert!(text.contains(why), "{text}");
    }
}

#[test]
fn usage_says_which_client_still_sends_what_breaks() {
    let schemas = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas");
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(schemas).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    let file = folder.path().join("prompt_submission_schema.json");
    let text = fs::read_to_string(&file).unwrap();
    let mut schema: Value = serde_json::from_str(&text).unwrap();
    schema["$defs"]["SchedulerType"]["enum"].as_array_mut().unwrap().retain(|value| value != "Heun");
    schema["$defs"]["Steps"]["maximum"] = 100.into();
    fs::write(&file, schema.to_string()).unwrap();
    let time = "2026-11-29T10:00:00Z";
    let client = |name: &str, scheduler: &str, steps: u64| {
        json!({"client": name, "actions": [{"action": "generate_sdxl", "count": 9, "last_seen": time, "fields": [
            {"field": "/prompt_submission/scheduler/type", "count": 5, "last_seen": time, "values": {scheduler: 5}},
            {"field": "/prompt_submission/scheduler/steps", "count": 9, "last_seen": time, "minimum": 1, "maximum": steps}]}]})
    };
    let usage = folder.path().join("usage");
    let document =
        json!({"version": 1, "clients": [client("old-service", "Heun", 40), client("studio", "Euler", 120)]});
    fs::write(&usage, document.to_string()).unwrap();
    let new = folder.path().to_string_lossy().into_owned();
    let run = || tool(&["diff", schemas, &new, "--format", "json", "--usage", &usage.to_string_lossy()]);
    let output = run();
    assert_eq!(output.status.code(), Some(10));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let users = |rule: &str| -> Vec<String> {
        let found =
            report["findings"].as_array().unwrap().iter().find(|finding| finding["rule"] == rule).unwrap();
        found["users"]
            .as_array()
            .unwrap()
            .iter()
            .map(|user| user["client"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(users("V01"), ["old-service"]);
    assert_eq!(users("B02"), ["studio"]);
    fs::write(&usage, json!({"version": 1, "clients": [{"client": "a"}]}).to_string()).unwrap();
    let output = run();
    assert_eq!(output.status.code(), Some(30));
    assert!(String::from_utf8_lossy(&output.stderr).contains("it is no usage of a contract"));
}

#[test]
fn an_openapi_document_is_compared_by_its_operations() {
    let document = |maximum: u64, verb: &str| {
        json!({"openapi": "3.1.0", "info": {"title": "a", "version": "1"}, "paths": {"/jobs/{id}": {verb: {
            "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}},
                           {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": maximum}}],
            "responses": {"200": {"description": "ok", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Job"}}}}}}}},
            "components": {"schemas": {"Job": {"type": "object", "properties": {"total": {"type": "integer", "maximum": maximum}}}}}})
    };
    let found = |old: &Value, new: &Value| {
        let (code, text, err) = diff(&versions(old, new), &["--format", "json"]);
        let report: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{err}"));
        let found = report["findings"].as_array().unwrap().clone();
        (
            code,
            found
                .iter()
                .map(|it| format!("{} {} {}", it["rule"], it["severity"], it["at"]).replace('"', ""))
                .collect::<Vec<_>>(),
        )
    };
    let (code, rules) = found(&document(100, "get"), &document(50, "get"));
    assert_eq!(code, 10);
    assert!(rules.contains(&"B02 breaking /query/limit".to_owned()), "{rules:?}");
    assert!(rules.contains(&"B02 info /200/content/application~1json/total".to_owned()), "{rules:?}");
    let (code, rules) = found(&document(1, "get"), &document(1, "post"));
    assert_eq!(code, 10);
    assert!(rules.contains(&"M01 breaking ".to_owned()), "{rules:?}");
}

#[test]
fn headers_and_names_of_operations_are_compared() {
    let document = |id: &str, headers: Value, parameter: Value| {
        json!({"openapi": "3.1.0", "info": {"title": "a", "version": "1"}, "paths": {"/jobs": {"get": {"operationId": id,
            "parameters": [{"name": "filter", "in": "query", "content": {"application/json": {"schema": parameter}}}],
            "responses": {"200": {"description": "ok", "headers": headers}}}}}})
    };
    let text = json!({"type": "string"});
    let total = |schema: Value| json!({"X-Total": {"required": true, "schema": schema}});
    let old = document("listJobs", total(json!({"type": "integer", "minimum": 0})), text.clone());
    for (new, rule, at) in [
        (document("listJobs", json!({}), text.clone()), "P09 breaking", "/200/headers/x-total"),
        (
            document("listJobs", total(json!({"type": "integer"})), text.clone()),
            "B03 breaking",
            "/200/headers/x-total",
        ),
        (
            document(
                "listJobs",
                total(json!({"type": "integer", "minimum": 0})),
                json!({"type": "string", "maxLength": 9}),
            ),
            "B02 breaking",
            "/query/filter/application~1json",
        ),
        (
            document("jobs", total(json!({"type": "integer", "minimum": 0})), text.clone()),
            "N02 dangerous",
            "",
        ),
        // The case of a header's name is not on the wire.
        (
            document(
                "listJobs",
                json!({"x-total": {"required": true, "schema": {"type": "integer", "minimum": 0}}}),
                text.clone(),
            ),
            "",
            "",
        ),
    ] {
        let (_, report, err) = diff(&versions(&old, &new), &["--format", "json", "--profile", "source"]);
        let report: Value = serde_json::from_str(&report).unwrap_or_else(|_| panic!("{err}"));
        let findings = report["findings"].as_array().unwrap();
        let told = |it: &Value| format!("{} {}", it["rule"], it["severity"]).replace('"', "");
        let found = findings.iter().any(|it| told(it) == rule && it["at"] == at);
        assert!(found || rule.is_empty() && findings.is_empty(), "{rule} {at}: {findings:#?}");
    }
}

/// A finding of a comparison of our contract with an edit of it, under a usage.
fn under_usage(file: &str, edit: (&str, &str), actions: &Value, rule: &str) -> Value {
    let schemas = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas");
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(schemas).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    let path = folder.path().join(file);
    let mut document: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    *document.pointer_mut(edit.0).unwrap() = serde_json::from_str(edit.1).unwrap();
    fs::write(&path, document.to_string()).unwrap();
    let usage = folder.path().join("usage");
    fs::write(
        &usage,
        json!({"version": 1, "clients": [{"client": "studio", "actions": actions}]}).to_string(),
    )
    .unwrap();
    let new = folder.path().to_string_lossy().into_owned();
    let output = tool(&["diff", schemas, &new, "--format", "json", "--usage", &usage.to_string_lossy()]);
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    let findings = report["findings"].as_array().unwrap();
    findings
        .iter()
        .find(|finding| finding["rule"] == rule)
        .unwrap_or_else(|| panic!("{rule}: {report:#}"))
        .clone()
}

#[test]
fn no_client_sends_it_only_where_all_of_its_places_were_looked_at() {
    let time = "2026-11-29T10:00:00Z";
    let sent = |action: &str, fields: Value| json!([{"action": action, "count": 9, "last_seen": time, "fields": fields}]);
    let users = |finding: &Value| finding["users"].as_array().unwrap().len();
    let model = ("common_schema.json", ("/$defs/ModelName/maxLength", "256"));
    let base = json!([{"field": "/prompt_submission/model/base", "count": 3, "last_seen": time}]);
    // The definition stands in many places: this is not the first.
    let finding = under_usage(model.0, model.1, &sent("generate_sdxl", base.clone()), "B02");
    assert_eq!((users(&finding), &finding["usage_undecided"]), (1, &Value::Null), "{finding:#}");
    let finding = under_usage(model.0, model.1, &sent("generate_sdxl", json!([])), "B02");
    assert_eq!((users(&finding), &finding["usage_undecided"]), (0, &Value::Null), "{finding:#}");
    // The usage of another contract is no all-clear.
    let finding = under_usage(model.0, model.1, &sent("send_parcel", base), "B02");
    assert_eq!(users(&finding), 0);
    assert_eq!(finding["usage_undecided"], "the usage has no action of this contract", "{finding:#}");
    // A rule over several fields cannot be told from names and ranges.
    let rule = ("rules.json", ("/rules/0/maximum", "9"));
    let finding = under_usage(rule.0, rule.1, &sent("generate_sdxl", json!([])), "R03");
    assert!(finding["usage_undecided"].is_string(), "{finding:#}");
}

#[test]
fn what_lies_beside_schemas_is_named_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str, value: &Value| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, value.to_string()).unwrap();
        path.to_string_lossy().into_owned()
    };
    at("many/a.json", &json!({"type": "string"}));
    at("many/below/b.json", &json!({"type": "string"}));
    let many = folder.path().join("many").to_string_lossy().into_owned();
    let output = tool(&["diff", &many, &many]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("many/below: only the JSON files"));

    let openapi = |version: &str, more: &Value| {
        let mut document = json!({"openapi": version, "info": {"title": "a", "version": "1"}, "paths": {"/jobs/{id}": {"get": {
            "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}],
            "responses": {"200": {"description": "ok"}}}}}});
        for (name, value) in more.as_object().unwrap() {
            document[name] = value.clone();
        }
        document
    };
    let plain = at("plain.json", &openapi("3.1.0", &json!({})));
    for (more, code) in [
        (json!({"security": [{"bearer": []}]}), 20),
        (json!({"servers": [{"url": "/v2"}]}), 20),
        (json!({"webhooks": {"done": {"post": {"requestBody": {"content": {}}}}}}), 0),
        (json!({"tags": [{"name": "jobs"}]}), 0),
    ] {
        let other = at("other.json", &openapi("3.1.1", &more));
        let output = tool(&["diff", &plain, &other]);
        assert_eq!(output.status.code(), Some(code), "{more}: {}", String::from_utf8_lossy(&output.stdout));
    }
    // Of a callback the messages are no messages of the comparison: it is compared whole, with what it refers to.
    let size = |most: u64| json!({"Size": {"type": "integer", "maximum": most}});
    let called = |most: u64| {
        let schema = json!({"$ref": "#/components/schemas/Size"});
        let post = json!({"post": {"requestBody": {"content": {"application/json": {"schema": schema}}}}});
        openapi(
            "3.1.0",
            &json!({"components": {"callbacks": {"done": {"{$request.query.url}": post}}, "schemas": size(most)}}),
        )
    };
    let [nine, eight] = [9, 8].map(|most| at(&format!("called{most}.json"), &called(most)));
    assert_eq!(tool(&["diff", &nine, &eight]).status.code(), Some(20));
    // The name of a parameter in a path is not on the wire.
    let text = openapi("3.1.0", &json!({})).to_string().replace("{id}", "{job}").replace("\"id\"", "\"job\"");
    let renamed = at("renamed.json", &serde_json::from_str(&text).unwrap());
    assert_eq!(tool(&["diff", &plain, &renamed]).status.code(), Some(0));
    let old = at("old.json", &openapi("3.0.3", &json!({})));
    let output = tool(&["diff", &old, &plain]);
    assert_eq!(output.status.code(), Some(30));
    assert!(String::from_utf8_lossy(&output.stderr).contains("it is OpenAPI \"3.0.3\", and 3.1 is read"));
    for (document, words) in [
        (
            json!({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}),
            "refers to itself",
        ),
        (json!({"type": "string", "pattern": "("}), "it is no JSON Schema 2020-12"),
    ] {
        let file = at("fault.json", &document);
        let output = tool(&["diff", &file, &file]);
        assert_eq!(output.status.code(), Some(30), "{document}");
        assert!(
            String::from_utf8_lossy(&output.stderr).contains(words),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[test]
fn a_registry_whose_references_lead_nowhere_is_refused() {
    let schemas = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas");
    for (name, from, to) in [
        ("registry.json", "replies_schema.json#/$defs/Empty", "replies_schema.json#/$defs/Nope"),
        ("registry.json", "commands_schema.json#/$defs/Initialize", "comands_schema.json#/$defs/Initialize"),
        ("envelope_schema.json", "errors.json#/errors/code", "errors.json#/errors/kode"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut edited = false;
        for entry in fs::read_dir(schemas).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let text = fs::read_to_string(&path).unwrap();
                let file = path.file_name().unwrap();
                edited |= file == name && text.contains(from);
                let text = if file == name { text.replace(from, to) } else { text };
                fs::write(folder.path().join(file), text).unwrap();
            }
        }
        assert!(edited, "{name} has no {from}");
        let output = tool(&["diff", schemas, &folder.path().to_string_lossy()]);
        assert_eq!(output.status.code(), Some(30), "{to}: {}", String::from_utf8_lossy(&output.stdout));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(to) && said.contains("leads nowhere"), "{said}");
    }
}

/// The service sends the request of a webhook, and reads the answer.
#[test]
fn operations_of_webhooks_are_messages_the_other_way() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str, value: &Value| {
        let path = folder.path().join(name);
        fs::write(&path, value.to_string()).unwrap();
        path.to_string_lossy().into_owned()
    };
    let body = |most: u64| json!({"content": {"application/json": {"schema": {"type": "integer", "maximum": most}}}});
    let post = |sent: u64, answered: u64| {
        let mut answer = body(answered);
        answer["description"] = "ok".into();
        json!({"post": {"requestBody": body(sent), "responses": {"200": answer}}})
    };
    let document = |webhooks: Value, items: Value| {
        let mut document =
            json!({"openapi": "3.1.0", "info": {"title": "a", "version": "1"}, "webhooks": webhooks});
        if items != json!({}) {
            document["components"] = json!({"pathItems": items});
        }
        document
    };
    let inline = |sent, answered| document(json!({"done": post(sent, answered)}), json!({}));
    let referred = |sent, answered| {
        document(
            json!({"done": {"$ref": "#/components/pathItems/Done"}}),
            json!({"Done": post(sent, answered)}),
        )
    };
    let old = at("old.json", &inline(9, 9));
    for (new, code, words) in [
        (inline(8, 9), 0, "0 breaking"),
        (inline(10, 9), 10, "POST webhook done request"),
        (inline(9, 8), 10, "POST webhook done response"),
        (inline(9, 10), 0, "compatible"),
        (referred(9, 9), 0, "0 breaking"),
        (referred(9, 8), 10, "POST webhook done response"),
        (document(json!({"done": post(9, 9), "late": post(9, 9)}), json!({})), 0, "POST webhook late is new"),
        (document(json!({"other": post(9, 9)}), json!({})), 10, "POST webhook done is gone"),
    ] {
        let output = tool(&["diff", &old, &at("new.json", &new)]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(code), "{new}: {said}");
        assert!(said.contains(words), "{new}: {said}");
    }
}

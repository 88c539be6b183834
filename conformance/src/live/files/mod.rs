//! Files that users have in their model folders: each is named in four commands, which must refuse it alike.
//!
//! `broken` writes the files. The sound one of `--base-file` is the control: a copy of it passes all four commands.

mod broken;
mod told;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use contracts::Action;
use serde_json::{Value, json};

use super::models::NOWHERE;
use crate::{
    case::with,
    check::{CheckDef, ScenarioEnd},
    class::Class,
    context::{Context, picture_bytes, picture_url},
    display,
    exchange::Command,
    member,
    party::{TargetError, ToolError},
    scenario::{Checks, Scenario},
    sentence::Sentence,
};
use broken::{Make, Sound};

const CLEAR: Sentence = Sentence::SoundOrRefusedFiles;
const INVALID_FILE: Sentence = Sentence::ModelInvalid;
const NOT_FOUND: Sentence = Sentence::PathNotAllowedOrNotFound;
const LIVES: Sentence = Sentence::RefusalCountsNot;
const BASE: &str = "/payload/prompt_submission/model/base";

const BROKEN: &[&str] = &["model_invalid"];
const ABSENT: &[&str] = &["model_not_found", "path_not_allowed"];
const OUTSIDE: &[&str] = &["path_not_allowed"];

/// A file in the place of a base.
struct Case {
    id: &'static str,
    name: &'static str,
    make: Make,
    codes: &'static [&'static str],
}

const CASES: &[Case] = &[
    case("empty", "empty.safetensors", broken::empty, BROKEN),
    case("page", "page.safetensors", broken::page, BROKEN),
    case("lfs-pointer", "pointer.safetensors", broken::lfs_pointer, BROKEN),
    case("cut-in-header", "cut_in_header.safetensors", broken::cut_in_header, BROKEN),
    case("cut-in-data", "cut_in_data.safetensors", broken::cut_in_data, BROKEN),
    case("reserved", "reserved.safetensors", broken::reserved, BROKEN),
    case("overlap", "overlap.safetensors", broken::overlap, BROKEN),
    case("name-twice", "name_twice.safetensors", broken::name_twice, BROKEN),
    case("no-json", "no_json.safetensors", broken::no_json, BROKEN),
    case("pickle", "pickle.safetensors", broken::pickle, BROKEN),
    case("unfinished", "unfinished.safetensors.part", broken::copy, BROKEN),
    case("folder", "folder.safetensors", broken::folder, BROKEN),
    case("link-to-itself", "circle.safetensors", broken::link_to_itself, ABSENT),
    case("link-to-nothing", "dangling.safetensors", broken::link_to_nothing, ABSENT),
    case("link-out", "elsewhere.safetensors", broken::link_out, OUTSIDE),
];

const fn case(id: &'static str, name: &'static str, make: Make, codes: &'static [&'static str]) -> Case {
    Case { id, name, make, codes }
}

pub(super) fn scenarios() -> Vec<Scenario> {
    let mut scenarios = vec![sound(), told::scenario(), entries(), lora_of_another_base(), outside()];
    scenarios.extend([link_out_relative(), half_a_picture()]);
    scenarios.extend(CASES.iter().map(file));
    scenarios.extend(NOWHERE.iter().map(|(id, reference)| nowhere(id, reference)));
    scenarios
}

/// Whether broken files can be made of a base.
pub(super) fn require_sound(path: &std::path::Path) -> std::io::Result<()> {
    Sound::read(path)?.largest().map(|_| ())
}

/// The folder of this run below `--scratch-models`, and the sound file.
fn files(context: &mut Context) -> Result<(std::path::PathBuf, Sound), ScenarioEnd> {
    let folder = context.model_folder()?;
    // A worker that still starts answers no query about models in time: a load waits for it.
    context.capabilities()?;
    let Some(path) = context.options.base_file.clone() else {
        return Err(ScenarioEnd::Skip("needs --base-file".to_owned()));
    };
    let sound = Sound::read(&path).map_err(|cause| unwritable(&path, cause))?;
    Ok((folder, sound))
}

/// Two bases as single files that differ in one tensor.
pub(super) fn two_bases(context: &mut Context) -> Result<[String; 2], ScenarioEnd> {
    Ok([
        put(context, "base_one.safetensors", broken::copy)?,
        put(context, "base_other.safetensors", broken::turned)?,
    ])
}

fn unwritable(path: &std::path::Path, cause: std::io::Error) -> ScenarioEnd {
    TargetError::from(ToolError::Unwritable { path: path.to_owned(), cause }).into()
}

/// Writes a file and returns its path.
fn put(context: &mut Context, name: &str, make: Make) -> Result<String, ScenarioEnd> {
    let (folder, sound) = files(context)?;
    let path = folder.join(name);
    make(&sound, &path).map_err(|cause| unwritable(&path, cause))?;
    Ok(path.display().to_string())
}

fn of(submission: &Value) -> Value {
    json!({"prompt_submission": submission})
}

/// Code and pointer of a refusal; a sentence where nothing is refused.
type Refusal = Result<(String, String), String>;

fn refusal(context: &mut Context, action: Action, fields: Value) -> Result<Refusal, ScenarioEnd> {
    let id = context.fresh_id();
    let reading = context.ask(&Command::new(action, fields).id(id))?;
    let at = reading.snake["error_details"]["field"].as_str().unwrap_or("(no field)").to_owned();
    Ok(reading.code().map(|code| (code.to_owned(), at)))
}

/// The one error of a report.
fn reported(context: &mut Context, submission: &Value) -> Result<Refusal, ScenarioEnd> {
    let report = context.get(Action::ValidateRequest, of(submission))?;
    let errors = member::list(&report, "/errors")?;
    Ok(match errors {
        [] => Err("it is valid".to_owned()),
        [error] => {
            Ok((member::text(error, "/code")?.to_owned(), member::text(error, "/pointer")?.to_owned()))
        }
        _ => Err(format!("one fault has several errors: {}", display::json(&errors))),
    })
}

/// Whether `validate_model_files` says a file invalid: by its row, or by a refusal at its path.
fn listed(context: &mut Context, reference: &str, codes: &[&str]) -> Result<Result<(), String>, ScenarioEnd> {
    let id = context.fresh_id();
    let fields = json!({"model_paths": [reference]});
    let reading = context.ask(&Command::new(Action::ValidateModelFiles, fields).id(id))?;
    let shown = || display::shorten(&reading.snake.to_string());
    let is_told = match (reading.data(), reading.code()) {
        (Ok(data), _) => {
            let row = &data["results"][0];
            row["is_valid"] == false && row["issues"].as_array().is_some_and(|issues| !issues.is_empty())
        }
        (_, Ok(code)) => {
            codes.contains(&code) && reading.snake["error_details"]["field"] == "/payload/model_paths/0"
        }
        _ => false,
    };
    Ok(if is_told { Ok(()) } else { Err(shown()) })
}

/// Whether a refusal has one of the codes and is at its place.
fn is_at(refusal: &Refusal, codes: &[&str], at: &str) -> Result<(), String> {
    match refusal {
        Ok((code, pointer)) if codes.contains(&code.as_str()) && pointer == at => Ok(()),
        Ok((code, pointer)) => {
            Err(format!("{} at {at} is wanted, not {code} at {pointer}", codes.join(" or ")))
        }
        Err(why) => Err(format!("{} at {at} is wanted: {why}", codes.join(" or "))),
    }
}

/// Whether refusals have one code.
fn are_alike(refusals: &[(&str, &Refusal)]) -> Result<(), String> {
    let code = |refusal: &Refusal| refusal.as_ref().map_or_else(String::clone, |(code, _)| code.clone());
    let said: Vec<(&str, String)> = refusals.iter().map(|(name, refusal)| (*name, code(refusal))).collect();
    if said.windows(2).all(|two| two[0].1 == two[1].1) {
        return Ok(());
    }
    Err(said.iter().map(|(name, code)| format!("{name}: {code}")).collect::<Vec<_>>().join(", "))
}

fn next_job(context: &mut Context, checks: &mut Checks<'_>) {
    let good = of(&context.small_submission());
    let done = context.get(Action::GenerateSdxl, good);
    checks.hold("next-job", done.is_ok(), || display::result(&done.map(|_| "")));
}

fn refused_base_checks(proves: Sentence) -> Vec<CheckDef> {
    vec![
        CheckDef::new("listed", Class::Effect, CLEAR),
        CheckDef::new("report", Class::Effect, proves),
        CheckDef::new("load", Class::Effect, proves),
        CheckDef::new("job", Class::Effect, proves),
        CheckDef::new("alike", Class::Effect, CLEAR),
    ]
}

/// Names a base in four commands, which must refuse it alike.
fn refused_base(
    context: &mut Context,
    checks: &mut Checks<'_>,
    reference: &str,
    codes: &[&str],
) -> Result<(), ScenarioEnd> {
    checks.decide("listed", listed(context, reference, codes)?);
    let submission = with(context.small_submission(), "/model/base", reference.into());
    let report = reported(context, &submission)?;
    checks.decide("report", is_at(&report, codes, BASE));
    let fields = json!({"model_path": reference, "model_type": "sdxl"});
    let load = refusal(context, Action::LoadModel, fields)?;
    checks.decide("load", is_at(&load, codes, "/payload/model_path"));
    let job = refusal(context, Action::GenerateSdxl, of(&submission))?;
    checks.decide("job", is_at(&job, codes, BASE));
    let said = [("validate_request", &report), ("load_model", &load), ("generate_sdxl", &job)];
    checks.decide("alike", are_alike(&said));
    Ok(())
}

fn file(case: &'static Case) -> Scenario {
    let proves = if case.codes == BROKEN { INVALID_FILE } else { NOT_FOUND };
    let id = format!("files.{}", case.id);
    let mut checks = refused_base_checks(proves);
    checks.push(CheckDef::new("next-job", Class::Life, LIVES));
    Scenario::new(id, checks, move |context, checks| {
        let path = put(context, case.name, case.make)?;
        refused_base(context, checks, &path, case.codes)?;
        next_job(context, checks);
        Ok(())
    })
}

fn nowhere(id: &str, reference: &'static str) -> Scenario {
    Scenario::new(format!("files.{id}"), refused_base_checks(NOT_FOUND), move |context, checks| {
        files(context)?;
        refused_base(context, checks, reference, ABSENT)
    })
}

/// A sound file, named by a path that leads out of every root.
fn outside() -> Scenario {
    Scenario::new("files.outside", refused_base_checks(NOT_FOUND), |context, checks| {
        let (folder, _) = files(context)?;
        let up = "../".repeat(folder.components().count() + 1);
        let reference = format!("{}/{up}conf.safetensors", folder.display());
        refused_base(context, checks, &reference, OUTSIDE)
    })
}

/// A link out of every root, named as users name models: relative to the root that has it.
fn link_out_relative() -> Scenario {
    Scenario::new("files.link-out-relative", refused_base_checks(NOT_FOUND), |context, checks| {
        let path = put(context, "elsewhere.safetensors", broken::link_out)?;
        let names: Vec<&str> = path.rsplitn(3, '/').collect();
        let [name, folder, _] = names[..] else {
            return Err(ScenarioEnd::Undecided(format!("{path} lies in no folder of a root")));
        };
        refused_base(context, checks, &format!("{folder}/{name}"), OUTSIDE)
    })
}

/// Only half of a picture: the check of a job decodes what the job decodes.
fn half_a_picture() -> Scenario {
    let checks = ["report", "job", "alike"].map(|id| CheckDef::new(id, Class::Effect, CLEAR));
    Scenario::new("files.half-a-picture", checks.into(), |context, checks| {
        let whole = picture_bytes(90);
        let half = STANDARD.encode(&whole[..whole.len() / 2]);
        let submission = with(
            context.small_submission(),
            "/conditioning/init_image",
            format!("data:image/png;base64,{half}").into(),
        );
        let at = "/payload/prompt_submission/conditioning/init_image";
        let report = reported(context, &submission)?;
        checks.decide("report", is_at(&report, &["image_invalid"], at));
        let job = refusal(context, Action::GenerateSdxl, of(&submission))?;
        checks.decide("job", is_at(&job, &["image_invalid"], at));
        checks.decide("alike", are_alike(&[("validate_request", &report), ("generate_sdxl", &job)]));
        Ok(())
    })
}

/// The control: the sound file under a name as users give them.
fn sound() -> Scenario {
    let checks = ["listed", "report", "load", "job"].map(|id| CheckDef::new(id, Class::Effect, CLEAR));
    Scenario::new("files.sound", checks.into(), |context, checks| {
        let path = put(context, "Größe v1.0 (1).safetensors", broken::copy)?;
        let rows = context.get(Action::ValidateModelFiles, json!({"model_paths": [path]}))?;
        let row = &rows["results"][0];
        checks.hold("listed", row["is_valid"] == true && row["issues"] == json!([]), || row.to_string());
        let submission = with(context.small_submission(), "/model/base", json!(path));
        let report = context.get(Action::ValidateRequest, of(&submission))?;
        checks.hold("report", report["valid"] == true, || report["errors"].to_string());
        let loaded = context.get(Action::LoadModel, json!({"model_path": path, "model_type": "sdxl"}));
        checks.hold("load", loaded.is_ok(), || display::result(&loaded));
        let job = context.get(Action::GenerateSdxl, of(&submission));
        checks.hold("job", job.is_ok(), || display::result(&job));
        if let Ok(loaded) = loaded {
            context.get(Action::UnloadModel, json!({"model_id": loaded["model_id"]}))?;
        }
        Ok(())
    })
}

/// Every entry of a submission that names a file: where its pointer leads, and what else it needs.
fn entries_of(path: &str) -> [(&'static str, &'static str, &'static str, Value); 5] {
    let net = json!({"type": "canny", "model": path, "image": picture_url(90)});
    let inversion = json!({"path": path, "token": "confword"});
    [
        ("refiner", "/model/refiner", "", json!(path)),
        ("vae", "/model/vae", "", json!(path)),
        ("lora", "/conditioning/loras/0", "/name", json!({"name": path})),
        ("control-net", "/conditioning/control_nets/0", "/model", net),
        ("textual-inversion", "/conditioning/textual_inversions/0", "/path", inversion),
    ]
}

/// A page in each entry that names a file, by the job and by its check.
fn entries() -> Scenario {
    let ids = entries_of("").map(|(id, ..)| id);
    let mut checks: Vec<CheckDef> =
        ids.iter().map(|id| CheckDef::new(*id, Class::Effect, INVALID_FILE)).collect();
    checks.push(CheckDef::new("next-job", Class::Life, LIVES));
    Scenario::new("files.entries", checks, |context, checks| {
        let path = put(context, "page_of_an_entry.safetensors", broken::page)?;
        for (id, at, member, value) in entries_of(&path) {
            let submission = with(context.small_submission(), at, value);
            let pointer = format!("/payload/prompt_submission{at}{member}");
            let report = reported(context, &submission)?;
            checks.decide(id, is_at(&report, BROKEN, &pointer));
            let job = refusal(context, Action::GenerateSdxl, of(&submission))?;
            checks.decide(id, is_at(&job, BROKEN, &pointer));
        }
        next_job(context, checks);
        Ok(())
    })
}

/// Only a base tells that a LoRA is not for it: a load and `validate_model_files` may take the file, if both do.
fn lora_of_another_base() -> Scenario {
    let checks = vec![
        CheckDef::new("report", Class::Effect, INVALID_FILE),
        CheckDef::new("job", Class::Effect, INVALID_FILE),
        CheckDef::new("load-as-listed", Class::Effect, CLEAR),
        CheckDef::new("next-job", Class::Life, LIVES),
    ];
    Scenario::new("files.lora-of-another-base", checks, |context, checks| {
        let make: Make = |_, path| broken::lora_of_another_base(path);
        let path = put(context, "another_base.safetensors", make)?;
        let submission = with(context.small_submission(), "/conditioning/loras/0/name", json!(path));
        let pointer = "/payload/prompt_submission/conditioning/loras/0/name";
        let report = reported(context, &submission)?;
        checks.decide("report", is_at(&report, BROKEN, pointer));
        let job = refusal(context, Action::GenerateSdxl, of(&submission))?;
        checks.decide("job", is_at(&job, BROKEN, pointer));
        let listed = listed(context, &path, BROKEN)?;
        let load = refusal(context, Action::LoadModel, json!({"model_path": path, "model_type": "lora"}))?;
        checks.hold("load-as-listed", listed.is_ok() == load.is_ok(), || {
            let load = load.map_or_else(|why| why, |(code, _)| code);
            format!(
                "validate_model_files: {}; load_model: {load}",
                display::result(&listed.map(|()| "invalid"))
            )
        });
        next_job(context, checks);
        Ok(())
    })
}

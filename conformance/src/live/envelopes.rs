//! Every action in both envelopes and three dialects: answered, closed, in its dialect, with its ids.

use contracts::{Action, Class as ActionClass, Dialect, ErrorCode, Form, dictionary::dictionary};
use serde_json::json;

use crate::{
    case::{self, worker_actions},
    check::{CheckDef, ScenarioEnd},
    class::Class,
    context::{Context, Subject},
    display,
    exchange::{Command, StrictReading},
    member,
    party::Answer,
    scenario::{Checks, Scenario},
    sentence::Sentence,
};

const FORMS: [(Form, &str); 2] = [(Form::Documented, "documented"), (Form::Direct, "direct")];

pub(super) fn scenarios() -> Vec<Scenario> {
    let mut scenarios: Vec<Scenario> = worker_actions().map(scenario).collect();
    scenarios.push(gateway_actions());
    scenarios.extend(Dialect::ALL.map(chosen_dialect));
    scenarios
}

fn scenario(action: Action) -> Scenario {
    let mut checks = Vec::new();
    for (_, form) in FORMS {
        for dialect in Dialect::ALL {
            let id = |aspect: &str| format!("{form}.{dialect}.{aspect}");
            checks.extend([
                CheckDef::new(id("answered"), Class::Cmd, Sentence::BothEnvelopes),
                CheckDef::new(id("schema"), Class::Env, Sentence::RepliesAreClosed),
                CheckDef::new(id("members"), Class::Names, Sentence::RepliesAreClosed),
                CheckDef::new(id("types"), Class::Type, Sentence::RepliesAreClosed),
                CheckDef::new(id("dialect"), Class::Case, Sentence::DialectOfReply),
                CheckDef::new(id("request_id"), Class::Corr, Sentence::MatchedById),
                CheckDef::new(id("session"), Class::Names, Sentence::SessionIdEchoed),
            ]);
        }
    }
    Scenario::new(format!("envelopes.{action}"), checks, move |context, checks| {
        for (form, name) in FORMS {
            for dialect in Dialect::ALL {
                let request_id = context.fresh_id();
                let mut command = Command::new(action, json!({})).id(request_id);
                command.session_id = Some(context.fresh_id());
                (command.form, command.dialect) = (form, dialect);
                let reading = exchange(context, &mut command)?;
                judge(checks, &format!("{name}.{dialect}"), &command, &reading);
            }
        }
        Ok(())
    })
}

fn judge(checks: &mut Checks<'_>, prefix: &str, command: &Command, reading: &StrictReading) {
    checks.decide(&format!("{prefix}.answered"), reading.data().map(|_| ()));
    checks.decide(
        &format!("{prefix}.schema"),
        match &reading.read {
            Ok(read) if read.unknown_members.is_empty() => Ok(()),
            Ok(read) => Err(format!("unknown members: {}", read.unknown_members.join(", "))),
            Err(why) => Err(why.clone()),
        },
    );
    // Of what breaks the schema, the names and the types, as each is a drift of its own.
    let unknown = reading.read.as_ref().is_ok_and(|read| !read.unknown_members.is_empty());
    let breaks = |codes: &[ErrorCode]| reading.violations.iter().any(|code| codes.contains(code));
    let said = || match &reading.read {
        Ok(read) => format!("unknown members: {}", read.unknown_members.join(", ")),
        Err(why) => why.clone(),
    };
    let named = !unknown && !breaks(&[ErrorCode::MissingField, ErrorCode::UnknownField]);
    checks.hold(&format!("{prefix}.members"), named, said);
    checks.hold(&format!("{prefix}.types"), !breaks(&[ErrorCode::UnsupportedValue]), said);
    checks.hold(&format!("{prefix}.dialect"), reading.misspelt.is_empty(), || {
        format!(
            "not names of that dialect: {}",
            reading.misspelt.iter().take(5).cloned().collect::<Vec<_>>().join(", ")
        )
    });
    for (aspect, member, sent) in
        [("request_id", "request_id", &command.request_id), ("session", "session_id", &command.session_id)]
    {
        checks.hold(&format!("{prefix}.{aspect}"), reading.snake[member].as_str() == sent.as_deref(), || {
            format!("sent {}, answered {}", display::json(sent), reading.snake[member])
        });
    }
}

/// Sends one command, with the commands that it needs before and after it.
fn exchange(context: &mut Context, command: &mut Command) -> Result<StrictReading, ScenarioEnd> {
    let action = command.action;
    let spec = dictionary().object(action.info().request);
    if action == Action::Shutdown {
        return shut_down(context, command);
    }
    if spec.property("target_request_id").is_some() {
        return cancel(context, command);
    }
    let mut target = String::new();
    if action == Action::LoadFromCache {
        let fields = case::fields(Action::LoadModelToCache, context, "")?;
        context.get(Action::LoadModelToCache, fields)?;
    }
    let about_training = spec.property("training_id").is_some();
    if about_training {
        target = start_training(context)?;
    }
    command.fields = case::fields(action, context, &target)?;
    let reading = context.ask(command)?;
    // A training that is refused does not run.
    if action.info().class == ActionClass::Training
        && let Ok(data) = reading.data()
    {
        target = member::text(data, "/training_id")?.to_owned();
    }
    if !target.is_empty() {
        super::training::end(context, &target)?;
    }
    Ok(reading)
}

fn start_training(context: &mut Context) -> Result<String, ScenarioEnd> {
    let mut fields = case::fields(Action::StartTraining, context, "")?;
    fields["hyperparameters"]["max_steps"] = 200.into();
    let data = context.get(Action::StartTraining, fields)?;
    Ok(member::text(&data, "/training_id")?.to_owned())
}

fn shut_down(context: &mut Context, command: &Command) -> Result<StrictReading, ScenarioEnd> {
    if context.is_gateway() {
        return Err(ScenarioEnd::Skip("conformance sends shutdown only to what it started".to_owned()));
    }
    let mut worker = context.start()?;
    worker.send(&command.frame())?;
    let value = worker.reply(context.options.timeout, "shutdown", &mut |_| ())?;
    Ok(StrictReading::of(command.action, command.reply_dialect(false), &Answer { value, http: None }))
}

/// Cancels a job of its own; the job's own reply comes first.
fn cancel(context: &mut Context, command: &mut Command) -> Result<StrictReading, ScenarioEnd> {
    let target = context.fresh_id();
    let job =
        Command::new(Action::GenerateSdxl, json!({"prompt_submission": case::long_submission(context)}))
            .id(&target);
    command.fields = json!({"target_request_id": target});
    let timeout = context.options.timeout;
    match &context.subject {
        Subject::Gateway(gateway) => {
            let accepted = gateway.send(
                "POST",
                "/v1/commands",
                &[("prefer", "respond-async")],
                Some(job.frame().to_string().into()),
            )?;
            if accepted.status != 202 {
                return Err(ScenarioEnd::Broken(format!(
                    "a job with Prefer: respond-async is answered {}, not 202",
                    accepted.status
                )));
            }
            context.ask(command)
        }
        Subject::Worker(_) => {
            let worker = context.worker()?;
            worker.send(&job.frame())?;
            worker.send(&command.frame())?;
            let first = worker.reply(timeout, "the cancelled job", &mut |_| ())?;
            let second = worker.reply(timeout, "cancel", &mut |_| ())?;
            if first["request_id"] != target {
                return Err(ScenarioEnd::Broken(format!("cancel is answered before its target: {first}")));
            }
            Ok(StrictReading::of(
                command.action,
                command.reply_dialect(false),
                &Answer { value: second, http: None },
            ))
        }
    }
}

/// A bare worker refuses the actions of a gateway.
fn gateway_actions() -> Scenario {
    let actions: Vec<Action> =
        Action::ALL.iter().copied().filter(|action| action.info().class == ActionClass::Gateway).collect();
    let checks =
        actions.iter().map(|action| CheckDef::new(action.as_str(), Class::Cmd, Sentence::GatewayActions));
    Scenario::new("envelopes.gateway-actions", checks.collect(), move |context, checks| {
        context.need_one_worker("the gateway answers them itself")?;
        for action in &actions {
            let request_id = context.fresh_id();
            let reading = context.ask(&Command::new(*action, json!({})).id(request_id))?;
            checks.hold(action.as_str(), reading.code() == Ok("unknown_action"), || {
                display::result(&reading.code())
            });
        }
        Ok(())
    })
}

/// The dialect that `initialize` chose holds for every later reply, in both envelopes.
fn chosen_dialect(dialect: Dialect) -> Scenario {
    let actions: Vec<Action> = worker_actions()
        .filter(|action| {
            action.info().class == ActionClass::Query
                && dictionary()
                    .object(action.info().request)
                    .properties
                    .iter()
                    .all(|property| !property.required)
                && action.info().class_when.is_none()
        })
        .collect();
    let sentence = Sentence::DialectOfHandshake;
    let mut checks = vec![CheckDef::new("initialize", Class::Case, Sentence::DialectOfInitialize)];
    checks.extend(actions.iter().map(|action| CheckDef::new(action.as_str(), Class::Case, sentence)));
    Scenario::new(format!("envelopes.chosen-{dialect}"), checks, move |context, checks| {
        let mut worker = context.start()?;
        let mut initialize = Command::new(Action::Initialize, json!({"dialect": dialect})).id("conf-dialect");
        initialize.form = Form::Direct;
        worker.send(&initialize.frame())?;
        let value = worker.reply(context.options.timeout, "initialize", &mut |_| ())?;
        let reading = StrictReading::of(Action::Initialize, dialect, &Answer { value, http: None });
        let named = reading.data().map(|data| data["dialect"] == dialect.as_str());
        checks.hold("initialize", reading.misspelt.is_empty() && named == Ok(true), || {
            format!("{}", reading.snake)
        });
        for action in &actions {
            let mut command = Command::new(*action, json!({})).id(context.fresh_id());
            command.form = Form::Direct;
            worker.send(&command.frame())?;
            let value = worker.reply(context.options.timeout, action.as_str(), &mut |_| ())?;
            let reading = StrictReading::of(*action, dialect, &Answer { value, http: None });
            checks.hold(action.as_str(), reading.misspelt.is_empty() && reading.data().is_ok(), || {
                format!("misspelt {}, {}", display::json(&reading.misspelt), display::result(&reading.data()))
            });
        }
        Ok(())
    })
}

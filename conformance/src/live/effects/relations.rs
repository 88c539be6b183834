//! Relations between jobs that noise cannot satisfy: almost the same document makes almost the same picture, what takes
//! no part changes nothing, what stands last in a list acts, and one submission is one picture by whatever action.
//!
//! Near and far are measured on the target itself: far is how much two seeds differ.

use serde_json::{Value, json};

use super::{
    Drawn, base,
    changes::{control_net, lora},
    draw, several,
};
use crate::{
    case::with,
    check::{CheckDef, ScenarioEnd},
    class::Class,
    context::{Context, picture_url},
    options::Options,
    picture::{difference, mean_difference},
    scenario::{Checks, Scenario},
    sentence::Sentence,
};

/// The part of the difference of two seeds that two pictures differ by at most, to be near each other.
const NEAR: f64 = 0.25;

/// What two jobs must have to do with each other.
#[derive(Clone, Copy)]
enum Relation {
    /// They are the same picture, within 1/255.
    Same,
    /// They are nearly the same picture.
    Near,
    /// They are two pictures.
    Other,
}

/// Two documents, each made of the base, and what their pictures have to do with each other.
struct Pair {
    id: &'static str,
    needs: Needs,
    one: fn(Value, &Options) -> Value,
    two: fn(Value, &Options) -> Value,
    relation: Relation,
    proves: Sentence,
}

#[derive(Clone, Copy)]
enum Needs {
    Nothing,
    Lora,
    ControlNet,
    Refiner,
    Feature(&'static str),
}

impl Needs {
    /// Whether the target has it; the reason why not.
    fn missing(self, context: &mut Context) -> Result<Option<String>, ScenarioEnd> {
        let options = &context.options;
        let flag = match self {
            Self::Nothing => return Ok(None),
            Self::Lora => (options.lora.is_none(), "--lora"),
            Self::ControlNet => (options.control_net.is_none(), "--control-net"),
            Self::Refiner => (options.refiner.is_none(), "--refiner"),
            Self::Feature(feature) => {
                return match context.need_feature(feature) {
                    Ok(()) => Ok(None),
                    Err(ScenarioEnd::Skip(why)) => Ok(Some(why)),
                    Err(end) => Err(end),
                };
            }
        };
        Ok(flag.0.then(|| format!("needs {}", flag.1)))
    }
}

fn plain(document: Value, _: &Options) -> Value {
    document
}

fn prompt(document: Value, text: &str) -> Value {
    with(document, "/conditioning/prompt", text.into())
}

/// A prompt of three chunks, which ends with a word.
fn long_prompt(document: Value, last: &str) -> Value {
    prompt(document, &format!("{}{last}", "a lighthouse at dusk, ".repeat(40)))
}

/// LoRAs of these weights: the same file under several names.
fn loras(document: Value, options: &Options, weights: &[(&str, f64)]) -> Value {
    let items: Vec<Value> = weights
        .iter()
        .map(|(name, weight)| json!({"name": options.lora, "weight": weight, "adapter_name": name}))
        .collect();
    with(document, "/conditioning/loras", items.into())
}

fn controls(document: Value, options: &Options, levels: &[(u8, f64)]) -> Value {
    let item = |(level, weight): &(u8, f64)| {
        let mut item = control_net(options, *weight)[0].clone();
        item["image"] = picture_url(*level).into();
        item
    };
    with(document, "/conditioning/control_nets", levels.iter().map(item).collect::<Vec<_>>().into())
}

pub(super) fn started(document: Value, level: u8, strength: f64) -> Value {
    let document = with(document, "/conditioning/init_image", picture_url(level).into());
    with(document, "/hyperparameters/strength", strength.into())
}

fn refined(document: Value, options: &Options, start: f64) -> Value {
    let refined = with(document, "/model/refiner", json!(options.refiner));
    with(refined, "/hyperparameters/refiner_start", start.into())
}

fn guided(document: Value, scale: f64) -> Value {
    with(document, "/hyperparameters/guidance_scale", scale.into())
}

fn pairs() -> Vec<Pair> {
    let pair = |id, needs, one, two, relation, proves| Pair { id, needs, one, two, relation, proves };
    [of_numbers(pair), of_lists(pair), of_prompts(pair), of_samplers(pair)].into_iter().flatten().collect()
}

type Make = fn(
    &'static str,
    Needs,
    fn(Value, &Options) -> Value,
    fn(Value, &Options) -> Value,
    Relation,
    Sentence,
) -> Pair;

fn of_numbers(pair: Make) -> Vec<Pair> {
    use Relation::{Near, Other, Same};
    vec![
        pair(
            "guidance-almost",
            Needs::Nothing,
            plain,
            |d, _| guided(d, 7.501),
            Near,
            Sentence::NumbersAreNumbers,
        ),
        pair(
            "guidance-off",
            Needs::Nothing,
            |d, _| guided(d, 1.0),
            |d, _| guided(d, 0.0),
            Same,
            Sentence::GuidanceOff,
        ),
        pair(
            "lora-of-almost-no-weight",
            Needs::Lora,
            plain,
            |d, o| with(d, "/conditioning/loras", lora(o, 0.001)),
            Near,
            Sentence::SmallWeightIsNearNone,
        ),
        pair(
            "control-net-of-almost-no-weight",
            Needs::ControlNet,
            plain,
            |d, o| controls(d, o, &[(120, 0.001)]),
            Near,
            Sentence::SmallWeightIsNearNone,
        ),
        pair(
            "control-net-above-one",
            Needs::ControlNet,
            |d, o| controls(d, o, &[(120, 1.0)]),
            |d, o| controls(d, o, &[(120, 2.0)]),
            Other,
            Sentence::NumbersAreNumbers,
        ),
        pair(
            "lora-above-one",
            Needs::Lora,
            |d, o| loras(d, o, &[("one", 1.0)]),
            |d, o| loras(d, o, &[("one", 2.0)]),
            Other,
            Sentence::NumbersAreNumbers,
        ),
        pair(
            "lora-below-zero",
            Needs::Lora,
            |d, o| loras(d, o, &[("one", 1.0)]),
            |d, o| loras(d, o, &[("one", -1.0)]),
            Other,
            Sentence::NumbersAreNumbers,
        ),
        pair(
            "guidance-at-its-end",
            Needs::Nothing,
            |d, _| guided(d, 25.0),
            |d, _| guided(d, 50.0),
            Other,
            Sentence::NumbersAreNumbers,
        ),
        pair(
            "early-refiner",
            Needs::Refiner,
            |d, o| refined(d, o, 0.25),
            |d, o| refined(d, o, 0.75),
            Other,
            Sentence::RefinerStart,
        ),
        pair(
            "late-refiner",
            Needs::Refiner,
            plain,
            |d, o| refined(d, o, 0.999),
            Near,
            Sentence::RefinerStart,
        ),
    ]
}

fn of_lists(pair: Make) -> Vec<Pair> {
    use Relation::{Other, Same};
    vec![
        pair(
            "loras-in-either-order",
            Needs::Lora,
            |d, o| loras(d, o, &[("one", 0.9), ("two", 0.3)]),
            |d, o| loras(d, o, &[("two", 0.3), ("one", 0.9)]),
            Same,
            Sentence::LorasAddUp,
        ),
        pair(
            "last-lora-acts",
            Needs::Lora,
            |d, o| loras(d, o, &[("one", 0.9), ("two", 0.1), ("three", 0.1)]),
            |d, o| loras(d, o, &[("one", 0.9), ("two", 0.1), ("three", 1.5)]),
            Other,
            Sentence::LorasAddUp,
        ),
        pair(
            "last-control-net-acts",
            Needs::ControlNet,
            |d, o| controls(d, o, &[(120, 1.0), (40, 0.2)]),
            |d, o| controls(d, o, &[(120, 1.0), (40, 1.5)]),
            Other,
            Sentence::FeaturesUsed,
        ),
        pair(
            "control-image-acts",
            Needs::ControlNet,
            |d, o| controls(d, o, &[(20, 1.5)]),
            |d, o| controls(d, o, &[(230, 1.5)]),
            Other,
            Sentence::FeaturesUsed,
        ),
    ]
}

fn of_prompts(pair: Make) -> Vec<Pair> {
    use Relation::{Other, Same};
    vec![
        pair(
            "end-of-a-long-prompt",
            Needs::Nothing,
            |d, _| long_prompt(d, "in fog"),
            |d, _| long_prompt(d, "in red"),
            Other,
            Sentence::PromptNeverCut,
        ),
        pair(
            "weight-of-one",
            Needs::Nothing,
            |d, _| prompt(d, "a red pier"),
            |d, _| prompt(d, "a (red:1.0) pier"),
            Same,
            Sentence::PromptWeighting,
        ),
        pair(
            "escaped-parentheses",
            Needs::Nothing,
            |d, _| with(prompt(d, "a (red:1.4) pier"), "/hyperparameters/prompt_weighting", false.into()),
            |d, _| prompt(d, r"a \(red:1.4\) pier"),
            Same,
            Sentence::PromptWeighting,
        ),
        pair(
            "negative-prompt-without-guidance",
            Needs::Nothing,
            |d, _| guided(d, 1.0),
            |d, _| with(guided(d, 1.0), "/conditioning/negative_prompt", "fog".into()),
            Same,
            Sentence::GuidanceOff,
        ),
        pair(
            "init-image-acts",
            Needs::Feature("img2img"),
            |d, _| started(d, 20, 0.5),
            |d, _| started(d, 230, 0.5),
            Other,
            Sentence::StrengthKeepsTheImage,
        ),
    ]
}

fn of_samplers(pair: Make) -> Vec<Pair> {
    vec![pair(
        "karras-by-flag-or-name",
        Needs::Nothing,
        |d, _| with(d, "/scheduler/karras_sigmas", true.into()),
        |d, _| with(d, "/scheduler/type", "DPM++ 2M Karras".into()),
        Relation::Same,
        Sentence::Karras,
    )]
}

/// The relations that need more than two pictures compared as wholes.
const OTHERS: [(&str, Sentence); 8] = [
    ("unmasked-stays", Sentence::UnmaskedStays),
    ("small-strength-keeps", Sentence::StrengthKeepsTheImage),
    ("last-of-a-batch", Sentence::BatchItemIsSingleRun),
    ("actions", Sentence::ActionsAreOneJob),
    ("dialects", Sentence::DialectsMeanTheSame),
    ("samplers", Sentence::SchedulerNeverSubstituted),
    ("flat-parameters", Sentence::ActionsAreOneJob),
    ("large-seed", Sentence::FieldSeed),
];

pub(super) fn scenario() -> Scenario {
    let pairs = pairs();
    let ids = pairs.iter().map(|pair| (pair.id, pair.proves)).chain(OTHERS);
    // A sampler that draws as another one was put in its place.
    let class = |id| if id == "samplers" { Class::Enum } else { Class::Effect };
    let checks = ids.map(|(id, proves)| CheckDef::new(id, class(id), proves)).collect();
    Scenario::new("effects.relations", checks, move |context, checks| {
        let options = context.options.clone();
        let base = base(&options);
        let plain = draw(context, base.clone())?;
        let seeded = draw(context, with(base.clone(), "/hyperparameters/seed", 8.into()))?;
        let far = mean(&plain, &seeded)?;
        for pair in &pairs {
            if let Some(why) = pair.needs.missing(context)? {
                checks.skip(pair.id, why);
                continue;
            }
            checks.decide(pair.id, relate(context, pair, &base, &options, far)?);
        }
        for (id, judge) in [
            ("unmasked-stays", several::unmasked as fn(&mut Context, &Value) -> Judged),
            ("small-strength-keeps", several::small_strength),
        ] {
            match context.need_feature(if id == "unmasked-stays" { "inpaint" } else { "img2img" }) {
                Ok(()) => decide(checks, id, judge(context, &base))?,
                Err(ScenarioEnd::Skip(why)) => checks.skip(id, why),
                Err(end) => return Err(end),
            }
        }
        decide(checks, "last-of-a-batch", several::last_of_a_batch(context, &base))?;
        decide(checks, "actions", several::actions(context, &base, &plain))?;
        decide(checks, "dialects", several::dialects(context, &base, &plain))?;
        decide(checks, "samplers", several::samplers(context, &base))?;
        decide(checks, "large-seed", several::large_seed(context, &base, &plain))?;
        decide(checks, "flat-parameters", several::flat_parameters(context, &base))
    })
}

/// A job that fails, or a thing that the target lacks, is of this check alone: the others go on.
fn decide(checks: &mut Checks<'_>, id: &'static str, judged: Judged) -> Result<(), ScenarioEnd> {
    match judged {
        Ok(verdict) => checks.decide(id, verdict),
        Err(ScenarioEnd::Broken(why)) => checks.decide(id, Err(why)),
        Err(ScenarioEnd::Skip(why)) => checks.skip(id, why),
        Err(end) => return Err(end),
    }
    Ok(())
}

pub(super) type Judged = Result<Result<(), String>, ScenarioEnd>;

pub(super) fn mean(one: &Drawn, two: &Drawn) -> Result<f64, ScenarioEnd> {
    mean_difference(&one.pictures[0], &two.pictures[0])
        .ok_or_else(|| ScenarioEnd::Broken("two jobs of one size made pictures of two sizes".to_owned()))
}

fn relate(context: &mut Context, pair: &Pair, base: &Value, options: &Options, far: f64) -> Judged {
    let mut drawn = |make: fn(Value, &Options) -> Value| match draw(context, make(base.clone(), options)) {
        Ok(drawn) => Ok(Ok(drawn)),
        Err(ScenarioEnd::Broken(why)) => Ok(Err(why)),
        Err(end) => Err(end),
    };
    let (one, two) = match (drawn(pair.one)?, drawn(pair.two)?) {
        (Ok(one), Ok(two)) => (one, two),
        (Err(why), _) | (_, Err(why)) => return Ok(Err(why)),
    };
    let by = mean(&one, &two)?;
    let most = difference(&one.pictures[0], &two.pictures[0]);
    let measured = format!("they differ by {by:.3} of 255 in the mean; two seeds by {far:.3}");
    Ok(match pair.relation {
        Relation::Same if most.is_none_or(|most| most > 1) => {
            Err(format!("the same picture twice is wanted: {measured}"))
        }
        Relation::Near if by > NEAR * far => Err(format!("almost the same picture is wanted: {measured}")),
        Relation::Other if most == Some(0) => Err("another picture is wanted, and it is the same".to_owned()),
        _ => Ok(()),
    })
}

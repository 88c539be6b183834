//! How this worker can misbehave, by flag: each fault loud and documented, in one table.

use contracts::Action;
use std::{fmt, str::FromStr};

use crate::picture::rng::Rng;

/// A way to misbehave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Crash,
    CrashBeforeReady,
    Misconfigured,
    Internal,
    DeviceLost,
    Hang,
    Slow,
    Garbage,
    Banner,
    PartialLine,
    WrongId,
    DoubleReply,
    MissingReply,
    HugeLine,
    Nan,
    WrongType,
    DroppedField,
    RenamedField,
    SnakeForPascal,
    NoEffect,
    OutOfMemory,
    EventStorm,
    IgnoredCancel,
    EventAfterReply,
    DuplicateName,
    NoTrace,
    DroppedTrace,
    VagueFailure,
    AnyType,
    AnyFile,
    BlockingStderr,
    WrongNumber,
    BaselessFigures,
    FitsAnyway,
    LostAtStop,
    CountsEachId,
    Noise,
    FirstReply,
}

/// Every fault: its name, its parameter and its effect.
const TABLE: &[(Kind, &str, &str, &str)] = &[
    (
        Kind::Crash,
        "crash",
        "run|read|reply = run",
        "exits with 70: once the command runs, when it is read, or instead of its reply",
    ),
    (
        Kind::CrashBeforeReady,
        "crash_before_ready",
        "file",
        "exits with 70 before it reads anything; with a file: until that is there",
    ),
    (
        Kind::Misconfigured,
        "misconfigured",
        "file",
        "exits with 78 before it reads anything, as for roots, packages and flags; with a file: until that is there",
    ),
    (Kind::Internal, "internal", "", "fails a job with internal after its first step"),
    (
        Kind::DeviceLost,
        "device_lost",
        "",
        "after a job's first step its device can no longer compute: worker_crashed for it and for all that waits, exit 70",
    ),
    (
        Kind::Hang,
        "hang",
        "all|job = all",
        "stops for good when the command runs: the whole process, or the job alone while heartbeats go on",
    ),
    (Kind::Slow, "slow", "ms = 1000", "holds the reply back"),
    (Kind::Garbage, "garbage", "text", "writes a line that is no frame before the reply"),
    (Kind::Banner, "banner", "text", "prints on stdout at start, before any command"),
    (Kind::PartialLine, "partial_line", "", "writes the first half of the reply, without its end"),
    (Kind::WrongId, "wrong_id", "id = somebody-else", "answers under another request_id"),
    (Kind::DoubleReply, "double_reply", "", "writes the reply twice"),
    (Kind::MissingReply, "missing_reply", "", "does the work and never answers"),
    (Kind::HugeLine, "huge_line", "bytes = the frame limit + 1", "pads the reply with blanks to that length"),
    (
        Kind::Nan,
        "nan",
        "field",
        "writes NaN for the field of data; default: the first number, else data itself",
    ),
    (
        Kind::WrongType,
        "wrong_type",
        "field",
        "writes the field of data with another type; default: the first, else success",
    ),
    (
        Kind::DroppedField,
        "dropped_field",
        "field",
        "leaves the field of data out; default: the first, else warnings",
    ),
    (
        Kind::RenamedField,
        "renamed_field",
        "field=name",
        "writes the field of data under another name; default: the first, with _2 after it",
    ),
    (Kind::SnakeForPascal, "snake_for_pascal", "", "writes the reply in snake whatever was asked"),
    (
        Kind::NoEffect,
        "success_without_effect",
        "",
        "answers success and does nothing: no picture, no model loaded or unloaded",
    ),
    (Kind::OutOfMemory, "out_of_memory", "", "fails a job with out_of_memory after its first step"),
    (
        Kind::EventStorm,
        "event_storm",
        "count = 10000",
        "writes that many log events at the job's first step, where events were agreed",
    ),
    (Kind::IgnoredCancel, "ignored_cancel", "", "a cancelled job runs on to its end"),
    (Kind::EventAfterReply, "event_after_reply", "", "writes a progress event of the job after its reply"),
    (
        Kind::DuplicateName,
        "duplicate_name",
        "reply|data = reply",
        "writes the first member of the reply, or of its data, twice with different values",
    ),
    (
        Kind::NoTrace,
        "no_trace",
        "",
        "refuses the feature trace and the field traceparent, like a worker built before them",
    ),
    (
        Kind::DroppedTrace,
        "dropped_trace",
        "",
        "leaves traceparent out of the events of a command that has one",
    ),
    (
        Kind::VagueFailure,
        "vague_failure",
        "",
        "fails with the sentence and the hint of the code alone, whatever the case",
    ),
    (Kind::AnyType, "any_type", "", "takes a model of any type in the place of any other"),
    (Kind::AnyFile, "any_file", "", "takes any file under a model root, whatever is in it"),
    (
        Kind::BlockingStderr,
        "blocking_stderr",
        "",
        "writes a line to stderr before it reads anything, and waits until there is room for it",
    ),
    (
        Kind::WrongNumber,
        "wrong_number",
        "field=number",
        "writes that number for the field of data; default: 0 for the first",
    ),
    (
        Kind::BaselessFigures,
        "baseless_figures",
        "",
        "estimates a submission that no job can be made of, in the report of its validation",
    ),
    (Kind::FitsAnyway, "fits_anyway", "", "validates a submission that does not fit the memory"),
    (
        Kind::LostAtStop,
        "lost_at_stop",
        "",
        "ends at once at the end of stdin and at shutdown, and answers nothing that waits or runs",
    ),
    (Kind::CountsEachId, "counts_each_id", "", "counts the memory of a file once for each id that it has"),
    (Kind::Noise, "noise", "", "draws noise in place of the picture, seeded by the whole submission"),
    (
        Kind::FirstReply,
        "first_reply",
        "",
        "answers every successful command of an action with the data of its first reply",
    ),
];

/// The text below `--help`.
pub(crate) fn help() -> String {
    let mut text = String::from(
        "Faults, NAME[:PARAM][~RATIO][@WHEN]...: without RATIO and WHEN every command is struck; RATIO is the share that is, \
         drawn by --seed.\nWHEN is a frame's index from 0, an action, or attempt=N; all of them must hold.\n\n",
    );
    for (_, name, param, meaning) in TABLE {
        let spelt = if param.is_empty() { (*name).to_owned() } else { format!("{name}:<{param}>") };
        text.push_str(&format!("  {spelt}\n          {meaning}\n"));
    }
    text
}

/// One `--fault`.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    kind: Kind,
    param: Option<String>,
    ratio: f64,
    when: Vec<When>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Index(u64),
    Action(Action),
    Attempt(u32),
}

/// The command that may be struck.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// Which frame it was, from 0.
    pub(crate) index: u64,
    pub(crate) action: Option<Action>,
    pub(crate) attempt: u32,
}

impl Fault {
    pub(crate) fn meaning(&self) -> &'static str {
        self.row().3
    }

    fn row(&self) -> &'static (Kind, &'static str, &'static str, &'static str) {
        TABLE.iter().find(|row| row.0 == self.kind).expect("every kind is in the table")
    }

    fn meets(&self, moment: Moment) -> bool {
        self.when.iter().all(|when| match when {
            When::Index(index) => *index == moment.index,
            When::Action(action) => Some(*action) == moment.action,
            When::Attempt(attempt) => *attempt == moment.attempt,
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().1)?;
        if let Some(param) = &self.param {
            write!(f, ":{param}")?;
        }
        if self.ratio < 1.0 {
            write!(f, "~{}", self.ratio)?;
        }
        for when in &self.when {
            match when {
                When::Index(index) => write!(f, "@{index}")?,
                When::Action(action) => write!(f, "@{action}")?,
                When::Attempt(attempt) => write!(f, "@attempt={attempt}")?,
            }
        }
        Ok(())
    }
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let mut parts = text.split('@');
        let what = parts.next().unwrap_or_default();
        let (what, ratio) = match what.split_once('~') {
            Some((what, ratio)) => {
                let ratio: f64 = ratio.parse().map_err(|_| FaultError::NoRatio(ratio.to_owned()))?;
                if !(0.0..=1.0).contains(&ratio) {
                    return Err(FaultError::RatioOutOfRange(ratio));
                }
                (what, ratio)
            }
            None => (what, 1.0),
        };
        let (name, param) = match what.split_once(':') {
            Some((name, param)) => (name, Some(param.to_owned())),
            None => (what, None),
        };
        let wanted = name.replace('-', "_");
        let Some((kind, ..)) = TABLE.iter().find(|row| row.1 == wanted) else {
            return Err(FaultError::Unknown { name: name.to_owned() });
        };
        let fault = Self { kind: *kind, param, ratio, when: parts.map(when).collect::<Result<_, _>>()? };
        fault.check_param().map(|()| fault)
    }
}

impl Fault {
    fn check_param(&self) -> Result<(), FaultError> {
        let Some(param) = &self.param else { return Ok(()) };
        let good = match self.kind {
            Kind::Crash => ["run", "read", "reply"].contains(&param.as_str()),
            Kind::Hang => ["all", "job"].contains(&param.as_str()),
            Kind::DuplicateName => ["reply", "data"].contains(&param.as_str()),
            Kind::Slow | Kind::HugeLine | Kind::EventStorm => param.parse::<u32>().is_ok(),
            Kind::RenamedField => param.split_once('=').is_some_and(|(from, to)| from != to),
            Kind::WrongNumber => number_field(param).is_some(),
            Kind::Garbage | Kind::Banner => !param.contains('\n'),
            Kind::CrashBeforeReady | Kind::Misconfigured => !param.is_empty(),
            Kind::WrongId | Kind::Nan | Kind::WrongType | Kind::DroppedField => !param.is_empty(),
            _ => false,
        };
        if good { Ok(()) } else { Err(FaultError::Param { param: param.clone(), fault: self.row().1 }) }
    }
}

/// The field and the number of `wrong_number`.
pub(crate) fn number_field(param: &str) -> Option<(&str, u64)> {
    let (field, number) = param.split_once('=')?;
    Some((field, number.parse().ok()?))
}

fn when(text: &str) -> Result<When, FaultError> {
    if let Ok(index) = text.parse() {
        return Ok(When::Index(index));
    }
    if let Some(attempt) = text.strip_prefix("attempt=") {
        return attempt.parse().map(When::Attempt).map_err(|_| FaultError::NoAttempt(attempt.to_owned()));
    }
    text.parse().map(When::Action).map_err(|_| FaultError::NoMoment(text.to_owned()))
}

/// The error of a text that is not a fault.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FaultError {
    #[error("{0:?} is no ratio")]
    NoRatio(String),
    #[error("the ratio {0} is not within 0..1")]
    RatioOutOfRange(f64),
    #[error("there is no fault {name:?}; there are {}", names())]
    Unknown { name: String },
    #[error("{param:?} is no parameter of {fault}")]
    Param { param: String, fault: &'static str },
    #[error("{0:?} is no attempt")]
    NoAttempt(String),
    #[error("{0:?} is neither a frame's index, an action nor attempt=N")]
    NoMoment(String),
}

fn names() -> String {
    TABLE.iter().map(|row| row.1).collect::<Vec<_>>().join(", ")
}

/// All faults of a worker, and the random numbers for them.
#[derive(Debug)]
pub(crate) struct Faults {
    faults: Vec<Fault>,
    rng: Rng,
}

impl Faults {
    pub(crate) fn new(faults: Vec<Fault>, seed: u64) -> Self {
        Self { faults, rng: Rng::new(seed ^ 0xFA17) }
    }

    /// Nothing misbehaves any more.
    pub(crate) fn heal(&mut self) {
        self.faults.clear();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }

    /// Whether a fault strikes a command now: `Some` of its parameter.
    pub(crate) fn strike(&mut self, kind: Kind, moment: Moment) -> Option<Option<String>> {
        let rng = &mut self.rng;
        let struck = self.faults.iter().find(|fault| {
            fault.kind == kind && fault.meets(moment) && (fault.ratio >= 1.0 || rng.unit() < fault.ratio)
        })?;
        Some(struck.param.clone())
    }

    /// The same for a fault whose parameter names the place where it strikes.
    pub(crate) fn strike_at(&mut self, kind: Kind, place: &str, default: &str, moment: Moment) -> bool {
        let here = |fault: &Fault| fault.param.as_deref().unwrap_or(default) == place;
        let rng = &mut self.rng;
        self.faults.iter().any(|fault| {
            fault.kind == kind
                && here(fault)
                && fault.meets(moment)
                && (fault.ratio >= 1.0 || rng.unit() < fault.ratio)
        })
    }

    /// A fault that no single command has: `Some` of its parameter.
    pub(crate) fn at_start(&self, kind: Kind) -> Option<Option<String>> {
        self.faults.iter().find(|fault| fault.kind == kind).map(|fault| fault.param.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Faults, Kind, Moment, TABLE};
    use contracts::Action;

    fn moment(index: u64, action: Action) -> Moment {
        Moment { index, action: Some(action), attempt: 1 }
    }

    #[test]
    fn a_fault_is_spelt_and_strikes_when_it_says() {
        let fault: Fault = "slow:5@2@get_status".parse().expect("it is spelt well");
        assert_eq!(fault.to_string(), "slow:5@2@get_status");
        let mut faults = Faults::new(vec![fault], 0);
        assert!(faults.strike(Kind::Slow, moment(1, Action::GetStatus)).is_none());
        assert!(faults.strike(Kind::Slow, moment(2, Action::GetSchedulers)).is_none());
        assert!(faults.strike(Kind::Crash, moment(2, Action::GetStatus)).is_none());
        assert_eq!(faults.strike(Kind::Slow, moment(2, Action::GetStatus)), Some(Some("5".to_owned())));
        faults.heal();
        assert!(faults.strike(Kind::Slow, moment(2, Action::GetStatus)).is_none());
    }

    #[test]
    fn a_ratio_is_drawn_by_the_seed() {
        let strikes = |seed| {
            let mut faults = Faults::new(vec!["garbage~0.5".parse().expect("it is spelt well")], seed);
            (0..64)
                .map(|i| faults.strike(Kind::Garbage, moment(i, Action::GetStatus)).is_some())
                .collect::<Vec<_>>()
        };
        assert_eq!(strikes(1), strikes(1));
        assert_ne!(strikes(1), strikes(2));
        let count = strikes(1).iter().filter(|struck| **struck).count();
        assert!((16..48).contains(&count), "{count} of 64");
    }

    #[test]
    fn what_is_misspelt_is_refused() {
        for text in [
            "nonsense",
            "slow:x",
            "crash:never",
            "garbage~2",
            "garbage@nothing",
            "wrong_id:",
            "missing_reply:1",
        ] {
            assert!(text.parse::<Fault>().is_err(), "{text}");
        }
        for (_, name, ..) in TABLE {
            assert!(name.parse::<Fault>().is_ok(), "{name}");
        }
    }
}

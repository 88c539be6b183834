//! The state that scenarios share: the target, its options, its capabilities, its input folder.

use base64::Engine as _;
use contracts::{Action, Dialect};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs::Permissions,
    io::Cursor,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};
use tempfile::TempDir;

use crate::{
    check::ScenarioEnd,
    exchange::{Command, StrictReading},
    finding::{Finding, Outcome},
    interrupt, member,
    options::Options,
    party::{
        Answer, TargetError, ToolError,
        gateway::Gateway,
        launch::{GatewayLauncher, OwnGateway},
        process::Process,
        transcript::{Recorder, Transcript},
        worker::{Launcher, Worker},
    },
};

/// Flags of a gateway that move its log from stderr or shorten it.
const LOG_FLAGS: [&str; 2] = ["--log-file", "--log-level"];

/// The target.
pub enum Subject {
    /// A worker. The tool starts it as often as scenarios need one.
    Worker(Launcher),
    /// A running gateway.
    Gateway(Gateway),
}

impl Subject {
    /// The same target for another thread; none of a gateway, which scenarios share.
    pub(crate) fn another(&self) -> Option<Self> {
        let Self::Worker(launcher) = self else { return None };
        let (silent, transcript) = (Arc::default(), launcher.transcript.another());
        Some(Self::Worker(Launcher { silent, transcript, ..launcher.clone() }))
    }
}

/// The state that scenarios share.
pub struct Context {
    /// The target.
    pub subject: Subject,
    /// The options of the run.
    pub options: Options,
    /// How further gateways are started, and the process of the gateway at hand, if the tool started it.
    own: Option<(GatewayLauncher, Process)>,
    worker: Option<Worker>,
    capabilities: Option<Value>,
    /// The number of the scenario, and of the last id in it.
    scenario: usize,
    next_id: u64,
    /// Between `conf-` and the number of every id.
    run_tag: String,
    /// The folder of this run below `--scratch-models`. Dropped with the context, it removes itself.
    model_folder: Option<TempDir>,
}

impl Context {
    /// A context of a target.
    #[must_use]
    pub fn new(subject: Subject, own: Option<(GatewayLauncher, Process)>, options: Options) -> Self {
        // A gateway may serve two runs at once, whose ids must differ; a worker serves this run alone.
        let run_tag = match &subject {
            Subject::Gateway(_) => format!("{}-", std::process::id()),
            Subject::Worker(_) => String::new(),
        };
        Self {
            subject,
            options,
            own,
            worker: None,
            capabilities: None,
            scenario: 0,
            next_id: 0,
            run_tag,
            model_folder: None,
        }
    }

    /// Findings that name ids without the tag of this run, so that equal runs give equal reports.
    #[must_use]
    pub fn without_run_tag(&self, mut findings: Vec<Finding>) -> Vec<Finding> {
        if self.run_tag.is_empty() {
            return findings;
        }
        let ours = format!("conf-{}", self.run_tag);
        let plain = |text: &mut String| *text = text.replace(&ours, "conf-");
        for finding in &mut findings {
            match &mut finding.outcome {
                Outcome::Passed => {}
                Outcome::Failed(why) | Outcome::Skipped(why) | Outcome::Undecided(why) => plain(why),
            }
            finding.transcript.iter_mut().for_each(|message| plain(&mut message.text));
        }
        findings
    }

    /// The messages with the target.
    pub(crate) fn transcript(&self) -> Transcript {
        match &self.subject {
            Subject::Worker(launcher) => launcher.transcript.clone(),
            Subject::Gateway(gateway) => gateway.transcript.clone(),
        }
    }

    /// Hands all further messages to a recorder.
    pub(crate) fn record(&mut self, recorder: Arc<dyn Recorder>) {
        match &mut self.subject {
            Subject::Worker(launcher) => launcher.transcript.record(recorder),
            Subject::Gateway(gateway) => gateway.transcript.record(recorder),
        }
    }

    /// Whether the target is a gateway.
    #[must_use]
    pub fn is_gateway(&self) -> bool {
        matches!(self.subject, Subject::Gateway(_))
    }

    /// Begins a scenario: its ids follow from its number, whichever thread runs it.
    pub(crate) fn begin(&mut self, scenario: usize) {
        (self.scenario, self.next_id) = (scenario, 0);
    }

    /// A request id that was not used before.
    pub fn fresh_id(&mut self) -> String {
        self.next_id += 1;
        format!("conf-{}{}-{}", self.run_tag, self.scenario, self.next_id)
    }

    /// A new worker, of the scenario's own.
    ///
    /// # Errors
    /// [`ScenarioEnd::Undecided`] if it does not start; [`ScenarioEnd::Skip`] if the target is not a worker.
    pub fn start(&self) -> Result<Worker, ScenarioEnd> {
        match &self.subject {
            Subject::Worker(launcher) => Ok(launcher.start()?),
            Subject::Gateway(_) => {
                Err(ScenarioEnd::Skip("only a process of our own can be started anew".to_owned()))
            }
        }
    }

    /// A new gateway, of the scenario's own.
    ///
    /// # Errors
    /// [`ScenarioEnd::Skip`] if the tool did not start the gateway at hand; [`ScenarioEnd::Broken`] if another does not start.
    pub fn start_gateway(&self) -> Result<OwnGateway, ScenarioEnd> {
        self.start_gateway_by(GatewayLauncher::start)
    }

    /// Whether the command of the gateway sends its log elsewhere than to stderr, or leaves out some of it.
    #[must_use]
    pub fn logs_elsewhere(&self) -> bool {
        let says = |argument: &OsString| {
            argument.to_str().is_some_and(|argument| {
                LOG_FLAGS.iter().any(|flag| {
                    argument.strip_prefix(flag).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
                })
            })
        };
        self.own.as_ref().is_some_and(|(launcher, _)| launcher.command.iter().any(says))
    }

    /// As [`Self::start_gateway`], by one of the ways of the launcher.
    ///
    /// # Errors
    /// As [`Self::start_gateway`].
    pub fn start_gateway_by(
        &self,
        start: impl Fn(&GatewayLauncher) -> Result<OwnGateway, TargetError>,
    ) -> Result<OwnGateway, ScenarioEnd> {
        Ok(start(self.own_launcher()?)?)
    }

    /// How the tool started the gateway at hand.
    ///
    /// # Errors
    /// [`ScenarioEnd::Skip`] if it did not.
    pub fn own_launcher(&self) -> Result<&GatewayLauncher, ScenarioEnd> {
        self.own.as_ref().map(|(launcher, _)| launcher).ok_or_else(|| {
            ScenarioEnd::Skip(
                "the tool ends only a gateway that it started: conformance gateway -- COMMAND".to_owned(),
            )
        })
    }

    /// A new worker whose stderr is a full pipe that nobody reads.
    ///
    /// # Errors
    /// As [`Context::start`].
    pub fn start_unread(&self) -> Result<Worker, ScenarioEnd> {
        match &self.subject {
            Subject::Worker(launcher) => Ok(launcher.start_unread()?),
            Subject::Gateway(_) => self.start(),
        }
    }

    /// The gateway.
    ///
    /// # Errors
    /// [`ScenarioEnd::Skip`] if the target is none.
    pub fn gateway(&self) -> Result<&Gateway, ScenarioEnd> {
        match &self.subject {
            Subject::Gateway(gateway) => Ok(gateway),
            Subject::Worker(_) => Err(ScenarioEnd::Skip("the target is no gateway".to_owned())),
        }
    }

    /// The worker that scenarios share; it has agreed on no features.
    ///
    /// # Errors
    /// As [`Context::start`]; [`ScenarioEnd::Broken`] if it ended by itself, once: then there is a new one.
    pub fn worker(&mut self) -> Result<&mut Worker, ScenarioEnd> {
        // Nobody asked a worker to end between two commands: it is broken, and not merely replaced.
        if let Some(mut worker) = self.worker.take_if(|worker| !worker.is_running()) {
            return Err(worker.process.ended().into());
        }
        if self.worker.is_none() {
            self.worker = Some(self.start()?);
        }
        self.worker.as_mut().ok_or_else(|| ScenarioEnd::Undecided("no worker".to_owned()))
    }

    /// Sends bytes as one command and waits for its reply.
    ///
    /// # Errors
    /// [`ScenarioEnd::Broken`] if there is none. The shared worker is then replaced: a late reply would be taken for the reply
    /// to the next command.
    pub fn send(&mut self, bytes: &[u8], what: &str) -> Result<Answer, ScenarioEnd> {
        let timeout = self.options.timeout;
        if let Subject::Gateway(gateway) = &self.subject {
            return Ok(gateway.command(bytes.to_vec())?);
        }
        let worker = self.worker()?;
        let mut line = bytes.to_vec();
        line.push(b'\n');
        let mut events = 0;
        let answered = worker.write(&line).and_then(|()| worker.reply(timeout, what, &mut |_| events += 1));
        match answered {
            Ok(_) if events > 0 => {
                self.worker = None;
                Err(ScenarioEnd::Broken(format!(
                    "{events} events on the way to {what}, and none were agreed"
                )))
            }
            Ok(value) => Ok(Answer { value, http: None }),
            Err(err) => {
                self.worker = None;
                Err(err.into())
            }
        }
    }

    /// Sends a command and reads its reply as a strict reader of the expected dialect.
    ///
    /// # Errors
    /// As [`Context::send`].
    pub fn ask(&mut self, command: &Command) -> Result<StrictReading, ScenarioEnd> {
        let dialect = command.reply_dialect(self.is_gateway());
        let answer = self.send(command.frame().to_string().as_bytes(), command.action.as_str())?;
        let reading = StrictReading::of(command.action, dialect, &answer);
        if let Some(id) = &command.request_id
            && reading.read.is_ok()
            && reading.snake["request_id"] != id.as_str()
        {
            let answered = &reading.snake["request_id"];
            return Err(ScenarioEnd::Broken(format!("request_id {id} is answered as {answered}")));
        }
        Ok(reading)
    }

    /// `data` of a documented command that must succeed.
    ///
    /// # Errors
    /// [`ScenarioEnd::Broken`] if it fails.
    pub fn get(&mut self, action: Action, fields: Value) -> Result<Value, ScenarioEnd> {
        let id = self.fresh_id();
        let reading = self.ask(&Command::new(action, fields).id(id))?;
        reading.data().cloned().map_err(|why| ScenarioEnd::Broken(format!("{action}: {why}")))
    }

    /// The capabilities of the target, asked for once.
    ///
    /// # Errors
    /// [`ScenarioEnd::Broken`] if it does not answer.
    pub fn capabilities(&mut self) -> Result<Value, ScenarioEnd> {
        if self.capabilities.is_none() {
            // A model first: the limits are those of the loaded model.
            let path = self.options.model_path.clone();
            self.get(Action::LoadModel, json!({"model_path": path, "model_type": "sdxl"}))?;
            self.capabilities = Some(self.get(Action::GetCapabilities, json!({}))?);
        }
        self.capabilities.clone().ok_or_else(|| ScenarioEnd::Undecided("no capabilities".to_owned()))
    }

    /// Asks for the capabilities anew when they are needed next: a look at what a scenario sees must not depend on those
    /// before it.
    pub(crate) fn forget_capabilities(&mut self) {
        self.capabilities = None;
    }

    /// Whether the target is a pool of workers behind a gateway: over HTTP, or a process that speaks as one worker.
    ///
    /// # Errors
    /// [`ScenarioEnd::Broken`] if it does not tell its status.
    pub fn is_pool(&mut self) -> Result<bool, ScenarioEnd> {
        Ok(self.is_gateway() || self.get(Action::GetStatus, json!({}))?["gpus"].is_array())
    }

    /// Number of workers: those of the pool, or the one that is asked.
    ///
    /// # Errors
    /// [`ScenarioEnd::Broken`] if it does not tell its status.
    pub fn workers(&mut self) -> Result<usize, ScenarioEnd> {
        Ok(self.get(Action::GetStatus, json!({}))?["gpus"].as_array().map_or(1, Vec::len))
    }

    /// Skips what several workers do at a time, each for itself.
    ///
    /// # Errors
    /// [`ScenarioEnd::Skip`] of a pool of several workers.
    pub fn need_no_other_worker(&mut self, why: &str) -> Result<(), ScenarioEnd> {
        if self.workers()? > 1 { Err(ScenarioEnd::Skip(why.to_owned())) } else { Ok(()) }
    }

    /// The process of the gateway at hand, if the tool started it.
    #[must_use]
    pub fn own_process(&self) -> Option<&Process> {
        self.own.as_ref().map(|(_, process)| process)
    }

    /// Skips what is said of one worker alone.
    ///
    /// # Errors
    /// [`ScenarioEnd::Skip`] of a pool.
    pub fn need_one_worker(&mut self, why: &str) -> Result<(), ScenarioEnd> {
        if self.is_pool()? { Err(ScenarioEnd::Skip(why.to_owned())) } else { Ok(()) }
    }

    /// Skips unless the target advertises a feature.
    ///
    /// # Errors
    /// [`ScenarioEnd::Skip`] without the feature.
    pub fn need_feature(&mut self, feature: &str) -> Result<(), ScenarioEnd> {
        if self.capabilities()?["features"][feature] == true {
            Ok(())
        } else {
            Err(ScenarioEnd::Skip(format!("the target does not advertise {feature}")))
        }
    }

    /// [`Options::small_submission`] of this run.
    #[must_use]
    pub fn small_submission(&self) -> Value {
        self.options.small_submission()
    }

    /// The folder of training pictures with captions: the given one, or a new one below the input root.
    ///
    /// # Errors
    /// [`ScenarioEnd::Skip`] without either.
    pub fn training_data(&self) -> Result<String, ScenarioEnd> {
        if let Some(data) = &self.options.training_data {
            return Ok(data.clone());
        }
        let Some(root) = &self.options.input_root else {
            return Err(ScenarioEnd::Skip("needs --training-data or --input-root".to_owned()));
        };
        let folder = root.join("conformance-training");
        // Scenarios on several threads share it, and a worker may read it: it is written once.
        let mut made = TRAINING_DATA.lock().unwrap_or_else(PoisonError::into_inner);
        if !made.contains(&folder) || !folder.is_dir() {
            make_training_data(&folder).map_err(TargetError::Tool)?;
            made.insert(folder.clone());
        }
        Ok(folder.display().to_string())
    }

    /// The folder of this run below `--scratch-models`.
    ///
    /// # Errors
    /// [`ScenarioEnd::Skip`] without the option; [`ScenarioEnd::Undecided`] if it cannot be made.
    pub fn model_folder(&mut self) -> Result<PathBuf, ScenarioEnd> {
        let Some(root) = &self.options.scratch_models else {
            return Err(ScenarioEnd::Skip("needs --scratch-models and --base-file".to_owned()));
        };
        let unwritable = |cause| TargetError::Tool(ToolError::Unwritable { path: root.clone(), cause });
        // The target may have another working directory.
        let root = std::path::absolute(root).map_err(unwritable)?;
        if let Some(folder) = &self.model_folder {
            return Ok(folder.path().to_owned());
        }
        let readable = Permissions::from_mode(0o755);
        let mut folder = tempfile::Builder::new();
        let made =
            folder.prefix("conformance-").permissions(readable).tempdir_in(root).map_err(unwritable)?;
        interrupt::remove_at_interrupt(made.path());
        let path = made.path().to_owned();
        self.model_folder = Some(made);
        Ok(path)
    }

    /// Starts a worker and negotiates features and the dialect snake. Returns the worker and `data` of `initialize`.
    ///
    /// # Errors
    /// [`ScenarioEnd::Broken`] if it refuses; [`ScenarioEnd::Skip`] if it leaves out a feature.
    pub fn start_with(&self, features: &[&str]) -> Result<(Worker, Value), ScenarioEnd> {
        let mut worker = self.start()?;
        let fields = json!({"protocol_versions": ["1"], "features": features, "dialect": "snake"});
        worker.send(&Command::new(Action::Initialize, fields).id("conf-init").frame())?;
        let value = worker.reply(self.options.timeout, "initialize", &mut |_| ())?;
        let reading = StrictReading::of(Action::Initialize, Dialect::Snake, &Answer { value, http: None });
        let data = reading.data().map_err(|why| ScenarioEnd::Broken(format!("initialize: {why}")))?.clone();
        let agreed = member::list(&data, "/features")?;
        match features.iter().find(|feature| !agreed.iter().any(|agreed| agreed == **feature)) {
            Some(feature) => Err(ScenarioEnd::Skip(format!("the worker does not offer {feature}"))),
            None => Ok((worker, data)),
        }
    }
}

/// Folders of training pictures that this process has written. Scenarios on several threads share them.
static TRAINING_DATA: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

fn make_training_data(folder: &Path) -> Result<(), ToolError> {
    let unwritable = |path: &Path| {
        let path = path.to_owned();
        move |cause| ToolError::Unwritable { path, cause }
    };
    std::fs::create_dir_all(folder).map_err(unwritable(folder))?;
    for (i, level) in [40u8, 200].into_iter().enumerate() {
        let file = folder.join(format!("picture_{i}.png"));
        std::fs::write(&file, picture_bytes(level)).map_err(unwritable(&file))?;
        std::fs::write(file.with_extension("txt"), "a lighthouse\n").map_err(unwritable(&file))?;
    }
    Ok(())
}

/// A 64×64 PNG: a gradient over a level.
#[must_use]
pub fn picture_bytes(level: u8) -> Vec<u8> {
    let picture = image::RgbImage::from_fn(64, 64, |x, y| {
        image::Rgb([level, u8::try_from(x * 4 % 256).unwrap_or(0), u8::try_from(y * 4 % 256).unwrap_or(0)])
    });
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).expect("a picture fits in memory");
    bytes.into_inner()
}

/// A 64×64 picture as a `data:` URL.
#[must_use]
pub fn picture_url(level: u8) -> String {
    format!(
        "data:image/png;base64,{}",
        base64::engine::general_purpose::STANDARD.encode(picture_bytes(level))
    )
}

/// A 64×64 mask of one colour as a `data:` URL: its left half is opaque, the rest transparent.
#[must_use]
pub fn alpha_mask_url() -> String {
    let mask =
        image::RgbaImage::from_fn(64, 64, |x, _| image::Rgba([255, 255, 255, if x < 32 { 255 } else { 0 }]));
    let mut bytes = Cursor::new(Vec::new());
    mask.write_to(&mut bytes, image::ImageFormat::Png).expect("a picture fits in memory");
    format!("data:image/png;base64,{}", base64::engine::general_purpose::STANDARD.encode(bytes.into_inner()))
}

/// A 64×64 mask as a `data:` URL: its left half is white, the rest black.
#[must_use]
pub fn half_mask_url() -> String {
    let mask = image::GrayImage::from_fn(64, 64, |x, _| image::Luma([if x < 32 { 255 } else { 0 }]));
    let mut bytes = Cursor::new(Vec::new());
    mask.write_to(&mut bytes, image::ImageFormat::Png).expect("a picture fits in memory");
    format!("data:image/png;base64,{}", base64::engine::general_purpose::STANDARD.encode(bytes.into_inner()))
}

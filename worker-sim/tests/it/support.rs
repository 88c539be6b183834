//! A worker-sim process in a folder of its own, and what tests say to it.

use image::{Rgb, RgbImage};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Value, json};
use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, channel},
    time::{Duration, Instant},
};

/// Longest wait for anything; far more than anything takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running worker-sim.
pub(crate) struct Sim {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    errors: Receiver<String>,
    home: tempfile::TempDir,
}

impl Sim {
    /// Without delays, in order, in a fresh folder with an input root.
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().expect("a folder"), args)
    }

    pub(crate) fn start_in(home: tempfile::TempDir, args: &[&str]) -> Self {
        let (inputs, outputs) = (home.path().join("inputs"), home.path().join("outputs"));
        std::fs::create_dir_all(&inputs).expect("a folder");
        let mut child = Command::new(env!("CARGO_BIN_EXE_worker-sim"))
            .args(["--step-ms", "0", "--load-ms", "0", "--input-root"])
            .arg(&inputs)
            .arg("--output-dir")
            .arg(&outputs)
            .args(args)
            .current_dir(home.path())
            .env_remove("CUDA_VISIBLE_DEVICES")
            .env_remove("GPU_ID")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("worker-sim starts");
        let stdin = child.stdin.take();
        let lines = reader(child.stdout.take().expect("a pipe"));
        let errors = reader(child.stderr.take().expect("a pipe"));
        Self { child, stdin, lines, errors, home }
    }

    pub(crate) fn inputs(&self) -> PathBuf {
        self.home.path().join("inputs")
    }

    pub(crate) fn outputs(&self) -> PathBuf {
        self.home.path().join("outputs")
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        let stdin = self.stdin.as_mut().expect("stdin is open");
        stdin.write_all(bytes).and_then(|()| stdin.flush()).expect("worker-sim reads");
    }

    pub(crate) fn send(&mut self, frame: &Value) {
        self.write(format!("{frame}\n").as_bytes());
    }

    /// The documented envelope.
    pub(crate) fn ask_only(&mut self, action: &str, id: &str, fields: &Value) {
        self.send(&json!({"action": action, "request_id": id, "payload": fields}));
    }

    /// The next line, whatever it is.
    pub(crate) fn raw(&mut self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("a line comes")
    }

    /// The next line, which is a frame.
    pub(crate) fn line(&mut self) -> Value {
        let line = self.raw();
        serde_json::from_str(&line).unwrap_or_else(|err| panic!("{err}: {line}"))
    }

    /// The next reply in snake; events before it are dropped.
    pub(crate) fn reply(&mut self) -> Value {
        loop {
            let line = self.line();
            if line.get("event").is_none() {
                return line;
            }
        }
    }

    /// Asks in the documented envelope and takes the reply.
    pub(crate) fn ask(&mut self, action: &str, fields: Value) -> Value {
        self.ask_only(action, "r", &fields);
        self.reply()
    }

    /// The `data` of a success.
    pub(crate) fn data(&mut self, action: &str, fields: Value) -> Value {
        let reply = self.ask(action, fields);
        assert_eq!(reply["success"], true, "{reply}");
        reply["data"].clone()
    }

    /// The `error_details.code` of a failure.
    pub(crate) fn code(&mut self, action: &str, fields: Value) -> String {
        let reply = self.ask(action, fields);
        assert_eq!(reply["success"], false, "{reply}");
        reply["error_details"]["code"].as_str().expect("a code").to_owned()
    }

    pub(crate) fn close(&mut self) {
        self.stdin = None;
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).expect("it runs");
    }

    /// Sets RLIMIT_FSIZE of the process that runs.
    pub(crate) fn limit_file_size(&self, bytes: u64) {
        let pid = self.child.id().to_string();
        let set = Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={bytes}")]).status();
        assert!(set.expect("util-linux is there").success());
    }

    /// The most memory that it ever had, in bytes.
    pub(crate) fn memory_peak(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
        line.trim().strip_suffix(" kB").expect("in kB").parse::<u64>().expect("a number") << 10
    }

    /// Whether stdout has ended.
    pub(crate) fn has_no_more_lines(&mut self) -> bool {
        self.lines.recv_timeout(PATIENCE) == Err(std::sync::mpsc::RecvTimeoutError::Disconnected)
    }

    /// Waits for the end; how long it took.
    pub(crate) fn wait(&mut self) -> (ExitStatus, Duration) {
        let begun = Instant::now();
        // stdout ends with the process; there is nothing to poll for.
        while self.lines.recv_timeout(PATIENCE).is_ok() {}
        (self.child.wait().expect("it ends"), begun.elapsed())
    }

    pub(crate) fn stderr_line(&mut self) -> String {
        self.errors.recv_timeout(PATIENCE).expect("a line comes")
    }

    pub(crate) fn stderr(&mut self) -> String {
        let mut text = String::new();
        while let Ok(line) = self.errors.recv_timeout(PATIENCE) {
            text.push_str(&line);
            text.push('\n');
        }
        text
    }

    /// Ends it; its folder, for another one.
    pub(crate) fn into_home(mut self) -> tempfile::TempDir {
        self.close();
        self.wait();
        std::mem::replace(&mut self.home, tempfile::tempdir().expect("a folder"))
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn reader(pipe: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (send, receive) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
            if send.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                return;
            }
        }
    });
    receive
}

/// A small submission, with changes by section.
pub(crate) fn submission(change: Value) -> Value {
    let mut said = json!({
        "model": {"base": "sdxl_base"},
        "scheduler": {"steps": 4},
        "hyperparameters": {"dimensions": {"width": 64, "height": 64}, "seed": 7},
        "conditioning": {"prompt": "a pier"},
    });
    for (section, members) in change.as_object().expect("sections") {
        match (said.get_mut(section), members) {
            (Some(Value::Object(known)), Value::Object(members)) => known.extend(members.clone()),
            _ => said[section] = members.clone(),
        }
    }
    said
}

pub(crate) fn job(change: Value) -> Value {
    json!({"prompt_submission": submission(change)})
}

/// Writes a picture of several colours.
pub(crate) fn picture_file(path: &Path, width: u32, height: u32, tint: u8) {
    let image = RgbImage::from_fn(width, height, |x, y| {
        let on = (x / 8 + y / 8) % 2 == 0;
        Rgb([if on { 240 } else { 20 }, tint, (x * 255 / width) as u8])
    });
    image.save(path).expect("a picture is written");
}

/// A folder of two pictures with captions under the input root.
pub(crate) fn data_set(inputs: &Path) -> String {
    let folder = inputs.join("cats");
    std::fs::create_dir_all(&folder).expect("a folder");
    for name in ["a", "b"] {
        picture_file(&folder.join(format!("{name}.png")), 32, 32, 90);
        std::fs::write(folder.join(format!("{name}.txt")), "a cat").expect("a caption");
    }
    "cats".to_owned()
}

/// The one picture of a job: its data and its bytes.
pub(crate) fn picture(sim: &mut Sim, change: Value) -> (Value, Vec<u8>) {
    let data = sim.data("generate_sdxl", job(change));
    let bytes = std::fs::read(data["images"][0].as_str().expect("a path")).expect("a file");
    assert_eq!(data["image_details"][0]["bytes"], bytes.len());
    (data, bytes)
}

/// The pixels of a picture, as RGB.
pub(crate) fn pixels(bytes: &[u8]) -> Vec<u8> {
    image::load_from_memory(bytes).expect("a picture").to_rgb8().into_raw()
}

/// Writes the images that jobs read: `a.png`, `b.png`, `large.png`, which is resized, and `alpha.png`, a mask in its alpha channel.
pub(crate) fn with_images(sim: &Sim) {
    picture_file(&sim.inputs().join("a.png"), 64, 64, 30);
    picture_file(&sim.inputs().join("b.png"), 64, 64, 200);
    picture_file(&sim.inputs().join("large.png"), 96, 80, 30);
    let alpha =
        image::RgbaImage::from_fn(64, 64, |x, _| image::Rgba([255, 255, 255, if x < 32 { 255 } else { 0 }]));
    alpha.save(sim.inputs().join("alpha.png")).expect("a mask is written");
}

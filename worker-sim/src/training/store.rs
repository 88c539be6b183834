//! The record of a training under `<output-dir>/training/<training_id>/`, and its owner.
//!
//! `job.json`, `status.json` and `history.jsonl`, `checkpoints/`, `validation/`, and `lock`, which the kernel frees when
//! the worker that holds it dies; beside them `names/`, one file for each output name that is taken.

use contracts::{ErrorCode, Failure, shorten};
use serde_json::Value;
use std::{
    fs::{self, File, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use super::spec::Spec;
use crate::{clock::Now, picture::file::write_failure};

/// States of a training that a worker runs.
const ACTIVE: &[&str] = &["queued", "preparing", "running", "checkpointing"];
const NAMES: &str = "names";

/// All records under one output directory.
#[derive(Debug)]
pub(crate) struct Store {
    root: PathBuf,
}

/// One training's folder.
#[derive(Debug)]
pub(crate) struct Record {
    folder: PathBuf,
    /// Held as long as the training is ours.
    lock: Option<File>,
}

impl Store {
    pub(crate) fn new(output: &Path) -> Self {
        Self { root: output.join("training") }
    }

    /// The record of a training.
    pub(crate) fn find(&self, id: &str) -> Result<Record, Failure> {
        let folder = self.root.join(id);
        if id == NAMES || !folder.join("status.json").is_file() {
            return Err(Failure::new(
                ErrorCode::TrainingNotFound,
                format!("there is no training {}", shorten(id)),
            ));
        }
        Ok(Record { folder, lock: None })
    }

    /// A new record, ours.
    pub(crate) fn create(&self, spec: &Spec, status: &Value) -> Result<Record, Failure> {
        let mut record = Record { folder: self.root.join(&spec.id), lock: None };
        let make = |record: &mut Record| -> io::Result<bool> {
            fs::create_dir_all(&record.folder)?;
            let taken = record.take()?;
            record.write_job(&spec.to_record())?;
            record.write_status(status)?;
            self.take_name(spec)?;
            Ok(taken)
        };
        match make(&mut record) {
            Ok(true) => Ok(record),
            Ok(false) => {
                Err(Failure::new(ErrorCode::Conflict, format!("training {} exists already", spec.id)))
            }
            Err(err) => Err(write_failure(&record.folder, &err)),
        }
    }

    /// One file a name; that of a training that is gone is overwritten.
    fn take_name(&self, spec: &Spec) -> io::Result<()> {
        let folder = self.root.join(NAMES);
        fs::create_dir_all(&folder)?;
        let path = folder.join(&spec.output_name);
        match File::create_new(&path) {
            Ok(mut file) => file.write_all(spec.id.as_bytes()),
            Err(err) if err.kind() == io::ErrorKind::AlreadyExists && self.check_name(spec).is_ok() => {
                fs::write(&path, &spec.id)
            }
            Err(err) => Err(err),
        }
    }

    /// Whether an output name is free, or this training's own.
    pub(crate) fn check_name(&self, spec: &Spec) -> Result<(), Failure> {
        let path = self.root.join(NAMES).join(&spec.output_name);
        match fs::read_to_string(&path) {
            Ok(owner) if owner != spec.id && self.root.join(&owner).is_dir() => {
                let message =
                    format!("output_name {} is taken by training {owner}", shorten(&spec.output_name));
                Err(Failure::new(ErrorCode::Conflict, message).at("/output_name"))
            }
            Ok(_) => Ok(()),
            Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(err) => Err(write_failure(&path, &err)),
        }
    }

    /// Fails the trainings that a dead worker left running; returns a log line for each.
    pub(crate) fn recover(&self, now: Now) -> Vec<String> {
        let entries = match fs::read_dir(&self.root) {
            Ok(entries) => entries,
            // Without the folder there are no trainings.
            Err(err) if err.kind() == io::ErrorKind::NotFound => return Vec::new(),
            Err(err) => return vec![format!("the trainings cannot be looked through: {err}")],
        };
        let mut notes = Vec::new();
        for entry in entries {
            let recovered = entry.and_then(|entry| {
                let mut record = Record { folder: entry.path(), lock: None };
                record.settle(now).map(|settled| settled.then(|| record.name()))
            });
            match recovered {
                Ok(Some(id)) => {
                    notes.push(format!("training {id} was cut off by a crash: failed, to be resumed"));
                }
                Ok(None) => {}
                Err(err) => notes.push(format!("a training's record cannot be read: {err}")),
            }
        }
        notes
    }
}

impl Record {
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    fn name(&self) -> String {
        self.folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Takes the lock; `false` if another worker has it.
    pub(crate) fn take(&mut self) -> io::Result<bool> {
        let lock = File::options().create(true).append(true).open(self.folder.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => {
                self.lock = Some(lock);
                Ok(true)
            }
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(err)) => Err(err),
        }
    }

    /// Not ours any more.
    pub(crate) fn release(&mut self) {
        self.lock = None;
    }

    /// Fails a training that says it runs and has no owner; whether it did.
    fn settle(&mut self, now: Now) -> io::Result<bool> {
        if !self.folder.join("status.json").is_file() {
            return Ok(false);
        }
        let is_active =
            |status: &Value| status["state"].as_str().is_some_and(|state| ACTIVE.contains(&state));
        if !is_active(&self.status()?) || !self.take()? {
            return Ok(false);
        }
        let mut status = self.status()?;
        let rest = match status["checkpoint_path"].as_str() {
            Some(path) => format!("its last checkpoint is {path}"),
            None => "it had no checkpoint yet".to_owned(),
        };
        let state = status["state"].as_str().unwrap_or_default();
        status["error"] = format!("the worker ended while it was {state}; {rest}").into();
        status["state"] = "failed".into();
        status["updated_at"] = now.stamp().into();
        status["completed_at"] = now.stamp().into();
        if let Value::Object(members) = &mut status {
            members.remove("estimated_seconds_remaining");
        }
        self.write_status(&status)?;
        self.release();
        Ok(true)
    }

    pub(crate) fn job(&self) -> io::Result<Value> {
        self.read("job.json")
    }

    pub(crate) fn write_job(&self, job: &Value) -> io::Result<()> {
        self.write("job.json", job.to_string().as_bytes())
    }

    pub(crate) fn status(&self) -> io::Result<Value> {
        self.read("status.json")
    }

    pub(crate) fn write_status(&self, status: &Value) -> io::Result<()> {
        self.write("status.json", status.to_string().as_bytes())
    }

    /// The rows, oldest first.
    pub(crate) fn history(&self) -> io::Result<Vec<Value>> {
        match fs::read_to_string(self.folder.join("history.jsonl")) {
            // A last line without an LF is a row that a crash cut off.
            Ok(text) => text
                .split_inclusive('\n')
                .filter(|line| line.ends_with('\n'))
                .map(|line| serde_json::from_str(line).map_err(io::Error::other))
                .collect(),
            Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(err) => Err(err),
        }
    }

    pub(crate) fn append_history(&self, rows: &[Value]) -> io::Result<()> {
        let lines: String = rows.iter().map(|row| format!("{row}\n")).collect();
        let mut file = File::options().create(true).append(true).open(self.folder.join("history.jsonl"))?;
        let before = file.metadata()?.len();
        // Half a row would spoil the next one.
        file.write_all(lines.as_bytes()).map_err(|err| match file.set_len(before) {
            Ok(()) => err,
            Err(left) => io::Error::new(err.kind(), format!("{err}; and half a row stays: {left}")),
        })
    }

    /// Drops the rows after a step: they are about to be trained again.
    pub(crate) fn cut_history(&self, step: u64) -> io::Result<()> {
        let mut rows = self.history()?;
        rows.retain(|row| row["step"].as_u64().is_some_and(|at| at <= step));
        let lines: String = rows.iter().map(|row| format!("{row}\n")).collect();
        self.write("history.jsonl", lines.as_bytes())
    }

    /// The last checkpoint and its step.
    pub(crate) fn checkpoint(&self) -> io::Result<Option<(u64, PathBuf)>> {
        let folder = self.folder.join("checkpoints");
        if !folder.is_dir() {
            return Ok(None);
        }
        let mut last = None;
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let step = path
                .file_stem()
                .and_then(|name| name.to_str())
                .and_then(|name| name.strip_prefix("step_")?.parse::<u64>().ok());
            if let Some(step) = step {
                last = last.max(Some((step, path)));
            }
        }
        Ok(last)
    }

    /// Writes a file of the record beside and renames it; its path.
    pub(crate) fn write_at(&self, name: &str, content: &[u8]) -> io::Result<PathBuf> {
        let path = self.folder.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        self.write(name, content)?;
        Ok(path)
    }

    fn write(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let beside = self.folder.join(format!("{name}.{}.part", std::process::id()));
        let written = fs::write(&beside, content).and_then(|()| fs::rename(&beside, self.folder.join(name)));
        written.map_err(|err| match fs::remove_file(&beside) {
            Err(left) if left.kind() != io::ErrorKind::NotFound => {
                io::Error::new(err.kind(), format!("{err}; and half a file stays: {left}"))
            }
            _ => err,
        })
    }

    fn read(&self, name: &str) -> io::Result<Value> {
        serde_json::from_slice(&fs::read(self.folder.join(name))?).map_err(io::Error::other)
    }
}

#[cfg(test)]
mod tests {
    use super::Record;
    use serde_json::json;
    use std::io::ErrorKind;

    #[test]
    fn a_row_that_can_be_neither_written_nor_taken_back_names_both_errors() {
        let home = tempfile::tempdir().expect("a folder");
        // Every write finds no space there, and its length cannot be set.
        std::os::unix::fs::symlink("/dev/full", home.path().join("history.jsonl")).expect("a link");
        let record = Record { folder: home.path().to_owned(), lock: None };
        let err = record.append_history(&[json!({"step": 1})]).expect_err("the device is full");
        assert_eq!(err.kind(), ErrorKind::StorageFull, "{err}");
        assert!(err.to_string().contains("half a row stays"), "{err}");
    }
}

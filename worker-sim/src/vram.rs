//! The models in pretend device and host memory: accounting, eviction of the least recently used.

use contracts::{ErrorCode, Failure};
use serde_json::{Value, json};

use crate::{
    clock::Now,
    models::{Model, family},
};

/// A model that lies somewhere.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) model: Model,
    pub(crate) loaded_at: String,
    /// Bytes of it that lie here: less than the model's where it is offloaded.
    pub(crate) bytes: u64,
    /// The suite that it stays together with.
    pub(crate) suite: Option<String>,
    /// Counts uses; the lowest was used longest ago.
    used: u64,
}

/// One memory: the device's, or the host's cache.
#[derive(Debug)]
pub(crate) struct Memory {
    /// `gpu` or `ram`.
    location: &'static str,
    pub(crate) total: u64,
    pub(crate) held: Vec<Held>,
    /// Memory that the running job, or the last one, works in.
    pub(crate) workspace: u64,
    /// The fault `counts_each_id`.
    pub(crate) counts_each_id: bool,
    uses: u64,
}

impl Memory {
    pub(crate) fn new(location: &'static str, total: u64) -> Self {
        Self { location, total, held: Vec::new(), workspace: 0, counts_each_id: false, uses: 0 }
    }

    pub(crate) fn used(&self) -> u64 {
        self.weights() + self.workspace
    }

    pub(crate) fn weights(&self) -> u64 {
        // A file may have several ids; it lies here once.
        let first = |number: usize, held: &Held| {
            self.counts_each_id
                || !self.held[..number].iter().any(|before| is_same(&before.model, &held.model))
        };
        self.held
            .iter()
            .enumerate()
            .filter(|(number, held)| first(*number, held))
            .map(|(_, held)| held.bytes)
            .sum()
    }

    pub(crate) fn by_id(&self, id: &str) -> Option<&Held> {
        self.held.iter().find(|held| held.model.id == id)
    }

    /// Whether a model's bytes are here, under whatever id.
    pub(crate) fn has(&self, model: &Model) -> bool {
        self.held.iter().any(|held| is_same(&held.model, model))
    }

    /// Puts a model here, or that share of it; one of the same id is replaced.
    pub(crate) fn put(&mut self, model: Model, share: f64, suite: Option<&str>, now: Now) {
        self.uses += 1;
        self.held.retain(|held| held.model.id != model.id);
        self.held.push(Held {
            bytes: part(model.bytes, share),
            model,
            loaded_at: now.stamp(),
            suite: suite.map(str::to_owned),
            used: self.uses,
        });
    }

    /// Keeps that share of models here; the rest of them waits in host memory.
    pub(crate) fn keep_share(&mut self, models: &[Model], share: f64) {
        for held in &mut self.held {
            if models.iter().any(|model| model.path == held.model.path && model.kind == held.model.kind) {
                held.bytes = part(held.model.bytes, share);
            }
        }
    }

    /// Marks a model, and the suite it belongs to, as used now.
    pub(crate) fn touch(&mut self, model: &Model) {
        self.uses += 1;
        let is_it = |held: &Held| held.model.path == model.path && held.model.kind == model.kind;
        let suite = self.held.iter().find(|held| is_it(held)).and_then(|held| held.suite.clone());
        let uses = self.uses;
        for held in &mut self.held {
            if is_it(held) || (suite.is_some() && held.suite == suite) {
                held.used = uses;
            }
        }
    }

    /// Takes out an id, or everything; what went.
    pub(crate) fn take(&mut self, id: Option<&str>) -> Vec<Model> {
        let (taken, kept) = std::mem::take(&mut self.held)
            .into_iter()
            .partition(|held| id.is_none_or(|id| held.model.id == id));
        self.held = kept;
        let taken: Vec<Held> = taken;
        taken.into_iter().map(|held| held.model).collect()
    }

    /// Makes room for models and a workspace: evicts the least recently used models that are not among `keep`, and
    /// returns them. Evicts nothing if there cannot be enough room.
    pub(crate) fn make_room(
        &mut self,
        keep: &[Model],
        more: u64,
        workspace: u64,
    ) -> Result<Vec<Model>, Box<Failure>> {
        let is_kept = |held: &Held| keep.iter().any(|model| is_same(model, &held.model));
        let mut kept: Vec<&Held> = Vec::new();
        for held in self.held.iter().filter(|held| is_kept(held)) {
            if !kept.iter().any(|before| is_same(&before.model, &held.model)) {
                kept.push(held);
            }
        }
        let fixed: u64 = kept.iter().map(|held| held.bytes).sum();
        let needed = fixed + more + workspace;
        if needed > self.total {
            return Err(Box::new(self.out_of_memory(needed)));
        }
        self.workspace = 0;
        let mut evicted = Vec::new();
        while self.weights() + more + workspace > self.total {
            let oldest = self.held.iter().filter(|held| !is_kept(held)).min_by_key(|held| held.used);
            let Some(oldest) = oldest.cloned() else { break };
            let (gone, kept): (Vec<Held>, Vec<Held>) =
                std::mem::take(&mut self.held).into_iter().partition(|held| {
                    !is_kept(held)
                        && (held.model.id == oldest.model.id
                            || (oldest.suite.is_some() && held.suite == oldest.suite))
                });
            self.held = kept;
            evicted.extend(gone.into_iter().map(|held| held.model));
        }
        Ok(evicted)
    }

    /// The failure of what does not fit, with numbers.
    pub(crate) fn out_of_memory(&self, needed: u64) -> Failure {
        let message =
            format!("{needed} bytes are needed and the {} memory has {} in all", self.location, self.total);
        Failure::new(ErrorCode::OutOfMemory, message)
            .detail("needed_bytes", needed)
            .detail("total_bytes", self.total)
            .detail("used_bytes", self.used())
    }

    /// `models[]` of what lies here.
    pub(crate) fn infos(&self) -> impl Iterator<Item = Value> {
        self.held.iter().map(|held| {
            let mut info = json!({
                "model_id": held.model.id,
                "model_type": held.model.kind,
                "model_path": held.model.path.to_string_lossy(),
                "model_size_bytes": held.model.bytes,
                "dtype": "fp16",
                "location": self.location,
                "loaded_at": held.loaded_at,
            });
            if let Some(family) = family(&held.model.kind) {
                info["family"] = family.into();
            }
            info
        })
    }
}

/// Whether two models are one file, under whatever ids.
fn is_same(left: &Model, right: &Model) -> bool {
    left.path == right.path && left.kind == right.kind
}

fn part(bytes: u64, share: f64) -> u64 {
    (bytes as f64 * share) as u64
}

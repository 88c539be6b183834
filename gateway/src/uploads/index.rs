//! The index of the uploads: which files there are, what needs each of them, and their bytes together. No I/O.

use std::{
    collections::{BTreeSet, HashMap},
    path::Path,
    sync::Arc,
};

use contracts::{ErrorCode, Failure};
use tokio::time::Instant;

use crate::outputs;

/// How an image arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// As an upload; an id names it.
    Upload,
    /// Inside a command, as `data:`.
    Input,
}

impl Kind {
    pub(super) fn folder(self) -> &'static str {
        match self {
            Self::Upload => outputs::UPLOADS,
            Self::Input => outputs::INPUTS,
        }
    }
}

#[derive(Debug)]
struct File {
    bytes: u64,
    /// How many commands read it.
    holds: usize,
    /// How many ids name it.
    names: usize,
    /// When it may be removed, if nothing reads or names it.
    until: Instant,
    /// The hash of its content; `None` for a file that this gateway did not write.
    content: Option<(Kind, [u8; 32])>,
}

impl File {
    fn is_free(&self) -> bool {
        self.holds == 0 && self.names == 0
    }
}

/// The index.
#[derive(Debug)]
pub(super) struct UploadIndex {
    files: HashMap<Arc<Path>, File>,
    contents: HashMap<(Kind, [u8; 32]), Arc<Path>>,
    ids: HashMap<String, (Arc<Path>, Instant)>,
    /// Ids by the time of their expiry.
    id_ends: BTreeSet<(Instant, String)>,
    /// Files that nothing reads or names, by the time of their expiry.
    free: BTreeSet<(Instant, Arc<Path>)>,
    bytes: u64,
    bytes_max: u64,
    ids_max: usize,
}

/// A block of the usual file systems: the least that a file takes of the disk.
const BLOCK: u64 = 4096;

/// Returns what a file of this many bytes takes of the disk. Counted by length alone, tiny files could fill it unseen.
pub(super) fn on_disk(bytes: u64) -> u64 {
    bytes.max(1).checked_next_multiple_of(BLOCK).unwrap_or(u64::MAX)
}

impl UploadIndex {
    pub(super) fn new(bytes_max: u64, ids_max: usize) -> Self {
        Self {
            files: HashMap::new(),
            contents: HashMap::new(),
            ids: HashMap::new(),
            id_ends: BTreeSet::new(),
            free: BTreeSet::new(),
            bytes: 0,
            bytes_max,
            ids_max,
        }
    }

    /// Changes an entry. Returns whether the file is free afterwards.
    fn change(&mut self, path: &Arc<Path>, change: impl FnOnce(&mut File)) -> bool {
        let Some(file) = self.files.get_mut(path) else { return false };
        if file.is_free() {
            self.free.remove(&(file.until, path.clone()));
        }
        change(file);
        if file.is_free() {
            self.free.insert((file.until, path.clone()));
        }
        file.is_free()
    }

    fn take(&mut self, path: &Arc<Path>) -> Option<(Arc<Path>, u64)> {
        let file = self.files.remove(path)?;
        self.free.remove(&(file.until, path.clone()));
        if let Some(content) = &file.content
            && self.contents.get(content) == Some(path)
        {
            self.contents.remove(content);
        }
        self.bytes = self.bytes.saturating_sub(file.bytes);
        Some((path.clone(), file.bytes))
    }

    /// Adds a file that was found on the disk.
    pub(super) fn adopt(&mut self, path: Arc<Path>, bytes: u64, until: Instant) {
        self.bytes += bytes;
        self.files.insert(path.clone(), File { bytes, holds: 0, names: 0, until, content: None });
        self.free.insert((until, path));
    }

    /// Reserves bytes for a file that is to be written. Returns the files that must be removed for it, soonest due
    /// first. A file that an id names or a command reads is never among them.
    pub(super) fn reserve(
        &mut self,
        bytes: u64,
        now: Instant,
    ) -> Result<Vec<(Arc<Path>, u64)>, Box<Failure>> {
        self.end_names(now);
        let mut evicted = Vec::new();
        let freeable: u64 = self.free.iter().filter_map(|(_, path)| Some(self.own(path)?.bytes)).sum();
        if (self.bytes - freeable).saturating_add(bytes) > self.bytes_max {
            return Err(full(self.bytes - freeable, self.bytes_max));
        }
        while self.bytes + bytes > self.bytes_max {
            let next =
                self.free.iter().find(|(_, path)| self.own(path).is_some()).map(|(_, path)| path.clone());
            let Some(next) = next else { break };
            evicted.extend(self.take(&next));
        }
        self.bytes += bytes;
        Ok(evicted)
    }

    /// The entry of a file that this gateway wrote. A file that was found may belong to another gateway.
    fn own(&self, path: &Arc<Path>) -> Option<&File> {
        self.files.get(path).filter(|file| file.content.is_some())
    }

    /// Returns the bytes of a file that could not be written.
    pub(super) fn unreserve(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    /// Adds a written file, whose bytes are reserved. It is held once.
    pub(super) fn put(&mut self, kind: Kind, digest: [u8; 32], path: Arc<Path>, bytes: u64) {
        let content = (kind, digest);
        let file = File { bytes, holds: 1, names: 0, until: Instant::now(), content: Some(content) };
        self.files.insert(path.clone(), file);
        self.contents.insert(content, path);
    }

    /// Holds the file with this content; `None` if there is none.
    pub(super) fn hold_same(&mut self, kind: Kind, digest: &[u8; 32]) -> Option<Arc<Path>> {
        let path = self.contents.get(&(kind, *digest))?.clone();
        self.change(&path, |file| file.holds += 1);
        Some(path)
    }

    /// Notes that the file with this content is gone from the disk, so that no further command gets it.
    pub(super) fn lose(&mut self, kind: Kind, digest: &[u8; 32]) {
        self.contents.remove(&(kind, *digest));
    }

    /// Releases a hold. An input that nothing needs any more stays `until` then. Returns whether the file may be
    /// removed at once.
    pub(super) fn release(&mut self, path: &Arc<Path>, until: Instant) -> bool {
        let is_input = |file: &File| file.content.is_some_and(|(kind, _)| kind == Kind::Input);
        let mut at_once = false;
        let is_free = self.change(path, |file| {
            file.holds = file.holds.saturating_sub(1);
            at_once = !is_input(file);
            if !at_once {
                file.until = until;
            }
        });
        is_free && at_once
    }

    /// Checks that one more id may be given.
    pub(super) fn may_name(&mut self, now: Instant) -> Result<(), Box<Failure>> {
        self.end_names(now);
        if self.ids.len() < self.ids_max { Ok(()) } else { Err(too_many(self.ids_max)) }
    }

    /// Names a file. Checked again, because other uploads may have taken the last names since [`UploadIndex::may_name`].
    pub(super) fn name(
        &mut self,
        id: String,
        path: Arc<Path>,
        until: Instant,
        now: Instant,
    ) -> Result<(), Box<Failure>> {
        self.may_name(now)?;
        self.change(&path, |file| file.names += 1);
        self.id_ends.insert((until, id.clone()));
        self.ids.insert(id, (path, until));
        Ok(())
    }

    /// Holds the file of an id; `None` if there is no such id.
    pub(super) fn hold_named(&mut self, id: &str, now: Instant) -> Option<Arc<Path>> {
        self.end_names(now);
        let path = self.ids.get(id)?.0.clone();
        self.change(&path, |file| file.holds += 1);
        Some(path)
    }

    /// Removes an id. Returns whether there was one.
    pub(super) fn unname(&mut self, id: &str, now: Instant) -> bool {
        self.end_names(now);
        let Some((path, until)) = self.ids.remove(id) else { return false };
        self.id_ends.remove(&(until, id.to_owned()));
        self.change(&path, |file| {
            file.names -= 1;
            file.until = now;
        });
        true
    }

    fn end_names(&mut self, now: Instant) {
        while let Some((until, id)) = self.id_ends.first().filter(|(until, _)| *until <= now).cloned() {
            self.id_ends.remove(&(until, id.clone()));
            if let Some((path, _)) = self.ids.remove(&id) {
                self.change(&path, |file| {
                    file.names -= 1;
                    file.until = now;
                });
            }
        }
    }

    /// Removes the files whose time is over from the index, and returns them.
    pub(super) fn due(&mut self, now: Instant) -> Vec<(Arc<Path>, u64)> {
        self.end_names(now);
        let mut due = Vec::new();
        while let Some((_, path)) = self.free.first().filter(|(until, _)| *until <= now).cloned() {
            due.extend(self.take(&path));
        }
        due
    }

    /// The files that commands are reading.
    pub(super) fn read(&self) -> Vec<Arc<Path>> {
        self.files.iter().filter(|(_, file)| file.holds > 0).map(|(path, _)| path.clone()).collect()
    }
}

fn full(bytes: u64, bytes_max: u64) -> Box<Failure> {
    let message = format!("images of {bytes} bytes are kept already, and at most {bytes_max} may be");
    let failure = Failure::new(ErrorCode::StorageFull, message).hint(
        "DELETE /v1/uploads/{id} what is no longer needed, or have the operator raise inputs_bytes_max",
    );
    Box::new(failure.detail("bytes", bytes).detail("bytes_max", bytes_max))
}

fn too_many(ids_max: usize) -> Box<Failure> {
    let message = format!("{ids_max} uploads are kept already");
    let failure = Failure::new(ErrorCode::StorageFull, message)
        .hint("DELETE /v1/uploads/{id} what is no longer needed, or have the operator raise uploads_max");
    Box::new(failure.detail("uploads_max", ids_max))
}

#[cfg(test)]
mod tests {
    use std::{path::Path, sync::Arc, time::Duration};

    use tokio::time::Instant;

    use super::{Kind, UploadIndex, on_disk};

    fn put(index: &mut UploadIndex, kind: Kind, n: u8, bytes: u64) -> Option<Arc<Path>> {
        index.reserve(bytes, Instant::now()).ok()?;
        let path: Arc<Path> = Path::new(&format!("/{n}")).into();
        index.put(kind, [n; 32], path.clone(), bytes);
        Some(path)
    }

    fn paths(files: Vec<(Arc<Path>, u64)>) -> Vec<String> {
        files.into_iter().map(|(path, _)| path.display().to_string()).collect()
    }

    #[test]
    fn an_input_goes_when_its_time_is_over_and_not_while_it_is_read() {
        let (mut index, now) = (UploadIndex::new(100, 10), Instant::now());
        let later = now + Duration::from_secs(60);
        let path = put(&mut index, Kind::Input, 1, 10).unwrap();
        assert_eq!(index.hold_same(Kind::Input, &[1; 32]), Some(path.clone()));
        assert!(!index.release(&path, later));
        assert!(paths(index.due(later)).is_empty(), "it is read");
        assert!(!index.release(&path, later));
        assert!(paths(index.due(now)).is_empty(), "its time is not over");
        assert_eq!(paths(index.due(later)), ["/1"]);
        assert_eq!((index.bytes, index.hold_same(Kind::Input, &[1; 32])), (0, None));
    }

    #[test]
    fn an_upload_stays_while_one_id_names_it_or_a_command_reads_it() {
        let (mut index, now) = (UploadIndex::new(100, 10), Instant::now());
        let day = now + Duration::from_secs(86_400);
        let path = put(&mut index, Kind::Upload, 1, 10).unwrap();
        index.name("a".to_owned(), path.clone(), day, now).unwrap();
        index.name("b".to_owned(), path.clone(), day, now).unwrap();
        assert!(!index.release(&path, now));
        assert!(index.unname("a", now) && !index.unname("a", now));
        assert!(paths(index.due(now)).is_empty(), "b names it");
        assert_eq!(index.hold_named("b", now), Some(path.clone()));
        assert!(index.unname("b", now));
        assert!(paths(index.due(day)).is_empty(), "a command reads it");
        assert!(index.release(&path, day), "it may go at once");
        assert_eq!(paths(index.due(now)), ["/1"]);
        assert_eq!(index.hold_named("b", now), None);
    }

    #[test]
    fn an_id_ends_with_its_time() {
        let (mut index, now) = (UploadIndex::new(100, 10), Instant::now());
        let path = put(&mut index, Kind::Upload, 1, 10).unwrap();
        index.name("a".to_owned(), path.clone(), now + Duration::from_secs(1), now).unwrap();
        index.release(&path, now);
        let end = now + Duration::from_secs(1);
        assert_eq!(index.hold_named("a", end), None);
        assert_eq!(paths(index.due(end)), ["/1"]);
    }

    #[test]
    fn a_full_budget_evicts_what_was_promised_to_nobody_and_refuses_else() {
        let (mut index, now) = (UploadIndex::new(100, 10), Instant::now());
        let later = now + Duration::from_secs(60);
        let first = put(&mut index, Kind::Input, 1, 40).unwrap();
        let named = put(&mut index, Kind::Upload, 2, 40).unwrap();
        index.name("a".to_owned(), named.clone(), later, now).unwrap();
        index.release(&named, now);
        assert!(put(&mut index, Kind::Input, 3, 40).is_none(), "both are needed");
        assert_eq!(index.bytes, 80);
        index.release(&first, later);
        assert_eq!(paths(index.reserve(40, now).unwrap()), ["/1"]);
        assert_eq!(index.bytes, 80);
        index.unreserve(40);
        let failure = index.reserve(61, now).unwrap_err();
        assert_eq!(failure.code.as_str(), "storage_full");
        assert!(index.reserve(60, now).is_ok());
    }

    #[test]
    fn a_tiny_file_takes_a_block() {
        for (bytes, taken) in [(0, 4096), (1, 4096), (4096, 4096), (4097, 8192), (u64::MAX, u64::MAX)] {
            assert_eq!(on_disk(bytes), taken, "{bytes}");
        }
    }

    #[test]
    fn names_are_bounded_and_one_that_ends_makes_room() {
        let (mut index, now) = (UploadIndex::new(100, 1), Instant::now());
        let (soon, later) = (now + Duration::from_secs(1), now + Duration::from_secs(2));
        let path = put(&mut index, Kind::Upload, 1, 10).unwrap();
        assert!(index.may_name(now).is_ok());
        index.name("a".to_owned(), path.clone(), soon, now).unwrap();
        // Two that looked at the same time: the second has no place.
        assert!(index.name("late".to_owned(), path.clone(), soon, now).is_err());
        let failure = index.may_name(now).unwrap_err();
        assert_eq!(failure.code.as_str(), "storage_full");
        assert!(failure.hint.is_some_and(|hint| hint.contains("uploads_max")));
        assert!(index.may_name(soon).is_ok(), "its time is over");
        index.name("b".to_owned(), path, later, now).unwrap();
        assert!(index.may_name(soon).is_err());
        assert!(index.unname("b", soon) && index.may_name(soon).is_ok());
    }

    #[test]
    fn what_was_found_goes_by_age_alone() {
        let (mut index, now) = (UploadIndex::new(100, 10), Instant::now());
        let later = now + Duration::from_secs(60);
        index.adopt(Path::new("/found").into(), 90, later);
        assert!(index.reserve(20, now).is_err(), "it may be another gateway's");
        assert!(paths(index.due(now)).is_empty());
        assert_eq!(paths(index.due(later)), ["/found"]);
        assert!(index.reserve(20, now).is_ok());
    }
}

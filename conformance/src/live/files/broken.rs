//! Model files as users have them: what stopped downloads, pages, links and wrong names make of a sound file.

use serde_json::{Map, Value};
use std::{
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

/// Bytes of the length in front of a header.
const LENGTH: usize = 8;

/// A page that a hub sends in place of a file.
const PAGE: &str =
    "<!DOCTYPE html>\n<html><head><title>404</title></head><body>Repository not found</body></html>\n";

/// A file that git leaves where Git LFS is not installed.
const POINTER: &str = "version https://git-lfs.github.com/spec/v1\n\
    oid sha256:31e35c80fc4829d14f90153f4c74cd59c90b779f6afe05a74cd6120b893f7e5b\nsize 6938078334\n";

/// The beginning of a file that torch writes: a zip archive with a pickle in it.
const PICKLE: &[u8] = b"PK\x03\x04\0\0\x08\x08\0\0\0\0\0\0\0\0\0\0archive/data.pkl\x80\x02}q\x00.PK\x05\x06";

/// A sound `.safetensors` file, and what can be made of it.
pub(super) struct Sound {
    path: PathBuf,
    bytes: Vec<u8>,
    header: Map<String, Value>,
    data_begin: usize,
}

/// Writes a file at a path.
pub(super) type Make = fn(&Sound, &Path) -> io::Result<()>;

impl Sound {
    /// Reads one.
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        let odd = |what: &str| io::Error::other(format!("it is no sound .safetensors file: {what}"));
        let bytes = fs::read(path)?;
        let length = bytes.first_chunk::<LENGTH>().ok_or_else(|| odd("it is too short"))?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| odd("its length"))?;
        let data_begin = length.saturating_add(LENGTH);
        let text = bytes.get(LENGTH..data_begin).ok_or_else(|| odd("its header is cut"))?;
        let header = serde_json::from_slice(text).map_err(|err| odd(&err.to_string()))?;
        Ok(Self { path: path.to_owned(), bytes, header, data_begin })
    }

    /// Writes bytes, and beside them the configuration that the sound file has: the bytes alone are to blame.
    fn put(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let config = self.path.with_extension("config");
        if config.is_dir() {
            copy_folder(&config, &path.with_extension("config"))?;
        }
        fs::write(path, bytes)
    }

    /// The whole file.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The entries of its tensors.
    pub(super) fn tensors(&self) -> impl Iterator<Item = &Value> {
        self.header.iter().filter(|(name, _)| *name != "__metadata__").map(|(_, tensor)| tensor)
    }

    fn data(&self) -> &[u8] {
        &self.bytes[self.data_begin..]
    }

    /// The same tensors' bytes behind another header.
    fn with_header(&self, header: &str) -> Vec<u8> {
        with_data(header, self.data())
    }

    /// The two largest tensors, the largest first.
    pub(super) fn largest(&self) -> io::Result<[(&str, u64, u64); 2]> {
        let range = |tensor: &Value, at: usize| tensor["data_offsets"][at].as_u64();
        let mut tensors: Vec<(&str, u64, u64)> = self
            .header
            .iter()
            .filter_map(|(name, tensor)| Some((name.as_str(), range(tensor, 0)?, range(tensor, 1)?)))
            .collect();
        tensors.sort_by_key(|(_, begin, end)| std::cmp::Reverse(end.saturating_sub(*begin)));
        match tensors[..] {
            [first, second, ..] => Ok([first, second]),
            _ => Err(io::Error::other("it has fewer than two tensors")),
        }
    }
}

fn with_data(header: &str, data: &[u8]) -> Vec<u8> {
    // Writers pad the header with blanks to eight bytes.
    let blanks = header.len().next_multiple_of(LENGTH) - header.len();
    let header = format!("{header}{}", " ".repeat(blanks));
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
}

fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

pub(super) fn copy(sound: &Sound, path: &Path) -> io::Result<()> {
    sound.put(path, &sound.bytes)
}

/// A sound file of other weights: the halves of the largest tensor change places.
pub(super) fn turned(sound: &Sound, path: &Path) -> io::Result<()> {
    let (_, begin, end) = sound.largest()?[0];
    let at = |offset: u64| {
        usize::try_from(offset).map(|offset| offset + sound.data_begin).map_err(io::Error::other)
    };
    let (begin, end) = (at(begin)?, at(end)?);
    let mut bytes = sound.bytes.clone();
    // Whole numbers of any width stay whole.
    let half = (end - begin) / 2 / 8 * 8;
    bytes[begin..end].rotate_left(half);
    sound.put(path, &bytes)
}

pub(super) fn empty(sound: &Sound, path: &Path) -> io::Result<()> {
    sound.put(path, b"")
}

pub(super) fn page(sound: &Sound, path: &Path) -> io::Result<()> {
    sound.put(path, PAGE.as_bytes())
}

pub(super) fn lfs_pointer(sound: &Sound, path: &Path) -> io::Result<()> {
    sound.put(path, POINTER.as_bytes())
}

pub(super) fn pickle(sound: &Sound, path: &Path) -> io::Result<()> {
    sound.put(path, PICKLE)
}

pub(super) fn cut_in_header(sound: &Sound, path: &Path) -> io::Result<()> {
    sound.put(path, &sound.bytes[..sound.data_begin / 2])
}

pub(super) fn cut_in_data(sound: &Sound, path: &Path) -> io::Result<()> {
    sound.put(path, &sound.bytes[..sound.bytes.len() - 1])
}

/// A download that reserved the whole file and stopped behind the header.
pub(super) fn reserved(sound: &Sound, path: &Path) -> io::Result<()> {
    let header = &sound.bytes[..sound.data_begin];
    sound.put(path, &[header, &vec![0; sound.data().len()]].concat())
}

pub(super) fn overlap(sound: &Sound, path: &Path) -> io::Result<()> {
    let [(_, into, _), (name, begin, end)] = sound.largest()?;
    let mut header = sound.header.clone();
    header[name]["data_offsets"] = Value::from(vec![into, into + (end - begin)]);
    sound.put(path, &sound.with_header(&Value::from(header).to_string()))
}

/// One name twice: readers differ in which of the two they take.
pub(super) fn name_twice(sound: &Sound, path: &Path) -> io::Result<()> {
    let [(name, begin, end), (_, into, _)] = sound.largest()?;
    let mut moved = sound.header[name].clone();
    moved["data_offsets"] = Value::from(vec![into, into + (end - begin)]);
    let header = Value::from(sound.header.clone()).to_string();
    let header = format!("{{{}:{moved},{}", Value::from(name), &header[1..]);
    sound.put(path, &sound.with_header(&header))
}

pub(super) fn no_json(sound: &Sound, path: &Path) -> io::Result<()> {
    sound.put(path, &sound.with_header("{\"model\": not JSON"))
}

pub(super) fn folder(_: &Sound, path: &Path) -> io::Result<()> {
    fs::create_dir(path)
}

pub(super) fn link_to_itself(_: &Sound, path: &Path) -> io::Result<()> {
    symlink(path, path)
}

pub(super) fn link_to_nothing(_: &Sound, path: &Path) -> io::Result<()> {
    symlink(path.with_extension("gone"), path)
}

/// A link to the program of the suite: it is there, and in no root of models.
pub(super) fn link_out(_: &Sound, path: &Path) -> io::Result<()> {
    match symlink(std::env::current_exe()?, path) {
        // Another scenario has made it.
        Err(err) if err.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    }
}

/// A LoRA of one layer, which no base of SDXL's architecture has.
pub(super) fn lora_of_another_base(path: &Path) -> io::Result<()> {
    const LAYER: &str = "transformer.single_transformer_blocks.0.attn.to_q";
    let tensor = |shape: [u64; 2], begin: u64| {
        let end = begin + 4 * shape[0] * shape[1];
        serde_json::json!({"dtype": "F32", "shape": shape, "data_offsets": [begin, end]})
    };
    let header = Map::from_iter([
        (format!("{LAYER}.lora_A.weight"), tensor([4, 8], 0)),
        (format!("{LAYER}.lora_B.weight"), tensor([8, 4], 128)),
    ]);
    let data: Vec<u8> = (1..=64).flat_map(|number: u8| (f32::from(number) / 64.0).to_le_bytes()).collect();
    fs::write(path, with_data(&Value::from(header).to_string(), &data))
}

//! The header of a safetensors file: names and descriptions of its tensors.

use std::{
    fmt,
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

use serde::{
    Deserialize,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::{Map, Value};

/// A header may have this many bytes, as the library allows.
const HEADER_BYTES_MAX: u64 = 100_000_000;

/// Bytes of the length in front of a header.
const LENGTH_BYTES: u64 = 8;

/// A trained matrix differs from 0 in its first numbers; only one that does not is read on.
const FIRST_BYTES: usize = 64;

/// The error of a file that is not a safetensors file. Causes stand in the sentence.
#[derive(Debug, thiserror::Error)]
pub enum HeaderError {
    /// It cannot be read.
    #[error("{0}")]
    Unreadable(io::Error),
    /// It is shorter than its header says.
    #[error("it says that its header has {length} bytes, and the file has {size}")]
    Length {
        /// Bytes of the header, as the file says.
        length: u64,
        /// Bytes of the file.
        size: u64,
    },
    /// Its header is not JSON, or has a name twice.
    #[error("its header is no JSON of a model: {0}")]
    NoJson(serde_json::Error),
    /// There is nothing in it.
    #[error("it holds no tensors")]
    Empty,
    /// A tensor lies outside of it.
    #[error("the tensor {tensor:?} lies beyond the end of the file")]
    Beyond {
        /// Its name.
        tensor: String,
    },
    /// Bytes belong to two tensors, or to none.
    #[error("the tensor {tensor:?} does not begin where the one before it ends")]
    Apart {
        /// Its name.
        tensor: String,
    },
    /// Bytes behind the last tensor.
    #[error("{bytes} bytes after the last tensor belong to none")]
    Rest {
        /// Their number.
        bytes: u64,
    },
    /// A matrix that was never written.
    #[error("it has nothing but zeros in {tensor:?}, as a download that stopped")]
    Unwritten {
        /// Its name.
        tensor: String,
    },
}

impl From<io::Error> for HeaderError {
    fn from(err: io::Error) -> Self {
        Self::Unreadable(err)
    }
}

/// Reads the header of a file of `size` bytes. Its tensors must fill the rest of the file; of the tensors nothing is read.
///
/// # Errors
/// [`HeaderError`] if it is not a safetensors file.
pub fn header(mut from: impl Read, size: u64) -> Result<Map<String, Value>, HeaderError> {
    let mut open = || -> io::Result<(u64, Vec<u8>)> {
        let mut length = [0; LENGTH_BYTES as usize];
        from.read_exact(&mut length)?;
        let length = u64::from_le_bytes(length);
        let mut text = Vec::new();
        if length <= HEADER_BYTES_MAX.min(size) {
            from.by_ref().take(length).read_to_end(&mut text)?;
        }
        Ok((length, text))
    };
    let (length, text) = open()?;
    if text.len() as u64 != length {
        return Err(HeaderError::Length { length, size });
    }
    let Unique(header) = serde_json::from_slice(&text).map_err(HeaderError::NoJson)?;
    // The file may have shrunk since its size was asked.
    require_filled(&header, size.saturating_sub(LENGTH_BYTES).saturating_sub(length))?;
    Ok(header)
}

/// The members of an object without a name that stands twice: readers differ in which of the two they take.
struct Unique(Map<String, Value>);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Unique;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Unique, A::Error> {
                let mut members = Map::new();
                while let Some((name, value)) = from.next_entry::<String, Value>()? {
                    if members.contains_key(&name) {
                        return Err(A::Error::custom(format_args!(
                            "{} stands twice",
                            contracts::shorten(&name)
                        )));
                    }
                    members.insert(name, value);
                }
                Ok(Unique(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// The tensors of a header.
pub(crate) fn tensors(header: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    header.iter().filter(|(name, _)| *name != "__metadata__")
}

/// Where a tensor's bytes lie behind the header.
fn range(tensor: &Value) -> Option<(u64, u64)> {
    let offset = |at: usize| tensor["data_offsets"][at].as_u64();
    Some((offset(0)?, offset(1)?))
}

/// Every byte behind the header must belong to one tensor.
fn require_filled(header: &Map<String, Value>, data: u64) -> Result<(), HeaderError> {
    let mut ranges = Vec::new();
    for (name, tensor) in tensors(header) {
        match range(tensor).filter(|(begin, end)| begin <= end && *end <= data) {
            Some((begin, end)) => ranges.push((begin, end, name)),
            None => return Err(HeaderError::Beyond { tensor: name.clone() }),
        }
    }
    if ranges.is_empty() {
        return Err(HeaderError::Empty);
    }
    ranges.sort_unstable();
    let mut filled = 0;
    for (begin, end, name) in ranges {
        if begin != filled {
            return Err(HeaderError::Apart { tensor: name.clone() });
        }
        filled = end;
    }
    if filled == data { Ok(()) } else { Err(HeaderError::Rest { bytes: data - filled }) }
}

/// Reads the header of a file.
pub(crate) fn header_of(path: &Path) -> Result<Map<String, Value>, HeaderError> {
    let (file, size) = open(path)?;
    header(file, size)
}

fn open(path: &Path) -> io::Result<(File, u64)> {
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    Ok((file, size))
}

/// Looks for a matrix of nothing but zeros in a file of that header.
///
/// # Errors
/// [`HeaderError::Unwritten`] if there is one; [`HeaderError::Unreadable`].
pub(crate) fn require_written(path: &Path, header: &Map<String, Value>) -> Result<(), HeaderError> {
    let (mut file, _) = open(path)?;
    let mut length = [0; LENGTH_BYTES as usize];
    file.read_exact(&mut length)?;
    let data = LENGTH_BYTES.saturating_add(u64::from_le_bytes(length));
    for (name, tensor) in tensors(header).filter(|(_, tensor)| is_matrix(tensor)) {
        let Some((begin, end)) = range(tensor).filter(|(begin, end)| begin < end) else { continue };
        if is_zero(&mut file, data.saturating_add(begin), end - begin)? {
            return Err(HeaderError::Unwritten { tensor: name.clone() });
        }
    }
    Ok(())
}

/// Whether it is a matrix of numbers of 16 bits or more: those of 8 bits round small numbers to 0.
fn is_matrix(tensor: &Value) -> bool {
    let is_float = matches!(tensor["dtype"].as_str(), Some("F16" | "BF16" | "F32" | "F64"));
    is_float && tensor["shape"].as_array().is_some_and(|sides| sides.len() > 1)
}

fn is_zero(file: &mut File, at: u64, length: u64) -> io::Result<bool> {
    file.seek(SeekFrom::Start(at))?;
    let mut rest = Read::take(file, length);
    let mut buffer = vec![0; FIRST_BYTES];
    loop {
        let read = rest.read(&mut buffer)?;
        if read == 0 {
            return Ok(true);
        }
        if buffer[..read].iter().any(|byte| *byte != 0) {
            return Ok(false);
        }
        buffer.resize(1 << 20, 0);
    }
}

/// The type of model that a header says.
pub(crate) fn kind(header: &Map<String, Value>) -> Option<&str> {
    header.get("__metadata__")?["model_type"].as_str()
}

//! The header of a safetensors file: names and descriptions of its tensors.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

use contracts::shorten;
use serde_json::{Map, Value};

/// A header may have this many bytes, as the library allows.
const HEADER_BYTES_MAX: u64 = 100_000_000;

/// Longest name of a tensor, characters. Sentences quote names; those of real files have some 100.
const NAME_MAX: usize = 1000;

/// Most sides of a tensor: more than any library makes.
const SIDES_MAX: usize = 64;

/// Bytes of the length in front of a header.
const LENGTH_BYTES: u64 = 8;

/// The types of numbers that a tensor may have, and the bytes of one.
const DTYPES: &[(&[&str], u64)] = &[
    (&["BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2"], 1),
    (&["I16", "U16", "F16", "BF16"], 2),
    (&["I32", "U32", "F32"], 4),
    (&["I64", "U64", "F64"], 8),
];

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
    /// Its header is JSON of another shape.
    #[error("its header is no JSON of a model: {what}")]
    NoHeader {
        /// What is wrong.
        what: String,
    },
    /// A name that no sentence can quote.
    #[error("the name of a tensor has {characters} characters, and {NAME_MAX} are read: {}", shorten(tensor))]
    LongName {
        /// Its characters.
        characters: usize,
        /// The name.
        tensor: String,
    },
    /// A shape that no tensor has.
    #[error("the tensor {tensor:?} has {sides} sides, and {SIDES_MAX} are read")]
    Sides {
        /// Its name.
        tensor: String,
        /// Their number.
        sides: usize,
    },
    /// A type of numbers that the format does not have.
    #[error("the tensor {tensor:?} has the unknown type {}", shorten(dtype))]
    Dtype {
        /// Its name.
        tensor: String,
        /// Its type.
        dtype: String,
    },
    /// A tensor has more or fewer bytes than its shape.
    #[error("the tensor {tensor:?} has {bytes} bytes, which its shape and type do not make")]
    Shape {
        /// Its name.
        tensor: String,
        /// Its bytes.
        bytes: u64,
    },
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
    // A name that stands twice, at any depth: readers differ in which of the two they take.
    let Value::Object(header) = contracts::unique(&text).map_err(HeaderError::NoJson)? else {
        return Err(HeaderError::NoHeader { what: "it is no object".to_owned() });
    };
    require_text(&header)?;
    // The file may have shrunk since its size was asked.
    require_filled(&header, size.saturating_sub(LENGTH_BYTES).saturating_sub(length))?;
    Ok(header)
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

/// The bytes of a number of a type; `None` of an unknown one.
fn width(dtype: &str) -> Option<u64> {
    DTYPES.iter().find(|(names, _)| names.contains(&dtype)).map(|(_, bytes)| *bytes)
}

/// The numbers that a tensor holds by its shape; `None` if that is none, or more than any file has.
fn elements(tensor: &Value) -> Option<u64> {
    let sides = tensor["shape"].as_array()?;
    let sides: Vec<u64> = sides.iter().map(Value::as_u64).collect::<Option<_>>()?;
    if sides.contains(&0) {
        return Some(0);
    }
    sides.into_iter().try_fold(1_u64, u64::checked_mul)
}

/// The metadata are texts, as every reader of the format has it.
fn require_text(header: &Map<String, Value>) -> Result<(), HeaderError> {
    let is_text = |about: &Value| about.as_object().is_some_and(|about| about.values().all(Value::is_string));
    match header.get("__metadata__") {
        Some(about) if !is_text(about) => {
            Err(HeaderError::NoHeader { what: "__metadata__ is no map of texts".to_owned() })
        }
        _ => Ok(()),
    }
}

/// A sentence must be able to describe the tensor: its name and its shape may be as long as the header.
fn require_short(name: &str, tensor: &Value) -> Result<(), HeaderError> {
    let characters = name.chars().count();
    if characters > NAME_MAX {
        return Err(HeaderError::LongName { characters, tensor: name.to_owned() });
    }
    match tensor["shape"].as_array().map(Vec::len) {
        Some(sides) if sides > SIDES_MAX => Err(HeaderError::Sides { tensor: name.to_owned(), sides }),
        _ => Ok(()),
    }
}

/// Every byte behind the header must belong to one tensor, as its type and its shape say.
fn require_filled(header: &Map<String, Value>, data: u64) -> Result<(), HeaderError> {
    let mut ranges = Vec::new();
    for (name, tensor) in tensors(header) {
        require_short(name, tensor)?;
        let Some((begin, end)) = range(tensor).filter(|(begin, end)| begin <= end && *end <= data) else {
            return Err(HeaderError::Beyond { tensor: name.clone() });
        };
        let dtype = tensor["dtype"].as_str().unwrap_or("none");
        let Some(width) = width(dtype) else {
            return Err(HeaderError::Dtype { tensor: name.clone(), dtype: dtype.to_owned() });
        };
        if elements(tensor).and_then(|elements| elements.checked_mul(width)) != Some(end - begin) {
            return Err(HeaderError::Shape { tensor: name.clone(), bytes: end - begin });
        }
        ranges.push((begin, end, name));
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

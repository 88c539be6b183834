//! The header of a safetensors file: names and descriptions of its tensors.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use serde_json::{Map, Value};

/// A header may have this many bytes, as the library allows.
const HEADER_BYTES_MAX: u64 = 100_000_000;

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
    /// Its header is not JSON.
    #[error("its header is no JSON: {0}")]
    NoJson(serde_json::Error),
    /// A tensor lies outside of it.
    #[error("the tensor {tensor:?} lies beyond the end of the file")]
    Beyond {
        /// Its name.
        tensor: String,
    },
}

impl From<io::Error> for HeaderError {
    fn from(err: io::Error) -> Self {
        Self::Unreadable(err)
    }
}

/// Reads the header of a file of `size` bytes. Every tensor must lie in the file; of the tensors nothing is read.
///
/// # Errors
/// [`HeaderError`] if it is not a safetensors file.
pub fn header(mut from: impl Read, size: u64) -> Result<Map<String, Value>, HeaderError> {
    let mut open = || -> io::Result<(u64, Vec<u8>)> {
        let mut length = [0; 8];
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
    let header: Map<String, Value> = serde_json::from_slice(&text).map_err(HeaderError::NoJson)?;
    // The file may have shrunk since its size was asked.
    let data = size.saturating_sub(8).saturating_sub(length);
    let beyond = header.iter().find(|(name, tensor)| {
        *name != "__metadata__" && tensor["data_offsets"][1].as_u64().is_none_or(|end| end > data)
    });
    match beyond {
        Some((name, _)) => Err(HeaderError::Beyond { tensor: name.clone() }),
        None => Ok(header),
    }
}

/// Reads the header of a file.
pub(crate) fn header_of(path: &Path) -> Result<Map<String, Value>, HeaderError> {
    let open = || {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        io::Result::Ok((file, size))
    };
    let (file, size) = open()?;
    header(file, size)
}

/// The type of model that a header says.
pub(crate) fn kind(header: &Map<String, Value>) -> Option<&str> {
    header.get("__metadata__")?["model_type"].as_str()
}

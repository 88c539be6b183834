//! Files that a command reads, up to a size: a device or a pipe without an end must not fill the memory.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

/// 32 MiB: a hundred times our largest schema. The parsed form of a document takes some twenty times its text.
const BYTES_MAX: u64 = 32 * 1024 * 1024;

/// The bytes of a file.
///
/// # Errors
/// [`io::Error`] if it cannot be read, or has more than 32 MiB.
pub fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    bytes_of(File::open(path)?)
}

/// What a source gives until its end.
///
/// # Errors
/// As [`bytes`].
pub fn bytes_of(source: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(BYTES_MAX + 1).read_to_end(&mut bytes)?;
    check_size(bytes.len() as u64)?;
    Ok(bytes)
}

/// The text of a file.
pub(crate) fn text(path: &Path) -> io::Result<String> {
    String::from_utf8(bytes(path)?)
        .map_err(|err| io::Error::new(io::ErrorKind::InvalidData, err.utf8_error()))
}

/// Refuses a file that another program is to read whole: a device, a pipe or one that is too large.
pub(crate) fn check(path: &Path) -> io::Result<()> {
    let metadata = path.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    check_size(metadata.len())
}

fn check_size(bytes: u64) -> io::Result<()> {
    if bytes <= BYTES_MAX {
        return Ok(());
    }
    let why = format!("it has more than {} MiB, the limit for one file", BYTES_MAX / (1024 * 1024));
    Err(io::Error::new(io::ErrorKind::FileTooLarge, why))
}

//! The null device as stdin or stdout.

use std::{
    fs::File,
    io,
    os::{
        fd::AsFd,
        unix::fs::{FileTypeExt, MetadataExt},
    },
};

/// Whether a pipe of this process is the null device. The runtime of the language opens that for a descriptor that is
/// closed at the start, so that the two cannot be told apart.
pub fn is_null(pipe: &impl AsFd) -> bool {
    let is_null = || {
        let file = File::from(pipe.as_fd().try_clone_to_owned()?);
        let (file, null) = (file.metadata()?, std::fs::metadata("/dev/null")?);
        io::Result::Ok(file.file_type().is_char_device() && file.rdev() == null.rdev())
    };
    // A pipe that cannot be had fails where it is used, with that error: nothing is lost by `false` here.
    is_null().unwrap_or(false)
}

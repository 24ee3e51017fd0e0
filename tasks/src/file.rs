//! Files of the user's.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use crate::TaskError;

/// Opens a regular file: a pipe would be waited for.
pub(crate) fn open(path: &Path) -> Result<File, TaskError> {
    let failed = |error: io::Error| unreadable(path, error.to_string());
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(unreadable(path, "it is no file".into()));
    }
    File::open(path).map_err(failed)
}

/// Why a file could not be read.
pub(crate) fn unreadable(path: &Path, reason: String) -> TaskError {
    TaskError::File { action: "read", path: path.into(), reason }
}

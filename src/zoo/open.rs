//! A checkpoint by what a user calls it: a path, a network that comes with the program, or one on the hub.

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
};

use super::{embedded::ALL, meant};
use crate::{
    checkpoint::{Checkpoint, read},
    error::{Error, Result},
    hub::{self, Reference},
};

/// Reads the checkpoint that `reference` names: a file, a run directory, the name of a network that comes with the
/// program, or `hf:owner/repo[@revision][/file]` on the [hub].
///
/// # Errors
/// If there is no such file, it cannot be downloaded, or it is not a complete and consistent checkpoint of a format
/// this program knows.
pub fn open(reference: impl AsRef<Path>) -> Result<Checkpoint> {
    open_with_bytes(reference.as_ref()).map(|(checkpoint, _)| checkpoint)
}

/// The checkpoint that `reference` names, and the bytes of its file.
pub(super) fn open_with_bytes(reference: &Path) -> Result<(Checkpoint, Cow<'static, [u8]>)> {
    let from_hub = Reference::from_path(reference)?;
    let unfit = |error| match &from_hub {
        Some(named) => {
            Error::hub(named, format!("{error}; or name another file of the repository, as hf:owner/repo/FILE"))
        }
        None => error,
    };
    let (path, bytes) = bytes_of(reference, from_hub.as_ref())?;
    Ok((Checkpoint::from_bytes(&path, &bytes).map_err(unfit)?, bytes))
}

/// Where there is nothing of that name, a network of the zoo may be meant.
fn with_hint(error: Error, reference: &Path) -> Error {
    let meant = reference.to_str().filter(|_| !reference.exists()).and_then(meant);
    match (error, meant) {
        (Error::File { path, message }, Some(meant)) => {
            Error::File { path, message: format!("{message}; did you mean `{meant}`, which comes with the program?") }
        }
        (error, _) => error,
    }
}

/// The bytes of the checkpoint that `reference` names, and what to call it.
fn bytes_of(reference: &Path, from_hub: Option<&Reference>) -> Result<(PathBuf, Cow<'static, [u8]>)> {
    // A file or a run on the disk goes before a network of the same name that comes with the program.
    let is_on_disk = reference.is_file() || reference.join("model.safetensors").is_file();
    if let Some(pretrained) = ALL.iter().find(|files| !is_on_disk && Path::new(files.id) == reference) {
        return Ok((pretrained.id.into(), Cow::Borrowed(pretrained.model)));
    }
    let (path, bytes) = match from_hub {
        Some(named) => read(&hub::fetch(named)?)?,
        None => read(reference).map_err(|error| with_hint(error, reference))?,
    };
    Ok((path, Cow::Owned(bytes)))
}

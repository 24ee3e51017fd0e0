//! Which network stands in `model.safetensors`. The state of a run says it, so that a file that is damaged, or another
//! run's, is found when the run goes on.
//!
//! The state is written before the network that it names. So whatever a crash leaves, the network is in its file, or it
//! is the one in the state, from which it is written again.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{history::History, trainer::Trainer};
use crate::{
    checkpoint::{Checkpoint, data_checksum, read_safetensors},
    error::{Error, Result},
    experiment::Experiment,
    progress::note,
    run_directory::{Locked, RunDirectory},
};

/// A network in `model.safetensors`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SavedNetwork {
    /// Updates done.
    pub update: u64,
    /// Checksum of its tensors.
    crc32c: u32,
}

impl SavedNetwork {
    /// The network in the bytes of a checkpoint.
    pub(super) fn of(update: u64, bytes: &[u8]) -> Self {
        Self { update, crc32c: data_checksum(bytes) }
    }

    /// Makes sure that this network is in its file: from the trainer, if it has the same.
    pub(super) fn restore(
        self,
        files: &Locked<'_>,
        run: &RunDirectory,
        trainer: &Trainer,
        bytes: impl FnOnce() -> Result<Vec<u8>>,
    ) -> Result<()> {
        let path = run.model();
        let Err(reason) = self.check(&path) else { return Ok(()) };
        if trainer.updates == self.update {
            if path.exists() {
                note(&format!("note: {reason}; it is written again from the state of the run"));
            }
            return files.write_model(&bytes()?);
        }
        Err(refused(&path, &reason))
    }

    fn check(self, path: &Path) -> Result<(), String> {
        let found = read(path).map_err(|error| error.to_string())?;
        if found == self {
            return Ok(());
        }
        Err(format!("{}: is not the network of update {} that the run saved there", path.display(), self.update))
    }
}

/// Finds the network in `model.safetensors` of a run whose state does not name it. It must be the best that the state
/// knows of, or newer: programs that did not name it wrote it before the state.
pub(super) fn recognise(
    run: &RunDirectory,
    experiment: &Experiment,
    trainer: &Trainer,
    history: &History,
) -> Result<SavedNetwork> {
    let path = run.model();
    let found = Checkpoint::load(&path).map_err(|error| refused(&path, &error.to_string()))?.header;
    let same_run = found.seed == experiment.seed && found.model == experiment.model;
    let is_newer = found.train.updates > trainer.updates;
    let is_best = found.train.validations.last() == history.best();
    if same_run && (is_newer || is_best) {
        return read(&path);
    }
    Err(refused(&path, &format!("{}: is not the network that the run saved there", path.display())))
}

/// What is in a file, which must be a whole checkpoint.
fn read(path: &Path) -> Result<SavedNetwork> {
    let bytes = read_safetensors(path)?;
    let header = Checkpoint::from_bytes(path, &bytes)?.header;
    Ok(SavedNetwork::of(header.train.updates, &bytes))
}

fn refused(path: &Path, reason: &str) -> Error {
    let name = path.file_name().unwrap_or_default().display();
    Error::file(
        path.parent().unwrap_or(path),
        format!("cannot be continued: {reason}; restore {name} from a copy, or start anew with --force"),
    )
}

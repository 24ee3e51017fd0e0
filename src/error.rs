//! What can go wrong outside the network and task crates.

use std::path::{Path, PathBuf};

use crate::plot::PlotError;

/// Errors of this crate. Every message names the field or file, the rule, the value and the remedy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The network: its description, its tensors or its inputs.
    #[error(transparent)]
    Model(#[from] nn4n_models::ModelError),
    /// The task: its parameters or its trials.
    #[error(transparent)]
    Task(#[from] nn4n_tasks::TaskError),
    /// A figure.
    #[error(transparent)]
    Plot(#[from] PlotError),
    /// A setting breaks one of its rules.
    #[error("{field}: {message}")]
    Setting {
        /// Path of the field, such as `train.batch_size`.
        field: String,
        /// Rule, value and remedy.
        message: String,
    },
    /// A file could not be read or written.
    #[error("{}: {message}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and the remedy.
        message: String,
    },
    /// A file of another library could not be imported.
    #[error(transparent)]
    Import(#[from] crate::import::Refused),
    /// A checkpoint could not be had from the hub.
    #[error("{reference}: {message}")]
    Hub {
        /// As it was asked for.
        reference: String,
        /// Why not, and the remedy.
        message: String,
    },
    /// A device that is not there.
    #[error("device `{requested}`: {message}")]
    Device {
        /// As it was asked for.
        requested: String,
        /// Why not, and the remedy.
        message: String,
    },
    /// Training diverged.
    #[error(
        "the {quantity} is {value} at update {update}; the best network before it stays in the run directory. Lower \
        `learning_rate` or `clip_norm`"
    )]
    Diverged {
        /// What is not finite: loss or gradient norm.
        quantity: &'static str,
        /// Its value.
        value: f64,
        /// Updates done before.
        update: u64,
    },
}

impl Error {
    pub(crate) fn setting(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Setting { field: field.into(), message: message.into() }
    }

    pub(crate) fn hub(reference: impl ToString, message: impl Into<String>) -> Self {
        Self::Hub { reference: reference.to_string(), message: message.into() }
    }

    pub(crate) fn file(path: impl AsRef<Path>, message: impl ToString) -> Self {
        Self::File { path: path.as_ref().into(), message: message.to_string() }
    }
}

impl From<candle_core::Error> for Error {
    fn from(error: candle_core::Error) -> Self {
        Self::Model(error.into())
    }
}

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

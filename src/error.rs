//! What can go wrong outside the network, task and analysis crates.

use std::{
    fmt::Display,
    path::{Path, PathBuf},
};

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
    /// A setting breaks one of its rules.
    #[error("{field}: {message}")]
    Setting {
        /// Path of the field, such as `train.batch_size`.
        field: String,
        /// Rule, value and remedy.
        message: String,
    },
    /// An array or a tensor is not there or does not have the shape that it must have.
    #[error("{array}: {message}")]
    Shape {
        /// Its name.
        array: String,
        /// The shape found, the one that it must have, and the remedy.
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
    #[error("{message}")]
    Import {
        /// What is wrong with it, and the remedy.
        message: String,
    },
    /// A figure could not be drawn.
    #[error("{message}")]
    Figure {
        /// What is wrong with its data or its file, and the remedy.
        message: String,
    },
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
    /// Its caller no longer wanted the work; see [`interruption`](crate::analysis::interruption).
    #[error("the work was ended before its end")]
    Interrupted,
    /// The system did not give what the work needs, such as threads.
    #[error("{message}")]
    System {
        /// What could not be had, why, and the remedy.
        message: String,
    },
    /// The numbers of a network leave the range of their type, whatever it learned.
    #[error("{what}: {cause}")]
    NotFinite {
        /// What is not finite, and when.
        what: String,
        /// What makes it so, and the remedy.
        cause: String,
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

    pub(crate) fn shape(array: impl Into<String>, message: impl Display) -> Self {
        Self::Shape { array: array.into(), message: message.to_string() }
    }

    pub(crate) fn system(message: impl Into<String>) -> Self {
        Self::System { message: message.into() }
    }

    #[cfg(feature = "hub")]
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

/// Rules that many numbers of a run.toml follow; `field` is the path of the number below `[train]`.
pub(crate) mod rules {
    use super::{Error, Result};

    /// A whole number above zero.
    pub fn at_least_one(field: &str, value: u64) -> Result<()> {
        holds(value >= 1, field, || "must be at least 1, but is 0".into())
    }

    /// A finite number above zero.
    pub fn positive(field: &str, value: f64) -> Result<()> {
        holds(value.is_finite() && value > 0.0, field, || format!("must be finite and > 0, but is {value}"))
    }

    /// A finite number that is not below zero.
    pub fn not_negative(field: &str, value: f64) -> Result<()> {
        holds(value.is_finite() && value >= 0.0, field, || format!("must be finite and >= 0, but is {value}"))
    }

    /// A number in [0, 1].
    pub fn fraction(field: &str, value: f64) -> Result<()> {
        holds((0.0..=1.0).contains(&value), field, || format!("must lie in [0, 1], but is {value}"))
    }

    fn holds(rule: bool, field: &str, message: impl FnOnce() -> String) -> Result<()> {
        if rule { Ok(()) } else { Err(Error::setting(format!("train.{field}"), message())) }
    }
}

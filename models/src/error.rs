//! What can go wrong when a network is described, built or run.

/// Errors of the model crate. Every message names the field, the rule, the value and the remedy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// A configuration breaks one of its rules.
    #[error("model.{field}: {message}")]
    Config {
        /// Path of the offending field, such as `w_rec.fixed[2]`.
        field: String,
        /// Rule, value and remedy.
        message: String,
    },
    /// A tensor does not fit the configuration.
    #[error("tensor `{name}`: {message}")]
    Tensor {
        /// Name of the tensor, such as `w_rec`.
        name: String,
        /// Rule, value and remedy.
        message: String,
    },
    /// Inputs, states or other arrays handed to a network do not fit it.
    #[error("{0}")]
    Shape(String),
    /// An error of the tensor library.
    #[error(transparent)]
    Candle(#[from] candle_core::Error),
}

impl ModelError {
    pub(crate) fn config(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Config { field: field.into(), message: message.into() }
    }

    pub(crate) fn tensor(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Tensor { name: name.into(), message: message.into() }
    }
}

/// Result of the model crate.
pub type Result<T, E = ModelError> = std::result::Result<T, E>;

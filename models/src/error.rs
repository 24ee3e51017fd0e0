//! What can go wrong when a network is described, built or used.

use candle_core::DType;

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
    /// An array handed to a network has a shape that does not fit it.
    #[error("`{array}` has shape {found:?}, but {rule}")]
    Shape {
        /// Which one, such as `inputs`.
        array: &'static str,
        /// Its shape.
        found: Vec<usize>,
        /// What the shape must be, and by what.
        rule: String,
    },
    /// A network has no part of that name.
    #[error("there is no {kind} `{name}`; there are {known}")]
    Unknown {
        /// `area` or `layer`.
        kind: &'static str,
        /// The name that was asked for.
        name: String,
        /// The names that there are, or `none`.
        known: String,
    },
    /// Networks compute in one of two data types.
    #[error("the data type is {0:?}; a network needs F32 or F64")]
    DataType(DType),
    /// Something was asked of a network on another device that only the CPU does.
    #[error("{0} is for networks on the CPU; move the network there, or do without")]
    CpuOnly(&'static str),
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

    pub(crate) fn shape(array: &'static str, found: &[usize], rule: impl Into<String>) -> Self {
        Self::Shape { array, found: found.into(), rule: rule.into() }
    }
}

/// Result of the model crate.
pub type Result<T, E = ModelError> = std::result::Result<T, E>;

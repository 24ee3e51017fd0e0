//! What can go wrong in an analysis.

use crate::dynamics::RUNAWAY;

/// Errors of this crate. Every message names the array or the setting, the rule, the value and the remedy.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AnalysisError {
    /// An array does not have the shape that the analysis needs.
    #[error("{array}: {message}")]
    Shape {
        /// Its name.
        array: &'static str,
        /// The shape found and the one that it must have.
        message: String,
    },
    /// A number has no place in the analysis.
    #[error("{array}: holds {value}, but must be finite; find where it arose")]
    NotFinite {
        /// The name of the array that holds it.
        array: &'static str,
        /// The first such number.
        value: f64,
    },
    /// A setting of an analysis breaks its rule.
    #[error("{setting} = {value}: {rule}")]
    Setting {
        /// Its name.
        setting: &'static str,
        /// As it was given.
        value: String,
        /// What it must be.
        rule: String,
    },
    /// Trials do not have what is asked of them.
    #[error("{0}")]
    Trials(String),
    /// The activity of a network grows beyond what any network at work has ([`RUNAWAY`](crate::dynamics::RUNAWAY)).
    #[error(
        "activity grows without bound: after {step} steps it is {value:.1e}; analyse the network under another input, or with \
        its inhibition intact"
    )]
    Unbounded {
        /// Steps until then.
        step: usize,
        /// The first such number.
        value: f64,
    },
    /// Its caller no longer wanted it; see [`interruption`](crate::interruption).
    #[error("the analysis was ended before its end")]
    Interrupted,
    /// The parameters of a network cannot be read.
    #[error("the network: {0}")]
    Network(String),
    /// A decomposition did not converge.
    #[error("the eigenvalues of {array} were not found ({reason}); look for weights of very different sizes")]
    NoEigenvalues {
        /// The name of the matrix.
        array: &'static str,
        /// As the linear algebra says it.
        reason: String,
    },
}

impl From<nn4n_models::ModelError> for AnalysisError {
    fn from(error: nn4n_models::ModelError) -> Self {
        Self::Network(error.to_string())
    }
}

impl From<candle_core::Error> for AnalysisError {
    fn from(error: candle_core::Error) -> Self {
        Self::Network(error.to_string())
    }
}

impl AnalysisError {
    /// Refuses a state after so many steps that has run away.
    pub(crate) fn check_bounded(state: &[f64], step: usize) -> Result<(), Self> {
        match state.iter().find(|value| value.is_nan() || value.abs() > RUNAWAY) {
            Some(value) => Err(Self::Unbounded { step, value: *value }),
            None => Ok(()),
        }
    }
}

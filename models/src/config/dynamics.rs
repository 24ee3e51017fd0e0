//! Settings of the dynamics: form of the equation, noise scaling, start state, readout, biases.

use std::{fmt, ops::Range};

use serde::{Deserialize, Serialize};

use crate::error::{ModelError, Result};

/// Where the nonlinearity stands in the Euler step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// `x' = (1 - alpha) x + alpha (W r + ...)`, `r = f(x)`: the current is integrated (Song 2016, the original nn4n).
    #[default]
    Current,
    /// `r' = (1 - alpha) r + alpha f(W r + ...)`: the rate is integrated (Yang 2019).
    Rate,
    /// `r' = f((1 - alpha) r + alpha (W r + ...))`: the rate is integrated within the nonlinearity (Masse 2019, the
    /// networks of the nn-brain and neurogym tutorials).
    Blend,
}

impl Form {
    /// Every form.
    pub const ALL: [Self; 3] = [Self::Current, Self::Rate, Self::Blend];

    /// Whether `x` is a current, whose rate is `f(x)`. In the other forms it is the rate before the noise that follows
    /// the activation.
    pub fn integrates_currents(self) -> bool {
        self == Self::Current
    }
}

/// As in a file: `current`, `rate`, `blend`.
impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Current => "current",
            Self::Rate => "rate",
            Self::Blend => "blend",
        })
    }
}

/// How the noise amplitudes depend on the step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum NoiseScaling {
    /// The noise of a continuous-time process: `sqrt(2 alpha) sigma_rec` per step in the current and the blend form,
    /// `sqrt(2 / alpha) sigma_rec` inside `f` in the rate form, so that `sigma_rec` means the same at every `dt`.
    #[default]
    Continuous,
    /// `sigma_rec` is the standard deviation added at every step, whatever `dt` (the original nn4n).
    PerStep,
}

/// Nonlinearity `g` of the readout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Readout {
    /// `z = W_out r + b_out`
    #[default]
    Linear,
    /// Logistic function of each output.
    Sigmoid,
    /// Softmax over the outputs.
    Softmax,
}

/// One number for all, or one for each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "expected a number or a list of numbers")]
pub enum Values {
    /// The same value everywhere.
    All(f64),
    /// One value each.
    Each(Vec<f64>),
}

impl From<f64> for Values {
    fn from(value: f64) -> Self {
        Self::All(value)
    }
}

impl Values {
    /// Those of some of the units.
    pub(super) fn of_range(&self, range: Range<usize>) -> Self {
        match self {
            Self::All(value) => Self::All(*value),
            Self::Each(values) => Self::Each(values.get(range).unwrap_or_default().to_vec()),
        }
    }

    pub(crate) fn resolve(&self, count: usize, field: &str) -> Result<Vec<f64>> {
        let values = match self {
            Self::All(value) => vec![*value; count],
            Self::Each(values) if values.len() == count => values.clone(),
            Self::Each(values) => {
                return Err(ModelError::config(
                    field,
                    format!("lists {} values where {count} are needed", values.len()),
                ));
            }
        };
        match values.iter().find(|value| !value.is_finite()) {
            Some(value) => Err(ModelError::config(field, format!("must be finite, but holds {value}"))),
            None => Ok(values),
        }
    }
}

/// The state in which a trial starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// All states zero.
    Zero,
    /// A fixed state.
    Constant(Values),
    /// A trained state, with its initial value.
    Trained(Values),
    /// The last state of the previous trial in the same row of the batch; zero for the first (Song 2016's continuous
    /// mode).
    Carried,
}

/// A bias vector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Bias {
    /// No bias.
    Off,
    /// A fixed bias.
    Constant(Values),
    /// A trained bias, with its initial value.
    Trained(Values),
}

/// Whether the time constants are trained. A trained `tau` is updated on a logarithmic scale, so that it stays positive
/// and one learning rate serves any unit of time, and is kept at `tau >= dt` (so `alpha <= 1`) after every update.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum LearnTau {
    /// Fixed.
    #[default]
    Off,
    /// One trained value for each group as `tau` is written: all units, each cell type, each area.
    Shared,
    /// One trained value for each unit.
    PerUnit,
}

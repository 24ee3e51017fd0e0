//! The pass through time. `reference` is the definition, step by step in candle's own operations on any device;
//! a fused scan takes the same arguments and returns the same `Scanned`, and is chosen in `scan::scan` alone.

mod reference;

use candle_core::Tensor;

use crate::{
    dynamics::{Dynamics, State, StepParameters},
    error::Result,
};

/// Unit Gaussians of all steps, each (steps, batch, units).
#[derive(Clone, Debug, Default)]
pub(crate) struct ScanNoise {
    pub recurrent: Option<Tensor>,
    pub post: Option<Tensor>,
}

/// Every step's states and rates.
#[derive(Clone, Debug)]
pub(crate) struct Scanned {
    /// (batch, steps, units)
    pub states: Tensor,
    /// (batch, steps, units)
    pub rates: Tensor,
    /// The last step's.
    pub last: State,
}

/// Runs `inputs` (batch, steps, inputs) through the dynamics from `start`.
pub(crate) fn scan(dynamics: &Dynamics, parameters: &StepParameters, inputs: &Tensor, start: State, noise: &ScanNoise) -> Result<Scanned> {
    reference::scan(dynamics, parameters, inputs, start, noise)
}

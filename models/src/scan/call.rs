//! What goes into a pass and what comes out.

use candle_core::Tensor;

use super::{kernel::Memory, record::Record};
use crate::{
    dynamics::{Dynamics, State, StepParameters},
    noise::NoiseKey,
};

/// What a pass is made of.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub dynamics: &'a Dynamics,
    pub parameters: &'a StepParameters,
    /// (batch, steps, inputs)
    pub inputs: &'a Tensor,
    /// (batch, units), or (1, units) for all trials
    pub start: &'a State,
    pub noise: Option<NoiseKey>,
    pub memory: &'a Memory,
}

/// What a pass leaves.
#[derive(Clone, Debug)]
pub(crate) struct Scanned {
    /// `W_out r + b_out` (batch, steps, outputs)
    pub logits: Tensor,
    pub record: Record,
}

/// Logits and last step of a pass whose activity is not kept.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    /// (batch, steps, outputs)
    pub logits: Tensor,
    pub last: State,
}

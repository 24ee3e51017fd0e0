//! The pass through time. [`reference`] is the definition, step by step in candle's own operations on any device;
//! [`fused`] does the same with a kernel of its own on the CPU. Both take a [`Call`] and return [`Scanned`]; [`scan`]
//! and [`answer`] alone choose between them.

#[cfg(test)]
mod agreement;
mod fused;
mod kernel;
mod operands;
mod reference;
mod tape;

use std::sync::Arc;

use candle_core::{DType, Tensor};

pub(crate) use self::reference::{Gaussians, rows};
pub(crate) use self::{
    kernel::Memory,
    tape::{Quantity, Recorded},
};
use crate::{
    ctrnn::Effective,
    dynamics::{Dynamics, State},
    error::Result,
    noise::NoiseKey,
};

/// What a pass is made of.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub dynamics: &'a Dynamics,
    pub effective: &'a Effective,
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

/// The activity of a pass.
#[derive(Clone, Debug)]
pub(crate) enum Record {
    /// Arrays that are there.
    Whole {
        /// (batch, steps, units)
        states: Tensor,
        /// (batch, steps, units)
        rates: Tensor,
        /// The last step's.
        last: State,
    },
    /// Kept for the backward pass, and turned into arrays when asked for.
    Taped(Arc<dyn Recorded>),
}

/// Logits and last step of a pass whose activity is not kept.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    /// (batch, steps, outputs)
    pub logits: Tensor,
    pub last: State,
}

/// Runs a pass.
pub(crate) fn scan(call: &Call) -> Result<Scanned> {
    match (call.inputs.device().is_cpu(), call.inputs.dtype()) {
        (true, DType::F32) => fused::scan::<f32>(call),
        (true, DType::F64) => fused::scan::<f64>(call),
        _ => reference::scan(call),
    }
}

/// Runs a pass without gradients and keeps none of its activity.
pub(crate) fn answer(call: &Call) -> Result<Answered> {
    match (call.inputs.device().is_cpu(), call.inputs.dtype()) {
        (true, DType::F32) => fused::answer::<f32>(call),
        (true, DType::F64) => fused::answer::<f64>(call),
        _ => reference::answer(call),
    }
}

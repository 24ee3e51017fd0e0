//! The pass through time, one [`Dynamics::step`] after the other; gradients by candle's autograd.

use candle_core::Tensor;

use super::{ScanNoise, Scanned};
use crate::{
    dynamics::{Dynamics, State, StepNoise, StepParameters},
    error::Result,
};

pub(super) fn scan(dynamics: &Dynamics, parameters: &StepParameters, inputs: &Tensor, start: State, noise: &ScanNoise) -> Result<Scanned> {
    // Time first, so that the input of a step is one contiguous block.
    let inputs = inputs.transpose(0, 1)?.contiguous()?;
    let n_steps = inputs.dim(0)?;
    let at = |noise: &Option<Tensor>, step: usize| noise.as_ref().map(|noise| noise.get(step)).transpose();
    let (mut states, mut rates) = (Vec::with_capacity(n_steps), Vec::with_capacity(n_steps));
    let mut last = start;
    for step in 0..n_steps {
        let noise = StepNoise { recurrent: at(&noise.recurrent, step)?, post: at(&noise.post, step)? };
        last = dynamics.step(parameters, &last, &inputs.get(step)?, &noise)?;
        states.push(last.state.clone());
        rates.push(last.rate.clone());
    }
    Ok(Scanned { states: Tensor::stack(&states, 1)?, rates: Tensor::stack(&rates, 1)?, last })
}

//! The pass through time, one [`Dynamics::step`](crate::dynamics::Dynamics::step) after the other; gradients by
//! candle's autograd.

use candle_core::Tensor;

use super::{
    call::{Answered, Call, Scanned},
    record::Record,
};
use crate::{
    dynamics::{Coefficient, State, StepNoise},
    effective::ReadoutParameters,
    error::Result,
    noise::{self, NoiseStream},
};

/// Steps of an answer whose activity is held at a time.
const STEPS: usize = 256;

pub(crate) fn scan(call: &Call, readout: &ReadoutParameters) -> Result<Scanned> {
    let (states, rates, last) = activity(call)?;
    Ok(Scanned { logits: readout.logits(&rates)?, record: Record::Whole { states, rates, last } })
}

pub(crate) fn drive(call: &Call) -> Result<Record> {
    let (states, rates, last) = activity(call)?;
    Ok(Record::Whole { states, rates, last })
}

/// States and rates (batch, steps, units), and the last step.
fn activity(call: &Call) -> Result<(Tensor, Tensor, State)> {
    let (batch, steps, _) = call.inputs.dims3()?;
    let noise = PassNoise::draw(call)?;

    // Time first, so that the input of a step is one contiguous block.
    let inputs = call.inputs.transpose(0, 1)?.contiguous()?;
    let mut last = State { state: rows(&call.start.state, batch)?, rate: rows(&call.start.rate, batch)? };
    let (mut states, mut rates) = (Vec::with_capacity(steps), Vec::with_capacity(steps));
    for step in 0..steps {
        last = call.dynamics.step(call.parameters, &last, &inputs.get(step)?, &noise.at(step)?)?;
        states.push(last.state.clone());
        rates.push(last.rate.clone());
    }
    Ok((Tensor::stack(&states, 1)?, Tensor::stack(&rates, 1)?, last))
}

/// Piece by piece, so that the memory for the activity does not grow with the number of steps.
pub(crate) fn answer(call: &Call, readout: &ReadoutParameters) -> Result<Answered> {
    let steps = call.inputs.dim(1)?;
    let (mut logits, mut last) = (Vec::new(), call.start.detach());
    for first in (0..steps).step_by(STEPS) {
        let inputs = call.inputs.narrow(1, first, STEPS.min(steps - first))?;
        let noise = call.noise.map(|key| key.at_step(first));
        let (_, rates, end) = activity(&Call { inputs: &inputs, start: &last, noise, ..*call })?;
        logits.push(readout.logits(&rates)?.detach());
        last = end.detach();
    }
    Ok(Answered { logits: Tensor::cat(&logits, 1)?, last })
}

/// The unit Gaussians of a pass, each (steps, batch, units).
pub(crate) struct PassNoise {
    recurrent: Option<Tensor>,
    post: Option<Tensor>,
}

impl PassNoise {
    /// Those that `call` needs.
    pub(crate) fn draw(call: &Call) -> Result<Self> {
        let (batch, steps, _) = call.inputs.dims3()?;
        let shape = (steps, batch, call.start.state.dim(1)?);
        let noise = |amplitude: &Coefficient, stream| -> Result<Option<Tensor>> {
            let Some(key) = call.noise.filter(|_| !amplitude.is_zero()) else { return Ok(None) };
            noise::gaussian(key, stream, shape, call.inputs.dtype(), call.inputs.device()).map(Some)
        };
        let parameters = call.parameters;
        Ok(Self {
            recurrent: noise(&parameters.recurrent_noise, NoiseStream::Recurrent)?,
            post: noise(&parameters.post_noise, NoiseStream::PostActivation)?,
        })
    }

    /// Those of one step.
    pub(crate) fn at(&self, step: usize) -> Result<StepNoise> {
        let at = |noise: &Option<Tensor>| noise.as_ref().map(|noise| noise.get(step)).transpose();
        Ok(StepNoise { recurrent: at(&self.recurrent)?, post: at(&self.post)? })
    }
}

/// Start states (1 or batch, units) for each trial.
pub(crate) fn rows(start: &Tensor, batch: usize) -> Result<Tensor> {
    Ok(start.broadcast_as((batch, start.dim(1)?))?.contiguous()?)
}

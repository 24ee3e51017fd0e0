//! The definition that every pass is tested against: one [`Dynamics::step`](crate::dynamics::Dynamics::step) after the
//! other, gradients by candle's autograd.

use candle_core::Tensor;

use super::{
    call::{Call, Scanned},
    operations::{PassNoise, rows},
    record::Record,
};
use crate::{dynamics::State, effective::ReadoutParameters, error::Result};

pub(crate) fn scan(call: &Call, readout: &ReadoutParameters) -> Result<Scanned> {
    let (batch, steps, _) = call.inputs.dims3()?;
    let noise = PassNoise::draw(call)?;
    let inputs = call.inputs.transpose(0, 1)?.contiguous()?;
    let mut last = State { state: rows(&call.start.state, batch)?, rate: rows(&call.start.rate, batch)? };
    let (mut states, mut rates) = (Vec::with_capacity(steps), Vec::with_capacity(steps));
    for step in 0..steps {
        last = call.dynamics.step(call.parameters, &last, &inputs.get(step)?, &noise.at(step)?)?;
        states.push(last.state.clone());
        rates.push(last.rate.clone());
    }
    let (states, rates) = (Tensor::stack(&states, 1)?, Tensor::stack(&rates, 1)?);
    Ok(Scanned { logits: readout.logits(&rates)?, record: Record::Whole { states, rates, last } })
}

//! The pass through time in candle's operations, for devices without a kernel of ours.
//!
//! A GPU takes some microseconds to start an operation, however small, so everything is one operation for all steps
//! but what a step needs of the one before:
//!
//! ```text
//! W = alpha W_rec,  d_t = alpha (W_in u_t + b_rec) + s xi_t       without alpha in the rate form
//! x_t                                                             see the module `recursion`
//! r_t = f(x_t) + sigma_post zeta_t                                in the current form; else x_t + sigma_post zeta_t
//! ```

use candle_core::Tensor;

use super::{
    call::{Answered, Call, Scanned},
    record::Record,
    recursion::Recursion,
};
use crate::{
    config::Form,
    dynamics::{Coefficient, State, StepNoise, StepParameters},
    effective::ReadoutParameters,
    error::Result,
    noise::{self, NoiseStream},
};

/// Steps of an answer whose activity is held at a time.
const STEPS: usize = 256;

pub(crate) fn scan(call: &Call, readout: &ReadoutParameters) -> Result<Scanned> {
    let Activity { states, rates, last } = Activity::of(call)?;
    Ok(Scanned { logits: readout.logits(&rates)?, record: Record::Whole { states, rates, last } })
}

pub(crate) fn drive(call: &Call) -> Result<Record> {
    let Activity { states, rates, last } = Activity::of(call)?;
    Ok(Record::Whole { states, rates, last })
}

/// Piece by piece, so that the memory for the activity does not grow with the number of steps.
pub(crate) fn answer(call: &Call, readout: &ReadoutParameters) -> Result<Answered> {
    let steps = call.inputs.dim(1)?;
    let (mut logits, mut last) = (Vec::new(), call.start.detach());
    for first in (0..steps).step_by(STEPS) {
        let inputs = call.inputs.narrow(1, first, STEPS.min(steps - first))?;
        let noise = call.noise.map(|key| key.at_step(first));
        let activity = Activity::of(&Call { inputs: &inputs, start: &last, noise, ..*call })?;
        logits.push(readout.logits(&activity.rates)?.detach());
        last = activity.last.detach();
    }
    Ok(Answered { logits: Tensor::cat(&logits, 1)?, last })
}

struct Activity {
    /// (batch, steps, units)
    states: Tensor,
    /// (batch, steps, units)
    rates: Tensor,
    last: State,
}

impl Activity {
    fn of(call: &Call) -> Result<Self> {
        let (batch, steps, _) = call.inputs.dims3()?;
        let noise = PassNoise::draw(call)?;
        let (form, activation, parameters) = (call.dynamics.form(), call.dynamics.activation(), call.parameters);
        let drive = drive_of_all_steps(call, noise.recurrent.as_ref())?;
        let post = noise.post.map(|zeta| parameters.post_noise.scale(&zeta)).transpose()?;
        let recursion = Recursion {
            form,
            activation: activation.clone(),
            alpha: if form == Form::Rate { parameters.alpha.clone() } else { Coefficient::Scalar(1.0) },
            leak: parameters.leak.clone(),
            post: post.clone(),
        };
        let start = State { state: rows(&call.start.state, batch)?, rate: rows(&call.start.rate, batch)? };
        let weights = match form {
            Form::Current | Form::Blend => of_each_row(&parameters.alpha, &parameters.w_rec)?,
            Form::Rate => parameters.w_rec.clone(),
        };
        let states = recursion.states(&weights, &drive, &start)?;
        let rates = recursion.rates(&states)?;
        let last = State { state: states.get(steps - 1)?, rate: rates.get(steps - 1)? };
        // Trials first. Few ask for the states, so they are not laid out anew.
        Ok(Self { states: states.transpose(0, 1)?, rates: rates.transpose(0, 1)?.contiguous()?, last })
    }
}

/// `d` (steps, batch, units): what drives the units beside the recurrent synapses. `alpha` goes to the parameters,
/// which are fewer than the steps.
fn drive_of_all_steps(call: &Call, xi: Option<&Tensor>) -> Result<Tensor> {
    let StepParameters { w_in, b_rec, alpha, recurrent_noise, .. } = call.parameters;
    let ((batch, steps, inputs), units) = (call.inputs.dims3()?, call.start.state.dim(1)?);
    let shape = (steps, batch, units);
    let is_outside = call.dynamics.form() != Form::Rate;
    let mut drive = None;
    if let Some(w_in) = w_in {
        let w_in = if is_outside { of_each_row(alpha, w_in)? } else { w_in.clone() };
        let rows = call.inputs.transpose(0, 1)?.contiguous()?.reshape((steps * batch, inputs))?;
        drive = Some(rows.matmul(&w_in.t()?)?.reshape(shape)?);
    }
    if let Some(bias) = b_rec {
        let bias = if is_outside { alpha.scale(bias)? } else { bias.clone() };
        drive = Some(match drive {
            Some(drive) => drive.broadcast_add(&bias)?,
            None => bias.broadcast_as(shape)?.contiguous()?,
        });
    }
    if let Some(xi) = xi {
        let noise = recurrent_noise.scale(xi)?;
        drive = Some(match drive {
            Some(drive) => (drive + noise)?,
            None => noise,
        });
    }
    drive.map_or_else(|| Ok(Tensor::zeros(shape, call.inputs.dtype(), call.inputs.device())?), Ok)
}

/// The rows of a matrix (units, ..), each times its unit's coefficient.
fn of_each_row(coefficient: &Coefficient, matrix: &Tensor) -> Result<Tensor> {
    Ok(match coefficient {
        Coefficient::Scalar(value) => (matrix * *value)?,
        Coefficient::PerUnit(values) => matrix.broadcast_mul(&values.unsqueeze(1)?)?,
    })
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

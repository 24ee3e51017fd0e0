//! Running a network: start state, single steps, readout, and whole trials.

use std::sync::{Arc, OnceLock};

use candle_core::{D, Tensor};
use candle_nn::ops;

use super::{Ctrnn, Effective};
use crate::{
    config::Readout,
    dynamics::{State, StepNoise},
    error::{ModelError, Result},
    noise::NoiseKey,
    scan::{Answered, Call, Quantity, Record, Recorded, Scanned, answer, scan},
};

/// What a network did at every step.
#[derive(Clone, Debug)]
pub struct Trajectory {
    /// `W_out r + b_out` (batch, steps, outputs), before the readout's nonlinearity.
    pub logits: Tensor,
    /// `z` (batch, steps, outputs).
    pub outputs: Tensor,
    record: Record,
    states: OnceLock<Tensor>,
    rates: OnceLock<Tensor>,
}

impl Trajectory {
    /// A trajectory that is already there: states and rates (batch, steps, units), logits and outputs (batch, steps, outputs).
    pub fn new(states: Tensor, rates: Tensor, logits: Tensor, outputs: Tensor) -> Result<Self> {
        let step = states.dim(1)?.saturating_sub(1);
        let last = State { state: states.narrow(1, step, 1)?.squeeze(1)?, rate: rates.narrow(1, step, 1)?.squeeze(1)? };
        Ok(Self::of(logits, outputs, Record::Whole { states, rates, last }))
    }

    pub(crate) fn of(logits: Tensor, outputs: Tensor, record: Record) -> Self {
        Self { logits, outputs, record, states: OnceLock::new(), rates: OnceLock::new() }
    }

    /// `x` (batch, steps, units); in the rate form the noise-free rates. Gradients flow through it.
    ///
    /// A pass with gradients does not keep what it does not need; then this runs it forward once more.
    pub fn states(&self) -> Result<Tensor> {
        match &self.record {
            Record::Whole { states, .. } => Ok(states.clone()),
            Record::Taped(tape) => self.taped(&self.states, tape, Quantity::States),
        }
    }

    /// `r` (batch, steps, units). Gradients flow through it: one way back at a time within a pool of threads, since its jobs may take each other's place.
    pub fn rates(&self) -> Result<Tensor> {
        match &self.record {
            Record::Whole { rates, .. } => Ok(rates.clone()),
            Record::Taped(tape) => self.taped(&self.rates, tape, Quantity::Rates),
        }
    }

    /// The last step (batch, units), to carry over to another call. Gradients flow through it.
    pub fn last(&self) -> Result<State> {
        match &self.record {
            Record::Whole { last, .. } => Ok(last.clone()),
            Record::Taped(tape) => {
                let tensor = |quantity| tape.clone().tensor(&self.logits, quantity, true);
                Ok(State { state: tensor(Quantity::States)?, rate: tensor(Quantity::Rates)? })
            }
        }
    }

    fn taped(&self, cell: &OnceLock<Tensor>, tape: &Arc<dyn Recorded>, quantity: Quantity) -> Result<Tensor> {
        if let Some(tensor) = cell.get() {
            return Ok(tensor.clone());
        }
        let tensor = tape.clone().tensor(&self.logits, quantity, false)?;
        Ok(cell.get_or_init(|| tensor).clone())
    }
}

/// What a network answered, without its activity.
#[derive(Clone, Debug)]
pub struct Answer {
    /// `W_out r + b_out` (batch, steps, outputs), before the readout's nonlinearity.
    pub logits: Tensor,
    /// `z` (batch, steps, outputs).
    pub outputs: Tensor,
    /// The last step, to carry over to another call.
    pub last: State,
}

impl Ctrnn {
    /// The configured start of `batch` trials. A carried start is zero here: hand the previous call's [`Trajectory::last`] to [`unroll`](Self::unroll).
    pub fn start(&self, batch: usize) -> Result<State> {
        let n = self.units.len();
        self.dynamics.start(self.x0.reshape((1, n))?.broadcast_as((batch, n))?.contiguous()?)
    }

    /// The state with `x` = `states` (batch, units) and the rates that belong to it.
    ///
    /// # Errors
    /// If the shape is not (batch, units).
    pub fn start_from(&self, states: &Tensor) -> Result<State> {
        match states.dims() {
            [_, units] if *units == self.units.len() => self.dynamics.start(states.to_device(self.device())?.to_dtype(self.dtype())?),
            dims => Err(ModelError::Shape(format!("the start state has shape {dims:?}, but must be (batch, {} units)", self.units.len()))),
        }
    }

    /// One step of the dynamics from `previous` under `input` (batch, inputs).
    pub fn step(&self, effective: &Effective, previous: &State, input: &Tensor, noise: &StepNoise) -> Result<State> {
        self.dynamics.step(&effective.step, previous, input, noise)
    }

    /// Logits and outputs (batch, .., outputs) of `rates` (batch, .., units).
    pub fn readout(&self, effective: &Effective, rates: &Tensor) -> Result<(Tensor, Tensor)> {
        let mut shape = rates.dims().to_vec();
        let units = shape.pop().unwrap_or_default();
        shape.push(self.config.outputs);
        let logits = effective.logits(&rates.reshape((rates.elem_count() / units.max(1), units))?)?.reshape(shape)?;
        Ok((logits.clone(), self.outputs(&logits)?))
    }

    /// `z = g(logits)`
    pub(super) fn outputs(&self, logits: &Tensor) -> Result<Tensor> {
        Ok(match self.config.readout {
            Readout::Linear => logits.clone(),
            Readout::Sigmoid => ops::sigmoid(logits)?,
            Readout::Softmax => ops::softmax(logits, D::Minus1)?,
        })
    }

    /// Runs `inputs` (batch, steps, inputs) through the network: states, rates and outputs of every step.
    ///
    /// `start` replaces the configured start state (`None`); `noise` switches the network's noise on.
    ///
    /// # Errors
    /// If the inputs are not (batch >= 1, steps >= 1, inputs) or the start does not fit the batch.
    pub fn unroll(&self, inputs: &Tensor, start: Option<&State>, noise: Option<NoiseKey>) -> Result<Trajectory> {
        let Scanned { logits, record } = self.with_call(inputs, start, noise, scan)?;
        Ok(Trajectory::of(logits.clone(), self.outputs(&logits)?, record))
    }

    /// Runs `inputs` (batch, steps, inputs) through the network and keeps nothing but its outputs: no activity, no gradients. The memory it needs does
    /// not grow with the number of steps, other than for inputs and outputs themselves.
    ///
    /// # Errors
    /// As [`unroll`](Self::unroll).
    pub fn answer(&self, inputs: &Tensor, start: Option<&State>, noise: Option<NoiseKey>) -> Result<Answer> {
        let network = self.frozen();
        let Answered { logits, last } = network.with_call(&inputs.detach(), start, noise, answer)?;
        Ok(Answer { outputs: network.outputs(&logits)?, logits, last })
    }

    /// Runs `inputs` (batch, steps, inputs) through the network `steps` steps at a time, without gradients, and hands each piece of the trajectory to `visit`
    /// together with the number of its first step. So a summary of a long simulation needs no more memory than one piece. Returns the last step.
    ///
    /// # Errors
    /// As [`unroll`](Self::unroll), and the errors of `visit`.
    pub fn visit<E: From<ModelError>>(
        &self,
        inputs: &Tensor,
        start: Option<&State>,
        noise: Option<NoiseKey>,
        steps: usize,
        mut visit: impl FnMut(usize, &Trajectory) -> Result<(), E>,
    ) -> Result<State, E> {
        let network = self.frozen();
        let (batch, total) = self.check_inputs(inputs)?;
        let mut state = match start {
            Some(start) => start.detach(),
            None => network.start(batch)?,
        };
        for first in (0..total).step_by(steps.max(1)) {
            let piece = inputs.detach().narrow(1, first, steps.max(1).min(total - first)).map_err(ModelError::from)?;
            let trajectory = network.unroll(&piece, Some(&state), noise.map(|key| key.at_step(first)))?;
            visit(first, &trajectory)?;
            state = trajectory.last()?;
        }
        Ok(state)
    }

    /// Calls `run` with what a pass over `inputs` is made of.
    pub(crate) fn with_call<R, E: From<ModelError>>(
        &self,
        inputs: &Tensor,
        start: Option<&State>,
        noise: Option<NoiseKey>,
        run: impl FnOnce(&Call) -> Result<R, E>,
    ) -> Result<R, E> {
        let (batch, _) = self.check_inputs(inputs)?;
        let n = self.units.len();
        let start = match start {
            Some(start) if start.state.dims() == [batch, n] && start.rate.dims() == [batch, n] => start.clone(),
            Some(start) => {
                let message =
                    format!("the start state has shape {:?}, but the inputs ask for ({batch} trials, {n} units)", start.state.dims());
                return Err(ModelError::Shape(message).into());
            }
            None => self.start(1)?,
        };
        let effective = self.effective()?;
        run(&Call { dynamics: &self.dynamics, effective: &effective, inputs, start: &start, noise, memory: &self.memory })
    }

    fn check_inputs(&self, inputs: &Tensor) -> Result<(usize, usize)> {
        match inputs.dims() {
            [batch, steps, channels] if *batch > 0 && *steps > 0 && *channels == self.config.inputs => Ok((*batch, *steps)),
            dims => Err(ModelError::Shape(format!(
                "the inputs have shape {dims:?}, but this network needs (batch, steps, {} inputs), none of the first two 0",
                self.config.inputs
            ))),
        }
    }
}

//! Running a network: start state, single steps, readout, and whole trials.

use candle_core::{D, Tensor};
use candle_nn::ops;

use super::{Ctrnn, Effective};
use crate::{
    config::Readout,
    dynamics::{State, StepNoise, StepParameters},
    error::{ModelError, Result},
    noise::{self, NoiseKey, NoiseStream},
    scan::{ScanNoise, scan},
};

/// What a network did at every step.
#[derive(Clone, Debug)]
pub struct Trajectory {
    /// `x` (batch, steps, units); in the rate form the noise-free rates.
    pub states: Tensor,
    /// `r` (batch, steps, units).
    pub rates: Tensor,
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
        let logits = rates.broadcast_matmul(&effective.w_out_t)?;
        let logits = match &effective.b_out {
            Some(bias) => logits.broadcast_add(bias)?,
            None => logits,
        };
        let outputs = match self.config.readout {
            Readout::Linear => logits.clone(),
            Readout::Sigmoid => ops::sigmoid(&logits)?,
            Readout::Softmax => ops::softmax(&logits, D::Minus1)?,
        };
        Ok((logits, outputs))
    }

    /// Runs `inputs` (batch, steps, inputs) through the network: states, rates and outputs of every step.
    ///
    /// `start` replaces the configured start state (`None`); `noise` switches the network's noise on.
    ///
    /// # Errors
    /// If the inputs are not (batch >= 1, steps >= 1, inputs) or the start does not fit the batch.
    pub fn unroll(&self, inputs: &Tensor, start: Option<&State>, noise: Option<NoiseKey>) -> Result<Trajectory> {
        let (batch, steps) = self.check_inputs(inputs)?;
        let n = self.units.len();
        let start = match start {
            Some(start) if start.state.dims() == [batch, n] && start.rate.dims() == [batch, n] => start.clone(),
            Some(start) => {
                return Err(ModelError::Shape(format!(
                    "the start state has shape {:?}, but the inputs ask for ({batch} trials, {n} units)",
                    start.state.dims()
                )));
            }
            None => self.start(batch)?,
        };
        let effective = self.effective()?;
        let noise = self.scan_noise(&effective.step, noise, (steps, batch, n))?;
        let scanned = scan(&self.dynamics, &effective.step, inputs, start, &noise)?;
        let flat = scanned.rates.reshape((batch * steps, n))?;
        let (logits, outputs) = self.readout(&effective, &flat)?;
        let shape = (batch, steps, self.config.outputs);
        Ok(Trajectory {
            states: scanned.states,
            rates: scanned.rates,
            logits: logits.reshape(shape)?,
            outputs: outputs.reshape(shape)?,
            last: scanned.last,
        })
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

    fn scan_noise(&self, parameters: &StepParameters, key: Option<NoiseKey>, shape: (usize, usize, usize)) -> Result<ScanNoise> {
        let Some(key) = key else { return Ok(ScanNoise::default()) };
        let draw = |wanted: bool, stream| -> Result<Option<Tensor>> {
            wanted.then(|| noise::gaussian(key, stream, shape, self.dtype(), self.device())).transpose()
        };
        Ok(ScanNoise {
            recurrent: draw(!parameters.recurrent_noise.is_zero(), NoiseStream::Recurrent)?,
            post: draw(!parameters.post_noise.is_zero(), NoiseStream::PostActivation)?,
        })
    }
}

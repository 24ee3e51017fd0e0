//! Running a network: start state, single steps, readout, and whole trials.

use candle_core::{D, Tensor};
use candle_nn::ops;

use super::{
    Ctrnn, Effective, Layer,
    trajectory::{Answer, Pass, Trajectory, join_states},
};
use crate::{
    config::Readout,
    dynamics::{State, StepNoise},
    error::{ModelError, Result},
    noise::NoiseKey,
    scan::{Answered, Call, Scanned, answer, scan},
};

/// Steps of an answer of a stacked network whose activity is held at a time.
const HELD: usize = 256;

impl Ctrnn {
    /// The configured start of `batch` trials. A carried start is zero here: hand the previous call's
    /// [`Trajectory::last`] to [`unroll`](Self::unroll).
    pub fn start(&self, batch: usize) -> Result<State> {
        join_states(&self.layers.iter().map(|layer| layer.start(batch)).collect::<Result<Vec<_>>>()?)
    }

    /// The state with `x` = `states` (batch, units) and the rates that belong to it.
    ///
    /// # Errors
    /// If the shape is not (batch, units).
    pub fn start_from(&self, states: &Tensor) -> Result<State> {
        match states.dims() {
            [_, units] if *units == self.units.len() => {
                let states = self.split(&states.to_device(self.device())?.to_dtype(self.dtype())?)?;
                let starts = self.layers.iter().zip(states).map(|(layer, states)| layer.dynamics.start(states));
                join_states(&starts.collect::<Result<Vec<_>>>()?)
            }
            dims => Err(ModelError::Shape(format!(
                "the start state has shape {dims:?}, but must be (batch, {} units)",
                self.units.len()
            ))),
        }
    }

    /// One step of the dynamics from `previous` under `input` (batch, inputs). Gaussians are (batch, units), those of
    /// all layers side by side.
    pub fn step(&self, effective: &Effective, previous: &State, input: &Tensor, noise: &StepNoise) -> Result<State> {
        let parts = |noise: &Option<Tensor>| -> Result<Vec<Option<Tensor>>> {
            Ok(match noise {
                Some(noise) => self.split(noise)?.into_iter().map(Some).collect(),
                None => vec![None; self.layers.len()],
            })
        };
        let noise: Vec<StepNoise> = parts(&noise.recurrent)?
            .into_iter()
            .zip(parts(&noise.post)?)
            .map(|(recurrent, post)| StepNoise { recurrent, post })
            .collect();
        join_states(&self.advance(effective, &self.split_state(previous)?, input, &noise)?)
    }

    /// One step of each layer, from a state and with Gaussians for each.
    pub(super) fn advance(
        &self,
        effective: &Effective,
        previous: &[State],
        input: &Tensor,
        noise: &[StepNoise],
    ) -> Result<Vec<State>> {
        let mut states: Vec<State> = Vec::with_capacity(self.layers.len());
        for (((layer, effective), previous), noise) in
            self.layers.iter().zip(effective.layers()).zip(previous).zip(noise)
        {
            let input = states.last().map_or(input, |below| &below.rate);
            let state = layer.dynamics.step(&effective.step, previous, input, noise)?;
            states.push(state);
        }
        Ok(states)
    }

    pub(super) fn split_state(&self, state: &State) -> Result<Vec<State>> {
        let parts = self.split(&state.state)?.into_iter().zip(self.split(&state.rate)?);
        Ok(parts.map(|(state, rate)| State { state, rate }).collect())
    }

    /// Logits and outputs (batch, .., outputs) of `rates` (batch, .., units).
    pub fn readout(&self, effective: &Effective, rates: &Tensor) -> Result<(Tensor, Tensor)> {
        let rates = self.split(rates)?.pop().unwrap_or_else(|| rates.clone());
        let mut shape = rates.dims().to_vec();
        let units = shape.pop().unwrap_or_default();
        shape.push(self.config.outputs);
        let logits = effective.logits(&rates.reshape((rates.elem_count() / units.max(1), units))?)?.reshape(shape)?;
        Ok((logits.clone(), self.outputs(&logits)?))
    }

    /// `z = g(logits)`
    pub(super) fn outputs(&self, logits: &Tensor) -> Result<Tensor> {
        Ok(match self.config.readout.unwrap_or_default() {
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
        let (mut passes, Scanned { logits, record }) = self.with_call(inputs, start, noise, scan)?;
        passes.push(Pass::new(logits.clone(), record));
        let outputs = self.outputs(&logits)?;
        Ok(Trajectory::of(passes, logits, outputs))
    }

    /// Runs `inputs` (batch, steps, inputs) through the network and keeps nothing but its outputs: no activity, no
    /// gradients. The memory it needs does not grow with the number of steps, other than for inputs and outputs
    /// themselves.
    ///
    /// # Errors
    /// As [`unroll`](Self::unroll).
    pub fn answer(&self, inputs: &Tensor, start: Option<&State>, noise: Option<NoiseKey>) -> Result<Answer> {
        let network = self.frozen();
        let (logits, last) = if network.layers.len() == 1 {
            let (_, Answered { logits, last }) = network.with_call(&inputs.detach(), start, noise, answer)?;
            (logits, last)
        } else {
            // A layer needs the rates of the one below; they are held for some steps at a time.
            let mut logits = Vec::new();
            let last = network.visit(inputs, start, noise, HELD, |_, trajectory| {
                logits.push(trajectory.logits.clone());
                Ok::<_, ModelError>(())
            })?;
            (Tensor::cat(&logits, 1)?, last)
        };
        Ok(Answer { outputs: network.outputs(&logits)?, logits, last })
    }

    /// Runs `inputs` (batch, steps, inputs) through the network `steps` steps at a time, without gradients, and hands
    /// each piece of the trajectory to `visit` together with the number of its first step. So a summary of a long
    /// simulation needs no more memory than one piece. Returns the last step.
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

    /// Calls `run` with what a pass over `inputs` is made of; in a stacked network the pass of the last layer, after
    /// those of the layers below, which are returned with what it returns.
    pub(crate) fn with_call<R, E: From<ModelError>>(
        &self,
        inputs: &Tensor,
        start: Option<&State>,
        noise: Option<NoiseKey>,
        run: impl FnOnce(&Call) -> Result<R, E>,
    ) -> Result<(Vec<Pass>, R), E> {
        let (starts, effective) = (self.starts(inputs, start)?, self.effective()?);
        let (mut calls, mut passes) = (self.calls(&effective, inputs, &starts, noise), Vec::new());
        let last = calls.pop().ok_or_else(|| ModelError::Shape("a network without layers has no pass".into()))?;
        let mut driven_by = inputs.clone();
        for call in &calls {
            let Scanned { logits, record } = scan(&Call { inputs: &driven_by, ..*call })?;
            let pass = Pass::new(logits, record);
            driven_by = pass.rates()?;
            passes.push(pass);
        }
        Ok((passes, run(&Call { inputs: &driven_by, ..last })?))
    }

    /// What a pass of each layer is made of, if `inputs` drove them all.
    pub(super) fn calls<'a>(
        &'a self,
        effective: &'a Effective,
        inputs: &'a Tensor,
        starts: &'a [State],
        noise: Option<NoiseKey>,
    ) -> Vec<Call<'a>> {
        let call = |(place, ((layer, effective), start)): (usize, ((&'a Layer, &'a Effective), &'a State))| Call {
            dynamics: &layer.dynamics,
            effective,
            inputs,
            start,
            noise: noise.map(|key| key.above(place)),
            memory: &self.memory,
        };
        self.layers.iter().zip(effective.layers()).zip(starts).enumerate().map(call).collect()
    }

    /// The start of each layer: (batch, units), or (1, units) for all trials.
    pub(super) fn starts(&self, inputs: &Tensor, start: Option<&State>) -> Result<Vec<State>> {
        let (batch, _) = self.check_inputs(inputs)?;
        let n = self.units.len();
        match start {
            Some(start) if start.state.dims() == [batch, n] && start.rate.dims() == [batch, n] => {
                self.split_state(start)
            }
            Some(start) => {
                let message = format!(
                    "the start state has shape {:?}, but the inputs ask for ({batch} trials, {n} units)",
                    start.state.dims()
                );
                Err(ModelError::Shape(message))
            }
            None => self.layers.iter().map(|layer| layer.start(1)).collect(),
        }
    }

    fn check_inputs(&self, inputs: &Tensor) -> Result<(usize, usize)> {
        match inputs.dims() {
            [batch, steps, channels] if *batch > 0 && *steps > 0 && *channels == self.config.inputs => {
                Ok((*batch, *steps))
            }
            dims => Err(ModelError::Shape(format!(
                "the inputs have shape {dims:?}, but this network needs (batch, steps, {} inputs), none of the first \
                two 0",
                self.config.inputs
            ))),
        }
    }
}

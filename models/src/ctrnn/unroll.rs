//! Whole trials through a network.

use candle_core::Tensor;

use super::{
    joined::split_state,
    network::Ctrnn,
    trajectory::{Answer, LayerActivity, Trajectory},
};
use crate::{
    config::ModelConfig,
    dynamics::State,
    effective::{Effective, ReadoutParameters},
    error::{ModelError, Result},
    noise::NoiseKey,
    scan::{Answered, Call, Record, Scanned, answer, drive, drive_remat, remat_rows, scan, scan_remat},
};

/// Steps of an answer of a stacked network whose activity is held at a time.
const HELD: usize = 256;

/// Arrays of rates that there are between two layers: the rates, their gradient and a copy of it.
const BETWEEN: u64 = 3;

impl ModelConfig {
    /// About how many numbers of its activity [`Ctrnn::unroll_remat`] and its way back hold at a time, with this many
    /// trials and steps.
    pub fn numbers_of_remat(&self, trials: usize, steps: usize) -> u64 {
        let layers: Vec<usize> = if self.kind.has_layers() {
            self.layout().areas.iter().map(|layer| layer.range().len()).collect()
        } else {
            vec![self.n_units()]
        };
        let product =
            |rows: usize, units: usize| [trials, rows, units].iter().fold(1u64, |p, n| p.saturating_mul(*n as u64));
        let own = layers.iter().map(|units| product(remat_rows(trials, steps, *units), *units));
        let between = layers.iter().rev().skip(1).map(|units| product(steps, *units).saturating_mul(BETWEEN));
        own.chain(between).fold(0, u64::saturating_add)
    }
}

impl Ctrnn {
    /// Takes `inputs` (batch, steps, inputs) through the network: states, rates and outputs of every step.
    ///
    /// `start` replaces the configured start state (`None`); `noise` switches the network's noise on.
    ///
    /// # Errors
    /// If the inputs are not (batch >= 1, steps >= 1, inputs) or the start does not fit the batch.
    pub fn unroll(&self, inputs: &Tensor, start: Option<&State>, noise: Option<NoiseKey>) -> Result<Trajectory> {
        self.trajectory(self.through_layers(inputs, start, noise, scan)?)
    }

    /// The same, bit for bit, in less memory: of every layer the state at each sqrt(steps)-th step is kept, with up to
    /// 64 MiB of the last steps, and the others are computed again on the way back, which takes a good third more time
    /// (gradient checkpointing).
    ///
    /// Rates and states that are asked for are there as a whole; between the layers of a stacked network the rates of
    /// the one below always are.
    ///
    /// # Errors
    /// As [`unroll`](Self::unroll), and if the network is not on the CPU.
    pub fn unroll_remat(&self, inputs: &Tensor, start: Option<&State>, noise: Option<NoiseKey>) -> Result<Trajectory> {
        self.trajectory(self.through_layers_by(inputs, start, noise, drive_remat, scan_remat)?)
    }

    /// Of the activity of the layers below and the pass of the last one.
    fn trajectory(&self, (mut layers, last): (Vec<LayerActivity>, Scanned)) -> Result<Trajectory> {
        let Scanned { logits, record } = last;
        layers.push(LayerActivity::new(record));
        let outputs = self.outputs(&logits)?;
        Ok(Trajectory::of(layers, logits, outputs))
    }

    /// Takes `inputs` (batch, steps, inputs) through the network and keeps nothing but its outputs: no activity, no
    /// gradients. The memory it needs does not grow with the number of steps, other than for inputs and outputs
    /// themselves.
    ///
    /// # Errors
    /// As [`unroll`](Self::unroll).
    pub fn answer(&self, inputs: &Tensor, start: Option<&State>, noise: Option<NoiseKey>) -> Result<Answer> {
        let network = self.frozen();
        let (logits, last) = if network.layers.len() == 1 {
            let (_, Answered { logits, last }) = network.through_layers(&inputs.detach(), start, noise, answer)?;
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

    /// Takes `inputs` (batch, steps, inputs) through the network `steps` steps at a time, without gradients, and hands
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

    /// Passes through the layers below, whose activity is returned, and `last` with what the pass of the last layer is
    /// made of.
    pub(crate) fn through_layers<R>(
        &self,
        inputs: &Tensor,
        start: Option<&State>,
        noise: Option<NoiseKey>,
        last: impl FnOnce(&Call, &ReadoutParameters) -> Result<R>,
    ) -> Result<(Vec<LayerActivity>, R)> {
        self.through_layers_by(inputs, start, noise, drive, last)
    }

    /// The same with another way through the layers below.
    fn through_layers_by<R>(
        &self,
        inputs: &Tensor,
        start: Option<&State>,
        noise: Option<NoiseKey>,
        drive: impl Fn(&Call) -> Result<Record>,
        last: impl FnOnce(&Call, &ReadoutParameters) -> Result<R>,
    ) -> Result<(Vec<LayerActivity>, R)> {
        let (starts, effective) = (self.starts(inputs, start)?, self.effective()?);
        let calls = self.calls(&effective, inputs, &starts, noise);
        let mut below: Vec<LayerActivity> = Vec::with_capacity(calls.len());
        let mut driven_by = inputs.clone();
        let last_place = calls.len() - 1; // there is at least one layer
        for call in &calls[..last_place] {
            let activity = LayerActivity::new(drive(&Call { inputs: &driven_by, ..*call })?);
            driven_by = activity.rates()?;
            below.push(activity);
        }
        let done = last(&Call { inputs: &driven_by, ..calls[last_place] }, &effective.readout)?;
        Ok((below, done))
    }

    /// What a pass of each layer is made of, if `inputs` drove them all.
    pub(super) fn calls<'a>(
        &'a self,
        effective: &'a Effective,
        inputs: &'a Tensor,
        starts: &'a [State],
        noise: Option<NoiseKey>,
    ) -> Vec<Call<'a>> {
        let layers = self.layers.iter().zip(effective.layers()).zip(starts);
        layers
            .enumerate()
            .map(|(place, ((layer, parameters), start))| Call {
                dynamics: &layer.dynamics,
                parameters,
                inputs,
                start,
                noise: noise.map(|key| key.above(place)),
                memory: &self.memory,
            })
            .collect()
    }

    /// The start of each layer: (batch, units), or (1, units) for all trials.
    pub(super) fn starts(&self, inputs: &Tensor, start: Option<&State>) -> Result<Vec<State>> {
        let (batch, _) = self.check_inputs(inputs)?;
        let n = self.units.len();
        match start {
            Some(start) if start.state.dims() == [batch, n] && start.rate.dims() == [batch, n] => {
                split_state(start, &self.layers)
            }
            Some(start) => {
                let rule = format!("the inputs ask for ({batch} trials, {n} units)");
                Err(ModelError::shape("start", start.state.dims(), rule))
            }
            None => self.layers.iter().map(|layer| layer.start(1)).collect(),
        }
    }

    pub(super) fn check_inputs(&self, inputs: &Tensor) -> Result<(usize, usize)> {
        match inputs.dims() {
            [batch, steps, channels] if *batch > 0 && *steps > 0 && *channels == self.config.inputs => {
                Ok((*batch, *steps))
            }
            dims => {
                let inputs = self.config.inputs;
                let rule = format!("this network needs (batch, steps, {inputs} inputs), none of the first two 0");
                Err(ModelError::shape("inputs", dims, rule))
            }
        }
    }
}

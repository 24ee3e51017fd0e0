//! One network on trials: what it drives, where it begins, and whether its noise is on.
//!
//! ```
//! use candle_core::{DType, Device};
//! use nn4n::{Simulation, models::{Ctrnn, ModelConfig, NoiseKey}};
//! let network = Ctrnn::init(&ModelConfig::vanilla(2, 10, 1), 0, DType::F32, &Device::Cpu)?;
//! let inputs = ndarray::Array3::ones((4, 30, 2)); // (trials, steps, inputs)
//! let quiet = Simulation::new(&network).record(&inputs)?;
//! let noisy = Simulation::new(&network).noise(NoiseKey::new(7, 0)).record(&inputs)?;
//! assert_eq!(quiet.rates.dim(), (4, 30, 10));
//! assert_ne!(quiet, noisy);
//! # Ok::<(), nn4n::Error>(())
//! ```

use candle_core::Tensor;
use ndarray::{Array2, Array3, s};
use nn4n_analysis::interruption::Interruption;
use nn4n_models::{Ctrnn, NoiseKey, Perturbation, State, Trajectory};
use nn4n_tasks::{Task, motor::Plant};

use super::{
    Recording, RecordingMut,
    plant::Driver,
    tensors::{array3, copy3, matrix, tensor},
};
use crate::{
    error::{Error, Result},
    memory::{bytes_of, check},
    progress,
};

/// Most units times steps times trials that one pass holds, so that many trials do not need much memory: arrays of 1 MB,
/// which stay in the caches, and in pages that the last pass used. Fresh pages cost more than the products of a hundred
/// units.
const CHUNK: usize = 1 << 18;

/// A network on trials. Noise is off and trials begin in the network's own start state unless it says otherwise.
#[derive(Clone, Debug)]
pub struct Simulation<'a> {
    network: &'a Ctrnn,
    plant: Option<Plant>,
    start: Option<State>,
    noise: Option<NoiseKey>,
    perturbations: Vec<Perturbation>,
}

/// What a network answers to a batch of trials, on its device, without its activity.
#[derive(Clone, Debug)]
pub struct Answers {
    /// (trials, steps, outputs), before the readout's nonlinearity.
    pub logits: Tensor,
    /// (trials, steps, outputs); what the plant does, where the network drives one.
    pub outputs: Tensor,
}

impl<'a> Simulation<'a> {
    /// The network alone.
    pub fn new(network: &'a Ctrnn) -> Self {
        Self { network, plant: None, start: None, noise: None, perturbations: Vec::new() }
    }

    /// The network on trials of this task, driving the task's plant if it has one: then the outputs are what the plant
    /// does.
    pub fn of(network: &'a Ctrnn, task: &dyn Task) -> Self {
        Self::new(network).plant(task.plant())
    }

    /// Lets the network drive this plant, or none.
    pub fn plant(self, plant: Option<Plant>) -> Self {
        Self { plant, ..self }
    }

    /// Lets trials begin in these states and rates, one row a trial.
    pub fn start(self, start: Option<State>) -> Self {
        Self { start, ..self }
    }

    /// Lets trials begin in the states `x0` (trials, units).
    ///
    /// # Errors
    /// If there is not one column for each unit.
    pub fn x0(self, x0: &Array2<f32>) -> Result<Self> {
        let (trials, units) = (x0.nrows(), self.network.units().len());
        if x0.ncols() != units {
            return Err(misshapen_x0(x0.dim(), (trials, units)));
        }
        let start = self.network.start_from(&matrix(x0.view(), self.network.dtype(), self.network.device())?)?;
        Ok(self.start(Some(start)))
    }

    /// Switches the network's noise on.
    pub fn noise(self, noise: NoiseKey) -> Self {
        Self { noise: Some(noise), ..self }
    }

    /// Lets units be silenced or injected with currents; windows of each trial are in the order of the trials. Start and
    /// noise stay what they are, number for number.
    pub fn perturb(self, perturbations: Vec<Perturbation>) -> Self {
        Self { perturbations, ..self }
    }

    /// The network on `inputs` (batch, steps, inputs) in one pass, with the graph that gradients need.
    ///
    /// # Errors
    /// As [`Ctrnn::unroll`]; with a plant also if the network has other than two outputs, with perturbations if they do
    /// not fit the units, the trials or the steps.
    pub fn unroll(&self, inputs: &Tensor) -> Result<Trajectory> {
        let (network, start, noise) = (self.network, self.start.as_ref(), self.noise);
        match &self.plant {
            Some(plant) => self.driver(plant).unroll(inputs),
            None if self.perturbations.is_empty() => Ok(network.unroll(inputs, start, noise)?),
            None => network.unroll_perturbed(inputs, start, noise, &self.perturbations, |_| Ok(None)),
        }
    }

    /// The same with what the network was given: the inputs, and what it felt of the plant (batch, steps, inputs).
    ///
    /// # Errors
    /// As [`unroll`](Self::unroll).
    pub(crate) fn unroll_felt(&self, inputs: &Tensor) -> Result<(Trajectory, Tensor)> {
        match &self.plant {
            Some(plant) => self.driver(plant).unroll_felt(inputs),
            None => Ok((self.unroll(inputs)?, inputs.clone())),
        }
    }

    fn driver<'b>(&'b self, plant: &'b Plant) -> Driver<'b> {
        let Self { network, start, noise, perturbations, .. } = self;
        Driver { network, plant, start: start.as_ref(), noise: *noise, perturbations }
    }

    /// States, rates and outputs on `inputs` (trials, steps, inputs).
    ///
    /// # Errors
    /// If the shapes do not fit the network or each other, or the recording would be too large.
    pub fn record(&self, inputs: &Array3<f32>) -> Result<Recording> {
        let [states, rates, outputs] = self.shapes(inputs)?.map(Array3::zeros);
        let mut recording = Recording { states, rates, outputs };
        self.record_into(inputs, recording.view_mut())?;
        Ok(recording)
    }

    /// The shapes of the states, the rates and the outputs that [`record`](Self::record) gives.
    ///
    /// # Errors
    /// If they would be too large.
    pub fn shapes(&self, inputs: &Array3<f32>) -> Result<[(usize, usize, usize); 3]> {
        let shapes = self.shapes_of(inputs);
        let [(trials, steps, units), _, (.., channels)] = shapes;
        check(
            "inputs",
            &format!("recording {trials} trials of {steps} steps with {units} units"),
            bytes_of(&[trials, steps, units.saturating_mul(2).saturating_add(channels)]),
            "take fewer trials or steps at a time",
        )?;
        Ok(shapes)
    }

    fn shapes_of(&self, inputs: &Array3<f32>) -> [(usize, usize, usize); 3] {
        let (trials, steps, _) = inputs.dim();
        let units = self.network.units().len();
        [units, units, self.network.config().outputs].map(|channels| (trials, steps, channels))
    }

    /// [`record`](Self::record) into arrays of its [`shapes`](Self::shapes), as in memory of another library.
    ///
    /// # Errors
    /// As [`record`](Self::record), and if the arrays have other shapes.
    pub fn record_into(&self, inputs: &Array3<f32>, mut recording: RecordingMut<'_>) -> Result<()> {
        let (found, wanted) = (recording.shapes(), self.shapes_of(inputs));
        if found != wanted {
            return Err(Error::shape("recording", format!("has shapes {found:?}, but must have {wanted:?}")));
        }
        let mut first = 0;
        self.check_pass(inputs)?;
        self.in_chunks(inputs, |simulation, chunk| {
            let (trajectory, count) = (simulation.unroll(chunk)?, chunk.dim(0)?);
            let place = s![first..first + count, .., ..];
            copy3(&trajectory.states()?, recording.states.slice_mut(place))?;
            copy3(&trajectory.rates()?, recording.rates.slice_mut(place))?;
            copy3(&trajectory.outputs, recording.outputs.slice_mut(place))?;
            first += count;
            Ok(())
        })
    }

    /// Refuses what one pass cannot simulate.
    fn check_pass(&self, inputs: &Array3<f32>) -> Result<()> {
        let (trials, steps, _) = inputs.dim();
        if trials == 0 {
            return Err(Error::shape("inputs", "hold no trial; give at least one"));
        }
        let units = self.network.units().len();
        let at_once = trials_at_once(steps, units).min(trials);
        check(
            "inputs",
            &format!("simulating {at_once} of the trials, of {steps} steps with {units} units"),
            // As tensors and as arrays.
            bytes_of(&[at_once, steps, units.saturating_mul(4)]),
            "give shorter trials, in several files",
        )
    }

    /// The same of a few trials at a time, which `take` is given in order: for activity that is larger than the memory.
    ///
    /// # Errors
    /// If the shapes do not fit the network or each other, there is no trial, a single trial is too large, or as
    /// `take`.
    pub fn record_in_parts(&self, inputs: &Array3<f32>, mut take: impl FnMut(Recording) -> Result<()>) -> Result<()> {
        self.check_pass(inputs)?;
        self.in_chunks(inputs, |simulation, chunk| {
            let trajectory = simulation.unroll(chunk)?;
            take(Recording {
                states: array3(&trajectory.states()?)?,
                rates: array3(&trajectory.rates()?)?,
                outputs: array3(&trajectory.outputs)?,
            })
        })
    }

    /// What the network answers to `inputs` (trials, steps, inputs).
    ///
    /// # Errors
    /// If the shapes do not fit the network or each other.
    pub fn answer(&self, inputs: &Array3<f32>) -> Result<Answers> {
        let (mut logits, mut outputs) = (Vec::new(), Vec::new());
        self.in_chunks(inputs, |simulation, chunk| {
            if simulation.plant.is_some() || !simulation.perturbations.is_empty() {
                let trajectory = simulation.unroll(chunk)?;
                logits.push(trajectory.logits.clone());
                outputs.push(trajectory.outputs.clone());
            } else {
                let answer = simulation.network.answer(chunk, simulation.start.as_ref(), simulation.noise)?;
                logits.push(answer.logits);
                outputs.push(answer.outputs);
            }
            Ok(())
        })?;
        Ok(Answers { logits: Tensor::cat(&logits, 0)?, outputs: Tensor::cat(&outputs, 0)? })
    }

    /// Simulates successive trials without a graph. A trial has the same noise however the trials are divided.
    fn in_chunks(
        &self,
        inputs: &Array3<f32>,
        mut simulate: impl FnMut(&Simulation<'_>, &Tensor) -> Result<()>,
    ) -> Result<()> {
        let (trials, steps, _) = inputs.dim();
        let (network, units) = (self.network.frozen(), self.network.units().len());
        if let Some(start) = &self.start
            && start.state.dims2()?.0 != trials
        {
            return Err(misshapen_x0(start.state.dims2()?, (trials, units)));
        }
        let chunk = trials_at_once(steps, units);
        let (mut told, interruption) = (progress::steps("trials simulated", trials as u64), Interruption::here());
        for first in (0..trials).step_by(chunk) {
            interruption.check().map_err(|_| Error::Interrupted)?;
            let count = chunk.min(trials - first);
            let rows = |all: &Tensor| all.narrow(0, first, count);
            let start = match &self.start {
                Some(State { state, rate }) => Some(State { state: rows(state)?, rate: rows(rate)? }),
                None => None,
            };
            let noise =
                self.noise.map(|key| NoiseKey { first_trial: key.first_trial.wrapping_add(first as u32), ..key });
            let part = tensor(inputs.slice(s![first..first + count, .., ..]), network.dtype(), network.device())?;
            let perturbations = self.perturbations.iter().map(|all| all.of_trials(first..first + count)).collect();
            simulate(&Simulation { network: &network, plant: self.plant, start, noise, perturbations }, &part)?;
            told.reached((first + count) as u64);
        }
        Ok(())
    }
}

/// Trials that one pass simulates.
fn trials_at_once(steps: usize, units: usize) -> usize {
    (CHUNK / steps.saturating_mul(units).max(1)).max(1)
}

fn misshapen_x0(found: (usize, usize), (trials, units): (usize, usize)) -> Error {
    Error::shape("x0", format!("has shape {found:?}, but must be ({trials} trials, {units} units)"))
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};
    use nn4n_models::ModelConfig;

    use super::*;

    #[test]
    fn a_recording_is_made_in_arrays_of_its_shapes_and_in_no_others() -> Result<()> {
        let network = Ctrnn::init(&ModelConfig::vanilla(1, 4, 2), 0, DType::F32, &Device::Cpu)?;
        let (simulation, inputs) = (Simulation::new(&network), Array3::ones((3, 5, 1)));
        assert_eq!(simulation.shapes(&inputs)?, [(3, 5, 4), (3, 5, 4), (3, 5, 2)]);
        let [states, rates, outputs] = simulation.shapes(&inputs)?.map(Array3::zeros);
        let mut recording = Recording { states, rates, outputs };
        simulation.record_into(&inputs, recording.view_mut())?;
        assert_eq!(recording, simulation.record(&inputs)?);
        recording.rates = Array3::zeros((3, 5, 3));
        let message = simulation.record_into(&inputs, recording.view_mut()).unwrap_err().to_string();
        assert!(message.contains("[(3, 5, 4), (3, 5, 3), (3, 5, 2)], but must have"), "{message}");
        Ok(())
    }

    #[test]
    fn a_simulation_ends_when_it_is_interrupted() -> Result<()> {
        let network = Ctrnn::init(&ModelConfig::vanilla(1, 4, 1), 0, DType::F32, &Device::Cpu)?;
        let inputs = Array3::ones((3, 5, 1));
        let interruption = Interruption::default();
        interruption.ask();
        let found = interruption.over(|| Simulation::new(&network).record(&inputs));
        assert!(matches!(found, Err(Error::Interrupted)), "{found:?}");
        Simulation::new(&network).record(&inputs).map(drop)
    }
}

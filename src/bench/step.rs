//! One training step, phase by phase.

use std::time::Instant;

use candle_core::{DType, Device, Tensor};
use nn4n_models::{Ctrnn, ModelConfig, NoiseKey, Parameter};
use nn4n_tasks::{TrialBatch, motor::Plant};

use super::case::Case;
use crate::{
    Experiment,
    batch::TensorBatch,
    error::{Error, Result},
    plant::unroll,
    train::{
        Optimizer, TrainConfig, clip, gradients,
        regulariser::{Context, loss_terms},
    },
};

/// Too little to move the network far from where it was drawn in any number of steps that is measured.
const LEARNING_RATE: f64 = 1e-5;

/// The names of the phases, in their order.
pub const PHASES: [&str; 5] = ["forward", "loss", "backward", "clip_optimizer", "constraints"];

/// Seconds that each phase of a step took, in the order of [`PHASES`].
#[derive(Clone, Copy, Debug)]
pub struct StepTime {
    /// Seconds.
    pub phases: [f64; PHASES.len()],
}

impl StepTime {
    /// Seconds of the whole step.
    pub fn total(&self) -> f64 {
        self.phases.iter().sum()
    }
}

/// A network with its optimiser and a batch of trials, ready to be trained on it again and again.
#[derive(Debug)]
pub struct TrainingStep {
    /// The network.
    pub network: Ctrnn,
    /// Its trained tensors.
    pub parameters: Vec<Parameter>,
    /// The trials.
    pub batch: TensorBatch,
    config: TrainConfig,
    plant: Option<Plant>,
    optimizer: Optimizer,
    updates: u64,
}

impl TrainingStep {
    /// The network of a case, trained as [`TrainConfig`] does by default, and trials for it whose last four fifths are
    /// graded.
    ///
    /// # Errors
    /// If the case is invalid or its network cannot be drawn.
    pub fn new(case: &Case) -> Result<Self> {
        case.validate()?;
        Self::start(&case.model(), TrainConfig::default(), None, trials(case)?)
    }

    /// The step of an experiment on these trials of its task.
    ///
    /// # Errors
    /// If the network cannot be drawn.
    pub fn of(experiment: &Experiment, trials: &TrialBatch) -> Result<Self> {
        let batch = TensorBatch::new(trials, DType::F32, &Device::Cpu)?;
        Self::start(&experiment.model, experiment.train.clone(), experiment.task.plant(), batch)
    }

    fn start(model: &ModelConfig, config: TrainConfig, plant: Option<Plant>, batch: TensorBatch) -> Result<Self> {
        let network = Ctrnn::init(model, 0, DType::F32, &Device::Cpu)?;
        let parameters = network.parameters()?;
        let optimizer = Optimizer::new(config.optimizer);
        Ok(Self { network, parameters, batch, config, plant, optimizer, updates: 0 })
    }

    /// Trains on the batch once and says how long each phase took. Each step has noise of its own.
    ///
    /// # Errors
    /// If the loss is not finite.
    pub fn run(&mut self) -> Result<StepTime> {
        let mut clock = Clock::start();
        let trajectory =
            unroll(&self.network, self.plant.as_ref(), &self.batch.inputs, None, Some(NoiseKey::new(0, self.updates)))?;
        let forward = clock.lap();
        let context =
            Context { model: &self.network, trajectory: &trajectory, batch: &self.batch, loss: self.config.loss };
        let terms = loss_terms(&self.config.regularisers, &context)?;
        let value = terms.total.to_scalar::<f32>()?;
        let loss = clock.lap();
        let found = gradients(&terms.total, &self.parameters)?;
        // Letting go of the graph is a part of the pass.
        drop((terms, trajectory));
        let backward = clock.lap();
        let (clipped, _) = clip(found, self.config.clip_value, self.config.clip_norm)?;
        self.optimizer.step(&self.parameters, &clipped, LEARNING_RATE)?;
        drop(clipped);
        let update = clock.lap();
        self.network.project()?;
        let constraints = clock.lap();
        if !value.is_finite() {
            return Err(Error::Diverged { quantity: "loss", value: value.into(), update: self.updates });
        }
        self.updates += 1;
        Ok(StepTime { phases: [forward, loss, backward, update, constraints] })
    }

    /// Bytes of the optimiser's moments, which outlive a step.
    pub fn optimizer_bytes(&self) -> u64 {
        self.optimizer
            .state()
            .values()
            .map(|tensor| (tensor.elem_count() * tensor.dtype().size_in_bytes()) as u64)
            .sum()
    }
}

/// Inputs and targets between 0 and 1 that repeat only after long.
fn trials(case: &Case) -> Result<TensorBatch> {
    const GOLDEN: f64 = 0.618_033_988_749_895;
    let (batch, steps) = (case.batch_size, case.steps);
    let values = |channels: usize, offset: f64| -> Result<Tensor> {
        let values: Vec<f32> =
            (0..batch * steps * channels).map(|index| (index as f64 * GOLDEN + offset).fract() as f32).collect();
        Ok(Tensor::from_vec(values, (batch, steps, channels), &Device::Cpu)?)
    };
    let graded: Vec<f32> = (0..steps).map(|step| f32::from(u8::from(step >= steps / 5))).collect();
    let loss_mask = Tensor::from_vec(graded, (1, steps, 1), &Device::Cpu)?
        .broadcast_as((batch, steps, case.outputs))?
        .contiguous()?;
    Ok(TensorBatch {
        inputs: values(case.inputs, 0.0)?,
        targets: values(case.outputs, 0.5)?,
        loss_mask,
        valid: Tensor::ones((batch, steps, 1), DType::F32, &Device::Cpu)?,
        n_steps: vec![steps; batch],
    })
}

struct Clock(Instant);

impl Clock {
    fn start() -> Self {
        Self(Instant::now())
    }

    /// Seconds since the start or the last lap.
    fn lap(&mut self) -> f64 {
        let now = Instant::now();
        (now - std::mem::replace(&mut self.0, now)).as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_trains_every_parameter() -> Result<()> {
        for name in ["small", "song"] {
            let case = Case { units: 10, batch_size: 3, steps: 5, ..Case::named(name)? };
            let mut step = TrainingStep::new(&case)?;
            let before = step.network.tensors()?;
            step.run()?;
            let after = step.network.tensors()?;
            for parameter in &step.parameters {
                let name = parameter.name;
                let moved = (&before[name] - &after[name])?.abs()?.sum_all()?.to_scalar::<f32>()?;
                assert!(moved > 0.0, "{} of {} stays as it was", name, case.case);
            }
            assert_eq!(
                step.optimizer_bytes(),
                8 * step.parameters.iter().map(|found| found.var.elem_count() as u64).sum::<u64>()
            );
        }
        Ok(())
    }

    #[test]
    fn the_first_fifth_of_a_trial_is_not_graded() -> Result<()> {
        let case = Case { units: 2, batch_size: 1, steps: 10, outputs: 1, ..Case::named("small")? };
        let mask: Vec<f32> = trials(&case)?.loss_mask.flatten_all()?.to_vec1()?;
        assert_eq!(mask, [0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]);
        Ok(())
    }
}

//! The training step of an experiment on one batch, again and again.

use std::sync::Arc;

use candle_core::{DType, Device};
use ndarray::{Array2, ArrayView2, s};
use nn4n_tasks::{
    About, Channel, Condition, Score, Split, Task, TaskError, Trial, TrialBatch, TrialRng, TrialView, batch,
};

use super::case::Case;
use crate::{
    error::Result,
    experiment::{Experiment, TrainConfig},
    simulate::TensorBatch,
    train::{Trainer, Update},
};

/// Too little to move the network far from where it was drawn in any number of steps that is measured.
const LEARNING_RATE: f64 = 1e-5;

/// A network in training and a batch of trials, ready to be trained on it again and again.
#[derive(Debug)]
pub struct TrainingStep {
    /// The network and its optimiser.
    pub trainer: Trainer,
    /// The trials.
    pub batch: TensorBatch,
}

impl TrainingStep {
    /// The network of a case, trained with the default settings, and trials for it whose last four fifths are graded.
    ///
    /// # Errors
    /// If the case is invalid or its network cannot be drawn.
    pub fn new(case: &Case) -> Result<Self> {
        Self::on(case, &Device::Cpu)
    }

    /// The same on a device.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn on(case: &Case, device: &Device) -> Result<Self> {
        case.validate()?;
        let task = Arc::new(CaseTask(case.clone()));
        let trials = batch(task.as_ref(), Split::Train, 0, 0, case.batch_size)?;
        let train = TrainConfig { remat: case.remat, ..TrainConfig::default() };
        Self::of_on(&Experiment::new(task, case.model(), train, 0)?, &trials, device)
    }

    /// The step of an experiment on these trials of its task, at a learning rate that leaves the network where it is.
    ///
    /// # Errors
    /// If the network cannot be drawn.
    pub fn of(experiment: &Experiment, trials: &TrialBatch) -> Result<Self> {
        Self::of_on(experiment, trials, &Device::Cpu)
    }

    fn of_on(experiment: &Experiment, trials: &TrialBatch, device: &Device) -> Result<Self> {
        let mut experiment = experiment.clone();
        experiment.train.learning_rate = LEARNING_RATE;
        let batch = TensorBatch::new(trials, DType::F32, device)?;
        Ok(Self { trainer: Trainer::new(&experiment, device)?, batch })
    }

    /// Trains on the batch once.
    ///
    /// # Errors
    /// If the loss is not finite.
    pub fn update(&mut self) -> Result<Update> {
        self.trainer.step(&self.batch)
    }
}

/// Inputs and targets between 0 and 1 that repeat only after long.
#[derive(Debug)]
struct CaseTask(Case);

impl Task for CaseTask {
    fn about(&self) -> About<'_> {
        About { id: "bench/case", summary: "Numbers between 0 and 1 in, others out", ..About::NEW }
    }

    fn dt(&self) -> f64 {
        self.0.model().dt
    }

    fn inputs(&self) -> Vec<Channel> {
        Channel::numbered("input", self.0.inputs)
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::numbered("output", self.0.outputs)
    }

    fn conditions(&self) -> Vec<Condition> {
        vec![Condition::new()]
    }

    fn trial(&self, _: Split, _: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        const GOLDEN: f64 = 0.618_033_988_749_895;
        let Case { steps, inputs, outputs, .. } = self.0;
        let offset = rng.uniform();
        let values = |channels: usize, offset: f64| {
            let value = |index: usize| (index as f64 * GOLDEN + offset).fract() as f32;
            Array2::from_shape_fn((steps, channels), |(step, channel)| value(step * channels + channel))
        };
        let mut loss_mask = Array2::ones((steps, outputs));
        loss_mask.slice_mut(s![..steps / 5, ..]).fill(0.0);
        Ok(Trial {
            inputs: values(inputs, offset),
            targets: values(outputs, offset + 0.5),
            loss_mask,
            condition: Condition::new(),
            epochs: Vec::new(),
            correct: None,
        })
    }

    fn score(&self, _: TrialView<'_>, _: ArrayView2<'_, f32>) -> Score {
        Score::default()
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
            let before = step.trainer.network().tensors()?;
            step.update()?;
            let after = step.trainer.network().tensors()?;
            for parameter in step.trainer.parameters() {
                let name = parameter.name;
                let moved = (&before[name] - &after[name])?.abs()?.sum_all()?.to_scalar::<f32>()?;
                assert!(moved > 0.0, "{} of {} stays as it was", name, case.case);
            }
            let elements: u64 = step.trainer.parameters().iter().map(|found| found.var.elem_count() as u64).sum();
            assert_eq!(step.trainer.optimizer_bytes(), 8 * elements);
        }
        Ok(())
    }

    #[test]
    fn the_first_fifth_of_a_trial_is_not_graded() -> Result<()> {
        let case = Case { units: 2, batch_size: 1, steps: 10, outputs: 1, ..Case::named("small")? };
        let mask: Vec<f32> = TrainingStep::new(&case)?.batch.loss_mask.flatten_all()?.to_vec1()?;
        assert_eq!(mask, [0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]);
        Ok(())
    }
}

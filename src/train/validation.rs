//! Validation on fixed trials, the stop rule, and which network is the best so far.

use candle_core::DType;
use nn4n_models::{Ctrnn, NoiseKey};
use nn4n_tasks::{Criterion, Performance, Split, Task, TrialBatch, balanced, performance};

use super::{config::StopConfig, loss::Loss};
use crate::{
    batch::{TensorBatch, array3},
    checkpoint::ValidationRecord,
    error::{Error, Result},
    record::answer,
};

/// Noise of validations never coincides with that of an update.
const NOISE_UPDATE: u64 = u64::MAX;

/// The validation trials of a run and what was found on them.
pub(super) struct Validation {
    trials: TrialBatch,
    seed: u64,
    loss: Loss,
    criterion: Option<Criterion>,
    patience: Option<u64>,
    /// All validations so far, oldest first.
    pub records: Vec<ValidationRecord>,
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The performance asked for was reached.
    CriterionMet,
    /// No better network for `patience` validations.
    OutOfPatience,
    /// The last update was done.
    LastUpdate,
    /// The caller asked for it.
    Interrupted,
}

impl Validation {
    pub(super) fn new(task: &dyn Task, seed: u64, trials_per_condition: usize, loss: Loss, stop: &StopConfig) -> Result<Self> {
        let criterion = if stop.never { None } else { stop.criterion.or(task.criterion()) };
        let trials = balanced(task, Split::Train, seed, NOISE_UPDATE, trials_per_condition)?;
        Ok(Self { trials, seed, loss, criterion, patience: stop.patience, records: Vec::new() })
    }

    /// Validates the network after `update` updates; returns whether it is the best so far.
    pub(super) fn run(&mut self, network: &Ctrnn, task: &dyn Task, update: u64) -> Result<bool> {
        let answers = answer(network, &self.trials, Some(NoiseKey::new(self.seed, NOISE_UPDATE)))?;
        let found = performance(task, &self.trials, array3(&answers.outputs)?.view())?;
        let batch = TensorBatch::new(&self.trials, network.dtype(), network.device())?;
        let loss = self
            .loss
            .value(network.config().readout, &answers.logits, &answers.outputs, &batch)?
            .to_dtype(DType::F64)?
            .to_scalar::<f64>()?;
        if !loss.is_finite() {
            return Err(Error::Diverged { quantity: "validation loss", value: loss, update });
        }
        self.records.push(ValidationRecord {
            update,
            loss,
            performance: found.overall,
            minimum: found.minimum,
            rms_error: found.rms_error,
        });
        Ok(self.best() == self.records.len() - 1)
    }

    /// Index of the best validation: highest in what the criterion looks at, then lowest in loss, then latest.
    fn best(&self) -> usize {
        let rank = |record: &ValidationRecord| match self.criterion {
            Some(Criterion::MeanPerformance { .. }) => record.performance.unwrap_or(0.0),
            Some(Criterion::MinPerformance { .. }) => record.minimum.unwrap_or(0.0),
            Some(Criterion::RmsError { .. }) => -record.rms_error.unwrap_or(f64::INFINITY),
            None => 0.0,
        };
        (0..self.records.len())
            .max_by(|a, b| {
                let (a, b) = (&self.records[*a], &self.records[*b]);
                rank(a).total_cmp(&rank(b)).then(b.loss.total_cmp(&a.loss))
            })
            .unwrap_or(0)
    }

    /// Whether to stop after the last validation.
    pub(super) fn stop(&self) -> Option<StopReason> {
        let history: Vec<Performance> = self.records.iter().map(performance_of).collect();
        if self.criterion.is_some_and(|criterion| criterion.is_met(&history)) {
            return Some(StopReason::CriterionMet);
        }
        let since_best = self.records.len().saturating_sub(self.best() + 1) as u64;
        let exhausted = self.patience.is_some_and(|patience| since_best >= patience);
        exhausted.then_some(StopReason::OutOfPatience)
    }
}

fn performance_of(record: &ValidationRecord) -> Performance {
    Performance { overall: record.performance, minimum: record.minimum, rms_error: record.rms_error, ..Performance::default() }
}

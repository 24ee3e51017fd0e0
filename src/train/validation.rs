//! Validation on fixed trials, the stop rule, and which network is the best so far.

use std::{cmp::Ordering, sync::Arc};

use nn4n_models::{Ctrnn, NoiseKey, host};
use nn4n_tasks::{Condition, Criterion, Performance, Split, Task, TrialBatch, balanced, performance};
use serde::Serialize;

use super::{
    guessing::{guessing, no_better},
    history::{History, performance_of},
    lesson::{Draw, Lesson},
    state::Past,
};
use crate::{
    checkpoint::ValidationRecord,
    error::{Error, Result},
    experiment::{AdaptConditions, Experiment},
    loss::Loss,
    simulate::{Simulation, TensorBatch, array3},
};

/// Noise of validations never coincides with that of an update.
const NOISE_UPDATE: u64 = u64::MAX;

/// The validation trials of a run and what was found on them.
pub(super) struct Validation {
    /// The stages of the curriculum and the task of the experiment after them.
    tasks: Vec<Arc<dyn Task>>,
    /// The performance that ends each stage.
    thresholds: Vec<f64>,
    stage: usize,
    /// Of the task of this stage.
    trials: TrialBatch,
    per_condition: usize,
    seed: u64,
    loss: Loss,
    criterion: Option<Criterion>,
    patience: Option<u64>,
    stream_steps: Option<usize>,
    adapt: Option<AdaptConditions>,
    history: History,
    /// What guessing reaches, if the last validation here was no better.
    guessing: Option<f64>,
    /// How often the conditions of this stage are drawn; `None` before its first validation, and as the source does.
    weights: Option<Vec<f64>>,
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
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
    /// Goes on after what was found before.
    ///
    /// # Errors
    /// As making the trials. `None` if nothing can have come before like this.
    pub(super) fn new(experiment: &Experiment, past: Past) -> Result<Option<Self>> {
        let (config, seed) = (&experiment.train, experiment.seed);
        let tasks: Vec<_> =
            experiment.curriculum.iter().map(|stage| &stage.task).chain([&experiment.task]).cloned().collect();
        let thresholds: Vec<_> = experiment.curriculum.iter().map(|stage| stage.threshold).collect();
        let criterion = experiment.criterion();
        let push = |history: &mut History, record| push(history, record, criterion, thresholds.len());
        let Some(mut history) = History::from_parts(past.validations, past.thinned, push) else { return Ok(None) };
        past.saved.iter().for_each(|saved| history.set_best(saved.update));
        let stage = history.last().map_or(0, |record| next_stage(record, &thresholds)).min(thresholds.len());
        let per_condition = config.validation.trials_per_condition;
        Ok(Some(Self {
            trials: balanced(tasks[stage].as_ref(), Split::Train, seed, NOISE_UPDATE, per_condition)?,
            tasks,
            thresholds,
            stage,
            per_condition,
            seed,
            loss: experiment.loss(),
            criterion,
            patience: config.stop.patience,
            stream_steps: config.stream_steps,
            adapt: config.adapt_conditions,
            history,
            guessing: None,
            weights: past.weights,
        }))
    }

    /// What to train on until the next validation.
    pub(super) fn lesson(&self) -> Lesson {
        let task = self.tasks[self.stage].clone();
        let draw = match (&self.weights, self.stream_steps) {
            (Some(weights), _) => Draw::Weighted(task.conditions(), weights.clone()),
            (None, Some(steps)) => Draw::Stream(steps),
            (None, None) => Draw::AsSource,
        };
        Lesson { task, draw }
    }

    /// Validates the network after `update` updates, and goes on to the next stage if it is good enough; returns
    /// whether it is the best so far.
    pub(super) fn validate(&mut self, network: &Ctrnn, update: u64) -> Result<bool> {
        let task = self.tasks[self.stage].clone();
        let simulation = Simulation::of(network, task.as_ref()).noise(NoiseKey::new(self.seed, NOISE_UPDATE));
        let answers = simulation.answer(&self.trials.inputs)?;
        let found = performance(task.as_ref(), &self.trials, array3(&answers.outputs)?.view())?;
        let batch = TensorBatch::new(&self.trials, network.dtype(), network.device())?;
        let (logits, outputs) = (&answers.logits, &answers.outputs);
        let loss = host::value(&self.loss.value(network.config().nonlinearity(), logits, outputs, &batch)?)?;
        if !loss.is_finite() {
            return Err(Error::Diverged { quantity: "validation loss", value: loss, update });
        }
        self.weights = self.adapt.map(|adapt| adapted(&task.conditions(), &found, adapt.floor));
        self.guessing = no_better(&found, guessing(task.as_ref(), &self.trials));
        let record = ValidationRecord {
            update,
            loss,
            performance: found.overall,
            minimum: found.minimum,
            rms_error: found.rms_error,
            per_task: found.per_task,
            stage: (!self.thresholds.is_empty()).then_some(self.stage),
        };
        let next = next_stage(&record, &self.thresholds);
        let is_best = push(&mut self.history, record, self.criterion, self.thresholds.len());
        if next > self.stage {
            self.trials =
                balanced(self.tasks[next].as_ref(), Split::Train, self.seed, NOISE_UPDATE, self.per_condition)?;
            (self.stage, self.weights) = (next, None);
        }
        Ok(is_best)
    }

    /// What guessing reaches, if the last validation was no better.
    pub(super) fn guessing(&self) -> Option<f64> {
        self.guessing
    }

    /// The validations so far, as far as they are kept.
    pub(super) fn history(&self) -> &History {
        &self.history
    }

    /// The last validation.
    pub(super) fn last(&self) -> Option<&ValidationRecord> {
        self.history.last()
    }

    /// How often the conditions of this stage are drawn, where that depends on the validations.
    pub(super) fn weights(&self) -> Option<&Vec<f64>> {
        self.weights.as_ref()
    }

    /// Whether to stop after the last validation.
    pub(super) fn stop(&self) -> Option<StopReason> {
        if self.criterion.is_some_and(|criterion| criterion.is_met(&self.history.recent())) {
            return Some(StopReason::CriterionMet);
        }
        let exhausted = self.patience.is_some_and(|patience| self.history.since_best() >= patience);
        exhausted.then_some(StopReason::OutOfPatience)
    }
}

/// The stage that follows a validation: the next one if the performance reached the threshold.
fn next_stage(record: &ValidationRecord, thresholds: &[f64]) -> usize {
    let stage = record.stage.unwrap_or(0);
    let learned = thresholds
        .get(stage)
        .is_some_and(|threshold| record.performance.is_some_and(|performance| performance >= *threshold));
    stage + usize::from(learned)
}

/// How often each condition is drawn: `floor + 1 - performance`, and the mean of those for conditions that are not
/// scored.
fn adapted(conditions: &[Condition], found: &Performance, floor: f64) -> Vec<f64> {
    let scored = |condition: &Condition| found.per_condition.iter().find(|score| score.condition == *condition);
    let weights: Vec<Option<f64>> =
        conditions.iter().map(|condition| scored(condition).map(|score| floor + 1.0 - score.performance)).collect();
    let known: Vec<f64> = weights.iter().flatten().copied().collect();
    let mean = if known.is_empty() { 1.0 } else { known.iter().sum::<f64>() / known.len() as f64 };
    weights.into_iter().map(|weight| weight.unwrap_or(mean)).collect()
}

/// Adds a validation to the history; returns whether it is the best so far: in the last stage, highest in what the
/// criterion looks at, then lowest in loss, then latest.
fn push(history: &mut History, record: ValidationRecord, criterion: Option<Criterion>, last_stage: usize) -> bool {
    let is_best = history.best().is_none_or(|best| order(&record, best, criterion).is_ge());
    let is_graded = record.stage.is_none_or(|stage| stage == last_stage);
    history.push(record, is_best, is_graded);
    is_best
}

/// Which of two validations is the better one.
fn order(a: &ValidationRecord, b: &ValidationRecord, criterion: Option<Criterion>) -> Ordering {
    let rank = |record: &ValidationRecord| match criterion {
        Some(Criterion::MeanPerformance { .. }) => record.performance.unwrap_or(0.0),
        Some(Criterion::MinPerformance { .. }) => record.minimum.unwrap_or(0.0),
        Some(Criterion::MeanOfTasks { .. }) => performance_of(record).mean_of_tasks().unwrap_or(0.0),
        Some(Criterion::MinOfTasks { .. }) => performance_of(record).min_of_tasks().unwrap_or(0.0),
        Some(Criterion::RmsError { .. }) => -record.rms_error.unwrap_or(f64::INFINITY),
        None => 0.0,
    };
    a.stage.cmp(&b.stage).then(rank(a).total_cmp(&rank(b))).then(b.loss.total_cmp(&a.loss))
}

#[cfg(test)]
mod tests {
    use nn4n_tasks::ConditionScore;

    use super::*;

    #[test]
    fn what_is_not_mastered_is_drawn_more_often_and_catch_trials_as_often_as_the_mean() {
        let conditions: Vec<_> =
            [0.1, 0.5].map(|c| Condition::new().with("coherence", c)).into_iter().chain([Condition::catch()]).collect();
        let score = |place: usize, performance| ConditionScore {
            condition: conditions[place].clone(),
            trials: 10,
            performance,
        };
        let found = Performance { per_condition: vec![score(0, 0.5), score(1, 1.0)], ..Performance::default() };
        let weights = adapted(&conditions, &found, 0.25);
        assert_eq!(weights, [0.75, 0.25, 0.5]);
    }

    #[test]
    fn a_stage_ends_at_its_threshold_and_the_last_one_never() {
        let record = |stage, performance| ValidationRecord {
            update: 1,
            loss: 0.0,
            performance,
            minimum: None,
            rms_error: None,
            per_task: Default::default(),
            stage,
        };
        assert_eq!(next_stage(&record(Some(0), Some(0.79)), &[0.8, 0.9]), 0);
        assert_eq!(next_stage(&record(Some(0), Some(0.8)), &[0.8, 0.9]), 1);
        assert_eq!(next_stage(&record(Some(2), Some(1.0)), &[0.8, 0.9]), 2);
        assert_eq!(next_stage(&record(Some(1), None), &[0.8, 0.9]), 1);
        assert_eq!(next_stage(&record(None, Some(1.0)), &[]), 0);
    }
}

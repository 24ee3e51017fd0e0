//! The answers to a batch, scored: behaviour in each trial, and performance over all.
//!
//! ```text
//! performance  = correct trials / scored trials           catch trials are not scored
//! rms_error    = sqrt( sum(loss_mask (z - target)^2) / sum(loss_mask) )   over all trials
//! ```
//!
//! ```
//! use nn4n_tasks::{Split, batch, create, performance};
//! let task = create("song2016/rdm_fixed", None)?;
//! let trials = batch(task.as_ref(), Split::Test, 0, 0, 50)?;
//! let perfect = performance(task.as_ref(), &trials, trials.targets.view())?;
//! assert_eq!(perfect.overall, Some(1.0));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::collections::BTreeMap;

use ndarray::{ArrayView3, s};
use rayon::prelude::*;

use crate::score::{root_mean, squared_error};
use crate::{Condition, ConditionScore, Performance, Score, Task, TaskError, TrialBatch};

/// Scores the answers `outputs` (trials, steps, outputs) to a batch.
pub fn performance(
    task: &dyn Task,
    batch: &TrialBatch,
    outputs: ArrayView3<'_, f32>,
) -> Result<Performance, TaskError> {
    let scores = scores(task, batch, outputs)?;
    let classes = task.conditions();
    let mut per_condition: Vec<(&Condition, usize, usize)> = Vec::new();
    for (condition, score) in batch.conditions.iter().zip(&scores) {
        let Some(correct) = score.correct else { continue };
        // A condition that is none of the task's own, such as a coherence of 0, is a class of its own.
        let condition = classes.iter().find(|class| condition.belongs_to(class)).unwrap_or(condition);
        let place = match per_condition.iter().position(|(known, ..)| *known == condition) {
            Some(place) => place,
            None => {
                per_condition.push((condition, 0, 0));
                per_condition.len() - 1
            }
        };
        per_condition[place].1 += 1;
        per_condition[place].2 += usize::from(correct);
    }
    let fraction = |right: usize, trials: usize| right as f64 / trials as f64;
    let trials = per_condition.iter().map(|(_, trials, _)| trials).sum();
    let right = per_condition.iter().map(|(.., right)| right).sum();
    let per_condition: Vec<ConditionScore> = per_condition
        .into_iter()
        .map(|(condition, trials, right)| ConditionScore {
            condition: condition.clone(),
            trials,
            performance: fraction(right, trials),
        })
        .collect();
    Ok(Performance {
        per_task: per_task(&per_condition),
        overall: (trials > 0).then(|| fraction(right, trials)),
        trials,
        minimum: per_condition.iter().map(|score| score.performance).reduce(f64::min),
        per_condition,
        rms_error: pooled_rms_error(batch, outputs),
    })
}

/// The fraction of right trials for each value of the variable `task`.
fn per_task(per_condition: &[ConditionScore]) -> BTreeMap<String, f64> {
    let mut counts: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for score in per_condition {
        if let Some(task) = score.condition.text("task") {
            let (right, trials) = counts.entry(task.into()).or_default();
            *right += score.performance * score.trials as f64;
            *trials += score.trials as f64;
        }
    }
    counts.into_iter().map(|(task, (right, trials))| (task, right / trials)).collect()
}

/// The score of every trial of a batch, in order.
pub fn scores(task: &dyn Task, batch: &TrialBatch, outputs: ArrayView3<'_, f32>) -> Result<Vec<Score>, TaskError> {
    if outputs.dim() != batch.targets.dim() {
        return Err(TaskError::OutputShape { got: outputs.shape().to_vec(), want: batch.targets.shape().to_vec() });
    }
    let one = |i: usize| {
        let trial = batch.view(i)?;
        Some(task.score(trial, outputs.slice(s![i, ..trial.n_steps(), ..])))
    };
    Ok((0..batch.len()).into_par_iter().map(|i| one(i).unwrap_or_default()).collect())
}

fn pooled_rms_error(batch: &TrialBatch, outputs: ArrayView3<'_, f32>) -> Option<f64> {
    let parts = (0..batch.len()).filter_map(|i| {
        let trial = batch.view(i)?;
        Some(squared_error(trial, outputs.slice(s![i, ..trial.n_steps(), ..])))
    });
    root_mean(parts.fold((0.0, 0.0), |(sum, weight), (s, w)| (sum + s, weight + w)))
}

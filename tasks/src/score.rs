//! Behaviour: the choice, whether it was right, the reaction time; and performance over many trials.
//!
//! ```text
//! choice       = argmax over outputs of z at the trial's last step (first of equals; none if an output is NaN)
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

use ndarray::{ArrayView1, ArrayView2, ArrayView3, s};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{Condition, Task, TaskError, TrialBatch, TrialView};

/// How one trial was answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// The output that won; `None` if there was no choice to make, or none was made.
    pub choice: Option<usize>,
    /// Whether the answer was right; `None` if the trial is not scored (catch trials).
    pub correct: Option<bool>,
    /// From the onset of the stimulus, or of the response where that comes later, to the decision, ms; `None` where the
    /// task has no reaction time or no decision was reached.
    pub reaction_time: Option<f64>,
    /// The root mean square error over the trial's graded entries, in units of the targets, for tasks that are scored
    /// by it.
    pub error: Option<f64>,
}

/// The performance in one condition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConditionScore {
    /// The condition.
    pub condition: Condition,
    /// The number of scored trials.
    pub trials: usize,
    /// The fraction that was right.
    pub performance: f64,
}

/// The performance over a batch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Performance {
    /// The fraction of scored trials that were right; `None` if none was scored.
    pub overall: Option<f64>,
    /// The number of scored trials.
    pub trials: usize,
    /// The same for each of the task's classes of trials, in order of first appearance; those without scored trials are
    /// left out.
    pub per_condition: Vec<ConditionScore>,
    /// The performance in the worst condition.
    pub minimum: Option<f64>,
    /// The performance in each task of a set, by name; empty for a single task.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub per_task: BTreeMap<String, f64>,
    /// The root mean square error over all graded entries of all trials, in units of the targets; `None` if nothing is
    /// graded.
    pub rms_error: Option<f64>,
}

impl Performance {
    /// The mean over the tasks of a set, each counting equally; `None` for a single task.
    pub fn mean_of_tasks(&self) -> Option<f64> {
        (!self.per_task.is_empty()).then(|| self.per_task.values().sum::<f64>() / self.per_task.len() as f64)
    }

    /// The worst of the tasks of a set; `None` for a single task.
    pub fn min_of_tasks(&self) -> Option<f64> {
        self.per_task.values().copied().reduce(f64::min)
    }
}

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

/// The largest output at the last step: the first of equals, `None` without outputs or if one is NaN.
pub fn choice(outputs: ArrayView2<'_, f32>) -> Option<usize> {
    largest(outputs.outer_iter().next_back()?)
}

/// The index of the largest value: the first of equals, `None` if there is none or one is NaN.
pub fn largest(values: ArrayView1<'_, f32>) -> Option<usize> {
    let mut best = None;
    for (i, &value) in values.iter().enumerate() {
        if value.is_nan() {
            return None;
        }
        if best.is_none_or(|(_, most)| value > most) {
            best = Some((i, value));
        }
    }
    best.map(|(i, _)| i)
}

/// The first step from `onset` on at which an output exceeds `threshold`, and the largest output at that step.
pub fn first_crossing(outputs: ArrayView2<'_, f32>, onset: usize, threshold: f64) -> Option<(usize, usize)> {
    let crossed = |row: &ArrayView1<'_, f32>| row.iter().any(|&z| f64::from(z) > threshold);
    let (step, row) = outputs.outer_iter().enumerate().skip(onset).find(|(_, row)| crossed(row))?;
    largest(row).map(|choice| (step, choice))
}

/// The time from the start of step `onset` to the end of step `step`, ms.
pub fn reaction_time(step: usize, onset: usize, dt: f64) -> f64 {
    (step + 1).saturating_sub(onset) as f64 * dt
}

/// The root mean square error over the graded entries of one trial; `None` if nothing is graded.
pub fn rms_error(trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Option<f64> {
    root(squared_error(trial, outputs))
}

fn pooled_rms_error(batch: &TrialBatch, outputs: ArrayView3<'_, f32>) -> Option<f64> {
    let parts = (0..batch.len()).filter_map(|i| {
        let trial = batch.view(i)?;
        Some(squared_error(trial, outputs.slice(s![i, ..trial.n_steps(), ..])))
    });
    root(parts.fold((0.0, 0.0), |(sum, weight), (s, w)| (sum + s, weight + w)))
}

/// (sum of mask * squared error, sum of mask), in f64 and in the order of the steps.
fn squared_error(trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> (f64, f64) {
    let mut total = (0.0, 0.0);
    for ((&output, &target), &mask) in outputs.iter().zip(trial.targets).zip(trial.loss_mask) {
        if mask > 0.0 {
            let (difference, mask) = (f64::from(output) - f64::from(target), f64::from(mask));
            total = (total.0 + mask * difference * difference, total.1 + mask);
        }
    }
    total
}

fn root((sum, weight): (f64, f64)) -> Option<f64> {
    (weight > 0.0).then(|| (sum / weight).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_choice_is_read_at_the_last_step() {
        assert_eq!(choice(array![[9.0, 0.0], [0.2, 0.3]].view()), Some(1));
        assert_eq!(choice(array![[0.3, 0.3]].view()), Some(0));
        assert_eq!(choice(array![[0.3, f32::NAN]].view()), None);
        assert_eq!(choice(ArrayView2::from_shape((0, 2), &[]).unwrap()), None);
    }

    #[test]
    fn a_decision_is_the_first_crossing_after_onset() {
        // Output 1 crosses before onset (step 0), output 0 at step 2.
        let outputs = array![[0.0, 1.5], [0.2, 0.9], [1.1, 0.2], [0.0, 3.0]];
        assert_eq!(first_crossing(outputs.view(), 1, 1.0), Some((2, 0)));
        assert_eq!(reaction_time(2, 1, 20.0), 40.0);
        assert_eq!(first_crossing(outputs.view(), 1, 5.0), None);
        // Reaching the threshold is not exceeding it.
        assert_eq!(first_crossing(array![[1.0, 0.0]].view(), 0, 1.0), None);
    }
}

//! How one trial was answered: the choice, whether it was right, the reaction time, the error.
//!
//! ```text
//! choice       = argmax over outputs of z at the trial's last step (first of equals; none if an output is NaN)
//! rms_error    = sqrt( sum(loss_mask (z - target)^2) / sum(loss_mask) )   over the trial
//! ```

use ndarray::{ArrayView1, ArrayView2};
use serde::{Deserialize, Serialize};

use crate::TrialView;

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
    root_mean(squared_error(trial, outputs))
}

/// (sum of mask * squared error, sum of mask), in f64 and in the order of the steps.
pub(crate) fn squared_error(trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> (f64, f64) {
    let mut total = (0.0, 0.0);
    for ((&output, &target), &mask) in outputs.iter().zip(trial.targets).zip(trial.loss_mask) {
        if mask > 0.0 {
            let (difference, mask) = (f64::from(output) - f64::from(target), f64::from(mask));
            total = (total.0 + mask * difference * difference, total.1 + mask);
        }
    }
    total
}

/// The root of sum / weight; `None` if nothing weighs.
pub(crate) fn root_mean((sum, weight): (f64, f64)) -> Option<f64> {
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

//! The answer to a trial: the first action that is not to fixate, in the period that asks for one.
//!
//! ```text
//! action(k)        argmax of the outputs at step k; 0 = fixate
//! choice           the first action that is not 0 in the period; 0 if there is none
//! correct          choice = the right class; steps before the period do not count (neurogym's `abort` is off)
//! reaction time    from the start of the period to the end of the step of the action
//! ```
//!
//! Outputs that are independent and uniform make every one of n actions equally likely at each of k steps, so the first
//! one is to act with probability 1 - n^-k, and each action then equally often:
//!
//! ```text
//! p(one action) = (1 - n^-k) / (n - 1)        p(never to act) = n^-k
//! ```

use std::ops::Range;

use ndarray::{ArrayView2, s};

use crate::{Score, TrialView, largest, reaction_time};

/// What the outputs do in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Fixate at every step.
    Fixated,
    /// Act: the step in the trial and the class.
    Acted {
        /// The step, counted from the start of the trial.
        step: usize,
        /// The class, not 0.
        action: usize,
    },
    /// An output is no number before anything is done.
    Unreadable,
}

impl Answer {
    /// The first action other than to fixate within `steps`.
    pub fn first(outputs: ArrayView2<'_, f32>, steps: Range<usize>) -> Self {
        let end = steps.end.min(outputs.nrows());
        let start = steps.start.min(end);
        for (i, row) in outputs.slice(s![start..end, ..]).outer_iter().enumerate() {
            match largest(row) {
                None => return Self::Unreadable,
                Some(0) => {}
                Some(action) => return Self::Acted { step: start + i, action },
            }
        }
        Self::Fixated
    }

    /// The class that was chosen, 0 for none of the others; `None` if it cannot be read.
    pub fn choice(self) -> Option<usize> {
        match self {
            Self::Fixated => Some(0),
            Self::Acted { action, .. } => Some(action),
            Self::Unreadable => None,
        }
    }
}

/// Scores the first action in the period `epoch` against the trial's right class.
pub fn score(trial: TrialView<'_>, outputs: ArrayView2<'_, f32>, epoch: &str, dt: f64) -> Score {
    let steps = trial.epoch(epoch).map_or(0..0, |epoch| epoch.steps());
    let answer = Answer::first(outputs, steps.clone());
    let (choice, reaction_time) = match answer {
        Answer::Acted { step, .. } => (answer.choice(), Some(reaction_time(step, steps.start, dt))),
        Answer::Fixated | Answer::Unreadable => (answer.choice(), None),
    };
    Score { choice, correct: trial.correct.map(|correct| choice == Some(correct)), reaction_time, error: None }
}

/// The probability that the first action of `n` in `k` steps is a given one other than to fixate, when all are equally
/// likely.
pub fn chance_of_action(n: usize, k: usize) -> f64 {
    (1.0 - chance_of_fixation(n, k)) / n.saturating_sub(1).max(1) as f64
}

/// The probability to fixate throughout `k` steps.
pub fn chance_of_fixation(n: usize, k: usize) -> f64 {
    (-(k as f64) * (n as f64).ln()).exp()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_first_action_that_is_not_to_fixate_counts() {
        let outputs = array![[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [0.0, f32::NAN, 0.0]];
        assert_eq!(Answer::first(outputs.view(), 1..5), Answer::Acted { step: 2, action: 2 });
        assert_eq!(Answer::first(outputs.view(), 1..2), Answer::Fixated);
        assert_eq!(Answer::first(outputs.view(), 4..5), Answer::Unreadable);
        assert_eq!(Answer::first(outputs.view(), 7..9), Answer::Fixated);
    }

    #[test]
    fn chances_add_up() {
        assert!((chance_of_action(3, 1) - 1.0 / 3.0).abs() < 1e-12);
        assert!((2.0 * chance_of_action(3, 4) + chance_of_fixation(3, 4) - 1.0).abs() < 1e-12);
        assert!((chance_of_fixation(2, 5) - 1.0 / 32.0).abs() < 1e-12);
    }
}

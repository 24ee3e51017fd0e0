//! Answers of two classes, given in the response.
//!
//! ```text
//! targets   1 for the right class, 0 for the other, at all times
//! choice    the larger output at the answer's step; a trial is correct if it is the right class
//! ```
//!
//! Differences from the source, for all tasks with classes: its network has one output, the probability of its class 1,
//! and a binary cross-entropy. With two outputs and a softmax the probability of a class is the same function of the
//! difference of the two, so the networks can give the same answers. The source measures the information that is lost
//! against an observer who knows the spikes, where a trial here is right or wrong.

use ndarray::ArrayView2;

use super::{Plan, Response};
use crate::{Condition, Score, TrialView, largest};

impl Plan {
    /// One location shows a stimulus, and class 0 or class 1 is right.
    pub(super) fn class(condition: Condition, stimulus: f64, response: Response, correct: usize) -> Self {
        let targets = [0, 1].map(|class| if class == correct { 1.0 } else { 0.0 }).into();
        Self { condition, shown: vec![stimulus], response, targets, correct: Some(correct) }
    }
}

/// The larger output at the answer's step, compared with the right class.
pub(super) fn score(step: Option<usize>, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
    let choice = step.and_then(|step| largest(outputs.outer_iter().nth(step)?));
    Score { choice, correct: trial.correct.map(|correct| choice == Some(correct)), ..Score::default() }
}

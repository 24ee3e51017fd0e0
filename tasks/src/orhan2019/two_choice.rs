//! Answers of two classes, given in the response.
//!
//! ```text
//! targets   1 for the right class, 0 for the other, at all times
//! graded    the response
//! choice    the larger output at the 5th step from the end
//! ```
//!
//! The source has one output, the probability of its class 1, and a binary cross-entropy. With two outputs and a
//! softmax the probability of a class is the same function of the difference of the two, so the networks can give the
//! same answers.

use ndarray::{Array2, ArrayView2, s};

use super::Timing;
use super::timing::Periods;
use crate::{Condition, Score, TaskError, Trial, TrialRng, TrialView, Value, largest};

/// The trial in which class 0 or class 1 is right.
pub(crate) fn trial(periods: Periods, inputs: Array2<f32>, condition: Condition, correct: usize) -> Trial {
    let mut targets = Array2::zeros((periods.n_steps(), 2));
    targets.slice_mut(s![.., correct]).fill(1.0);
    let mut loss_mask = Array2::zeros((periods.n_steps(), 2));
    loss_mask.slice_mut(s![periods.response.clone(), ..]).fill(1.0);
    Trial { inputs, targets, loss_mask, condition, epochs: periods.timeline.into_epochs(), correct: Some(correct) }
}

/// The larger output at the answer's step, compared with the right class.
pub(crate) fn score(timing: &Timing, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
    let choice = timing.answer_step(trial).and_then(|step| largest(outputs.outer_iter().nth(step)?));
    Score { choice, correct: trial.correct.map(|correct| choice == Some(correct)), ..Score::default() }
}

/// The index of the word that the condition gives for a variable; `None` if it gives none.
pub(crate) fn word(
    name: &str,
    words: [&'static str; 2],
    condition: Option<&Condition>,
) -> Result<Option<usize>, TaskError> {
    let Some(given) = condition.and_then(|condition| condition.get(name)) else { return Ok(None) };
    match words.into_iter().position(|word| *given == Value::from(word)) {
        Some(place) => Ok(Some(place)),
        None => Err(TaskError::condition(
            name,
            given,
            "is no value of this variable",
            format!("write {} or {}", words[0], words[1]),
        )),
    }
}

/// The same, drawn if the condition gives none.
pub(crate) fn draw(
    name: &str,
    words: [&'static str; 2],
    condition: Option<&Condition>,
    rng: &mut TrialRng,
) -> Result<usize, TaskError> {
    Ok(word(name, words, condition)?.unwrap_or_else(|| usize::from(rng.chance(0.5))))
}

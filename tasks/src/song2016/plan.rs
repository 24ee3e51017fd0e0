//! From what a trial shows and asks for to its inputs, targets and loss mask.

use ndarray::{Array2, ArrayView2, aview1, s};

use super::{Definition, TwoChoice};
use crate::{Condition, Score, TaskError, Timeline, Trial, TrialRng, TrialView, choice};

/// The names of epochs and their numbers of steps, in order.
pub type Epochs = Vec<(&'static str, usize)>;

/// What a trial shows and asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The trial variables.
    pub condition: Condition,
    /// The index of the correct choice.
    pub correct: usize,
    /// What each input channel carries in the epochs of these names; nothing in the others.
    pub signals: Vec<(&'static str, Vec<f32>)>,
}

impl<T: Definition> TwoChoice<T> {
    /// Whether the condition asks for a catch trial, or the dice do if there is none. Refuses variables that the trial
    /// does not have.
    pub(super) fn is_catch(&self, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<bool, TaskError> {
        let Some(condition) = condition else { return Ok(rng.chance(self.p_catch)) };
        let is_catch = condition.is_catch();
        condition.allow(if is_catch { &["catch"] } else { T::VARIABLES })?;
        Ok(is_catch)
    }

    /// A trial without signal, in which neither output is to rise.
    pub(super) fn catch_trial(&self, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let mut timeline = self.clock().timeline()?;
        timeline.push("catch", ("catch_duration", self.catch_duration))?;
        let n_steps = timeline.n_steps();
        let mut inputs = Array2::zeros((n_steps, T::INPUTS.len()));
        self.input().apply(&mut inputs, rng);
        Ok(Trial {
            inputs,
            targets: Array2::from_elem((n_steps, 2), self.lo as f32),
            loss_mask: Array2::ones((n_steps, 2)),
            condition: Condition::catch(),
            epochs: timeline.into_epochs(),
            correct: None,
        })
    }

    /// The trial of this plan.
    pub(super) fn planned_trial(&self, timeline: Timeline, plan: Plan, rng: &mut TrialRng) -> Trial {
        let (n_steps, correct) = (timeline.n_steps(), plan.correct.min(1));
        let mut inputs = Array2::zeros((n_steps, T::INPUTS.len()));
        let mut targets = Array2::from_elem((n_steps, 2), self.lo as f32);
        let mut loss_mask = Array2::zeros((n_steps, 2));
        for epoch in timeline.epochs() {
            for (_, levels) in plan.signals.iter().filter(|(name, _)| epoch.name == *name) {
                inputs.slice_mut(s![epoch.steps(), ..]).assign(&aview1(levels));
            }
            if epoch.name == "decision" {
                targets.slice_mut(s![epoch.steps(), correct]).fill(self.hi as f32);
            }
            if epoch.name == "fixation" || epoch.name == "decision" {
                loss_mask.slice_mut(s![epoch.steps(), ..]).fill(1.0);
            }
        }
        self.input().apply(&mut inputs, rng);
        let (condition, epochs) = (plan.condition, timeline.into_epochs());
        Trial { inputs, targets, loss_mask, condition, epochs, correct: Some(correct) }
    }
}

/// The larger output at the last step, compared with the correct choice.
pub(super) fn score(trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
    let choice = choice(outputs);
    Score { choice, correct: trial.correct.map(|correct| choice == Some(correct)), ..Score::default() }
}

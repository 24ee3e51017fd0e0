//! When the answer to a trial of a declared task is right.

use ndarray::ArrayView2;

use super::format::ScoreRule;
use super::plan::Plan;
use crate::{Score, TrialView, choice, largest, reaction_time, rms_error};

impl Plan {
    /// Whether answers can be right or wrong at all.
    pub(crate) fn has_scores(&self) -> bool {
        !matches!(self.score, ScoreRule::RmsError { at_most: None })
    }

    /// Scores an answer by the rule of the file.
    pub(crate) fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        match &self.score {
            ScoreRule::Choice => against(trial, choice(outputs)),
            ScoreRule::FirstAction { epoch, rest } => self.first_action(trial, outputs, epoch, rest),
            ScoreRule::RmsError { at_most } => {
                let error = rms_error(trial, outputs);
                let correct = at_most.filter(|_| !trial.condition.is_catch()).and_then(|most| Some(error? <= most));
                Score { correct, error, ..Score::default() }
            }
        }
    }

    /// The first step of the epoch at which the largest output is not `rest`; without one, the choice is to rest.
    fn first_action(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>, epoch: &str, rest: &str) -> Score {
        let rest = self.outputs.iter().position(|output| output.name == rest);
        let Some(steps) = trial.epoch(epoch).map(crate::Epoch::steps) else { return against(trial, rest) };
        for (step, row) in outputs.outer_iter().enumerate().take(steps.end).skip(steps.start) {
            let action = largest(row);
            if action != rest {
                let reaction_time = action.map(|_| reaction_time(step, steps.start, self.clock.dt));
                return Score { reaction_time, ..against(trial, action) };
            }
        }
        against(trial, rest)
    }

    /// The performance of outputs that are independent and uniform, where each is the largest equally often.
    pub(crate) fn chance(&self) -> f64 {
        let n = self.outputs.len() as f64;
        match (&self.score, self.chance) {
            (_, Some(chance)) => chance,
            (ScoreRule::Choice, None) => 1.0 / n,
            (ScoreRule::FirstAction { epoch, .. }, None) => {
                let duration =
                    self.epochs.iter().find(|known| known.name == *epoch).map_or(0.0, |epoch| epoch.train.bounds().0);
                let steps = (duration / self.clock.dt).floor();
                // That an action comes at all, and then each of the n - 1 equally often.
                (1.0 - (-steps * n.ln()).exp()) / (n - 1.0).max(1.0)
            }
            (ScoreRule::RmsError { .. }, None) => 0.0,
        }
    }
}

/// A choice compared with that of the trial; catch trials have none and are not scored.
fn against(trial: TrialView<'_>, choice: Option<usize>) -> Score {
    Score { choice, correct: trial.correct.map(|correct| choice == Some(correct)), ..Score::default() }
}

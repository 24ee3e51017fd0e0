//! What the two-alternative tasks share: targets, loss mask, catch trials and the choice.
//!
//! ```text
//! target     hi for the correct output in the decision epoch, lo everywhere else
//! loss_mask  1 in the fixation and decision epochs, 0 in between
//! catch      no signal, both targets lo, loss_mask 1 on the whole trial, not scored
//! choice     the larger output at the last step
//! ```
//!
//! A task file states its channels, its timeline and its signals; this file does the rest.

use ndarray::{Array2, ArrayView2, s};

use super::InputNoise;
use crate::error::rules;
use crate::{Clock, Condition, Rounding, Score, TaskError, Timeline, Trial, TrialRng, TrialView, choice};

/// The settings that every two-alternative task has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TwoChoice {
    /// How signals become inputs.
    pub input: InputNoise,
    /// What becomes of a duration between two steps.
    pub rounding: Rounding,
    /// The number of input channels.
    pub n_inputs: usize,
    /// The target of the chosen output.
    pub hi: f64,
    /// The target of the other output, and of both outside the decision.
    pub lo: f64,
    /// The fraction of catch trials.
    pub p_catch: f64,
    /// The length of a catch trial, ms.
    pub catch_duration: f64,
}

impl TwoChoice {
    /// Checks the fields.
    pub fn validate(&self) -> Result<(), TaskError> {
        self.input.validate()?;
        rules::finite("hi", self.hi)?;
        rules::finite("lo", self.lo)?;
        if self.hi <= self.lo {
            let remedy = format!("the correct output must stand out from `lo` = {}", self.lo);
            return Err(TaskError::parameter("hi", self.hi, "must exceed `lo`", remedy));
        }
        rules::probability("p_catch", self.p_catch)?;
        self.clock().at_least_one_step("catch_duration", self.catch_duration).map(drop)
    }

    /// How durations become steps: drawn ones go to the step below, as in the source, unless the user says otherwise.
    pub fn clock(&self) -> Clock {
        Clock::new(self.input.dt).drawn(Rounding::Floor).rounding(self.rounding)
    }

    /// The conditions of a task: catch first (if there are catch trials), then those given.
    pub fn conditions(&self, conditions: impl IntoIterator<Item = Condition>) -> Vec<Condition> {
        let catch = (self.p_catch > 0.0).then(Condition::catch);
        catch.into_iter().chain(conditions).collect()
    }

    /// A catch trial if the condition asks for one, or if none is given and the dice say so. Refuses variables not
    /// among `names`.
    pub fn catch_trial(
        &self,
        names: &[&str],
        condition: Option<&Condition>,
        rng: &mut TrialRng,
    ) -> Result<Option<Trial>, TaskError> {
        let is_catch = match condition {
            Some(condition) if condition.is_catch() => {
                condition.allow(&["catch"])?;
                true
            }
            Some(condition) => {
                condition.allow(names)?;
                false
            }
            None => rng.chance(self.p_catch),
        };
        if !is_catch {
            return Ok(None);
        }
        let mut timeline = self.clock().timeline()?;
        timeline.push("catch", ("catch_duration", self.catch_duration))?;
        let n_steps = timeline.n_steps();
        let mut inputs = Array2::zeros((n_steps, self.n_inputs));
        self.input.apply(&mut inputs, rng);
        Ok(Some(Trial {
            inputs,
            targets: Array2::from_elem((n_steps, 2), self.lo as f32),
            loss_mask: Array2::ones((n_steps, 2)),
            condition: Condition::catch(),
            epochs: timeline.into_epochs(),
            correct: None,
        }))
    }

    /// Silence on all channels, (n_steps, inputs), for the task to draw its signals on.
    pub fn silence(&self, timeline: &Timeline) -> Array2<f32> {
        Array2::zeros((timeline.n_steps(), self.n_inputs))
    }

    /// The trial with these signals (n_steps, inputs) and this correct choice.
    pub fn trial(
        &self,
        timeline: Timeline,
        mut signals: Array2<f32>,
        condition: Condition,
        correct: usize,
        rng: &mut TrialRng,
    ) -> Trial {
        self.input.apply(&mut signals, rng);
        let mut targets = Array2::from_elem((timeline.n_steps(), 2), self.lo as f32);
        let mut loss_mask = Array2::zeros((timeline.n_steps(), 2));
        for epoch in timeline.epochs() {
            if epoch.name == "decision" {
                targets.slice_mut(s![epoch.steps(), correct.min(1)]).fill(self.hi as f32);
            }
            if epoch.name == "fixation" || epoch.name == "decision" {
                loss_mask.slice_mut(s![epoch.steps(), ..]).fill(1.0);
            }
        }
        Trial {
            inputs: signals,
            targets,
            loss_mask,
            condition,
            epochs: timeline.into_epochs(),
            correct: Some(correct.min(1)),
        }
    }

    /// The larger output at the last step, compared with the correct choice.
    pub fn score(trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        let choice = choice(outputs);
        Score { choice, correct: trial.correct.map(|correct| choice == Some(correct)), ..Score::default() }
    }
}

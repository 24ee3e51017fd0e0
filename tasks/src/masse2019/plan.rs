//! From what a trial shows and asks for to its inputs, targets and loss mask, and to the score of an answer.

use std::f64::consts::TAU;
use std::ops::Range;

use ndarray::{Array1, Array2, ArrayView2, s};

use super::{Channels, OUTPUTS, Protocol, direction};
use crate::white_noise::WhiteNoise;
use crate::{Condition, Epoch, Score, TaskError, Timeline, Trial, TrialRng, TrialView, largest, reaction_time};

/// The output of fixation.
const FIXATION: usize = 0;

/// A motion stimulus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stimulus {
    /// The epoch during which it is shown.
    pub epoch: &'static str,
    /// Where, from 0.
    pub place: usize,
    /// Its direction, from 0 in steps of 45 degrees.
    pub direction: usize,
}

/// What a trial shows and asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The trial variables.
    pub condition: Condition,
    /// What is shown.
    pub stimuli: Vec<Stimulus>,
    /// When which rule (from 0) is cued.
    pub cues: Vec<(Range<usize>, usize)>,
    /// Whether each of the tests is a match; `None` where nothing is shown and fixation is to be kept.
    pub tests: Vec<Option<bool>>,
}

impl Protocol {
    /// The trial of this plan.
    pub fn trial(
        &self,
        channels: Channels,
        timeline: Timeline,
        plan: Plan,
        rng: &mut TrialRng,
    ) -> Result<Trial, TaskError> {
        let n_steps = timeline.n_steps();
        let epochs = timeline.into_epochs();
        let mut targets = Array2::zeros((n_steps, OUTPUTS.len()));
        targets.column_mut(FIXATION).fill(1.0);
        for (epoch, test) in tests(&epochs).zip(&plan.tests) {
            targets.slice_mut(s![epoch.steps(), FIXATION]).fill(0.0);
            targets.slice_mut(s![epoch.steps(), class(*test)]).fill(1.0);
        }
        let last = plan.tests.last().copied().flatten().filter(|_| plan.tests.len() == 1);
        Ok(Trial {
            inputs: self.inputs(channels, &epochs, n_steps, &plan, rng),
            targets,
            loss_mask: self.loss_mask(&epochs, n_steps, &plan.tests)?,
            condition: plan.condition,
            epochs,
            correct: last.map(|is_match| class(Some(is_match))),
        })
    }

    fn inputs(
        &self,
        channels: Channels,
        epochs: &[Epoch],
        n_steps: usize,
        plan: &Plan,
        rng: &mut TrialRng,
    ) -> Array2<f32> {
        let fixation = channels.places * self.n_motion;
        let rule = fixation + self.n_fixation;
        let mut inputs = Array2::zeros((n_steps, rule + channels.n_rule));
        for stimulus in &plan.stimuli {
            let Some(epoch) = epochs.iter().find(|epoch| epoch.name == stimulus.epoch) else { continue };
            let place = stimulus.place.min(channels.places - 1) * self.n_motion;
            let mut shown = inputs.slice_mut(s![epoch.steps(), place..place + self.n_motion]);
            shown += &self.tuning(stimulus.direction);
        }
        let asks_for_fixation = |epoch: &&Epoch| epoch.name != "dead" && !epoch.name.starts_with("test");
        for epoch in epochs.iter().filter(asks_for_fixation) {
            inputs.slice_mut(s![epoch.steps(), fixation..rule]).fill(self.height as f32);
        }
        for (steps, cued) in &plan.cues {
            for channel in (rule + cued..rule + channels.n_rule).step_by(channels.rules) {
                inputs.slice_mut(s![steps.clone(), channel]).fill(self.height as f32);
            }
        }
        WhiteNoise { dt: self.dt, sigma_in: self.sigma_in, tau_in: self.tau_in }.add(&mut inputs, rng);
        inputs.mapv_inplace(|u| u.max(0.0));
        inputs
    }

    /// The response of the motion channels of a place to a direction.
    pub fn tuning(&self, direction: usize) -> Array1<f32> {
        let theta = direction::degrees(direction).to_radians();
        let response = |k: usize| {
            let preferred = TAU * k as f64 / self.n_motion as f64;
            (self.height * (self.kappa * ((theta - preferred).cos() - 1.0)).exp()) as f32
        };
        (0..self.n_motion).map(response).collect()
    }

    fn loss_mask(&self, epochs: &[Epoch], n_steps: usize, asked: &[Option<bool>]) -> Result<Array2<f32>, TaskError> {
        let ungraded = self.clock().steps("ungraded", self.ungraded)?;
        let mut loss_mask = Array2::ones((n_steps, OUTPUTS.len()));
        for epoch in epochs.iter().filter(|epoch| epoch.name == "dead") {
            loss_mask.slice_mut(s![epoch.steps(), ..]).fill(0.0);
        }
        for (epoch, test) in tests(epochs).zip(asked) {
            let graded = (epoch.start + ungraded).min(epoch.end);
            loss_mask.slice_mut(s![epoch.start..graded, ..]).fill(0.0);
            let weight = if test.is_some() { self.test_weight } else { 1.0 };
            loss_mask.slice_mut(s![graded..epoch.end, ..]).fill(weight as f32);
        }
        Ok(loss_mask)
    }

    /// Scores an answer.
    pub fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        if trial.condition.is_catch() {
            return Score::default();
        }
        let choices: Vec<_> =
            tests(trial.epochs).map(|epoch| (vote(trial, outputs, epoch), vote(trial, trial.targets, epoch))).collect();
        let correct = Some(choices.iter().all(|(choice, asked)| choice.is_some() && choice == asked));
        match (choices.as_slice(), tests(trial.epochs).next()) {
            ([(choice, _)], Some(test)) => {
                let mut rows = outputs.outer_iter().enumerate().take(test.end).skip(test.start);
                let responds = |winner: usize| winner != FIXATION;
                let reacted = rows.find(|(_, row)| largest(*row).is_some_and(responds));
                let reaction_time = reacted.map(|(step, _)| reaction_time(step, test.start, self.dt));
                Score { choice: *choice, correct, reaction_time, error: None }
            }
            _ => Score { correct, ..Score::default() },
        }
    }
}

/// The output of a test that is a match or not, or of one that does not take place.
fn class(test: Option<bool>) -> usize {
    test.map_or(FIXATION, |is_match| 1 + usize::from(is_match))
}

/// The tests of a trial.
fn tests(epochs: &[Epoch]) -> impl Iterator<Item = &Epoch> {
    epochs.iter().filter(|epoch| epoch.name.starts_with("test"))
}

/// The output that is the largest at most of the graded steps of a test; `None` if there is no such step, or if an
/// output is NaN.
fn vote(trial: TrialView<'_>, outputs: ArrayView2<'_, f32>, test: &Epoch) -> Option<usize> {
    let mut votes = [(0usize, 0.0f64); OUTPUTS.len()];
    for (row, graded) in
        outputs.outer_iter().zip(trial.loss_mask.outer_iter()).skip(test.start).take(test.steps().len())
    {
        if graded.iter().all(|&weight| weight == 0.0) {
            continue;
        }
        votes.get_mut(largest(row)?)?.0 += 1;
        for ((_, sum), z) in votes.iter_mut().zip(row) {
            *sum += f64::from(*z);
        }
    }
    let order = |a: &(usize, (usize, f64)), b: &(usize, (usize, f64))| a.1.0.cmp(&b.1.0).then(a.1.1.total_cmp(&b.1.1));
    votes.into_iter().enumerate().max_by(order).filter(|(_, (steps, _))| *steps > 0).map(|(output, _)| output)
}

//! What the tasks share: tuned inputs, noise, three classes of outputs, loss mask and scoring.
//!
//! ```text
//! input      motion channel k of n: h exp(kappa (cos(theta - 2 pi k / n) - 1)) while direction theta is shown
//!            rule channels: h on every second one of them (the even ones for the first rule) while the cue is on
//!            fixation channels (none in the code): h outside of the dead time and the tests
//!            all: [ signal + sqrt(2 tau_in / dt) sigma_in xi ]+                    xi ~ N(0, 1), for every step and channel
//! target     one class at every step: fixation; in a test match or non_match; fixation in the test of a catch trial
//! loss mask  0 in the dead time and in the first 50 ms of a test, else 1
//! choice     in each test, the output that is the largest at most of its graded steps (of equals, the one with the larger sum)
//! correct    the choice is right in every test of the trial; catch trials are not scored
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | dt | `dt` | ms | 10 |
//! | n | `n_motion` (for each place where motion is shown) | | 24 |
//! | | `n_fixation` | | 0 |
//! | h | `height` | input units | 4 |
//! | kappa | `kappa` | | 2 |
//! | sigma_in | `sigma_in` | input units | 0.1 |
//! | tau_in | `tau_in` | ms | 100 |
//! | | `dead`, before the fixation | ms | 0 |
//! | | `ungraded` (at the start of a test) | ms | 50 |
//! | | `test_weight` (the loss mask in tests) | | 1 |
//!
//! Directions are 0, 45, .. 315 degrees. The code scores steps, not trials: its accuracy is the fraction of graded test
//! steps at which the right output is the largest. A trial counts here as what most of its steps say, so that both are
//! 1/3 by chance for each test, and 1 when all is right; a trial with several tests is right only if all of them are.
//! The reaction time, in tasks with one test, runs from test onset to the first step at which a response output is the
//! largest.
//!
//! Durations must be whole numbers of steps unless `rounding` says otherwise; those that are drawn are cut to whole
//! steps, as in the code.

use std::f64::consts::TAU;
use std::ops::Range;

use ndarray::{Array1, Array2, ArrayView2, s};
use serde::{Deserialize, Serialize};

use super::direction;
use crate::error::rules;
use crate::white_noise::WhiteNoise;
use crate::{Clock, Condition, Epoch, Rounding, Score, TaskError, Timeline, Trial, TrialRng, TrialView};
use crate::{largest, reaction_time};

/// The outputs.
pub const OUTPUTS: [&str; 3] = ["fixation", "non_match", "match"];
/// The output of fixation.
const FIXATION: usize = 0;
/// The most channels of a kind: far above any network's needs, and low enough that a mistyped number is an error.
const MAX_CHANNELS: usize = 4096;

/// The settings that every task of the family has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Protocol {
    /// The time step, ms.
    pub dt: f64,
    /// What becomes of a duration between two steps.
    pub rounding: Rounding,
    /// The number of channels tuned to motion, for each place where motion is shown.
    pub n_motion: usize,
    /// The number of channels that are on while fixation is asked for.
    pub n_fixation: usize,
    /// The largest response of a channel, input units.
    pub height: f64,
    /// The sharpness of the tuning.
    pub kappa: f64,
    /// The strength of the input noise; 0 for none.
    pub sigma_in: f64,
    /// The time constant that the strength refers to, ms.
    pub tau_in: f64,
    /// The time before fixation in which nothing is graded, ms.
    pub dead: f64,
    /// The ungraded time at the start of a test, ms.
    pub ungraded: f64,
    /// The loss mask in tests.
    pub test_weight: f64,
}

impl Default for Protocol {
    fn default() -> Self {
        Self {
            dt: 10.0,
            rounding: Rounding::Exact,
            n_motion: 24,
            n_fixation: 0,
            height: 4.0,
            kappa: 2.0,
            sigma_in: 0.1,
            tau_in: 100.0,
            dead: 0.0,
            ungraded: 50.0,
            test_weight: 1.0,
        }
    }
}

/// The channels of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Channels {
    /// The number of places where motion is shown.
    pub places: usize,
    /// The number of rules.
    pub rules: usize,
    /// The number of rule channels.
    pub n_rule: usize,
}

impl Channels {
    /// One place, no rule cue.
    pub const PLAIN: Self = Self { places: 1, rules: 1, n_rule: 0 };
}

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
    /// Checks the fields.
    pub fn validate(&self, channels: Channels) -> Result<(), TaskError> {
        rules::positive("dt", self.dt)?;
        let least_rule = if channels.rules > 1 { channels.rules } else { 0 };
        for (field, number, least) in [
            ("n_motion", self.n_motion, 1),
            ("n_fixation", self.n_fixation, 0),
            ("n_rule", channels.n_rule, least_rule),
        ] {
            if !(least..=MAX_CHANNELS).contains(&number) {
                let remedy = format!("give {least} to {MAX_CHANNELS}");
                return Err(TaskError::parameter(field, number, "is no number of channels for this task", remedy));
            }
        }
        rules::positive("height", self.height)?;
        rules::not_negative("kappa", self.kappa)?;
        rules::not_negative("sigma_in", self.sigma_in)?;
        rules::positive("tau_in", self.tau_in)?;
        rules::positive("test_weight", self.test_weight)?;
        self.clock().steps("dead", self.dead)?;
        self.clock().steps("ungraded", self.ungraded).map(drop)
    }

    /// Checks that a test of this duration (ms) has a graded step.
    pub fn validate_test(&self, test: f64) -> Result<(), TaskError> {
        let (all, ungraded) = (self.clock().steps("test", test)?, self.clock().steps("ungraded", self.ungraded)?);
        if all > ungraded {
            return Ok(());
        }
        let remedy =
            format!("give at least one step of `dt` = {} ms more than `ungraded` = {}", self.dt, self.ungraded);
        Err(TaskError::parameter("test", test, "leaves no step of the test to be graded", remedy))
    }

    /// How durations become steps.
    pub fn clock(&self) -> Clock {
        Clock::new(self.dt).drawn(Rounding::Floor).rounding(self.rounding)
    }

    /// A trial that begins with the dead time.
    pub fn timeline(&self) -> Result<Timeline, TaskError> {
        let mut timeline = self.clock().timeline()?;
        timeline.push("dead", ("dead", self.dead))?;
        Ok(timeline)
    }

    /// The names of the input channels.
    pub fn input_names(&self, channels: Channels) -> Vec<String> {
        let motion = |place: usize| {
            let prefix = if channels.places == 1 { "motion".into() } else { format!("motion_at_{}", place + 1) };
            (1..=self.n_motion).map(move |i| format!("{prefix}_{i}"))
        };
        let fixation = (1..=self.n_fixation).map(|i| format!("fixation_{i}"));
        let rule = (1..=channels.n_rule).map(|i| format!("rule_{i}"));
        (0..channels.places).flat_map(motion).chain(fixation).chain(rule).collect()
    }

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

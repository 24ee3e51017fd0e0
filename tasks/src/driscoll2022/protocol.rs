//! What the 15 tasks share besides their channels: noise, targets, loss mask and timing.
//!
//! ```text
//! noise      sqrt(2 tau_in / dt) sigma_in xi on each of the 20 inputs at every step      xi ~ N(0, 1)
//! target     fixation: 0.8 before the response (to the end if there is none), b after it
//!            response: (sin, cos) of the angle to report + b from the response on, b before      b = baseline
//! loss mask  0 for `ungraded` ms | 1 to the response | 0 for `grace` ms | 5 to the end;  twice as much for fixation
//! loss       mean over trials, steps and outputs of (loss mask (output - target))^2: errors count 1 and 25, and 4 and
//!            100 for fixation
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | dt | `dt` | ms | 20 |
//! | sigma_in | `sigma_in` | input units | 0.1 |
//! | tau_in | `tau_in` | ms | 100 |
//! | b | `baseline` | output units | 0 |
//! | | `ungraded`, `grace` | ms | 100, 100 |
//! | | `weight_before`, `weight_response` | | 1, 5 |
//! | | `weight_fixation` | | 2: how many times as much fixation counts |
//! | | `same_timing_per_batch` | | true: the trials of a batch share their timing and their modalities |
//! | | `rounding` | | `exact` for durations that are given; those drawn from a range go to the step below |
//!
//! Durations drawn from a range are cut to whole steps (`int(ms / dt)` in the code), each on its own, unless `rounding`
//! says otherwise. Tests have fixed durations.

use std::f64::consts::{PI, SQRT_2};

use serde::{Deserialize, Serialize};

use super::scoring::FIXATING;
use crate::error::rules;
use crate::white_noise::WhiteNoise;
pub use crate::yang2019::FixationRule;
use crate::{Clock, Duration, Rounding, Split, TaskError, Timeline, TrialRng};

/// The settings that every task of the family has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Protocol {
    /// The time step, ms.
    pub dt: f64,
    /// What becomes of a duration between two steps.
    pub rounding: Rounding,
    /// Whether all trials of a batch have one timing and one modality.
    pub same_timing_per_batch: bool,
    /// The strength of the input noise; 0 for none.
    pub sigma_in: f64,
    /// The time constant that the strength refers to, ms.
    pub tau_in: f64,
    /// The target where nothing is asked for.
    pub baseline: f64,
    /// The ungraded time at the start of a trial, ms.
    pub ungraded: f64,
    /// The ungraded time at the start of the response, ms.
    pub grace: f64,
    /// The loss mask before the response.
    pub weight_before: f64,
    /// The loss mask in the response.
    pub weight_response: f64,
    /// How many times more the fixation output counts.
    pub weight_fixation: f64,
    /// The largest error of a correct response, rad.
    pub max_angle: f64,
    /// How fixation enters the score.
    pub fixation_rule: FixationRule,
}

impl Default for Protocol {
    fn default() -> Self {
        Self {
            dt: 20.0,
            rounding: Rounding::Exact,
            same_timing_per_batch: true,
            sigma_in: 0.1,
            tau_in: 100.0,
            baseline: 0.0,
            ungraded: 100.0,
            grace: 100.0,
            weight_before: 1.0,
            weight_response: 5.0,
            weight_fixation: 2.0,
            max_angle: 0.1 * PI,
            fixation_rule: FixationRule::LastStep,
        }
    }
}

/// A period of a trial: its epoch, and the parameter that holds its duration in training and, fixed, in tests.
#[derive(Clone, Copy, Debug)]
pub struct Phase<'a> {
    /// The name of the epoch.
    pub epoch: &'static str,
    /// The parameter; with `_test` at its end it holds the duration in tests.
    pub field: &'static str,
    /// In training, ms.
    pub train: &'a Duration,
    /// In tests, ms.
    pub test: f64,
}

impl Protocol {
    /// Checks the fields, and the durations of a task.
    pub fn validate(&self, phases: &[Phase<'_>]) -> Result<(), TaskError> {
        self.noise().validate()?;
        rules::not_negative("weight_before", self.weight_before)?;
        rules::positive("weight_response", self.weight_response)?;
        rules::positive("weight_fixation", self.weight_fixation)?;
        rules::positive("max_angle", self.max_angle)?;
        if self.max_angle > PI {
            return Err(TaskError::parameter(
                "max_angle",
                self.max_angle,
                "must not exceed pi",
                "the published rule is 0.1 pi",
            ));
        }
        rules::not_negative("baseline", self.baseline)?;
        // Added to both response outputs, it turns the angle they stand for.
        let turn = (SQRT_2 * self.baseline).min(1.0).asin();
        if turn >= self.max_angle || self.baseline >= FIXATING {
            let remedy = "the code has 0 in `stepnet` and 0.05 in `transfer_learn`";
            return Err(TaskError::parameter(
                "baseline",
                self.baseline,
                "would make the targets themselves a wrong answer",
                remedy,
            ));
        }
        let clock = self.clock();
        clock.steps("ungraded", self.ungraded)?;
        clock.steps("grace", self.grace)?;
        phases.iter().try_for_each(|phase| self.validate_phase(phase))
    }

    fn validate_phase(&self, phase: &Phase<'_>) -> Result<(), TaskError> {
        let (clock, field_test) = (self.clock(), format!("{}_test", phase.field));
        phase.train.validate(phase.field, clock)?;
        clock.steps(&field_test, phase.test)?;
        let shortest = match phase.field {
            "stimulus" => self.dt,
            "response" => self.grace + self.dt,
            _ => return Ok(()),
        };
        for (field, ms) in [(phase.field, phase.train.bounds().0), (&field_test, phase.test)] {
            if ms < shortest {
                let rule = "is too short: a stimulus needs one step, and a response one more than `grace`";
                return Err(TaskError::parameter(field, ms, rule, format!("give at least {shortest} ms")));
            }
        }
        Ok(())
    }

    /// The input noise.
    pub(super) fn noise(&self) -> WhiteNoise {
        WhiteNoise { dt: self.dt, sigma_in: self.sigma_in, tau_in: self.tau_in }
    }

    /// The step and the rounding rules.
    pub(super) fn clock(&self) -> Clock {
        Clock::new(self.dt).drawn(Rounding::Floor).rounding(self.rounding)
    }

    /// The epochs of a trial.
    pub fn timeline(&self, split: Split, phases: &[Phase<'_>], rng: &mut TrialRng) -> Result<Timeline, TaskError> {
        let clock = self.clock();
        let mut timeline = clock.timeline()?;
        let mut batch = rng.shared("timing");
        let rng = if self.same_timing_per_batch { &mut batch } else { rng };
        for phase in phases {
            let steps = match split {
                Split::Train => phase.train.draw(phase.field, clock, rng)?,
                Split::Test => clock.steps(format_args!("{}_test", phase.field), phase.test)?,
            };
            timeline.push_steps(phase.epoch, steps)?;
        }
        Ok(timeline)
    }
}

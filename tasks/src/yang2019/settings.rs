//! What all 20 tasks have in common besides their channels: time step, input noise, levels of the targets, loss mask
//! and scoring rule.
//!
//! ```text
//! noise      sigma_x sqrt(2 tau / dt) xi on each of the 85 inputs at every step      xi ~ N(0, 1)
//! targets    fixation: fixation_target before go1, then 0.05; fixation_target to the end where fixation is to be kept
//!            responses: 0.05 before go1, then 0.05 + the bump of the angle of the response
//! loss_mask  0 for the first `grace` ms, 1 until go1, 0 for `grace` ms of go1, then 5; twice as much on fixation
//! loss       mean over trials, steps and outputs of (loss_mask (output - target))^2
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | dt | `dt` | ms | 20 |
//! | tau | `tau` | ms | 100 |
//! | sigma_x | `sigma_x` | input units | 0.01, a standard deviation of 0.0316 per step; 0 for none |
//! | | `rounding` | | a duration that is no whole number of steps is refused; the code takes the step below |
//! | | `same_timing_per_batch` | | true: the trials of a batch share their timing and their modalities |
//! | | `fixation_rule` | | `last_step` in the code, `maintained` in the paper |
//! | | `fixation_target` | output units | 0.8 in the code, 0.85 in the paper |
//! | | `grace` | ms | 100 |
//!
//! Differences from the source: a duration of a list that is no whole number of steps is refused unless `rounding` says
//! what to do with it, where the code takes the step below. The paper differs from the code in the options marked in
//! the tables, and in the loss mask, which it writes outside the square: `[train] loss = "masked_mse"` does so, with
//! weights of 1 and then 5, of 2 and 10 on fixation, up to normalisation.
//!
//! ```
//! use nn4n_tasks::yang2019::Yang2019;
//! assert!((Yang2019::default().noise_std() - 0.001_f64.sqrt()).abs() < 1e-12);
//! ```

use serde::{Deserialize, Serialize};

use crate::error::rules;
use crate::white_noise::WhiteNoise;
use crate::{Clock, Rounding, TaskError, TrialRng};

/// Outputs above this say that the network fixates.
pub const FIXATING: f64 = 0.5;

/// The settings of every task of this family.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Yang2019 {
    /// The time step, ms.
    pub dt: f64,
    /// The time constant of the network, to which the strength of the input noise refers, ms.
    pub tau: f64,
    /// The strength of the input noise; 0 for none.
    pub sigma_x: f64,
    /// What becomes of durations between two steps; those drawn from a range go to the step below unless this says
    /// otherwise.
    pub rounding: Rounding,
    /// Whether all trials of a batch have one timing and, where it varies, one modality; otherwise each trial draws its
    /// own.
    pub same_timing_per_batch: bool,
    /// When fixation counts as held.
    pub fixation_rule: FixationRule,
    /// The target of the fixation output while it should be held, above 0.5 and up to 1.
    pub fixation_target: f64,
    /// The ungraded time at the start of a trial, and again after the go signal, ms.
    pub grace: f64,
}

/// When fixation counts as held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FixationRule {
    /// Nothing is asked of the steps before the last one, as in the code.
    #[default]
    LastStep,
    /// The fixation output must also exceed 0.5 at every graded step before the go signal, as in the paper.
    Maintained,
}

impl Default for Yang2019 {
    fn default() -> Self {
        Self {
            dt: 20.0,
            tau: 100.0,
            sigma_x: 0.01,
            rounding: Rounding::Exact,
            same_timing_per_batch: true,
            fixation_rule: FixationRule::LastStep,
            fixation_target: 0.8,
            grace: 100.0,
        }
    }
}

impl Yang2019 {
    /// Checks the fields.
    pub fn validate(&self) -> Result<(), TaskError> {
        rules::positive("dt", self.dt)?;
        rules::positive("tau", self.tau)?;
        rules::not_negative("sigma_x", self.sigma_x)?;
        if !(self.fixation_target > FIXATING && self.fixation_target <= 1.0) {
            let remedy = "the network fixates above 0.5; the code has 0.8, the paper 0.85";
            return Err(TaskError::parameter("fixation_target", self.fixation_target, "must lie in (0.5, 1]", remedy));
        }
        self.grace_steps().map(drop)
    }

    /// The step and the rounding rules.
    pub fn clock(&self) -> Clock {
        Clock::new(self.dt).drawn(Rounding::Floor).rounding(self.rounding)
    }

    /// The length of the grace period, in steps.
    pub fn grace_steps(&self) -> Result<usize, TaskError> {
        self.clock().steps("grace", self.grace)
    }

    /// The standard deviation of the input noise of one step.
    pub fn noise_std(&self) -> f64 {
        self.noise().std()
    }

    /// The input noise.
    pub(super) fn noise(&self) -> WhiteNoise {
        WhiteNoise { dt: self.dt, sigma_in: self.sigma_x, tau_in: self.tau }
    }

    /// Draws what all trials of a batch have in common if the trials of a batch are alike, and for this trial alone if
    /// not.
    pub(super) fn common<T>(&self, rng: &mut TrialRng, name: &str, draw: impl FnOnce(&mut TrialRng) -> T) -> T {
        if self.same_timing_per_batch { draw(&mut rng.shared(name)) } else { draw(rng) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_without_meaning_are_refused_by_name() {
        let refused = |field: &str, change: fn(&mut Yang2019)| {
            let mut settings = Yang2019::default();
            change(&mut settings);
            let message = settings.validate().unwrap_err().to_string();
            assert!(message.contains(&format!("`{field}`")), "{message}");
        };
        refused("dt", |s| s.dt = 0.0);
        refused("tau", |s| s.tau = f64::NAN);
        refused("sigma_x", |s| s.sigma_x = -0.01);
        refused("fixation_target", |s| s.fixation_target = 0.5);
        refused("fixation_target", |s| s.fixation_target = f64::NAN);
        refused("grace", |s| s.grace = 110.0);
    }

    #[test]
    fn what_a_batch_has_in_common_is_drawn_once_for_it_or_for_each_trial() {
        let draws = |same_timing_per_batch| {
            let settings = Yang2019 { same_timing_per_batch, ..Yang2019::default() };
            [0, 1].map(|index| settings.common(&mut TrialRng::new(0, "test", 0, index), "timing", TrialRng::uniform))
        };
        let ([a, b], [c, d]) = (draws(true), draws(false));
        assert!(a == b && c != d);
    }
}

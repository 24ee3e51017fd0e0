//! What all tasks share: tuned inputs, noise, three classes of outputs, loss mask and scoring.
//!
//! ```text
//! input      motion channel k of n: h exp(kappa (cos(theta - 2 pi k / n) - 1)) while direction theta is shown
//!            rule channels: h on every second one of them (the even ones for the first rule) while the cue is on
//!            fixation channels (none in the code): h outside of the dead time and the tests
//!            all: [ signal + sqrt(2 tau_in / dt) sigma_in xi ]+        xi ~ N(0, 1), for every step and channel
//! target     one class at every step: fixation; in a test match or non_match; fixation in the test of a catch trial
//! loss mask  0 in the dead time and in the first 50 ms of a test, `test_weight` in the rest of a test that takes
//!            place, else 1
//! choice     in each test, the output that is the largest at most of its graded steps; of equals, the one with the
//!            larger sum
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
//! | | `test_weight` (the loss mask in tests) | | 2 in `run_all_models.py`; 1 in `parameters.py` |
//!
//! Directions are 0, 45, .. 315 degrees. The code scores steps, not trials: its accuracy is the fraction of graded test
//! steps at which the right output is the largest. A trial counts here as what most of its steps say, so that both are
//! 1/3 by chance for each test, and 1 when all is right; a trial with several tests is right only if all of them are.
//! The reaction time, in tasks with one test, runs from test onset to the first step at which a response output is the
//! largest.
//!
//! Durations must be whole numbers of steps unless `rounding` says otherwise; those that are drawn are cut to whole
//! steps, as in the code. Training ends when the mean performance of a validation exceeds 95 %.
//!
//! Reference: Masse NY, Yang GR, Song HF, Wang X-J, Freedman DJ (2019). Circuit mechanisms for the maintenance and
//! manipulation of information in working memory. Nature Neuroscience 22: 1159-1167.
//! <https://doi.org/10.1038/s41593-019-0414-3>; code: `stimulus.py`, `parameters.py` and
//! `run_all_models.py` of nmasse/Short-term-plasticity-RNN.
//!
//! Differences from the source, for all tasks: fixation channels, which the code can have and does not use, are on
//! outside of the tests in every task. The code trains for a fixed number of updates: the criterion is this library's.
//! The loss of the code is the mean over all steps of mask times cross-entropy. Its tests of tuning draw the test's
//! direction freely: so do those here.

use serde::{Deserialize, Serialize};

use crate::error::rules;
use crate::{Clock, Rounding, TaskError, Timeline};

/// The outputs.
pub const OUTPUTS: [&str; 3] = ["fixation", "non_match", "match"];
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
            test_weight: 2.0,
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
}

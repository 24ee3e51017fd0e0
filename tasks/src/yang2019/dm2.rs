//! DM 2: two stimuli are shown together in modality 2; respond to the stronger.
//!
//! ```text
//! epochs     fix1 F | stim1 S | go1 R                      tests 500 | 1500 | 500 ms
//! inputs     fixation 1 until go1
//!            modality 2: in stim1 the sum of strength times bump over angle_1 and angle_2
//!            rule_dm2 1; noise sigma_x sqrt(2 tau / dt) xi on all 85 inputs
//! bump       of an angle: 0.8 exp(-0.5 (d_k / (pi/8))^2) on channel k = 0 .. 31 of a ring, d_k the distance of the angle and 2 pi k / 32
//! strengths  g + c at angle_1, g - c at angle_2      g ~ U(0.8, 1.2), c = `coherence`
//! targets    fixation 0.8 until go1, then 0.05
//!            responses 0.05, and in go1 0.05 + bump of the response
//! response   angle_1 if c > 0, else angle_2
//! graded     0 for 100 ms, 1 until go1, 0 for 100 ms, then 5; twice as much on fixation; inside the square of the error
//! correct    at the last step: fixation at most 0.5, and the population vector of the responses less than 36 deg from the response
//! reaction   from the start of go1 to the first step with fixation at most 0.5 (not in the source)
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | F | `fixation` | ms | U(100, 400) |
//! | S | `stimulus` | ms | 400, 800 or 1600 |
//! | R | `response` | ms | 500 |
//! | \|c\| | `coherences` | strength | 0.01, 0.02, 0.04 or 0.08, either sign (10 times that in the code's easy tasks) |
//! | dt, tau, sigma_x | `dt`, `tau`, `sigma_x` | ms, ms, input units | 20, 100, 0.01: noise of 0.0316 per step |
//! | | `fixation_target`, `grace` | output units, ms | 0.8 (paper: 0.85), 100 |
//! | | `fixation_rule` | | `last_step` (paper: `maintained`) |
//! | | `same_timing_per_batch` | | true |
//! | | `rounding` | | `exact` |
//!
//! Trial variables: `angle_1` uniform, `angle_2` = angle_1 +- U(pi/2, 3 pi/2); `strength`, g; `coherence`, c. Classes:
//! the coherence. The grid of tests has 20 angles 2 pi k / 20 with angle_2 opposite, and 5 strengths 1 + c = 0.8 + 0.08
//! k, k = 0 .. 4, with g = 1.
//!
//! A duration drawn from a range goes to the step below, each on its own, as in the code. All trials of a batch have
//! one timing, unless `same_timing_per_batch` is false. A test condition that names `stimulus_duration` (ms) has the
//! timing of the psychometric trials: 300, `stimulus_duration`, 400 ms.
//!
//! Reference: Yang GR, Joglekar MR, Song HF, Newsome WT, Wang X-J (2019), Nat Neurosci 22: 297-306,
//! <https://doi.org/10.1038/s41593-018-0310-2>; rule `dm2` of the released code (gyyang/multitask).
//!
//! Differences from the source: a duration of a list that is no whole number of steps is refused unless `rounding` says
//! what to do with it, where the code takes the step below. The paper differs from the code in the options marked in
//! the table, and in the loss mask, which it writes outside the square: `[train] loss = "masked_mse"` does so, with
//! weights of 1 and then 5, of 2 and 10 on fixation, up to normalisation.
//!
//! ```
//! use std::f64::consts::PI;
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, yang2019::{Dm2, Yang2019}};
//! let task = Dm2 { settings: Yang2019 { sigma_x: 0.0, ..Yang2019::default() }, ..Dm2::default() };
//! let asked = Condition::new().with("angle_1", 0.0).with("angle_2", PI).with("strength", 1.0).with("coherence", -0.25);
//! let trial = task.trial(Split::Test, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!((trial.n_steps(), trial.inputs[[24, 33]]), (125, 0.0));
//! assert_eq!((trial.inputs[[25, 33]], trial.inputs[[99, 49]]), (0.6, 1.0)); // 0.8 times 0.75 and 1.25
//! assert_eq!(trial.targets[[124, 17]], 0.85);
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use serde::{Deserialize, Serialize};

use super::decision::Modality;
use super::draw::validate_coherences;
use super::rule::rule_task;
use super::timing::OneInterval;
use super::{Draw, FAMILY, Period, Plan, Rule, Schedule, Yang2019, decision};
use crate::{About, Condition, TaskError};

/// DM 2 of the paper.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Dm2 {
    /// What all 20 tasks share.
    #[serde(flatten)]
    pub settings: Yang2019,
    /// The durations.
    #[serde(flatten)]
    pub timing: OneInterval,
    /// Half the difference of the two strengths, each in (0, 0.8]; the sign is drawn.
    pub coherences: Vec<f64>,
}

impl Default for Dm2 {
    fn default() -> Self {
        Self { settings: Yang2019::default(), timing: OneInterval::default(), coherences: vec![0.01, 0.02, 0.04, 0.08] }
    }
}

rule_task!(Dm2);

impl Rule for Dm2 {
    const ABOUT: About<'static> = About {
        id: "yang2019/dm2",
        summary: "Decision: respond to the stronger of two stimuli shown together in modality 2",
        header: include_str!("dm2.rs"),
        ..FAMILY
    };
    const VARIABLES: &'static [&'static str] = decision::ONE_MODALITY;

    fn settings(&self) -> &Yang2019 {
        &self.settings
    }

    fn periods(&self) -> Vec<Period<'_>> {
        self.timing.periods_of_one_modality()
    }

    fn validate_rule(&self) -> Result<(), TaskError> {
        validate_coherences(&self.coherences)
    }

    fn classes(&self) -> Vec<Condition> {
        decision::classes("coherence", &self.coherences)
    }

    fn test_conditions(&self) -> Vec<Condition> {
        decision::one_modality_conditions(0.08)
    }

    fn plan(&self, draw: &mut Draw<'_>, schedule: &Schedule) -> Result<Plan, TaskError> {
        let steps = [schedule.span("stim1"), schedule.span("stim1")];
        decision::one_modality(draw, &self.coherences, Modality::Second, steps)
    }
}

//! MultSen DM: two stimuli are shown together in both modalities; respond to the one that is stronger over both
//! together.
//!
//! ```text
//! epochs     fix1 F | stim1 S | go1 R                      tests 500 | 1000 | 500 ms
//! inputs     fixation 1 until go1
//!            modality m: in stim1 the sum of strength times bump over angle_1 and angle_2
//!            rule_multidm 1; noise sigma_x sqrt(2 tau / dt) xi on all 85 inputs
//! bump       of an angle: 0.8 exp(-0.5 (d_k / (pi/8))^2) on channel k = 0 .. 31 of a ring, d_k the distance of the angle and 2 pi k / 32
//! strengths  s_1 = g + c and s_2 = g - c, their means over modalities      g ~ U(0.8, 1.2), c = `coherence`
//!            s_k + D_k / 2 at angle_k in modality 1, s_k - D_k / 2 in modality 2      D_k = +-s_k U(0.2, 0.8)
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
//! Trial variables: `angle_1` uniform, `angle_2` = angle_1 +- U(pi/2, 3 pi/2), the same in both modalities;
//! `coherence`, c; `modality_m_strength` and `modality_m_coherence`, mean and half the difference of the strengths in
//! modality m = 1, 2. A condition gives the last four together or leaves them out; c is the mean of the two coherences.
//! Classes: c. The grid of tests has 20 angles 2 pi k / 20 with angle_2 opposite, and 5 strengths 0.8 + 0.08 k, k = 0
//! .. 4, of the first stimulus in each modality, with mean 1; where the modalities cancel, the response goes to angle_2
//! as in the code.
//!
//! A duration drawn from a range goes to the step below, each on its own, as in the code. All trials of a batch have
//! one timing, unless `same_timing_per_batch` is false. A test condition that names `stimulus_duration` (ms) has the
//! timing of the psychometric trials: 500, `stimulus_duration`, 500 ms.
//!
//! Reference: Yang GR, Joglekar MR, Song HF, Newsome WT, Wang X-J (2019), Nat Neurosci 22: 297-306,
//! <https://doi.org/10.1038/s41593-018-0310-2>; rule `multidm` of the released code (gyyang/multitask).
//!
//! Differences from the source: a duration of a list that is no whole number of steps is refused unless `rounding` says
//! what to do with it, where the code takes the step below. The code draws D_k from a generator of its own, which its
//! seed does not set; here the trial's generator does. The paper differs from the code in the options marked in the
//! table, and in the loss mask, which it writes outside the square: `[train] loss = "masked_mse"` does so, with weights
//! of 1 and then 5, of 2 and 10 on fixation, up to normalisation. It calls D_k / 2 = +-U(0.1, 0.4) s_k.
//!
//! ```
//! use std::f64::consts::PI;
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, yang2019::{MultiDm, Yang2019}};
//! let task = MultiDm { settings: Yang2019 { sigma_x: 0.0, ..Yang2019::default() }, ..MultiDm::default() };
//! let asked = Condition::new().with("angle_1", 0.0).with("angle_2", PI);
//! let asked = asked.with("modality_1_strength", 1.0).with("modality_1_coherence", 0.25);
//! let asked = asked.with("modality_2_strength", 1.0).with("modality_2_coherence", -0.5);
//! let trial = task.trial(Split::Test, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.n_steps(), 100);
//! assert_eq!((trial.inputs[[25, 1]], trial.inputs[[25, 17]]), (1.0, 0.6)); // modality 1
//! assert_eq!((trial.inputs[[74, 33]], trial.inputs[[74, 49]]), (0.4, 1.2)); // modality 2
//! assert_eq!(trial.targets[[99, 17]], 0.85);
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use serde::{Deserialize, Serialize};

use super::draw::validate_coherences;
use super::rule::rule_task;
use super::timing::OneInterval;
use super::{Draw, FAMILY, Period, Plan, Rule, Schedule, Yang2019, decision};
use crate::{About, Condition, TaskError};

/// MultSen DM of the paper.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MultiDm {
    /// What all 20 tasks share.
    #[serde(flatten)]
    pub settings: Yang2019,
    /// The durations.
    #[serde(flatten)]
    pub timing: OneInterval,
    /// Half the difference of the two strengths, each in (0, 0.8]; the sign is drawn.
    pub coherences: Vec<f64>,
}

impl Default for MultiDm {
    fn default() -> Self {
        Self { settings: Yang2019::default(), timing: OneInterval::default(), coherences: vec![0.01, 0.02, 0.04, 0.08] }
    }
}

rule_task!(MultiDm);

impl Rule for MultiDm {
    const ABOUT: About<'static> = About {
        id: "yang2019/multidm",
        summary: "Multi-sensory decision: respond to the stronger of two stimuli, both modalities taken together",
        header: include_str!("multidm.rs"),
        ..FAMILY
    };
    const VARIABLES: &'static [&'static str] = decision::BOTH_MODALITIES;

    fn settings(&self) -> &Yang2019 {
        &self.settings
    }

    fn periods(&self) -> Vec<Period<'_>> {
        self.timing.periods_of_two_modalities()
    }

    fn validate_rule(&self) -> Result<(), TaskError> {
        validate_coherences(&self.coherences)
    }

    fn classes(&self) -> Vec<Condition> {
        decision::classes("coherence", &self.coherences)
    }

    fn test_conditions(&self) -> Vec<Condition> {
        decision::two_modality_conditions()
    }

    fn plan(&self, draw: &mut Draw<'_>, schedule: &Schedule) -> Result<Plan, TaskError> {
        let steps = [schedule.span("stim1"), schedule.span("stim1")];
        decision::both_modalities(draw, &self.coherences, steps)
    }
}

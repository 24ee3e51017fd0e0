//! DMC: remember a sample; respond to a second stimulus if its category is the same, else keep fixating.
//!
//! ```text
//! epochs     fix1 F | stim1 S | delay1 D | go1 R           tests 500 | 500 | 1200 | 500 ms
//! inputs     fixation 1 for the whole trial: the second stimulus is the go signal
//!            modality m: bump of angle_1 in stim1 and of angle_2 in go1, each in its modality
//!            rule_dmcgo 1; noise sigma_x sqrt(2 tau / dt) xi on all 85 inputs
//! bump       of an angle: 0.8 exp(-0.5 (d_k / (pi/8))^2) on channel k = 0 .. 31 of a ring, d_k the distance of the angle and 2 pi k / 32
//! targets    fixation 0.8 until go1, then 0.05
//!            responses 0.05, and in go1 0.05 + bump of the response
//! response   angle_2 on a match; on the other trials none: fixation 0.8 and responses 0.05 to the end
//! graded     0 for 100 ms, 1 until go1, 0 for 100 ms, then 5; twice as much on fixation; inside the square of the error
//! correct    at the last step: fixation at most 0.5, and the population vector of the responses less than 36 deg from the response
//!            where none is asked for: fixation above 0.5
//! reaction   from the start of go1 to the first step with fixation at most 0.5 (not in the source)
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | F | `fixation` | ms | 200, 400 or 600 |
//! | S | `stimulus` | ms | 200, 400 or 600 |
//! | D | `delay` | ms | 200, 400, 800 or 1600 |
//! | R | `response` | ms | 200, 400 or 600 |
//! | | `angles` | pi rad | 0.1, 0.3, .., 1.9; category 1 below 1, category 2 from 1 on |
//! | dt, tau, sigma_x | `dt`, `tau`, `sigma_x` | ms, ms, input units | 20, 100, 0.01: noise of 0.0316 per step |
//! | | `fixation_target`, `grace` | output units, ms | 0.8 (paper: 0.85), 100 |
//! | | `fixation_rule` | | `last_step` (paper: `maintained`) |
//! | | `same_timing_per_batch` | | true |
//! | | `rounding` | | `exact` |
//!
//! Trial variables: `angle_1` and `angle_2`, drawn independently; `match`, true where both are in one category;
//! `modality_1` and `modality_2` of the two stimuli, 1 or 2, one pair for all trials of a batch. Classes: match and
//! non-match. Test trials match unless their condition says otherwise, so that all ask for a response, as in the code.
//! The grid of tests has 20 samples (0.1 + 0.08 k) pi and (1.1 + 0.08 k) pi, k = 0 .. 9, in all pairs of modalities,
//! with angle_2 = angle_1.
//!
//! A duration drawn from a range goes to the step below, each on its own, as in the code. All trials of a batch have
//! one timing and pair of modalities, unless `same_timing_per_batch` is false. A test condition that names
//! `stimulus_duration` or `delay` (ms) has the timing of the psychometric trials: 500, `stimulus_duration` (300),
//! `delay` (1200), 500 ms, and modality 1 unless it names one.
//!
//! Reference: Yang GR, Joglekar MR, Song HF, Newsome WT, Wang X-J (2019), Nat Neurosci 22: 297-306,
//! <https://doi.org/10.1038/s41593-018-0310-2>; rule `dmcgo` of the released code (gyyang/multitask).
//!
//! Differences from the source: a duration of a list that is no whole number of steps is refused unless `rounding` says
//! what to do with it, where the code takes the step below. The paper differs from the code in the options marked in
//! the table, and in the loss mask, which it writes outside the square: `[train] loss = "masked_mse"` does so, with
//! weights of 1 and then 5, of 2 and 10 on fixation, up to normalisation.
//!
//! ```
//! use std::f64::consts::PI;
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, yang2019::DmcGo};
//! let task = DmcGo::default();
//! let asked = |angle: f64| Condition::new().with("angle_1", 0.75 * PI).with("angle_2", angle);
//! let after = |angle| task.trial(Split::Test, Some(&asked(angle)), &mut TrialRng::new(0, "doc", 0, 0));
//! let (respond, keep) = (after(0.25 * PI)?, after(1.25 * PI)?);
//! assert_eq!((respond.n_steps(), respond.correct, keep.correct), (135, Some(5), Some(0)));
//! assert_eq!((respond.targets[[134, 0]], respond.targets[[134, 5]]), (0.05, 0.85));
//! assert_eq!((keep.targets[[134, 0]], keep.targets[[134, 21]]), (0.8, 0.05));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use serde::{Deserialize, Serialize};

use super::matching::RespondTo;
use super::rule::rule_task;
use super::timing::Matching;
use super::{Draw, FAMILY, Period, Plan, Rule, Schedule, Yang2019, dmc, matching};
use crate::{About, Condition, Duration, TaskError};

/// DMC of the paper.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DmcGo {
    /// What all 20 tasks share.
    #[serde(flatten)]
    pub settings: Yang2019,
    /// The durations before the second stimulus.
    #[serde(flatten)]
    pub timing: Matching,
    /// The second stimulus, and the response to it, ms.
    pub response: Duration,
    /// The angles of both stimuli, in units of pi: category 1 below 1, category 2 from 1 on.
    pub angles: Vec<f64>,
}

impl Default for DmcGo {
    fn default() -> Self {
        Self {
            settings: Yang2019::default(),
            timing: Matching::default(),
            response: Duration::one_of([200.0, 400.0, 600.0]),
            angles: dmc::ANGLES.into(),
        }
    }
}

rule_task!(DmcGo);

impl Rule for DmcGo {
    const ABOUT: About<'static> = About {
        id: "yang2019/dmcgo",
        summary: "Delayed match-to-category: respond to a second stimulus if its category is that of the first, else \
            keep fixating",
        header: include_str!("dmcgo.rs"),
        ..FAMILY
    };
    const VARIABLES: &'static [&'static str] = matching::VARIABLES;
    const CHANCE: f64 = matching::CHANCE;

    fn settings(&self) -> &Yang2019 {
        &self.settings
    }

    fn periods(&self) -> Vec<Period<'_>> {
        self.timing.periods(&self.response)
    }

    fn validate_rule(&self) -> Result<(), TaskError> {
        dmc::validate_angles(&self.angles)
    }

    fn classes(&self) -> Vec<Condition> {
        matching::classes()
    }

    fn test_conditions(&self) -> Vec<Condition> {
        dmc::test_conditions(RespondTo::Match)
    }

    fn plan(&self, draw: &mut Draw<'_>, schedule: &Schedule) -> Result<Plan, TaskError> {
        dmc::plan(draw, schedule, &self.angles, RespondTo::Match)
    }
}

//! RT Anti: respond away from it as soon as a stimulus appears.
//!
//! ```text
//! epochs     fix1 F | go1 R                                tests 2000 | 500 ms
//! inputs     fixation 1 for the whole trial: the stimulus is the go signal
//!            modality m: bump of the angle of the stimulus in go1
//!            rule_reactanti 1; noise sigma_x sqrt(2 tau / dt) xi on all 85 inputs
//! bump       of an angle: 0.8 exp(-0.5 (d_k / (pi/8))^2) on channel k = 0 .. 31 of a ring, d_k the distance of the angle and 2 pi k / 32
//! targets    fixation 0.8 until go1, then 0.05
//!            responses 0.05, and in go1 0.05 + bump of the response
//! response   the angle of the stimulus + pi
//! graded     0 for 100 ms, 1 until go1, 0 for 100 ms, then 5; twice as much on fixation; inside the square of the error
//! correct    at the last step: fixation at most 0.5, and the population vector of the responses less than 36 deg from the response
//! reaction   from the start of go1 to the first step with fixation at most 0.5 (not in the source)
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | F | `fixation` | ms | U(500, 2500) |
//! | R | `response` | ms | 500 |
//! | dt, tau, sigma_x | `dt`, `tau`, `sigma_x` | ms, ms, input units | 20, 100, 0.01: noise of 0.0316 per step |
//! | | `fixation_target`, `grace` | output units, ms | 0.8 (paper: 0.85), 100 |
//! | | `fixation_rule` | | `last_step` (paper: `maintained`) |
//! | | `same_timing_per_batch` | | true |
//! | | `rounding` | | `exact` |
//!
//! Trial variables: `angle` in [0, 2 pi), uniform; `modality`, 1 or 2, one for all trials of a batch. Classes: the
//! modality. The grid of tests has 20 angles 2 pi k / 20 in either modality.
//!
//! A duration drawn from a range goes to the step below, each on its own, as in the code. All trials of a batch have
//! one timing and modality, unless `same_timing_per_batch` is false. A test condition that names `stimulus_onset` (ms,
//! 1000 in the code) has the timing of the psychometric trials: `stimulus_onset`, 400 ms, and modality 1 unless it
//! names one.
//!
//! Reference: Yang GR, Joglekar MR, Song HF, Newsome WT, Wang X-J (2019), Nat Neurosci 22: 297-306,
//! <https://doi.org/10.1038/s41593-018-0310-2>; rule `reactanti` of the released code (gyyang/multitask).
//!
//! Differences from the source: a duration of a list that is no whole number of steps is refused unless `rounding` says
//! what to do with it, where the code takes the step below. The paper differs from the code in the options marked in
//! the table, and in the loss mask, which it writes outside the square: `[train] loss = "masked_mse"` does so, with
//! weights of 1 and then 5, of 2 and 10 on fixation, up to normalisation.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, yang2019::{ReactAnti, Yang2019}};
//! let task = ReactAnti { settings: Yang2019 { sigma_x: 0.0, ..Yang2019::default() }, ..ReactAnti::default() };
//! let right = Condition::new().with("angle", 0.0).with("modality", 2.0);
//! let trial = task.trial(Split::Test, Some(&right), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!((trial.n_steps(), trial.inputs[[99, 33]], trial.inputs[[100, 33]]), (125, 0.0, 0.8));
//! assert_eq!((trial.targets[[99, 0]], trial.targets[[100, 0]]), (0.8, 0.05));
//! assert_eq!(trial.targets[[124, 17]], 0.85); // the output on the other side, at pi
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use serde::{Deserialize, Serialize};

use super::go::Response;
use super::rule::rule_task;
use super::timing::Reaction;
use super::{Draw, FAMILY, Period, Plan, Rule, Schedule, Yang2019, go};
use crate::{About, Condition, TaskError};

/// RT Anti of the paper.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReactAnti {
    /// What all 20 tasks share.
    #[serde(flatten)]
    pub settings: Yang2019,
    /// The durations.
    #[serde(flatten)]
    pub timing: Reaction,
}

rule_task!(ReactAnti);

impl Rule for ReactAnti {
    const ABOUT: About<'static> = About {
        id: "yang2019/reactanti",
        summary: "Reaction time: respond away from a stimulus as soon as it appears, while the fixation cue stays on",
        header: include_str!("reactanti.rs"),
        ..FAMILY
    };
    const VARIABLES: &'static [&'static str] = go::VARIABLES;

    fn settings(&self) -> &Yang2019 {
        &self.settings
    }

    fn periods(&self) -> Vec<Period<'_>> {
        self.timing.periods()
    }

    fn classes(&self) -> Vec<Condition> {
        go::classes()
    }

    fn test_conditions(&self) -> Vec<Condition> {
        go::test_conditions()
    }

    fn plan(&self, draw: &mut Draw<'_>, schedule: &Schedule) -> Result<Plan, TaskError> {
        go::plan(draw, Response::Anti, schedule.from("go1"), true)
    }
}

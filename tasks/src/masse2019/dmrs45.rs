//! Delayed match-to-rotated-sample: is the direction of the test that of the sample plus 45 degrees?
//!
//! ```text
//! epochs    fixation 500 ms | sample 500 | delay 1000 | test 500
//! signals   a direction of motion in the sample and one in the test, each of 8
//! match     test = sample + 45 degrees (modulo 360), p 0.5;  non-match: one of the other 7 directions
//! targets   fixation to the test; in the test match or non_match
//! graded    all but the first 50 ms of the test
//! catch     none by default; with `p_catch` (or a variable delay) there is no test stimulus and fixation is to be kept
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | | `fixation`, `sample`, `delay`, `test` | ms | 500, 500, 1000, 500 |
//! | | `variable_delay` | | false |
//! | | `variable_delay_max` | ms | 300 |
//! | | `p_catch` | | 0 |
//!
//! Channels, noise, scoring and rounding are those of `Protocol`, the variables those of `delayed`: `sample` and `test`
//! in degrees, `match`.
//!
//! Reference: Masse NY, Yang GR, Song HF, Wang X-J, Freedman DJ (2019), Nat Neurosci 22: 1159,
//! <https://doi.org/10.1038/s41593-019-0414-3>.
//!
//! Differences from the source: those of the family.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, TrialRng, create};
//! use serde_json::json;
//! let task = create("masse2019/dmrs45", Some(&json!({ "sigma_in": 0.0 })))?;
//! let asked = Condition::new().with("sample", 270.0).with("test", 315.0);
//! let trial = task.trial(Split::Train, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(50)[18], 4.0); // channel 19 of 24 prefers 270 degrees
//! assert_eq!(trial.targets.row(249).to_vec(), [0.0, 0.0, 1.0]); // match
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use serde::{Deserialize, Serialize};

use super::protocol::{Plan, Protocol};
use super::{Definition, Delayed, FAMILY, delayed, direction};
use crate::{About, Condition, TaskError, Timeline, TrialRng};

/// The durations of a delayed match.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Dmrs45(pub Delayed);

impl Definition for Dmrs45 {
    const ABOUT: About<'static> = About {
        id: "masse2019/dmrs45",
        summary: "Delayed match-to-rotated-sample: is the direction of the test that of the sample plus 45 degrees?",
        header: include_str!("dmrs45.rs"),
        shared: &[include_str!("delayed.rs"), include_str!("protocol.rs"), include_str!("mod.rs")],
        ..FAMILY
    };
    const N_TESTS: i32 = 1;

    fn validate(&self, protocol: &Protocol) -> Result<(), TaskError> {
        self.0.validate(protocol)
    }

    fn conditions(&self) -> Vec<Condition> {
        self.0.conditions()
    }

    fn grid(&self) -> Vec<Condition> {
        Delayed::grid()
    }

    fn plan(
        &self,
        protocol: &Protocol,
        condition: Option<&Condition>,
        rng: &mut TrialRng,
    ) -> Result<(Timeline, Plan), TaskError> {
        self.0.plan(protocol, condition, delayed::VARIABLES, rng, |sample, test| {
            direction::degrees(test) == (direction::degrees(sample) + 45.0) % 360.0
        })
    }
}

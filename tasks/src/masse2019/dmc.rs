//! Delayed match-to-category: is the direction of the test in the half of the circle of the sample?
//!
//! ```text
//! epochs    fixation 500 ms | sample 500 | delay 1000 | test 500
//! signals   a direction of motion in the sample and one in the test, each of 8
//! category  0 to 135 degrees, or 180 to 315
//! match     test in the category of the sample, p 0.5: one of 4 directions, the sample's included;  non-match: one of the other 4
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
//! let task = create("masse2019/dmc", Some(&json!({ "sigma_in": 0.0 })))?;
//! let asked = Condition::new().with("sample", 90.0).with("test", 180.0);
//! let trial = task.trial(Split::Train, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(50)[6], 4.0); // channel 7 of 24 prefers 90 degrees
//! assert_eq!(trial.targets.row(249).to_vec(), [0.0, 1.0, 0.0]); // not a match
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use serde::{Deserialize, Serialize};

use super::protocol::{Plan, Protocol};
use super::{Definition, Delayed, FAMILY, delayed, direction};
use crate::{About, Condition, TaskError, Timeline, TrialRng};

/// The durations of a delayed match to a category.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Dmc(pub Delayed);

impl Definition for Dmc {
    const ABOUT: About<'static> = About {
        id: "masse2019/dmc",
        summary: "Delayed match-to-category: is the direction of the test in the half of the circle of the sample?",
        header: include_str!("dmc.rs"),
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
            (sample < direction::N / 2) == (test < direction::N / 2)
        })
    }
}

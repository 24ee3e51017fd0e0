//! ABCA: which of three tests match the sample? Tests that do not match are never repeated.
//!
//! ```text
//! epochs    fixation 500 ms | sample 400 | three times: delay 400, test 400 | after 500
//! signals   a direction of motion in the sample and in each test, each of 8
//! test k    the sample, p 0.5; else a direction that has not been shown in this trial
//! targets   match or non_match in every test, fixation at all other times
//! graded    all but the first 50 ms of each test
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | | `fixation`, `sample`, `delay`, `test`, `after` | ms | 500, 400, 400, 400, 500 |
//! | | `p_match` | | 0.5 |
//!
//! Channels, noise, scoring and rounding are those of `Protocol`, the variables those of `sequence`: `sample` and
//! `test_1` to `test_3` in degrees, `match_1` to `match_3`. A trial is correct if all three tests are answered right.
//!
//! Reference: Masse NY, Yang GR, Song HF, Wang X-J, Freedman DJ (2019), Nat Neurosci 22: 1159,
//! <https://doi.org/10.1038/s41593-019-0414-3>.
//!
//! Differences from the source: those of the family. As in the code, all three tests are presented and graded, whatever
//! came before.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, TrialRng, create};
//! let task = create("masse2019/abca", None)?;
//! let asked = Condition::new().with("sample", 0.0).with("match_1", false).with("match_2", false).with("test_3", 0.0);
//! let trial = task.trial(Split::Train, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//! let classes: Vec<_> = [150, 210, 250, 290, 379].iter().map(|step| trial.targets.row(*step).to_vec()).collect();
//! let (fixation, non_match, is_match) = (vec![1.0, 0.0, 0.0], vec![0.0, 1.0, 0.0], vec![0.0, 0.0, 1.0]);
//! assert_eq!(classes, [non_match.clone(), non_match, fixation.clone(), is_match, fixation]);
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use serde::{Deserialize, Serialize};

use super::protocol::{Plan, Protocol};
use super::{Definition, FAMILY, Sequence};
use crate::{About, Condition, TaskError, Timeline, TrialRng};

/// The durations of three tests.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Abca(pub Sequence);

impl Definition for Abca {
    const ABOUT: About<'static> = About {
        id: "masse2019/abca",
        summary: "ABCA: which of three tests match the sample? Tests that do not match are never repeated",
        header: include_str!("abca.rs"),
        shared: &[include_str!("sequence.rs"), include_str!("protocol.rs"), include_str!("mod.rs")],
        ..FAMILY
    };
    const N_TESTS: i32 = 3;

    fn validate(&self, protocol: &Protocol) -> Result<(), TaskError> {
        self.0.validate(protocol)
    }

    fn conditions(&self) -> Vec<Condition> {
        Sequence::conditions()
    }

    fn grid(&self) -> Vec<Condition> {
        Sequence::grid()
    }

    fn plan(
        &self,
        protocol: &Protocol,
        condition: Option<&Condition>,
        rng: &mut TrialRng,
    ) -> Result<(Timeline, Plan), TaskError> {
        self.0.plan(protocol, condition, 0.0, rng)
    }
}

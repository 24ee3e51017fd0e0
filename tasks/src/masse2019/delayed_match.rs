//! Delayed match: is the direction of the test the one that the sample asks for?
//!
//! ```text
//! dms                          match: test = sample
//! dmrs45, dmrs90, dmrs180      match: test = sample + 45, 90 or 180 degrees (modulo 360)
//! dmc                          match: both in 0 to 135 degrees, or both in 180 to 315
//! ```
//!
//! A match of the first four is one direction, a non-match one of the other 7; in `dmc` (to category) a match is one of
//! 4 directions, the sample's included, and a non-match one of the other 4.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, TrialRng, create};
//! use serde_json::json;
//! let (non_match, is_match) = ([0.0, 1.0, 0.0], [0.0, 0.0, 1.0]);
//! for (id, test, target) in [
//!     ("masse2019/dms", 90.0, is_match),
//!     ("masse2019/dmrs45", 135.0, is_match),
//!     ("masse2019/dmrs90", 180.0, is_match),
//!     ("masse2019/dmrs180", 270.0, is_match),
//!     ("masse2019/dmc", 180.0, non_match),
//! ] {
//!     let task = create(id, Some(&json!({ "sigma_in": 0.0 })))?;
//!     let asked = Condition::new().with("sample", 90.0).with("test", test);
//!     let trial = task.trial(Split::Train, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//!     assert_eq!(trial.inputs.row(50)[6], 4.0); // channel 7 of 24 prefers 90 degrees
//!     assert_eq!(trial.targets.row(249).to_vec(), target, "{id}");
//! }
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{DELAYED, Definition, Delayed, Plan, Protocol, delayed, direction};
use crate::{About, Condition, TaskError, Timeline, TrialRng};

/// Delayed match-to-sample.
pub type Dms = DelayedMatch<Rotation<0>>;
/// Delayed match-to-rotated-sample, by 45 degrees.
pub type Dmrs45 = DelayedMatch<Rotation<45>>;
/// Delayed match-to-rotated-sample, by 90 degrees.
pub type Dmrs90 = DelayedMatch<Rotation<90>>;
/// Delayed match-to-rotated-sample, by 180 degrees.
pub type Dmrs180 = DelayedMatch<Rotation<180>>;
/// Delayed match-to-category.
pub type Dmc = DelayedMatch<Category>;

/// What makes a test a match.
pub trait MatchRule: Clone + Default + fmt::Debug + PartialEq + Send + Sync + 'static {
    /// The id of the task.
    const ID: &'static str;
    /// One sentence.
    const SUMMARY: &'static str;

    /// Whether a test matches a sample.
    fn matches(sample: usize, test: usize) -> bool;
}

/// The direction of the sample, turned by so many degrees.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rotation<const DEGREES: u16>;

impl<const DEGREES: u16> MatchRule for Rotation<DEGREES> {
    const ID: &'static str = match DEGREES {
        0 => "masse2019/dms",
        45 => "masse2019/dmrs45",
        90 => "masse2019/dmrs90",
        180 => "masse2019/dmrs180",
        _ => panic!("the source turns by 0, 45, 90 or 180 degrees"),
    };
    const SUMMARY: &'static str = match DEGREES {
        0 => "Delayed match-to-sample: is the direction of the test that of the sample?",
        45 => "Delayed match-to-rotated-sample: is the direction of the test that of the sample plus 45 degrees?",
        90 => "Delayed match-to-rotated-sample: is the direction of the test that of the sample plus 90 degrees?",
        180 => "Delayed match-to-rotated-sample: is the direction of the test that of the sample plus 180 degrees?",
        _ => "",
    };

    fn matches(sample: usize, test: usize) -> bool {
        direction::degrees(test) == (direction::degrees(sample) + f64::from(DEGREES)) % 360.0
    }
}

/// The half of the circle of the sample: 0 to 135 degrees, or 180 to 315.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Category;

impl MatchRule for Category {
    const ID: &'static str = "masse2019/dmc";
    const SUMMARY: &'static str =
        "Delayed match-to-category: is the direction of the test in the half of the circle of the sample?";

    fn matches(sample: usize, test: usize) -> bool {
        (sample < direction::N / 2) == (test < direction::N / 2)
    }
}

/// A delayed match by one rule.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DelayedMatch<R> {
    /// Durations and catch trials.
    #[serde(flatten)]
    pub delayed: Delayed,
    /// What makes a test a match.
    #[serde(skip)]
    pub rule: R,
}

impl<R: MatchRule> Definition for DelayedMatch<R> {
    const ABOUT: About<'static> =
        About { id: R::ID, summary: R::SUMMARY, header: include_str!("delayed_match.rs"), ..DELAYED };
    const N_TESTS: i32 = 1;

    fn validate(&self, protocol: &Protocol) -> Result<(), TaskError> {
        self.delayed.validate(protocol)
    }

    fn conditions(&self) -> Vec<Condition> {
        self.delayed.conditions()
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
        self.delayed.plan(protocol, condition, delayed::VARIABLES, rng, R::matches)
    }
}

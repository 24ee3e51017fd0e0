//! ABBA and ABCA: which of three tests match the sample?
//!
//! ```text
//! epochs      fixation 500 ms | sample 400 | three times: delay 400, test 400 | after 500
//! signals     a direction of motion in the sample and in each test, each of 8
//! test k      the sample with probability p_match
//!             else, in `abba` from the second test on and with probability p_repeat, the last test again
//!             else a direction that has not been shown in this trial
//! variables   sample, test_1 to test_3 (degrees) | match_1 to match_3
//! classes     sample x match_1
//! grid        sample x match_1 x match_2 x match_3
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | | `fixation`, `sample`, `delay`, `test`, `after` | ms | 500, 400, 400, 400, 500 |
//! | p_match | `p_match` | | 0.5 |
//! | p_repeat | `p_repeat` (`abba` only) | | 0.5 |
//!
//! Tests that do not match may be repeated in ABBA and never are in ABCA. A repeated match is a match.
//!
//! Differences from the source: none but those of all tasks. As in the code, all three tests are presented and graded,
//! whatever came before.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, TrialRng, create};
//! let asked = Condition::new().with("sample", 0.0).with("match_1", false).with("match_2", false).with("test_3", 0.0);
//! let (fixation, non_match, is_match) = (vec![1.0, 0.0, 0.0], vec![0.0, 1.0, 0.0], vec![0.0, 0.0, 1.0]);
//! for id in ["masse2019/abba", "masse2019/abca"] {
//!     let trial = create(id, None)?.trial(Split::Train, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//!     let classes = [150, 210, 250, 290, 379].map(|step| trial.targets.row(step).to_vec());
//!     assert_eq!(classes.each_ref(), [&non_match, &non_match, &fixation, &is_match, &fixation]);
//! }
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::direction::{self, agree, flag};
use super::{Definition, FAMILY, Plan, Protocol, Stimulus};
use crate::error::rules;
use crate::{About, Condition, TaskError, Timeline, TrialRng};

/// The tests, and whether they are matches.
const TESTS: [(&str, &str); 3] = [("test_1", "match_1"), ("test_2", "match_2"), ("test_3", "match_3")];
/// The delays before the tests.
const DELAYS: [&str; 3] = ["delay_1", "delay_2", "delay_3"];
/// The names of the variables.
const VARIABLES: &[&str] = &["sample", "match_1", "test_1", "match_2", "test_2", "match_3", "test_3"];

/// ABBA: tests that do not match may be repeated.
pub type Abba = Sequence<Repeats>;
/// ABCA: tests that do not match are never repeated.
pub type Abca = Sequence<NoRepeats>;

/// Whether tests that do not match are repeated.
pub trait Repetition: Clone + Default + fmt::Debug + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The id of the task.
    const ID: &'static str;
    /// One sentence.
    const SUMMARY: &'static str;

    /// The probability that a test that is not made a match repeats the last one.
    fn p_repeat(&self) -> f64;
}

/// They may be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Repeats {
    /// The probability that a test that is not made a match repeats the last one.
    pub p_repeat: f64,
}

impl Default for Repeats {
    fn default() -> Self {
        Self { p_repeat: 0.5 }
    }
}

impl Repetition for Repeats {
    const ID: &'static str = "masse2019/abba";
    const SUMMARY: &'static str =
        "ABBA: which of three tests match the sample? Tests that do not match may be repeated";

    fn p_repeat(&self) -> f64 {
        self.p_repeat
    }
}

/// They never are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NoRepeats {}

impl Repetition for NoRepeats {
    const ID: &'static str = "masse2019/abca";
    const SUMMARY: &'static str =
        "ABCA: which of three tests match the sample? Tests that do not match are never repeated";

    fn p_repeat(&self) -> f64 {
        0.0
    }
}

/// The durations and probabilities of three tests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sequence<R> {
    /// Fixation, ms.
    pub fixation: f64,
    /// Sample, ms.
    pub sample: f64,
    /// Before each test, ms.
    pub delay: f64,
    /// Each test, ms.
    pub test: f64,
    /// After the last test, ms.
    pub after: f64,
    /// The probability that a test is made a match.
    pub p_match: f64,
    /// Whether tests are repeated.
    #[serde(flatten)]
    pub repetition: R,
}

impl<R: Default> Default for Sequence<R> {
    fn default() -> Self {
        let repetition = R::default();
        Self { fixation: 500.0, sample: 400.0, delay: 400.0, test: 400.0, after: 500.0, p_match: 0.5, repetition }
    }
}

impl<R: Repetition> Definition for Sequence<R> {
    const ABOUT: About<'static> =
        About { id: R::ID, summary: R::SUMMARY, header: include_str!("sequence.rs"), ..FAMILY };
    const N_TESTS: i32 = TESTS.len() as i32;

    fn validate(&self, protocol: &Protocol) -> Result<(), TaskError> {
        rules::probability("p_repeat", self.repetition.p_repeat())?;
        let clock = protocol.clock();
        clock.steps("fixation", self.fixation)?;
        clock.at_least_one_step("sample", self.sample)?;
        clock.steps("delay", self.delay)?;
        protocol.validate_test(self.test)?;
        clock.steps("after", self.after)?;
        rules::probability("p_match", self.p_match)
    }

    fn conditions(&self) -> Vec<Condition> {
        let with = |is_match: bool| samples().map(move |sample| sample.with("match_1", is_match));
        [true, false].into_iter().flat_map(with).collect()
    }

    fn grid(&self) -> Vec<Condition> {
        let patterns = |sample: Condition| {
            (0..8u8).map(move |bits| {
                let bit = |k: u8| bits & (1 << k) != 0;
                sample.clone().with("match_1", bit(0)).with("match_2", bit(1)).with("match_3", bit(2))
            })
        };
        samples().flat_map(patterns).collect()
    }

    fn plan(
        &self,
        protocol: &Protocol,
        condition: Option<&Condition>,
        rng: &mut TrialRng,
    ) -> Result<(Timeline, Plan), TaskError> {
        let nothing = Condition::new();
        let given = condition.unwrap_or(&nothing);
        given.allow(VARIABLES)?;
        let sample = direction::given(given, "sample")?.unwrap_or_else(|| direction::any(rng));
        let mut plan = Plan {
            condition: Condition::new().with("sample", direction::degrees(sample)),
            stimuli: vec![Stimulus { epoch: "sample", place: 0, direction: sample }],
            cues: vec![],
            tests: vec![],
        };
        for (name, match_name) in TESTS {
            let asked = flag(given, match_name)?;
            let test = match direction::given(given, name)? {
                Some(test) => test,
                None => self.test(sample, asked, &plan.stimuli, rng),
            };
            agree(match_name, asked, test == sample)?;
            plan.condition = plan.condition.with(match_name, test == sample).with(name, direction::degrees(test));
            plan.stimuli.push(Stimulus { epoch: name, place: 0, direction: test });
            plan.tests.push(Some(test == sample));
        }
        Ok((self.timeline(protocol)?, plan))
    }
}

impl<R: Repetition> Sequence<R> {
    /// Draws a test after what was `shown`, the sample first.
    fn test(&self, sample: usize, asked: Option<bool>, shown: &[Stimulus], rng: &mut TrialRng) -> usize {
        let (becomes_match, repeats) = (rng.chance(self.p_match), rng.chance(self.repetition.p_repeat()));
        if asked.unwrap_or(becomes_match) {
            return sample;
        }
        match shown {
            // A repetition of a match is a match, which may not be what was asked for.
            [_, .., last] if repeats && (asked.is_none() || last.direction != sample) => last.direction,
            _ => direction::pick(rng, |new| shown.iter().all(|old| old.direction != new)),
        }
    }

    fn timeline(&self, protocol: &Protocol) -> Result<Timeline, TaskError> {
        let mut timeline = protocol.timeline()?;
        timeline.push("fixation", ("fixation", self.fixation))?;
        timeline.push("sample", ("sample", self.sample))?;
        for (delay, (test, _)) in DELAYS.into_iter().zip(TESTS) {
            timeline.push(delay, ("delay", self.delay))?;
            timeline.push(test, ("test", self.test))?;
        }
        timeline.push("after", ("after", self.after))?;
        Ok(timeline)
    }
}

fn samples() -> impl Iterator<Item = Condition> {
    (0..direction::N).map(|sample| Condition::new().with("sample", direction::degrees(sample)))
}

//! One sample, a delay and one test.
//!
//! ```text
//! epochs      fixation 500 ms | sample 500 | delay 1000 | test 500
//! signals     a direction of motion in the sample and one in the test, each of 8; half of the tests are matches
//! targets     fixation to the test; in the test match or non_match
//! catch       none by default; with `p_catch` or a variable delay: no test stimulus, and fixation is to be kept
//! variables   sample, test (degrees) | match
//! classes     sample x match, and catch trials if there are any
//! grid        sample x test
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | | `fixation`, `sample`, `delay`, `test` | ms | 500, 500, 1000, 500 |
//! | | `variable_delay`, `variable_delay_max` | , ms | false, 300 |
//! | | `p_catch` | | 0 |
//!
//! Differences from the source: the variable delay, which does not run in the last version of the code, is what its
//! comments say. The delay is shorter by up to 300 ms, at the expense of no other epoch but the test, with (delay -
//! shortest) exponential of mean 150 ms; where that exceeds 300 ms (1 trial in 7) the trial is a catch trial.

use serde::{Deserialize, Serialize};

use super::direction::{self, agree, flag};
use super::{Plan, Protocol, Stimulus};
use crate::error::rules;
use crate::{Condition, Duration, TaskError, Timeline, TrialRng};

/// The names of the variables.
pub const VARIABLES: &[&str] = &["sample", "match", "test"];

/// The probability, exp(-2), that an exponential number exceeds twice its mean: then there is no test before the trial
/// ends.
const LONG: f64 = 0.135_335_283_236_612_7;

/// The durations of a delayed match, and its catch trials.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Delayed {
    /// Fixation, ms.
    pub fixation: f64,
    /// Sample, ms.
    pub sample: f64,
    /// Delay, ms; the longest one if it varies.
    pub delay: f64,
    /// Test, ms; longer where the delay is shorter.
    pub test: f64,
    /// Whether the delay varies.
    pub variable_delay: bool,
    /// By how much at most it is shorter, ms.
    pub variable_delay_max: f64,
    /// The fraction of catch trials, without a test.
    pub p_catch: f64,
}

impl Default for Delayed {
    fn default() -> Self {
        Self {
            fixation: 500.0,
            sample: 500.0,
            delay: 1000.0,
            test: 500.0,
            variable_delay: false,
            variable_delay_max: 300.0,
            p_catch: 0.0,
        }
    }
}

impl Delayed {
    /// Checks the fields.
    pub fn validate(&self, protocol: &Protocol) -> Result<(), TaskError> {
        let clock = protocol.clock();
        clock.steps("fixation", self.fixation)?;
        clock.at_least_one_step("sample", self.sample)?;
        clock.steps("delay", self.delay)?;
        protocol.validate_test(self.test)?;
        rules::positive("variable_delay_max", self.variable_delay_max)?;
        if self.variable_delay && self.variable_delay_max > self.delay {
            let remedy = format!("give at most `delay` = {} ms", self.delay);
            return Err(TaskError::parameter(
                "variable_delay_max",
                self.variable_delay_max,
                "must not exceed `delay`",
                remedy,
            ));
        }
        rules::probability("p_catch", self.p_catch)
    }

    /// The catch condition, if there is one, and every sample with a match and without.
    pub fn conditions(&self) -> Vec<Condition> {
        let catch = (self.p_catch > 0.0 || self.variable_delay).then(Condition::catch);
        let with = |is_match: bool| {
            (0..direction::N)
                .map(move |sample| Condition::new().with("sample", direction::degrees(sample)).with("match", is_match))
        };
        catch.into_iter().chain([true, false].into_iter().flat_map(with)).collect()
    }

    /// Every sample with every test.
    pub fn grid() -> Vec<Condition> {
        let of = |sample: usize| {
            (0..direction::N).map(move |test| {
                Condition::new().with("sample", direction::degrees(sample)).with("test", direction::degrees(test))
            })
        };
        (0..direction::N).flat_map(of).collect()
    }

    /// The epochs and the plan of a trial whose sample and test match or not. Refuses variables that are not among
    /// `names`.
    pub fn plan(
        &self,
        protocol: &Protocol,
        condition: Option<&Condition>,
        names: &[&str],
        rng: &mut TrialRng,
        matches: impl Fn(usize, usize) -> bool,
    ) -> Result<(Timeline, Plan), TaskError> {
        let nothing = Condition::new();
        let given = condition.unwrap_or(&nothing);
        let is_catch = match condition {
            Some(given) => given.is_catch(),
            None => rng.chance(self.p_catch) || self.variable_delay && rng.chance(LONG),
        };
        if is_catch {
            given.allow(&[&["catch"], names].concat())?;
            if let Some(name) = ["match", "test"].into_iter().find(|name| given.get(name).is_some()) {
                return Err(TaskError::condition(
                    name,
                    "given",
                    "does not exist in a catch trial",
                    "leave it or `catch` out",
                ));
            }
        } else {
            given.allow(names)?;
        }
        let sample = direction::given(given, "sample")?.unwrap_or_else(|| direction::any(rng));
        let shown = Stimulus { epoch: "sample", place: 0, direction: sample };
        let timeline = self.timeline(protocol, is_catch, rng)?;
        if is_catch {
            let condition = Condition::catch().with("sample", direction::degrees(sample));
            return Ok((timeline, Plan { condition, stimuli: vec![shown], cues: vec![], tests: vec![None] }));
        }
        let (asked, drawn) = (flag(given, "match")?, rng.chance(0.5));
        let test = match direction::given(given, "test")? {
            Some(test) => test,
            None => direction::pick(rng, |test| matches(sample, test) == asked.unwrap_or(drawn)),
        };
        let is_match = matches(sample, test);
        agree("match", asked, is_match)?;
        let condition = Condition::new()
            .with("sample", direction::degrees(sample))
            .with("match", is_match)
            .with("test", direction::degrees(test));
        let stimuli = vec![shown, Stimulus { epoch: "test", place: 0, direction: test }];
        Ok((timeline, Plan { condition, stimuli, cues: vec![], tests: vec![Some(is_match)] }))
    }

    fn timeline(&self, protocol: &Protocol, is_catch: bool, rng: &mut TrialRng) -> Result<Timeline, TaskError> {
        let clock = protocol.clock();
        let (longest, test) = (clock.steps("delay", self.delay)?, clock.steps("test", self.test)?);
        let delay = if self.variable_delay && !is_catch {
            let shortest = self.delay - self.variable_delay_max;
            Duration::truncated_exponential(self.variable_delay_max / 2.0, shortest, self.delay)
                .draw("delay", clock, rng)?
        } else {
            longest
        };
        let mut timeline = protocol.timeline()?;
        timeline.push("fixation", ("fixation", self.fixation))?;
        timeline.push("sample", ("sample", self.sample))?;
        timeline.push_steps("delay", delay)?;
        // The trial ends when it would have with the longest delay.
        timeline.push_steps("test", (longest + test).saturating_sub(delay))?;
        Ok(timeline)
    }
}

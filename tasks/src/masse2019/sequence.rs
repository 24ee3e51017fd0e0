//! Trials with one sample and three tests, each of which is a match or not.
//!
//! ```text
//! test k   the sample with probability p_match
//!          else, from the second test on and with probability p_repeat, the last test again
//!          else a direction that has not been shown in this trial
//! variables   sample, test_1 to test_3 (degrees) | match_1 to match_3
//! classes     sample x match_1
//! grid        sample x match_1 x match_2 x match_3
//! ```

use serde::{Deserialize, Serialize};

use super::direction::{self, agree, flag};
use super::protocol::{Plan, Protocol, Stimulus};
use crate::error::rules;
use crate::{Condition, TaskError, Timeline, TrialRng};

/// The tests, and whether they are matches.
const TESTS: [(&str, &str); 3] = [("test_1", "match_1"), ("test_2", "match_2"), ("test_3", "match_3")];
/// The delays before the tests.
const DELAYS: [&str; 3] = ["delay_1", "delay_2", "delay_3"];
/// The names of the variables.
const VARIABLES: &[&str] = &["sample", "match_1", "test_1", "match_2", "test_2", "match_3", "test_3"];

/// The durations and probabilities of a sequence of tests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sequence {
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
}

impl Default for Sequence {
    fn default() -> Self {
        Self { fixation: 500.0, sample: 400.0, delay: 400.0, test: 400.0, after: 500.0, p_match: 0.5 }
    }
}

impl Sequence {
    /// Checks the fields.
    pub fn validate(&self, protocol: &Protocol) -> Result<(), TaskError> {
        let clock = protocol.clock();
        clock.steps("fixation", self.fixation)?;
        clock.at_least_one_step("sample", self.sample)?;
        clock.steps("delay", self.delay)?;
        protocol.validate_test(self.test)?;
        clock.steps("after", self.after)?;
        rules::probability("p_match", self.p_match)
    }

    /// Every sample, with a match in the first test and without.
    pub fn conditions() -> Vec<Condition> {
        let with = |is_match: bool| samples().map(move |sample| sample.with("match_1", is_match));
        [true, false].into_iter().flat_map(with).collect()
    }

    /// Every sample with every pattern of matches.
    pub fn grid() -> Vec<Condition> {
        let patterns = |sample: Condition| {
            (0..8u8).map(move |bits| {
                let bit = |k: u8| bits & (1 << k) != 0;
                sample.clone().with("match_1", bit(0)).with("match_2", bit(1)).with("match_3", bit(2))
            })
        };
        samples().flat_map(patterns).collect()
    }

    /// The epochs and the plan of a trial.
    pub fn plan(
        &self,
        protocol: &Protocol,
        condition: Option<&Condition>,
        p_repeat: f64,
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
                None => self.test(sample, asked, &plan.stimuli, p_repeat, rng),
            };
            agree(match_name, asked, test == sample)?;
            plan.condition = plan.condition.with(match_name, test == sample).with(name, direction::degrees(test));
            plan.stimuli.push(Stimulus { epoch: name, place: 0, direction: test });
            plan.tests.push(Some(test == sample));
        }
        Ok((self.timeline(protocol)?, plan))
    }

    /// Draws a test after what was `shown`, the sample first.
    fn test(&self, sample: usize, asked: Option<bool>, shown: &[Stimulus], p_repeat: f64, rng: &mut TrialRng) -> usize {
        let (becomes_match, repeats) = (rng.chance(self.p_match), rng.chance(p_repeat));
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

//! Dual delayed match-to-sample: of two samples, remember both; before each of two tests a cue says which one is to be
//! compared.
//!
//! ```text
//! epochs    fixation 500 ms | sample 500 | delay_1 1000 | test_1 500 | delay_2 1000 | test_2 500
//! signals   two directions of motion, one at each of two places, in the sample and in both tests
//!           the cue of place 1 or 2 from the middle of each delay to the end of its test
//! test k    at the cued place: the sample's direction there, p 0.5, else one of the other 7
//!           at the other place: any of the 8
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | | `fixation`, `sample`, `delay`, `test` | ms | 500, 500, 1000, 500 |
//! | | `n_rule` (half of them for each place) | | 6 |
//!
//! Variables: `sample_1`, `sample_2` (degrees, by place), and for test k `cued_k` (1 or 2), `match_k`, `test_k` (at the
//! cued place) and `distractor_k` (at the other). Classes: which place is cued and whether it matches, in both tests.
//! Grid: all samples under all pairs of cues.
//!
//! Differences from the source: the code can also cue the wrong place and add a probe, neither of which it uses.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, TrialRng, create};
//! let task = create("masse2019/dual_dms", None)?;
//! let asked = Condition::new().with("sample_2", 45.0).with("cued_2", 2.0).with("test_2", 45.0);
//! let trial = task.trial(Split::Train, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.dim(), (400, 54));
//! assert_eq!(trial.targets.row(399).to_vec(), [0.0, 0.0, 1.0]); // the second test is a match
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use serde::{Deserialize, Serialize};

use super::direction::{self, agree, flag};
use super::{Channels, Definition, FAMILY, Plan, Protocol, Stimulus};
use crate::{About, Condition, TaskError, Timeline, TrialRng};

/// The names of the samples, by place.
const SAMPLES: [&str; 2] = ["sample_1", "sample_2"];

/// The names of the variables of a test, and of its epochs.
struct Names {
    cued: &'static str,
    is_match: &'static str,
    test: &'static str,
    distractor: &'static str,
    delay: &'static str,
}

const TESTS: [Names; 2] = [
    Names { cued: "cued_1", is_match: "match_1", test: "test_1", distractor: "distractor_1", delay: "delay_1" },
    Names { cued: "cued_2", is_match: "match_2", test: "test_2", distractor: "distractor_2", delay: "delay_2" },
];

/// The durations of two tests of two samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DualDms {
    /// Fixation, ms.
    pub fixation: f64,
    /// Samples, ms.
    pub sample: f64,
    /// Before each test, ms.
    pub delay: f64,
    /// Each test, ms.
    pub test: f64,
    /// The number of rule channels.
    pub n_rule: usize,
}

impl Default for DualDms {
    fn default() -> Self {
        Self { fixation: 500.0, sample: 500.0, delay: 1000.0, test: 500.0, n_rule: 6 }
    }
}

impl Definition for DualDms {
    const ABOUT: About<'static> = About {
        id: "masse2019/dual_dms",
        summary: "Dual delayed match-to-sample: compare each of two tests with the one of two samples that a late cue \
            points out",
        header: include_str!("dual_dms.rs"),
        ..FAMILY
    };
    const N_TESTS: i32 = 2;

    fn channels(&self) -> Channels {
        Channels { places: SAMPLES.len(), rules: SAMPLES.len(), n_rule: self.n_rule }
    }

    fn validate(&self, protocol: &Protocol) -> Result<(), TaskError> {
        let clock = protocol.clock();
        clock.steps("fixation", self.fixation)?;
        clock.at_least_one_step("sample", self.sample)?;
        clock.steps("delay", self.delay)?;
        protocol.validate_test(self.test)
    }

    fn conditions(&self) -> Vec<Condition> {
        let classes = |names: &Names, before: Condition| {
            let cues = [1.0, 2.0].map(|place| before.clone().with(names.cued, place));
            cues.into_iter()
                .flat_map(|cue| [true, false].map(|is_match| cue.clone().with(names.is_match, is_match)))
                .collect::<Vec<_>>()
        };
        classes(&TESTS[0], Condition::new()).into_iter().flat_map(|first| classes(&TESTS[1], first)).collect()
    }

    fn grid(&self) -> Vec<Condition> {
        let samples = |name: &'static str, before: Condition| {
            (0..direction::N).map(move |sample| before.clone().with(name, direction::degrees(sample)))
        };
        let cues = |name: &'static str, before: Condition| [1.0, 2.0].map(|place| before.clone().with(name, place));
        samples(SAMPLES[0], Condition::new())
            .flat_map(|condition| samples(SAMPLES[1], condition))
            .flat_map(|condition| cues(TESTS[0].cued, condition))
            .flat_map(|condition| cues(TESTS[1].cued, condition))
            .collect()
    }

    fn plan(
        &self,
        protocol: &Protocol,
        condition: Option<&Condition>,
        rng: &mut TrialRng,
    ) -> Result<(Timeline, Plan), TaskError> {
        let nothing = Condition::new();
        let given = condition.unwrap_or(&nothing);
        let names = TESTS.iter().flat_map(|names| [names.cued, names.is_match, names.test, names.distractor]);
        given.allow(&SAMPLES.into_iter().chain(names).collect::<Vec<_>>())?;
        let mut timeline = protocol.timeline()?;
        timeline.push("fixation", ("fixation", self.fixation))?;
        timeline.push("sample", ("sample", self.sample))?;
        let mut plan = Plan { condition: Condition::new(), stimuli: vec![], cues: vec![], tests: vec![] };
        let mut samples = [0; 2];
        for (place, (name, sample)) in SAMPLES.into_iter().zip(&mut samples).enumerate() {
            *sample = direction::given(given, name)?.unwrap_or_else(|| direction::any(rng));
            plan.condition = plan.condition.with(name, direction::degrees(*sample));
            plan.stimuli.push(Stimulus { epoch: "sample", place, direction: *sample });
        }
        for names in &TESTS {
            let delay = timeline.push(names.delay, ("delay", self.delay))?;
            let test = timeline.push(names.test, ("test", self.test))?;
            let place = add_test(&mut plan, names, samples, given, rng)?;
            plan.cues.push((delay.start + delay.len() / 2..test.end, place));
        }
        Ok((timeline, plan))
    }
}

/// Draws a test and adds it to the plan; returns the cued place.
fn add_test(
    plan: &mut Plan,
    names: &Names,
    samples: [usize; 2],
    given: &Condition,
    rng: &mut TrialRng,
) -> Result<usize, TaskError> {
    let second = match given.finite_number(names.cued)? {
        None => rng.chance(0.5),
        Some(1.0) => false,
        Some(2.0) => true,
        Some(other) => return Err(TaskError::condition(names.cued, other, "must be 1 or 2", "give 1 or 2")),
    };
    let sample = if second { samples[1] } else { samples[0] };
    let (place, elsewhere) = (usize::from(second), usize::from(!second));
    let (asked, drawn) = (flag(given, names.is_match)?, rng.chance(0.5));
    let test = match direction::given(given, names.test)? {
        Some(test) => test,
        None => direction::pick(rng, |test| (test == sample) == asked.unwrap_or(drawn)),
    };
    let distractor = direction::given(given, names.distractor)?.unwrap_or_else(|| direction::any(rng));
    agree(names.is_match, asked, test == sample)?;
    let condition = std::mem::take(&mut plan.condition);
    plan.condition = condition
        .with(names.cued, place as f64 + 1.0)
        .with(names.is_match, test == sample)
        .with(names.test, direction::degrees(test))
        .with(names.distractor, direction::degrees(distractor));
    plan.stimuli.push(Stimulus { epoch: names.test, place, direction: test });
    plan.stimuli.push(Stimulus { epoch: names.test, place: elsewhere, direction: distractor });
    plan.tests.push(Some(test == sample));
    Ok(place)
}

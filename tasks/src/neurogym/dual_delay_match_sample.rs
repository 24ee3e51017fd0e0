//! Dual delayed match to sample: two samples at once, then each is tested when its cue says so.
//!
//! ```text
//! epochs      fixation | sample | delay1 | cue1 | test1 | delay2 | cue2 | test2, each 500 ms                dt 100 ms
//! inputs      fixation: 1 throughout
//!             object_s_stimulus_k: 1 in the sample if object s is stimulus k, and in its test if that shows k
//!             cue_s: 1 in the cue before the test of object s                                            s, k = 1, 2
//!             noise on the four stimulus channels in the sample and both tests
//! classes     1 match, 2 non_match: in each test, whether it shows the sample of its object
//! correct     the first action in each test is the right one
//! training    0.95
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | the object that is tested first | variable `tested_first` | | 1, 2 |
//! | whether the test of object s matches | variables `match_1`, `match_2` | | |
//! | the stimulus of object s | variables `sample_1`, `sample_2` | | 1, 2; all 32 combinations are equally likely |
//! | sigma | `sigma` | | 1 |
//!
//! The choice of a trial is that of the second test, and so is its reaction time.
//!
//! Reference: Rose NS, LaRocque JJ, Riggall AC, et al. (2016), Science 354: 1136,
//! <https://doi.org/10.1126/science.aah7011>; as `DualDelayMatchSample` of neurogym.
//!
//! Differences from the source: neurogym calls a trial right if any action in the first test or the first action in the
//! second is right; here both answers have to be (`both = false` restores the former). neurogym adds the noise to the
//! fixation and cue inputs too (`noise_on_all_inputs = true`).
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, neurogym::{DualMatchToSample, Environment}};
//! let task = DualMatchToSample { sigma: 0.0, ..DualMatchToSample::default() };
//! let task = Environment { task, ..Environment::default() };
//! let samples = Condition::new().with("sample_1", 1.0).with("sample_2", 2.0);
//! let condition = samples.with("tested_first", 2.0).with("match_2", false);
//! let trial = task.trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(5).to_vec(), [1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
//! assert_eq!(trial.inputs.row(15).to_vec(), [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]); // cue 2
//! assert_eq!(trial.inputs.row(20).to_vec(), [1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]); // not the sample of object 2
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::ops::Range;

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::answer::{Answer, chance_of_action};
use super::{Asked, Definition, Environment, FAMILY, Period, Timing};
use crate::error::rules;
use crate::{About, Channel, Citation, Condition, Duration, Score, TaskError, Trial, TrialRng, TrialView, Value};
use crate::{largest, reaction_time};

/// The variables of the two objects: (sample, match).
const OBJECTS: [(&str, &str); 2] = [("sample_1", "match_1"), ("sample_2", "match_2")];

/// Dual delayed match to sample.
pub type DualDelayMatchSample = Environment<DualMatchToSample>;

/// Whether the tests of two objects are their samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DualMatchToSample {
    /// The samples, ms.
    pub sample: Duration,
    /// Between samples and first cue, ms.
    pub delay1: Duration,
    /// The first cue, ms.
    pub cue1: Duration,
    /// The first test and its response, ms.
    pub test1: f64,
    /// Between first test and second cue, ms.
    pub delay2: Duration,
    /// The second cue, ms.
    pub cue2: Duration,
    /// The second test and its response, ms.
    pub test2: f64,
    /// The strength of the noise on the stimuli; 0 for none.
    pub sigma: f64,
    /// Whether fixation and cues are noisy in samples and tests too; `true` as in neurogym.
    pub noise_on_all_inputs: bool,
    /// Whether both answers have to be right; `false` as in neurogym.
    pub both: bool,
}

impl Default for DualMatchToSample {
    fn default() -> Self {
        Self {
            sample: 500.0.into(),
            delay1: 500.0.into(),
            cue1: 500.0.into(),
            test1: 500.0,
            delay2: 500.0.into(),
            cue2: 500.0.into(),
            test2: 500.0,
            sigma: 1.0,
            noise_on_all_inputs: false,
            both: true,
        }
    }
}

/// One object of a trial.
#[derive(Clone, Copy, Debug)]
struct Object {
    sample: usize,
    matches: bool,
}

impl Object {
    /// The stimulus of its test.
    fn test(self) -> usize {
        if self.matches { self.sample } else { 3 - self.sample }
    }

    /// The class of its test.
    fn class(self) -> usize {
        if self.matches { 1 } else { 2 }
    }
}

impl DualMatchToSample {
    fn periods(&self) -> [Period<'_>; 7] {
        [
            Period::shown("sample", &self.sample),
            Period::pause("delay1", &self.delay1),
            Period::shown("cue1", &self.cue1),
            Period::fixed("test1", self.test1),
            Period::pause("delay2", &self.delay2),
            Period::shown("cue2", &self.cue2),
            Period::fixed("test2", self.test2),
        ]
    }

    /// All values of these variables, in the order of the list.
    fn combinations(names: &[&'static str]) -> Vec<Condition> {
        names.iter().fold(vec![Condition::new()], |all, &name| {
            let values = |condition: Condition| {
                let is_flag = name.starts_with("match");
                let value = move |one: bool| {
                    if is_flag { one.into() } else { Value::Number(if one { 1.0 } else { 2.0 }) }
                };
                [true, false].map(|one| condition.clone().with(name, value(one)))
            };
            all.into_iter().flat_map(values).collect()
        })
    }

    /// The class of a test, and what is done in it.
    fn test(trial: TrialView<'_>, outputs: ArrayView2<'_, f32>, epoch: &str) -> (Range<usize>, Option<usize>, Answer) {
        let steps = trial.epoch(epoch).map_or(0..0, |epoch| epoch.steps());
        let class = trial.targets.outer_iter().nth(steps.start).and_then(|row| largest(row));
        (steps.clone(), class, Answer::first(outputs, steps))
    }
}

impl Definition for DualMatchToSample {
    const ABOUT: About<'static> = About {
        id: "neurogym/dual_delay_match_sample",
        summary: "Dual delayed match to sample: remember two stimuli and report for each, when cued, whether its test \
            matches",
        citation: Citation {
            authors: "Rose NS, LaRocque JJ, Riggall AC, et al.",
            year: 2016,
            title: "Reactivation of latent working memories with transcranial magnetic stimulation",
            doi: "10.1126/science.aah7011",
        },
        header: include_str!("dual_delay_match_sample.rs"),
        ..FAMILY
    };
    const FIXATION: f64 = 500.0;

    fn validate(&self, timing: Timing<'_>) -> Result<(), TaskError> {
        timing.validate(&self.periods())?;
        rules::not_negative("sigma", self.sigma)
    }

    fn inputs(&self) -> Vec<Channel> {
        let names = [
            "fixation",
            "object_1_stimulus_1",
            "object_1_stimulus_2",
            "object_2_stimulus_1",
            "object_2_stimulus_2",
            "cue_1",
            "cue_2",
        ];
        Channel::list(&names)
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&["fixation", "match", "non_match"])
    }

    fn conditions(&self) -> Vec<Condition> {
        Self::combinations(&["tested_first", "match_1", "match_2"])
    }

    fn grid(&self, _: Timing<'_>) -> Vec<Condition> {
        Self::combinations(&["tested_first", "match_1", "match_2", "sample_1", "sample_2"])
    }

    fn trial(&self, timing: Timing<'_>, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let asked = Asked::new(condition, &["tested_first", "match_1", "match_2", "sample_1", "sample_2"])?;
        let tested_first = asked.whole_or_drawn("tested_first", 2, rng)?;
        let mut draw = |(sample, matches): (&str, &str)| -> Result<Object, TaskError> {
            Ok(Object { sample: asked.whole_or_drawn(sample, 2, rng)?, matches: asked.flag_or_drawn(matches, rng)? })
        };
        let objects = [draw(OBJECTS[0])?, draw(OBJECTS[1])?];
        let (schedule, [sample, _, cue1, test1, _, cue2, test2]) = timing.draw(self.periods(), rng)?;

        let mut stage = schedule.stage(7, 3, test2.end);
        // Which of the objects each cue and test is of.
        let (first, second) = if tested_first == 1 { (0, 1) } else { (1, 0) };
        for (i, cue, test) in [(first, cue1, &test1), (second, cue2, &test2)] {
            stage.show(sample.clone(), 2 * i + objects[i].sample, 1.0);
            stage.show(cue, 5 + i, 1.0);
            stage.show(test.clone(), 2 * i + objects[i].test(), 1.0);
        }
        let channels = if self.noise_on_all_inputs { 0..7 } else { 1..5 };
        for steps in [sample, test1.clone(), test2.clone()] {
            stage.noise(steps, channels.clone(), self.sigma, rng);
        }
        stage.label(test1, objects[first].class());
        let mut condition = Condition::new().with("tested_first", tested_first as f64);
        for ((sample, matches), object) in OBJECTS.into_iter().zip(objects) {
            condition = condition.with(matches, object.matches).with(sample, object.sample as f64);
        }
        Ok(stage.finish(test2, objects[second].class(), condition))
    }

    fn score(&self, timing: Timing<'_>, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        let (steps, class, answer) = Self::test(trial, outputs, "test1");
        let first = if self.both {
            class.is_some() && answer.choice() == class
        } else {
            outputs.outer_iter().take(steps.end).skip(steps.start).any(|row| class.is_some() && largest(row) == class)
        };
        let (steps, class, answer) = Self::test(trial, outputs, "test2");
        let second = class.is_some() && answer.choice() == class;
        let reaction_time = match answer {
            Answer::Acted { step, .. } => Some(reaction_time(step, steps.start, timing.clock.dt)),
            Answer::Fixated | Answer::Unreadable => None,
        };
        let correct = if self.both { first && second } else { first || second };
        Score { choice: answer.choice(), correct: Some(correct), reaction_time, error: None }
    }

    fn chance(&self, timing: Timing<'_>) -> f64 {
        let (first, second) = (timing.steps("test1", self.test1), timing.steps("test2", self.test2));
        if self.both {
            return chance_of_action(3, first) * chance_of_action(3, second);
        }
        // Wrong only if no step of the first test is right, and the first action of the second is not.
        1.0 - (2.0_f64 / 3.0).powf(first as f64) * (1.0 - chance_of_action(3, second))
    }
}

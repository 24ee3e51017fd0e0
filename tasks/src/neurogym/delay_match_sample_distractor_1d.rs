//! Delayed match to sample with distractors: respond to that one of three tests which is the sample.
//!
//! ```text
//! epochs      fixation 300 ms | sample 500 ms | 3 x (delay 1000 ms | test 500 ms)                           dt 100 ms
//! inputs      fixation: 1 in the fixation period only
//!             stimulus_i: cos(theta_i - theta) + noise in the sample and the tests                        i = 1 .. 32
//! theta       sample: uniform on [0, 2 pi);  test m: the same;  other tests: independent, uniform         m = 1, 2, 3
//! classes     1 match: at every step of test m
//! correct     the first action after the sample is in test m
//! training    0.9
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | m | variable `match` | | each equally likely |
//! | sigma | `sigma` | | 0: no noise |
//!
//! Nothing but the matching test says when to respond. A distractor can be as close to the sample as chance has it. The
//! reaction time is counted from the onset of test m.
//!
//! Reference: Miller EK, Erickson CA, Desimone R (1996), J Neurosci 16: 5154,
//! <https://doi.org/10.1523/JNEUROSCI.16-16-05154.1996>; as `DelayMatchSampleDistractor1D` of neurogym.
//!
//! Differences from the source: neurogym has a parameter `sigma` of 1 that it does not use; here it adds noise, and is
//! 0, so that the trials are neurogym's.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, neurogym::DelayMatchSampleDistractor1D};
//! let task = DelayMatchSampleDistractor1D::default();
//! let condition = Condition::new().with("match", 2.0).with("sample", 0.0);
//! let trial = task.trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(3).to_vec()[..2], [0.0, 1.0]);
//! assert_eq!(trial.inputs.row(33), trial.inputs.row(3)); // the second test: 3 + 5 + 10 + 5 + 10
//! assert_eq!(trial.targets.column(1).sum(), 5.0);
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::f64::consts::TAU;

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::answer::{Answer, chance_of_fixation};
use super::ring::{cosine, validate_ring};
use super::{Asked, Definition, Environment, MILLER, Period, RING, Timing, environment::fixation_and};
use crate::error::rules;
use crate::{About, Channel, Condition, Duration, Score, TaskError, Trial, TrialRng, TrialView};
use crate::{reaction_time, ring::wrapped};

/// The delays and tests, in order.
const TESTS: [(&str, &str); 3] = [("delay1", "test1"), ("delay2", "test2"), ("delay3", "test3")];

/// Delayed match to sample with distractors.
pub type DelayMatchSampleDistractor1D = Environment<MatchAmongDistractors>;

/// Which of three tests is the sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MatchAmongDistractors {
    /// The sample, ms.
    pub sample: Duration,
    /// Before each test, ms.
    pub delay: f64,
    /// Each test, ms.
    pub test: f64,
    /// The number of channels.
    pub dim_ring: usize,
    /// The strength of the noise on the stimuli; 0 for none, as in neurogym.
    pub sigma: f64,
}

impl Default for MatchAmongDistractors {
    fn default() -> Self {
        Self { sample: 500.0.into(), delay: 1000.0, test: 500.0, dim_ring: 32, sigma: 0.0 }
    }
}

impl MatchAmongDistractors {
    /// An angle that is asked for or drawn, rad.
    fn angle(asked: Asked<'_>, name: &str, rng: &mut TrialRng) -> Result<f64, TaskError> {
        Ok(asked.between(name, 0.0, TAU)?.unwrap_or_else(|| wrapped(rng.between(0.0, TAU))))
    }
}

impl Definition for MatchAmongDistractors {
    const ABOUT: About<'static> = About {
        id: "neurogym/delay_match_sample_distractor_1d",
        summary: "Delayed match to sample with distractors: respond to that one of three tests which is the sample",
        citation: MILLER,
        header: include_str!("delay_match_sample_distractor_1d.rs"),
        ..RING
    };
    const FIXATION: f64 = 300.0;
    const THRESHOLD: f64 = 0.9;

    fn validate(&self, timing: Timing<'_>) -> Result<(), TaskError> {
        timing.validate(&[Period::shown("sample", &self.sample), Period::fixed("test", self.test)])?;
        timing.clock.steps("delay", self.delay)?;
        rules::not_negative("sigma", self.sigma)?;
        validate_ring(self.dim_ring)
    }

    fn inputs(&self) -> Vec<Channel> {
        fixation_and("stimulus", self.dim_ring)
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&["fixation", "match"])
    }

    fn conditions(&self) -> Vec<Condition> {
        (1..=TESTS.len()).map(|test| Condition::new().with("match", test as f64)).collect()
    }

    fn trial(&self, timing: Timing<'_>, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let (n, asked) = (self.dim_ring, Asked::new(condition, &["match", "sample", "distractor_1", "distractor_2"])?);
        let matching = asked.whole_or_drawn("match", TESTS.len(), rng)?;
        let sample = Self::angle(asked, "sample", rng)?;
        let distractors = [Self::angle(asked, "distractor_1", rng)?, Self::angle(asked, "distractor_2", rng)?];
        let (mut schedule, [first]) = timing.draw([Period::shown("sample", &self.sample)], rng)?;
        let (fixation_off, mut shown) = (first.start, vec![(first, sample)]);
        let (delay, test) = (timing.clock.steps("delay", self.delay)?, timing.clock.steps("test", self.test)?);
        let mut others = distractors.into_iter();
        for (i, (delay_name, test_name)) in TESTS.into_iter().enumerate() {
            schedule.steps(delay_name, delay)?;
            let angle = if i + 1 == matching { sample } else { others.next().unwrap_or(sample) };
            shown.push((schedule.steps(test_name, test)?, angle));
        }

        let mut stage = schedule.stage(1 + n, 2, fixation_off);
        for (steps, angle) in &shown {
            stage.pattern(steps.clone(), 1, cosine(n, *angle, 1.0, 0.0));
            stage.noise(steps.clone(), 1..1 + n, self.sigma, rng);
        }
        let condition = Condition::new().with("match", matching as f64).with("sample", sample);
        let condition = condition.with("distractor_1", distractors[0]).with("distractor_2", distractors[1]);
        Ok(stage.finish(shown[matching].0.clone(), 1, condition))
    }

    fn score(&self, timing: Timing<'_>, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        let after_sample = trial.epoch("sample").map_or(0, |epoch| epoch.end);
        let answer = Answer::first(outputs, after_sample..trial.n_steps());
        let is_match = |step: usize| trial.targets.row(step).get(1) == Some(&1.0);
        let correct = matches!(answer, Answer::Acted { step, .. } if is_match(step));
        let onset = trial.targets.outer_iter().position(|row| row.get(1) == Some(&1.0));
        let reaction_time = match (answer, onset) {
            (Answer::Acted { step, .. }, Some(onset)) if correct => Some(reaction_time(step, onset, timing.clock.dt)),
            _ => None,
        };
        Score { choice: answer.choice(), correct: Some(correct), reaction_time, error: None }
    }

    fn chance(&self, timing: Timing<'_>) -> f64 {
        let (delay, test) = (timing.steps("delay", self.delay), timing.steps("test", self.test));
        let before = |i: usize| (i + 1) * delay + i * test;
        let hit = |i: usize| chance_of_fixation(2, before(i)) * (1.0 - chance_of_fixation(2, test));
        (0..TESTS.len()).map(hit).sum::<f64>() / TESTS.len() as f64
    }
}

//! Delayed match to sample: is the test the stimulus seen a second ago?
//!
//! ```text
//! epochs      fixation 300 ms | sample 500 ms | delay 1000 ms | test 500 ms | decision 900 ms               dt 100 ms
//! inputs      stimulus_i: 0.5 + 0.5 cos(theta_i - theta) + noise in sample and test                        i = 1 .. n
//! theta       sample: theta_k;  test: theta_k if it matches, theta_k + pi if not
//! classes     1 match, 2 non_match: in the decision
//! training    0.95
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | n | `dim_ring` | | 2 |
//! | k | variable `sample` | | 1 .. n |
//! | sigma | `sigma` | | 1 |
//!
//! Reference: Miller EK, Erickson CA, Desimone R (1996), J Neurosci 16: 5154,
//! <https://doi.org/10.1523/JNEUROSCI.16-16-05154.1996>; as `DelayMatchSample` of neurogym.
//!
//! Differences from the source: none but those of all environments.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, neurogym::{Environment, MatchToSample}};
//! let task = MatchToSample { sigma: 0.0, ..MatchToSample::default() };
//! let task = Environment { task, ..Environment::default() };
//! let condition = Condition::new().with("match", false).with("sample", 1.0);
//! let trial = task.trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(3).to_vec(), [1.0, 1.0, 0.0]);
//! assert_eq!(trial.inputs.row(18).to_vec(), [1.0, 0.0, 1.0]);
//! assert_eq!(trial.correct, Some(2));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use super::ring::{angle, cosine, validate_ring};
use super::{Asked, Definition, Environment, MILLER, Period, RING, Timing, answer, environment::fixation_and};
use crate::error::rules;
use crate::{About, Channel, Condition, Duration, TaskError, Trial, TrialRng};

/// Delayed match to sample.
pub type DelayMatchSample = Environment<MatchToSample>;

/// Whether a test is the stimulus that was seen before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MatchToSample {
    /// The sample, ms.
    pub sample: Duration,
    /// Between sample and test, ms.
    pub delay: Duration,
    /// The test, ms.
    pub test: Duration,
    /// The response, ms.
    pub decision: f64,
    /// The number of stimuli and of their channels.
    pub dim_ring: usize,
    /// The strength of the noise on the stimuli; 0 for none.
    pub sigma: f64,
}

impl Default for MatchToSample {
    fn default() -> Self {
        Self {
            sample: 500.0.into(),
            delay: 1000.0.into(),
            test: 500.0.into(),
            decision: 900.0,
            dim_ring: 2,
            sigma: 1.0,
        }
    }
}

impl MatchToSample {
    fn periods(&self) -> [Period<'_>; 4] {
        [
            Period::shown("sample", &self.sample),
            Period::pause("delay", &self.delay),
            Period::shown("test", &self.test),
            Period::fixed("decision", self.decision),
        ]
    }
}

impl Definition for MatchToSample {
    const ABOUT: About<'static> = About {
        id: "neurogym/delay_match_sample",
        summary: "Delayed match to sample: report whether the test is the same stimulus as the sample before the delay",
        citation: MILLER,
        header: include_str!("delay_match_sample.rs"),
        ..RING
    };
    const FIXATION: f64 = 300.0;

    fn validate(&self, timing: Timing<'_>) -> Result<(), TaskError> {
        timing.validate(&self.periods())?;
        rules::not_negative("sigma", self.sigma)?;
        validate_ring(self.dim_ring)
    }

    fn inputs(&self) -> Vec<Channel> {
        fixation_and("stimulus", self.dim_ring)
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&["fixation", "match", "non_match"])
    }

    fn conditions(&self) -> Vec<Condition> {
        [true, false].into_iter().map(|matches| Condition::new().with("match", matches)).collect()
    }

    fn grid(&self, _: Timing<'_>) -> Vec<Condition> {
        let samples =
            |class: Condition| (1..=self.dim_ring).map(move |sample| class.clone().with("sample", sample as f64));
        self.conditions().into_iter().flat_map(samples).collect()
    }

    fn trial(&self, timing: Timing<'_>, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let (n, asked) = (self.dim_ring, Asked::new(condition, &["match", "sample"])?);
        let matches = asked.flag_or_drawn("match", rng)?;
        let sample = asked.whole_or_drawn("sample", n, rng)?;
        let (schedule, [first, _, second, decision]) = timing.draw(self.periods(), rng)?;

        let mut stage = schedule.stage(1 + n, 3, decision.start);
        let sample_angle = angle(sample, n);
        let test_angle = if matches { sample_angle } else { sample_angle + PI };
        for (steps, theta) in [(first, sample_angle), (second, test_angle)] {
            stage.pattern(steps.clone(), 1, cosine(n, theta, 0.5, 0.5));
            stage.noise(steps, 1..1 + n, self.sigma, rng);
        }
        let condition = Condition::new().with("match", matches).with("sample", sample as f64);
        Ok(stage.finish(decision, if matches { 1 } else { 2 }, condition))
    }

    fn chance(&self, timing: Timing<'_>) -> f64 {
        answer::chance_of_action(3, timing.steps("decision", self.decision))
    }
}

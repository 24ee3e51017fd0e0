//! Anti-reach: respond in the direction opposite to a stimulus.
//!
//! ```text
//! epochs      fixation 500 ms | stimulus 500 ms | delay 0 ms | decision 500 ms                              dt 100 ms
//! inputs      stimulus_i: cos(theta_i - theta_k - pi) in the stimulus                                      i = 1 .. n
//! classes     k choice k: in the decision
//! training    0.95
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | n | `dim_ring` | | 32 |
//! | k | variable `target` | | 1 .. n, each equally likely |
//! | pi | `anti` | | true; false: the response is towards the stimulus, cos(theta_i - theta_k) |
//!
//! Reference: Munoz DP, Everling S (2004), Nat Rev Neurosci 5: 218, <https://doi.org/10.1038/nrn1345>;
//! as `AntiReach` of neurogym.
//!
//! Differences from the source: none but those of all environments.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, neurogym::{Environment, Reach}};
//! let task = Environment { task: Reach { dim_ring: 2, ..Reach::default() }, ..Environment::default() };
//! let condition = Condition::new().with("target", 1.0);
//! let trial = task.trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(5).to_vec(), [1.0, -1.0, 1.0]);
//! assert_eq!(trial.targets.row(14).to_vec(), [0.0, 1.0, 0.0]);
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use super::ring::{angle, cosine, validate_ring};
use super::{Asked, Definition, Environment, Period, RING, Timing, answer, environment::fixation_and};
use crate::{About, Channel, Citation, Condition, Duration, TaskError, Trial, TrialRng};

/// Anti-reach.
pub type AntiReach = Environment<Reach>;

/// A response away from a stimulus, or towards it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reach {
    /// The stimulus, ms.
    pub stimulus: Duration,
    /// Between stimulus and decision, ms.
    pub delay: Duration,
    /// The response, ms.
    pub decision: f64,
    /// The number of directions, each with a channel and a choice.
    pub dim_ring: usize,
    /// Whether the response is away from the stimulus.
    pub anti: bool,
}

impl Default for Reach {
    fn default() -> Self {
        Self { stimulus: 500.0.into(), delay: 0.0.into(), decision: 500.0, dim_ring: 32, anti: true }
    }
}

impl Reach {
    fn periods(&self) -> [Period<'_>; 3] {
        let (stimulus, delay) = (Period::shown("stimulus", &self.stimulus), Period::pause("delay", &self.delay));
        [stimulus, delay, Period::fixed("decision", self.decision)]
    }
}

impl Definition for Reach {
    const ABOUT: About<'static> = About {
        id: "neurogym/anti_reach",
        summary: "Anti-reach: respond in the direction opposite to a stimulus",
        citation: Citation {
            authors: "Munoz DP, Everling S",
            year: 2004,
            title: "Look away: the anti-saccade task and the voluntary control of eye movement",
            doi: "10.1038/nrn1345",
        },
        header: include_str!("anti_reach.rs"),
        ..RING
    };
    const FIXATION: f64 = 500.0;

    fn validate(&self, timing: Timing<'_>) -> Result<(), TaskError> {
        timing.validate(&self.periods())?;
        validate_ring(self.dim_ring)
    }

    fn inputs(&self) -> Vec<Channel> {
        fixation_and("stimulus", self.dim_ring)
    }

    fn outputs(&self) -> Vec<Channel> {
        fixation_and("choice", self.dim_ring)
    }

    fn conditions(&self) -> Vec<Condition> {
        (1..=self.dim_ring).map(|target| Condition::new().with("target", target as f64)).collect()
    }

    fn trial(&self, timing: Timing<'_>, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let n = self.dim_ring;
        let target = Asked::new(condition, &["target"])?.whole_or_drawn("target", n, rng)?;
        let (schedule, [stimulus, _, decision]) = timing.draw(self.periods(), rng)?;

        let mut stage = schedule.stage(1 + n, 1 + n, decision.start);
        let away = if self.anti { PI } else { 0.0 };
        stage.pattern(stimulus, 1, cosine(n, angle(target, n) + away, 1.0, 0.0));
        Ok(stage.finish(decision, target, Condition::new().with("target", target as f64)))
    }

    fn chance(&self, timing: Timing<'_>) -> f64 {
        answer::chance_of_action(1 + self.dim_ring, timing.steps("decision", self.decision))
    }
}

//! Perceptual decision-making: towards which of two (or more) directions is the noisy evidence?
//!
//! ```text
//! epochs      fixation 100 ms | stimulus 2000 ms | delay 0 ms | decision 100 ms                             dt 100 ms
//! inputs      stimulus_i: 0.5 + |c|/2 cos(theta_i - theta_k) + noise in the stimulus                       i = 1 .. n
//! classes     k choice k: in the decision
//! training    0.85; an ideal observer reaches 0.896, since half of its choices at a coherence of 0 are wrong
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | n | `dim_ring` | | 2 |
//! | \|c\| | `coherences` | fraction | 0, 0.064, 0.128, 0.256, 0.512 |
//! | sigma | `sigma` | | 1 |
//!
//! Reference: Britten KH, Shadlen MN, Newsome WT, Movshon JA (1992), J Neurosci 12: 4745,
//! <https://doi.org/10.1523/JNEUROSCI.12-12-04745.1992>; as `PerceptualDecisionMaking` of neurogym.
//!
//! Differences from the source: neurogym 2 shows the fixation input in the fixation period only, so that after a delay
//! nothing says when to respond. Here, as in its first versions, the input goes off at the decision; `go_cue = false`
//! restores the former.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, neurogym::{Environment, PerceptualDecision}};
//! let task = PerceptualDecision { sigma: 0.0, ..PerceptualDecision::default() };
//! let task = Environment { task, ..Environment::default() };
//! let condition = Condition::new().with("coherence", -0.5);
//! let trial = task.trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(5).to_vec(), [1.0, 0.25, 0.75]);
//! assert_eq!((trial.n_steps(), trial.correct), (22, Some(2)));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use serde::{Deserialize, Serialize};

use super::evidence::{Evidence, NAMES, validate_strengths};
use super::ring::validate_ring;
use super::{Asked, Definition, EVIDENCE, Environment, Period, Timing, answer, environment::fixation_and};
use crate::error::rules;
use crate::{About, Channel, Citation, Condition, Duration, TaskError, Trial, TrialRng};

/// Perceptual decision-making.
pub type PerceptualDecisionMaking = Environment<PerceptualDecision>;

/// The direction of noisy evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PerceptualDecision {
    /// Noisy evidence, ms.
    pub stimulus: Duration,
    /// Between stimulus and decision, ms.
    pub delay: Duration,
    /// The response, ms.
    pub decision: f64,
    /// The strengths of the evidence, each in [0, 1].
    pub coherences: Vec<f64>,
    /// The number of directions, each with a channel and a choice.
    pub dim_ring: usize,
    /// The strength of the noise on the stimulus; 0 for none.
    pub sigma: f64,
    /// Whether the fixation input stays on until the decision; `false` as in neurogym 2.
    pub go_cue: bool,
}

impl Default for PerceptualDecision {
    fn default() -> Self {
        Self {
            stimulus: 2000.0.into(),
            delay: 0.0.into(),
            decision: 100.0,
            coherences: vec![0.0, 0.064, 0.128, 0.256, 0.512],
            dim_ring: 2,
            sigma: 1.0,
            go_cue: true,
        }
    }
}

impl PerceptualDecision {
    fn periods(&self) -> [Period<'_>; 3] {
        let (stimulus, delay) = (Period::shown("stimulus", &self.stimulus), Period::pause("delay", &self.delay));
        [stimulus, delay, Period::fixed("decision", self.decision)]
    }
}

impl Definition for PerceptualDecision {
    const ABOUT: About<'static> = About {
        id: "neurogym/perceptual_decision_making",
        summary: "Perceptual decision-making: report the direction of noisy evidence when the fixation input goes off",
        citation: Citation {
            authors: "Britten KH, Shadlen MN, Newsome WT, Movshon JA",
            year: 1992,
            title: "The analysis of visual motion: a comparison of neuronal and psychophysical performance",
            doi: "10.1523/JNEUROSCI.12-12-04745.1992",
        },
        header: include_str!("perceptual_decision_making.rs"),
        ..EVIDENCE
    };
    const FIXATION: f64 = 100.0;
    const THRESHOLD: f64 = 0.85;

    fn validate(&self, timing: Timing<'_>) -> Result<(), TaskError> {
        timing.validate(&self.periods())?;
        rules::not_negative("sigma", self.sigma)?;
        validate_ring(self.dim_ring)?;
        validate_strengths(&self.coherences)
    }

    fn inputs(&self) -> Vec<Channel> {
        fixation_and("stimulus", self.dim_ring)
    }

    fn outputs(&self) -> Vec<Channel> {
        fixation_and("choice", self.dim_ring)
    }

    fn conditions(&self) -> Vec<Condition> {
        Evidence::conditions(&self.coherences, self.dim_ring)
    }

    fn trial(&self, timing: Timing<'_>, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let (n, asked) = (self.dim_ring, Asked::new(condition, &[NAMES.0, NAMES.1])?);
        let evidence = Evidence::draw(asked, NAMES, &self.coherences, n, rng)?;
        let (schedule, [stimulus, _, decision]) = timing.draw(self.periods(), rng)?;

        let fixation_off = if self.go_cue { decision.start } else { stimulus.start };
        let mut stage = schedule.stage(1 + n, 1 + n, fixation_off);
        stage.pattern(stimulus.clone(), 1, evidence.levels(1.0, n));
        stage.noise(stimulus, 1..1 + n, self.sigma, rng);
        Ok(stage.finish(decision, evidence.direction, evidence.condition()))
    }

    fn chance(&self, timing: Timing<'_>) -> f64 {
        answer::chance_of_action(1 + self.dim_ring, timing.steps("decision", self.decision))
    }
}

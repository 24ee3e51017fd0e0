//! Perceptual decision-making with a delayed response: remember the direction of noisy evidence until the fixation
//! input goes off.
//!
//! ```text
//! epochs      fixation 0 ms | stimulus 1150 ms | delay | decision 1500 ms                                   dt 100 ms
//! delay       300, 500, 700, 900, 1200, 2000, 3200 or 4000 ms, each equally likely
//! inputs      stimulus_1, stimulus_2: (1 + c)/2, (1 - c)/2 + noise in the stimulus
//! classes     1, 2 choice: 1 if c > 0 and 2 if c < 0 in the decision
//! training    0.85; an ideal observer reaches 0.888, since half of its choices at a coherence of 0 are wrong
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | \|c\| | `coherences` | fraction | 0, 0.064, 0.128, 0.256, 0.512, either sign |
//! | sigma | `sigma` | | 1 |
//!
//! Reference: Inagaki HK, Fontolan L, Romani S, Svoboda K (2019), Nature 566: 212,
//! <https://doi.org/10.1038/s41586-019-0919-7>; as `PerceptualDecisionMakingDelayResponse` of neurogym.
//!
//! Differences from the source: 1150 ms are no whole number of steps of 100 ms. The nearest is taken, 1200 ms, where
//! neurogym takes 1100 ms. As in neurogym the delays are equally likely, though a comment in its code says that those
//! of the experiment are exponential: `delay` takes such a distribution too.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, neurogym::{DelayedResponse, Environment}};
//! let task = DelayedResponse { sigma: 0.0, delay: 300.0.into(), ..DelayedResponse::default() };
//! let task = Environment { task, ..Environment::default() };
//! let condition = Condition::new().with("coherence", 0.5);
//! let trial = task.trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.n_steps(), 12 + 3 + 15);
//! assert_eq!(trial.inputs.row(0).to_vec(), [1.0, 0.75, 0.25]);
//! assert_eq!(trial.inputs.row(14).to_vec(), [1.0, 0.0, 0.0]);
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use serde::{Deserialize, Serialize};

use super::evidence::{Evidence, NAMES, validate_strengths};
use super::{Asked, Definition, EVIDENCE, Environment, Period, Timing, answer, environment::fixation_and};
use crate::error::rules;
use crate::{About, Channel, Citation, Condition, Duration, Rounding, TaskError, Trial, TrialRng};

/// Perceptual decision-making with a delayed response.
pub type PerceptualDecisionMakingDelayResponse = Environment<DelayedResponse>;

/// The direction of noisy evidence, reported after a delay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DelayedResponse {
    /// Noisy evidence, ms.
    pub stimulus: Duration,
    /// Between stimulus and decision, ms.
    pub delay: Duration,
    /// The response, ms.
    pub decision: f64,
    /// The strengths of the evidence, each in [0, 1].
    pub coherences: Vec<f64>,
    /// The strength of the noise on the stimulus; 0 for none.
    pub sigma: f64,
}

impl Default for DelayedResponse {
    fn default() -> Self {
        Self {
            stimulus: 1150.0.into(),
            delay: Duration::one_of([300.0, 500.0, 700.0, 900.0, 1200.0, 2000.0, 3200.0, 4000.0]),
            decision: 1500.0,
            coherences: vec![0.0, 0.064, 0.128, 0.256, 0.512],
            sigma: 1.0,
        }
    }
}

impl DelayedResponse {
    fn periods(&self) -> [Period<'_>; 3] {
        let (stimulus, delay) = (Period::shown("stimulus", &self.stimulus), Period::pause("delay", &self.delay));
        [stimulus, delay, Period::fixed("decision", self.decision)]
    }
}

impl Definition for DelayedResponse {
    const ABOUT: About<'static> = About {
        id: "neurogym/perceptual_decision_making_delay_response",
        summary: "Perceptual decision-making with a delayed response: remember the direction of noisy evidence until \
            told to report it",
        citation: Citation {
            authors: "Inagaki HK, Fontolan L, Romani S, Svoboda K",
            year: 2019,
            title: "Discrete attractor dynamics underlies persistent activity in the frontal cortex",
            doi: "10.1038/s41586-019-0919-7",
        },
        header: include_str!("perceptual_decision_making_delay_response.rs"),
        ..EVIDENCE
    };
    const ROUNDING: Rounding = Rounding::Nearest;
    const FIXATION: f64 = 0.0;
    const THRESHOLD: f64 = 0.85;

    fn validate(&self, timing: Timing<'_>) -> Result<(), TaskError> {
        timing.validate(&self.periods())?;
        rules::not_negative("sigma", self.sigma)?;
        validate_strengths(&self.coherences)
    }

    fn inputs(&self) -> Vec<Channel> {
        fixation_and("stimulus", 2)
    }

    fn outputs(&self) -> Vec<Channel> {
        fixation_and("choice", 2)
    }

    fn conditions(&self) -> Vec<Condition> {
        Evidence::conditions(&self.coherences, 2)
    }

    fn trial(&self, timing: Timing<'_>, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let evidence = Evidence::draw(Asked::new(condition, &[NAMES.0, NAMES.1])?, NAMES, &self.coherences, 2, rng)?;
        let (schedule, [stimulus, _, decision]) = timing.draw(self.periods(), rng)?;

        let mut stage = schedule.stage(3, 3, decision.start);
        stage.pattern(stimulus.clone(), 1, evidence.levels(1.0, 2));
        stage.noise(stimulus, 1..3, self.sigma, rng);
        Ok(stage.finish(decision, evidence.direction, evidence.condition()))
    }

    fn chance(&self, timing: Timing<'_>) -> f64 {
        answer::chance_of_action(3, timing.steps("decision", self.decision))
    }
}

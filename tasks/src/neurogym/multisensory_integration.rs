//! Multisensory integration: report a direction whose evidence is divided between two modalities.
//!
//! ```text
//! epochs      fixation 300 ms | stimulus 750 ms | decision 100 ms                                           dt 100 ms
//! inputs      modality_1_stimulus_i: 0.5 + p |c|/2 cos(theta_i - theta_k) + noise in the stimulus          i = 1 .. n
//!             modality_2_stimulus_i: 0.5 + (1 - p) |c|/2 cos(theta_i - theta_k) + noise in the stimulus
//! classes     k choice k: in the decision
//! training    0.85; an observer who sums the modalities reaches 0.914, and one who knows p 0.927
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | n | `dim_ring` | | 2 |
//! | \|c\| | `coherences` | fraction | 0.05, 0.15, 0.5 |
//! | p | variable `proportion` | | uniform on [0, 1) |
//! | sigma | `sigma` | | 1 |
//!
//! Reference: `MultiSensoryIntegration` of neurogym. It names no paper, and its authors call it unfinished: the two
//! modalities never contradict each other.
//!
//! Differences from the source: neurogym adds the noise of the stimulus to the fixation input too, an error that it has
//! corrected elsewhere; `noise_on_all_inputs = true` restores it. 750 ms are no whole number of steps of 100 ms: the
//! nearest is taken, 800 ms.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, neurogym::{DividedEvidence, Environment}};
//! let task = DividedEvidence { sigma: 0.0, ..DividedEvidence::default() };
//! let task = Environment { task, ..Environment::default() };
//! let condition = Condition::new().with("coherence", 0.5).with("proportion", 0.75);
//! let trial = task.trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(3).to_vec(), [1.0, 0.6875, 0.3125, 0.5625, 0.4375]);
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use serde::{Deserialize, Serialize};

use super::evidence::{Evidence, NAMES, two_modalities, validate_strengths};
use super::ring::validate_ring;
use super::{Asked, Definition, EVIDENCE, Environment, Period, Timing, answer, environment::fixation_and};
use crate::error::rules;
use crate::{About, Channel, Condition, Duration, Rounding, TaskError, Trial, TrialRng};

/// Multisensory integration.
pub type MultisensoryIntegration = Environment<DividedEvidence>;

/// A direction whose evidence is divided between two modalities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DividedEvidence {
    /// Noisy evidence in both modalities, ms.
    pub stimulus: Duration,
    /// The response, ms.
    pub decision: f64,
    /// The strengths of the evidence in both modalities together, each in [0, 1].
    pub coherences: Vec<f64>,
    /// The number of directions, each with a channel in either modality and a choice.
    pub dim_ring: usize,
    /// The strength of the noise in the stimulus; 0 for none.
    pub sigma: f64,
    /// Whether the fixation input is noisy in the stimulus too; `true` as in neurogym.
    pub noise_on_all_inputs: bool,
}

impl Default for DividedEvidence {
    fn default() -> Self {
        Self {
            stimulus: 750.0.into(),
            decision: 100.0,
            coherences: vec![0.05, 0.15, 0.5],
            dim_ring: 2,
            sigma: 1.0,
            noise_on_all_inputs: false,
        }
    }
}

impl DividedEvidence {
    fn periods(&self) -> [Period<'_>; 2] {
        [Period::shown("stimulus", &self.stimulus), Period::fixed("decision", self.decision)]
    }
}

impl Definition for DividedEvidence {
    const ABOUT: About<'static> = About {
        id: "neurogym/multisensory_integration",
        summary: "Multisensory integration: report a direction whose evidence is divided between two modalities",
        header: include_str!("multisensory_integration.rs"),
        ..EVIDENCE
    };
    const ROUNDING: Rounding = Rounding::Nearest;
    const FIXATION: f64 = 300.0;
    const THRESHOLD: f64 = 0.85;

    fn validate(&self, timing: Timing<'_>) -> Result<(), TaskError> {
        timing.validate(&self.periods())?;
        rules::not_negative("sigma", self.sigma)?;
        validate_ring(self.dim_ring)?;
        validate_strengths(&self.coherences)
    }

    fn inputs(&self) -> Vec<Channel> {
        two_modalities(self.dim_ring)
    }

    fn outputs(&self) -> Vec<Channel> {
        fixation_and("choice", self.dim_ring)
    }

    fn conditions(&self) -> Vec<Condition> {
        Evidence::conditions(&self.coherences, self.dim_ring)
    }

    fn trial(&self, timing: Timing<'_>, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let (n, asked) = (self.dim_ring, Asked::new(condition, &[NAMES.0, NAMES.1, "proportion"])?);
        let evidence = Evidence::draw(asked, NAMES, &self.coherences, n, rng)?;
        let proportion = asked.between("proportion", 0.0, 1.0)?.unwrap_or_else(|| rng.uniform());
        let (schedule, [stimulus, decision]) = timing.draw(self.periods(), rng)?;

        let mut stage = schedule.stage(1 + 2 * n, 1 + n, decision.start);
        stage.pattern(stimulus.clone(), 1, evidence.levels(proportion, n));
        stage.pattern(stimulus.clone(), 1 + n, evidence.levels(1.0 - proportion, n));
        let first = usize::from(!self.noise_on_all_inputs);
        stage.noise(stimulus, first..1 + 2 * n, self.sigma, rng);
        Ok(stage.finish(decision, evidence.direction, evidence.condition().with("proportion", proportion)))
    }

    fn chance(&self, timing: Timing<'_>) -> f64 {
        answer::chance_of_action(1 + self.dim_ring, timing.steps("decision", self.decision))
    }
}

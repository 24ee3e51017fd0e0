//! Multisensory integration: report a direction whose evidence is divided between two modalities.
//!
//! ```text
//! epochs    fixation 300 ms | stimulus 750 ms | decision 100 ms                                                       dt 100 ms
//! inputs    fixation: 1 until the decision
//!           modality_1_stimulus_i: 0.5 + p |c|/2 cos(theta_i - theta_k) + noise in the stimulus                        i = 1 .. n
//!           modality_2_stimulus_i: 0.5 + (1 - p) |c|/2 cos(theta_i - theta_k) + noise in the stimulus                  p uniform on [0, 1)
//! classes   0 fixate, k choice k: k in the decision, 0 before
//! graded    every step
//! correct   the first action in the decision is k
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | n | `dim_ring` | | 2 |
//! | \|c\| | `coherences` | fraction | 0.05, 0.15, 0.5 |
//! | p | variable `proportion` | | |
//! | sigma | `sigma` | | 1; a step's noise is sigma / sqrt(dt) |
//!
//! Reference: `MultiSensoryIntegration` of neurogym 2.2, Molano-Mazon et al. (2022),
//! <https://doi.org/10.31234/osf.io/aqc9n>. The environment names no paper, and its authors call it unfinished: the two
//! modalities never contradict each other.
//!
//! Differences from the source: neurogym adds the noise of the stimulus to the fixation input too, an error that it has
//! corrected elsewhere; `noise_on_all_inputs = true` restores it. 750 ms are no whole number of steps of 100 ms: the
//! nearest is taken, 800 ms, where neurogym takes the step below (`rounding = "floor"`). The training rule, a
//! performance above 0.85, is ours: at this noise an observer who sums the modalities reaches 0.914, and one who knows
//! p 0.927.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, neurogym::MultisensoryIntegration};
//! let task = MultisensoryIntegration { sigma: 0.0, ..MultisensoryIntegration::default() };
//! let condition = Condition::new().with("coherence", 0.5).with("proportion", 0.75);
//! let trial = task.trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(3).to_vec(), [1.0, 0.6875, 0.3125, 0.5625, 0.4375]);
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::FAMILY;
use super::answer::{chance_of_action, score};
use super::asked::Asked;
use super::environment::environment;
use super::evidence::{Evidence, NAMES, fixation_and, validate_ring};
use super::stage::{Schedule, clock, noise_std, validate};
use crate::song2016::coherence;
use crate::{
    About, Channel, Clock, Condition, Described, Duration, Rounding, Score, Split, Task, TaskError, Trial, TrialRng,
    TrialView,
};

/// Multisensory integration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MultisensoryIntegration {
    /// The time step, ms.
    pub dt: f64,
    /// What becomes of durations between two steps.
    pub rounding: Rounding,
    /// Before the stimulus, ms.
    pub fixation: Duration,
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

impl Default for MultisensoryIntegration {
    fn default() -> Self {
        Self {
            dt: 100.0,
            rounding: Rounding::Nearest,
            fixation: 300.0.into(),
            stimulus: 750.0.into(),
            decision: 100.0,
            coherences: vec![0.05, 0.15, 0.5],
            dim_ring: 2,
            sigma: 1.0,
            noise_on_all_inputs: false,
        }
    }
}

impl MultisensoryIntegration {
    fn clock(&self) -> Clock {
        clock(self.dt, self.rounding)
    }
}

impl Described for MultisensoryIntegration {
    const ABOUT: About<'static> = About {
        id: "neurogym/multisensory_integration",
        summary: "Multisensory integration: report a direction whose evidence is divided between two modalities",
        header: include_str!("multisensory_integration.rs"),
        shared: &[include_str!("evidence.rs"), include_str!("answer.rs"), include_str!("stage.rs")],
        ..FAMILY
    };
}

impl Task for MultisensoryIntegration {
    environment! { threshold: 0.85 }

    fn validate(&self) -> Result<(), TaskError> {
        validate(self.clock(), self.sigma, &[("stimulus", &self.stimulus)], &[("fixation", &self.fixation)])?;
        self.clock().at_least_one_step("decision", self.decision)?;
        validate_ring(self.dim_ring)?;
        coherence::validate("coherences", &self.coherences)
    }

    fn inputs(&self) -> Vec<Channel> {
        let mut channels = fixation_and("modality_1_stimulus", self.dim_ring);
        channels.extend(Channel::numbered("modality_2_stimulus", self.dim_ring));
        channels
    }

    fn outputs(&self) -> Vec<Channel> {
        fixation_and("choice", self.dim_ring)
    }

    fn conditions(&self) -> Vec<Condition> {
        Evidence::all(&self.coherences, self.dim_ring)
            .into_iter()
            .map(|evidence| evidence.within(Condition::new(), NAMES))
            .collect()
    }

    fn trial(&self, _: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        self.validate()?;
        let (n, asked) = (self.dim_ring, Asked::new(condition, &[NAMES.0, NAMES.1, "proportion"])?);
        let evidence = Evidence::draw(asked, NAMES, &self.coherences, n, rng)?;
        let proportion = asked.between("proportion", 0.0, 1.0)?.unwrap_or_else(|| rng.uniform());
        let mut schedule = Schedule::new(self.clock())?;
        schedule.epoch("fixation", &self.fixation, rng)?;
        let stimulus = schedule.epoch("stimulus", &self.stimulus, rng)?;
        let decision = schedule.fixed("decision", self.decision)?;

        let mut stage = schedule.stage(1 + 2 * n, 1 + n);
        stage.show(0..decision.start, 0, 1.0);
        stage.pattern(stimulus.clone(), 1, evidence.levels(proportion, n));
        stage.pattern(stimulus.clone(), 1 + n, evidence.levels(1.0 - proportion, n));
        let first = usize::from(!self.noise_on_all_inputs);
        stage.noise(stimulus, first..1 + 2 * n, noise_std(self.sigma, self.dt), rng);
        stage.label(decision, evidence.direction);
        let condition = evidence.within(Condition::new(), NAMES).with("proportion", proportion);
        Ok(stage.finish(condition, Some(evidence.direction)))
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        score(trial, outputs, "decision", self.dt)
    }

    fn chance(&self) -> f64 {
        chance_of_action(1 + self.dim_ring, self.clock().steps("decision", self.decision).unwrap_or(0))
    }
}

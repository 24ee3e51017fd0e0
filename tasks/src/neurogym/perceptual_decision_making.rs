//! Perceptual decision-making: towards which of two (or more) directions is the noisy evidence?
//!
//! ```text
//! epochs    fixation 100 ms | stimulus 2000 ms | delay 0 ms | decision 100 ms                                          dt 100 ms
//! inputs    fixation: 1 until the decision;  stimulus_i: 0.5 + |c|/2 cos(theta_i - theta_k) + noise in the stimulus    i = 1 .. n
//! classes   0 fixate, k choice k: k in the decision, 0 before
//! graded    every step
//! correct   the first action in the decision is k
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | n | `dim_ring` | | 2: (1 + c)/2 and (1 - c)/2 |
//! | \|c\| | `coherences` | fraction | 0, 0.064, 0.128, 0.256, 0.512 |
//! | sigma | `sigma` | | 1; a step's noise is sigma / sqrt(dt) |
//!
//! Reference: Britten KH, Shadlen MN, Newsome WT, Movshon JA (1992), J Neurosci 12: 4745,
//! <https://doi.org/10.1523/JNEUROSCI.12-12-04745.1992>; as `PerceptualDecisionMaking` of neurogym 2.2, Molano-Mazon et
//! al. (2022), <https://doi.org/10.31234/osf.io/aqc9n>.
//!
//! Differences from the source: neurogym 2 shows the fixation input in the fixation period only, so that after a delay
//! nothing says when to respond. Here, as in its first versions, the input goes off at the decision; `go_cue = false`
//! restores the former. Durations between two steps are errors unless `rounding` says what becomes of them; neurogym
//! takes the step below (`"floor"`). The training rule, a performance above 0.85, is ours: at this noise an ideal
//! observer reaches 0.896, since half of its choices at a coherence of 0 are wrong.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, neurogym::PerceptualDecisionMaking};
//! let task = PerceptualDecisionMaking { sigma: 0.0, ..PerceptualDecisionMaking::default() };
//! let trial = task.trial(Split::Train, Some(&Condition::new().with("coherence", -0.5)), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(5).to_vec(), [1.0, 0.25, 0.75]);
//! assert_eq!((trial.n_steps(), trial.correct), (22, Some(2)));
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
    About, Channel, Citation, Clock, Condition, Described, Duration, Rounding, Score, Split, Task, TaskError, Trial,
    TrialRng, TrialView,
};

/// Perceptual decision-making.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PerceptualDecisionMaking {
    /// The time step, ms.
    pub dt: f64,
    /// What becomes of durations between two steps.
    pub rounding: Rounding,
    /// Before the stimulus, ms.
    pub fixation: Duration,
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

impl Default for PerceptualDecisionMaking {
    fn default() -> Self {
        Self {
            dt: 100.0,
            rounding: Rounding::Exact,
            fixation: 100.0.into(),
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

impl PerceptualDecisionMaking {
    fn clock(&self) -> Clock {
        clock(self.dt, self.rounding)
    }
}

impl Described for PerceptualDecisionMaking {
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
        shared: &[include_str!("evidence.rs"), include_str!("answer.rs"), include_str!("stage.rs")],
        ..FAMILY
    };
}

impl Task for PerceptualDecisionMaking {
    environment! { threshold: 0.85 }

    fn validate(&self) -> Result<(), TaskError> {
        validate(
            self.clock(),
            self.sigma,
            &[("stimulus", &self.stimulus)],
            &[("fixation", &self.fixation), ("delay", &self.delay)],
        )?;
        self.clock().at_least_one_step("decision", self.decision)?;
        validate_ring(self.dim_ring)?;
        coherence::validate("coherences", &self.coherences)
    }

    fn inputs(&self) -> Vec<Channel> {
        fixation_and("stimulus", self.dim_ring)
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
        let (n, asked) = (self.dim_ring, Asked::new(condition, &[NAMES.0, NAMES.1])?);
        let evidence = Evidence::draw(asked, NAMES, &self.coherences, n, rng)?;
        let mut schedule = Schedule::new(self.clock())?;
        let fixation = schedule.epoch("fixation", &self.fixation, rng)?;
        let stimulus = schedule.epoch("stimulus", &self.stimulus, rng)?;
        schedule.epoch("delay", &self.delay, rng)?;
        let decision = schedule.fixed("decision", self.decision)?;

        let mut stage = schedule.stage(1 + n, 1 + n);
        let fixation_off = if self.go_cue { decision.start } else { fixation.end };
        stage.show(0..fixation_off, 0, 1.0);
        stage.pattern(stimulus.clone(), 1, evidence.levels(1.0, n));
        stage.noise(stimulus, 1..1 + n, noise_std(self.sigma, self.dt), rng);
        stage.label(decision, evidence.direction);
        Ok(stage.finish(evidence.within(Condition::new(), NAMES), Some(evidence.direction)))
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        score(trial, outputs, "decision", self.dt)
    }

    fn chance(&self) -> f64 {
        chance_of_action(1 + self.dim_ring, self.clock().steps("decision", self.decision).unwrap_or(0))
    }
}

//! Anti-reach: respond in the direction opposite to a stimulus.
//!
//! ```text
//! epochs    fixation 500 ms | stimulus 500 ms | delay 0 ms | decision 500 ms                                           dt 100 ms
//! inputs    fixation: 1 until the decision;  stimulus_i: cos(theta_i - theta_k - pi) in the stimulus                   i = 1 .. n
//! classes   0 fixate, k choice k: k in the decision, 0 before
//! graded    every step
//! correct   the first action in the decision is k
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | n | `dim_ring` | | 32 |
//! | k | variable `target` | | 1 .. n, each equally likely |
//! | pi | `anti` | | true; false: the response is towards the stimulus, cos(theta_i - theta_k) |
//!
//! Reference: Munoz DP, Everling S (2004), Nat Rev Neurosci 5: 218, <https://doi.org/10.1038/nrn1345>;
//! as `AntiReach` of neurogym 2.2, Molano-Mazon et al. (2022), <https://doi.org/10.31234/osf.io/aqc9n>.
//!
//! Differences from the source: durations between two steps are errors unless `rounding` says what becomes of them;
//! neurogym takes the step below (`"floor"`). The training rule, a performance above 0.95, is ours.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, neurogym::AntiReach};
//! let task = AntiReach { dim_ring: 2, ..AntiReach::default() };
//! let trial = task.trial(Split::Train, Some(&Condition::new().with("target", 1.0)), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(5).to_vec(), [1.0, -1.0, 1.0]);
//! assert_eq!(trial.targets.row(14).to_vec(), [0.0, 1.0, 0.0]);
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::f64::consts::PI;

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::FAMILY;
use super::answer::{chance_of_action, score};
use super::asked::Asked;
use super::environment::environment;
use super::evidence::{angle, cosine, fixation_and, validate_ring};
use super::stage::{Schedule, clock, validate};
use crate::{
    About, Channel, Citation, Clock, Condition, Described, Duration, Rounding, Score, Split, Task, TaskError, Trial,
    TrialRng, TrialView,
};

/// Anti-reach.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AntiReach {
    /// The time step, ms.
    pub dt: f64,
    /// What becomes of durations between two steps.
    pub rounding: Rounding,
    /// Before the stimulus, ms.
    pub fixation: Duration,
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

impl Default for AntiReach {
    fn default() -> Self {
        Self {
            dt: 100.0,
            rounding: Rounding::Exact,
            fixation: 500.0.into(),
            stimulus: 500.0.into(),
            delay: 0.0.into(),
            decision: 500.0,
            dim_ring: 32,
            anti: true,
        }
    }
}

impl AntiReach {
    fn clock(&self) -> Clock {
        clock(self.dt, self.rounding)
    }
}

impl Described for AntiReach {
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
        shared: &[include_str!("evidence.rs"), include_str!("answer.rs"), include_str!("stage.rs")],
        ..FAMILY
    };
}

impl Task for AntiReach {
    environment! { threshold: 0.95 }

    fn validate(&self) -> Result<(), TaskError> {
        validate(
            self.clock(),
            0.0,
            &[("stimulus", &self.stimulus)],
            &[("fixation", &self.fixation), ("delay", &self.delay)],
        )?;
        self.clock().at_least_one_step("decision", self.decision)?;
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

    fn trial(&self, _: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        self.validate()?;
        let n = self.dim_ring;
        let target = Asked::new(condition, &["target"])?.whole_or_drawn("target", n, rng)?;
        let mut schedule = Schedule::new(self.clock())?;
        schedule.epoch("fixation", &self.fixation, rng)?;
        let stimulus = schedule.epoch("stimulus", &self.stimulus, rng)?;
        schedule.epoch("delay", &self.delay, rng)?;
        let decision = schedule.fixed("decision", self.decision)?;

        let mut stage = schedule.stage(1 + n, 1 + n);
        stage.show(0..decision.start, 0, 1.0);
        let away = if self.anti { PI } else { 0.0 };
        stage.pattern(stimulus, 1, cosine(n, angle(target, n) + away, 1.0, 0.0));
        stage.label(decision, target);
        Ok(stage.finish(Condition::new().with("target", target as f64), Some(target)))
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        score(trial, outputs, "decision", self.dt)
    }

    fn chance(&self) -> f64 {
        chance_of_action(1 + self.dim_ring, self.clock().steps("decision", self.decision).unwrap_or(0))
    }
}

//! Delayed comparison: which of two stimuli, a second apart, was the stronger?
//!
//! ```text
//! epochs    fixation 500 ms | stimulus1 500 ms | delay 1000 ms | stimulus2 500 ms | decision 100 ms                     dt 100 ms
//! inputs    fixation: 1 until the decision;  stimulus: (1 + (v - min)/(max - min))/2 + noise in the two stimuli, v = v1, v2
//! classes   0 fixate, 1 if v1 > v2, 2 if v1 < v2 in the decision; 0 before
//! graded    every step
//! correct   the first action in the decision is the right choice
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | v1, v2 | `pairs` | | (18, 10), (22, 14), (26, 18), (30, 22), (34, 26), in either order; min 10, max 34 |
//! | sigma | `sigma` | | 1; a step's noise is sigma / sqrt(dt) |
//!
//! Reference: Barak O, Tsodyks M, Romo R (2010), J Neurosci 30: 9424, <https://doi.org/10.1523/JNEUROSCI.1875-10.2010>;
//! as `DelayComparison` of neurogym 2.2, Molano-Mazon et al. (2022), <https://doi.org/10.31234/osf.io/aqc9n>.
//!
//! Differences from the source: neurogym adds the noise of the stimuli to the fixation input too, an error that it has
//! corrected elsewhere; `noise_on_all_inputs = true` restores it. Durations between two steps are errors unless
//! `rounding` says what becomes of them; neurogym takes the step below (`"floor"`). The training rule, a performance
//! above 0.95, is ours.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, neurogym::DelayComparison};
//! let task = DelayComparison { sigma: 0.0, ..DelayComparison::default() };
//! let condition = Condition::new().with("v1", 22.0).with("v2", 14.0);
//! let trial = task.trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(5).to_vec(), [1.0, 0.75]); // (1 + 12/24)/2
//! assert_eq!(trial.correct, Some(1));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::FAMILY;
use super::answer::{chance_of_action, score};
use super::asked::Asked;
use super::environment::environment;
use super::evidence::fixation_and;
use super::stage::{Schedule, clock, noise_std, validate};
use crate::error::rules;
use crate::{
    About, Channel, Citation, Clock, Condition, Described, Duration, Rounding, Score, Split, Task, TaskError, Trial,
    TrialRng, TrialView,
};

/// Delayed comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DelayComparison {
    /// The time step, ms.
    pub dt: f64,
    /// What becomes of durations between two steps.
    pub rounding: Rounding,
    /// Before the first stimulus, ms.
    pub fixation: Duration,
    /// The first stimulus, ms.
    pub stimulus1: Duration,
    /// Between the stimuli, ms.
    pub delay: Duration,
    /// The second stimulus, ms.
    pub stimulus2: Duration,
    /// The response, ms.
    pub decision: f64,
    /// The strengths that are compared, shown in either order.
    pub pairs: Vec<(f64, f64)>,
    /// The strength of the noise in the stimuli; 0 for none.
    pub sigma: f64,
    /// Whether the fixation input is noisy in the stimuli too; `true` as in neurogym.
    pub noise_on_all_inputs: bool,
}

impl Default for DelayComparison {
    fn default() -> Self {
        Self {
            dt: 100.0,
            rounding: Rounding::Exact,
            fixation: 500.0.into(),
            stimulus1: 500.0.into(),
            delay: 1000.0.into(),
            stimulus2: 500.0.into(),
            decision: 100.0,
            pairs: vec![(18.0, 10.0), (22.0, 14.0), (26.0, 18.0), (30.0, 22.0), (34.0, 26.0)],
            sigma: 1.0,
            noise_on_all_inputs: false,
        }
    }
}

impl DelayComparison {
    fn clock(&self) -> Clock {
        clock(self.dt, self.rounding)
    }

    /// The input for a strength.
    fn level(&self, v: f64) -> f64 {
        let all = || self.pairs.iter().flat_map(|&(a, b)| [a, b]);
        let (min, max) = (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
        (1.0 + (v - min) / (max - min)) / 2.0
    }

    /// All pairs in both orders, once each.
    fn ordered(&self) -> Vec<(f64, f64)> {
        let mut all: Vec<(f64, f64)> = Vec::new();
        for pair in self.pairs.iter().flat_map(|&(a, b)| [(a, b), (b, a)]) {
            if !all.contains(&pair) {
                all.push(pair);
            }
        }
        all
    }

    fn pair(&self, asked: Asked<'_>, rng: &mut TrialRng) -> Result<(f64, f64), TaskError> {
        let remedy = "give v1 and v2, different and within the range of `pairs`, or neither";
        match (asked.number("v1")?, asked.number("v2")?) {
            (None, None) => Ok(rng.pick(&self.ordered()).copied().unwrap_or_default()),
            (Some(v1), Some(v2)) if v1 != v2 && [v1, v2].iter().all(|&v| (0.5..=1.0).contains(&self.level(v))) => {
                Ok((v1, v2))
            }
            (Some(v1), _) => Err(TaskError::condition("v1", v1, "makes no pair", remedy)),
            (None, Some(v2)) => Err(TaskError::condition("v2", v2, "makes no pair", remedy)),
        }
    }
}

impl Described for DelayComparison {
    const ABOUT: About<'static> = About {
        id: "neurogym/delay_comparison",
        summary: "Delayed comparison: report which of two stimuli, separated by a delay, was the stronger",
        citation: Citation {
            authors: "Barak O, Tsodyks M, Romo R",
            year: 2010,
            title: "Neuronal population coding of parametric working memory",
            doi: "10.1523/JNEUROSCI.1875-10.2010",
        },
        header: include_str!("delay_comparison.rs"),
        shared: &[include_str!("evidence.rs"), include_str!("answer.rs"), include_str!("stage.rs")],
        ..FAMILY
    };
}

impl Task for DelayComparison {
    environment! { threshold: 0.95 }

    fn validate(&self) -> Result<(), TaskError> {
        let shown = [("stimulus1", &self.stimulus1), ("stimulus2", &self.stimulus2)];
        validate(self.clock(), self.sigma, &shown, &[("fixation", &self.fixation), ("delay", &self.delay)])?;
        self.clock().at_least_one_step("decision", self.decision)?;
        if self.pairs.is_empty() {
            return Err(TaskError::parameter("pairs", "[]", "must not be empty", "give at least one pair"));
        }
        self.pairs.iter().flat_map(|&(a, b)| [a, b]).try_for_each(|v| rules::finite("pairs", v))?;
        match self.pairs.iter().find(|(a, b)| a == b) {
            None => Ok(()),
            Some((a, b)) => Err(TaskError::parameter(
                "pairs",
                format!("({a}, {b})"),
                "cannot be compared",
                "give different strengths",
            )),
        }
    }

    fn inputs(&self) -> Vec<Channel> {
        Channel::list(&["fixation", "stimulus"])
    }

    fn outputs(&self) -> Vec<Channel> {
        fixation_and("choice", 2)
    }

    fn conditions(&self) -> Vec<Condition> {
        self.ordered().into_iter().map(|(v1, v2)| Condition::new().with("v1", v1).with("v2", v2)).collect()
    }

    fn trial(&self, _: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        self.validate()?;
        let (v1, v2) = self.pair(Asked::new(condition, &["v1", "v2"])?, rng)?;
        let mut schedule = Schedule::new(self.clock())?;
        schedule.epoch("fixation", &self.fixation, rng)?;
        let first = schedule.epoch("stimulus1", &self.stimulus1, rng)?;
        schedule.epoch("delay", &self.delay, rng)?;
        let second = schedule.epoch("stimulus2", &self.stimulus2, rng)?;
        let decision = schedule.fixed("decision", self.decision)?;

        let mut stage = schedule.stage(2, 3);
        stage.show(0..decision.start, 0, 1.0);
        let noisy = usize::from(!self.noise_on_all_inputs)..2;
        for (steps, v) in [(first, v1), (second, v2)] {
            stage.show(steps.clone(), 1, self.level(v));
            stage.noise(steps, noisy.clone(), noise_std(self.sigma, self.dt), rng);
        }
        let correct = if v1 > v2 { 1 } else { 2 };
        stage.label(decision, correct);
        Ok(stage.finish(Condition::new().with("v1", v1).with("v2", v2), Some(correct)))
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        score(trial, outputs, "decision", self.dt)
    }

    fn chance(&self) -> f64 {
        chance_of_action(3, self.clock().steps("decision", self.decision).unwrap_or(0))
    }
}

//! Delayed comparison: which of two stimuli, a second apart, was the stronger?
//!
//! ```text
//! epochs      fixation 500 ms | stimulus1 500 ms | delay 1000 ms | stimulus2 500 ms | decision 100 ms       dt 100 ms
//! inputs      stimulus: (1 + (v - min)/(max - min))/2 + noise in the two stimuli                           v = v1, v2
//! classes     1, 2 choice: 1 if v1 > v2, 2 if v1 < v2 in the decision
//! training    0.95
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | v1, v2 | `pairs` | | (18, 10), (22, 14), (26, 18), (30, 22), (34, 26), in either order; min 10, max 34 |
//! | sigma | `sigma` | | 1 |
//!
//! Reference: Barak O, Tsodyks M, Romo R (2010), J Neurosci 30: 9424, <https://doi.org/10.1523/JNEUROSCI.1875-10.2010>;
//! as `DelayComparison` of neurogym.
//!
//! Differences from the source: neurogym adds the noise of the stimuli to the fixation input too, an error that it has
//! corrected elsewhere; `noise_on_all_inputs = true` restores it.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, neurogym::{Comparison, Environment}};
//! let task = Comparison { sigma: 0.0, ..Comparison::default() };
//! let task = Environment { task, ..Environment::default() };
//! let condition = Condition::new().with("v1", 22.0).with("v2", 14.0);
//! let trial = task.trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(5).to_vec(), [1.0, 0.75]); // (1 + 12/24)/2
//! assert_eq!(trial.correct, Some(1));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use serde::{Deserialize, Serialize};

use super::{Asked, Definition, Environment, FAMILY, Period, Timing, answer, environment::fixation_and};
use crate::error::rules;
use crate::{About, Channel, Citation, Condition, Duration, TaskError, Trial, TrialRng};

/// Delayed comparison.
pub type DelayComparison = Environment<Comparison>;

/// Which of two stimuli is the stronger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Comparison {
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

impl Default for Comparison {
    fn default() -> Self {
        Self {
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

impl Comparison {
    fn periods(&self) -> [Period<'_>; 4] {
        [
            Period::shown("stimulus1", &self.stimulus1),
            Period::pause("delay", &self.delay),
            Period::shown("stimulus2", &self.stimulus2),
            Period::fixed("decision", self.decision),
        ]
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

impl Definition for Comparison {
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
        ..FAMILY
    };
    const FIXATION: f64 = 500.0;

    fn validate(&self, timing: Timing<'_>) -> Result<(), TaskError> {
        timing.validate(&self.periods())?;
        rules::not_negative("sigma", self.sigma)?;
        if self.pairs.is_empty() {
            return Err(TaskError::parameter("pairs", "[]", "must not be empty", "give at least one pair"));
        }
        self.pairs.iter().flat_map(|&(a, b)| [a, b]).try_for_each(|v| rules::finite("pairs", v))?;
        match self.pairs.iter().find(|(a, b)| a == b) {
            None => Ok(()),
            Some((a, b)) => {
                let remedy = "give different strengths";
                Err(TaskError::parameter("pairs", format!("({a}, {b})"), "cannot be compared", remedy))
            }
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

    fn trial(&self, timing: Timing<'_>, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let (v1, v2) = self.pair(Asked::new(condition, &["v1", "v2"])?, rng)?;
        let (schedule, [first, _, second, decision]) = timing.draw(self.periods(), rng)?;

        let mut stage = schedule.stage(2, 3, decision.start);
        let noisy = usize::from(!self.noise_on_all_inputs)..2;
        for (steps, v) in [(first, v1), (second, v2)] {
            stage.show(steps.clone(), 1, self.level(v));
            stage.noise(steps, noisy.clone(), self.sigma, rng);
        }
        let correct = if v1 > v2 { 1 } else { 2 };
        Ok(stage.finish(decision, correct, Condition::new().with("v1", v1).with("v2", v2)))
    }

    fn chance(&self, timing: Timing<'_>) -> f64 {
        answer::chance_of_action(3, timing.steps("decision", self.decision))
    }
}

//! Context-dependent decision-making: report the direction in one modality, whatever the other one shows.
//!
//! ```text
//! epochs      fixation 300 ms | stimulus 750 ms | delay | decision 100 ms                                   dt 100 ms
//! delay       exponential with mean parameter 600 ms, truncated to [300, 3000) ms
//! inputs      modality_m_stimulus_i: 0.5 + |c_m|/2 cos(theta_i - theta_{k_m}) + noise in the stimulus
//!                                                                                             m = 1, 2; i = 1 .. n
//!             context_1, context_2 (if cued): 1 on that of the relevant modality until the decision
//! classes     k choice k: the direction in the relevant modality, in the decision
//! training    0.9; an ideal observer reaches 0.947
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | n | `dim_ring` | | 2 |
//! | \|c_1\|, \|c_2\| | `coherences` | fraction | 0.05, 0.15, 0.5, drawn independently, as are the directions |
//! | relevant modality | `context` | | always 1 and not cued; 2; or drawn and cued |
//! | sigma | `sigma` | | 1 |
//!
//! Reference: Mante V, Sussillo D, Shenoy KV, Newsome WT (2013), Nature 503: 78, <https://doi.org/10.1038/nature12742>;
//! as `ContextDecisionMaking` of neurogym.
//!
//! Differences from the source: neurogym shows the fixation input in the fixation period only and the context through
//! the decision, so that after a delay of unknown length nothing says when to respond (its issue 279). Here both go off
//! at the decision, as in the experiment; `go_cue = false` restores the former and `context_in_decision = true` the
//! latter. 750 ms are no whole number of steps of 100 ms: the nearest is taken, 800 ms, and so are the steps of the
//! delay.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, neurogym::{ContextDecision, Environment}};
//! let task = ContextDecision { sigma: 0.0, ..ContextDecision::default() };
//! let task = Environment { task, ..Environment::default() };
//! let condition = Condition::new().with("coherence_1", 0.5).with("coherence_2", -0.05);
//! let trial = task.trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(3).to_vec(), [1.0, 0.75, 0.25, 0.475, 0.525]);
//! assert_eq!(trial.correct, Some(1));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use serde::{Deserialize, Serialize};

use super::evidence::{Evidence, Names, two_modalities, validate_strengths};
use super::ring::validate_ring;
use super::{Asked, Definition, EVIDENCE, Environment, Period, Timing, answer, environment::fixation_and};
use crate::error::rules;
use crate::{About, Channel, Citation, Condition, Duration, Rounding, TaskError, Trial, TrialRng};

const FIRST: Names = ("direction_1", "coherence_1");
const SECOND: Names = ("direction_2", "coherence_2");

/// Which modality is relevant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Context {
    /// Always the first, which nothing says.
    #[default]
    #[serde(rename = "modality_1")]
    Modality1,
    /// Always the second, which nothing says.
    #[serde(rename = "modality_2")]
    Modality2,
    /// Either, drawn for each trial and shown on two more inputs.
    #[serde(rename = "cued")]
    Cued,
}

impl Context {
    /// The modalities that can be relevant, from 1.
    fn modalities(self) -> &'static [usize] {
        match self {
            Self::Modality1 => &[1],
            Self::Modality2 => &[2],
            Self::Cued => &[1, 2],
        }
    }
}

/// Context-dependent decision-making.
pub type ContextDecisionMaking = Environment<ContextDecision>;

/// The direction in one of two modalities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContextDecision {
    /// Noisy evidence in both modalities, ms.
    pub stimulus: Duration,
    /// Between stimulus and decision, ms.
    pub delay: Duration,
    /// The response, ms.
    pub decision: f64,
    /// The strengths of the evidence in either modality, each in [0, 1].
    pub coherences: Vec<f64>,
    /// The number of directions, each with a channel in either modality and a choice.
    pub dim_ring: usize,
    /// Which modality is relevant.
    pub context: Context,
    /// The strength of the noise on the stimulus; 0 for none.
    pub sigma: f64,
    /// Whether the fixation input stays on until the decision; `false` as in neurogym.
    pub go_cue: bool,
    /// Whether a cued context stays on in the decision; `true` as in neurogym.
    pub context_in_decision: bool,
}

impl Default for ContextDecision {
    fn default() -> Self {
        Self {
            stimulus: 750.0.into(),
            delay: Duration::truncated_exponential(600.0, 300.0, 3000.0),
            decision: 100.0,
            coherences: vec![0.05, 0.15, 0.5],
            dim_ring: 2,
            context: Context::default(),
            sigma: 1.0,
            go_cue: true,
            context_in_decision: false,
        }
    }
}

impl ContextDecision {
    fn periods(&self) -> [Period<'_>; 3] {
        let (stimulus, delay) = (Period::shown("stimulus", &self.stimulus), Period::pause("delay", &self.delay));
        [stimulus, delay, Period::fixed("decision", self.decision)]
    }

    /// The relevant modality, 1 or 2.
    fn relevant(&self, asked: Asked<'_>, rng: &mut TrialRng) -> Result<usize, TaskError> {
        let possible = self.context.modalities();
        match asked.whole("context", 2)? {
            Some(modality) if possible.contains(&modality) => Ok(modality),
            Some(modality) => {
                let remedy = "choose it with the parameter `context`, or \"cued\" for both";
                Err(TaskError::condition("context", modality, "is never relevant", remedy))
            }
            None => Ok(rng.pick(possible).copied().unwrap_or(1)),
        }
    }

    fn condition(context: usize, first: Evidence, second: Evidence) -> Condition {
        second.within(first.within(Condition::new().with("context", context as f64), FIRST), SECOND)
    }
}

impl Definition for ContextDecision {
    const ABOUT: About<'static> = About {
        id: "neurogym/context_decision_making",
        version: 2,
        summary: "Context-dependent decision-making: report the evidence in the relevant modality and ignore the other",
        citation: Citation {
            authors: "Mante V, Sussillo D, Shenoy KV, Newsome WT",
            year: 2013,
            title: "Context-dependent computation by recurrent dynamics in prefrontal cortex",
            doi: "10.1038/nature12742",
        },
        header: include_str!("context_decision_making.rs"),
        ..EVIDENCE
    };
    const ROUNDING: Rounding = Rounding::Nearest;
    const FIXATION: f64 = 300.0;
    const THRESHOLD: f64 = 0.9;

    fn validate(&self, timing: Timing<'_>) -> Result<(), TaskError> {
        timing.validate(&self.periods())?;
        rules::not_negative("sigma", self.sigma)?;
        validate_ring(self.dim_ring)?;
        validate_strengths(&self.coherences)
    }

    fn inputs(&self) -> Vec<Channel> {
        let mut channels = two_modalities(self.dim_ring);
        if self.context == Context::Cued {
            channels.extend(Channel::numbered("context", 2));
        }
        channels
    }

    fn outputs(&self) -> Vec<Channel> {
        fixation_and("choice", self.dim_ring)
    }

    fn conditions(&self) -> Vec<Condition> {
        let all = Evidence::all(&self.coherences, self.dim_ring);
        let pairs = all.iter().flat_map(|&first| all.iter().map(move |&second| (first, second)));
        let of = |context: usize| pairs.clone().map(move |(first, second)| Self::condition(context, first, second));
        self.context.modalities().iter().flat_map(|&context| of(context)).collect()
    }

    fn trial(&self, timing: Timing<'_>, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let (n, asked) = (self.dim_ring, Asked::new(condition, &["context", FIRST.0, FIRST.1, SECOND.0, SECOND.1])?);
        let context = self.relevant(asked, rng)?;
        let first = Evidence::draw(asked, FIRST, &self.coherences, n, rng)?;
        let second = Evidence::draw(asked, SECOND, &self.coherences, n, rng)?;
        let (schedule, [stimulus, _, decision]) = timing.draw(self.periods(), rng)?;

        let is_cued = self.context == Context::Cued;
        let fixation_off = if self.go_cue { decision.start } else { stimulus.start };
        let mut stage = schedule.stage(1 + 2 * n + if is_cued { 2 } else { 0 }, 1 + n, fixation_off);
        stage.pattern(stimulus.clone(), 1, first.levels(1.0, n));
        stage.pattern(stimulus.clone(), 1 + n, second.levels(1.0, n));
        if is_cued {
            stage.show(0..if self.context_in_decision { decision.end } else { decision.start }, 2 * n + context, 1.0);
        }
        stage.noise(stimulus, 1..1 + 2 * n, self.sigma, rng);
        let correct = if context == 1 { first.direction } else { second.direction };
        Ok(stage.finish(decision, correct, Self::condition(context, first, second)))
    }

    fn chance(&self, timing: Timing<'_>) -> f64 {
        answer::chance_of_action(1 + self.dim_ring, timing.steps("decision", self.decision))
    }
}

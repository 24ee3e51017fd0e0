//! Perceptual decision-making with variable stimulus duration: which of two noisy inputs is the stronger?
//!
//! ```text
//! epochs    fixation 100 ms (test 500) | stimulus D | decision 300 ms
//! D         exponential with mean parameter m, truncated to [a, b):  D = a - m ln(1 - U (1 - exp(-(b - a) / m)))
//! signals   stimulus: (1 + c)/2 and (1 - c)/2 on the evidence channels, 1 on the start cue
//! catch     1 trial in 11, of 2000 ms
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | \|c\| | `coherences` | fraction | 0.032, 0.064, 0.128, 0.256, 0.512, either sign |
//! | a, b | `stimulus_min`, `stimulus_max` | ms | 80, 1500 |
//! | m | `stimulus_mean` | ms | 330, before truncation |
//! | | `decision` | ms | 300 |
//!
//! It is the task of Fig 2A of the source; durations after Kiani, Hanks & Shadlen (2008),
//! <https://doi.org/10.1523/JNEUROSCI.4761-07.2008>.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, song2016::RdmVarstim};
//! let task = RdmVarstim { sigma_in: 0.0, ..RdmVarstim::default() };
//! let asked = Condition::new().with("coherence", 0.5);
//! let trial = task.trial(Split::Train, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(5).to_vec(), [0.95, 0.45, 1.2]); // baseline 0.2 + signals 0.75, 0.25, 1
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{Definition, EVIDENCE, Epochs, Plan, TwoChoice, coherence, range};
use crate::error::rules;
use crate::{About, Clock, Condition, Duration, Split, TaskError, TrialRng};

/// Variable-duration perceptual decision-making.
pub type RdmVarstim = TwoChoice<VariableDuration>;

/// A stimulus of varying duration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct VariableDuration {
    /// The shortest stimulus, ms; at least one step.
    pub stimulus_min: f64,
    /// The mean of the exponential before truncation, ms.
    pub stimulus_mean: f64,
    /// The longest stimulus, ms.
    pub stimulus_max: f64,
    /// Decision, ms.
    pub decision: f64,
    /// The strengths of the evidence, each in [0, 1]; the sign is drawn.
    pub coherences: Vec<f64>,
}

impl Default for VariableDuration {
    fn default() -> Self {
        Self {
            stimulus_min: 80.0,
            stimulus_mean: 330.0,
            stimulus_max: 1500.0,
            decision: 300.0,
            coherences: coherence::PUBLISHED.into(),
        }
    }
}

impl Definition for VariableDuration {
    const ABOUT: About<'static> = About {
        id: "song2016/rdm_varstim",
        version: 2,
        summary: "Perceptual decision-making: report the stronger of two noisy inputs after a stimulus of varying \
            duration",
        header: include_str!("rdm_varstim.rs"),
        ..EVIDENCE
    };
    const INPUTS: &'static [&'static str] = &["evidence_1", "evidence_2", "start_cue"];
    const VARIABLES: &'static [&'static str] = &["coherence"];

    fn validate(&self, clock: Clock, _: Range<f64>) -> Result<(), TaskError> {
        clock.at_least_one_step("decision", self.decision)?;
        rules::positive("stimulus_mean", self.stimulus_mean)?;
        range::validate("stimulus", (self.stimulus_min, self.stimulus_max), clock)?;
        coherence::validate("coherences", &self.coherences)
    }

    fn conditions(&self) -> Vec<Condition> {
        coherence::conditions(&self.coherences)
    }

    fn plan(&self, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Plan, TaskError> {
        let evidence = coherence::draw(condition, "coherence", &self.coherences, rng)?;
        let [first, second] = evidence.signals();
        let signals = vec![("stimulus", vec![first, second, 1.0])];
        Ok(Plan { condition: evidence.condition(), correct: evidence.favoured, signals })
    }

    fn epochs(&self, _: Split, clock: Clock, rng: &mut TrialRng) -> Result<Epochs, TaskError> {
        let stimulus = Duration::truncated_exponential(self.stimulus_mean, self.stimulus_min, self.stimulus_max);
        let stimulus = stimulus.draw("stimulus", clock, rng)?;
        Ok(vec![("stimulus", stimulus), ("decision", clock.steps("decision", self.decision)?)])
    }
}

//! Perceptual decision-making with fixed stimulus duration: which of two noisy inputs is the stronger?
//!
//! ```text
//! epochs    fixation 100 ms (test 300) | stimulus 800 ms | decision 300 ms
//! signals   stimulus: (1 + c)/2 and (1 - c)/2 on the evidence channels
//! catch     1 trial in 11, of 2000 ms
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | \|c\| | `coherences` | fraction | 0.032, 0.064, 0.128, 0.256, 0.512, either sign |
//! | | `stimulus`, `decision` | ms | 800, 300 |
//!
//! It is the task of Fig 3 of the source (networks without Dale's law, with dense, and with structured connectivity).
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, song2016::RdmFixed};
//! let task = RdmFixed { sigma_in: 0.0, ..RdmFixed::default() };
//! let asked = Condition::new().with("coherence", -0.5);
//! let trial = task.trial(Split::Train, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(5).to_vec(), [0.45, 0.95]); // baseline 0.2 + signals 0.25, 0.75
//! assert_eq!(trial.correct, Some(1));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{Definition, EVIDENCE, Epochs, Plan, TwoChoice, coherence};
use crate::{About, Clock, Condition, Split, TaskError, TrialRng};

/// Fixed-duration perceptual decision-making.
pub type RdmFixed = TwoChoice<FixedDuration>;

/// A stimulus of fixed duration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FixedDuration {
    /// Stimulus, ms.
    pub stimulus: f64,
    /// Decision, ms.
    pub decision: f64,
    /// The strengths of the evidence, each in [0, 1]; the sign is drawn.
    pub coherences: Vec<f64>,
}

impl Default for FixedDuration {
    fn default() -> Self {
        Self { stimulus: 800.0, decision: 300.0, coherences: coherence::PUBLISHED.into() }
    }
}

impl Definition for FixedDuration {
    const ABOUT: About<'static> = About {
        id: "song2016/rdm_fixed",
        summary: "Perceptual decision-making: report the stronger of two noisy inputs after a stimulus of fixed \
            duration",
        header: include_str!("rdm_fixed.rs"),
        ..EVIDENCE
    };
    const INPUTS: &'static [&'static str] = &["evidence_1", "evidence_2"];
    const VARIABLES: &'static [&'static str] = &["coherence"];
    const FIXATION_TEST: f64 = 300.0;

    fn validate(&self, clock: Clock, _: Range<f64>) -> Result<(), TaskError> {
        clock.at_least_one_step("stimulus", self.stimulus)?;
        clock.at_least_one_step("decision", self.decision)?;
        coherence::validate("coherences", &self.coherences)
    }

    fn conditions(&self) -> Vec<Condition> {
        coherence::conditions(&self.coherences)
    }

    fn plan(&self, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Plan, TaskError> {
        let evidence = coherence::draw(condition, "coherence", &self.coherences, rng)?;
        let signals = vec![("stimulus", evidence.signals().into())];
        Ok(Plan { condition: evidence.condition(), correct: evidence.favoured, signals })
    }

    fn epochs(&self, _: Split, clock: Clock, _: &mut TrialRng) -> Result<Epochs, TaskError> {
        let stimulus = clock.steps("stimulus", self.stimulus)?;
        Ok(vec![("stimulus", stimulus), ("decision", clock.steps("decision", self.decision)?)])
    }
}

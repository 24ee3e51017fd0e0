//! Delayed decision-making in modality 2: report which of two stimuli, separated by a delay, was the stronger.
//!
//! ```text
//! epochs    fixation U(200, 600) ms | stimulus_1 U(200, 1600) | delay U(200, 1600) | stimulus_2 U(200, 1600) | wait U(100, 300)
//!           | response U(300, 700)
//!           test: 500 | 500 | 1000 | 500 | 200 | 300
//! signals   fixation input to the response | stimulus_k: strength times sin, cos of angle_k in modality 2 | rule
//! strengths first g + c, second g - c                          g ~ U(0.8, 1.2) | c = +- U(0.005, 0.8), either sign
//! targets   fixation 0.8 to the response, then 0; response: (sin, cos) of the angle of the stimulus that is stronger
//! graded    all but the first 100 ms and the first 100 ms of the response
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | | `fixation`, `fixation_test` | ms | 200 to 600, 500 |
//! | | `stimulus`, `stimulus_test` (each) | ms | 200 to 1600, 500 |
//! | | `delay`, `delay_test` | ms | 200 to 1600, 1000 |
//! | | `wait`, `wait_test` | ms | 100 to 300, 200 |
//! | | `response`, `response_test` | ms | 300 to 700, 300 |
//! | g | `strength_min`, `strength_max` | input units | 0.8 to 1.2 |
//! | \|c\| | `coherence_min`, `coherence_max` | input units | 0.005 to 0.8 |
//!
//! Variables: `stronger` (1 or 2), `angle_1`, `angle_2` (rad), `strength` (g), `coherence` (c). Classes: `stronger`.
//! Grid: 40 pairs of opposite angles, first strengths 0.5, 0.75, 1 and 1.25 of a sum of 2. Levels, loss mask, scoring,
//! noise and the rounding of durations (down) are those of `Protocol`, angles and choice those of `comparison`.
//!
//! Reference: Driscoll LN, Shenoy K, Sussillo D (2024), Nat Neurosci 27: 1349,
//! <https://doi.org/10.1038/s41593-024-01668-6> (IntegrationModality2).
//!
//! Differences from the source: those of the family.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, TrialRng, create};
//! use serde_json::json;
//! let task = create("driscoll2022/delaydm2", Some(&json!({ "sigma_in": 0.0 })))?;
//! let asked = Condition::new().with("angle_1", 0.0).with("strength", 1.0).with("coherence", 0.5);
//! let trial = task.trial(Split::Test, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(30).to_vec()[..5], [1.0, 0.0, 0.0, 0.0, 1.5]); // 1.5 cos 0
//! assert_eq!(trial.targets.row(149).to_vec(), [0.0, 0.0, 1.0]);
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use serde::{Deserialize, Serialize};

use super::{Answer, Definition, DelayDm1, Draw, FAMILY, Modality, Phase, Plan, Rule, comparison};
use crate::{About, Condition, TaskError};

/// The settings of [`DelayDm1`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DelayDm2(pub DelayDm1);

impl Definition for DelayDm2 {
    const ABOUT: About<'static> = About {
        id: "driscoll2022/delaydm2",
        summary: "Delayed decision-making in modality 2: report which of two stimuli, separated by a delay, was the \
            stronger",
        header: include_str!("delaydm2.rs"),
        shared: &[include_str!("comparison.rs"), include_str!("protocol.rs"), include_str!("mod.rs")],
        ..FAMILY
    };
    const RULE: Rule = Rule::DelayDm2;
    const VARIABLES: &'static [&'static str] = DelayDm1::VARIABLES;
    const P_RESPONSE: f64 = 1.0;

    fn phases(&self) -> Vec<Phase<'_>> {
        self.0.phases()
    }

    fn validate(&self) -> Result<(), TaskError> {
        self.0.validate()
    }

    fn conditions(&self) -> Vec<Condition> {
        self.0.conditions()
    }

    fn grid(&self) -> Vec<Condition> {
        self.0.grid()
    }

    fn plan(&self, draw: &mut Draw<'_>) -> Result<Plan, TaskError> {
        self.0.plan_in(Modality::Two, draw)
    }

    fn choice(condition: &Condition, answer: &Answer) -> Option<usize> {
        comparison::choice(condition, answer)
    }
}

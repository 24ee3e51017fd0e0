//! Go: keep fixating while a stimulus is visible and report its angle when fixation goes off.
//!
//! ```text
//! epochs    fixation U(300, 700) ms | stimulus U(200, 1500) | response U(300, 700)
//!           test: 500 | 1000 | 500
//! signals   fixation input to the response | stimulus, to the end: sin, cos of the angle in modality 1 or 2 | rule
//! targets   fixation 0.8 to the response, then 0; response: (sin, cos) of the angle
//! graded    all but the first 100 ms and the first 100 ms of the response
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | | `fixation`, `fixation_test` | ms | 300 to 700, 500 |
//! | | `stimulus`, `stimulus_test` (until the response) | ms | 200 to 1500, 1000 |
//! | | `response`, `response_test` | ms | 300 to 700, 500 |
//!
//! Variables: `modality` (1 or 2), `angle` (rad, uniform). Levels, loss mask, scoring, noise and the rounding of
//! durations (down) are those of `Protocol`.
//!
//! Reference: Driscoll LN, Shenoy K, Sussillo D (2024), Nat Neurosci 27: 1349,
//! <https://doi.org/10.1038/s41593-024-01668-6> (DelayPro).
//!
//! Differences from the source: those of the family.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, TrialRng, create};
//! use serde_json::json;
//! let task = create("driscoll2022/fdgo", Some(&json!({ "sigma_in": 0.0 })))?;
//! let asked = Condition::new().with("modality", 1.0).with("angle", 0.0);
//! let trial = task.trial(Split::Test, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(99).to_vec()[..5], [0.0, 0.0, 1.0, 0.0, 0.0]); // the stimulus is still on
//! assert_eq!(trial.targets.row(99).to_vec(), [0.0, 0.0, 1.0]);
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use serde::{Deserialize, Serialize};

use super::single::{self, Report};
use super::{Definition, Draw, FAMILY, Phase, Plan, Rule};
use crate::{About, Condition, Duration, TaskError};

/// The durations of a report of what is visible.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FdGo {
    /// Until the stimulus, ms.
    pub fixation: Duration,
    /// The same in tests, ms.
    pub fixation_test: f64,
    /// From the stimulus to the response, ms.
    pub stimulus: Duration,
    /// The same in tests, ms.
    pub stimulus_test: f64,
    /// Response, ms.
    pub response: Duration,
    /// The same in tests, ms.
    pub response_test: f64,
}

impl Default for FdGo {
    fn default() -> Self {
        Self {
            fixation: Duration::uniform(300.0, 700.0),
            fixation_test: 500.0,
            stimulus: Duration::uniform(200.0, 1500.0),
            stimulus_test: 1000.0,
            response: Duration::uniform(300.0, 700.0),
            response_test: 500.0,
        }
    }
}

impl Definition for FdGo {
    const ABOUT: About<'static> = About {
        id: "driscoll2022/fdgo",
        summary: "Go: keep fixating while a stimulus is visible and report its angle when fixation goes off",
        header: include_str!("fdgo.rs"),
        shared: &[include_str!("single.rs"), include_str!("protocol.rs"), include_str!("mod.rs")],
        ..FAMILY
    };
    const RULE: Rule = Rule::FdGo;
    const VARIABLES: &'static [&'static str] = single::VARIABLES;
    const P_RESPONSE: f64 = 1.0;

    fn phases(&self) -> Vec<Phase<'_>> {
        vec![
            Phase { epoch: "fixation", field: "fixation", train: &self.fixation, test: self.fixation_test },
            Phase { epoch: "stimulus", field: "stimulus", train: &self.stimulus, test: self.stimulus_test },
            Phase { epoch: "response", field: "response", train: &self.response, test: self.response_test },
        ]
    }

    fn conditions(&self) -> Vec<Condition> {
        single::conditions()
    }

    fn grid(&self) -> Vec<Condition> {
        single::grid()
    }

    fn plan(&self, draw: &mut Draw<'_>) -> Result<Plan, TaskError> {
        single::plan(draw, "stimulus", true, Report::Same)
    }
}

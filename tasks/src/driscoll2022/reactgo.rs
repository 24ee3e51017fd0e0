//! Reaction-time go: report the angle of a stimulus as soon as it appears; fixation stays on.
//!
//! ```text
//! epochs    fixation U(500, 2500) ms | response U(300, 1700)
//!           test: 2000 | 500
//! signals   fixation input to the end | stimulus in the response: sin, cos of the angle in modality 1 or 2 | rule
//! targets   fixation 0.8 to the response, then 0; response: (sin, cos) of the angle
//! graded    all but the first 100 ms and the first 100 ms of the response
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | | `fixation`, `fixation_test` | ms | 500 to 2500, 2000 |
//! | | `response`, `response_test` | ms | 300 to 1700, 500 |
//!
//! Variables: `modality` (1 or 2), `angle` (rad, uniform). Levels, loss mask, scoring, noise and the rounding of
//! durations (down) are those of `Protocol`.
//!
//! Reference: Driscoll LN, Shenoy K, Sussillo D (2024), Nat Neurosci 27: 1349,
//! <https://doi.org/10.1038/s41593-024-01668-6> (ReactPro).
//!
//! Differences from the source: those of the family.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, TrialRng, create};
//! use serde_json::json;
//! let task = create("driscoll2022/reactgo", Some(&json!({ "sigma_in": 0.0 })))?;
//! let asked = Condition::new().with("modality", 1.0).with("angle", 0.0);
//! let trial = task.trial(Split::Test, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(100).to_vec()[..5], [1.0, 0.0, 1.0, 0.0, 0.0]); // fixation stays on
//! assert_eq!(trial.targets.row(100).to_vec(), [0.0, 0.0, 1.0]);
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use serde::{Deserialize, Serialize};

use super::single::{self, Report};
use super::{Definition, Draw, FAMILY, Phase, Plan, Rule};
use crate::{About, Condition, Duration, TaskError};

/// The durations of an immediate report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReactGo {
    /// Until the stimulus, ms.
    pub fixation: Duration,
    /// The same in tests, ms.
    pub fixation_test: f64,
    /// Stimulus and response, ms.
    pub response: Duration,
    /// The same in tests, ms.
    pub response_test: f64,
}

impl Default for ReactGo {
    fn default() -> Self {
        Self {
            fixation: Duration::uniform(500.0, 2500.0),
            fixation_test: 2000.0,
            response: Duration::uniform(300.0, 1700.0),
            response_test: 500.0,
        }
    }
}

impl Definition for ReactGo {
    const ABOUT: About<'static> = About {
        id: "driscoll2022/reactgo",
        summary: "Reaction-time go: report the angle of a stimulus as soon as it appears",
        header: include_str!("reactgo.rs"),
        shared: &[include_str!("single.rs"), include_str!("protocol.rs"), include_str!("mod.rs")],
        ..FAMILY
    };
    const RULE: Rule = Rule::ReactGo;
    const VARIABLES: &'static [&'static str] = single::VARIABLES;
    const P_RESPONSE: f64 = 1.0;

    fn phases(&self) -> Vec<Phase<'_>> {
        vec![
            Phase { epoch: "fixation", field: "fixation", train: &self.fixation, test: self.fixation_test },
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
        single::plan(draw, "response", true, Report::Same)
    }
}

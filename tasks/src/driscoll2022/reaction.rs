//! ReactPro (`reactgo`) and ReactAnti (`reactanti`): report the angle of a stimulus, or the opposite one, as soon as it
//! appears; fixation stays on.
//!
//! ```text
//! epochs     fixation | response
//! signals    fixation input to the end | stimulus in the response
//! ```
//!
//! | field | unit | published | tests |
//! |---|---|---|---|
//! | `fixation`, `fixation_test` | ms | U(500, 2500) | 2000 |
//! | `response`, `response_test` | ms | U(300, 1700) | 500 |
//!
//! ```
//! use std::f64::consts::PI;
//! use nn4n_tasks::{Condition, Split, TrialRng, create};
//! use serde_json::json;
//! let asked = Condition::new().with("modality", 1.0).with("angle", 0.0);
//! // Fixation, and sine and cosine of the angle to report: 0, or pi.
//! for (name, report) in [("reactgo", [0.0, 0.0, 1.0]), ("reactanti", [0.0, PI.sin() as f32, -1.0])] {
//!     let task = create(&format!("driscoll2022/{name}"), Some(&json!({ "sigma_in": 0.0 })))?;
//!     let trial = task.trial(Split::Test, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//!     assert_eq!(trial.inputs.row(100).to_vec()[..5], [1.0, 0.0, 1.0, 0.0, 0.0]); // fixation stays on
//!     assert_eq!(trial.targets.row(100).to_vec(), report);
//! }
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use serde::{Deserialize, Serialize};

use super::{Phase, Timing};
use crate::Duration;

/// The durations of an immediate report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reaction {
    /// Until the stimulus, ms.
    pub fixation: Duration,
    /// The same in tests, ms.
    pub fixation_test: f64,
    /// Stimulus and response, ms.
    pub response: Duration,
    /// The same in tests, ms.
    pub response_test: f64,
}

impl Default for Reaction {
    fn default() -> Self {
        Self {
            fixation: Duration::uniform(500.0, 2500.0),
            fixation_test: 2000.0,
            response: Duration::uniform(300.0, 1700.0),
            response_test: 500.0,
        }
    }
}

impl Timing for Reaction {
    const NAMES: [(&'static str, &'static str); 2] = [
        ("driscoll2022/reactgo", "Reaction-time go: report the angle of a stimulus as soon as it appears"),
        ("driscoll2022/reactanti", "Reaction-time anti: report the angle opposite to a stimulus as soon as it appears"),
    ];
    const HEADER: &'static str = include_str!("reaction.rs");
    const SHOWN: &'static str = "response";
    const TO_THE_END: bool = true;

    fn phases(&self) -> Vec<Phase<'_>> {
        vec![
            Phase { epoch: "fixation", field: "fixation", train: &self.fixation, test: self.fixation_test },
            Phase { epoch: "response", field: "response", train: &self.response, test: self.response_test },
        ]
    }
}

//! DelayPro (`fdgo`) and DelayAnti (`fdanti`): keep fixating while a stimulus is visible and report its angle, or the
//! opposite one, when fixation goes off.
//!
//! ```text
//! epochs     fixation | stimulus | response
//! signals    fixation input to the response | stimulus from its epoch to the end
//! ```
//!
//! | field | unit | published | tests |
//! |---|---|---|---|
//! | `fixation`, `fixation_test` | ms | U(300, 700) | 500 |
//! | `stimulus`, `stimulus_test` (until the response) | ms | U(200, 1500) | 1000 |
//! | `response`, `response_test` | ms | U(300, 700) | 500 |
//!
//! ```
//! use std::f64::consts::PI;
//! use nn4n_tasks::{Condition, Split, TrialRng, create};
//! use serde_json::json;
//! let asked = Condition::new().with("modality", 1.0).with("angle", 0.0);
//! // Fixation, and sine and cosine of the angle to report: 0, or pi.
//! for (name, report) in [("fdgo", [0.0, 0.0, 1.0]), ("fdanti", [0.0, PI.sin() as f32, -1.0])] {
//!     let task = create(&format!("driscoll2022/{name}"), Some(&json!({ "sigma_in": 0.0 })))?;
//!     let trial = task.trial(Split::Test, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//!     assert_eq!(trial.inputs.row(99).to_vec()[..5], [0.0, 0.0, 1.0, 0.0, 0.0]); // the stimulus is still on
//!     assert_eq!(trial.targets.row(99).to_vec(), report);
//! }
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use serde::{Deserialize, Serialize};

use super::{Phase, Timing};
use crate::Duration;

/// The durations of a report of what is visible.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FixedDelay {
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

impl Default for FixedDelay {
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

impl Timing for FixedDelay {
    const NAMES: [(&'static str, &'static str); 2] = [
        (
            "driscoll2022/fdgo",
            "Go: keep fixating while a stimulus is visible and report its angle when fixation goes off",
        ),
        (
            "driscoll2022/fdanti",
            "Anti: keep fixating while a stimulus is visible and report the opposite angle when fixation goes off",
        ),
    ];
    const HEADER: &'static str = include_str!("fixed_delay.rs");
    const SHOWN: &'static str = "stimulus";
    const TO_THE_END: bool = true;

    fn phases(&self) -> Vec<Phase<'_>> {
        vec![
            Phase { epoch: "fixation", field: "fixation", train: &self.fixation, test: self.fixation_test },
            Phase { epoch: "stimulus", field: "stimulus", train: &self.stimulus, test: self.stimulus_test },
            Phase { epoch: "response", field: "response", train: &self.response, test: self.response_test },
        ]
    }
}

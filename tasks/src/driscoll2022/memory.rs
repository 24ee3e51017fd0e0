//! MemoryPro (`delaygo`) and MemoryAnti (`delayanti`): remember an angle over a delay and report it, or the opposite
//! one, when fixation goes off.
//!
//! ```text
//! epochs     fixation | stimulus | delay | response
//! signals    fixation input to the response | stimulus in its epoch
//! ```
//!
//! | field | unit | published | tests |
//! |---|---|---|---|
//! | `fixation`, `fixation_test` | ms | U(300, 700) | 500 |
//! | `stimulus`, `stimulus_test` | ms | U(200, 1600) | 500 |
//! | `delay`, `delay_test` | ms | U(200, 1600) | 1000 |
//! | `response`, `response_test` | ms | U(300, 700) | 500 |
//!
//! ```
//! use std::f64::consts::PI;
//! use nn4n_tasks::{Condition, Split, TrialRng, create};
//! use serde_json::json;
//! let asked = Condition::new().with("modality", 2.0).with("angle", 0.0);
//! // Fixation, and sine and cosine of the angle to report: 0, or pi.
//! for (name, report) in [("delaygo", [0.0, 0.0, 1.0]), ("delayanti", [0.0, PI.sin() as f32, -1.0])] {
//!     let task = create(&format!("driscoll2022/{name}"), Some(&json!({ "sigma_in": 0.0 })))?;
//!     let trial = task.trial(Split::Test, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//!     assert_eq!(trial.inputs.row(30).to_vec()[..5], [1.0, 0.0, 0.0, 0.0, 1.0]); // cos 0 = 1 in modality 2
//!     assert_eq!(trial.targets.row(124).to_vec(), report);
//! }
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use serde::{Deserialize, Serialize};

use super::{Phase, Timing};
use crate::Duration;

/// The durations of a report from memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// Until the stimulus, ms.
    pub fixation: Duration,
    /// The same in tests, ms.
    pub fixation_test: f64,
    /// Stimulus, ms.
    pub stimulus: Duration,
    /// The same in tests, ms.
    pub stimulus_test: f64,
    /// From the stimulus to the response, ms.
    pub delay: Duration,
    /// The same in tests, ms.
    pub delay_test: f64,
    /// Response, ms.
    pub response: Duration,
    /// The same in tests, ms.
    pub response_test: f64,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            fixation: Duration::uniform(300.0, 700.0),
            fixation_test: 500.0,
            stimulus: Duration::uniform(200.0, 1600.0),
            stimulus_test: 500.0,
            delay: Duration::uniform(200.0, 1600.0),
            delay_test: 1000.0,
            response: Duration::uniform(300.0, 700.0),
            response_test: 500.0,
        }
    }
}

impl Timing for Memory {
    const NAMES: [(&'static str, &'static str); 2] = [
        ("driscoll2022/delaygo", "Delayed go: remember an angle over a delay and report it when fixation goes off"),
        (
            "driscoll2022/delayanti",
            "Delayed anti: remember an angle over a delay and report the opposite one when fixation goes off",
        ),
    ];
    const HEADER: &'static str = include_str!("memory.rs");
    const SHOWN: &'static str = "stimulus";
    const TO_THE_END: bool = false;

    fn phases(&self) -> Vec<Phase<'_>> {
        vec![
            Phase { epoch: "fixation", field: "fixation", train: &self.fixation, test: self.fixation_test },
            Phase { epoch: "stimulus", field: "stimulus", train: &self.stimulus, test: self.stimulus_test },
            Phase { epoch: "delay", field: "delay", train: &self.delay, test: self.delay_test },
            Phase { epoch: "response", field: "response", train: &self.response, test: self.response_test },
        ]
    }
}

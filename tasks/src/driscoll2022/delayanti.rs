//! Delayed anti: remember an angle over a delay and report the opposite one when fixation goes off.
//!
//! ```text
//! epochs    fixation U(300, 700) ms | stimulus U(200, 1600) | delay U(200, 1600) | response U(300, 700)
//!           test: 500 | 500 | 1000 | 500
//! signals   fixation input to the response | stimulus: sin, cos of the angle in modality 1 or 2 | rule
//! targets   fixation 0.8 to the response, then 0; response: (sin, cos) of the angle + pi
//! graded    all but the first 100 ms and the first 100 ms of the response
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | | `fixation`, `fixation_test` | ms | 300 to 700, 500 |
//! | | `stimulus`, `stimulus_test` | ms | 200 to 1600, 500 |
//! | | `delay`, `delay_test` | ms | 200 to 1600, 1000 |
//! | | `response`, `response_test` | ms | 300 to 700, 500 |
//!
//! Variables: `modality` (1 or 2), `angle` (of the stimulus; rad, uniform). Levels, loss mask, scoring, noise and the
//! rounding of durations (down) are those of `Protocol`.
//!
//! Reference: Driscoll LN, Shenoy K, Sussillo D (2024), Nat Neurosci 27: 1349,
//! <https://doi.org/10.1038/s41593-024-01668-6> (MemoryAnti).
//!
//! Differences from the source: those of the family.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, TrialRng, create};
//! use serde_json::json;
//! let task = create("driscoll2022/delayanti", Some(&json!({ "sigma_in": 0.0 })))?;
//! let asked = Condition::new().with("modality", 1.0).with("angle", 0.0);
//! let trial = task.trial(Split::Test, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert!((trial.targets[[124, 2]] + 1.0).abs() < 1e-6); // the cosine of the opposite angle is -1
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use serde::{Deserialize, Serialize};

use super::single::{self, Report};
use super::{Definition, DelayGo, Draw, FAMILY, Phase, Plan, Rule};
use crate::{About, Condition, TaskError};

/// The durations of [`DelayGo`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DelayAnti(pub DelayGo);

impl Definition for DelayAnti {
    const ABOUT: About<'static> = About {
        id: "driscoll2022/delayanti",
        summary: "Delayed anti: remember an angle over a delay and report the opposite one when fixation goes off",
        header: include_str!("delayanti.rs"),
        shared: &[include_str!("single.rs"), include_str!("protocol.rs"), include_str!("mod.rs")],
        ..FAMILY
    };
    const RULE: Rule = Rule::DelayAnti;
    const VARIABLES: &'static [&'static str] = single::VARIABLES;
    const P_RESPONSE: f64 = 1.0;

    fn phases(&self) -> Vec<Phase<'_>> {
        self.0.phases()
    }

    fn conditions(&self) -> Vec<Condition> {
        single::conditions()
    }

    fn grid(&self) -> Vec<Condition> {
        single::grid()
    }

    fn plan(&self, draw: &mut Draw<'_>) -> Result<Plan, TaskError> {
        single::plan(draw, "stimulus", false, Report::Opposite)
    }
}

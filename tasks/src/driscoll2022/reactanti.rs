//! Reaction-time anti: report the angle opposite to a stimulus as soon as it appears.
//!
//! ```text
//! epochs    fixation U(500, 2500) ms | response U(300, 1700)
//!           test: 2000 | 500
//! signals   fixation input to the end | stimulus in the response: sin, cos of the angle in modality 1 or 2 | rule
//! targets   fixation 0.8 to the response, then 0; response: (sin, cos) of the angle + pi
//! graded    all but the first 100 ms and the first 100 ms of the response
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | | `fixation`, `fixation_test` | ms | 500 to 2500, 2000 |
//! | | `response`, `response_test` | ms | 300 to 1700, 500 |
//!
//! Variables: `modality` (1 or 2), `angle` (of the stimulus; rad, uniform). Levels, loss mask, scoring, noise and the
//! rounding of durations (down) are those of `Protocol`.
//!
//! Reference: Driscoll LN, Shenoy K, Sussillo D (2024), Nat Neurosci 27: 1349,
//! <https://doi.org/10.1038/s41593-024-01668-6> (ReactAnti).
//!
//! Differences from the source: those of the family.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, TrialRng, create};
//! use serde_json::json;
//! let task = create("driscoll2022/reactanti", Some(&json!({ "sigma_in": 0.0 })))?;
//! let asked = Condition::new().with("modality", 1.0).with("angle", 0.0);
//! let trial = task.trial(Split::Test, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert!((trial.targets[[124, 2]] + 1.0).abs() < 1e-6); // the cosine of the opposite angle is -1
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use serde::{Deserialize, Serialize};

use super::single::{self, Report};
use super::{Definition, Draw, FAMILY, Phase, Plan, ReactGo, Rule};
use crate::{About, Condition, TaskError};

/// The durations of [`ReactGo`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReactAnti(pub ReactGo);

impl Definition for ReactAnti {
    const ABOUT: About<'static> = About {
        id: "driscoll2022/reactanti",
        summary: "Reaction-time anti: report the angle opposite to a stimulus as soon as it appears",
        header: include_str!("reactanti.rs"),
        shared: &[include_str!("single.rs"), include_str!("protocol.rs"), include_str!("mod.rs")],
        ..FAMILY
    };
    const RULE: Rule = Rule::ReactAnti;
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
        single::plan(draw, "response", true, Report::Opposite)
    }
}

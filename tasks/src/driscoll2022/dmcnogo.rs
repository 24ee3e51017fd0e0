//! Delayed non-match-to-category: report the second of two stimuli at once if its category is another, else keep
//! fixating.
//!
//! ```text
//! epochs    fixation U(200, 600) ms | stimulus_1 U(200, 1600) | delay U(200, 1600) | response U(300, 700)
//!           test: 500 | 500 | 1200 | 500
//! signals   fixation input to the end | first stimulus: sin, cos of angle_1 | second stimulus, in the response: sin, cos of angle_2, each
//!           in modality 1 or 2 | rule
//! category  angles from 0 to pi, or from pi to 2 pi                             angle_1, angle_2 ~ U(0, 2 pi)
//! match     both angles in the same category, p 0.5
//! targets   non-match: fixation 0.8 to the response, then 0; response: (sin, cos) of angle_2
//!           match: fixation 0.8 to the end, response outputs 0
//! graded    all but the first 100 ms and the first 100 ms of the response
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | | `fixation`, `fixation_test` | ms | 200 to 600, 500 |
//! | | `stimulus`, `stimulus_test` (the first) | ms | 200 to 1600, 500 |
//! | | `delay`, `delay_test` | ms | 200 to 1600, 1200 |
//! | | `response`, `response_test` | ms | 300 to 700, 500 |
//!
//! Variables: `match`, `modality_1`, `modality_2` (1 or 2; matches are across modalities too), `angle_1`, `angle_2`
//! (rad). Grid: 20 angles in each category, 0.04 pi apart, the second opposite. Levels, loss mask, scoring, noise and
//! the rounding of durations (down) are those of `Protocol`.
//!
//! Reference: Driscoll LN, Shenoy K, Sussillo D (2024), Nat Neurosci 27: 1349,
//! <https://doi.org/10.1038/s41593-024-01668-6> (ReactCategoryAnti).
//!
//! Differences from the source: those of the family.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, TrialRng, create};
//! let task = create("driscoll2022/dmcnogo", None)?;
//! let asked = Condition::new().with("angle_1", 1.0).with("angle_2", 2.0);
//! let trial = task.trial(Split::Test, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.condition.to_string().split(' ').next(), Some("match=true"));
//! assert_eq!(trial.targets.row(134)[0], 0.8); // keeps fixating
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use super::dmcgo::{angles, pair};
use super::{Answer, Definition, DmcGo, Draw, FAMILY, Phase, Plan, Rule, matching};
use crate::{About, Condition, TaskError, ring};

/// The durations of [`DmcGo`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DmcNogo(pub DmcGo);

impl Definition for DmcNogo {
    const ABOUT: About<'static> = About {
        id: "driscoll2022/dmcnogo",
        summary: "Delayed non-match-to-category: report the second of two stimuli at once if its category is another, \
            else keep fixating",
        header: include_str!("dmcnogo.rs"),
        shared: &[include_str!("matching.rs"), include_str!("protocol.rs"), include_str!("mod.rs")],
        ..FAMILY
    };
    const RULE: Rule = Rule::DmcNogo;
    const VARIABLES: &'static [&'static str] = matching::VARIABLES;
    const P_RESPONSE: f64 = 0.5;

    fn phases(&self) -> Vec<Phase<'_>> {
        self.0.phases()
    }

    fn conditions(&self) -> Vec<Condition> {
        matching::conditions()
    }

    fn grid(&self) -> Vec<Condition> {
        matching::grid(false, angles().map(|angle| [angle, ring::wrapped(angle + PI)]))
    }

    fn plan(&self, draw: &mut Draw<'_>) -> Result<Plan, TaskError> {
        matching::plan(draw, false, pair)
    }

    fn choice(condition: &Condition, answer: &Answer) -> Option<usize> {
        matching::choice(condition, answer)
    }
}

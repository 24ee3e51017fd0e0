//! Delayed match-to-sample: report the second of two stimuli at once if its angle is that of the first, else keep
//! fixating.
//!
//! ```text
//! epochs    fixation U(200, 600) ms | stimulus_1 U(200, 1600) | delay U(200, 1600) | response U(300, 700)
//!           test: 500 | 500 | 1200 | 500
//! signals   fixation input to the end | first stimulus: sin, cos of angle_1 | second stimulus, in the response: sin, cos of angle_2, each
//!           in modality 1 or 2 | rule
//! match     angle_2 = angle_1, p 0.5                                            angle_1 ~ U(0, 2 pi)
//! non-match angle_2 = angle_1 +- U(d, 360 deg - d)
//! targets   match: fixation 0.8 to the response, then 0; response: (sin, cos) of angle_2
//!           non-match: fixation 0.8 to the end, response outputs 0
//! graded    all but the first 100 ms and the first 100 ms of the response
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | | `fixation`, `fixation_test` | ms | 200 to 600, 500 |
//! | | `stimulus`, `stimulus_test` (the first) | ms | 200 to 1600, 500 |
//! | | `delay`, `delay_test` | ms | 200 to 1600, 1200 |
//! | | `response`, `response_test` | ms | 300 to 700, 500 |
//! | d | `non_match` | deg | 20; more than 5, up to 180 (the paper of Yang et al. 2019 has 10) |
//!
//! Variables: `match`, `modality_1`, `modality_2` (1 or 2; matches are across modalities too), `angle_1`, `angle_2`
//! (rad). Grid: 40 angles, the second the same. Levels, loss mask, scoring, noise and the rounding of durations (down)
//! are those of `Protocol`.
//!
//! Reference: Driscoll LN, Shenoy K, Sussillo D (2024), Nat Neurosci 27: 1349,
//! <https://doi.org/10.1038/s41593-024-01668-6> (ReactMatch2Sample).
//!
//! Differences from the source: those of the family; two angles that are both given match if they are within 5 degrees,
//! as in the code's psychometric mode.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, TrialRng, create};
//! let task = create("driscoll2022/dmsgo", None)?;
//! let asked = Condition::new().with("angle_1", 1.0).with("angle_2", 1.0);
//! let trial = task.trial(Split::Test, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.condition.to_string().split(' ').next(), Some("match=true"));
//! assert_eq!(trial.targets.row(134)[0], 0.0); // responds
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::f64::consts::{PI, TAU};

use serde::{Deserialize, Serialize};

use super::matching::{self, Angles};
use super::{Answer, Definition, Draw, FAMILY, Matching, Phase, Plan, Rule, single};
use crate::yang2019::{NON_MATCH, validate_non_match};
use crate::{About, Condition, TaskError, ring};

/// The angles of the grid.
pub(super) const N_ANGLES: usize = 40;
/// Angles nearer to each other than this match, rad.
const SAME: f64 = PI / 36.0;

/// A match to a sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DmsGo {
    /// The durations.
    #[serde(flatten)]
    pub timing: Matching,
    /// How far the second angle is from the first at least if it does not match, deg.
    pub non_match: f64,
}

impl Default for DmsGo {
    fn default() -> Self {
        Self { timing: Matching::default(), non_match: NON_MATCH }
    }
}

impl DmsGo {
    /// Two angles that are the same or apart.
    pub(super) fn angles(&self, draw: &mut Draw<'_>) -> Result<Angles, TaskError> {
        let drawn = draw.rng.chance(0.5);
        let least = self.non_match.to_radians();
        let apart = draw.rng.between(least, TAU - least) * draw.sign();
        let is_match = draw.flag("match")?.unwrap_or(drawn);
        let apart = if is_match { 0.0 } else { apart };
        let (first, second) = match (draw.angle("angle_1")?, draw.angle("angle_2")?) {
            (Some(first), Some(second)) => {
                return Ok(Angles { first, second, is_match: ring::distance(first, second) < SAME });
            }
            (None, Some(second)) => (ring::wrapped(second - apart), second),
            _ => {
                let first = draw.angle_or_any("angle_1")?;
                (first, ring::wrapped(first + apart))
            }
        };
        Ok(Angles { first, second, is_match })
    }
}

impl Definition for DmsGo {
    const ABOUT: About<'static> = About {
        id: "driscoll2022/dmsgo",
        summary: "Delayed match-to-sample: report the second of two stimuli at once if its angle is that of the first, \
            else keep fixating",
        header: include_str!("dmsgo.rs"),
        shared: &[include_str!("matching.rs"), include_str!("protocol.rs"), include_str!("mod.rs")],
        ..FAMILY
    };
    const RULE: Rule = Rule::DmsGo;
    const VARIABLES: &'static [&'static str] = matching::VARIABLES;
    const P_RESPONSE: f64 = 0.5;

    fn phases(&self) -> Vec<Phase<'_>> {
        self.timing.phases()
    }

    fn validate(&self) -> Result<(), TaskError> {
        validate_non_match(self.non_match)
    }

    fn conditions(&self) -> Vec<Condition> {
        matching::conditions()
    }

    fn grid(&self) -> Vec<Condition> {
        matching::grid(true, single::angles(N_ANGLES).map(|angle| [angle, angle]))
    }

    fn plan(&self, draw: &mut Draw<'_>) -> Result<Plan, TaskError> {
        matching::plan(draw, true, |draw| self.angles(draw))
    }

    fn choice(condition: &Condition, answer: &Answer) -> Option<usize> {
        matching::choice(condition, answer)
    }
}

//! ReactMatch2Sample (`dmsgo`) and ReactNonMatch2Sample (`dmsnogo`): report the second of two stimuli at once if its
//! angle is that of the first, or if it is not, else keep fixating.
//!
//! ```text
//! match      angle_2 = angle_1, p 0.5                                            angle_1 ~ U(0, 2 pi)
//! non-match  angle_2 = angle_1 +- U(d, 360 deg - d)
//! grid       angle_1 2 pi k / 40, k = 0 .. 39
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | d | `non_match` | deg | 20; more than 5, up to 180 (the paper of Yang et al. 2019 has 10) |
//!
//! Differences from the source: two angles that are both given match if they are within 5 degrees, as in the code's
//! psychometric mode.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, TrialRng, create};
//! let asked = Condition::new().with("angle_1", 1.0).with("angle_2", 1.0);
//! for (id, fixation) in [("driscoll2022/dmsgo", 0.0), ("driscoll2022/dmsnogo", 0.8)] {
//!     let task = create(id, None)?;
//!     let trial = task.trial(Split::Test, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//!     assert_eq!(trial.condition.to_string().split(' ').next(), Some("match=true"));
//!     assert_eq!(trial.targets.row(134)[0], fixation); // responds, or keeps fixating
//! }
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use super::go::around_the_circle;
use super::{Angles, Draw, MatchingTiming, Similarity};
use crate::yang2019::{NON_MATCH, SAME, validate_non_match};
use crate::{TaskError, ring};

/// A match is the same angle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sample {
    /// The durations.
    #[serde(flatten)]
    pub timing: MatchingTiming,
    /// How far the second angle is from the first at least if it does not match, deg.
    pub non_match: f64,
}

impl Default for Sample {
    fn default() -> Self {
        Self { timing: MatchingTiming::default(), non_match: NON_MATCH }
    }
}

impl Similarity for Sample {
    const NAMES: [(&'static str, &'static str); 2] = [
        (
            "driscoll2022/dmsnogo",
            "Delayed non-match-to-sample: report the second of two stimuli at once if its angle is not that of the \
            first, else keep fixating",
        ),
        (
            "driscoll2022/dmsgo",
            "Delayed match-to-sample: report the second of two stimuli at once if its angle is that of the first, \
            else keep fixating",
        ),
    ];
    const HEADER: &'static str = include_str!("sample.rs");

    fn timing(&self) -> &MatchingTiming {
        &self.timing
    }

    fn validate(&self) -> Result<(), TaskError> {
        validate_non_match(self.non_match)
    }

    fn samples() -> Vec<f64> {
        around_the_circle().collect()
    }

    fn angles(&self, draw: &mut Draw<'_>) -> Result<Angles, TaskError> {
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

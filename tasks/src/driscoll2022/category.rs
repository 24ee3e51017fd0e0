//! ReactCategoryPro (`dmcgo`) and ReactCategoryAnti (`dmcnogo`): report the second of two stimuli at once if it is in
//! the category of the first, or if it is not, else keep fixating.
//!
//! ```text
//! category   angles from 0 to pi, or from pi to 2 pi                             angle_1, angle_2 ~ U(0, 2 pi)
//! match      both angles in the same category, p 0.5
//! grid       20 angles in each category, 0.04 pi apart, from 0.1 pi after its start
//! ```
//!
//! ```
//! use nn4n_tasks::{Condition, Split, TrialRng, create};
//! let asked = Condition::new().with("angle_1", 1.0).with("angle_2", 2.0);
//! for (id, fixation) in [("driscoll2022/dmcgo", 0.0), ("driscoll2022/dmcnogo", 0.8)] {
//!     let task = create(id, None)?;
//!     let trial = task.trial(Split::Test, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//!     assert_eq!(trial.condition.to_string().split(' ').next(), Some("match=true"));
//!     assert_eq!(trial.targets.row(134)[0], fixation); // responds, or keeps fixating
//! }
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::f64::consts::{PI, TAU};

use serde::{Deserialize, Serialize};

use super::{Angles, Draw, MatchingTiming, Similarity};
use crate::TaskError;

/// A match is an angle in the same half of the circle.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Category {
    /// The durations.
    pub timing: MatchingTiming,
}

impl Similarity for Category {
    const NAMES: [(&'static str, &'static str); 2] = [
        (
            "driscoll2022/dmcnogo",
            "Delayed non-match-to-category: report the second of two stimuli at once if its category is another, else \
            keep fixating",
        ),
        (
            "driscoll2022/dmcgo",
            "Delayed match-to-category: report the second of two stimuli at once if it is in the category of the \
            first, else keep fixating",
        ),
    ];
    const HEADER: &'static str = include_str!("category.rs");

    fn timing(&self) -> &MatchingTiming {
        &self.timing
    }

    fn samples() -> Vec<f64> {
        // Away from the boundaries.
        let in_category = |start: f64| (0..20).map(move |k| PI * (start + 0.1 + 0.8 * f64::from(k) / 20.0));
        [0.0, 1.0].into_iter().flat_map(in_category).collect()
    }

    fn angles(&self, draw: &mut Draw<'_>) -> Result<Angles, TaskError> {
        let (drawn, within) = (draw.rng.chance(0.5), draw.rng.between(0.0, PI));
        let is_match = draw.flag("match")?.unwrap_or(drawn);
        // An angle that matches `other`, or does not; a sum that rounds to 2 pi would be in the first category.
        let partner = |other: f64| if is_match == (other < PI) { within } else { (within + PI).min(TAU.next_down()) };
        let (first, second) = match (draw.angle("angle_1")?, draw.angle("angle_2")?) {
            (Some(first), Some(second)) => {
                return Ok(Angles { first, second, is_match: (first < PI) == (second < PI) });
            }
            (None, Some(second)) => (partner(second), second),
            _ => {
                let first = draw.angle_or_any("angle_1")?;
                (first, partner(first))
            }
        };
        Ok(Angles { first, second, is_match })
    }
}

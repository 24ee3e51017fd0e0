//! DMC and DNMC: remember a sample; respond to a second stimulus if its category is the same (`dmcgo`) or another
//! (`dmcnogo`), else keep fixating.
//!
//! ```text
//! category   1 if angle < pi, else 2
//! match      both angles in one category; angle_1 and angle_2 are drawn independently, each of `angles` equally likely
//! grid       samples (0.1 + 0.08 k) pi and (1.1 + 0.08 k) pi, k = 0 .. 9
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | R | `response` | ms | 200, 400 or 600 |
//! | | `angles` | pi rad | 0.1, 0.3, .., 1.9; category 1 below 1, category 2 from 1 on |
//!
//! ```
//! use std::f64::consts::PI;
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, yang2019::{DmcGo, DmcNoGo}};
//! let asked = |angle: f64| Condition::new().with("angle_1", 0.75 * PI).with("angle_2", angle);
//! // The angles after which the task responds and keeps fixating, and the outputs that prefer them.
//! for (task, [go, nogo], [at_go, at_nogo]) in
//!     [(&DmcGo::default() as &dyn Task, [0.25, 1.25], [5, 21]), (&DmcNoGo::default(), [1.25, 0.25], [21, 5])]
//! {
//!     let after = |angle| task.trial(Split::Test, Some(&asked(angle)), &mut TrialRng::new(0, "doc", 0, 0));
//!     let (respond, keep) = (after(go * PI)?, after(nogo * PI)?);
//!     assert_eq!((respond.n_steps(), respond.correct, keep.correct), (135, Some(at_go), Some(0)));
//!     assert_eq!((respond.targets[[134, 0]], respond.targets[[134, at_go]]), (0.05, 0.85));
//!     assert_eq!((keep.targets[[134, 0]], keep.targets[[134, at_nogo]]), (0.8, 0.05));
//! }
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use super::matching::agree;
use super::{Draw, MatchingTiming, Period, Similarity};
use crate::{Duration, TaskError};

/// The angles of the source, in units of pi.
const ANGLES: [f64; 10] = [0.1, 0.3, 0.5, 0.7, 0.9, 1.1, 1.3, 1.5, 1.7, 1.9];

/// A match is an angle in the same half of the circle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Category {
    /// The durations up to the second stimulus.
    #[serde(flatten)]
    pub timing: MatchingTiming,
    /// The second stimulus, and the response to it, ms.
    pub response: Duration,
    /// The angles of both stimuli, in units of pi: category 1 below 1, category 2 from 1 on.
    pub angles: Vec<f64>,
}

impl Default for Category {
    fn default() -> Self {
        Self {
            timing: MatchingTiming::default(),
            response: Duration::one_of([200.0, 400.0, 600.0]),
            angles: ANGLES.into(),
        }
    }
}

impl Similarity for Category {
    const NAMES: [(&'static str, &'static str); 2] = [
        (
            "yang2019/dmcnogo",
            "Delayed non-match-to-category: respond to a second stimulus if its category is not that of the first, \
            else keep fixating",
        ),
        (
            "yang2019/dmcgo",
            "Delayed match-to-category: respond to a second stimulus if its category is that of the first, else keep \
            fixating",
        ),
    ];
    const HEADER: &'static str = include_str!("category.rs");

    fn periods(&self) -> Vec<Period<'_>> {
        self.timing.periods(&self.response)
    }

    fn validate(&self) -> Result<(), TaskError> {
        validate_angles(&self.angles)
    }

    fn samples() -> Vec<f64> {
        let half = |start: f64| (0..10).map(move |k| (start + 0.8 * f64::from(k) / 10.0) * PI);
        half(0.1).chain(half(1.1)).collect()
    }

    fn angles(&self, draw: &mut Draw<'_>, wanted: Option<bool>) -> Result<([f64; 2], bool), TaskError> {
        let shown = match [draw.given_angle("angle_1")?, draw.given_angle("angle_2")?] {
            [Some(first), Some(second)] => [first, second],
            [None, Some(second)] => [self.other(draw, second, wanted), second],
            [first, None] => {
                let first = first.unwrap_or_else(|| PI * draw.rng.pick(&self.angles).copied().unwrap_or(0.0));
                [first, self.other(draw, first, wanted)]
            }
        };
        Ok((shown, agree(is_same(shown[0], shown[1]), wanted)?))
    }
}

impl Category {
    /// One of the angles: any, or one of those that match another angle as they should.
    fn other(&self, draw: &mut Draw<'_>, known: f64, wanted: Option<bool>) -> f64 {
        let fits = |angle: &f64| wanted.is_none_or(|wanted| is_same(*angle, known) == wanted);
        let fitting: Vec<f64> = self.angles.iter().map(|angle| PI * angle).filter(fits).collect();
        // Both categories have angles, so there always is one.
        draw.rng.pick(&fitting).copied().unwrap_or(known)
    }
}

/// Whether two angles are of one category.
fn is_same(a: f64, b: f64) -> bool {
    (a < PI) == (b < PI)
}

/// Checks a list of angles, in units of pi: some of either category.
fn validate_angles(angles: &[f64]) -> Result<(), TaskError> {
    if let Some(wrong) = angles.iter().find(|angle| !(0.0..2.0).contains(*angle)) {
        return Err(TaskError::parameter("angles", wrong, "must lie in [0, 2)", "give the angles in units of pi"));
    }
    if angles.iter().any(|angle| *angle < 1.0) && angles.iter().any(|angle| *angle >= 1.0) {
        return Ok(());
    }
    Err(TaskError::parameter(
        "angles",
        format!("{angles:?}"),
        "must have both categories",
        "give some below 1 and some from 1 on",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_one_category_or_in_other_units_are_refused() {
        for angles in [vec![], vec![0.1, 0.9], vec![1.1], vec![0.1, 1.1, 3.5], vec![f64::NAN, 0.1, 1.1]] {
            assert!(validate_angles(&angles).is_err(), "{angles:?}");
        }
        assert!(validate_angles(&ANGLES).is_ok());
    }
}

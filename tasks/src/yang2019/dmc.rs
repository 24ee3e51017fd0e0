//! What the two delayed match-to-category tasks share: a match is an angle in the same half of the circle.
//!
//! ```text
//! category   1 if angle < pi, else 2
//! angles     both from {0.1, 0.3, .., 1.9} pi, each equally likely, so that half of the trials match
//! tests      angle_1 (0.1 + 0.08 k) pi and (1.1 + 0.08 k) pi, k = 0 .. 9, in all four pairs of modalities
//! ```

use std::f64::consts::PI;

use crate::{Condition, TaskError};

use super::matching::{self, RespondTo};
use super::{Draw, Plan, Schedule};

/// The angles of the source, in units of pi.
pub const ANGLES: [f64; 10] = [0.1, 0.3, 0.5, 0.7, 0.9, 1.1, 1.3, 1.5, 1.7, 1.9];

/// The conditions of the source's tests.
pub fn test_conditions(respond_to: RespondTo) -> Vec<Condition> {
    let half = |start: f64| (0..10).map(move |k| (start + 0.8 * f64::from(k) / 10.0) * PI);
    matching::test_conditions(half(0.1).chain(half(1.1)), respond_to)
}

/// Checks a list of angles, in units of pi: some of either category.
pub fn validate_angles(angles: &[f64]) -> Result<(), TaskError> {
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

/// Sample and test stimulus, and the response to the latter or none. The angles are drawn from a list in units of pi.
pub fn plan(
    draw: &mut Draw<'_>,
    schedule: &Schedule,
    angles: &[f64],
    respond_to: RespondTo,
) -> Result<Plan, TaskError> {
    let wanted = matching::wanted(draw, respond_to)?;
    let shown = match [draw.given_angle("angle_1")?, draw.given_angle("angle_2")?] {
        [Some(first), Some(second)] => [first, second],
        [None, Some(second)] => [other(draw, angles, second, wanted), second],
        [first, None] => {
            let first = first.unwrap_or_else(|| PI * draw.rng.pick(angles).copied().unwrap_or(0.0));
            [first, other(draw, angles, first, wanted)]
        }
    };
    let is_match = matching::agree(is_same(shown[0], shown[1]), wanted)?;
    matching::plan(draw, schedule, shown, is_match, respond_to)
}

/// Whether two angles are of one category.
fn is_same(a: f64, b: f64) -> bool {
    (a < PI) == (b < PI)
}

/// One of the angles: any, or one of those that match another angle as they should.
fn other(draw: &mut Draw<'_>, angles: &[f64], known: f64, wanted: Option<bool>) -> f64 {
    let fits = |angle: &f64| wanted.is_none_or(|wanted| is_same(*angle, known) == wanted);
    let fitting: Vec<f64> = angles.iter().map(|angle| PI * angle).filter(fits).collect();
    // Both categories have angles, so there always is one.
    draw.rng.pick(&fitting).copied().unwrap_or(known)
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

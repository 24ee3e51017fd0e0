//! What the two delayed match-to-sample tasks share: a match is the same angle.
//!
//! ```text
//! angles     angle_1 uniform on the circle; angle_2 = angle_1 on a match, else angle_1 +- U(pi/9, 17 pi/9)
//! tests      angle_1 2 pi k / 20, k = 0 .. 19, in all four pairs of modalities
//! ```

use std::f64::consts::{PI, TAU};

use crate::{Condition, TaskError, ring};

use super::matching::{self, RespondTo};
use super::{Draw, Plan, Schedule};

/// The least distance of a test stimulus that does not match: 20 deg.
const NON_MATCH: f64 = PI / 9.0;

/// Angles that are given and closer than this match: 5 deg.
const SAME: f64 = PI / 36.0;

/// The conditions of the source's tests.
pub fn test_conditions(respond_to: RespondTo) -> Vec<Condition> {
    matching::test_conditions((0..20).map(|k| TAU * f64::from(k) / 20.0), respond_to)
}

/// Sample and test stimulus, and the response to the latter or none.
pub fn plan(draw: &mut Draw<'_>, schedule: &Schedule, respond_to: RespondTo) -> Result<Plan, TaskError> {
    let wanted = matching::wanted(draw, respond_to)?;
    let (angles, is_match) = match [draw.given_angle("angle_1")?, draw.given_angle("angle_2")?] {
        [Some(first), Some(second)] => ([first, second], matching::agree(ring::distance(first, second) < SAME, wanted)?),
        [first, second] => {
            let is_match = wanted.unwrap_or_else(|| draw.rng.chance(0.5));
            let known = first.or(second).unwrap_or_else(|| draw.any_angle());
            let other = if is_match { known } else { draw.angle_apart(known, NON_MATCH) };
            (if second.is_some() { [other, known] } else { [known, other] }, is_match)
        }
    };
    matching::plan(draw, schedule, angles, is_match, respond_to)
}

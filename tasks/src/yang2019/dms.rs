//! What the two delayed match-to-sample tasks share: a match is the same angle.
//!
//! ```text
//! angles     angle_1 uniform on the circle; angle_2 = angle_1 on a match, else angle_1 +- U(d, 360 deg - d)
//! tests      angle_1 2 pi k / 20, k = 0 .. 19, in all four pairs of modalities
//! ```

use std::f64::consts::{PI, TAU};

use crate::{Condition, TaskError, ring};

use super::matching::{self, RespondTo};
use super::{Draw, Plan, Schedule};

/// The least distance of a test stimulus that does not match in the code, deg.
pub const NON_MATCH: f64 = 20.0;

/// Angles that are given and closer than this match: 5 deg.
const SAME: f64 = PI / 36.0;

/// Checks a least distance, in degrees: one that is not taken for a match, and that a circle has room for.
pub fn validate_non_match(non_match: f64) -> Result<(), TaskError> {
    if non_match > 5.0 && non_match <= 180.0 {
        return Ok(());
    }
    let remedy = "give degrees, such as 20 or 10; angles that are less than 5 apart match";
    Err(TaskError::parameter("non_match", non_match, "must lie in (5, 180]", remedy))
}

/// The conditions of the source's tests.
pub fn test_conditions(respond_to: RespondTo) -> Vec<Condition> {
    matching::test_conditions((0..20).map(|k| TAU * f64::from(k) / 20.0), respond_to)
}

/// Sample and test stimulus, and the response to the latter or none.
/// What does not match is at least `non_match` degrees away.
pub fn plan(
    draw: &mut Draw<'_>,
    schedule: &Schedule,
    non_match: f64,
    respond_to: RespondTo,
) -> Result<Plan, TaskError> {
    let wanted = matching::wanted(draw, respond_to)?;
    let (angles, is_match) = match [draw.given_angle("angle_1")?, draw.given_angle("angle_2")?] {
        [Some(first), Some(second)] => {
            ([first, second], matching::agree(ring::distance(first, second) < SAME, wanted)?)
        }
        [first, second] => {
            let is_match = wanted.unwrap_or_else(|| draw.rng.chance(0.5));
            let known = first.or(second).unwrap_or_else(|| draw.any_angle());
            let other = if is_match { known } else { draw.angle_apart(known, non_match.to_radians()) };
            (if second.is_some() { [other, known] } else { [known, other] }, is_match)
        }
    };
    matching::plan(draw, schedule, angles, is_match, respond_to)
}

#[cfg(test)]
mod tests {
    use crate::yang2019::{DmsGo, DmsNoGo};
    use crate::{Split, Task, TrialRng};

    use super::*;

    /// The least distance of 500 samples from what does not match them, deg.
    fn least(task: &dyn Task) -> f64 {
        let asked = Condition::new().with("match", false);
        let apart = (0..500).map(|index| {
            let drawn =
                task.trial(Split::Train, Some(&asked), &mut TrialRng::new(0, "test", 0, index)).unwrap().condition;
            ring::distance(drawn.number("angle_1").unwrap(), drawn.number("angle_2").unwrap()).to_degrees()
        });
        apart.fold(180.0, f64::min)
    }

    #[test]
    fn non_matches_are_as_far_apart_as_in_the_code_or_as_in_the_paper() {
        assert_eq!(NON_MATCH.to_radians(), PI / 9.0, "the bits of the code's trials");
        // Of 500 uniform distances the least is about 160 / 500 deg above the limit.
        for (task, limit) in [
            (&DmsGo::default() as &dyn Task, 20.0),
            (&DmsNoGo::default(), 20.0),
            (&DmsGo { non_match: 10.0, ..DmsGo::default() }, 10.0),
            (&DmsNoGo { non_match: 180.0, ..DmsNoGo::default() }, 180.0),
        ] {
            let least = least(task);
            assert!(least > limit - 1e-9 && least < limit + 4.0, "{least} for {limit}");
        }
        for refused in [f64::NAN, 0.0, 5.0, 180.1] {
            assert!(validate_non_match(refused).is_err(), "{refused}");
        }
    }
}

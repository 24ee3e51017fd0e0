//! DMS and DNMS: remember a sample; respond to a second stimulus if its direction is the same (`dmsgo`) or another
//! (`dmsnogo`), else keep fixating.
//!
//! ```text
//! match      angle_1 U(0, 2 pi), angle_2 = angle_1
//! non-match  angle_2 = angle_1 +- U(d, 360 deg - d)
//! grid       samples 2 pi k / 20, k = 0 .. 19
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | R | `response` | ms | 500 |
//! | d | `non_match` | deg | 20 (paper: 10); more than 5, up to 180 |
//!
//! Angles that a condition gives match if they are less than 5 deg apart.
//!
//! Differences from the source: the non-matches of the paper are 10 to 350 deg apart (`non_match = 10.0`), those of the
//! code 20 to 340.
//!
//! ```
//! use std::f64::consts::PI;
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, yang2019::{DmsGo, DmsNoGo}};
//! let asked = |angle: f64| Condition::new().with("angle_1", 0.0).with("angle_2", angle);
//! // The angles after which the task responds and keeps fixating, and the outputs that prefer them.
//! for (task, [go, nogo], [at_go, at_nogo]) in
//!     [(&DmsGo::default() as &dyn Task, [0.0, PI], [1, 17]), (&DmsNoGo::default(), [PI, 0.0], [17, 1])]
//! {
//!     let after = |angle| task.trial(Split::Test, Some(&asked(angle)), &mut TrialRng::new(0, "doc", 0, 0));
//!     let (respond, keep) = (after(go)?, after(nogo)?);
//!     assert_eq!((respond.n_steps(), respond.correct, keep.correct), (135, Some(at_go), Some(0)));
//!     assert_eq!((respond.targets[[134, 0]], respond.targets[[134, at_go]]), (0.05, 0.85));
//!     assert_eq!((keep.targets[[134, 0]], keep.targets[[134, at_nogo]]), (0.8, 0.05));
//! }
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::f64::consts::{PI, TAU};

use serde::{Deserialize, Serialize};

use super::matching::agree;
use super::{Draw, MatchingTiming, Period, Similarity};
use crate::{Duration, TaskError, ring};

/// The least distance of a test stimulus that does not match in the code, deg.
pub const NON_MATCH: f64 = 20.0;

/// Angles that are given and closer than this match: 5 deg.
pub const SAME: f64 = PI / 36.0;

/// A match is the same angle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sample {
    /// The durations up to the second stimulus.
    #[serde(flatten)]
    pub timing: MatchingTiming,
    /// The second stimulus, and the response to it, ms.
    pub response: Duration,
    /// How far the second stimulus is from the first at least if it does not match, deg.
    pub non_match: f64,
}

impl Default for Sample {
    fn default() -> Self {
        Self { timing: MatchingTiming::default(), response: 500.0.into(), non_match: NON_MATCH }
    }
}

impl Similarity for Sample {
    const NAMES: [(&'static str, &'static str); 2] = [
        (
            "yang2019/dmsnogo",
            "Delayed non-match-to-sample: respond to a second stimulus if its direction is not that of the first, \
            else keep fixating",
        ),
        (
            "yang2019/dmsgo",
            "Delayed match-to-sample: respond to a second stimulus if its direction is that of the first, else keep \
            fixating",
        ),
    ];
    const HEADER: &'static str = include_str!("sample.rs");

    fn periods(&self) -> Vec<Period<'_>> {
        self.timing.periods(&self.response)
    }

    fn validate(&self) -> Result<(), TaskError> {
        validate_non_match(self.non_match)
    }

    fn samples() -> Vec<f64> {
        (0..20).map(|k| TAU * f64::from(k) / 20.0).collect()
    }

    fn angles(&self, draw: &mut Draw<'_>, wanted: Option<bool>) -> Result<([f64; 2], bool), TaskError> {
        match [draw.given_angle("angle_1")?, draw.given_angle("angle_2")?] {
            [Some(first), Some(second)] => Ok(([first, second], agree(ring::distance(first, second) < SAME, wanted)?)),
            [first, second] => {
                let is_match = wanted.unwrap_or_else(|| draw.rng.chance(0.5));
                let known = first.or(second).unwrap_or_else(|| draw.any_angle());
                let other = if is_match { known } else { draw.angle_apart(known, self.non_match.to_radians()) };
                Ok((if second.is_some() { [other, known] } else { [known, other] }, is_match))
            }
        }
    }
}

/// Checks a least distance, in degrees: one that is not taken for a match, and that a circle has room for.
pub fn validate_non_match(non_match: f64) -> Result<(), TaskError> {
    if non_match > 5.0 && non_match <= 180.0 {
        return Ok(());
    }
    let remedy = "give degrees, such as 20 or 10; angles that are less than 5 apart match";
    Err(TaskError::parameter("non_match", non_match, "must lie in (5, 180]", remedy))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yang2019::{DmsGo, DmsNoGo, GO, Matching, NO_GO, Ruled};
    use crate::{Condition, Split, Task, TrialRng};

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

    fn at_least<const GO_ON_MATCH: bool>(non_match: f64) -> Ruled<Matching<Sample, GO_ON_MATCH>> {
        let similarity = Sample { non_match, ..Sample::default() };
        Ruled { task: Matching { similarity }, ..Ruled::default() }
    }

    #[test]
    fn non_matches_are_as_far_apart_as_in_the_code_or_as_in_the_paper() {
        assert_eq!(NON_MATCH.to_radians(), PI / 9.0, "the bits of the code's trials");
        // Of 500 uniform distances the least is about 160 / 500 deg above the limit.
        for (task, limit) in [
            (&DmsGo::default() as &dyn Task, 20.0),
            (&DmsNoGo::default(), 20.0),
            (&at_least::<GO>(10.0), 10.0),
            (&at_least::<NO_GO>(180.0), 180.0),
        ] {
            let least = least(task);
            assert!(least > limit - 1e-9 && least < limit + 4.0, "{least} for {limit}");
        }
        for refused in [f64::NAN, 0.0, 5.0, 180.1] {
            assert!(validate_non_match(refused).is_err(), "{refused}");
        }
    }
}

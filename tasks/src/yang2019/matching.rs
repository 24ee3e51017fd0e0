//! What the four matching tasks share: sample and test stimulus, whether they match, and the response to the test
//! stimulus or none.
//!
//! ```text
//! angles     angle_1 of the sample, angle_2 of the test stimulus; each in modality 1 or 2 (drawn for the batch), whatever the other
//! match      in half of the trials       same angle (dms) or same half of the circle (dmc)
//! response   the test stimulus if the trial asks for it (on a match, or on a non-match), else fixation is kept to the end
//! fixation   the input stays on for the whole trial: the test stimulus itself is the go signal
//! ```
//!
//! Test trials are those that ask for a response, as in the source, unless their condition says otherwise. Without a
//! word about `match`, a condition that fixes both angles matches if they do: for dms, if they are less than 5 deg
//! apart.

use std::f64::consts::PI;

use crate::{Condition, Split, TaskError, Value, ring};

use super::{Draw, Plan, Schedule, Stimulus};

/// The variables of a trial: whether sample and test stimulus match, their angles and their modalities.
pub const VARIABLES: &[&str] = &["match", "angle_1", "angle_2", "modality_1", "modality_2"];

/// Half of the trials ask for a direction (right with probability 0.1), the others for fixation (0.5).
pub const CHANCE: f64 = 0.3;

/// Which trials ask for a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RespondTo {
    /// Those that match.
    Match,
    /// Those that do not.
    NonMatch,
}

impl RespondTo {
    /// Whether a trial asks for a response.
    fn asks(self, is_match: bool) -> bool {
        is_match == (self == Self::Match)
    }
}

/// The classes of trials: match and non-match.
pub fn classes() -> Vec<Condition> {
    [true, false].map(|is_match| Condition::new().with("match", is_match)).into()
}

/// These samples in either modality, followed by a test stimulus in either that asks for a response: the same one, or
/// its opposite.
pub fn test_conditions(samples: impl IntoIterator<Item = f64>, respond_to: RespondTo) -> Vec<Condition> {
    let is_match = respond_to.asks(true);
    let angles = |sample: f64| {
        let test = if is_match { sample } else { ring::wrapped(sample + PI) };
        Condition::new().with("match", is_match).with("angle_1", sample).with("angle_2", test)
    };
    let modalities = [(1.0, 1.0), (1.0, 2.0), (2.0, 1.0), (2.0, 2.0)];
    let conditions = samples.into_iter().flat_map(|sample| {
        modalities.map(|(first, second)| angles(sample).with("modality_1", first).with("modality_2", second))
    });
    conditions.collect()
}

/// Whether the trial should match, if anything says so before its angles are known.
pub fn wanted(draw: &Draw<'_>, respond_to: RespondTo) -> Result<Option<bool>, TaskError> {
    match draw.given("match") {
        Some(Value::Bool(is_match)) => Ok(Some(*is_match)),
        Some(other) => {
            Err(TaskError::condition("match", other, "must be true or false", "leave it out to have it drawn"))
        }
        None if draw.given("angle_1").is_some() && draw.given("angle_2").is_some() => Ok(None),
        None => Ok((draw.split == Split::Test).then(|| respond_to.asks(true))),
    }
}

/// Checks that two angles match as they should.
pub fn agree(is_match: bool, wanted: Option<bool>) -> Result<bool, TaskError> {
    if wanted.is_none_or(|wanted| wanted == is_match) {
        return Ok(is_match);
    }
    let remedy = "leave out `match`, or one of the angles, to have it follow from the others";
    Err(TaskError::condition("match", !is_match, "contradicts `angle_1` and `angle_2`", remedy))
}

/// Sample and test stimulus, and the response to the latter or none.
pub fn plan(
    draw: &mut Draw<'_>,
    schedule: &Schedule,
    angles: [f64; 2],
    is_match: bool,
    respond_to: RespondTo,
) -> Result<Plan, TaskError> {
    draw.record("match", is_match);
    draw.record("angle_1", angles[0]);
    draw.record("angle_2", angles[1]);
    let modalities = draw.modalities(["modality_1", "modality_2"])?;
    let stimulus = |k: usize, steps| Stimulus { modality: modalities[k], angle: angles[k], strength: 1.0, steps };
    Ok(Plan {
        stimuli: vec![stimulus(0, schedule.span("stim1")), stimulus(1, schedule.from("go1"))],
        fixation_stays: true,
        response: respond_to.asks(is_match).then_some(angles[1]),
    })
}

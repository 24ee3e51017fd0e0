//! What the six tasks with one stimulus share: its direction and modality, and the response towards it or away from it.
//!
//! ```text
//! stimulus   angle uniform on the circle, modality 1 or 2 (one for the batch), strength 1
//! response   pro: the angle of the stimulus      anti: the angle + pi
//! classes    the modality
//! tests      angle 2 pi k / 20, k = 0 .. 19, in either modality
//! ```

use std::f64::consts::{PI, TAU};
use std::ops::Range;

use crate::{Condition, TaskError, ring};

use super::{Draw, Plan, Stimulus};

/// The variables of a trial.
pub const VARIABLES: &[&str] = &["modality", "angle"];

/// Where the response goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Response {
    /// To the stimulus.
    Pro,
    /// Away from it.
    Anti,
}

/// The classes of trials: the two modalities.
pub fn classes() -> Vec<Condition> {
    [1.0, 2.0].map(|modality| Condition::new().with("modality", modality)).into()
}

/// 20 angles in either modality.
pub fn test_conditions() -> Vec<Condition> {
    let angle = |k| Condition::new().with("angle", TAU * f64::from(k) / 20.0);
    (0..20).flat_map(|k| [1.0, 2.0].map(|modality| angle(k).with("modality", modality))).collect()
}

/// One stimulus, shown at these steps, and the response to it.
pub fn plan(
    draw: &mut Draw<'_>,
    response: Response,
    steps: Range<usize>,
    fixation_stays: bool,
) -> Result<Plan, TaskError> {
    let [modality] = draw.modalities(["modality"])?;
    let angle = draw.given_angle("angle")?.unwrap_or_else(|| draw.any_angle());
    draw.record("angle", angle);
    let response = match response {
        Response::Pro => angle,
        Response::Anti => ring::wrapped(angle + PI),
    };
    Ok(Plan {
        stimuli: vec![Stimulus { modality, angle, strength: 1.0, steps }],
        fixation_stays,
        response: Some(response),
    })
}

//! Trials with one stimulus: report its angle, or the opposite one.
//!
//! ```text
//! variables   modality 1 or 2 | angle U(0, 2 pi)
//! stimulus    strength 1 in the modality
//! classes     the modality
//! grid        angles 2 pi k / 40, k = 0 .. 39, in either modality
//! ```

use std::f64::consts::{PI, TAU};

use super::{Draw, Modality, Plan, Stimulus};
use crate::{Condition, TaskError, ring};

/// The names of the variables.
pub const VARIABLES: &[&str] = &["modality", "angle"];

/// The angles of the grid.
const N_ANGLES: usize = 40;

/// Which angle is to be reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// That of the stimulus.
    Same,
    /// The opposite one.
    Opposite,
}

/// A trial whose stimulus comes on with `epoch` and stays for it, or to the end.
pub fn plan(draw: &mut Draw<'_>, epoch: &'static str, to_the_end: bool, report: Report) -> Result<Plan, TaskError> {
    let modality = draw.modality_or_either("modality")?;
    let angle = draw.angle_or_any("angle")?;
    Ok(Plan {
        condition: named(modality).with("angle", angle),
        stimuli: vec![Stimulus { epoch, to_the_end, modality, angle, strength: 1.0 }],
        response: Some(match report {
            Report::Same => angle,
            Report::Opposite => ring::wrapped(angle + PI),
        }),
        // A response that starts with the stimulus has no go signal besides it.
        fixation_goes_off: epoch != "response",
        correct: None,
    })
}

/// One for each modality.
pub fn conditions() -> Vec<Condition> {
    Modality::BOTH.map(named).into()
}

/// Angles around the circle in either modality.
pub fn grid() -> Vec<Condition> {
    angles(N_ANGLES).flat_map(|angle| Modality::BOTH.map(|modality| named(modality).with("angle", angle))).collect()
}

/// Angles evenly spaced around the circle.
pub(super) fn angles(n: usize) -> impl Iterator<Item = f64> {
    (0..n).map(move |k| TAU * k as f64 / n as f64)
}

fn named(modality: Modality) -> Condition {
    Condition::new().with("modality", modality.number())
}

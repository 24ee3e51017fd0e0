//! One stimulus: report its angle (go), or the opposite one (anti).
//!
//! ```text
//! stimulus    of strength 1 at `angle`, U(0, 2 pi), in `modality` 1 or 2
//! response    go: the angle of the stimulus      anti: that angle + pi
//! classes     the modality
//! grid        angles 2 pi k / 40, k = 0 .. 39, in either modality
//! ```

use std::f64::consts::{PI, TAU};
use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Definition, Draw, FAMILY, LAYOUT, Modality, PROTOCOL, Phase, Plan, SCORING, SOURCE, Stimulus};
use crate::{About, Condition, TaskError, ring};

/// When a single stimulus is shown.
pub trait Timing: Clone + Default + fmt::Debug + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Id and summary of the task that reports the angle, and of the one that reports the opposite.
    const NAMES: [(&'static str, &'static str); 2];
    /// The file with the definition in words.
    const HEADER: &'static str;
    /// The epoch with which the stimulus comes on.
    const SHOWN: &'static str;
    /// Whether it stays on to the end of the trial.
    const TO_THE_END: bool;

    /// The periods of a trial; the last is the response.
    fn phases(&self) -> Vec<Phase<'_>>;
}

/// A task with one stimulus.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Go<T, const IS_ANTI: bool> {
    /// The durations.
    pub timing: T,
}

impl<T: Timing, const IS_ANTI: bool> Definition for Go<T, IS_ANTI> {
    const ABOUT: About<'static> = {
        let (id, summary) = T::NAMES[IS_ANTI as usize];
        let shared = &[include_str!("go.rs"), LAYOUT, PROTOCOL, SCORING, SOURCE];
        About { id, summary, header: T::HEADER, shared, ..FAMILY }
    };
    const VARIABLES: &'static [&'static str] = &["modality", "angle"];

    fn phases(&self) -> Vec<Phase<'_>> {
        self.timing.phases()
    }

    fn conditions(&self) -> Vec<Condition> {
        Modality::BOTH.map(named).into()
    }

    fn grid(&self) -> Vec<Condition> {
        around_the_circle()
            .flat_map(|angle| Modality::BOTH.map(|modality| named(modality).with("angle", angle)))
            .collect()
    }

    fn plan(&self, draw: &mut Draw<'_>) -> Result<Plan, TaskError> {
        let modality = draw.modality_or_either("modality")?;
        let angle = draw.angle_or_any("angle")?;
        let (epoch, to_the_end) = (T::SHOWN, T::TO_THE_END);
        Ok(Plan {
            condition: named(modality).with("angle", angle),
            stimuli: vec![Stimulus { epoch, to_the_end, modality, angle, strength: 1.0 }],
            response: Some(if IS_ANTI { ring::wrapped(angle + PI) } else { angle }),
            // A response that starts with the stimulus has no go signal besides it.
            fixation_goes_off: epoch != "response",
            correct: None,
        })
    }
}

/// The 40 angles of the grids, rad.
pub(super) fn around_the_circle() -> impl Iterator<Item = f64> {
    (0..40).map(|k| TAU * f64::from(k) / 40.0)
}

fn named(modality: Modality) -> Condition {
    Condition::new().with("modality", modality.number())
}

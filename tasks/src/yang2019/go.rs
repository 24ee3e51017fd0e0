//! One stimulus: the response goes to it (go) or away from it (anti).
//!
//! ```text
//! stimulus   of strength 1 at `angle`, U(0, 2 pi), in `modality` 1 or 2
//! response   go: the angle of the stimulus      anti: that angle + pi
//! classes    the modality
//! grid       angle 2 pi k / 20, k = 0 .. 19, in either modality
//! ```
//!
//! Psychometric trials show modality 1 unless their condition names the other.

use std::f64::consts::{PI, TAU};
use std::fmt;
use std::ops::Range;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Definition, Draw, FAMILY, LAYOUT, Period, Plan, SCHEDULE, SCORING, SETTINGS, SOURCE, Schedule, Stimulus};
use crate::{About, Condition, TaskError, ring};

/// The response goes to the stimulus.
pub const PRO: bool = false;

/// The response goes away from the stimulus.
pub const ANTI: bool = true;

/// When a single stimulus is shown.
pub trait Timing: Clone + Default + fmt::Debug + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Id and summary of the task with a response to the stimulus, and of the one with a response away from it.
    const NAMES: [(&'static str, &'static str); 2];
    /// The file with the definition in words.
    const HEADER: &'static str;
    /// Whether the fixation input stays on after the go signal.
    const FIXATION_STAYS: bool = false;

    /// The periods of a trial; the last one starts with the go signal.
    fn periods(&self) -> Vec<Period<'_>>;

    /// When the stimulus is shown.
    fn shown(schedule: &Schedule) -> Range<usize>;
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
        let shared = &[include_str!("go.rs"), LAYOUT, SETTINGS, SCORING, SCHEDULE, SOURCE];
        About { id, summary, header: T::HEADER, shared, ..FAMILY }
    };
    const VARIABLES: &'static [&'static str] = &["modality", "angle"];

    fn periods(&self) -> Vec<Period<'_>> {
        self.timing.periods()
    }

    fn conditions(&self) -> Vec<Condition> {
        [1.0, 2.0].map(|modality| Condition::new().with("modality", modality)).into()
    }

    fn grid(&self) -> Vec<Condition> {
        let angle = |k| Condition::new().with("angle", TAU * f64::from(k) / 20.0);
        (0..20).flat_map(|k| [1.0, 2.0].map(|modality| angle(k).with("modality", modality))).collect()
    }

    fn plan(&self, draw: &mut Draw<'_>, schedule: &Schedule) -> Result<Plan, TaskError> {
        let [modality] = draw.modalities(["modality"])?;
        let angle = draw.given_angle("angle")?.unwrap_or_else(|| draw.any_angle());
        draw.record("angle", angle);
        Ok(Plan {
            stimuli: vec![Stimulus { modality, angle, strength: 1.0, steps: T::shown(schedule) }],
            fixation_stays: T::FIXATION_STAYS,
            response: Some(if IS_ANTI { ring::wrapped(angle + PI) } else { angle }),
        })
    }
}

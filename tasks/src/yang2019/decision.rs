//! Two stimuli that differ in strength: the response goes to the stronger.
//!
//! ```text
//! angles     angle_1 U(0, 2 pi), angle_2 = angle_1 +- U(pi/2, 3 pi/2), the same in both modalities
//! strengths  g + c at angle_1 and g - c at angle_2      g ~ U(0.8, 1.2), |c| one of `coherences`, either sign
//! response   angle_1 if the c that counts is positive, else angle_2
//! classes    the c that counts
//! grid       angle_1 2 pi k / 20, k = 0 .. 19, with angle_2 opposite; 5 values of c with g = 1, in each modality shown
//! ```
//!
//! A condition that gives a strength of its own may have any |c| up to it.

use std::f64::consts::{PI, TAU};
use std::fmt;
use std::ops::Range;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::draw::validate_coherences;
use super::{Definition, Draw, Evidence, FAMILY, Period, Plan, Schedule, Stimulus};
use crate::song2016::coherence::signed;
use crate::{About, Condition, TaskError, ring};

/// The names of mean strength and coherence in either modality, where both are shown.
pub(super) const BOTH: [[&str; 2]; 2] =
    [["modality_1_strength", "modality_1_coherence"], ["modality_2_strength", "modality_2_coherence"]];

/// When the two stimuli are shown. Several things differ with the number of modalities that are shown, 1 or 2.
pub trait Intervals: Clone + Default + fmt::Debug + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What the tasks with these intervals share in words: the file that tells of the intervals, and those of all.
    const SHARED: &'static [&'static str];
    /// Whether the second stimulus is shown after the first, not beside it.
    const IS_DELAYED: bool;
    /// The periods that show the first and the second stimulus.
    const SHOWN: [&'static str; 2];
    /// The published coherences.
    const COHERENCES: &'static [f64];
    /// The distance of the strengths of the grid where one modality is shown, and where both are.
    const GRID_STEPS: [f64; 2];

    /// The periods of a trial that shows so many modalities; the last one starts with the go signal.
    fn periods(&self, n_modalities: usize) -> Vec<Period<'_>>;
}

/// Which modalities show the two stimuli, and which one counts.
pub trait Modalities: Clone + Default + fmt::Debug + Send + Sync + 'static {
    /// Id and summary of the task with the stimuli beside each other, and of the one with a delay between them.
    const NAMES: [(&'static str, &'static str); 2];
    /// The file with the definition in words.
    const HEADER: &'static str;
    /// The names of the trial variables.
    const VARIABLES: &'static [&'static str];
    /// The variable whose sign says which stimulus is the stronger.
    const COHERENCE: &'static str;
    /// The number of modalities that are shown, 1 or 2.
    const N_SHOWN: usize;

    /// Draws and records what the modalities show; with it the coherence that counts.
    fn evidence(draw: &mut Draw<'_>, coherences: &[f64]) -> Result<(f64, [Option<Evidence>; 2]), TaskError>;

    /// This condition with each of the coherences in each modality that is shown, and a mean strength of 1.
    fn grid(condition: Condition, coherences: [f64; 5]) -> Vec<Condition>;
}

/// A decision between two stimuli.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Decision<T, M> {
    /// The durations.
    #[serde(flatten)]
    pub timing: T,
    /// Half the difference of the two strengths, each in (0, 0.8]; the sign is drawn.
    pub coherences: Vec<f64>,
    /// The modalities, which have no parameters.
    #[serde(skip)]
    pub modalities: M,
}

impl<T: Intervals, M: Modalities> Default for Decision<T, M> {
    fn default() -> Self {
        Self { timing: T::default(), coherences: T::COHERENCES.into(), modalities: M::default() }
    }
}

impl<T: Intervals, M: Modalities> Definition for Decision<T, M> {
    const ABOUT: About<'static> = {
        let (id, summary) = M::NAMES[T::IS_DELAYED as usize];
        About { id, summary, header: M::HEADER, shared: T::SHARED, ..FAMILY }
    };
    const VARIABLES: &'static [&'static str] = M::VARIABLES;

    fn periods(&self) -> Vec<Period<'_>> {
        self.timing.periods(M::N_SHOWN)
    }

    fn validate(&self) -> Result<(), TaskError> {
        validate_coherences(&self.coherences)
    }

    fn conditions(&self) -> Vec<Condition> {
        signed(&self.coherences).into_iter().map(|c| Condition::new().with(M::COHERENCE, c)).collect()
    }

    fn grid(&self) -> Vec<Condition> {
        // The strengths of the source's tests, 1 - 5/2 step + k step, k = 0 .. 4.
        let coherences = [-2.5, -1.5, -0.5, 0.5, 1.5].map(|steps| steps * T::GRID_STEPS[M::N_SHOWN - 1]);
        let angles = (0..20).map(|k| TAU * f64::from(k) / 20.0);
        let opposite =
            angles.map(|angle| Condition::new().with("angle_1", angle).with("angle_2", ring::wrapped(angle + PI)));
        opposite.flat_map(|condition| M::grid(condition, coherences)).collect()
    }

    fn plan(&self, draw: &mut Draw<'_>, schedule: &Schedule) -> Result<Plan, TaskError> {
        let (coherence, shown) = M::evidence(draw, &self.coherences)?;
        let angles = draw.two_angles()?;
        Ok(plan(shown, angles, T::SHOWN.map(|epoch| schedule.span(epoch)), coherence))
    }
}

/// Writes down the strengths in both modalities.
pub(super) fn record_both(draw: &mut Draw<'_>, shown: [Evidence; 2]) {
    for (names, evidence) in BOTH.into_iter().zip(shown) {
        draw.record_evidence(names, evidence);
    }
}

/// A condition with each of these coherences in either modality.
pub(super) fn grid_of_both(condition: Condition, coherences: [f64; 5]) -> Vec<Condition> {
    let add = |condition: Condition, [strength, coherence]: [&'static str; 2]| {
        coherences.map(|c| condition.clone().with(strength, 1.0).with(coherence, c))
    };
    add(condition, BOTH[0]).into_iter().flat_map(|condition| add(condition, BOTH[1])).collect()
}

/// Stimulus k at angle k in the modalities that show something; the response goes to the first if the coherence that
/// counts is positive.
fn plan(shown: [Option<Evidence>; 2], angles: [f64; 2], steps: [Range<usize>; 2], coherence: f64) -> Plan {
    let mut stimuli = Vec::with_capacity(4);
    for (modality, evidence) in shown.iter().enumerate() {
        let strengths = evidence.map(|evidence| evidence.strengths()).into_iter().flatten();
        let stimulus = |((strength, angle), steps)| Stimulus { modality, angle, strength, steps };
        stimuli.extend(strengths.zip(angles).zip(steps.clone()).map(stimulus));
    }
    Plan { stimuli, fixation_stays: false, response: Some(if coherence > 0.0 { angles[0] } else { angles[1] }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tie_goes_to_the_second_stimulus_as_in_the_source() {
        let tied = plan([None, None], [1.0, 2.0], [0..1, 0..1], 0.0);
        assert_eq!(tied.response, Some(2.0));
    }
}

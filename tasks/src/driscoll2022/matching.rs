//! Trials with two stimuli of which the second is reported or not, as it matches the first.
//!
//! ```text
//! variables   match | modality_1, modality_2 (of the first and the second stimulus, independent) | angle_1, angle_2
//! response    angle_2 from the second stimulus on, if they match (go rules) or do not (nogo rules); else fixation is kept to the end
//! choice      0 for a response, 1 for fixation
//! classes     match x modality_1 x modality_2
//! ```
//!
//! The second stimulus comes on with the response epoch and stays to the end; the fixation input never goes off.

use serde::{Deserialize, Serialize};

use super::{Answer, Draw, Modality, Phase, Plan, Stimulus};
use crate::{Condition, Duration, TaskError};

/// The names of the variables.
pub const VARIABLES: &[&str] = &["match", "modality_1", "modality_2", "angle_1", "angle_2"];

/// The durations of a match to a sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Matching {
    /// Until the first stimulus, ms.
    pub fixation: Duration,
    /// The same in tests, ms.
    pub fixation_test: f64,
    /// The first stimulus, ms.
    pub stimulus: Duration,
    /// The same in tests, ms.
    pub stimulus_test: f64,
    /// Between the stimuli, ms.
    pub delay: Duration,
    /// The same in tests, ms.
    pub delay_test: f64,
    /// The second stimulus and the response, ms.
    pub response: Duration,
    /// The same in tests, ms.
    pub response_test: f64,
}

impl Default for Matching {
    fn default() -> Self {
        Self {
            fixation: Duration::uniform(200.0, 600.0),
            fixation_test: 500.0,
            stimulus: Duration::uniform(200.0, 1600.0),
            stimulus_test: 500.0,
            delay: Duration::uniform(200.0, 1600.0),
            delay_test: 1200.0,
            response: Duration::uniform(300.0, 700.0),
            response_test: 500.0,
        }
    }
}

/// Two angles, and whether they match.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Angles {
    /// Of the first stimulus, rad.
    pub first: f64,
    /// Of the second stimulus, rad.
    pub second: f64,
    /// Whether they match.
    pub is_match: bool,
}

impl Matching {
    /// The periods of a trial.
    pub fn phases(&self) -> Vec<Phase<'_>> {
        vec![
            Phase { epoch: "fixation", field: "fixation", train: &self.fixation, test: self.fixation_test },
            Phase { epoch: "stimulus_1", field: "stimulus", train: &self.stimulus, test: self.stimulus_test },
            Phase { epoch: "delay", field: "delay", train: &self.delay, test: self.delay_test },
            Phase { epoch: "response", field: "response", train: &self.response, test: self.response_test },
        ]
    }
}

/// A trial of a rule that responds to matches, or to what does not match; `angles` draws them.
pub fn plan(
    draw: &mut Draw<'_>,
    go_on_match: bool,
    angles: impl Fn(&mut Draw<'_>) -> Result<Angles, TaskError>,
) -> Result<Plan, TaskError> {
    let modalities = [draw.modality_or_either("modality_1")?, draw.modality_or_either("modality_2")?];
    let angles = angles(draw)?;
    if draw.flag("match")?.is_some_and(|asked| asked != angles.is_match) {
        let remedy = "leave `match` or one of the angles out";
        return Err(TaskError::condition("match", !angles.is_match, "contradicts the angles", remedy));
    }
    let responds = angles.is_match == go_on_match;
    let stimulus = |epoch, to_the_end, modality, angle| Stimulus { epoch, to_the_end, modality, angle, strength: 1.0 };
    Ok(Plan {
        condition: named(angles.is_match, modalities).with("angle_1", angles.first).with("angle_2", angles.second),
        stimuli: vec![
            stimulus("stimulus_1", false, modalities[0], angles.first),
            stimulus("response", true, modalities[1], angles.second),
        ],
        response: responds.then_some(angles.second),
        fixation_goes_off: false,
        correct: Some(usize::from(!responds)),
    })
}

/// Match or not, in all pairs of modalities.
pub fn conditions() -> Vec<Condition> {
    [true, false].iter().flat_map(|&is_match| pairs_of_modalities().map(move |pair| named(is_match, pair))).collect()
}

/// Pairs of angles that ask for a response, in all pairs of modalities.
pub fn grid(is_match: bool, angles: impl Iterator<Item = [f64; 2]>) -> Vec<Condition> {
    let of = |[first, second]: [f64; 2]| {
        pairs_of_modalities().map(move |pair| named(is_match, pair).with("angle_1", first).with("angle_2", second))
    };
    angles.flat_map(of).collect()
}

/// 0 for a response, 1 for fixation.
pub fn choice(_: &Condition, answer: &Answer) -> Option<usize> {
    Some(usize::from(answer.fixating))
}

fn pairs_of_modalities() -> impl Iterator<Item = [Modality; 2]> {
    Modality::BOTH.into_iter().flat_map(|first| Modality::BOTH.map(|second| [first, second]))
}

fn named(is_match: bool, modalities: [Modality; 2]) -> Condition {
    Condition::new()
        .with("match", is_match)
        .with("modality_1", modalities[0].number())
        .with("modality_2", modalities[1].number())
}

//! Two stimuli of which the second is reported or not, as it matches the first.
//!
//! ```text
//! epochs     fixation | stimulus_1 | delay | response
//! signals    fixation input to the end | the first stimulus, at angle_1, in its epoch | the second, at angle_2, in the
//!            response
//!            each of strength 1 in its modality, 1 or 2; matches are across modalities, too
//! response   angle_2 if they match (go rules) or do not (nogo rules); else fixation is kept to the end
//! choice     0 for a response, 1 for fixation
//! classes    match x modality_1 x modality_2
//! grid       40 first stimuli in all pairs of modalities, each with a second one that asks for a response: angle_2 =
//!            angle_1 (go), or opposite (nogo)
//! ```
//!
//! | field | unit | published | tests |
//! |---|---|---|---|
//! | `fixation`, `fixation_test` | ms | U(200, 600) | 500 |
//! | `stimulus`, `stimulus_test` (the first) | ms | U(200, 1600) | 500 |
//! | `delay`, `delay_test` | ms | U(200, 1600) | 1200 |
//! | `response`, `response_test` | ms | U(300, 700) | 500 |
//!
//! Trial variables: `match`, true in half of the trials, `modality_1`, `modality_2` (1 or 2), `angle_1`, `angle_2`
//! (rad).

use std::f64::consts::PI;
use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Answer, Definition, Draw, FAMILY, LAYOUT, Modality, PROTOCOL, Phase, Plan, SCORING, SOURCE, Stimulus};
use crate::{About, Condition, Duration, TaskError, ring};

/// What makes the second stimulus match the first.
pub trait Similarity: Clone + Default + fmt::Debug + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Id and summary of the task that asks for a response on a non-match, and of the one that does on a match.
    const NAMES: [(&'static str, &'static str); 2];
    /// The file with the definition in words.
    const HEADER: &'static str;

    /// The durations.
    fn timing(&self) -> &MatchingTiming;

    /// Checks what is not a duration.
    fn validate(&self) -> Result<(), TaskError> {
        Ok(())
    }

    /// The first angles of the grid, rad.
    fn samples() -> Vec<f64>;

    /// Takes or draws the angles.
    fn angles(&self, draw: &mut Draw<'_>) -> Result<Angles, TaskError>;
}

/// A match to a sample, of which one outcome asks for a response.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Matching<S, const GO_ON_MATCH: bool> {
    /// The durations, and what is a match.
    pub similarity: S,
}

/// The durations of a match to a sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MatchingTiming {
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

impl Default for MatchingTiming {
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

impl MatchingTiming {
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

impl<S: Similarity, const GO_ON_MATCH: bool> Definition for Matching<S, GO_ON_MATCH> {
    const ABOUT: About<'static> = {
        let (id, summary) = S::NAMES[GO_ON_MATCH as usize];
        let shared = &[include_str!("matching.rs"), LAYOUT, PROTOCOL, SCORING, SOURCE];
        About { id, summary, header: S::HEADER, shared, ..FAMILY }
    };
    const VARIABLES: &'static [&'static str] = &["match", "modality_1", "modality_2", "angle_1", "angle_2"];
    const P_RESPONSE: f64 = 0.5;

    fn phases(&self) -> Vec<Phase<'_>> {
        self.similarity.timing().phases()
    }

    fn validate(&self) -> Result<(), TaskError> {
        self.similarity.validate()
    }

    fn conditions(&self) -> Vec<Condition> {
        let of = |is_match| pairs_of_modalities().map(move |pair| named(is_match, pair));
        [true, false].into_iter().flat_map(of).collect()
    }

    fn grid(&self) -> Vec<Condition> {
        let second = |first: f64| if GO_ON_MATCH { first } else { ring::wrapped(first + PI) };
        let of = |first| {
            pairs_of_modalities()
                .map(move |pair| named(GO_ON_MATCH, pair).with("angle_1", first).with("angle_2", second(first)))
        };
        S::samples().into_iter().flat_map(of).collect()
    }

    fn plan(&self, draw: &mut Draw<'_>) -> Result<Plan, TaskError> {
        let modalities = [draw.modality_or_either("modality_1")?, draw.modality_or_either("modality_2")?];
        let angles = self.similarity.angles(draw)?;
        if draw.flag("match")?.is_some_and(|asked| asked != angles.is_match) {
            let remedy = "leave `match` or one of the angles out";
            return Err(TaskError::condition("match", !angles.is_match, "contradicts the angles", remedy));
        }
        let responds = angles.is_match == GO_ON_MATCH;
        let stimulus =
            |epoch, to_the_end, modality, angle| Stimulus { epoch, to_the_end, modality, angle, strength: 1.0 };
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

    /// 0 for a response, 1 for fixation.
    fn choice(_: &Condition, answer: &Answer) -> Option<usize> {
        Some(usize::from(answer.fixating))
    }
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

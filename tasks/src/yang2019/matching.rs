//! A sample to be remembered, and a test stimulus: respond to it or not, as it matches the sample.
//!
//! ```text
//! epochs     fix1 F | stim1 S | delay1 D | go1 R           tests 500 | 500 | 1200 | 500 ms
//! inputs     fixation 1 for the whole trial: the test stimulus is the go signal
//!            of strength 1: the sample at angle_1 in stim1, the test stimulus at angle_2 in go1, each in its modality
//! response   angle_2 on a match (go) or on a non-match (nogo); on the other trials none: fixation is kept to the end
//! classes    match, non-match
//! grid       20 samples in all four pairs of modalities, each with a test stimulus that asks for a response: angle_2 =
//!            angle_1 (go), or opposite (nogo)
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | F | `fixation` | ms | 200, 400 or 600 |
//! | S | `stimulus` | ms | 200, 400 or 600 |
//! | D | `delay` | ms | 200, 400, 800 or 1600 |
//!
//! Trial variables: `match`, true in half of the trials; `angle_1`, `angle_2` (rad); `modality_1` and `modality_2` of
//! the two stimuli, 1 or 2, one pair for all trials of a batch. Test trials ask for a response unless their condition
//! says otherwise, as in the code. Without a word about `match`, a condition that fixes both angles matches if they do.
//!
//! A test condition that names `stimulus_duration` or `delay` (ms) has the timing of the psychometric trials: 500,
//! `stimulus_duration` (300), `delay` (1200), 500 ms, and modality 1 unless it names one.

use std::f64::consts::PI;
use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Definition, Draw, FAMILY, LAYOUT, Period, Plan, SCHEDULE, SCORING, SETTINGS, SOURCE, Schedule, Stimulus};
use crate::{About, Condition, Duration, Split, TaskError, Value, ring};

/// A match asks for a response.
pub const GO: bool = true;

/// A non-match asks for a response.
pub const NO_GO: bool = false;

/// What makes a test stimulus match the sample.
pub trait Similarity: Clone + Default + fmt::Debug + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Id and summary of the task that asks for a response on a non-match, and of the one that does on a match.
    const NAMES: [(&'static str, &'static str); 2];
    /// The file with the definition in words.
    const HEADER: &'static str;

    /// The periods of a trial.
    fn periods(&self) -> Vec<Period<'_>>;

    /// Checks what is not a duration.
    fn validate(&self) -> Result<(), TaskError>;

    /// The samples of the source's tests, rad.
    fn samples() -> Vec<f64>;

    /// Takes or draws the angles of sample and test stimulus, rad, and says whether they match; as wanted, if anything
    /// is.
    fn angles(&self, draw: &mut Draw<'_>, wanted: Option<bool>) -> Result<([f64; 2], bool), TaskError>;
}

/// A match to a sample, of which one outcome asks for a response.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Matching<S, const GO_ON_MATCH: bool> {
    /// The durations, and what is a match.
    pub similarity: S,
}

/// The durations up to the test stimulus.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MatchingTiming {
    /// Before the sample, ms.
    pub fixation: Duration,
    /// The sample, ms.
    pub stimulus: Duration,
    /// Between sample and test stimulus, ms.
    pub delay: Duration,
}

impl Default for MatchingTiming {
    fn default() -> Self {
        Self {
            fixation: Duration::one_of([200.0, 400.0, 600.0]),
            stimulus: Duration::one_of([200.0, 400.0, 600.0]),
            delay: Duration::one_of([200.0, 400.0, 800.0, 1600.0]),
        }
    }
}

impl MatchingTiming {
    /// fix1 | stim1 | delay1 | go1
    pub fn periods<'a>(&'a self, response: &'a Duration) -> Vec<Period<'a>> {
        vec![
            Period::new("fix1", "fixation", &self.fixation, 500.0, 500.0),
            Period::new("stim1", "stimulus", &self.stimulus, 500.0, 300.0).named("stimulus_duration"),
            Period::new("delay1", "delay", &self.delay, 1200.0, 1200.0).named("delay"),
            Period::new("go1", "response", response, 500.0, 500.0),
        ]
    }
}

impl<S: Similarity, const GO_ON_MATCH: bool> Definition for Matching<S, GO_ON_MATCH> {
    const ABOUT: About<'static> = {
        let (id, summary) = S::NAMES[GO_ON_MATCH as usize];
        let shared = &[include_str!("matching.rs"), LAYOUT, SETTINGS, SCORING, SCHEDULE, SOURCE];
        About { id, summary, header: S::HEADER, shared, ..FAMILY }
    };
    const VARIABLES: &'static [&'static str] = &["match", "angle_1", "angle_2", "modality_1", "modality_2"];
    /// Half of the trials ask for a direction (right with probability 0.1), the others for fixation (0.5).
    const CHANCE: f64 = 0.3;

    fn periods(&self) -> Vec<Period<'_>> {
        self.similarity.periods()
    }

    fn validate(&self) -> Result<(), TaskError> {
        self.similarity.validate()
    }

    fn conditions(&self) -> Vec<Condition> {
        [true, false].map(|is_match| Condition::new().with("match", is_match)).into()
    }

    fn grid(&self) -> Vec<Condition> {
        let angles = |sample: f64| {
            let test = if GO_ON_MATCH { sample } else { ring::wrapped(sample + PI) };
            Condition::new().with("match", GO_ON_MATCH).with("angle_1", sample).with("angle_2", test)
        };
        let modalities = [(1.0, 1.0), (1.0, 2.0), (2.0, 1.0), (2.0, 2.0)];
        let conditions = S::samples().into_iter().flat_map(|sample| {
            modalities.map(|(first, second)| angles(sample).with("modality_1", first).with("modality_2", second))
        });
        conditions.collect()
    }

    fn plan(&self, draw: &mut Draw<'_>, schedule: &Schedule) -> Result<Plan, TaskError> {
        let wanted = wanted(draw, GO_ON_MATCH)?;
        let (angles, is_match) = self.similarity.angles(draw, wanted)?;
        draw.record("match", is_match);
        draw.record("angle_1", angles[0]);
        draw.record("angle_2", angles[1]);
        let modalities = draw.modalities(["modality_1", "modality_2"])?;
        let stimulus = |k: usize, steps| Stimulus { modality: modalities[k], angle: angles[k], strength: 1.0, steps };
        Ok(Plan {
            stimuli: vec![stimulus(0, schedule.span("stim1")), stimulus(1, schedule.from("go1"))],
            fixation_stays: true,
            response: (is_match == GO_ON_MATCH).then_some(angles[1]),
        })
    }
}

/// Whether the trial should match, if anything says so before its angles are known.
fn wanted(draw: &Draw<'_>, go_on_match: bool) -> Result<Option<bool>, TaskError> {
    match draw.given("match") {
        Some(Value::Bool(is_match)) => Ok(Some(*is_match)),
        Some(other) => {
            Err(TaskError::condition("match", other, "must be true or false", "leave it out to have it drawn"))
        }
        None if draw.given("angle_1").is_some() && draw.given("angle_2").is_some() => Ok(None),
        None => Ok((draw.split == Split::Test).then_some(go_on_match)),
    }
}

/// Checks that two angles match as they should.
pub(super) fn agree(is_match: bool, wanted: Option<bool>) -> Result<bool, TaskError> {
    if wanted.is_none_or(|wanted| wanted == is_match) {
        return Ok(is_match);
    }
    let remedy = "leave out `match`, or one of the angles, to have it follow from the others";
    Err(TaskError::condition("match", !is_match, "contradicts `angle_1` and `angle_2`", remedy))
}

//! Trials with two stimuli in sequence: report the angle of the stronger.
//!
//! ```text
//! angles      angle_1 U(0, 2 pi) | angle_2 = angle_1 +- U(pi/2, 3 pi/2)
//! strengths   g + c and g - c                  g = strength, U(0.8, 1.2) | c = coherence, +- U(0.005, 0.8)
//! stronger    1 if c > 0, else 2 (a tie, which is never drawn, counts for the second, as in the code)
//! choice      0 if the response is nearer to angle_1, 1 if nearer to angle_2; none while fixating
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | g | `strength_min`, `strength_max` | input units | 0.8 to 1.2 |
//! | \|c\| | `coherence_min`, `coherence_max` | input units | 0.005 to 0.8 |
//!
//! Where both modalities are shown with strengths of their own, the variables `stronger`, `strength` and `coherence`
//! end in `_modality_1` and `_modality_2`.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use super::single::angles;
use super::{Answer, Draw, Modality, Phase, Stimulus};
use crate::error::rules;
use crate::{Condition, Duration, TaskError, ring};

/// The angles of the grid.
const N_ANGLES: usize = 40;
/// How far apart the two angles are, rad.
const APART: (f64, f64) = (0.5 * PI, 1.5 * PI);

/// The durations and strengths of a comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Comparison {
    /// Until the first stimulus, ms.
    pub fixation: Duration,
    /// The same in tests, ms.
    pub fixation_test: f64,
    /// Each of the stimuli, ms.
    pub stimulus: Duration,
    /// The same in tests, ms.
    pub stimulus_test: f64,
    /// Between the stimuli, ms.
    pub delay: Duration,
    /// The same in tests, ms.
    pub delay_test: f64,
    /// From the second stimulus to the response, ms.
    pub wait: Duration,
    /// Response, ms.
    pub response: Duration,
    /// The smallest mean strength of the two stimuli.
    pub strength_min: f64,
    /// The largest.
    pub strength_max: f64,
    /// The smallest distance of a strength from the mean.
    pub coherence_min: f64,
    /// The largest.
    pub coherence_max: f64,
}

impl Default for Comparison {
    fn default() -> Self {
        Self {
            fixation: Duration::uniform(200.0, 600.0),
            fixation_test: 500.0,
            stimulus: Duration::uniform(200.0, 1600.0),
            stimulus_test: 500.0,
            delay: Duration::uniform(200.0, 1600.0),
            delay_test: 1000.0,
            wait: Duration::uniform(100.0, 300.0),
            response: Duration::uniform(300.0, 700.0),
            strength_min: 0.8,
            strength_max: 1.2,
            coherence_min: 0.005,
            coherence_max: 0.8,
        }
    }
}

/// The names of the variables of a pair of strengths.
#[derive(Clone, Copy, Debug)]
pub struct Names {
    /// Which stimulus is the stronger, 1 or 2.
    pub stronger: &'static str,
    /// The mean.
    pub strength: &'static str,
    /// The distance of the first from the mean.
    pub coherence: &'static str,
}

/// The only pair of a trial.
pub const PAIR: Names = Names { stronger: "stronger", strength: "strength", coherence: "coherence" };

/// The strengths of the two stimuli.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// Their mean.
    pub strength: f64,
    /// The distance of the first from the mean.
    pub coherence: f64,
}

/// The strengths of both stimuli (last index) in both modalities, of the grids with two modalities.
pub const STRENGTHS: [[[f64; 2]; 2]; 16] = {
    let first = [0.8, 0.9, 1.0, 1.1];
    let mut all = [[[0.0; 2]; 2]; 16];
    let mut i = 0;
    while i < 16 {
        all[i] = [[first[i / 4], 2.0 - first[i / 4]], [first[i % 4], 2.0 - first[i % 4]]];
        i += 1;
    }
    all
};

impl Pair {
    /// The pair with these strengths.
    pub fn of([first, second]: [f64; 2]) -> Self {
        Self { strength: (first + second) / 2.0, coherence: (first - second) / 2.0 }
    }

    /// The strengths of the first and the second stimulus.
    pub fn strengths(self) -> [f64; 2] {
        [self.strength + self.coherence, self.strength - self.coherence]
    }

    /// 0 if the first stimulus is the stronger, 1 if the second.
    pub fn stronger(self) -> usize {
        usize::from(self.coherence <= 0.0)
    }

    /// The condition with the variables of this pair.
    pub fn named(self, condition: Condition, names: Names) -> Condition {
        let stronger = (self.stronger() + 1) as f64;
        condition
            .with(names.stronger, stronger)
            .with(names.strength, self.strength)
            .with(names.coherence, self.coherence)
    }
}

impl Comparison {
    /// The periods of a trial; the tasks differ in the last two of tests (ms).
    pub fn phases(&self, wait_test: f64, response_test: f64) -> Vec<Phase<'_>> {
        let stimulus = |epoch| Phase { epoch, field: "stimulus", train: &self.stimulus, test: self.stimulus_test };
        vec![
            Phase { epoch: "fixation", field: "fixation", train: &self.fixation, test: self.fixation_test },
            stimulus("stimulus_1"),
            Phase { epoch: "delay", field: "delay", train: &self.delay, test: self.delay_test },
            stimulus("stimulus_2"),
            Phase { epoch: "wait", field: "wait", train: &self.wait, test: wait_test },
            Phase { epoch: "response", field: "response", train: &self.response, test: response_test },
        ]
    }

    /// Checks the strengths.
    pub fn validate(&self) -> Result<(), TaskError> {
        rules::positive("coherence_min", self.coherence_min)?;
        for (field, max, min) in [
            ("strength_max", self.strength_max, self.strength_min),
            ("coherence_max", self.coherence_max, self.coherence_min),
        ] {
            rules::finite(field, max)?;
            if max < min {
                return Err(TaskError::parameter(
                    field,
                    max,
                    "must not be less than the smallest",
                    format!("give at least {min}"),
                ));
            }
        }
        rules::positive("strength_min", self.strength_min)?;
        if self.strength_min < self.coherence_max {
            let remedy = format!(
                "give at least `coherence_max` = {}: the weaker stimulus has their difference",
                self.coherence_max
            );
            return Err(TaskError::parameter("strength_min", self.strength_min, "makes a strength negative", remedy));
        }
        Ok(())
    }

    /// Draws two angles.
    pub fn angles(draw: &mut Draw<'_>) -> Result<[f64; 2], TaskError> {
        let apart = draw.rng.between(APART.0, APART.1) * draw.sign();
        let (first, second) = (draw.angle("angle_1")?, draw.angle("angle_2")?);
        let first = match (first, second) {
            (Some(first), _) => first,
            (None, Some(second)) => ring::wrapped(second - apart),
            (None, None) => draw.angle_or_any("angle_1")?,
        };
        Ok([first, second.unwrap_or(ring::wrapped(first + apart))])
    }

    /// Draws the strengths of a pair.
    pub fn pair(&self, draw: &mut Draw<'_>, names: Names) -> Result<Pair, TaskError> {
        let drawn = draw.rng.between(self.strength_min, self.strength_max);
        let (size, sign) = (draw.rng.between(self.coherence_min, self.coherence_max), draw.sign());
        let (strength, coherence) = (draw.number(names.strength)?, draw.number(names.coherence)?);
        // Whatever is drawn, the weaker stimulus must have a strength of its own.
        if strength.unwrap_or(self.strength_min) < coherence.map_or(self.coherence_max, f64::abs) {
            let (name, value) =
                strength.map_or((names.coherence, coherence), |strength| (names.strength, Some(strength)));
            let remedy =
                "give a strength of at least the size of the coherence: the weaker stimulus has their difference";
            return Err(TaskError::condition(
                name,
                value.unwrap_or(self.coherence_max),
                "makes a strength negative",
                remedy,
            ));
        }
        let first_is_stronger = draw.one_or_two(names.stronger)?;
        let sign = first_is_stronger.map_or(sign, |first| if first { 1.0 } else { -1.0 });
        let strength = strength.unwrap_or(drawn);
        let pair = Pair { strength, coherence: coherence.unwrap_or(sign * size) };
        match first_is_stronger {
            Some(first) if first != (pair.stronger() == 0) => {
                let remedy = "the first stimulus is the stronger if its coherence is positive: leave one of them out";
                Err(TaskError::condition(names.stronger, 2 - u8::from(first), "contradicts the coherence", remedy))
            }
            _ => Ok(pair),
        }
    }
}

/// The condition with these angles.
pub fn named(angles: [f64; 2]) -> Condition {
    Condition::new().with("angle_1", angles[0]).with("angle_2", angles[1])
}

/// A condition with the variables of another one added.
pub fn joined(condition: Condition, other: &Condition) -> Condition {
    other.iter().fold(condition, |condition, (name, value)| condition.with(name.to_owned(), value.clone()))
}

/// The first stimulus is the stronger, or the second.
pub fn either(names: Names) -> [Condition; 2] {
    [1.0, 2.0].map(|stronger| Condition::new().with(names.stronger, stronger))
}

/// The two stimuli of a pair in a modality.
pub fn stimuli(modality: Modality, angles: [f64; 2], strengths: [f64; 2]) -> [Stimulus; 2] {
    let shown = |epoch, angle, strength| Stimulus { epoch, to_the_end: false, modality, angle, strength };
    [shown("stimulus_1", angles[0], strengths[0]), shown("stimulus_2", angles[1], strengths[1])]
}

/// Pairs of opposite angles, the first around the circle, each with these conditions added.
pub fn grid(pairs: &[Condition]) -> Vec<Condition> {
    let opposite = |angle| named([angle, ring::wrapped(angle + PI)]);
    angles(N_ANGLES).flat_map(|angle| pairs.iter().map(move |pair| joined(opposite(angle), pair))).collect()
}

/// The stimulus whose angle is nearer to the response.
pub fn choice(condition: &Condition, answer: &Answer) -> Option<usize> {
    let apart = |name| condition.number(name).map(|angle| ring::distance(angle, answer.angle));
    let (first, second) = (apart("angle_1")?, apart("angle_2")?);
    (!answer.fixating).then_some(usize::from(second < first))
}

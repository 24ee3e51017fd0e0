//! Two stimuli in sequence, of which the stronger is to be reported: their durations, angles and strengths.
//!
//! ```text
//! epochs     fixation | stimulus_1 | delay | stimulus_2 | wait | response
//! signals    fixation input to the response | stimulus_k at angle_k in its epoch
//! angles     angle_1 U(0, 2 pi) | angle_2 = angle_1 +- U(pi/2, 3 pi/2)
//! strengths  g + c and g - c                  g = `strength`, U(0.8, 1.2) | c = `coherence`, +- U(0.005, 0.8)
//! stronger   1 if c > 0, else 2 (a tie, which is never drawn, counts for the second, as in the code)
//! response   the angle of the stronger
//! choice     0 if the response is nearer to angle_1, 1 if nearer to angle_2; none while fixating
//! grid       40 pairs of opposite angles, angle_1 2 pi k / 40, k = 0 .. 39, each with several strengths
//! ```
//!
//! | symbol | field | unit | published | tests |
//! |---|---|---|---|---|
//! | | `fixation`, `fixation_test` | ms | U(200, 600) | 500 |
//! | | `stimulus`, `stimulus_test` (each) | ms | U(200, 1600) | 500 |
//! | | `delay`, `delay_test` | ms | U(200, 1600) | 1000 |
//! | | `wait`, `wait_test` | ms | U(100, 300) | 200, or 500 with both modalities |
//! | | `response`, `response_test` | ms | U(300, 700) | 300, or 500 with both modalities |
//! | g | `strength_min`, `strength_max` | input units | 0.8 to 1.2 | |
//! | \|c\| | `coherence_min`, `coherence_max` | input units | 0.005 to 0.8 | |

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use super::{Draw, Phase};
use crate::error::rules;
use crate::yang2019::Evidence;
use crate::{Condition, Duration, TaskError, ring};

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
    pub fn pair(&self, draw: &mut Draw<'_>, names: Names) -> Result<Evidence, TaskError> {
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
        let pair = Evidence { strength, coherence: coherence.unwrap_or(sign * size) };
        match first_is_stronger {
            Some(first) if first != (stronger(pair) == 0) => {
                let remedy = "the first stimulus is the stronger if its coherence is positive: leave one of them out";
                Err(TaskError::condition(names.stronger, 2 - u8::from(first), "contradicts the coherence", remedy))
            }
            _ => Ok(pair),
        }
    }
}

/// 0 if the first stimulus is the stronger, 1 if the second.
pub(super) fn stronger(pair: Evidence) -> usize {
    usize::from(pair.coherence <= 0.0)
}

/// A condition with the variables of this pair.
pub(super) fn with_pair(condition: Condition, names: Names, pair: Evidence) -> Condition {
    condition
        .with(names.stronger, (stronger(pair) + 1) as f64)
        .with(names.strength, pair.strength)
        .with(names.coherence, pair.coherence)
}

/// The first stimulus is the stronger, or the second.
pub(super) fn either(names: Names) -> [Condition; 2] {
    [1.0, 2.0].map(|stronger| Condition::new().with(names.stronger, stronger))
}

//! Orientations to be given back after a delay.
//!
//! ```text
//! signals   stimulus: each location shows an orientation s, independent and uniform in [0, pi)
//! targets   the orientation s that is asked for, at all times;  with `target` = "double_angle" cos 2s and sin 2s
//! correct   at the answer's step every answer is within `tolerance` of its orientation; 0 and pi are the same one
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | kappa | `kappa`, of the tuning | | 2 |
//! | tolerance | `tolerance` | rad | none; pi / 10 here |
//! | | `target` | | `angle` |
//!
//! Differences from the source, for all tasks with orientations: it minimises the mean of |z - s| mod pi, for which the
//! squared error stands here. It measures its loss, relative to that of an observer who decodes the spikes, and has no
//! rule for a correct trial.

use std::f64::consts::PI;

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::Tuning;
use super::target::{self, Target};
use crate::error::rules;
use crate::{Channel, Condition, Score, TaskError, TrialRng, TrialView, rms_error};

/// What the estimation tasks have in common.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Estimation {
    /// The sharpness of the tuning.
    pub kappa: f64,
    /// How far a correct answer may be off, rad, at most pi / 2.
    pub tolerance: f64,
    /// What the outputs are to give back of an orientation.
    pub target: Target,
}

impl Default for Estimation {
    fn default() -> Self {
        Self { kappa: 2.0, tolerance: PI / 10.0, target: Target::Angle }
    }
}

impl Estimation {
    /// Checks the fields.
    pub(super) fn validate(&self) -> Result<(), TaskError> {
        rules::not_negative("kappa", self.kappa)?;
        rules::positive("tolerance", self.tolerance)?;
        if self.tolerance > PI / 2.0 {
            let remedy = "no orientation is farther from another than that";
            return Err(TaskError::parameter("tolerance", self.tolerance, "must be at most pi / 2", remedy));
        }
        Ok(())
    }

    /// What the channels of a location respond to.
    pub(super) fn tuning(&self) -> Tuning {
        Tuning::Orientation { kappa: self.kappa }
    }

    /// The outputs that give back these variables.
    pub(super) fn outputs(&self, names: &[&str]) -> Vec<Channel> {
        names.iter().flat_map(|name| self.target.channels(name)).collect()
    }

    /// The targets of the outputs that give back these orientations.
    pub(super) fn targets(&self, orientations: &[f64]) -> Vec<f64> {
        orientations.iter().flat_map(|&orientation| self.target.of(orientation)).collect()
    }

    /// Whether every answer is close enough to its target.
    pub(super) fn score(&self, step: Option<usize>, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        let answer = step.and_then(|step| {
            let (answer, targets) = (outputs.outer_iter().nth(step)?, trial.targets.outer_iter().nth(step)?);
            let apart = self.target.errors(answer, targets);
            Some(answer.len() == targets.len() && apart.iter().all(|apart| *apart <= self.tolerance))
        });
        let right = answer.unwrap_or(false);
        Score { correct: Some(right), error: rms_error(trial, outputs), ..Score::default() }
    }

    /// The chance that random numbers in [0, 1) are close to one orientation.
    pub(super) fn chance(&self) -> f64 {
        target::chance(self.tolerance)
    }
}

/// The orientation that the condition asks for, or any.
pub(super) fn orientation(name: &str, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<f64, TaskError> {
    match condition.map_or(Ok(None), |condition| condition.finite_number(name))? {
        None => Ok(rng.between(0.0, PI)),
        Some(given) if (0.0..PI).contains(&given) => Ok(given),
        Some(given) => Err(TaskError::condition(name, given, "must lie in [0, pi)", "give an orientation in radians")),
    }
}

/// `n` orientations, evenly spaced.
pub(super) fn evenly(n: usize) -> impl Iterator<Item = f64> + Clone {
    (0..n).map(move |k| PI * k as f64 / n as f64)
}

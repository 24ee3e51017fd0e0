//! Orientations to be given back after a delay.
//!
//! ```text
//! signals   stimulus: the channels of each location fire for its orientation, uniform in [0, pi)
//!           delay and response: all fire spontaneously
//! targets   the orientation s that is asked for, at all times;  with `target` = "double_angle" cos 2s and sin 2s
//! graded    the response
//! correct   at the 5th step from the end every answer is within `tolerance` of its orientation; 0 and pi are the same orientation
//! answer    the output;  with `target` = "double_angle" atan2(sin, cos) / 2 of its two outputs
//! ```

use std::f64::consts::PI;
use std::ops::Range;

use ndarray::{Array2, ArrayView2, s};
use serde::{Deserialize, Serialize};

use super::target::{self, Target};
use super::timing::Periods;
use super::{Spikes, Timing, Tuning};
use crate::error::rules;
use crate::{Channel, Condition, Score, TaskError, Trial, TrialRng, TrialView, rms_error};

/// What the estimation tasks have in common.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Estimation {
    /// When things happen.
    #[serde(flatten)]
    pub timing: Timing,
    /// How much the channels fire.
    #[serde(flatten)]
    pub spikes: Spikes,
    /// The sharpness of the tuning.
    pub kappa: f64,
    /// How far a correct answer may be off, rad, at most pi / 2.
    pub tolerance: f64,
    /// What the outputs are to give back of an orientation.
    pub target: Target,
}

impl Default for Estimation {
    fn default() -> Self {
        Self {
            timing: Timing::default(),
            spikes: Spikes::default(),
            kappa: 2.0,
            tolerance: PI / 10.0,
            target: Target::Angle,
        }
    }
}

impl Estimation {
    /// Checks the fields.
    pub(crate) fn validate(&self) -> Result<(), TaskError> {
        self.timing.validate()?;
        self.spikes.validate()?;
        rules::not_negative("kappa", self.kappa)?;
        rules::positive("tolerance", self.tolerance)?;
        if self.tolerance > PI / 2.0 {
            let remedy = "no orientation is farther from another than that";
            return Err(TaskError::parameter("tolerance", self.tolerance, "must be at most pi / 2", remedy));
        }
        Ok(())
    }

    /// Inputs in which each location has shown its orientation, and all have fired through the delay; nothing in the
    /// response yet.
    pub(crate) fn inputs(&self, periods: &Periods, orientations: &[f64], rng: &mut TrialRng) -> Array2<f32> {
        let tuning = Tuning::Orientation { kappa: self.kappa };
        let mut inputs = Array2::zeros((periods.n_steps(), self.timing.n_channels * orientations.len()));
        for (location, &orientation) in orientations.iter().enumerate() {
            self.spikes.show(&mut inputs, &periods.stimulus, self.channels(location), (tuning, orientation), rng);
        }
        self.spikes.delay(&mut inputs, periods, rng);
        inputs
    }

    /// The channels of a location.
    pub(crate) fn channels(&self, location: usize) -> Range<usize> {
        location * self.timing.n_channels..(location + 1) * self.timing.n_channels
    }

    /// The trial that asks for all orientations shown, one at each location; `named` are their variables.
    pub(crate) fn recall(
        &self,
        named: &[&'static str],
        condition: Option<&Condition>,
        rng: &mut TrialRng,
    ) -> Result<Trial, TaskError> {
        condition.map_or(Ok(()), |condition| condition.allow(named))?;
        let orientations = named.iter().map(|name| orientation(name, condition, rng)).collect::<Result<Vec<_>, _>>()?;
        let periods = self.timing.draw(rng)?;
        let mut inputs = self.inputs(&periods, &orientations, rng);
        let channels = 0..inputs.ncols();
        self.spikes.rest(&mut inputs, &periods.response, channels, 1.0, rng);
        let condition = named
            .iter()
            .zip(&orientations)
            .fold(Condition::new(), |condition, (&name, &value)| condition.with(name, value));
        Ok(self.trial(periods, inputs, &orientations, condition))
    }

    /// The outputs that give back these variables.
    pub(crate) fn outputs(&self, names: &[&str]) -> Vec<Channel> {
        names.iter().flat_map(|name| self.target.channels(name)).collect()
    }

    /// The trial that asks for these orientations.
    pub(crate) fn trial(&self, periods: Periods, inputs: Array2<f32>, asked: &[f64], condition: Condition) -> Trial {
        let targets: Vec<f64> = asked.iter().flat_map(|&orientation| self.target.of(orientation)).collect();
        let answer = (periods.n_steps(), targets.len());
        let targets = Array2::from_shape_fn(answer, |(_, output)| targets[output] as f32);
        let mut loss_mask = Array2::zeros(answer);
        loss_mask.slice_mut(s![periods.response.clone(), ..]).fill(1.0);
        Trial { inputs, targets, loss_mask, condition, epochs: periods.timeline.into_epochs(), correct: None }
    }

    /// Whether every answer is close enough to its target.
    pub(crate) fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        let answer = self.timing.answer_step(trial).and_then(|step| {
            let (answer, targets) = (outputs.outer_iter().nth(step)?, trial.targets.outer_iter().nth(step)?);
            let apart = self.target.errors(answer, targets);
            Some(answer.len() == targets.len() && apart.iter().all(|apart| *apart <= self.tolerance))
        });
        let right = answer.unwrap_or(false);
        Score { correct: Some(right), error: rms_error(trial, outputs), ..Score::default() }
    }

    /// The chance that random numbers in [0, 1) are close to one orientation.
    pub(crate) fn chance(&self) -> f64 {
        target::chance(self.tolerance)
    }
}

/// The orientation that the condition asks for, or any.
pub(crate) fn orientation(name: &str, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<f64, TaskError> {
    match condition.map_or(Ok(None), |condition| condition.finite_number(name))? {
        None => Ok(rng.between(0.0, PI)),
        Some(given) if (0.0..PI).contains(&given) => Ok(given),
        Some(given) => Err(TaskError::condition(name, given, "must lie in [0, pi)", "give an orientation in radians")),
    }
}

/// `n` orientations, evenly spaced.
pub(crate) fn evenly(n: usize) -> impl Iterator<Item = f64> + Clone {
    (0..n).map(move |k| PI * k as f64 / n as f64)
}

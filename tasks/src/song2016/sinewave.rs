//! Sine wave: generate an oscillation without any input.
//!
//! ```text
//! target(t) = A sin(2 pi t / P)      t = dt, 2 dt, ..., n P      all steps graded; no input channels
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | A | `amplitude` | output units | 0.9 |
//! | P | `period` | ms | 800 |
//! | n | `n_periods` | | 2 |
//!
//! A trial is correct if its root mean square error is at most `rms_error` (0.05), which is also where training stops.
//!
//! Reference: Song HF, Yang GR, Wang X-J (2016), PLoS Comput Biol 12: e1004792,
//! <https://doi.org/10.1371/journal.pcbi.1004792>: a demonstration that comes with its code.
//!
//! Differences from the source: none. Its networks start every trial of the training in the same state, 0.1, which is
//! not trained; they run on from trial to trial only when they are simulated.
//!
//! ```
//! use nn4n_tasks::{Split, Task, TrialRng, song2016::Sinewave};
//! let trial = Sinewave::default().trial(Split::Train, None, &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!((trial.inputs.dim(), trial.targets.dim()), ((80, 0), (80, 1)));
//! assert!((trial.targets[[9, 0]] - 0.9).abs() < 1e-6); // a quarter of the period
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::f64::consts::TAU;

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use super::FAMILY;
use crate::error::rules;
use crate::{
    About, Channel, Clock, Condition, Criterion, Described, Rounding, Score, Split, Task, TaskError, Trial, TrialRng,
    TrialView,
};
use crate::{parameters_of, rms_error};

/// An oscillation without input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sinewave {
    /// The time step, ms.
    pub dt: f64,
    /// What becomes of a trial that ends between two steps.
    pub rounding: Rounding,
    /// The period, ms.
    pub period: f64,
    /// The length of a trial, in periods.
    pub n_periods: usize,
    /// The amplitude, output units.
    pub amplitude: f64,
    /// The root mean square error at which a trial is correct and training stops, output units.
    pub rms_error: f64,
}

impl Default for Sinewave {
    fn default() -> Self {
        Self { dt: 20.0, rounding: Rounding::Exact, period: 800.0, n_periods: 2, amplitude: 0.9, rms_error: 0.05 }
    }
}

impl Sinewave {
    fn clock(&self) -> Clock {
        Clock::new(self.dt).rounding(self.rounding)
    }
}

impl Described for Sinewave {
    const ABOUT: About<'static> = About {
        id: "song2016/sinewave",
        summary: "Sine wave: generate an oscillation without any input",
        header: include_str!("sinewave.rs"),
        ..FAMILY
    };
}

impl Task for Sinewave {
    fn about(&self) -> About<'_> {
        Self::ABOUT
    }

    fn parameters(&self) -> serde_json::Value {
        parameters_of(self)
    }

    fn validate(&self) -> Result<(), TaskError> {
        self.clock().at_least_one_step("period", self.period)?;
        if self.n_periods == 0 {
            return Err(TaskError::parameter("n_periods", 0, "must be at least 1", "give a positive whole number"));
        }
        rules::finite("amplitude", self.amplitude)?;
        rules::positive("rms_error", self.rms_error)
    }

    fn dt(&self) -> f64 {
        self.dt
    }

    fn inputs(&self) -> Vec<Channel> {
        Vec::new()
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&["wave"])
    }

    fn conditions(&self) -> Vec<Condition> {
        vec![Condition::new()]
    }

    fn trial(&self, _: Split, condition: Option<&Condition>, _: &mut TrialRng) -> Result<Trial, TaskError> {
        condition.map_or(Ok(()), |condition| condition.allow(&[]))?;
        let mut timeline = self.clock().timeline()?;
        timeline.push("wave", ("period", self.period * self.n_periods as f64))?;
        let n_steps = timeline.n_steps();
        let wave = |(step, _): (usize, usize)| {
            let t = (step + 1) as f64 * self.dt;
            (self.amplitude * (TAU * t / self.period).sin()) as f32
        };
        Ok(Trial {
            inputs: Array2::zeros((n_steps, 0)),
            targets: Array2::from_shape_fn((n_steps, 1), wave),
            loss_mask: Array2::ones((n_steps, 1)),
            condition: Condition::new(),
            epochs: timeline.into_epochs(),
            correct: None,
        })
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        let error = rms_error(trial, outputs);
        Score { correct: error.map(|error| error <= self.rms_error), error, ..Score::default() }
    }

    fn sigma_rec(&self) -> Option<f64> {
        // The root of `var_rec` of the code.
        Some(0.05)
    }

    fn criterion(&self) -> Option<Criterion> {
        Some(Criterion::RmsError { threshold: self.rms_error })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_measured_in_output_units() -> Result<(), TaskError> {
        let task = Sinewave::default();
        let trial = task.trial(Split::Train, None, &mut TrialRng::new(0, "test", 0, 0))?;
        let shifted = |by: f32| task.score(trial.view(), (&trial.targets + by).view());
        assert!((shifted(0.04).error.unwrap_or(9.0) - 0.04).abs() < 1e-6);
        assert_eq!(shifted(0.04).correct, Some(true));
        assert_eq!(shifted(0.06).correct, Some(false));
        Ok(())
    }
}

//! Sine generator: oscillate at the frequency that a static input asks for.
//!
//! ```text
//! frequency j    omega_j = omega_min + (omega_max - omega_min) (j - 1) / (n - 1)     j = 1 .. n, each equally likely
//! signal         u_j = j / n + 0.25, the same at every step
//! target(t)      A sin(omega_j t / tau)                                         t = dt, 2 dt, ..., T; all steps graded
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | n | `n_frequencies` | | 51 |
//! | omega_min, omega_max | `frequency_min`, `frequency_max` | rad per tau | 0.1, 0.6 |
//! | 0.25 | `offset` | input units | 0.25 |
//! | A | `amplitude` | output units | 1 |
//! | tau | `tau` | ms | the network's time constant, in which the source counts time; 100 here |
//! | T | `duration` | ms | not stated; 8000 here, which is 400 steps and more than one period of the slowest sine |
//!
//! A frequency between two of the 51 can be asked for too, and has the input in between. A trial is correct if its root
//! mean square error is at most `rms_error` (0.1, a choice of this library: the source gives no rule), which is also
//! where training stops.
//!
//! Reference: Sussillo D, Barak O (2013), <https://doi.org/10.1162/NECO_a_00409>, the sine wave generator; controlling
//! patterns by static inputs is from Sussillo D, Abbott LF (2009), <https://doi.org/10.1016/j.neuron.2009.07.018>.
//!
//! Differences from the source: none known in what it states; it was trained by FORCE and Hessian-free learning, which
//! is the network's affair, and no code was released.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, sussillo2009::SineGenerator};
//! let task = SineGenerator::default();
//! let slowest = Condition::new().with("frequency", 0.1);
//! let trial = task.trial(Split::Train, Some(&slowest), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs[[7, 0]], (1.0 / 51.0 + 0.25) as f32);
//! // 1000 ms are 10 tau, so the phase is 1 rad.
//! assert!((f64::from(trial.targets[[49, 0]]) - 1.0_f64.sin()).abs() < 1e-6);
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use crate::error::rules;
use crate::{
    About, Channel, Citation, Clock, Condition, Criterion, Described, Rounding, Score, Split, Task, TaskError, Trial,
    TrialRng, TrialView,
};
use crate::{parameters_of, rms_error};

/// The most frequencies: each is a condition of its own.
const MAX_FREQUENCIES: usize = 1000;

/// An oscillation whose frequency is set by a static input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SineGenerator {
    /// The time step, ms.
    pub dt: f64,
    /// What becomes of a duration between two steps.
    pub rounding: Rounding,
    /// The length of a trial, ms.
    pub duration: f64,
    /// The unit of time that the frequencies refer to, ms: the network's time constant.
    pub tau: f64,
    /// The number of frequencies, at least 2.
    pub n_frequencies: usize,
    /// The slowest, rad per `tau`.
    pub frequency_min: f64,
    /// The fastest, rad per `tau`.
    pub frequency_max: f64,
    /// Added to j / n to make the input.
    pub offset: f64,
    /// The amplitude, output units.
    pub amplitude: f64,
    /// The root mean square error at which a trial is correct and training stops, output units.
    pub rms_error: f64,
}

impl Default for SineGenerator {
    fn default() -> Self {
        Self {
            dt: 20.0,
            rounding: Rounding::Exact,
            duration: 8000.0,
            tau: 100.0,
            n_frequencies: 51,
            frequency_min: 0.1,
            frequency_max: 0.6,
            offset: 0.25,
            amplitude: 1.0,
            rms_error: 0.1,
        }
    }
}

impl SineGenerator {
    fn clock(&self) -> Clock {
        Clock::new(self.dt).fixed(self.rounding)
    }

    fn width(&self) -> f64 {
        self.frequency_max - self.frequency_min
    }

    /// The frequencies, rad per `tau`, slowest first.
    pub fn frequencies(&self) -> Vec<f64> {
        let steps = self.n_frequencies.saturating_sub(1).max(1) as f64;
        (0..self.n_frequencies).map(|j| self.frequency_min + self.width() * j as f64 / steps).collect()
    }

    /// The input that asks for a frequency.
    pub fn level(&self, frequency: f64) -> f64 {
        let n = self.n_frequencies as f64;
        (1.0 + (n - 1.0) * (frequency - self.frequency_min) / self.width()) / n + self.offset
    }

    fn frequency(&self, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<f64, TaskError> {
        let given = match condition {
            None => None,
            Some(condition) => {
                condition.allow(&["frequency"])?;
                condition.finite_number("frequency")?
            }
        };
        match given {
            None => Ok(rng.pick(&self.frequencies()).copied().unwrap_or(self.frequency_min)),
            Some(given) if (self.frequency_min..=self.frequency_max).contains(&given) => Ok(given),
            Some(given) => {
                let remedy = format!("give {} to {} rad per `tau`", self.frequency_min, self.frequency_max);
                Err(TaskError::condition("frequency", given, "lies outside the range of this task", remedy))
            }
        }
    }

    /// A sin(omega t / tau) at the end of every step: one phasor turned from step to step.
    fn wave(&self, frequency: f64, n_steps: usize) -> Array2<f32> {
        let (turn_sin, turn_cos) = (frequency * self.dt / self.tau).sin_cos();
        let (mut sin, mut cos) = (0.0, 1.0);
        Array2::from_shape_simple_fn((n_steps, 1), || {
            (sin, cos) = (sin * turn_cos + cos * turn_sin, cos * turn_cos - sin * turn_sin);
            (self.amplitude * sin) as f32
        })
    }
}

impl Described for SineGenerator {
    const ABOUT: About<'static> = About {
        id: "sussillo2009/sine_generator",
        summary: "Sine generator: oscillate at the frequency that a static input asks for",
        citation: Citation {
            authors: "Sussillo D, Barak O",
            year: 2013,
            title: "Opening the black box: low-dimensional dynamics in high-dimensional recurrent neural networks",
            doi: "10.1162/NECO_a_00409",
        },
        header: include_str!("sine_generator.rs"),
        ..About::NEW
    };
}

impl Task for SineGenerator {
    fn about(&self) -> About<'_> {
        Self::ABOUT
    }

    fn parameters(&self) -> serde_json::Value {
        parameters_of(self)
    }

    fn validate(&self) -> Result<(), TaskError> {
        self.clock().at_least_one_step("duration", self.duration)?;
        rules::positive("tau", self.tau)?;
        if !(2..=MAX_FREQUENCIES).contains(&self.n_frequencies) {
            return Err(TaskError::parameter(
                "n_frequencies",
                self.n_frequencies,
                "must lie in 2 to 1000",
                "the published task has 51",
            ));
        }
        rules::not_negative("frequency_min", self.frequency_min)?;
        rules::finite("frequency_max", self.frequency_max)?;
        if self.frequency_max <= self.frequency_min {
            let remedy = format!("give more than `frequency_min` = {} rad per `tau`", self.frequency_min);
            return Err(TaskError::parameter(
                "frequency_max",
                self.frequency_max,
                "must exceed `frequency_min`",
                remedy,
            ));
        }
        rules::finite("offset", self.offset)?;
        rules::finite("amplitude", self.amplitude)?;
        rules::positive("rms_error", self.rms_error)
    }

    fn dt(&self) -> f64 {
        self.dt
    }

    fn inputs(&self) -> Vec<Channel> {
        Channel::list(&["level"])
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&["wave"])
    }

    fn conditions(&self) -> Vec<Condition> {
        self.frequencies().into_iter().map(|frequency| Condition::new().with("frequency", frequency)).collect()
    }

    fn trial(&self, _: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let frequency = self.frequency(condition, rng)?;
        let mut timeline = self.clock().timeline()?;
        timeline.push("wave", ("duration", self.duration))?;
        let n_steps = timeline.n_steps();
        Ok(Trial {
            inputs: Array2::from_elem((n_steps, 1), self.level(frequency) as f32),
            targets: self.wave(frequency, n_steps),
            loss_mask: Array2::ones((n_steps, 1)),
            condition: Condition::new().with("frequency", frequency),
            epochs: timeline.into_epochs(),
            correct: None,
        })
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        let error = rms_error(trial, outputs);
        Score { correct: error.map(|error| error <= self.rms_error), error, ..Score::default() }
    }

    fn criterion(&self) -> Option<Criterion> {
        Some(Criterion::RmsError { threshold: self.rms_error })
    }
}

//! A task of the family: the white noise that all of them add to their inputs, and what is its own.
//!
//! ```text
//! noise     on every input at every step, of sd sqrt(2 tau_in / dt) sigma_in = 0.22
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | sigma_in | `sigma_in` | input units | 0.05 |
//! | tau_in | `tau_in` | ms | 10 |
//! | dt | `dt` | ms | 1 |
//!
//! Differences from the source, for all tasks: it trains on all of a task's trials at once, those on two bits 64 times
//! each; here each trial is drawn. It measures the fit of the outputs, and has no rule for a correct trial nor for
//! ending the training.
//!
//! ```
//! use nn4n_tasks::Task;
//! use nn4n_tasks::tolmachev2025::{Addition, HalfAdder, NoisyInputs};
//! let quiet = HalfAdder { sigma_in: 0.0, ..HalfAdder::default() };
//! let source = NoisyInputs { task: Addition { carry: false, ..quiet.task }, ..quiet };
//! assert_eq!((source.inputs().len(), source.outputs().len()), (2, 1));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::fmt;

use ndarray::ArrayView2;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::white_noise::WhiteNoise;
use crate::{
    About, Channel, Clock, Condition, Described, Rounding, Score, Split, Task, TaskError, Trial, TrialRng, TrialView,
    parameters_of,
};

/// What tells one task of the family from another.
pub trait Definition: Clone + Default + fmt::Debug + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What is said of the task.
    const ABOUT: About<'static>;

    /// Checks the task's own settings.
    fn validate(&self, clock: Clock) -> Result<(), TaskError>;

    /// The input channels.
    fn inputs(&self) -> Vec<Channel>;

    /// The output channels.
    fn outputs(&self) -> Vec<Channel>;

    /// The classes of trials.
    fn conditions(&self) -> Vec<Condition>;

    /// The conditions of tuning analyses.
    fn grid(&self) -> Vec<Condition> {
        self.conditions()
    }

    /// A trial without noise.
    fn trial(&self, clock: Clock, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError>;

    /// Scores an answer.
    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score;

    /// The performance of outputs that are uniform random numbers.
    fn chance(&self) -> f64;
}

/// A task of trainRNNbrain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NoisyInputs<T> {
    /// The time step, ms.
    pub dt: f64,
    /// What becomes of a duration between two steps.
    pub rounding: Rounding,
    /// The strength of the input noise; 0 for none.
    pub sigma_in: f64,
    /// The time constant of the input noise, ms.
    pub tau_in: f64,
    /// What is this task's own.
    #[serde(flatten)]
    pub task: T,
}

impl<T: Default> Default for NoisyInputs<T> {
    fn default() -> Self {
        Self { dt: 1.0, rounding: Rounding::Exact, sigma_in: 0.05, tau_in: 10.0, task: T::default() }
    }
}

impl<T> NoisyInputs<T> {
    fn clock(&self) -> Clock {
        Clock::new(self.dt).fixed(self.rounding)
    }

    fn noise(&self) -> WhiteNoise {
        WhiteNoise { dt: self.dt, sigma_in: self.sigma_in, tau_in: self.tau_in }
    }
}

impl<T: Definition> Described for NoisyInputs<T> {
    const ABOUT: About<'static> = T::ABOUT;
}

impl<T: Definition> Task for NoisyInputs<T> {
    fn about(&self) -> About<'_> {
        Self::ABOUT
    }

    fn parameters(&self) -> serde_json::Value {
        parameters_of(self)
    }

    fn validate(&self) -> Result<(), TaskError> {
        self.noise().validate()?;
        self.task.validate(self.clock())
    }

    fn dt(&self) -> f64 {
        self.dt
    }

    fn inputs(&self) -> Vec<Channel> {
        self.task.inputs()
    }

    fn outputs(&self) -> Vec<Channel> {
        self.task.outputs()
    }

    fn conditions(&self) -> Vec<Condition> {
        self.task.conditions()
    }

    fn grid(&self) -> Vec<Condition> {
        self.task.grid()
    }

    fn trial(&self, _: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let mut trial = self.task.trial(self.clock(), condition, rng)?;
        self.noise().add(&mut trial.inputs, rng);
        Ok(trial)
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        self.task.score(trial, outputs)
    }

    fn chance(&self) -> f64 {
        self.task.chance()
    }
}

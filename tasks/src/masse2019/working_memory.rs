//! A task of the family: the settings that all of them have, and its own.
//!
//! ```
//! use nn4n_tasks::Task;
//! use nn4n_tasks::masse2019::{Dms, Protocol, WorkingMemory};
//! let quiet = Protocol { sigma_in: 0.0, ..Protocol::default() };
//! let task = WorkingMemory { protocol: quiet, task: Dms::default() };
//! assert_eq!((task.inputs().len(), task.outputs().len()), (24, 3));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::fmt;

use ndarray::ArrayView2;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Channels, OUTPUTS, Plan, Protocol};
use crate::{
    About, Channel, Condition, Criterion, Described, Objective, Score, Split, Task, TaskError, Timeline, Trial,
    TrialRng, TrialView, parameters_of,
};

/// What tells one task of the family from another.
pub trait Definition: Clone + Default + fmt::Debug + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What is said of the task.
    const ABOUT: About<'static>;
    /// The number of tests in a trial.
    const N_TESTS: i32;

    /// The channels.
    fn channels(&self) -> Channels {
        Channels::PLAIN
    }

    /// Checks the task's own settings.
    fn validate(&self, protocol: &Protocol) -> Result<(), TaskError>;

    /// The classes of trials.
    fn conditions(&self) -> Vec<Condition>;

    /// The conditions of tuning analyses.
    fn grid(&self) -> Vec<Condition>;

    /// Draws the variables and the epochs of a trial, and says what it shows and asks for.
    fn plan(
        &self,
        protocol: &Protocol,
        condition: Option<&Condition>,
        rng: &mut TrialRng,
    ) -> Result<(Timeline, Plan), TaskError>;
}

/// A task of Masse et al. (2019).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WorkingMemory<T> {
    /// What all tasks of the family have.
    #[serde(flatten)]
    pub protocol: Protocol,
    /// What is this task's own.
    #[serde(flatten)]
    pub task: T,
}

impl<T: Definition> Described for WorkingMemory<T> {
    const ABOUT: About<'static> = T::ABOUT;
}

impl<T: Definition> Task for WorkingMemory<T> {
    fn about(&self) -> About<'_> {
        Self::ABOUT
    }

    fn parameters(&self) -> serde_json::Value {
        parameters_of(self)
    }

    fn validate(&self) -> Result<(), TaskError> {
        self.protocol.validate(self.task.channels())?;
        self.task.validate(&self.protocol)
    }

    fn dt(&self) -> f64 {
        self.protocol.dt
    }

    fn inputs(&self) -> Vec<Channel> {
        self.protocol.input_names(self.task.channels()).into_iter().map(|name| Channel { name }).collect()
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&OUTPUTS)
    }

    fn conditions(&self) -> Vec<Condition> {
        self.task.conditions()
    }

    fn grid(&self) -> Vec<Condition> {
        self.task.grid()
    }

    fn trial(&self, _: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        self.validate()?;
        let (timeline, plan) = self.task.plan(&self.protocol, condition, rng)?;
        self.protocol.trial(self.task.channels(), timeline, plan, rng)
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        self.protocol.score(trial, outputs)
    }

    fn objective(&self) -> Objective {
        Objective::Classes
    }

    fn chance(&self) -> f64 {
        (1.0_f64 / OUTPUTS.len() as f64).powi(T::N_TESTS)
    }

    fn criterion(&self) -> Option<Criterion> {
        Some(Criterion::MeanPerformance { threshold: 0.95, window: 1 })
    }
}

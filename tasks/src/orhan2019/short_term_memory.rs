//! A task of the family whose inputs are spikes: the settings that all of them have, and its own.
//!
//! ```
//! use nn4n_tasks::orhan2019::{ShortTermMemory, Side, Spikes, TwoAfc};
//! use nn4n_tasks::Task;
//! let spikes = Spikes { spontaneous_spikes: 0.0, ..Spikes::default() };
//! let task: TwoAfc = ShortTermMemory { spikes, task: Side { width: 10.0, ..Side::default() }, ..TwoAfc::default() };
//! assert_eq!((task.inputs().len(), task.outputs().len(), task.chance()), (50, 2, 0.5));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::fmt;

use ndarray::ArrayView2;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Estimation, Plan, Spikes, Timing, Tuning, two_choice};
use crate::{
    About, Channel, Condition, Described, Objective, Score, Split, Task, TaskError, Trial, TrialRng, TrialView,
    parameters_of,
};

/// What the outputs answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answer<'a> {
    /// One of two classes.
    Class,
    /// So many orientations, by these settings.
    Orientations(&'a Estimation, i32),
}

/// What tells one task of the family from another.
pub trait Definition: Clone + Default + fmt::Debug + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What is said of the task.
    const ABOUT: About<'static>;
    /// The names of the trial variables.
    const VARIABLES: &'static [&'static str];
    /// The number of locations, each with channels of its own.
    const LOCATIONS: usize = 1;

    /// Checks the task's own settings.
    fn validate(&self) -> Result<(), TaskError>;

    /// What the channels of a location respond to.
    fn tuning(&self) -> Tuning;

    /// The output channels.
    fn outputs(&self) -> Vec<Channel>;

    /// What the outputs answer.
    fn answer(&self) -> Answer<'_> {
        Answer::Class
    }

    /// The classes of trials.
    fn conditions(&self) -> Vec<Condition>;

    /// The conditions that tests present.
    fn grid(&self) -> Vec<Condition> {
        self.conditions()
    }

    /// Draws the variables of a trial that the condition leaves out, and says what it shows and asks for.
    fn plan(&self, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Plan, TaskError>;
}

/// A task of Orhan & Ma (2019) with spikes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ShortTermMemory<T> {
    /// When things happen.
    #[serde(flatten)]
    pub timing: Timing,
    /// How much the channels fire.
    #[serde(flatten)]
    pub spikes: Spikes,
    /// What is this task's own.
    #[serde(flatten)]
    pub task: T,
}

impl<T: Definition> Described for ShortTermMemory<T> {
    const ABOUT: About<'static> = T::ABOUT;
}

impl<T: Definition> Task for ShortTermMemory<T> {
    fn about(&self) -> About<'_> {
        Self::ABOUT
    }

    fn parameters(&self) -> serde_json::Value {
        parameters_of(self)
    }

    fn validate(&self) -> Result<(), TaskError> {
        self.timing.validate()?;
        self.spikes.validate()?;
        self.task.validate()
    }

    fn dt(&self) -> f64 {
        self.timing.dt
    }

    fn inputs(&self) -> Vec<Channel> {
        let n = self.timing.n_channels;
        match T::LOCATIONS {
            1 => Channel::numbered("channel", n),
            locations => (1..=locations).flat_map(|i| Channel::numbered(&format!("location_{i}"), n)).collect(),
        }
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
        self.validate()?;
        condition.map_or(Ok(()), |condition| condition.allow(T::VARIABLES))?;
        let plan = self.task.plan(condition, rng)?;
        let periods = self.timing.draw(rng)?;
        let inputs = plan.inputs(&periods, &self.spikes, (self.task.tuning(), self.timing.n_channels), rng);
        Ok(plan.trial(periods, inputs))
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        let step = self.timing.answer_step(trial);
        match self.task.answer() {
            Answer::Class => two_choice::score(step, trial, outputs),
            Answer::Orientations(estimation, _) => estimation.score(step, trial, outputs),
        }
    }

    fn objective(&self) -> Objective {
        match self.task.answer() {
            Answer::Class => Objective::Classes,
            Answer::Orientations(..) => Objective::MaskedMse,
        }
    }

    fn chance(&self) -> f64 {
        match self.task.answer() {
            Answer::Class => 0.5,
            Answer::Orientations(estimation, n) => estimation.chance().powi(n),
        }
    }
}

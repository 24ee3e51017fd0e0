//! An environment: what all of them have, and what is its own.
//!
//! ```text
//! epochs      fixation, then those of the environment
//! inputs      fixation: 1 until the answer is due, unless it is said otherwise; then those of the environment
//! outputs     fixation, which is class 0; then a class for every other action
//! draws       the variables of the trial, then the durations in the order of the epochs, then the noise
//! noise       independent in every step and channel, of sd sigma / sqrt(dt), dt in ms: 0.1 at sigma = 1 and dt = 100
//! training    ends when the mean performance of a validation exceeds the number that the environment states
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | dt | `dt` | ms | stated with the epochs |
//! | | `fixation` | ms | the first epoch |
//! | | `rounding` | | `exact`; `nearest` for environments with durations of their own between two steps |
//!
//! Reference: neurogym 2.2, Molano-Mazon et al. (2022), <https://doi.org/10.31234/osf.io/aqc9n>.
//!
//! Differences from the source, for all environments: neurogym takes the step below a duration that lies between two
//! (`rounding = "floor"`); here that is an error unless `rounding` says what becomes of it. Drawn durations are rounded
//! like fixed ones, and to the nearest step where those must be exact. What a trial is worth is not part of a task. The
//! performance that ends the training is ours.
//!
//! ```
//! use nn4n_tasks::Task;
//! use nn4n_tasks::neurogym::{DelayMatchSample, Environment, MatchToSample};
//! let task = DelayMatchSample { dt: 50.0, ..DelayMatchSample::default() };
//! let quiet = Environment { task: MatchToSample { sigma: 0.0, ..MatchToSample::default() }, ..task };
//! assert_eq!((quiet.dt(), quiet.inputs().len(), quiet.outputs().len()), (50.0, 3, 3));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::fmt;

use ndarray::ArrayView2;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Timing, answer};
use crate::error::rules;
use crate::{
    About, Channel, Condition, Criterion, Described, Duration, Objective, Rounding, Score, Split, Task, TaskError,
    Trial, TrialRng, TrialView, parameters_of,
};

/// What tells one environment from another.
pub trait Definition: Clone + Default + fmt::Debug + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What is said of the task.
    const ABOUT: About<'static>;
    /// The step, ms.
    const DT: f64 = 100.0;
    /// What becomes of durations between two steps.
    const ROUNDING: Rounding = Rounding::Exact;
    /// The fixation, ms.
    const FIXATION: f64;
    /// The mean performance of a validation at which training ends.
    const THRESHOLD: f64 = 0.95;
    /// The epoch in which the answer is due.
    const ANSWER: &'static str = "decision";

    /// Checks the environment's own settings.
    fn validate(&self, timing: Timing<'_>) -> Result<(), TaskError>;

    /// The input channels, the first of them fixation.
    fn inputs(&self) -> Vec<Channel>;

    /// The output channels, the first of them fixation.
    fn outputs(&self) -> Vec<Channel>;

    /// The classes of trials.
    fn conditions(&self) -> Vec<Condition>;

    /// The conditions of tuning analyses.
    fn grid(&self, _: Timing<'_>) -> Vec<Condition> {
        self.conditions()
    }

    /// One trial; what `condition` leaves out is drawn.
    fn trial(&self, timing: Timing<'_>, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError>;

    /// Scores an answer.
    fn score(&self, timing: Timing<'_>, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        answer::score(trial, outputs, Self::ANSWER, timing.clock.dt)
    }

    /// The performance of outputs that are uniform random numbers.
    fn chance(&self, timing: Timing<'_>) -> f64;
}

/// An environment of neurogym.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Environment<T> {
    /// The time step, ms.
    pub dt: f64,
    /// What becomes of durations between two steps.
    pub rounding: Rounding,
    /// The first period, ms.
    pub fixation: Duration,
    /// What is this environment's own.
    #[serde(flatten)]
    pub task: T,
}

impl<T: Definition> Default for Environment<T> {
    fn default() -> Self {
        Self { dt: T::DT, rounding: T::ROUNDING, fixation: T::FIXATION.into(), task: T::default() }
    }
}

impl<T> Environment<T> {
    fn timing(&self) -> Timing<'_> {
        Timing::new(self.dt, self.rounding, &self.fixation)
    }
}

impl<T: Definition> Described for Environment<T> {
    const ABOUT: About<'static> = T::ABOUT;
}

impl<T: Definition> Task for Environment<T> {
    fn about(&self) -> About<'_> {
        Self::ABOUT
    }

    fn parameters(&self) -> serde_json::Value {
        parameters_of(self)
    }

    fn validate(&self) -> Result<(), TaskError> {
        rules::positive("dt", self.dt)?;
        self.fixation.validate("fixation", self.timing().clock)?;
        self.task.validate(self.timing())
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
        self.task.grid(self.timing())
    }

    fn trial(&self, _: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        self.validate()?;
        self.task.trial(self.timing(), condition, rng)
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        self.task.score(self.timing(), trial, outputs)
    }

    fn chose_first(&self, _: &Condition, score: &Score) -> Option<bool> {
        // Class 0 is to fixate; of more than two others none is the opposite of another.
        let are_two = self.outputs().len() == 3;
        score.choice.filter(|choice| are_two && [1, 2].contains(choice)).map(|choice| choice == 1)
    }

    fn objective(&self) -> Objective {
        Objective::Classes
    }

    fn sigma_rec(&self) -> Option<f64> {
        // The networks that neurogym trains have none, and at its step, that of a time constant, the noise of a
        // continuous process hides what they are to remember.
        Some(0.0)
    }

    fn chance(&self) -> f64 {
        self.task.chance(self.timing())
    }

    fn criterion(&self) -> Option<Criterion> {
        Some(Criterion::MeanPerformance { threshold: T::THRESHOLD, window: 1 })
    }
}

/// The channels fixation, `prefix_1` to `prefix_n`.
pub(super) fn fixation_and(prefix: &str, n: usize) -> Vec<Channel> {
    Channel::list(&["fixation"]).into_iter().chain(Channel::numbered(prefix, n)).collect()
}

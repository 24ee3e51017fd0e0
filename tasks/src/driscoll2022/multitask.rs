//! A task of the family: the settings that all of them have, and its own.
//!
//! ```
//! use nn4n_tasks::Task;
//! use nn4n_tasks::driscoll2022::{DelayGo, Protocol};
//! let quiet = Protocol { sigma_in: 0.0, ..Protocol::default() };
//! let task = DelayGo { protocol: quiet, ..DelayGo::default() };
//! assert_eq!((task.inputs().len(), task.outputs().len()), (20, 3));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::fmt;

use ndarray::ArrayView2;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Answer, Draw, Phase, Plan, Protocol, layout, scoring};
use crate::{
    About, Channel, Condition, Criterion, Described, Objective, Score, Split, Task, TaskError, Trial, TrialRng,
    TrialView, parameters_of,
};

/// What tells one task of the family from another.
pub trait Definition: Clone + Default + fmt::Debug + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What is said of the task; its id is `driscoll2022/` and the name of the rule.
    const ABOUT: About<'static>;
    /// The names of the trial variables.
    const VARIABLES: &'static [&'static str];
    /// The fraction of trials that ask for a response; the others ask to keep fixating.
    const P_RESPONSE: f64 = 1.0;
    /// What the two alternatives are called, if the task has two.
    const ALTERNATIVES: [&'static str; 2] = ["response", "fixation"];

    /// The periods of a trial, in order; the last is the response.
    fn phases(&self) -> Vec<Phase<'_>>;

    /// Checks what is not a duration.
    fn validate(&self) -> Result<(), TaskError> {
        Ok(())
    }

    /// The classes of trials.
    fn conditions(&self) -> Vec<Condition>;

    /// The conditions of the source's test mode.
    fn grid(&self) -> Vec<Condition>;

    /// Draws the variables of a trial and says what it shows and asks for.
    fn plan(&self, draw: &mut Draw<'_>) -> Result<Plan, TaskError>;

    /// Which of two alternatives an answer takes, if the task has two.
    fn choice(_condition: &Condition, _answer: &Answer) -> Option<usize> {
        None
    }
}

/// A task of Driscoll et al. (2022).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Multitask<T> {
    /// What all tasks of the family have.
    #[serde(flatten)]
    pub protocol: Protocol,
    /// What is this task's own.
    #[serde(flatten)]
    pub task: T,
}

impl<T: Definition> Described for Multitask<T> {
    const ABOUT: About<'static> = T::ABOUT;
}

impl<T: Definition> Task for Multitask<T> {
    fn about(&self) -> About<'_> {
        Self::ABOUT
    }

    fn parameters(&self) -> serde_json::Value {
        parameters_of(self)
    }

    fn validate(&self) -> Result<(), TaskError> {
        self.protocol.validate(&self.task.phases())?;
        self.task.validate()
    }

    fn dt(&self) -> f64 {
        self.protocol.dt
    }

    fn inputs(&self) -> Vec<Channel> {
        layout::inputs()
    }

    fn outputs(&self) -> Vec<Channel> {
        layout::outputs()
    }

    fn conditions(&self) -> Vec<Condition> {
        self.task.conditions()
    }

    fn grid(&self) -> Vec<Condition> {
        self.task.grid()
    }

    fn trial(&self, split: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let nothing = Condition::new();
        let given = condition.unwrap_or(&nothing);
        given.allow(T::VARIABLES)?;
        let timeline = self.protocol.timeline(split, &self.task.phases(), rng)?;
        let plan = self.task.plan(&mut Draw::new(given, self.protocol.same_timing_per_batch, rng))?;
        plan.trial(&self.protocol, T::ABOUT.id, timeline, rng)
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        scoring::score(&self.protocol, trial, outputs, T::choice)
    }

    fn choice_name(&self, choice: usize) -> String {
        T::ALTERNATIVES.get(choice).map_or_else(|| format!("choice {}", choice + 1), |name| (*name).into())
    }

    fn objective(&self) -> Objective {
        Objective::MeanSquare
    }

    fn sigma_rec(&self) -> Option<f64> {
        // `sigma_rec` of the code.
        Some(0.05)
    }

    fn chance(&self) -> f64 {
        scoring::chance(&self.protocol, T::P_RESPONSE)
    }

    fn criterion(&self) -> Option<Criterion> {
        Some(Criterion::MeanPerformance { threshold: 0.95, window: 1 })
    }
}

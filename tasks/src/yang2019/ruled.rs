//! A task of the family: the settings that all of them have, and its own.
//!
//! ```
//! use nn4n_tasks::{Task, yang2019::{Dm1, Yang2019}};
//! let quiet = Yang2019 { sigma_x: 0.0, ..Yang2019::default() };
//! let task = Dm1 { settings: quiet, ..Dm1::default() };
//! assert_eq!((task.inputs().len(), task.outputs().len()), (85, 33));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::fmt;

use ndarray::ArrayView2;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Draw, FixationRule, Period, Plan, Schedule, Yang2019, layout, schedule, scoring};
use crate::{
    About, Channel, Condition, Criterion, Described, Objective, Score, Split, Task, TaskError, Trial, TrialRng,
    TrialView, parameters_of,
};

/// What tells one task of the family from another.
pub trait Definition: Clone + Default + fmt::Debug + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What is said of the task; its id is `yang2019/` and the name of the rule.
    const ABOUT: About<'static>;
    /// The names of the trial variables, but for the durations.
    const VARIABLES: &'static [&'static str];
    /// The expected performance of random outputs: 0.1 where a direction is asked for, since fixation must be off (1/2)
    /// and the direction within 36 deg (1/5).
    const CHANCE: f64 = 0.1;

    /// The periods of a trial; the last one starts with the go signal.
    fn periods(&self) -> Vec<Period<'_>>;

    /// Checks what is not a duration.
    fn validate(&self) -> Result<(), TaskError> {
        Ok(())
    }

    /// The classes of trials.
    fn conditions(&self) -> Vec<Condition>;

    /// The conditions of the source's mode `test`.
    fn grid(&self) -> Vec<Condition>;

    /// Draws the variables of a trial and says what it shows and asks for.
    fn plan(&self, draw: &mut Draw<'_>, schedule: &Schedule) -> Result<Plan, TaskError>;
}

/// A task of Yang et al. (2019), each with a rule input of its own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ruled<T> {
    /// What all 20 tasks have.
    #[serde(flatten)]
    pub settings: Yang2019,
    /// What is this task's own.
    #[serde(flatten)]
    pub task: T,
}

impl<T: Definition> Described for Ruled<T> {
    const ABOUT: About<'static> = T::ABOUT;
}

impl<T: Definition> Task for Ruled<T> {
    fn about(&self) -> About<'_> {
        Self::ABOUT
    }

    fn parameters(&self) -> serde_json::Value {
        parameters_of(self)
    }

    fn validate(&self) -> Result<(), TaskError> {
        self.settings.validate()?;
        schedule::validate(&self.settings, &self.task.periods())?;
        self.task.validate()
    }

    fn dt(&self) -> f64 {
        self.settings.dt
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
        self.validate()?;
        let (periods, any) = (self.task.periods(), Condition::new());
        let condition = condition.unwrap_or(&any);
        let durations = || periods.iter().filter_map(|period| period.variable);
        condition.allow(&T::VARIABLES.iter().copied().chain(durations()).collect::<Vec<_>>())?;
        let schedule = Schedule::draw(&self.settings, &periods, split, condition, rng)?;
        let mut draw = Draw::new(&self.settings, split, condition, schedule.is_psychometric(), rng);
        let plan = self.task.plan(&mut draw, &schedule)?;
        let variables = draw.into_condition(durations());
        plan.trial(&self.settings, T::ABOUT.id, schedule, variables, rng)
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        scoring::score(&self.settings, trial, outputs)
    }

    fn chose_first(&self, condition: &Condition, score: &Score) -> Option<bool> {
        scoring::chose_first(condition, score)
    }

    fn objective(&self) -> Objective {
        Objective::MeanSquare
    }

    fn sigma_rec(&self) -> Option<f64> {
        // `sigma_rec` of the code.
        Some(0.05)
    }

    fn chance(&self) -> f64 {
        match self.settings.fixation_rule {
            FixationRule::LastStep => T::CHANCE,
            // That fixation is maintained by chance is as good as impossible.
            FixationRule::Maintained => 0.0,
        }
    }

    fn criterion(&self) -> Option<Criterion> {
        Some(Criterion::MeanPerformance { threshold: 0.95, window: 1 })
    }
}

//! A task of the family: evidence of motion and colour, of which one counts, and what is the task's own.
//!
//! ```text
//! signals    motion and colour, whose strengths and signs are drawn independently, and a cue for either context
//! noise      on motion and colour, at all times, of the same strength over time at every `dt`
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | dt | `dt` | ms | 20; 1 for continuous noise |
//! | | `decision` | ms | 20; 1 for continuous noise |
//! | sigma_in | `sigma_in` | input units | as the task says |
//!
//! ```
//! use nn4n_tasks::Task;
//! use nn4n_tasks::mante2013::{ContextIntegration, Integration, ShortTrials};
//! let task = ShortTrials { coherences: vec![0.2], ..ShortTrials::default() };
//! let task = Integration { sigma_in: 0.0, task, ..ContextIntegration::default() };
//! assert_eq!((task.dt(), task.conditions().len()), (20.0, 8));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::fmt;

use ndarray::{Array2, ArrayView2};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::context::Variables;
use super::signed_choice;
use crate::white_noise::WhiteNoise;
use crate::{
    About, Channel, Clock, Condition, Described, Rounding, Score, Split, Task, TaskError, Timeline, Trial, TrialRng,
    TrialView, parameters_of,
};

/// What tells one task of the family from another.
pub trait Definition: Clone + Default + fmt::Debug + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What is said of the task.
    const ABOUT: About<'static>;
    /// The step, ms, in which the noise has the standard deviation `sigma_in`.
    const DT: f64;
    /// What becomes of a duration between two steps.
    const ROUNDING: Rounding;
    /// The decision, ms.
    const DECISION: f64;
    /// The standard deviation of the noise.
    const SIGMA_IN: f64;
    /// The input channels; the first two carry the evidence.
    const INPUTS: [&'static str; 4];

    /// Checks the task's own settings.
    fn validate(&self, clock: Clock, decision: f64) -> Result<(), TaskError>;

    /// The classes of trials.
    fn conditions(&self) -> Vec<Condition>;

    /// The conditions of tests.
    fn grid(&self) -> Vec<Condition>;

    /// Draws the strength of one kind of evidence.
    fn strength(&self, split: Split, rng: &mut TrialRng) -> f64;

    /// The epochs, the last of which is the decision of `decision` ms, and what they show without noise
    /// (n_steps, inputs).
    fn show(&self, clock: Clock, decision: f64, shown: &Variables) -> Result<(Timeline, Array2<f32>), TaskError>;
}

/// A task of Mante et al. (2013).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Integration<T> {
    /// The time step, ms.
    pub dt: f64,
    /// What becomes of a duration between two steps.
    pub rounding: Rounding,
    /// The decision, ms.
    pub decision: f64,
    /// The standard deviation of the noise of the evidence in the published step.
    pub sigma_in: f64,
    /// What is this task's own.
    #[serde(flatten)]
    pub task: T,
}

impl<T: Definition> Default for Integration<T> {
    fn default() -> Self {
        Self { dt: T::DT, rounding: T::ROUNDING, decision: T::DECISION, sigma_in: T::SIGMA_IN, task: T::default() }
    }
}

impl<T: Definition> Integration<T> {
    fn clock(&self) -> Clock {
        Clock::new(self.dt).rounding(self.rounding)
    }

    fn noise(&self) -> WhiteNoise {
        // sqrt(2 tau_in / dt) is 1 at the published step.
        WhiteNoise { dt: self.dt, sigma_in: self.sigma_in, tau_in: T::DT / 2.0 }
    }
}

impl<T: Definition> Described for Integration<T> {
    const ABOUT: About<'static> = T::ABOUT;
}

impl<T: Definition> Task for Integration<T> {
    fn about(&self) -> About<'_> {
        Self::ABOUT
    }

    fn parameters(&self) -> serde_json::Value {
        parameters_of(self)
    }

    fn validate(&self) -> Result<(), TaskError> {
        self.noise().validate()?;
        self.task.validate(self.clock(), self.decision)
    }

    fn dt(&self) -> f64 {
        self.dt
    }

    fn inputs(&self) -> Vec<Channel> {
        Channel::list(&T::INPUTS)
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&["choice"])
    }

    fn conditions(&self) -> Vec<Condition> {
        self.task.conditions()
    }

    fn grid(&self) -> Vec<Condition> {
        self.task.grid()
    }

    fn trial(&self, split: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        self.validate()?;
        let shown = Variables::draw(condition, rng, |rng| self.task.strength(split, rng))?;
        let (timeline, mut inputs) = self.task.show(self.clock(), self.decision, &shown)?;
        signed_choice::add_noise(self.noise(), &mut inputs, rng);
        Ok(signed_choice::trial(timeline, inputs, shown.condition(), shown.correct()))
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        signed_choice::score(trial, outputs)
    }

    fn choice_name(&self, choice: usize) -> String {
        signed_choice::name(choice)
    }

    fn chance(&self) -> f64 {
        0.5
    }
}

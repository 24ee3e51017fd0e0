//! A task of the family: an answer that is an output beyond a threshold, and what is the task's own.
//!
//! ```text
//! epochs    fixation 250 ms | one or two stimuli | response | ...
//! signals   levels of +1, -1 or 0 in the stimuli, 0 at all other times; no noise
//! targets   the answer, +1, -1 or 0, in the response;  0 at all other times
//! graded    the whole trial but its last step, in the loss and in the score
//! training  ends when more than 95 % of the trials of a validation are right
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | | `fixation`, `stimulus`, `response` | ms | 250; each stimulus and the response as the task says |
//! | 0.7 | `threshold` | output units | 0.7 |
//! | dt | `dt` | ms | 5 |
//!
//! The last step is there because the code has as many steps of input as the trial lasts, and one output less: its
//! network starts in the first step, and never sees the last input.
//!
//! Differences from the source, for all tasks: its training also waits for a loss below 7, the root of the summed
//! squared error of one trial. It has rules for a correct trial, but neither choices nor reaction times.
//!
//! ```
//! use nn4n_tasks::Task;
//! use nn4n_tasks::kim2019::{GoNogo, Pulse};
//! let task = GoNogo { threshold: 0.6, task: Pulse { silence: 0.2 }, ..GoNogo::default() };
//! assert_eq!((task.dt(), task.response, task.outputs().len()), (5.0, 625.0, 1));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::fmt;

use ndarray::{Array2, ArrayView2, s};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::rules;
use crate::{
    About, Channel, Clock, Condition, Criterion, Described, Rounding, Score, Split, Task, TaskError, Timeline, Trial,
    TrialRng, TrialView, parameters_of,
};

/// What tells one task of the family from another.
pub trait Definition: Clone + Default + fmt::Debug + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What is said of the task.
    const ABOUT: About<'static>;
    /// Each stimulus, ms.
    const STIMULUS: f64;
    /// The response, ms.
    const RESPONSE: f64;
    /// What both choices are called.
    const CHOICES: [&'static str; 2];

    /// Checks the task's own settings.
    fn validate(&self, shared: Shared) -> Result<(), TaskError>;

    /// The input channels.
    fn inputs(&self) -> Vec<Channel>;

    /// The only output channel.
    fn output(&self) -> &'static str;

    /// The classes of trials.
    fn conditions(&self) -> Vec<Condition>;

    /// One trial; what `condition` leaves out is drawn.
    fn trial(&self, shared: Shared, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError>;

    /// Scores an answer.
    fn score(&self, shared: Shared, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score;

    /// The performance of outputs that are uniform random numbers.
    fn chance(&self, shared: Shared) -> f64;
}

/// What a task sees of the settings that all have; durations in ms.
#[derive(Clone, Copy, Debug)]
pub struct Shared {
    /// The step, and how durations are rounded to it.
    pub clock: Clock,
    /// Before the first stimulus.
    pub fixation: f64,
    /// Each stimulus.
    pub stimulus: f64,
    /// The response.
    pub response: f64,
    /// What an output must exceed to be an answer.
    pub threshold: f64,
}

/// A task of Kim et al. (2019).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Thresholded<T> {
    /// The time step, ms.
    pub dt: f64,
    /// What becomes of a duration between two steps.
    pub rounding: Rounding,
    /// Before the first stimulus, ms.
    pub fixation: f64,
    /// Each stimulus, ms.
    pub stimulus: f64,
    /// The response, ms.
    pub response: f64,
    /// What an output must exceed to be an answer.
    pub threshold: f64,
    /// What is this task's own.
    #[serde(flatten)]
    pub task: T,
}

impl<T: Definition> Default for Thresholded<T> {
    fn default() -> Self {
        Self {
            dt: 5.0,
            rounding: Rounding::Exact,
            fixation: 250.0,
            stimulus: T::STIMULUS,
            response: T::RESPONSE,
            threshold: 0.7,
            task: T::default(),
        }
    }
}

impl<T> Thresholded<T> {
    fn shared(&self) -> Shared {
        let Self { fixation, stimulus, response, threshold, .. } = *self;
        Shared { clock: Clock::new(self.dt).fixed(self.rounding), fixation, stimulus, response, threshold }
    }
}

impl<T: Definition> Described for Thresholded<T> {
    const ABOUT: About<'static> = T::ABOUT;
}

impl<T: Definition> Task for Thresholded<T> {
    fn about(&self) -> About<'_> {
        Self::ABOUT
    }

    fn parameters(&self) -> serde_json::Value {
        parameters_of(self)
    }

    fn validate(&self) -> Result<(), TaskError> {
        let clock = self.shared().clock;
        clock.steps("fixation", self.fixation)?;
        clock.at_least_one_step("stimulus", self.stimulus)?;
        clock.at_least_one_step("response", self.response)?;
        rules::positive("threshold", self.threshold)?;
        if self.threshold >= 1.0 {
            let rule = "must be less than the target, 1";
            return Err(TaskError::parameter("threshold", self.threshold, rule, "the published task has 0.7"));
        }
        self.task.validate(self.shared())
    }

    fn dt(&self) -> f64 {
        self.dt
    }

    fn inputs(&self) -> Vec<Channel> {
        self.task.inputs()
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&[self.task.output()])
    }

    fn conditions(&self) -> Vec<Condition> {
        self.task.conditions()
    }

    fn trial(&self, _: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        self.task.trial(self.shared(), condition, rng)
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        self.task.score(self.shared(), trial, outputs)
    }

    fn choice_name(&self, choice: usize) -> String {
        T::CHOICES.get(choice).map_or_else(|| format!("choice {}", choice + 1), |name| (*name).into())
    }

    fn chance(&self) -> f64 {
        self.task.chance(self.shared())
    }

    fn criterion(&self) -> Option<Criterion> {
        Some(Criterion::MeanPerformance { threshold: 0.95, window: 1 })
    }
}

/// The outputs at the graded steps of a trial, with their step.
pub(super) fn graded<'a>(
    trial: &'a TrialView<'_>,
    outputs: &'a ArrayView2<'_, f32>,
) -> impl Iterator<Item = (usize, f64)> + Clone + 'a {
    let graded = trial.loss_mask.iter().zip(outputs).enumerate();
    graded.filter(|(_, (weight, _))| **weight > 0.0).map(|(step, (_, &z))| (step, f64::from(z)))
}

/// The trial of these periods that shows `inputs` and asks for `answer` in the response.
pub(super) fn trial(
    timeline: Timeline,
    inputs: Array2<f32>,
    answer: f32,
    condition: Condition,
    correct: usize,
) -> Trial {
    let mut targets = Array2::zeros((timeline.n_steps(), 1));
    let response = timeline.epochs().iter().filter(|epoch| epoch.name == "response").flat_map(|epoch| epoch.steps());
    response.for_each(|step| targets[[step, 0]] = answer);
    let mut loss_mask = Array2::ones(targets.dim());
    loss_mask.slice_mut(s![-1.., ..]).fill(0.0);
    Trial { inputs, targets, loss_mask, condition, epochs: timeline.into_epochs(), correct: Some(correct) }
}

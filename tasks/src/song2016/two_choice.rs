//! Two alternatives: after a fixation and a stimulus one of two outputs is to be chosen.
//!
//! ```text
//! epochs     fixation, then those of the task, the last of which is the decision
//! targets    decision: hi for the correct output, lo for the other;  before it lo for both
//! graded     fixation and decision
//! catch      a fraction p_catch of the trials: no signal for catch_duration, both targets lo, all graded, not scored
//! choice     the larger output at the last step, unless the task says otherwise
//! correct    the larger output at the last step is the right one
//! training   ends when the mean performance of the last 5 validations exceeds 85 %, or what the task says
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | | `fixation`, `fixation_test` | ms | 100; the task says how long it is in tests |
//! | hi, lo | `hi`, `lo` | output units | 1 unless the task says otherwise, 0.2 |
//! | p_catch | `p_catch` | | the task says |
//! | catch_duration | `catch_duration` | ms | the task says |
//!
//! Durations must be whole numbers of steps unless `rounding` says what to do with them. Those that are drawn go to the
//! step below, as in the code, unless `rounding` is "nearest" or "ceil".
//!
//! Reference: Song HF, Yang GR, Wang X-J (2016). Training excitatory-inhibitory recurrent neural networks for cognitive
//! tasks: a simple and flexible framework. PLoS Computational Biology 12(2): e1004792.
//! <https://doi.org/10.1371/journal.pcbi.1004792>
//!
//! Differences from the source, for all of these tasks: targets that are not graded are lo where the code leaves them
//! at 0, which changes nothing that is graded.
//!
//! ```
//! use nn4n_tasks::{Task, song2016::{FixedDuration, RdmFixed}};
//! let short = FixedDuration { stimulus: 400.0, ..FixedDuration::default() };
//! let task = RdmFixed { sigma_in: 0.0, task: short, ..RdmFixed::default() };
//! assert_eq!((task.inputs().len(), task.outputs().len(), task.chance()), (2, 2, 0.5));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::fmt;
use std::ops::Range;

use ndarray::ArrayView2;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Epochs, InputNoise, Plan, plan};
use crate::error::rules;
use crate::{
    About, Channel, Clock, Condition, Criterion, Described, Rounding, Score, Split, Task, TaskError, Trial, TrialRng,
    TrialView, parameters_of,
};

/// What tells one task with two alternatives from another.
pub trait Definition: Clone + Default + fmt::Debug + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What is said of the task.
    const ABOUT: About<'static>;
    /// The input channels.
    const INPUTS: &'static [&'static str];
    /// The output channels, one for each choice.
    const OUTPUTS: [&'static str; 2] = ["choice_1", "choice_2"];
    /// The names of the trial variables.
    const VARIABLES: &'static [&'static str];
    /// The published fixation in tests, ms.
    const FIXATION_TEST: f64 = 500.0;
    /// The published fraction of catch trials.
    const P_CATCH: f64 = 1.0 / 11.0;
    /// The published length of a catch trial, ms.
    const CATCH_DURATION: f64 = 2000.0;
    /// The published target of the correct output.
    const HI: f64 = 1.0;
    /// When training ends.
    const CRITERION: Criterion = Criterion::MeanPerformance { threshold: 0.85, window: 5 };

    /// Checks the task's own settings; `targets` go from the lower to the higher.
    fn validate(&self, clock: Clock, targets: Range<f64>) -> Result<(), TaskError>;

    /// The classes of trials, but for the catch trials.
    fn conditions(&self) -> Vec<Condition>;

    /// Draws the variables of a trial that the condition leaves out, and says what it shows and asks for.
    fn plan(&self, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Plan, TaskError>;

    /// The epochs after fixation.
    fn epochs(&self, split: Split, clock: Clock, rng: &mut TrialRng) -> Result<Epochs, TaskError>;

    /// Scores an answer.
    fn score(&self, _dt: f64, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        plan::score(trial, outputs)
    }
}

/// A task with two alternatives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TwoChoice<T> {
    /// The time step, ms.
    pub dt: f64,
    /// What becomes of a duration between two steps; drawn ones go to the step below unless this says otherwise.
    pub rounding: Rounding,
    /// Fixation in training, ms.
    pub fixation: f64,
    /// Fixation in tests, ms.
    pub fixation_test: f64,
    /// The fraction of catch trials.
    pub p_catch: f64,
    /// The length of a catch trial, ms.
    pub catch_duration: f64,
    /// The target of the correct output in the decision.
    pub hi: f64,
    /// The target everywhere else.
    pub lo: f64,
    /// Added to every input.
    pub baseline: f64,
    /// The strength of the input noise; 0 for none.
    pub sigma_in: f64,
    /// The time constant of the input noise, ms.
    pub tau_in: f64,
    /// What is this task's own.
    #[serde(flatten)]
    pub task: T,
}

impl<T: Definition> Default for TwoChoice<T> {
    fn default() -> Self {
        let InputNoise { dt, baseline, sigma_in, tau_in } = InputNoise::default();
        Self {
            dt,
            rounding: Rounding::Exact,
            fixation: 100.0,
            fixation_test: T::FIXATION_TEST,
            p_catch: T::P_CATCH,
            catch_duration: T::CATCH_DURATION,
            hi: T::HI,
            lo: 0.2,
            baseline,
            sigma_in,
            tau_in,
            task: T::default(),
        }
    }
}

impl<T> TwoChoice<T> {
    /// How signals become inputs.
    pub fn input(&self) -> InputNoise {
        InputNoise { dt: self.dt, baseline: self.baseline, sigma_in: self.sigma_in, tau_in: self.tau_in }
    }

    /// How durations become steps.
    pub fn clock(&self) -> Clock {
        Clock::new(self.dt).drawn(Rounding::Floor).rounding(self.rounding)
    }
}

impl<T: Definition> Described for TwoChoice<T> {
    const ABOUT: About<'static> = T::ABOUT;
}

impl<T: Definition> Task for TwoChoice<T> {
    fn about(&self) -> About<'_> {
        Self::ABOUT
    }

    fn parameters(&self) -> serde_json::Value {
        parameters_of(self)
    }

    fn validate(&self) -> Result<(), TaskError> {
        self.input().validate()?;
        rules::finite("hi", self.hi)?;
        rules::finite("lo", self.lo)?;
        if self.hi <= self.lo {
            let remedy = format!("the correct output must stand out from `lo` = {}", self.lo);
            return Err(TaskError::parameter("hi", self.hi, "must exceed `lo`", remedy));
        }
        rules::probability("p_catch", self.p_catch)?;
        let clock = self.clock();
        clock.at_least_one_step("catch_duration", self.catch_duration)?;
        clock.steps("fixation", self.fixation)?;
        clock.steps("fixation_test", self.fixation_test)?;
        self.task.validate(clock, self.lo..self.hi)
    }

    fn dt(&self) -> f64 {
        self.dt
    }

    fn inputs(&self) -> Vec<Channel> {
        Channel::list(T::INPUTS)
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&T::OUTPUTS)
    }

    fn conditions(&self) -> Vec<Condition> {
        let catch = (self.p_catch > 0.0).then(Condition::catch);
        catch.into_iter().chain(self.task.conditions()).collect()
    }

    fn trial(&self, split: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        if self.is_catch(condition, rng)? {
            return self.catch_trial(rng);
        }
        let plan = self.task.plan(condition, rng)?;
        let mut timeline = self.clock().timeline()?;
        let fixation = match split {
            Split::Train => ("fixation", self.fixation),
            Split::Test => ("fixation_test", self.fixation_test),
        };
        timeline.push("fixation", fixation)?;
        for (name, steps) in self.task.epochs(split, self.clock(), rng)? {
            timeline.push_steps(name, steps)?;
        }
        Ok(self.planned_trial(timeline, plan, rng))
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        self.task.score(self.dt, trial, outputs)
    }

    fn chance(&self) -> f64 {
        0.5
    }

    fn criterion(&self) -> Option<Criterion> {
        Some(T::CRITERION)
    }
}

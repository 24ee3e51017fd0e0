//! Go/no-go: respond after a pulse, and stay silent without one.
//!
//! ```text
//! epochs    fixation 250 ms | stimulus 125 ms | response 625 ms
//! signals   stimulus: 1 in go trials, 0 in no-go trials, each half of the time
//! targets   response: 1 in go trials;  0 at all other times
//! graded    the whole trial
//! choice    in the response:  go (0): an output above 0.7;  no-go (1): all outputs within -0.3 and 0.3;  else none
//! reaction  go: from the start of the response to the end of the first step with an output above 0.7
//! correct   go or no-go, whichever the trial asks for
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | 0.7 | `threshold` | output units | 0.7 |
//! | 0.3 | `silence` | output units | 0.3; at most `threshold` |
//!
//! Training stops when more than 95 % of the trials of a validation are right.
//!
//! Reference: Kim R, Li Y, Sejnowski TJ (2019), PNAS 116: 22811, <https://doi.org/10.1073/pnas.1905926116>.
//!
//! Differences from the source: its training also waits for a loss below 7 (the root of the summed squared error of one
//! trial) and for 1500 trials. It has the rule for a correct trial, but neither choice nor reaction time.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, kim2019::GoNogo};
//! let go = Condition::new().with("go", true);
//! let trial = GoNogo::default().trial(Split::Train, Some(&go), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.column(0).sum(), 25.0);
//! assert_eq!((trial.targets[[74, 0]], trial.targets[[75, 0]], trial.n_steps()), (0.0, 1.0, 200));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use ndarray::{Array2, ArrayView2, s};
use serde::{Deserialize, Serialize};

use super::FAMILY;
use crate::error::rules;
use crate::{
    About, Channel, Clock, Condition, Criterion, Described, Rounding, Score, Split, Task, TaskError, Trial, TrialRng,
    TrialView, Value,
};
use crate::{parameters_of, reaction_time};

/// The choices.
const GO: usize = 0;
const NO_GO: usize = 1;

/// Go/no-go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GoNogo {
    /// The time step, ms.
    pub dt: f64,
    /// What becomes of a duration between two steps.
    pub rounding: Rounding,
    /// Before the stimulus, ms.
    pub fixation: f64,
    /// The stimulus, ms.
    pub stimulus: f64,
    /// The response, ms.
    pub response: f64,
    /// What an output must exceed to be a response.
    pub threshold: f64,
    /// What no output may reach, up or down, without a response; at most `threshold`.
    pub silence: f64,
}

impl Default for GoNogo {
    fn default() -> Self {
        Self {
            dt: 5.0,
            rounding: Rounding::Exact,
            fixation: 250.0,
            stimulus: 125.0,
            response: 625.0,
            threshold: 0.7,
            silence: 0.3,
        }
    }
}

impl GoNogo {
    fn clock(&self) -> Clock {
        Clock::new(self.dt).fixed(self.rounding)
    }
}

impl Described for GoNogo {
    const ABOUT: About<'static> = About {
        id: "kim2019/go_nogo",
        summary: "Go/no-go: respond after a pulse, and stay silent without one",
        header: include_str!("go_nogo.rs"),
        ..FAMILY
    };
}

impl Task for GoNogo {
    fn about(&self) -> About<'_> {
        Self::ABOUT
    }

    fn parameters(&self) -> serde_json::Value {
        parameters_of(self)
    }

    fn validate(&self) -> Result<(), TaskError> {
        let clock = self.clock();
        clock.steps("fixation", self.fixation)?;
        clock.at_least_one_step("stimulus", self.stimulus)?;
        clock.at_least_one_step("response", self.response)?;
        rules::positive("threshold", self.threshold)?;
        if self.threshold >= 1.0 {
            return Err(TaskError::parameter(
                "threshold",
                self.threshold,
                "must be less than the target, 1",
                "the published task has 0.7",
            ));
        }
        rules::positive("silence", self.silence)?;
        if self.silence > self.threshold {
            let remedy = format!("give at most `threshold` = {}: no output is a response and silence", self.threshold);
            return Err(TaskError::parameter("silence", self.silence, "must not exceed `threshold`", remedy));
        }
        Ok(())
    }

    fn dt(&self) -> f64 {
        self.dt
    }

    fn inputs(&self) -> Vec<Channel> {
        Channel::list(&["stimulus"])
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&["response"])
    }

    fn conditions(&self) -> Vec<Condition> {
        [true, false].map(|go| Condition::new().with("go", go)).into()
    }

    fn trial(&self, _: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        condition.map_or(Ok(()), |condition| condition.allow(&["go"]))?;
        let go = match condition.and_then(|condition| condition.get("go")) {
            None => rng.chance(0.5),
            Some(Value::Bool(go)) => *go,
            Some(other) => {
                return Err(TaskError::condition("go", other, "must be true or false", "give true for a go trial"));
            }
        };
        let mut timeline = self.clock().timeline()?;
        timeline.push("fixation", ("fixation", self.fixation))?;
        let stimulus = timeline.push("stimulus", ("stimulus", self.stimulus))?;
        let response = timeline.push("response", ("response", self.response))?;

        let level = if go { 1.0 } else { 0.0 };
        let mut inputs = Array2::zeros((timeline.n_steps(), 1));
        inputs.slice_mut(s![stimulus, 0]).fill(level);
        let mut targets = Array2::zeros((timeline.n_steps(), 1));
        targets.slice_mut(s![response, 0]).fill(level);
        let loss_mask = Array2::ones((timeline.n_steps(), 1));
        let condition = Condition::new().with("go", go);
        Ok(Trial {
            inputs,
            targets,
            loss_mask,
            condition,
            epochs: timeline.into_epochs(),
            correct: Some(if go { GO } else { NO_GO }),
        })
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        let start = trial.epoch("response").map_or(0, |response| response.start);
        let response = || outputs.iter().skip(start).map(|&z| f64::from(z));
        let crossed = response().position(|z| z > self.threshold);
        let choice = match crossed {
            Some(_) => Some(GO),
            None => response().all(|z| z.abs() < self.silence).then_some(NO_GO),
        };
        let reaction_time = crossed.map(|steps| reaction_time(start + steps, start, self.dt));
        Score { choice, correct: Some(choice.is_some() && choice == trial.correct), reaction_time, ..Score::default() }
    }

    fn chance(&self) -> f64 {
        // Numbers in [0, 1): the chance that one is above the threshold, and that none reaches the limit of silence.
        let steps = self.clock().steps("response", self.response).unwrap_or(0).min(i32::MAX as usize) as i32;
        0.5 * (1.0 - self.threshold.powi(steps)) + 0.5 * self.silence.min(1.0).powi(steps)
    }

    fn criterion(&self) -> Option<Criterion> {
        Some(Criterion::MeanPerformance { threshold: 0.95, window: 1 })
    }
}

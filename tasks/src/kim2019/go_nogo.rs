//! Go/no-go: respond after a pulse, and stay silent without one.
//!
//! ```text
//! epochs    fixation 250 ms | stimulus 125 ms | response 625 ms
//! signals   stimulus: 1 in go trials, 0 in no-go trials, each half of the time
//! targets   response: 1 in go trials, 0 in no-go trials
//! choice    in the response:  go (0): an output above 0.7;  no-go (1): all outputs within -0.3 and 0.3;  else none
//! reaction  go: from the start of the response to the end of the first step with an output above 0.7
//! correct   go or no-go, whichever the trial asks for
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | go or no-go | variable `go` | | |
//! | 0.3 | `silence` | output units | 0.3; at most `threshold` |
//!
//! Reference: Kim R, Li Y, Sejnowski TJ (2019), PNAS 116: 22811, <https://doi.org/10.1073/pnas.1905926116>.
//!
//! Differences from the source: its training also waits for 1500 trials.
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
use super::thresholded::{Definition, Shared, Thresholded, graded, trial};
use crate::error::rules;
use crate::{About, Channel, Condition, Score, TaskError, Trial, TrialRng, TrialView, Value, reaction_time};

/// The choices.
const GO: usize = 0;
const NO_GO: usize = 1;

/// Go/no-go.
pub type GoNogo = Thresholded<Pulse>;

/// A response to a pulse, and none without it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pulse {
    /// What no output may reach, up or down, without a response; at most `threshold`.
    pub silence: f64,
}

impl Default for Pulse {
    fn default() -> Self {
        Self { silence: 0.3 }
    }
}

impl Definition for Pulse {
    const ABOUT: About<'static> = About {
        id: "kim2019/go_nogo",
        summary: "Go/no-go: respond after a pulse, and stay silent without one",
        header: include_str!("go_nogo.rs"),
        ..FAMILY
    };
    const STIMULUS: f64 = 125.0;
    const RESPONSE: f64 = 625.0;
    const CHOICES: [&'static str; 2] = ["go", "no-go"];

    fn validate(&self, shared: Shared) -> Result<(), TaskError> {
        rules::positive("silence", self.silence)?;
        if self.silence > shared.threshold {
            let remedy =
                format!("give at most `threshold` = {}: no output is a response and silence", shared.threshold);
            return Err(TaskError::parameter("silence", self.silence, "must not exceed `threshold`", remedy));
        }
        if shared.clock.steps("response", shared.response)? < 2 {
            let remedy = format!("give at least two steps of `dt` = {} ms", shared.clock.dt);
            let rule = "leaves no step to be graded: the last one of a trial is not";
            return Err(TaskError::parameter("response", shared.response, rule, remedy));
        }
        Ok(())
    }

    fn inputs(&self) -> Vec<Channel> {
        Channel::list(&["stimulus"])
    }

    fn output(&self) -> &'static str {
        "response"
    }

    fn conditions(&self) -> Vec<Condition> {
        [true, false].map(|go| Condition::new().with("go", go)).into()
    }

    fn trial(&self, shared: Shared, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        condition.map_or(Ok(()), |condition| condition.allow(&["go"]))?;
        let go = match condition.and_then(|condition| condition.get("go")) {
            None => rng.chance(0.5),
            Some(Value::Bool(go)) => *go,
            Some(other) => {
                return Err(TaskError::condition("go", other, "must be true or false", "give true for a go trial"));
            }
        };
        let mut timeline = shared.clock.timeline()?;
        timeline.push("fixation", ("fixation", shared.fixation))?;
        let stimulus = timeline.push("stimulus", ("stimulus", shared.stimulus))?;
        timeline.push("response", ("response", shared.response))?;

        let level = if go { 1.0 } else { 0.0 };
        let mut inputs = Array2::zeros((timeline.n_steps(), 1));
        inputs.slice_mut(s![stimulus, 0]).fill(level);
        Ok(trial(timeline, inputs, level, Condition::new().with("go", go), if go { GO } else { NO_GO }))
    }

    fn score(&self, shared: Shared, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        let start = trial.epoch("response").map_or(0, |response| response.start);
        let mut response = graded(&trial, &outputs).filter(|(step, _)| *step >= start);
        let crossed = response.clone().find(|(_, z)| *z > shared.threshold);
        let choice = match crossed {
            Some(_) => Some(GO),
            None => response.all(|(_, z)| z.abs() < self.silence).then_some(NO_GO),
        };
        let reaction_time = crossed.map(|(step, _)| reaction_time(step, start, shared.clock.dt));
        Score { choice, correct: Some(choice.is_some() && choice == trial.correct), reaction_time, ..Score::default() }
    }

    fn chance(&self, shared: Shared) -> f64 {
        // Numbers in [0, 1): the chance that one is above the threshold, and that none reaches the limit of silence.
        let steps = shared.clock.steps("response", shared.response).unwrap_or(0);
        let steps = steps.saturating_sub(1).min(i32::MAX as usize) as i32;
        0.5 * (1.0 - shared.threshold.powi(steps)) + 0.5 * self.silence.min(1.0).powi(steps)
    }
}

//! Temporal exclusive or: say whether two stimuli shown one after the other are the same.
//!
//! ```text
//! epochs    fixation 250 ms | stimulus_1 250 ms | delay 50 ms | stimulus_2 250 ms | wait 50 ms | response 500 ms | rest 150 ms
//! signals   a on input 1 in stimulus_1, b on input 2 in stimulus_2        a, b = +1 or -1, each pair equally likely
//! targets   response: +1 if a = b, else -1;  0 at all other times
//! graded    the whole trial
//! correct   from 150 ms after the start of the response to the end of the trial:  a = b: an output above 0.7;  a != b: one below -0.7
//! choice    the first output in that time above 0.7 (same, 0) or below -0.7 (different, 1);  none without one
//! reaction  from the start of the response to the end of the first step with an output beyond 0.7 on the side of the choice
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | 0.7 | `threshold` | output units | 0.7 |
//! | 150 | `settling` | ms | 150 (the code looks from step 200 of 300 on) |
//!
//! The rule for a correct trial is the source's: an output on the right side counts even if one on the other side,
//! which is the choice, came before it. The reaction may lie in the first 150 ms of the response, which the rule passes
//! over. Training stops when more than 95 % of the trials of a validation are right.
//!
//! Reference: Kim R, Li Y, Sejnowski TJ (2019), PNAS 116: 22811, <https://doi.org/10.1073/pnas.1905926116>. The form
//! without time, with both bits on throughout and an output for each answer, is `tolmachev2025/xor`.
//!
//! Differences from the source: its training also waits for a loss below 7, the root of the summed squared error of one
//! trial. It has neither choice nor reaction time.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, kim2019::Xor};
//! let condition = Condition::new().with("first", 1.0).with("second", -1.0);
//! let trial = Xor::default().trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.n_steps(), 300);
//! assert_eq!((trial.inputs.row(50).to_vec(), trial.inputs.row(110).to_vec()), (vec![1.0, 0.0], vec![0.0, -1.0]));
//! assert_eq!((trial.targets[[169, 0]], trial.targets[[170, 0]], trial.targets[[270, 0]]), (0.0, -1.0, 0.0));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use ndarray::{Array2, ArrayView2, s};
use serde::{Deserialize, Serialize};

use super::FAMILY;
use crate::error::rules;
use crate::{
    About, Channel, Clock, Condition, Criterion, Described, Rounding, Score, Split, Task, TaskError, Trial, TrialRng,
    TrialView,
};
use crate::{parameters_of, reaction_time};

/// The choices.
const SAME: usize = 0;
const DIFFERENT: usize = 1;

/// Temporal exclusive or.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Xor {
    /// The time step, ms.
    pub dt: f64,
    /// What becomes of a duration between two steps.
    pub rounding: Rounding,
    /// Before the first stimulus, ms.
    pub fixation: f64,
    /// Each stimulus, ms.
    pub stimulus: f64,
    /// Between the stimuli, ms.
    pub delay: f64,
    /// Between the second stimulus and the response, ms.
    pub wait: f64,
    /// The response, ms.
    pub response: f64,
    /// After the response, ms.
    pub rest: f64,
    /// The part of the response that the score passes over, ms; less than `response`.
    pub settling: f64,
    /// What an output must exceed to be an answer.
    pub threshold: f64,
}

impl Default for Xor {
    fn default() -> Self {
        Self {
            dt: 5.0,
            rounding: Rounding::Exact,
            fixation: 250.0,
            stimulus: 250.0,
            delay: 50.0,
            wait: 50.0,
            response: 500.0,
            rest: 150.0,
            settling: 150.0,
            threshold: 0.7,
        }
    }
}

impl Xor {
    fn clock(&self) -> Clock {
        Clock::new(self.dt).fixed(self.rounding)
    }

    /// The choice that an output stands for, if it is beyond the threshold.
    fn side(&self, z: f32) -> Option<usize> {
        let z = f64::from(z);
        (z.abs() > self.threshold).then_some(if z > 0.0 { SAME } else { DIFFERENT })
    }

    fn settling_steps(&self) -> usize {
        // Checked by `validate`.
        self.clock().steps("settling", self.settling).unwrap_or(0)
    }
}

impl Described for Xor {
    const ABOUT: About<'static> = About {
        id: "kim2019/xor",
        summary: "Temporal exclusive or: say whether two stimuli shown one after the other are the same",
        header: include_str!("xor.rs"),
        ..FAMILY
    };
}

impl Task for Xor {
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
        clock.steps("delay", self.delay)?;
        clock.steps("wait", self.wait)?;
        let response = clock.at_least_one_step("response", self.response)?;
        clock.steps("rest", self.rest)?;
        if clock.steps("settling", self.settling)? >= response {
            let remedy = format!("give less than `response` = {} ms", self.response);
            return Err(TaskError::parameter("settling", self.settling, "must leave a part of the response", remedy));
        }
        rules::positive("threshold", self.threshold)?;
        if self.threshold >= 1.0 {
            return Err(TaskError::parameter(
                "threshold",
                self.threshold,
                "must be less than the target, 1",
                "the published task has 0.7",
            ));
        }
        Ok(())
    }

    fn dt(&self) -> f64 {
        self.dt
    }

    fn inputs(&self) -> Vec<Channel> {
        Channel::numbered("stimulus", 2)
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&["same"])
    }

    fn conditions(&self) -> Vec<Condition> {
        [[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]].map(named).into()
    }

    fn trial(&self, _: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        condition.map_or(Ok(()), |condition| condition.allow(&["first", "second"]))?;
        let signs = [sign("first", condition, rng)?, sign("second", condition, rng)?];
        let mut timeline = self.clock().timeline()?;
        timeline.push("fixation", ("fixation", self.fixation))?;
        let first = timeline.push("stimulus_1", ("stimulus", self.stimulus))?;
        timeline.push("delay", ("delay", self.delay))?;
        let second = timeline.push("stimulus_2", ("stimulus", self.stimulus))?;
        timeline.push("wait", ("wait", self.wait))?;
        let response = timeline.push("response", ("response", self.response))?;
        timeline.push("rest", ("rest", self.rest))?;

        let n_steps = timeline.n_steps();
        let mut inputs = Array2::zeros((n_steps, 2));
        inputs.slice_mut(s![first, 0]).fill(signs[0] as f32);
        inputs.slice_mut(s![second, 1]).fill(signs[1] as f32);
        let mut targets = Array2::zeros((n_steps, 1));
        targets.slice_mut(s![response, 0]).fill((signs[0] * signs[1]) as f32);
        let loss_mask = Array2::ones((n_steps, 1));
        let correct = Some(if signs[0] == signs[1] { SAME } else { DIFFERENT });
        Ok(Trial { inputs, targets, loss_mask, condition: named(signs), epochs: timeline.into_epochs(), correct })
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        let Some(response) = trial.epoch("response") else { return Score { correct: Some(false), ..Score::default() } };
        let from = |start: usize| outputs.iter().enumerate().skip(start).map(|(step, &z)| (step, self.side(z)));
        let scored = || from(response.start + self.settling_steps()).filter_map(|(_, side)| side);
        let choice = scored().next();
        let crossed = choice.and_then(|choice| from(response.start).find(|(_, side)| *side == Some(choice)));
        Score {
            choice,
            correct: Some(scored().any(|side| trial.correct == Some(side))),
            reaction_time: crossed.map(|(step, _)| reaction_time(step, response.start, self.dt)),
            ..Score::default()
        }
    }

    fn chance(&self) -> f64 {
        // Numbers in [0, 1) never say that the stimuli differ, and say that they are the same if one of them is above
        // the threshold.
        let steps = |ms| self.clock().steps("response", ms).unwrap_or(0);
        let scored = steps(self.response) + steps(self.rest) - self.settling_steps().min(steps(self.response));
        0.5 * (1.0 - self.threshold.powi(scored.min(i32::MAX as usize) as i32))
    }

    fn criterion(&self) -> Option<Criterion> {
        Some(Criterion::MeanPerformance { threshold: 0.95, window: 1 })
    }
}

fn named([first, second]: [f64; 2]) -> Condition {
    Condition::new().with("first", first).with("second", second)
}

/// The sign of a stimulus.
fn sign(name: &str, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<f64, TaskError> {
    match condition.map_or(Ok(None), |condition| condition.finite_number(name))? {
        None => Ok(if rng.chance(0.5) { 1.0 } else { -1.0 }),
        Some(given) if given.abs() == 1.0 => Ok(given),
        Some(given) => Err(TaskError::condition(name, given, "is no stimulus of this task", "give 1 or -1")),
    }
}

//! Temporal exclusive or: say whether two stimuli shown one after the other are the same.
//!
//! ```text
//! epochs    fixation 250 ms | stimulus_1 250 ms | delay 50 ms | stimulus_2 250 ms | wait 50 ms | response 500 ms
//!           | rest 150 ms
//! signals   a on input 1 in stimulus_1, b on input 2 in stimulus_2        a, b = +1 or -1, each pair equally likely
//! targets   response: +1 if a = b, else -1
//! scored    the graded outputs from 150 ms after the start of the response on
//! correct   a = b: a scored output above 0.7;  a != b: one below -0.7
//! choice    the first scored output above 0.7 (same, 0) or below -0.7 (different, 1);  none without one
//! reaction  from the start of the response to the end of the first step with an output beyond 0.7 on that side
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | a, b | variables `first`, `second` | | |
//! | | `delay`, `wait`, `rest` | ms | 50, 50, 150 |
//! | 150 | `settling` | ms | 150 (the code looks from step 200 of 300 on) |
//!
//! The rule for a correct trial is the source's: an output on the right side counts even if one on the other side,
//! which is the choice, came before it. The reaction may lie in the first 150 ms of the response, which the rule passes
//! over.
//!
//! Reference: Kim R, Li Y, Sejnowski TJ (2019), PNAS 116: 22811, <https://doi.org/10.1073/pnas.1905926116>. The form
//! without time, with both bits on throughout and an output for each answer, is `tolmachev2025/xor`.
//!
//! Differences from the source: none but those of all tasks of the family.
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
use super::thresholded::{Definition, Shared, Thresholded, graded, trial};
use crate::{About, Channel, Clock, Condition, Score, TaskError, Trial, TrialRng, TrialView, reaction_time};

/// The choices.
const SAME: usize = 0;
const DIFFERENT: usize = 1;

/// Temporal exclusive or.
pub type Xor = Thresholded<StimulusPair>;

/// Whether two stimuli are the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StimulusPair {
    /// Between the stimuli, ms.
    pub delay: f64,
    /// Between the second stimulus and the response, ms.
    pub wait: f64,
    /// After the response, ms.
    pub rest: f64,
    /// The part of the response that the score passes over, ms; less than `response`.
    pub settling: f64,
}

impl Default for StimulusPair {
    fn default() -> Self {
        Self { delay: 50.0, wait: 50.0, rest: 150.0, settling: 150.0 }
    }
}

impl StimulusPair {
    fn settling_steps(&self, clock: Clock) -> usize {
        // Checked by `validate`.
        clock.steps("settling", self.settling).unwrap_or(0)
    }
}

impl Definition for StimulusPair {
    const ABOUT: About<'static> = About {
        id: "kim2019/xor",
        summary: "Temporal exclusive or: say whether two stimuli shown one after the other are the same",
        header: include_str!("xor.rs"),
        ..FAMILY
    };
    const STIMULUS: f64 = 250.0;
    const RESPONSE: f64 = 500.0;
    const CHOICES: [&'static str; 2] = ["same", "different"];

    fn validate(&self, shared: Shared) -> Result<(), TaskError> {
        shared.clock.steps("delay", self.delay)?;
        shared.clock.steps("wait", self.wait)?;
        let response = shared.clock.steps("response", shared.response)?;
        let ungraded = usize::from(shared.clock.steps("rest", self.rest)? == 0);
        if shared.clock.steps("settling", self.settling)? + ungraded < response {
            return Ok(());
        }
        let remedy = format!("give less than `response` = {} ms, and one step less without `rest`", shared.response);
        Err(TaskError::parameter("settling", self.settling, "must leave a part of the response", remedy))
    }

    fn inputs(&self) -> Vec<Channel> {
        Channel::numbered("stimulus", 2)
    }

    fn output(&self) -> &'static str {
        "same"
    }

    fn conditions(&self) -> Vec<Condition> {
        [[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]].map(named).into()
    }

    fn trial(&self, shared: Shared, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        condition.map_or(Ok(()), |condition| condition.allow(&["first", "second"]))?;
        let signs = [sign("first", condition, rng)?, sign("second", condition, rng)?];
        let mut timeline = shared.clock.timeline()?;
        timeline.push("fixation", ("fixation", shared.fixation))?;
        let first = timeline.push("stimulus_1", ("stimulus", shared.stimulus))?;
        timeline.push("delay", ("delay", self.delay))?;
        let second = timeline.push("stimulus_2", ("stimulus", shared.stimulus))?;
        timeline.push("wait", ("wait", self.wait))?;
        timeline.push("response", ("response", shared.response))?;
        timeline.push("rest", ("rest", self.rest))?;

        let mut inputs = Array2::zeros((timeline.n_steps(), 2));
        inputs.slice_mut(s![first, 0]).fill(signs[0] as f32);
        inputs.slice_mut(s![second, 1]).fill(signs[1] as f32);
        let correct = if signs[0] == signs[1] { SAME } else { DIFFERENT };
        Ok(trial(timeline, inputs, (signs[0] * signs[1]) as f32, named(signs), correct))
    }

    fn score(&self, shared: Shared, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        let Some(response) = trial.epoch("response") else { return Score { correct: Some(false), ..Score::default() } };
        let sides = graded(&trial, &outputs).map(|(step, z)| (step, side(z, shared)));
        let from = |start: usize| sides.clone().filter(move |(step, _)| *step >= start);
        let scored = || from(response.start + self.settling_steps(shared.clock)).filter_map(|(_, side)| side);
        let choice = scored().next();
        let crossed = choice.and_then(|choice| from(response.start).find(|(_, side)| *side == Some(choice)));
        Score {
            choice,
            correct: Some(scored().any(|side| trial.correct == Some(side))),
            reaction_time: crossed.map(|(step, _)| reaction_time(step, response.start, shared.clock.dt)),
            ..Score::default()
        }
    }

    fn chance(&self, shared: Shared) -> f64 {
        // Numbers in [0, 1) never say that the stimuli differ, and say that they are the same if one of them is above
        // the threshold.
        let steps = |ms| shared.clock.steps("response", ms).unwrap_or(0);
        let response = steps(shared.response);
        let scored = (response + steps(self.rest)).saturating_sub(self.settling_steps(shared.clock) + 1);
        0.5 * (1.0 - shared.threshold.powi(scored.min(i32::MAX as usize) as i32))
    }
}

/// The choice that an output stands for, if it is beyond the threshold.
fn side(z: f64, shared: Shared) -> Option<usize> {
    (z.abs() > shared.threshold).then_some(if z > 0.0 { SAME } else { DIFFERENT })
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

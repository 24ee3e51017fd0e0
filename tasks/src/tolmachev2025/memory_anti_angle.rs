//! Memory of the opposite angle: keep an angle in mind, and give the opposite one when asked.
//!
//! ```text
//! epochs    wait 10 ms | stimulus 10 ms | delay 100 ms | recall 80 ms
//! code      c_k(x) = [1 - d(x, 2 pi k / n) / (2 pi / n)]+        d: distance around the circle, k = 0 .. n - 1
//! signals   stimulus: c(angle) on the angle channels;  recall: 1 on the recall cue;  whole trial: 1 on the constant
//! targets   recall: c(angle + pi);  0 at all other times
//! graded    all but the first 10 ms of the recall
//! correct   the angle that the outputs stand for at the last step is less than pi / 5 from angle + pi
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | angle | `n_angles` | | 71, evenly spaced and equally likely |
//! | n | `n_channels` | | 3 |
//! | 10 ms | `grace` | ms | 10 |
//! | pi / 5 | `tolerance` | rad | none; 0.2 pi here |
//! | | `wait`, `stimulus`, `delay`, `recall` | ms | 10, 10, 100, 80 |
//!
//! An angle lies between two channels, which share it in proportion; so the outputs stand for the angle between the
//! largest of them and its larger neighbour, divided in the proportion of the two.
//!
//! Reference: Tolmachev P, Engel TA (2025), <https://doi.org/10.1038/s42256-025-01127-2>, the package trainRNNbrain.
//!
//! Differences from the source: these are the angles and times of its newest code, which leaves out the last of 72
//! angles and does not shift the stimulus; older ones (2024) recall from 90 to 120 ms and shift the stimulus within
//! +-10 ms, for which `wait` and `delay` take distributions.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, tolmachev2025::MemoryAntiAngle};
//! let task = MemoryAntiAngle { sigma_in: 0.0, ..MemoryAntiAngle::default() };
//! let zero = Condition::new().with("angle", 0.0);
//! let trial = task.trial(Split::Train, Some(&zero), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(10).to_vec(), [1.0, 0.0, 0.0, 1.0, 0.0]);
//! assert_eq!(trial.targets.row(120).to_vec(), [0.0, 0.5, 0.5]); // pi lies halfway between 2 pi / 3 and 4 pi / 3
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::f64::consts::{PI, TAU};

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, s};
use serde::{Deserialize, Serialize};

use super::{Definition, FAMILY, NoisyInputs};
use crate::error::rules;
use crate::ring::{distance, wrapped};
use crate::{
    About, Channel, Clock, Condition, Duration, Former, Score, TaskError, Trial, TrialRng, TrialView, largest,
};

/// The most channels and angles.
const MAX: usize = 1000;

/// Memory of the opposite angle.
pub type MemoryAntiAngle = NoisyInputs<OppositeAngle>;

/// The angle opposite to one that was shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OppositeAngle {
    /// Before the stimulus, ms.
    pub wait: Duration,
    /// The stimulus, ms.
    pub stimulus: f64,
    /// Between stimulus and recall, ms.
    pub delay: Duration,
    /// The recall, ms.
    pub recall: f64,
    /// The beginning of the recall that is not graded, ms; less than `recall`.
    pub grace: f64,
    /// The number of angles.
    pub n_angles: usize,
    /// The number of channels that code an angle, at least 3.
    pub n_channels: usize,
    /// How far a correct answer may be off, rad.
    pub tolerance: f64,
}

impl Default for OppositeAngle {
    fn default() -> Self {
        Self {
            wait: Duration::Fixed(10.0),
            stimulus: 10.0,
            delay: Duration::Fixed(100.0),
            recall: 80.0,
            grace: 10.0,
            n_angles: 71,
            n_channels: 3,
            tolerance: 0.2 * PI,
        }
    }
}

impl OppositeAngle {
    fn angles(&self) -> Vec<f64> {
        (0..self.n_angles).map(|k| TAU * k as f64 / self.n_angles as f64).collect()
    }

    fn angle(&self, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<f64, TaskError> {
        condition.map_or(Ok(()), |condition| condition.allow(&["angle"]))?;
        let given = condition.map_or(Ok(None), |condition| condition.finite_number("angle"))?;
        Ok(given.map(wrapped).or_else(|| rng.pick(&self.angles()).copied()).unwrap_or(0.0))
    }

    /// What the channels say of an angle.
    fn code(&self, angle: f64) -> Array1<f32> {
        let mut code = Array1::zeros(self.n_channels);
        let place = wrapped(angle) / TAU * self.n_channels as f64;
        let (before, share) = (place as usize, place.fract());
        code[before % self.n_channels] = (1.0 - share) as f32;
        code[(before + 1) % self.n_channels] = share as f32;
        code
    }

    /// The angle that channels stand for; `None` if none of them is active.
    fn decode(&self, code: ArrayView1<'_, f32>) -> Option<f64> {
        let (n, k) = (code.len(), largest(code)?);
        let level = |k: usize| f64::from(code[k % n]).max(0.0);
        let (before, here, after) = (level(k + n - 1), level(k), level(k + 1));
        let share = if after >= before { after / (here + after) } else { -before / (here + before) };
        (here > 0.0 && here.is_finite()).then(|| wrapped(TAU / n as f64 * (k as f64 + share)))
    }
}

impl Definition for OppositeAngle {
    const ABOUT: About<'static> = About {
        id: "tolmachev2025/memory_anti_angle",
        version: 2,
        // It had another default of `n_angles`.
        former: &[Former { version: 1, switches: &[] }],
        summary: "Memory of the opposite angle: keep an angle in mind, and give the opposite one when asked",
        header: include_str!("memory_anti_angle.rs"),
        ..FAMILY
    };

    fn validate(&self, clock: Clock) -> Result<(), TaskError> {
        self.wait.validate("wait", clock)?;
        clock.at_least_one_step("stimulus", self.stimulus)?;
        self.delay.validate("delay", clock)?;
        let recall = clock.at_least_one_step("recall", self.recall)?;
        if clock.steps("grace", self.grace)? >= recall {
            let remedy = format!("give less than `recall` = {} ms", self.recall);
            return Err(TaskError::parameter("grace", self.grace, "must leave a part of the recall", remedy));
        }
        if !(1..=MAX).contains(&self.n_angles) {
            let remedy = "the published task has 71";
            return Err(TaskError::parameter("n_angles", self.n_angles, "must lie in 1 to 1000", remedy));
        }
        if !(3..=MAX).contains(&self.n_channels) {
            let remedy = "the published task has 3";
            return Err(TaskError::parameter("n_channels", self.n_channels, "must lie in 3 to 1000", remedy));
        }
        rules::positive("tolerance", self.tolerance)
    }

    fn inputs(&self) -> Vec<Channel> {
        let mut channels = Channel::numbered("angle", self.n_channels);
        channels.extend(Channel::list(&["constant", "recall_cue"]));
        channels
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::numbered("opposite", self.n_channels)
    }

    fn conditions(&self) -> Vec<Condition> {
        vec![Condition::new()]
    }

    fn grid(&self) -> Vec<Condition> {
        self.angles().into_iter().map(|angle| Condition::new().with("angle", angle)).collect()
    }

    fn trial(&self, clock: Clock, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let angle = self.angle(condition, rng)?;
        let mut timeline = clock.timeline()?;
        timeline.push_steps("wait", self.wait.draw("wait", clock, rng)?)?;
        let stimulus = timeline.push("stimulus", ("stimulus", self.stimulus))?;
        timeline.push_steps("delay", self.delay.draw("delay", clock, rng)?)?;
        let recall = timeline.push("recall", ("recall", self.recall))?;
        let graded = (recall.start + clock.steps("grace", self.grace)?).min(recall.end);

        let (n_steps, n) = (timeline.n_steps(), self.n_channels);
        let mut inputs = Array2::zeros((n_steps, n + 2));
        inputs.slice_mut(s![stimulus, ..n]).assign(&self.code(angle));
        inputs.column_mut(n).fill(1.0);
        inputs.slice_mut(s![recall.clone(), n + 1]).fill(1.0);
        let mut targets = Array2::zeros((n_steps, n));
        targets.slice_mut(s![recall.clone(), ..]).assign(&self.code(angle + PI));
        let mut loss_mask = Array2::ones((n_steps, n));
        loss_mask.slice_mut(s![recall.start..graded, ..]).fill(0.0);
        let condition = Condition::new().with("angle", angle);
        Ok(Trial { inputs, targets, loss_mask, condition, epochs: timeline.into_epochs(), correct: None })
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        let decoded = outputs.outer_iter().next_back().and_then(|last| self.decode(last));
        let asked = trial.condition.number("angle");
        let correct = decoded.zip(asked).is_some_and(|(decoded, angle)| distance(decoded, angle + PI) < self.tolerance);
        Score { correct: Some(correct), ..Score::default() }
    }

    fn chance(&self) -> f64 {
        (self.tolerance / PI).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_angle_is_decoded_as_it_is_coded() {
        for n_channels in [3, 4, 32] {
            let task = OppositeAngle { n_channels, ..OppositeAngle::default() };
            for k in 0..72 {
                let angle = TAU * f64::from(k) / 72.0;
                let decoded = task.decode(task.code(angle).view()).unwrap_or(f64::NAN);
                assert!(distance(decoded, angle) < 1e-6, "{n_channels} channels: {angle} {decoded}");
            }
        }
    }

    #[test]
    fn silence_and_what_is_no_number_stand_for_no_angle() {
        let task = OppositeAngle::default();
        for code in [[0.0, 0.0, 0.0], [-1.0, -2.0, -3.0], [f32::NAN, 1.0, 0.0], [f32::INFINITY, 1.0, 0.0]] {
            assert_eq!(task.decode(ArrayView1::from(&code)), None, "{code:?}");
        }
    }
}

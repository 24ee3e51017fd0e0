//! N-bit flip-flop: remember the sign of the last pulse on each channel.
//!
//! ```text
//! input_b(k)   = +1 or -1 with probability p, each sign half of the time, else 0                     k = 0 .. 63
//!                at k = 0 always a pulse
//! target_b(k)  = sign of the last pulse on bit b at or before k                                      all steps graded
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | b | `bits` | | 3 |
//! | p | `p_pulse` | per step and bit | 0.5 |
//! | length | `n_steps` | steps | 64 |
//!
//! The task is defined in steps: `dt` only says how many ms a step stands for. A trial is correct if every output has
//! the right sign at every step. Training stops at a root mean square error of 0.01 (a mean square error of 1e-4).
//!
//! Reference: Golub & Sussillo (2018), <https://doi.org/10.21105/joss.01003>; after Sussillo & Barak (2013),
//! <https://doi.org/10.1162/NECO_a_00409>.
//!
//! Differences from the source: trials are fresh in every update, where the source trains on 512 fixed ones.
//!
//! ```
//! use nn4n_tasks::{Split, Task, TrialRng, golub2018::FlipFlop};
//! let trial = FlipFlop::default().trial(Split::Train, None, &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.dim(), (64, 3));
//! assert_eq!(trial.inputs.row(0), trial.targets.row(0));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use crate::error::rules;
use crate::{
    About, Channel, Citation, Condition, Criterion, Described, Score, Split, Task, TaskError, Timeline, Trial,
    TrialRng, TrialView,
};
use crate::{parameters_of, rms_error};

/// The most bits: the number of memories doubles with each.
const MAX_BITS: usize = 64;

/// The N-bit flip-flop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FlipFlop {
    /// What one step stands for, ms. Changes no trial.
    pub dt: f64,
    /// The number of channels, 1 to 64.
    pub bits: usize,
    /// The length of a trial, steps.
    pub n_steps: usize,
    /// The probability of a pulse, for each step and bit.
    pub p_pulse: f64,
    /// The root mean square error at which training stops, output units.
    pub rms_error: f64,
}

impl Default for FlipFlop {
    fn default() -> Self {
        Self { dt: 20.0, bits: 3, n_steps: 64, p_pulse: 0.5, rms_error: 0.01 }
    }
}

impl Described for FlipFlop {
    const ABOUT: About<'static> = About {
        id: "golub2018/flip_flop",
        version: 2,
        summary: "N-bit flip-flop: remember the sign of the last pulse on each channel",
        citation: Citation {
            authors: "Golub MD, Sussillo D",
            year: 2018,
            title: "FixedPointFinder: a Tensorflow toolbox for identifying and characterizing fixed points in \
                recurrent neural networks",
            doi: "10.21105/joss.01003",
        },
        header: include_str!("flip_flop.rs"),
        ..About::NEW
    };
}

impl Task for FlipFlop {
    fn about(&self) -> About<'_> {
        Self::ABOUT
    }

    fn parameters(&self) -> serde_json::Value {
        parameters_of(self)
    }

    fn validate(&self) -> Result<(), TaskError> {
        rules::positive("dt", self.dt)?;
        if !(1..=MAX_BITS).contains(&self.bits) {
            return Err(TaskError::parameter("bits", self.bits, "must lie in 1 to 64", "the published task has 3"));
        }
        if self.n_steps == 0 {
            return Err(TaskError::parameter("n_steps", 0, "must be at least 1", "the published task has 64"));
        }
        Timeline::new(self.dt)?.push_steps("n_steps", self.n_steps)?;
        rules::probability("p_pulse", self.p_pulse)?;
        rules::positive("rms_error", self.rms_error)
    }

    fn dt(&self) -> f64 {
        self.dt
    }

    fn inputs(&self) -> Vec<Channel> {
        Channel::numbered("pulse", self.bits)
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::numbered("bit", self.bits)
    }

    fn conditions(&self) -> Vec<Condition> {
        vec![Condition::new()]
    }

    fn trial(&self, _: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        self.validate()?;
        condition.map_or(Ok(()), |condition| condition.allow(&[]))?;
        let mut timeline = Timeline::new(self.dt)?;
        timeline.push_steps("pulses", self.n_steps)?;
        let mut inputs = Array2::zeros((self.n_steps, self.bits));
        let mut targets = Array2::zeros((self.n_steps, self.bits));
        let mut memory = vec![0.0; self.bits];
        for (step, (mut input, mut target)) in inputs.outer_iter_mut().zip(targets.outer_iter_mut()).enumerate() {
            for (bit, memory) in memory.iter_mut().enumerate() {
                // One number decides whether there is a pulse, and its sign.
                let p_pulse = if step == 0 { 1.0 } else { self.p_pulse };
                let drawn = rng.uniform();
                if drawn < p_pulse {
                    *memory = if drawn < 0.5 * p_pulse { 1.0 } else { -1.0 };
                    input[bit] = *memory;
                }
                target[bit] = *memory;
            }
        }
        let loss_mask = Array2::ones((self.n_steps, self.bits));
        Ok(Trial {
            inputs,
            targets,
            loss_mask,
            condition: Condition::new(),
            epochs: timeline.into_epochs(),
            correct: None,
        })
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        let right = outputs.iter().zip(trial.targets).all(|(&output, &target)| output * target > 0.0);
        Score { correct: Some(right), error: rms_error(trial, outputs), ..Score::default() }
    }

    fn sigma_rec(&self) -> Option<f64> {
        // The networks of the code have none.
        Some(0.0)
    }

    fn criterion(&self) -> Option<Criterion> {
        Some(Criterion::RmsError { threshold: self.rms_error })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pulses_come_at_their_rate_with_either_sign() -> Result<(), TaskError> {
        let task = FlipFlop { n_steps: 20_001, ..FlipFlop::default() };
        let trial = task.trial(Split::Train, None, &mut TrialRng::new(0, "test", 0, 0))?;
        let later = trial.inputs.slice(ndarray::s![1.., ..]);
        let share = |which: fn(f32) -> bool| later.iter().filter(|&&u| which(u)).count() as f64 / later.len() as f64;
        assert!((share(|u| u > 0.0) - 0.25).abs() < 0.01);
        assert!((share(|u| u < 0.0) - 0.25).abs() < 0.01);
        assert!(trial.inputs.row(0).iter().all(|u| u.abs() == 1.0));
        Ok(())
    }

    #[test]
    fn a_bit_holds_until_its_next_pulse() -> Result<(), TaskError> {
        let trial = FlipFlop::default().trial(Split::Train, None, &mut TrialRng::new(0, "test", 0, 0))?;
        for step in 1..64 {
            for bit in 0..3 {
                let (pulse, before) = (trial.inputs[[step, bit]], trial.targets[[step - 1, bit]]);
                assert_eq!(trial.targets[[step, bit]], if pulse == 0.0 { before } else { pulse });
            }
        }
        Ok(())
    }

    #[test]
    fn one_wrong_sign_makes_the_trial_wrong() -> Result<(), TaskError> {
        let task = FlipFlop::default();
        let trial = task.trial(Split::Train, None, &mut TrialRng::new(0, "test", 0, 0))?;
        let mut outputs = 0.1 * &trial.targets;
        assert_eq!(task.score(trial.view(), outputs.view()).correct, Some(true));
        outputs[[40, 1]] *= -1.0;
        assert_eq!(task.score(trial.view(), outputs.view()).correct, Some(false));
        Ok(())
    }
}

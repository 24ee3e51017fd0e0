//! Half adder: add two bits that are shown together.
//!
//! ```text
//! epochs    onset 30 ms | decision 90 ms | release 30 ms
//! signals   whole trial: the bits, 0 or 1, on a channel each
//! targets   decision: sum = (bit_1 + bit_2) mod 2 and carry = bit_1 bit_2;  0 at all other times
//! graded    decision and release
//! correct   at the last step of the decision every output is on the right side of 1/2
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | carry | `carry` | | false: the source has the output sum alone; true by default here |
//! | sigma_in, tau_in | `sigma_in`, `tau_in` | input units, ms | 0.05, 10: noise of sd sqrt(2 tau_in / dt) sigma_in = 0.22 |
//!
//! Reference: Tolmachev P, Engel TA (2025), <https://doi.org/10.1038/s42256-025-01127-2>, the package trainRNNbrain.
//!
//! Differences from the source: what it calls a half adder has no carry, so that it is an exclusive or. The default
//! here has the carry, since a half adder is what the name says; `carry = false` gives the source's task. The source
//! trains on the four trials, 64 times each; here each trial is drawn. It measures the fit of the outputs, and has no
//! rule for a correct trial nor for ending the training.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, tolmachev2025::HalfAdder};
//! let task = HalfAdder { sigma_in: 0.0, ..HalfAdder::default() };
//! let condition = Condition::new().with("bit_1", 1.0).with("bit_2", 1.0);
//! let trial = task.trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(0).to_vec(), [1.0, 1.0]);
//! assert_eq!(trial.targets.row(30).to_vec(), [0.0, 1.0]); // 1 + 1 = binary 10
//! assert_eq!(trial.targets.row(120).to_vec(), [0.0, 0.0]);
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::FAMILY;
use super::logic::Logic;
use crate::white_noise::WhiteNoise;
use crate::{
    About, Channel, Clock, Condition, Described, Rounding, Score, Split, Task, TaskError, Trial, TrialRng, TrialView,
    parameters_of,
};

/// The sum of two bits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HalfAdder {
    /// The time step, ms.
    pub dt: f64,
    /// What becomes of a duration between two steps.
    pub rounding: Rounding,
    /// Before the answer is due, ms; not graded.
    pub onset: f64,
    /// While the answer is due, ms.
    pub decision: f64,
    /// After it, ms: the bits stay on, and the targets are 0.
    pub release: f64,
    /// Whether there is an output for the carry.
    pub carry: bool,
    /// The strength of the input noise; 0 for none.
    pub sigma_in: f64,
    /// The time constant of the input noise, ms.
    pub tau_in: f64,
}

impl Default for HalfAdder {
    fn default() -> Self {
        Self {
            dt: 1.0,
            rounding: Rounding::Exact,
            onset: 30.0,
            decision: 90.0,
            release: 30.0,
            carry: true,
            sigma_in: 0.05,
            tau_in: 10.0,
        }
    }
}

impl HalfAdder {
    fn logic(&self) -> Logic {
        Logic {
            clock: Clock::new(self.dt).fixed(self.rounding),
            onset: self.onset,
            decision: self.decision,
            release: self.release,
            noise: WhiteNoise { dt: self.dt, sigma_in: self.sigma_in, tau_in: self.tau_in },
        }
    }

    fn n_outputs(&self) -> usize {
        if self.carry { 2 } else { 1 }
    }
}

impl Described for HalfAdder {
    const ABOUT: About<'static> = About {
        id: "tolmachev2025/half_adder",
        summary: "Half adder: add two bits that are shown together",
        header: include_str!("half_adder.rs"),
        shared: &[include_str!("logic.rs")],
        ..FAMILY
    };
}

impl Task for HalfAdder {
    fn about(&self) -> About<'_> {
        Self::ABOUT
    }

    fn parameters(&self) -> serde_json::Value {
        parameters_of(self)
    }

    fn validate(&self) -> Result<(), TaskError> {
        self.logic().validate()
    }

    fn dt(&self) -> f64 {
        self.dt
    }

    fn inputs(&self) -> Vec<Channel> {
        Channel::numbered("bit", 2)
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&["sum", "carry"][..self.n_outputs()])
    }

    fn conditions(&self) -> Vec<Condition> {
        Logic::conditions()
    }

    fn trial(&self, _: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let bits = Logic::bits(condition, rng)?;
        let answer = [(bits[0] ^ bits[1]) as f32, (bits[0] & bits[1]) as f32];
        self.logic().trial(bits, &bits.map(|bit| bit as f32), &answer[..self.n_outputs()], rng)
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        let last = trial.epoch("decision").and_then(|decision| decision.end.checked_sub(1));
        // Written so that what is no number is on neither side.
        let right = |(&z, &target): (&f32, &f32)| if target > 0.5 { z > 0.5 } else { z < 0.5 };
        let correct = last.is_some_and(|step| outputs.row(step).iter().zip(trial.targets.row(step)).all(right));
        Score { correct: Some(correct), ..Score::default() }
    }

    fn chance(&self) -> f64 {
        if self.carry { 0.25 } else { 0.5 }
    }
}

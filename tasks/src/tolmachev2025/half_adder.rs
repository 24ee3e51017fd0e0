//! Half adder: add two bits that are shown together.
//!
//! ```text
//! epochs    onset 30 ms | decision 90 ms | release 30 ms
//! signals   the bits, on a channel each
//! targets   decision: sum = (bit_1 + bit_2) mod 2 and carry = bit_1 bit_2
//! correct   at the last step of the decision every output is on the right side of 1/2
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | the bits | variables `bit_1`, `bit_2` | | 0, 1 |
//! | | `onset`, `decision`, `release` | ms | 30, 90, 30 |
//! | carry | `carry` | | false: the source has the output sum alone; true by default here |
//!
//! Reference: Tolmachev P, Engel TA (2025), <https://doi.org/10.1038/s42256-025-01127-2>, the package trainRNNbrain.
//!
//! Differences from the source: what it calls a half adder has no carry, so that it is an exclusive or. The default
//! here has the carry, since a half adder is what the name says; `carry = false` gives the source's task.
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

use super::logic::Logic;
use super::{BITS, Definition, NoisyInputs};
use crate::{About, Channel, Clock, Condition, Score, TaskError, Trial, TrialRng, TrialView};

/// The half adder.
pub type HalfAdder = NoisyInputs<Addition>;

/// The sum of two bits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Addition {
    /// Before the answer is due, ms; not graded.
    pub onset: f64,
    /// While the answer is due, ms.
    pub decision: f64,
    /// After it, ms: the bits stay on, and the targets are 0.
    pub release: f64,
    /// Whether there is an output for the carry.
    pub carry: bool,
}

impl Default for Addition {
    fn default() -> Self {
        Self { onset: 30.0, decision: 90.0, release: 30.0, carry: true }
    }
}

impl Addition {
    fn logic(&self, clock: Clock) -> Logic {
        Logic { clock, onset: self.onset, decision: self.decision, release: self.release }
    }

    fn n_outputs(&self) -> usize {
        if self.carry { 2 } else { 1 }
    }
}

impl Definition for Addition {
    const ABOUT: About<'static> = About {
        id: "tolmachev2025/half_adder",
        summary: "Half adder: add two bits that are shown together",
        header: include_str!("half_adder.rs"),
        ..BITS
    };

    fn validate(&self, clock: Clock) -> Result<(), TaskError> {
        self.logic(clock).validate()
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

    fn trial(&self, clock: Clock, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let bits = Logic::bits(condition, rng)?;
        let answer = [(bits[0] ^ bits[1]) as f32, (bits[0] & bits[1]) as f32];
        self.logic(clock).trial(bits, &bits.map(|bit| bit as f32), &answer[..self.n_outputs()])
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

//! Exclusive or: say whether two bits, shown together, are equal.
//!
//! ```text
//! epochs    onset 15 ms | decision 135 ms
//! signals   1 on one of the channels bit_1_is_0, bit_1_is_1 and on one of bit_2_is_0, bit_2_is_1
//! targets   decision: 1 on the right one of the outputs different, equal
//! correct   the larger output at the last step of the decision
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | the bits | variables `bit_1`, `bit_2` | | 0, 1 |
//! | | `onset`, `decision` | ms | 15, 135 |
//!
//! Reference: Tolmachev P, Engel TA (2025), <https://doi.org/10.1038/s42256-025-01127-2>, the package trainRNNbrain.
//! The form in time, with one stimulus after the other, is `kim2019/xor`.
//!
//! Differences from the source: none but those of all tasks of the package.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, tolmachev2025::Xor};
//! let task = Xor { sigma_in: 0.0, ..Xor::default() };
//! let condition = Condition::new().with("bit_1", 0.0).with("bit_2", 1.0);
//! let trial = task.trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(0).to_vec(), [1.0, 0.0, 0.0, 1.0]);
//! assert_eq!((trial.targets.row(14).to_vec(), trial.targets.row(15).to_vec()), (vec![0.0, 0.0], vec![1.0, 0.0]));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use ndarray::{ArrayView2, s};
use serde::{Deserialize, Serialize};

use super::logic::Logic;
use super::{BITS, Definition, NoisyInputs};
use crate::{About, Channel, Clock, Condition, Score, TaskError, Trial, TrialRng, TrialView, choice};

/// Exclusive or of two bits shown together.
pub type Xor = NoisyInputs<Equality>;

/// Whether two bits are equal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Equality {
    /// Before the answer is due, ms; not graded.
    pub onset: f64,
    /// While the answer is due, ms.
    pub decision: f64,
}

impl Default for Equality {
    fn default() -> Self {
        Self { onset: 15.0, decision: 135.0 }
    }
}

impl Equality {
    fn logic(&self, clock: Clock) -> Logic {
        Logic { clock, onset: self.onset, decision: self.decision, release: 0.0 }
    }
}

impl Definition for Equality {
    const ABOUT: About<'static> = About {
        id: "tolmachev2025/xor",
        summary: "Exclusive or: say whether two bits, shown together, are equal",
        header: include_str!("xor.rs"),
        ..BITS
    };

    fn validate(&self, clock: Clock) -> Result<(), TaskError> {
        self.logic(clock).validate()
    }

    fn inputs(&self) -> Vec<Channel> {
        Channel::list(&["bit_1_is_0", "bit_1_is_1", "bit_2_is_0", "bit_2_is_1"])
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&["different", "equal"])
    }

    fn conditions(&self) -> Vec<Condition> {
        Logic::conditions()
    }

    fn trial(&self, clock: Clock, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let bits = Logic::bits(condition, rng)?;
        let equal = usize::from(bits[0] == bits[1]);
        let one_of_two = |which: usize| if which == 0 { [1.0, 0.0] } else { [0.0, 1.0] };
        let trial = self.logic(clock).trial(bits, &bits.map(one_of_two).concat(), &one_of_two(equal))?;
        Ok(Trial { correct: Some(equal), ..trial })
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        let choice = trial.epoch("decision").and_then(|decision| choice(outputs.slice(s![..decision.end, ..])));
        Score { choice, correct: trial.correct.map(|correct| choice == Some(correct)), ..Score::default() }
    }

    fn chance(&self) -> f64 {
        0.5
    }
}

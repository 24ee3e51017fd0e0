//! Exclusive or: say whether two bits, shown together, are equal.
//!
//! ```text
//! epochs    onset 15 ms | decision 135 ms
//! signals   whole trial: 1 on one of the channels bit_1_is_0, bit_1_is_1 and on one of bit_2_is_0, bit_2_is_1
//! targets   decision: 1 on the right one of the outputs different, equal;  0 at all other times
//! graded    decision
//! correct   the larger output at the last step of the decision
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | sigma_in, tau_in | `sigma_in`, `tau_in` | input units, ms | 0.05, 10: noise of sd sqrt(2 tau_in / dt) sigma_in = 0.22 |
//!
//! Reference: Tolmachev P, Engel TA (2025), <https://doi.org/10.1038/s42256-025-01127-2>, the package trainRNNbrain.
//! The form in time, with one stimulus after the other, is `kim2019/xor`.
//!
//! Differences from the source: it trains on the four trials, 64 times each; here each trial is drawn. It measures the
//! fit of the outputs, and has no rule for a correct trial nor for ending the training.
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

use super::FAMILY;
use super::logic::Logic;
use crate::white_noise::WhiteNoise;
use crate::{
    About, Channel, Clock, Condition, Described, Rounding, Score, Split, Task, TaskError, Trial, TrialRng, TrialView,
};
use crate::{choice, parameters_of};

/// Exclusive or of two bits shown together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Xor {
    /// The time step, ms.
    pub dt: f64,
    /// What becomes of a duration between two steps.
    pub rounding: Rounding,
    /// Before the answer is due, ms; not graded.
    pub onset: f64,
    /// While the answer is due, ms.
    pub decision: f64,
    /// The strength of the input noise; 0 for none.
    pub sigma_in: f64,
    /// The time constant of the input noise, ms.
    pub tau_in: f64,
}

impl Default for Xor {
    fn default() -> Self {
        Self { dt: 1.0, rounding: Rounding::Exact, onset: 15.0, decision: 135.0, sigma_in: 0.05, tau_in: 10.0 }
    }
}

impl Xor {
    fn logic(&self) -> Logic {
        Logic {
            clock: Clock::new(self.dt).fixed(self.rounding),
            onset: self.onset,
            decision: self.decision,
            release: 0.0,
            noise: WhiteNoise { dt: self.dt, sigma_in: self.sigma_in, tau_in: self.tau_in },
        }
    }
}

impl Described for Xor {
    const ABOUT: About<'static> = About {
        id: "tolmachev2025/xor",
        summary: "Exclusive or: say whether two bits, shown together, are equal",
        header: include_str!("xor.rs"),
        shared: &[include_str!("logic.rs")],
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
        self.logic().validate()
    }

    fn dt(&self) -> f64 {
        self.dt
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

    fn trial(&self, _: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let bits = Logic::bits(condition, rng)?;
        let equal = usize::from(bits[0] == bits[1]);
        let one_of_two = |which: usize| if which == 0 { [1.0, 0.0] } else { [0.0, 1.0] };
        let trial = self.logic().trial(bits, &bits.map(one_of_two).concat(), &one_of_two(equal), rng)?;
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

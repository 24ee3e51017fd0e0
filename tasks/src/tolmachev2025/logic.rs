//! What the tasks on two bits share: both bits are shown for the whole trial, and the answer is due after a while.
//!
//! ```text
//! epochs    onset | decision | release, if there is one
//! signals   whole trial: the bits, each 0 or 1 with probability 1/2
//! targets   decision: the answer;  0 at all other times
//! graded    decision and release
//! ```

use ndarray::{Array2, s};

use crate::{Clock, Condition, TaskError, Trial, TrialRng};

/// The durations of a trial, ms.
#[derive(Clone, Copy, Debug)]
pub(super) struct Logic {
    pub clock: Clock,
    pub onset: f64,
    pub decision: f64,
    pub release: f64,
}

impl Logic {
    pub fn validate(&self) -> Result<(), TaskError> {
        self.clock.steps("onset", self.onset)?;
        self.clock.at_least_one_step("decision", self.decision)?;
        self.clock.steps("release", self.release).map(drop)
    }

    /// The four pairs of bits.
    pub fn conditions() -> Vec<Condition> {
        [[0, 0], [0, 1], [1, 0], [1, 1]].map(named).into()
    }

    /// The bits of a trial, each 0 or 1.
    pub fn bits(condition: Option<&Condition>, rng: &mut TrialRng) -> Result<[usize; 2], TaskError> {
        condition.map_or(Ok(()), |condition| condition.allow(&["bit_1", "bit_2"]))?;
        Ok([bit("bit_1", condition, rng)?, bit("bit_2", condition, rng)?])
    }

    /// The trial that shows `signals`, one level for each input, and asks for `answer`, one for each output.
    pub fn trial(&self, bits: [usize; 2], signals: &[f32], answer: &[f32]) -> Result<Trial, TaskError> {
        let mut timeline = self.clock.timeline()?;
        timeline.push("onset", ("onset", self.onset))?;
        let decision = timeline.push("decision", ("decision", self.decision))?;
        timeline.push("release", ("release", self.release))?;

        let n_steps = timeline.n_steps();
        let inputs = Array2::from_shape_fn((n_steps, signals.len()), |(_, channel)| signals[channel]);
        let mut targets = Array2::zeros((n_steps, answer.len()));
        for (output, &level) in answer.iter().enumerate() {
            targets.slice_mut(s![decision.clone(), output]).fill(level);
        }
        let mut loss_mask = Array2::ones((n_steps, answer.len()));
        loss_mask.slice_mut(s![..decision.start, ..]).fill(0.0);
        Ok(Trial { inputs, targets, loss_mask, condition: named(bits), epochs: timeline.into_epochs(), correct: None })
    }
}

fn named([first, second]: [usize; 2]) -> Condition {
    Condition::new().with("bit_1", first as f64).with("bit_2", second as f64)
}

fn bit(name: &str, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<usize, TaskError> {
    match condition.map_or(Ok(None), |condition| condition.finite_number(name))? {
        None => Ok(usize::from(rng.chance(0.5))),
        Some(0.0) => Ok(0),
        Some(1.0) => Ok(1),
        Some(given) => Err(TaskError::condition(name, given, "is no bit", "give 0 or 1")),
    }
}

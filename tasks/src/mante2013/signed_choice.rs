//! One output, whose sign is the choice.
//!
//! ```text
//! target     +1 or -1 in the epoch `decision`, 0 before
//! graded     the decision
//! choice     0 if the mean of the output over the decision is positive, 1 if it is negative, none if it is neither
//! ```
//!
//! So a positive coherence asks for choice 0, as in the tasks with two outputs.

use std::ops::Range;

use ndarray::{Array2, ArrayView2, s};

use crate::white_noise::WhiteNoise;
use crate::{Clock, Condition, Score, TaskError, Timeline, Trial, TrialRng, TrialView};

/// The durations of a trial, ms, each under the name of its parameter and of its epoch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Durations {
    pub fixation: f64,
    pub context: f64,
    pub stimulus: f64,
    pub delay: f64,
    pub decision: f64,
}

impl Durations {
    /// Checks them.
    pub fn validate(&self, clock: Clock) -> Result<(), TaskError> {
        clock.steps("fixation", self.fixation)?;
        clock.steps("context", self.context)?;
        clock.at_least_one_step("stimulus", self.stimulus)?;
        clock.steps("delay", self.delay)?;
        clock.at_least_one_step("decision", self.decision).map(drop)
    }

    /// The epochs, and the steps of context, stimulus and delay.
    pub fn timeline(&self, clock: Clock) -> Result<(Timeline, [Range<usize>; 3]), TaskError> {
        let mut timeline = clock.timeline()?;
        timeline.push("fixation", ("fixation", self.fixation))?;
        let context = timeline.push("context", ("context", self.context))?;
        let stimulus = timeline.push("stimulus", ("stimulus", self.stimulus))?;
        let delay = timeline.push("delay", ("delay", self.delay))?;
        timeline.push("decision", ("decision", self.decision))?;
        Ok((timeline, [context, stimulus, delay]))
    }
}

/// The trial with these inputs in which choice 0 or choice 1 is correct.
pub(crate) fn trial(timeline: Timeline, inputs: Array2<f32>, condition: Condition, correct: usize) -> Trial {
    let mut targets = Array2::zeros((timeline.n_steps(), 1));
    let mut loss_mask = Array2::zeros((timeline.n_steps(), 1));
    for epoch in timeline.epochs().iter().filter(|epoch| epoch.name == "decision") {
        targets.slice_mut(s![epoch.steps(), 0]).fill(if correct == 0 { 1.0 } else { -1.0 });
        loss_mask.slice_mut(s![epoch.steps(), 0]).fill(1.0);
    }
    Trial { inputs, targets, loss_mask, condition, epochs: timeline.into_epochs(), correct: Some(correct) }
}

/// Adds noise to the first two channels, which carry the evidence.
pub(crate) fn add_noise(noise: WhiteNoise, inputs: &mut Array2<f32>, rng: &mut TrialRng) {
    let mut evidence = Array2::zeros((inputs.nrows(), 2));
    noise.add(&mut evidence, rng);
    let mut noisy = inputs.slice_mut(s![.., ..2]);
    noisy += &evidence;
}

/// The sign of the mean output in the decision, compared with the correct choice.
pub(crate) fn score(trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
    let choice = trial.epoch("decision").and_then(|decision| {
        let sum: f64 = outputs.iter().skip(decision.start).take(decision.steps().len()).map(|&z| f64::from(z)).sum();
        // Neither comparison holds for 0 and for what is no number.
        if sum > 0.0 { Some(0) } else { (sum < 0.0).then_some(1) }
    });
    Score { choice, correct: trial.correct.map(|correct| choice == Some(correct)), ..Score::default() }
}

/// What a choice is called.
pub(crate) fn name(choice: usize) -> String {
    ["positive choice", "negative choice"].get(choice).map_or_else(|| format!("choice {}", choice + 1), |n| (*n).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_choice_is_the_sign_of_the_mean_over_the_decision() -> Result<(), TaskError> {
        let mut timeline = Timeline::new(20.0)?;
        timeline.push_steps("stimulus", 1)?;
        timeline.push_steps("decision", 2)?;
        let trial = trial(timeline, Array2::zeros((3, 2)), Condition::new(), 1);
        assert_eq!((&trial.targets, &trial.loss_mask), (&array![[0.0], [-1.0], [-1.0]], &array![[0.0], [1.0], [1.0]]));
        for (outputs, choice) in [
            ([9.0, 0.5, -0.6], Some(1)),
            ([-9.0, 0.5, -0.4], Some(0)),
            ([1.0, 0.5, -0.5], None),
            ([1.0, f32::NAN, 1.0], None),
            ([f32::NAN, -0.1, 0.0], Some(1)),
        ] {
            let outputs = Array2::from_shape_vec((3, 1), outputs.into()).unwrap();
            let score = score(trial.view(), outputs.view());
            assert_eq!((score.choice, score.correct), (choice, Some(choice == Some(1))), "{outputs}");
        }
        Ok(())
    }
}

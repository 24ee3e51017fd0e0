//! Which answers are right.
//!
//! ```text
//! fixating   fixation output > 0.5 at the last step
//! direction  population vector of the response ring at the last step, mod 2 pi
//! correct    where fixation is to be kept: fixating
//!            where a response is asked for: not fixating, and the direction less than 0.2 pi = 36 deg from its angle
//! choice     output 0 if fixating, else the output that prefers the angle nearest to the direction
//! ```
//!
//! With `fixation_rule` `maintained` the fixation output must also exceed 0.5 at every graded step before the go
//! signal. The reaction time, which the source does not define, is from the go signal to the first step at which the
//! fixation output is at most 0.5.

use std::f64::consts::{PI, TAU};

use ndarray::{ArrayView2, s};

use crate::{Condition, Score, TrialView, reaction_time, ring};

use super::layout::{RING, nearest_output};
use super::settings::FIXATING;
use super::{FixationRule, Yang2019};

/// Directions closer to the right one than this are right, rad.
pub const TOLERANCE: f64 = 0.2 * PI;

/// What the outputs of the last step say.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Answer {
    /// The network fixates.
    Fixation,
    /// It responds in this direction, rad.
    Direction(f64),
}

impl Answer {
    /// `None` if the outputs are no numbers, or point nowhere.
    fn read(outputs: ArrayView2<'_, f32>) -> Option<Self> {
        let last = outputs.outer_iter().next_back()?;
        match last.first() {
            Some(&fixation) if f64::from(fixation) > FIXATING => Some(Self::Fixation),
            Some(&fixation) if f64::from(fixation) <= FIXATING => {
                ring::population_vector(last.slice(s![1..])).map(Self::Direction)
            }
            _ => None,
        }
    }

    fn is_right(self, target: Self) -> bool {
        match (self, target) {
            (Self::Fixation, Self::Fixation) => true,
            (Self::Direction(answer), Self::Direction(target)) => ring::distance(answer, target) < TOLERANCE,
            _ => false,
        }
    }

    fn output(self) -> usize {
        match self {
            Self::Fixation => 0,
            Self::Direction(angle) => nearest_output(angle),
        }
    }
}

/// The score of an answer. The right one is read from the targets, whose bump has the angle of the response as its
/// direction.
pub fn score(settings: &Yang2019, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
    let go = trial.epoch("go1").map_or(trial.n_steps(), |epoch| epoch.start);
    let fixation = |step: usize| outputs.get((step, 0)).map_or(f64::NAN, |&z| f64::from(z));
    let is_graded = |step: usize| trial.loss_mask.get((step, 0)).is_some_and(|&mask| mask > 0.0);
    let is_held = match settings.fixation_rule {
        FixationRule::LastStep => true,
        FixationRule::Maintained => (0..go).all(|step| !is_graded(step) || fixation(step) > FIXATING),
    };
    let (answer, target) = (Answer::read(outputs), Answer::read(trial.targets));
    let is_right = answer.zip(target).is_some_and(|(answer, target)| answer.is_right(target));
    let release = (go..trial.n_steps()).find(|&step| fixation(step) <= FIXATING);
    Score {
        choice: answer.map(Answer::output),
        correct: Some(is_right && is_held),
        reaction_time: release.map(|step| reaction_time(step, go, settings.dt)),
        ..Score::default()
    }
}

/// Of two stimuli at `angle_1` and `angle_2`, whether the response went to the first; `None` if it went to neither.
pub fn chose_first(condition: &Condition, score: &Score) -> Option<bool> {
    let response = TAU * score.choice?.checked_sub(1)? as f64 / RING as f64;
    let (first, second) = (condition.number("angle_1")?, condition.number("angle_2")?);
    let (to_first, to_second) = (ring::distance(response, first), ring::distance(response, second));
    (to_first.min(to_second) < TOLERANCE).then_some(to_first < to_second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_counts_for_the_stimulus_that_it_is_near() {
        let condition = Condition::new().with("angle_1", 0.0).with("angle_2", PI);
        let chose = |output| chose_first(&condition, &Score { choice: Some(output), ..Score::default() });
        // Outputs 1 to 32 prefer 0, 11.25, .. degrees.
        assert_eq!([1, 4, 31, 17, 14].map(chose), [Some(true), Some(true), Some(true), Some(false), Some(false)]);
        assert_eq!([0, 9, 25].map(chose), [None; 3], "fixation, and a right angle from both");
        assert_eq!(chose_first(&Condition::new(), &Score { choice: Some(1), ..Score::default() }), None);
    }
}

//! Which answers are right.
//!
//! ```text
//! fixating   fixation output > 0.5 at the last step
//! angle      atan2(sin output, cos output) at the last step
//! correct    where fixation is to be kept: fixating
//!            where a response is asked for: not fixating, and the angle less than `max_angle` from the one to report
//! ```
//!
//! | field | unit | published |
//! |---|---|---|
//! | `max_angle` | rad | 0.1 pi |
//! | `fixation_rule` | | `last_step`; `maintained` also asks for fixation at every graded step before the response |
//!
//! The reaction time runs from the start of the response to the first step at which the fixation output is at most 0.5.

use std::f64::consts::PI;

use ndarray::ArrayView2;

use super::{FixationRule, Protocol};
use crate::{Condition, Score, TrialView, reaction_time, ring};

/// The fixation output above which a network is fixating.
pub const FIXATING: f64 = 0.5;

/// What a network did at the last step of a trial.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answer {
    /// Whether it was fixating.
    pub fixating: bool,
    /// The angle that its response outputs stand for, rad.
    pub angle: f64,
}

impl Answer {
    /// The answer at the last step, from response outputs above `baseline`; `None` without one, or if an output is not
    /// finite.
    fn read(outputs: ArrayView2<'_, f32>, baseline: f64) -> Option<Self> {
        let last = outputs.outer_iter().next_back()?;
        let [fixation, sin, cos] = last.iter().map(|z| f64::from(*z)).collect::<Vec<_>>().try_into().ok()?;
        let angle = (sin - baseline).atan2(cos - baseline);
        (f64::is_finite(fixation) && angle.is_finite())
            .then(|| Self { fixating: fixation > FIXATING, angle: ring::wrapped(angle) })
    }
}

/// Scores an answer; `choice` says which of two alternatives it takes, if the task has two.
pub fn score(
    protocol: &Protocol,
    trial: TrialView<'_>,
    outputs: ArrayView2<'_, f32>,
    choice: impl Fn(&Condition, &Answer) -> Option<usize>,
) -> Score {
    let (Some(answer), Some(asked)) = (Answer::read(outputs, 0.0), Answer::read(trial.targets, protocol.baseline))
    else {
        return Score { correct: Some(false), ..Score::default() };
    };
    let is_right = if asked.fixating {
        answer.fixating
    } else {
        !answer.fixating && ring::distance(answer.angle, asked.angle) < protocol.max_angle
    };
    let go = trial.epoch("response").map_or(0, |epoch| epoch.start);
    let fixation = outputs.column(0);
    let left = fixation.iter().enumerate().skip(go).find(|(_, z)| f64::from(**z) <= FIXATING);
    Score {
        choice: choice(trial.condition, &answer),
        correct: Some(is_right && kept_fixation(protocol, trial, outputs, go)),
        reaction_time: left.map(|(step, _)| reaction_time(step, go, protocol.dt)),
        error: None,
    }
}

/// Whether fixation was kept where the rule asks for it.
fn kept_fixation(protocol: &Protocol, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>, go: usize) -> bool {
    let (fixation, graded) = (outputs.column(0), trial.loss_mask.column(0));
    protocol.fixation_rule == FixationRule::LastStep
        || fixation.iter().zip(graded).take(go).all(|(&z, &weight)| weight == 0.0 || f64::from(z) > FIXATING)
}

/// The performance of random outputs: an angle that has nothing to do with the one asked for, and fixation half of
/// the time.
pub fn chance(protocol: &Protocol, p_response: f64) -> f64 {
    match protocol.fixation_rule {
        FixationRule::LastStep => 0.5 * (p_response * protocol.max_angle / PI + 1.0 - p_response),
        // One half for each of many steps.
        FixationRule::Maintained => 0.0,
    }
}

//! Intervals that are produced: the single step that is labelled, and what counts as in time.
//!
//! ```text
//! t(k)             (k - k0) dt: the time of step k since step k0, from which the interval T is counted
//! correct          |t(k) - T| <= margin T + slack, k being the first step of the production whose action is to go
//! reaction time    t(k)
//! ```
//!
//! This is instead of what is right, and of the reaction time, where the answer is one of several classes.

use std::ops::Range;

use ndarray::ArrayView2;

use super::answer::{Answer, chance_of_fixation};
use crate::error::rules;
use crate::{Score, TaskError};

/// How exact a produced interval must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance {
    /// The time step, ms.
    pub dt: f64,
    /// As a fraction of the interval.
    pub margin: f64,
    /// In addition, ms.
    pub slack: f64,
}

impl Tolerance {
    /// Checks the fields.
    pub fn validate(&self) -> Result<(), TaskError> {
        rules::not_negative("prod_margin", self.margin)?;
        rules::not_negative("prod_slack", self.slack)?;
        if self.slack >= self.dt / 2.0 || self.margin > 0.0 {
            return Ok(());
        }
        let remedy =
            format!("without a `prod_margin`, no step may be in time; give at least `dt` / 2 = {} ms", self.dt / 2.0);
        Err(TaskError::parameter("prod_slack", self.slack, "is too small", remedy))
    }

    fn holds(&self, produced: f64, interval: f64) -> bool {
        // The last term forgives the rounding of sums of steps.
        (produced - interval).abs() <= self.margin * interval + self.slack + 1e-9 * interval
    }

    /// Scores the first action in the steps `production`, for an interval (ms) counted from step `origin`. The reaction
    /// time is the produced interval.
    pub fn score(&self, outputs: ArrayView2<'_, f32>, production: Range<usize>, origin: usize, interval: f64) -> Score {
        let answer = Answer::first(outputs, production);
        let produced = match answer {
            Answer::Acted { step, .. } => Some(step.saturating_sub(origin) as f64 * self.dt),
            Answer::Fixated | Answer::Unreadable => None,
        };
        let correct = produced.is_some_and(|produced| self.holds(produced, interval));
        Score { choice: answer.choice(), correct: Some(correct), reaction_time: produced, error: None }
    }

    /// The probability that the first action is in time when to go and to fixate are equally likely at each of `steps`
    /// steps, which start `lead` steps after the origin.
    pub fn chance(&self, steps: usize, lead: usize, interval: f64) -> f64 {
        let in_time = (0..steps).filter(|&k| self.holds((lead + k) as f64 * self.dt, interval));
        in_time.map(|k| chance_of_fixation(2, k + 1)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn an_interval_is_in_time_within_a_fifth_of_it_and_25_ms() {
        let tolerance = Tolerance { dt: 80.0, margin: 0.2, slack: 25.0 };
        // 800 ms: from 615 to 985, which are the steps 8 (640) to 12 (960) after the origin.
        for step in 0..20 {
            let mut outputs = Array2::zeros((20, 2));
            outputs.column_mut(0).fill(0.5);
            outputs[[step, 1]] = 1.0;
            let score = tolerance.score(outputs.view(), 1..20, 0, 800.0);
            assert_eq!(score.correct, Some((8..=12).contains(&step)), "{step}");
            assert_eq!(score.reaction_time, (step > 0).then_some(80.0 * step as f64));
        }
        let chance: f64 = (7..=11).map(|k| 0.5_f64.powi(k + 1)).sum();
        assert!((tolerance.chance(19, 1, 800.0) - chance).abs() < 1e-12);
    }
}

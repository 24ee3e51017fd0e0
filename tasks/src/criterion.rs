//! When a source stops training.

use serde::{Deserialize, Serialize};

use crate::Performance;

/// When the source stops training. Performances are fractions in [0, 1].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Criterion {
    /// The mean performance over the last `window` validations (over all, while there are fewer) exceeds `threshold`.
    MeanPerformance {
        /// A fraction in [0, 1].
        threshold: f64,
        /// How many validations are averaged.
        window: usize,
    },
    /// In the last validation the performance of the worst condition is at least `threshold`.
    MinPerformance {
        /// A fraction in [0, 1].
        threshold: f64,
    },
    /// In the last validation of several tasks the mean of their performances exceeds `threshold`.
    MeanOfTasks {
        /// A fraction in [0, 1].
        threshold: f64,
    },
    /// In the last validation of several tasks the performance of the worst is at least `threshold`.
    MinOfTasks {
        /// A fraction in [0, 1].
        threshold: f64,
    },
    /// In the last validation the root mean square error over all graded entries is at most `threshold`.
    RmsError {
        /// In units of the targets.
        threshold: f64,
    },
}

impl Criterion {
    /// Whether it looks at answers that are right or wrong.
    pub fn needs_scores(&self) -> bool {
        !matches!(self, Self::RmsError { .. })
    }

    /// Whether these validations, oldest first, satisfy the rule. A validation without scored trials does not.
    pub fn is_met(&self, validations: &[Performance]) -> bool {
        let Some(last) = validations.last() else { return false };
        match *self {
            Self::MeanPerformance { threshold, window } => {
                let recent = &validations[validations.len().saturating_sub(window.max(1))..];
                let sum: Option<f64> = recent.iter().map(|validation| validation.overall).sum();
                sum.is_some_and(|sum| sum / recent.len() as f64 > threshold)
            }
            Self::MinPerformance { threshold } => last.minimum.is_some_and(|minimum| minimum >= threshold),
            Self::MeanOfTasks { threshold } => last.mean_of_tasks().is_some_and(|mean| mean > threshold),
            Self::MinOfTasks { threshold } => last.min_of_tasks().is_some_and(|minimum| minimum >= threshold),
            Self::RmsError { threshold } => last.rms_error.is_some_and(|error| error <= threshold),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn validation(overall: f64) -> Performance {
        Performance {
            overall: Some(overall),
            minimum: Some(overall),
            rms_error: Some(1.0 - overall),
            ..Performance::default()
        }
    }

    #[test]
    fn the_mean_is_over_the_last_validations_or_all_while_there_are_few() {
        let rule = Criterion::MeanPerformance { threshold: 0.85, window: 5 };
        assert!(!rule.is_met(&[]));
        assert!(rule.is_met(&[validation(0.9)]));
        assert!(!rule.is_met(&[validation(0.85)]));
        let mut history: Vec<_> = [0.0, 0.8, 0.9, 0.9, 0.9, 0.9].map(validation).into();
        assert!(rule.is_met(&history));
        history.push(validation(0.6));
        assert!(!rule.is_met(&history));
    }

    #[test]
    fn minimum_and_error_look_at_the_last_validation_only() {
        let history = [validation(0.96), validation(0.84)];
        assert!(!Criterion::MinPerformance { threshold: 0.85 }.is_met(&history));
        assert!(Criterion::MinPerformance { threshold: 0.84 }.is_met(&history));
        assert!(!Criterion::RmsError { threshold: 0.05 }.is_met(&history));
        assert!(Criterion::RmsError { threshold: 0.05 }.is_met(&history[..1]));
    }

    #[test]
    fn tasks_count_equally_however_many_trials_they_have() {
        let tasks = |performances: [f64; 2]| Performance {
            per_task: ["a", "b"].into_iter().map(String::from).zip(performances).collect(),
            ..validation(0.99)
        };
        let (mean, minimum) = (Criterion::MeanOfTasks { threshold: 0.9 }, Criterion::MinOfTasks { threshold: 0.9 });
        assert!(mean.is_met(&[tasks([0.84, 0.97])]) && !minimum.is_met(&[tasks([0.84, 0.97])]));
        assert!(!mean.is_met(&[tasks([0.82, 0.97])]) && minimum.is_met(&[tasks([0.9, 0.97])]));
        assert!(!mean.is_met(&[validation(0.99)]) && !minimum.is_met(&[validation(0.99)]));
    }

    #[test]
    fn a_validation_without_scored_trials_meets_nothing() {
        let nothing = [Performance::default()];
        assert!(!Criterion::MeanPerformance { threshold: 0.0, window: 5 }.is_met(&nothing));
        assert!(!Criterion::MinPerformance { threshold: 0.0 }.is_met(&nothing));
        assert!(!Criterion::RmsError { threshold: 9.0 }.is_met(&nothing));
    }
}

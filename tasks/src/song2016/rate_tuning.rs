//! Inputs that rise and fall with a rate: a positively and a negatively tuned channel.
//!
//! ```text
//! positive(f) = 0.4 + 0.8 (f - f_min) / (f_max - f_min)        negative(f) = 0.4 + 0.8 (f_max - f) / (f_max - f_min)
//! ```
//!
//! `f_min` and `f_max` are the extremes of the rates a task uses.

use std::cmp::Ordering;

use crate::{Condition, TaskError, TrialRng};

/// The range of rates that the inputs span.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateTuning {
    /// The lowest rate.
    pub f_min: f64,
    /// The highest rate.
    pub f_max: f64,
}

impl RateTuning {
    /// The tuning over the range of these rates. Without rates, or with one that is not finite, it does not pass
    /// [`Self::validate`].
    pub fn spanning(rates: impl IntoIterator<Item = f64>) -> Self {
        let empty = Self { f_min: f64::INFINITY, f_max: f64::NEG_INFINITY };
        rates.into_iter().fold(empty, |range, f| {
            // Minimum and maximum pass over NaN, which must not go unnoticed.
            let f = if f.is_nan() { f64::INFINITY } else { f };
            Self { f_min: range.f_min.min(f), f_max: range.f_max.max(f) }
        })
    }

    /// Checks that the range, made of the rates in `field`, has a width.
    pub fn validate(&self, field: &str) -> Result<(), TaskError> {
        if self.f_min.is_finite() && self.f_max.is_finite() && self.f_min < self.f_max {
            return Ok(());
        }
        let value = format!("from {} to {}", self.f_min, self.f_max);
        Err(TaskError::parameter(field, value, "must span a finite range", "give at least two different finite rates"))
    }

    /// The rate a condition asks for in `name`, if it does.
    pub fn given(&self, condition: Option<&Condition>, name: &str) -> Result<Option<f64>, TaskError> {
        let rate = condition.map(|condition| condition.finite_number(name)).transpose()?.flatten();
        match rate {
            Some(f) if !(self.f_min..=self.f_max).contains(&f) => {
                let remedy = format!("give a rate from {} to {}", self.f_min, self.f_max);
                Err(TaskError::condition(name, f, "lies outside the range of the inputs", remedy))
            }
            other => Ok(other),
        }
    }

    /// The signals of the positive and the negative channel.
    pub fn signals(&self, f: f64) -> [f32; 2] {
        let width = self.f_max - self.f_min;
        let signal = |above: f64| (0.4 + 0.8 * above / width) as f32;
        [signal(f - self.f_min), signal(self.f_max - f)]
    }
}

/// Which of two rates is the higher: 0 for the first, 1 for the second, drawn if they are equal.
pub(super) fn higher(first: f64, second: f64, rng: &mut TrialRng) -> usize {
    match first.total_cmp(&second) {
        Ordering::Greater => 0,
        Ordering::Less => 1,
        Ordering::Equal => usize::from(rng.chance(0.5)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_channels_mirror_each_other() {
        let tuning = RateTuning::spanning([16.0, 9.0, 12.0]);
        assert_eq!(tuning, RateTuning { f_min: 9.0, f_max: 16.0 });
        assert_eq!(tuning.signals(9.0), [0.4, 1.2]);
        assert_eq!(tuning.signals(16.0), [1.2, 0.4]);
        assert_eq!(tuning.signals(12.5), [0.8, 0.8]);
    }

    #[test]
    fn rates_without_a_range_are_refused() {
        let lists: [&[f64]; 4] = [&[], &[9.0], &[9.0, f64::NAN], &[9.0, f64::INFINITY]];
        for rates in lists {
            assert!(RateTuning::spanning(rates.iter().copied()).validate("rates").is_err(), "{rates:?}");
        }
        let tuning = RateTuning { f_min: 9.0, f_max: 16.0 };
        assert!(tuning.given(Some(&Condition::new().with("rate", 17.0)), "rate").is_err());
    }
}

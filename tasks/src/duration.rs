//! How long an epoch lasts: always the same, one of a list, or drawn from a distribution.
//!
//! ```text
//! 500.0                                              ms, always the same
//! { one_of = [200.0, 400.0, 800.0] }                 each equally likely
//! { min = 300.0, max = 700.0 }                       uniform on [min, max)
//! { mean = 330.0, min = 80.0, max = 1500.0 }         exponential of this mean before it is truncated to [min, max)
//! ```
//!
//! The truncated exponential is min + E, E exponential of mean `mean` and truncated to [0, max - min); since an
//! exponential has no memory, this is also what drawing again until the number lies in [min, max) gives. Values that
//! are always the same and those of a list must fit the step or be rounded as the user says; drawn ones are rounded by
//! the rule of the task's source (see [`Clock`]).
//!
//! ```
//! use nn4n_tasks::{Clock, Duration, TrialRng};
//! let delay = Duration::one_of([200.0, 400.0, 800.0]);
//! let steps = delay.draw("delay", Clock::new(20.0), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert!([10, 20, 40].contains(&steps));
//! assert_eq!(serde_json::to_string(&delay)?, r#"{"one_of":[200.0,400.0,800.0]}"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use serde::{Deserialize, Serialize};

use crate::error::rules;
use crate::{Clock, TaskError, TrialRng};

/// The duration of an epoch, ms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "expected ms, or a table with `one_of`, with `min` and `max`, or with `mean`, `min` and `max`"
)]
pub enum Duration {
    /// Always the same.
    Fixed(f64),
    /// One of a list, each equally likely.
    OneOf(OneOf),
    /// Exponential, truncated.
    TruncatedExponential(TruncatedExponential),
    /// Uniform.
    Uniform(Uniform),
}

/// One of a list, each equally likely.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneOf {
    /// ms
    pub one_of: Vec<f64>,
}

/// Uniform on [min, max).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Uniform {
    /// ms
    pub min: f64,
    /// ms
    pub max: f64,
}

/// Exponential of mean `mean`, truncated to [min, max).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TruncatedExponential {
    /// Before truncation, ms.
    pub mean: f64,
    /// ms
    pub min: f64,
    /// ms
    pub max: f64,
}

impl From<f64> for Duration {
    fn from(ms: f64) -> Self {
        Self::Fixed(ms)
    }
}

impl Duration {
    /// One of a list, each equally likely.
    pub fn one_of(list: impl Into<Vec<f64>>) -> Self {
        Self::OneOf(OneOf { one_of: list.into() })
    }

    /// Uniform on [min, max).
    pub fn uniform(min: f64, max: f64) -> Self {
        Self::Uniform(Uniform { min, max })
    }

    /// Exponential of mean `mean`, truncated to [min, max).
    pub fn truncated_exponential(mean: f64, min: f64, max: f64) -> Self {
        Self::TruncatedExponential(TruncatedExponential { mean, min, max })
    }

    /// Checks it: ordinary numbers of at least 0, in order, that the step can represent.
    pub fn validate(&self, field: &str, clock: Clock) -> Result<(), TaskError> {
        match self {
            Self::Fixed(ms) => clock.steps(field, *ms).map(drop),
            Self::OneOf(OneOf { one_of }) if one_of.is_empty() => {
                Err(TaskError::parameter(field, "[]", "must not be an empty list", "give at least one duration"))
            }
            Self::OneOf(OneOf { one_of }) => one_of.iter().try_for_each(|ms| clock.steps(field, *ms).map(drop)),
            Self::Uniform(Uniform { min, max }) => range(field, *min, *max, clock),
            Self::TruncatedExponential(TruncatedExponential { mean, min, max }) => {
                rules::positive(format_args!("{field}.mean"), *mean)?;
                range(field, *min, *max, clock)
            }
        }
    }

    /// The same, and never less than one step.
    pub fn validate_at_least_one_step(&self, field: &str, clock: Clock) -> Result<(), TaskError> {
        self.validate(field, clock)?;
        let shortest = self.bounds().0;
        let steps = match self {
            Self::Fixed(_) | Self::OneOf(_) => clock.steps(field, shortest)?,
            Self::Uniform(_) | Self::TruncatedExponential(_) => clock.drawn_steps(field, shortest)?,
        };
        if steps > 0 {
            return Ok(());
        }
        let remedy = format!("give at least `dt` = {} ms", clock.dt);
        Err(TaskError::parameter(field, shortest, "must last at least one step", remedy))
    }

    /// A duration in steps. Draws one number where there is something to draw.
    pub fn draw(&self, field: &str, clock: Clock, rng: &mut TrialRng) -> Result<usize, TaskError> {
        match self {
            Self::Fixed(ms) => clock.steps(field, *ms),
            Self::OneOf(OneOf { one_of }) => clock.steps(field, rng.pick(one_of).copied().unwrap_or(0.0)),
            Self::Uniform(Uniform { min, max }) => clock.drawn_steps(field, rng.between(*min, *max)),
            Self::TruncatedExponential(TruncatedExponential { mean, min, max }) => {
                clock.drawn_steps(field, truncated_exponential(*mean, *min, *max, rng.uniform()))
            }
        }
    }

    /// The duration, ms, that a fraction `u` in [0, 1) of all draws stays below, before rounding to steps.
    pub fn quantile(&self, u: f64) -> f64 {
        match self {
            Self::Fixed(ms) => *ms,
            Self::OneOf(OneOf { one_of }) => {
                let mut sorted = one_of.clone();
                sorted.sort_by(f64::total_cmp);
                sorted.get((u * sorted.len() as f64) as usize).copied().unwrap_or(0.0)
            }
            Self::Uniform(Uniform { min, max }) => min + (max - min) * u,
            Self::TruncatedExponential(TruncatedExponential { mean, min, max }) => {
                truncated_exponential(*mean, *min, *max, u)
            }
        }
    }

    /// The shortest and the longest, ms.
    pub fn bounds(&self) -> (f64, f64) {
        match self {
            Self::Fixed(ms) => (*ms, *ms),
            Self::OneOf(OneOf { one_of }) => {
                (one_of.iter().copied().fold(f64::INFINITY, f64::min), one_of.iter().copied().fold(0.0, f64::max))
            }
            Self::Uniform(Uniform { min, max }) => (*min, *max),
            Self::TruncatedExponential(TruncatedExponential { min, max, .. }) => (*min, *max),
        }
    }

    /// The expected duration before rounding to steps, ms.
    pub fn mean(&self) -> f64 {
        match self {
            Self::Fixed(ms) => *ms,
            Self::OneOf(OneOf { one_of }) => one_of.iter().sum::<f64>() / one_of.len().max(1) as f64,
            Self::Uniform(Uniform { min, max }) => (min + max) / 2.0,
            // The mean of an exponential on [0, w) is m - w / (e^(w / m) - 1).
            Self::TruncatedExponential(TruncatedExponential { mean, min, max }) if max > min => {
                min + mean - (max - min) / ((max - min) / mean).exp_m1()
            }
            Self::TruncatedExponential(TruncatedExponential { min, .. }) => *min,
        }
    }
}

/// The value whose cumulative probability is `u`.
fn truncated_exponential(mean: f64, min: f64, max: f64, u: f64) -> f64 {
    min - mean * (-u * (1.0 - (-(max - min) / mean).exp())).ln_1p()
}

fn range(field: &str, min: f64, max: f64, clock: Clock) -> Result<(), TaskError> {
    rules::not_negative(format_args!("{field}.min"), min)?;
    rules::not_negative(format_args!("{field}.max"), max)?;
    let longest = clock.drawn_steps(format_args!("{field}.max"), max)?;
    if longest == 0 && max > 0.0 {
        let remedy = format!("give at least `dt` = {} ms, or a duration of 0 for none", clock.dt);
        return Err(TaskError::parameter(format_args!("{field}.max"), max, "never lasts a step", remedy));
    }
    if min <= max {
        return Ok(());
    }
    Err(TaskError::parameter(
        format_args!("{field}.max"),
        max,
        "must not be less than `min`",
        format!("give at least {min} ms"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> [Duration; 4] {
        [
            500.0.into(),
            Duration::one_of([200.0, 400.0, 900.0]),
            Duration::uniform(300.0, 700.0),
            Duration::truncated_exponential(330.0, 80.0, 1500.0),
        ]
    }

    #[test]
    fn drawn_durations_stay_within_their_bounds_and_have_their_mean() -> Result<(), TaskError> {
        let (clock, mut rng, n) = (Clock::new(1.0), TrialRng::new(0, "test", 0, 0), 40_000);
        for duration in all() {
            let (min, max) = duration.bounds();
            let mut sum = 0.0;
            for _ in 0..n {
                let ms = duration.draw("delay", clock, &mut rng)? as f64;
                assert!((min..=max).contains(&ms), "{duration:?} {ms}");
                sum += ms;
            }
            assert!(
                (sum / f64::from(n) - duration.mean()).abs() < 5.0,
                "{duration:?}: {} for {}",
                sum / f64::from(n),
                duration.mean()
            );
        }
        Ok(())
    }

    #[test]
    fn quantiles_ascend_within_the_bounds_and_average_to_the_mean() {
        for duration in all() {
            let quantiles: Vec<f64> = (0..9_000).map(|k| duration.quantile((f64::from(k) + 0.5) / 9_000.0)).collect();
            assert!(quantiles.is_sorted(), "{duration:?}");
            assert!(
                quantiles.iter().all(|ms| (duration.bounds().0..=duration.bounds().1).contains(ms)),
                "{duration:?}"
            );
            assert!((quantiles.iter().sum::<f64>() / 9_000.0 - duration.mean()).abs() < 0.1, "{duration:?}");
        }
    }

    #[test]
    fn every_form_is_read_as_it_is_written() -> Result<(), serde_json::Error> {
        for duration in all() {
            assert_eq!(serde_json::from_str::<Duration>(&serde_json::to_string(&duration)?)?, duration);
        }
        assert!(serde_json::from_str::<Duration>(r#"{"min": 1.0, "mx": 2.0}"#).is_err());
        Ok(())
    }

    #[test]
    fn what_has_no_meaning_is_refused_by_name() {
        let clock = Clock::new(20.0);
        for (duration, word) in [
            (Duration::Fixed(-20.0), "delay"),
            (Duration::Fixed(310.0), "not a whole number"),
            (Duration::one_of([]), "empty"),
            (Duration::one_of([200.0, 210.0]), "210"),
            (Duration::uniform(700.0, 300.0), "delay.max"),
            (Duration::uniform(f64::NAN, 300.0), "delay.min"),
            (Duration::truncated_exponential(0.0, 80.0, 90.0), "delay.mean"),
        ] {
            let message = duration.validate("delay", clock).unwrap_err().to_string();
            assert!(message.contains(word), "{message}");
        }
        assert!(Duration::uniform(0.0, 300.0).validate("delay", clock).is_ok());
        assert!(Duration::uniform(0.0, 300.0).validate_at_least_one_step("delay", clock).is_err());
    }
}

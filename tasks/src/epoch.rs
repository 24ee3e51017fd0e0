//! The periods of a trial (fixation, stimulus, delay, decision) in steps, laid end to end from durations in ms.
//!
//! ```text
//! step k covers the time (k dt, (k + 1) dt]      an epoch (a, b] ms holds the steps a/dt .. b/dt, end excluded
//! ```
//!
//! A fixed duration must be a whole number of steps: one that is not is an error, unless a [`Rounding`] is asked for. A
//! duration that a trial draws from a continuous distribution is rounded by the rule of the task's source, which its
//! file states. [`Clock`] holds both rules.
//!
//! ```
//! use nn4n_tasks::Timeline;
//! let mut timeline = Timeline::new(20.0)?;
//! timeline.push("fixation", ("fixation", 100.0))?;
//! let stimulus = timeline.push("stimulus", ("stimulus", 800.0))?;
//! assert_eq!(stimulus, 5..45);
//! assert!(timeline.push("decision", ("decision", 310.0)).is_err());
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::{borrow::Cow, fmt::Display, ops::Range};

use serde::{Deserialize, Serialize};

use crate::TaskError;
use crate::error::rules;

/// The longest trial this crate makes, in steps: far above any task, and low enough that a mistyped `dt` is an error
/// instead of an exhausted memory.
pub const MAX_STEPS: usize = 1_000_000;

/// One period of a trial, in steps: `start` included, `end` excluded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Epoch {
    /// What the period is for, e.g. `"stimulus"`.
    pub name: Cow<'static, str>,
    /// The first step.
    pub start: usize,
    /// One past the last step.
    pub end: usize,
}

impl Epoch {
    /// Its steps.
    pub fn steps(&self) -> Range<usize> {
        self.start..self.end
    }
}

/// What becomes of a duration between two steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// It is an error.
    #[default]
    Exact,
    /// The nearest number of steps, halves upwards.
    Nearest,
    /// The next smaller number of steps.
    Floor,
    /// The next larger number of steps.
    Ceil,
}

impl Rounding {
    /// The whole number of steps for `exact` steps; `None` if there is none.
    fn apply(self, exact: f64) -> Option<f64> {
        // Relative, so that 800 ms / 0.1 ms, which is not a whole number in binary, is one.
        let whole = exact.round();
        if (exact - whole).abs() <= 1e-9 * exact.max(1.0) {
            return Some(whole);
        }
        match self {
            Self::Exact => None,
            Self::Nearest => Some(whole),
            Self::Floor => Some(exact.floor()),
            Self::Ceil => Some(exact.ceil()),
        }
    }
}

/// The step, and how durations in ms become numbers of steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clock {
    /// The time step, ms.
    pub dt: f64,
    /// For durations that are parameters.
    pub fixed: Rounding,
    /// For durations drawn from a continuous distribution; [`Rounding::Exact`] has no meaning here and acts as nearest.
    pub drawn: Rounding,
}

impl Clock {
    /// Steps of `dt` ms; fixed durations must be exact, drawn ones go to the nearest step.
    pub fn new(dt: f64) -> Self {
        Self { dt, fixed: Rounding::Exact, drawn: Rounding::Nearest }
    }

    /// The same with another rule for fixed durations.
    #[must_use]
    pub fn fixed(self, rounding: Rounding) -> Self {
        Self { fixed: rounding, ..self }
    }

    /// The same with another rule for drawn durations.
    #[must_use]
    pub fn drawn(self, rounding: Rounding) -> Self {
        Self { drawn: rounding, ..self }
    }

    /// The same with the user's rule for all durations; [`Rounding::Exact`] leaves the drawn ones to the rule they had.
    #[must_use]
    pub fn rounding(self, rounding: Rounding) -> Self {
        let drawn = if rounding == Rounding::Exact { self.drawn } else { rounding };
        Self { fixed: rounding, drawn, ..self }
    }

    /// The number of steps in the duration `ms` of the parameter `field`.
    pub fn steps(&self, field: impl Display, ms: f64) -> Result<usize, TaskError> {
        self.count(self.fixed, field, ms)
    }

    /// The same, and at least one.
    pub fn at_least_one_step(&self, field: impl Display, ms: f64) -> Result<usize, TaskError> {
        match self.steps(&field, ms)? {
            0 => {
                let remedy = format!("give at least `dt` = {} ms", self.dt);
                Err(TaskError::parameter(field, ms, "must last at least one step", remedy))
            }
            steps => Ok(steps),
        }
    }

    /// The number of steps in a duration that was drawn.
    pub fn drawn_steps(&self, field: impl Display, ms: f64) -> Result<usize, TaskError> {
        let rounding = if self.drawn == Rounding::Exact { Rounding::Nearest } else { self.drawn };
        self.count(rounding, field, ms)
    }

    /// A trial without epochs.
    pub fn timeline(self) -> Result<Timeline, TaskError> {
        rules::positive("dt", self.dt)?;
        Ok(Timeline { clock: self, epochs: Vec::new() })
    }

    fn count(&self, rounding: Rounding, field: impl Display, ms: f64) -> Result<usize, TaskError> {
        rules::positive("dt", self.dt)?;
        rules::not_negative(&field, ms)?;
        let exact = ms / self.dt;
        let Some(whole) = rounding.apply(exact) else {
            let (below, above) = (exact.floor() * self.dt, exact.ceil() * self.dt);
            return Err(TaskError::Duration { field: field.to_string(), value: ms, dt: self.dt, below, above });
        };
        if whole > MAX_STEPS as f64 {
            return Err(too_long(field, whole));
        }
        Ok(whole as usize)
    }
}

/// Epochs laid end to end from step 0.
#[derive(Clone, Debug)]
pub struct Timeline {
    clock: Clock,
    epochs: Vec<Epoch>,
}

impl Timeline {
    /// An empty trial with steps of `dt` ms.
    pub fn new(dt: f64) -> Result<Self, TaskError> {
        Clock::new(dt).timeline()
    }

    /// Adds an epoch of a fixed duration, given as (parameter that holds it, ms); returns its steps.
    pub fn push(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        duration: (&str, f64),
    ) -> Result<Range<usize>, TaskError> {
        let steps = self.clock.steps(duration.0, duration.1)?;
        self.push_steps(name, steps)
    }

    /// Adds an epoch whose duration (ms) was drawn from a continuous distribution, rounded by the clock's rule for
    /// those.
    pub fn push_drawn(&mut self, name: impl Into<Cow<'static, str>>, drawn: f64) -> Result<Range<usize>, TaskError> {
        let name = name.into();
        let steps = self.clock.drawn_steps(&name, drawn)?;
        self.push_steps(name, steps)
    }

    /// Adds an epoch of so many steps; one of no steps is not listed.
    pub fn push_steps(&mut self, name: impl Into<Cow<'static, str>>, steps: usize) -> Result<Range<usize>, TaskError> {
        let (name, start) = (name.into(), self.n_steps());
        let end = start.saturating_add(steps);
        if end > MAX_STEPS {
            return Err(too_long(&name, end));
        }
        if steps > 0 {
            self.epochs.push(Epoch { name, start, end });
        }
        Ok(start..end)
    }

    /// The number of steps so far.
    pub fn n_steps(&self) -> usize {
        self.epochs.last().map_or(0, |epoch| epoch.end)
    }

    /// The epochs so far.
    pub fn epochs(&self) -> &[Epoch] {
        &self.epochs
    }

    /// The epochs.
    pub fn into_epochs(self) -> Vec<Epoch> {
        self.epochs
    }
}

/// The number of steps of `dt` ms in the duration `ms` of the parameter `field`; an error if that is no whole number.
pub fn steps(field: &str, ms: f64, dt: f64) -> Result<usize, TaskError> {
    Clock::new(dt).steps(field, ms)
}

fn too_long(field: impl Display, steps: impl Display) -> TaskError {
    TaskError::parameter(
        field,
        format!("{steps} steps"),
        "makes the trial too long",
        format!("shorten it or use a larger `dt`: a trial has at most {MAX_STEPS} steps"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_between_two_steps_is_an_error_with_both_neighbours() {
        let message = steps("stimulus", 810.0, 20.0).unwrap_err().to_string();
        assert!(message.starts_with("`stimulus` = 810 ms is not a whole number of steps of `dt` = 20 ms"), "{message}");
        assert!(message.ends_with("or give stimulus = 800 or 820"), "{message}");
    }

    #[test]
    fn fine_steps_that_are_no_binary_fraction_still_divide() -> Result<(), TaskError> {
        assert_eq!(steps("stimulus", 800.0, 0.1)?, 8000);
        assert_eq!(steps("stimulus", 0.3, 0.1)?, 3);
        Ok(())
    }

    #[test]
    fn durations_and_steps_without_meaning_are_refused() {
        for (ms, dt) in
            [(100.0, 0.0), (100.0, -1.0), (100.0, f64::NAN), (-20.0, 20.0), (f64::INFINITY, 20.0), (100.0, 1e-12)]
        {
            assert!(steps("fixation", ms, dt).is_err(), "{ms} {dt}");
        }
    }

    #[test]
    fn a_drawn_duration_goes_to_the_nearest_step() -> Result<(), TaskError> {
        let mut timeline = Timeline::new(20.0)?;
        assert_eq!(timeline.push_drawn("a", 89.9)?, 0..4);
        assert_eq!(timeline.push_drawn("b", 90.1)?, 4..9);
        assert!(timeline.push_drawn("c", 1e30).is_err());
        Ok(())
    }

    #[test]
    fn a_duration_is_rounded_as_the_user_says_and_a_whole_one_by_no_rule() -> Result<(), TaskError> {
        for (rounding, expected) in [(Rounding::Nearest, 4), (Rounding::Floor, 3), (Rounding::Ceil, 4)] {
            let clock = Clock::new(80.0).fixed(rounding);
            assert_eq!(clock.steps("fixation", 300.0)?, expected, "{rounding:?}");
            assert_eq!(clock.steps("fixation", 240.0)?, 3, "{rounding:?}");
            // 0.3 / 0.1 is 2.9999999999999996 in binary.
            assert_eq!(Clock::new(0.1).fixed(rounding).steps("fixation", 0.3)?, 3, "{rounding:?}");
        }
        assert!(Clock::new(80.0).steps("fixation", 300.0).is_err());
        assert_eq!(Clock::new(20.0).drawn(Rounding::Floor).drawn_steps("delay", 99.9)?, 4);
        assert_eq!(Clock::new(20.0).rounding(Rounding::Floor).drawn_steps("delay", 99.9)?, 4);
        assert_eq!(Clock::new(20.0).rounding(Rounding::Exact).drawn_steps("delay", 99.9)?, 5);
        Ok(())
    }
}

//! The periods of a trial (fixation, stimulus, delay, decision) in steps, laid end to end from durations in ms.
//!
//! ```text
//! step k covers the time (k dt, (k + 1) dt]      an epoch (a, b] ms holds the steps a/dt .. b/dt, end excluded
//! ```
//!
//! A fixed duration must be a whole number of steps: one that is not is an error, never rounded. A duration that a trial draws from a
//! continuous distribution is rounded to the nearest step, as part of that task's definition.
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

use std::{borrow::Cow, ops::Range};

use serde::{Deserialize, Serialize};

use crate::TaskError;
use crate::error::rules;

/// The longest trial this crate makes, in steps: far above any task, and low enough that a mistyped `dt` is an error instead of an
/// exhausted memory.
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

/// Epochs laid end to end from step 0.
#[derive(Clone, Debug)]
pub struct Timeline {
    dt: f64,
    epochs: Vec<Epoch>,
}

impl Timeline {
    /// An empty trial with steps of `dt` ms.
    pub fn new(dt: f64) -> Result<Self, TaskError> {
        rules::positive("dt", dt)?;
        Ok(Self { dt, epochs: Vec::new() })
    }

    /// Adds an epoch of a fixed duration, given as (parameter that holds it, ms); returns its steps.
    pub fn push(&mut self, name: &'static str, duration: (&str, f64)) -> Result<Range<usize>, TaskError> {
        let steps = steps(duration.0, duration.1, self.dt)?;
        self.push_steps(name, steps)
    }

    /// Adds an epoch whose duration (ms) was drawn from a continuous distribution, rounded to the nearest step.
    pub fn push_drawn(&mut self, name: &'static str, drawn: f64) -> Result<Range<usize>, TaskError> {
        rules::not_negative(name, drawn)?;
        // A float cast saturates, and `push_steps` refuses what is too long.
        self.push_steps(name, (drawn / self.dt).round() as usize)
    }

    /// Adds an epoch of so many steps.
    pub fn push_steps(&mut self, name: &'static str, steps: usize) -> Result<Range<usize>, TaskError> {
        let start = self.n_steps();
        let end = start.saturating_add(steps);
        if end > MAX_STEPS {
            return Err(too_long(name, end));
        }
        self.epochs.push(Epoch { name: Cow::Borrowed(name), start, end });
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
    rules::positive("dt", dt)?;
    rules::not_negative(field, ms)?;
    let exact = ms / dt;
    let whole = exact.round();
    // Relative, so that 800 ms / 0.1 ms, which is not a whole number in binary, passes.
    if (exact - whole).abs() > 1e-9 * exact.max(1.0) {
        let (below, above) = (exact.floor() * dt, exact.ceil() * dt);
        return Err(TaskError::Duration { field: field.into(), value: ms, dt, below, above });
    }
    if whole > MAX_STEPS as f64 {
        return Err(too_long(field, whole));
    }
    Ok(whole as usize)
}

fn too_long(field: &str, steps: impl std::fmt::Display) -> TaskError {
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
        assert!(message.ends_with("stimulus = 800 or 820"), "{message}");
    }

    #[test]
    fn fine_steps_that_are_no_binary_fraction_still_divide() -> Result<(), TaskError> {
        assert_eq!(steps("stimulus", 800.0, 0.1)?, 8000);
        assert_eq!(steps("stimulus", 0.3, 0.1)?, 3);
        Ok(())
    }

    #[test]
    fn durations_and_steps_without_meaning_are_refused() {
        for (ms, dt) in [(100.0, 0.0), (100.0, -1.0), (100.0, f64::NAN), (-20.0, 20.0), (f64::INFINITY, 20.0), (100.0, 1e-12)] {
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
}

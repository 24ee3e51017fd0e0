//! The periods of a trial: the fixation that all start with, then those of the environment.

use std::borrow::Cow;
use std::ops::Range;

use super::Stage;
use crate::{Clock, Duration, Rounding, TaskError, Timeline, TrialRng};

/// The step, how durations become steps, and how long the fixation lasts.
#[derive(Clone, Copy, Debug)]
pub struct Timing<'a> {
    /// The step, and how durations are rounded to it.
    pub clock: Clock,
    fixation: &'a Duration,
}

impl<'a> Timing<'a> {
    /// Steps of `dt` ms. Drawn durations are rounded like fixed ones, and to the nearest step where those must be
    /// exact.
    pub fn new(dt: f64, rounding: Rounding, fixation: &'a Duration) -> Self {
        Self { clock: Clock::new(dt).fixed(rounding).drawn(rounding), fixation }
    }

    /// Checks these periods.
    pub fn validate(self, periods: &[Period<'_>]) -> Result<(), TaskError> {
        periods.iter().try_for_each(|period| match period.may_be_left_out {
            true => period.duration.validate(period.name, self.clock),
            false => period.duration.validate_at_least_one_step(period.name, self.clock),
        })
    }

    /// Draws the fixation.
    pub fn fixate(self, rng: &mut TrialRng) -> Result<Schedule, TaskError> {
        let mut schedule = Schedule { clock: self.clock, timeline: self.clock.timeline()? };
        schedule.period(&Period::pause("fixation", self.fixation), rng)?;
        Ok(schedule)
    }

    /// Draws the fixation and these periods; returns the steps of each of them.
    pub fn draw<const N: usize>(
        self,
        periods: [Period<'_>; N],
        rng: &mut TrialRng,
    ) -> Result<(Schedule, [Range<usize>; N]), TaskError> {
        let (mut schedule, mut all) = (self.fixate(rng)?, [const { 0..0 }; N]);
        for (steps, period) in all.iter_mut().zip(&periods) {
            *steps = schedule.period(period, rng)?;
        }
        Ok((schedule, all))
    }

    /// The steps of a duration that always is the same; none where `validate` refuses it.
    pub fn steps(self, field: &str, ms: f64) -> usize {
        self.clock.steps(field, ms).unwrap_or(0)
    }
}

/// A period that the parameter of the same name describes.
#[derive(Clone, Debug)]
pub struct Period<'a> {
    name: &'static str,
    duration: Cow<'a, Duration>,
    may_be_left_out: bool,
}

impl<'a> Period<'a> {
    /// One in which something is shown, of at least one step.
    pub fn shown(name: &'static str, duration: &'a Duration) -> Self {
        Self { name, duration: Cow::Borrowed(duration), may_be_left_out: false }
    }

    /// One in which nothing is, which may be left out.
    pub fn pause(name: &'static str, duration: &'a Duration) -> Self {
        Self { may_be_left_out: true, ..Self::shown(name, duration) }
    }

    /// One that always lasts `ms`, at least one step: that of the answer, for one.
    pub fn fixed(name: &'static str, ms: f64) -> Self {
        Self { name, duration: Cow::Owned(ms.into()), may_be_left_out: false }
    }
}

/// The periods of a trial so far, one after another.
#[derive(Debug)]
pub struct Schedule {
    clock: Clock,
    timeline: Timeline,
}

impl Schedule {
    /// Adds a period; returns its steps.
    pub fn period(&mut self, period: &Period<'_>, rng: &mut TrialRng) -> Result<Range<usize>, TaskError> {
        let steps = period.duration.draw(period.name, self.clock, rng)?;
        self.steps(period.name, steps)
    }

    /// Adds a period of so many steps.
    pub fn steps(&mut self, name: impl Into<Cow<'static, str>>, steps: usize) -> Result<Range<usize>, TaskError> {
        self.timeline.push_steps(name, steps)
    }

    /// The empty trial of these periods, but for the fixation input: it is 1 until step `fixation_off`.
    pub fn stage(self, n_inputs: usize, n_outputs: usize, fixation_off: usize) -> Stage {
        let mut stage = Stage::new(self.timeline, self.clock.dt, n_inputs, n_outputs);
        stage.show(0..fixation_off, 0, 1.0);
        stage
    }
}

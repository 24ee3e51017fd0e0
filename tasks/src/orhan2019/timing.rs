//! When things happen: a stimulus, a delay, and a response at the end.
//!
//! ```text
//! epochs    stimulus 250 ms | delay 1000 ms | response 250 ms
//! graded    the response
//! answer    where a single step counts: the 5th from the end, which begins 50 ms before it, or the first one of a
//!           response that is shorter
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | | `dt` | ms | 10 |
//! | | `stimulus`, `response` | ms | 250 |
//! | | `delay` | ms | 1000, or one of 100, 400, 700 and 1000 |
//! | n_channels | `n_channels`, at each location | | 50 |
//!
//! The source counts steps (25, 100 and 25); a step stands for 10 ms. Its experiments with variable delays draw one of
//! 10, 40, 70 and 100 steps: give `delay` as `{ one_of = [100.0, 400.0, 700.0, 1000.0] }`. The source then keeps the
//! length of a trial and lets the network stand still for the steps that are left over; here the trial is shorter,
//! which is the same to the network. It has no rule for ending the training.
//!
//! Reference: Orhan AE, Ma WJ (2019). A diverse range of factors affect the nature of neural representations underlying
//! short-term memory. Nature Neuroscience 22: 275-283. <https://doi.org/10.1038/s41593-018-0314-y>; released code:
//! recurrent-memory.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::error::rules;
use crate::{Clock, Duration, Rounding, TaskError, Timeline, TrialRng, TrialView};

/// The most input channels of a location.
const MAX_CHANNELS: usize = 10_000;

/// From the beginning of the step that is read to the end of the trial, ms.
const READ: f64 = 50.0;

/// Stimulus, delay and response, and the number of channels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Timing {
    /// The time step, ms.
    pub dt: f64,
    /// What becomes of a duration between two steps.
    pub rounding: Rounding,
    /// The stimulus, ms.
    pub stimulus: f64,
    /// The delay, ms.
    pub delay: Duration,
    /// The response, ms.
    pub response: f64,
    /// The number of input channels; at each location, where there are several.
    pub n_channels: usize,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            dt: 10.0,
            rounding: Rounding::Exact,
            stimulus: 250.0,
            delay: Duration::Fixed(1000.0),
            response: 250.0,
            n_channels: 50,
        }
    }
}

/// The steps of the periods of one trial.
pub(crate) struct Periods {
    pub stimulus: Range<usize>,
    pub delay: Range<usize>,
    pub response: Range<usize>,
    /// The number of steps of the longest delay that can be drawn.
    pub longest_delay: usize,
    pub timeline: Timeline,
}

impl Periods {
    /// The length of the trial.
    pub fn n_steps(&self) -> usize {
        self.response.end
    }
}

impl Timing {
    /// Checks the fields.
    pub(crate) fn validate(&self) -> Result<(), TaskError> {
        let clock = self.clock();
        rules::positive("dt", self.dt)?;
        clock.at_least_one_step("stimulus", self.stimulus)?;
        self.delay.validate("delay", clock)?;
        clock.at_least_one_step("response", self.response)?;
        if !(2..=MAX_CHANNELS).contains(&self.n_channels) {
            return Err(TaskError::parameter(
                "n_channels",
                self.n_channels,
                "must lie in 2 to 10000",
                "the published tasks have 50",
            ));
        }
        Ok(())
    }

    /// One trial's periods.
    pub(crate) fn draw(&self, rng: &mut TrialRng) -> Result<Periods, TaskError> {
        let clock = self.clock();
        let mut timeline = clock.timeline()?;
        let stimulus = timeline.push("stimulus", ("stimulus", self.stimulus))?;
        let delay = timeline.push_steps("delay", self.delay.draw("delay", clock, rng)?)?;
        let response = timeline.push("response", ("response", self.response))?;
        let longest = self.delay.bounds().1;
        let longest_delay = match self.delay {
            Duration::Fixed(_) | Duration::OneOf(_) => clock.steps("delay", longest)?,
            Duration::Uniform(_) | Duration::TruncatedExponential(_) => clock.drawn_steps("delay", longest)?,
        };
        Ok(Periods { stimulus, delay, response, longest_delay, timeline })
    }

    /// The step at which the answer is read.
    pub(crate) fn answer_step(&self, trial: TrialView<'_>) -> Option<usize> {
        let response = trial.epoch("response")?;
        let from_the_end = (READ / self.dt).round().max(1.0) as usize;
        Some(response.end.saturating_sub(from_the_end).max(response.start))
    }

    fn clock(&self) -> Clock {
        Clock::new(self.dt).rounding(self.rounding)
    }
}

//! A trial in the making: periods first, then what is shown and which class is right.
//!
//! ```text
//! inputs      0 until something is shown
//! targets     class 0 (fixate) at every step that no other class is given
//! loss_mask   1 at every step
//! noise       sigma / sqrt(dt) per step, dt in ms: 0.1 at sigma = 1 and dt = 100
//! ```

use std::ops::Range;

use ndarray::Array2;

use crate::error::rules;
use crate::{Clock, Condition, Duration, Rounding, TaskError, Timeline, Trial, TrialRng};

/// The clock of an environment: drawn durations are rounded like fixed ones, and to the nearest step where those must
/// be exact.
pub fn clock(dt: f64, rounding: Rounding) -> Clock {
    Clock::new(dt).fixed(rounding).drawn(rounding)
}

/// Checks the step, the strength of the noise, and the periods: `shown` ones last at least one step, `others` may be
/// left out.
pub fn validate(
    clock: Clock,
    sigma: f64,
    shown: &[(&str, &Duration)],
    others: &[(&str, &Duration)],
) -> Result<(), TaskError> {
    rules::positive("dt", clock.dt)?;
    rules::not_negative("sigma", sigma)?;
    shown.iter().try_for_each(|(field, duration)| duration.validate_at_least_one_step(field, clock))?;
    others.iter().try_for_each(|(field, duration)| duration.validate(field, clock))
}

/// The standard deviation of the noise of one step.
pub fn noise_std(sigma: f64, dt: f64) -> f64 {
    sigma / dt.sqrt()
}

/// The periods of a trial, one after another.
#[derive(Debug)]
pub struct Schedule {
    clock: Clock,
    timeline: Timeline,
}

impl Schedule {
    /// No periods yet.
    pub fn new(clock: Clock) -> Result<Self, TaskError> {
        Ok(Self { clock, timeline: clock.timeline()? })
    }

    /// Adds the period that the parameter of the same name describes; returns its steps.
    pub fn epoch(
        &mut self,
        name: &'static str,
        duration: &Duration,
        rng: &mut TrialRng,
    ) -> Result<Range<usize>, TaskError> {
        let steps = duration.draw(name, self.clock, rng)?;
        self.steps(name, steps)
    }

    /// Adds a period that always lasts as long.
    pub fn fixed(&mut self, name: &'static str, ms: f64) -> Result<Range<usize>, TaskError> {
        self.timeline.push(name, (name, ms))
    }

    /// Adds a period of so many steps.
    pub fn steps(
        &mut self,
        name: impl Into<std::borrow::Cow<'static, str>>,
        steps: usize,
    ) -> Result<Range<usize>, TaskError> {
        self.timeline.push_steps(name, steps)
    }

    /// The empty trial of these periods.
    pub fn stage(self, n_inputs: usize, n_outputs: usize) -> Stage {
        let n_steps = self.timeline.n_steps();
        let mut targets = Array2::zeros((n_steps, n_outputs));
        rows(&mut targets, 0..n_steps).for_each(|row| row[0] = 1.0);
        Stage { timeline: self.timeline, inputs: Array2::zeros((n_steps, n_inputs)), targets }
    }
}

/// Inputs and class labels of a trial.
#[derive(Debug)]
pub struct Stage {
    timeline: Timeline,
    inputs: Array2<f32>,
    targets: Array2<f32>,
}

impl Stage {
    /// Shows `level` on one channel.
    pub fn show(&mut self, steps: Range<usize>, channel: usize, level: f64) {
        rows(&mut self.inputs, steps).for_each(|row| row[channel] = level as f32);
    }

    /// Shows `levels` on the channels from `first` on.
    pub fn pattern(&mut self, steps: Range<usize>, first: usize, levels: impl Iterator<Item = f32>) {
        let mut rows = rows(&mut self.inputs, steps);
        let Some(shown) = rows.next() else { return };
        let count = shown[first..].iter_mut().zip(levels).map(|(place, level)| *place = level).count();
        let shown = &shown[first..first + count];
        rows.for_each(|row| row[first..first + count].copy_from_slice(shown));
    }

    /// Adds independent Gaussian noise.
    pub fn noise(&mut self, steps: Range<usize>, channels: Range<usize>, std: f64, rng: &mut TrialRng) {
        let count = steps.len() * channels.len();
        rng.add_to_rows(rows(&mut self.inputs, steps).map(|row| &mut row[channels.clone()]), count, std);
    }

    /// Makes `class` the right one.
    pub fn label(&mut self, steps: Range<usize>, class: usize) {
        rows(&mut self.targets, steps).for_each(|row| {
            row.fill(0.0);
            row[class] = 1.0;
        });
    }

    /// The finished trial; `correct` is the class that should be chosen.
    pub fn finish(self, condition: Condition, correct: Option<usize>) -> Trial {
        let loss_mask = Array2::ones(self.targets.dim());
        Trial {
            inputs: self.inputs,
            targets: self.targets,
            loss_mask,
            condition,
            epochs: self.timeline.into_epochs(),
            correct,
        }
    }
}

/// The rows of these steps. New arrays lie in memory in the order of their rows.
fn rows(array: &mut Array2<f32>, steps: Range<usize>) -> impl Iterator<Item = &mut [f32]> {
    let width = array.ncols().max(1);
    array.as_slice_mut().unwrap_or_default().chunks_exact_mut(width).skip(steps.start).take(steps.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_labelled_is_fixation_and_noise_stays_on_its_channels() -> Result<(), TaskError> {
        let mut rng = TrialRng::new(0, "test", 0, 0);
        let mut schedule = Schedule::new(clock(100.0, Rounding::Exact))?;
        let stimulus = schedule.epoch("stimulus", &200.0.into(), &mut rng)?;
        let decision = schedule.fixed("decision", 100.0)?;
        let mut stage = schedule.stage(3, 2);
        stage.pattern(stimulus.clone(), 1, [0.5, 0.25].into_iter());
        stage.noise(stimulus, 2..3, noise_std(1.0, 100.0), &mut rng);
        stage.label(decision, 1);
        let trial = stage.finish(Condition::new(), Some(1));
        assert_eq!(trial.targets, ndarray::array![[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]);
        assert_eq!(trial.inputs.column(1).to_vec(), [0.5, 0.5, 0.0]);
        assert!(trial.inputs[[0, 2]] != 0.25 && trial.inputs[[2, 2]] == 0.0);
        Ok(())
    }
}

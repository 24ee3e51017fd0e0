//! A trial in the making: what is shown, and which class is right.
//!
//! ```text
//! inputs      0 until something is shown
//! targets     class 0 (fixate) at every step that no other class is given
//! loss_mask   1 at every step
//! ```

use std::ops::Range;

use ndarray::Array2;

use crate::{Condition, Timeline, Trial, TrialRng};

/// Inputs and class labels of a trial.
#[derive(Debug)]
pub struct Stage {
    timeline: Timeline,
    dt: f64,
    inputs: Array2<f32>,
    targets: Array2<f32>,
}

impl Stage {
    /// The empty trial of these periods.
    pub fn new(timeline: Timeline, dt: f64, n_inputs: usize, n_outputs: usize) -> Self {
        let n_steps = timeline.n_steps();
        let mut targets = Array2::zeros((n_steps, n_outputs));
        rows(&mut targets, 0..n_steps).for_each(|row| row[0] = 1.0);
        Self { timeline, dt, inputs: Array2::zeros((n_steps, n_inputs)), targets }
    }

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

    /// Adds independent Gaussian noise of strength `sigma`.
    pub fn noise(&mut self, steps: Range<usize>, channels: Range<usize>, sigma: f64, rng: &mut TrialRng) {
        let (count, std) = (steps.len() * channels.len(), sigma / self.dt.sqrt());
        rng.add_to_rows(rows(&mut self.inputs, steps).map(|row| &mut row[channels.clone()]), count, std);
    }

    /// Makes `class` the right one.
    pub fn label(&mut self, steps: Range<usize>, class: usize) {
        rows(&mut self.targets, steps).for_each(|row| {
            row.fill(0.0);
            row[class] = 1.0;
        });
    }

    /// The finished trial, in which `class` is the right one in the steps of the answer.
    pub fn finish(mut self, answer: Range<usize>, class: usize, condition: Condition) -> Trial {
        self.label(answer, class);
        let loss_mask = Array2::ones(self.targets.dim());
        Trial {
            inputs: self.inputs,
            targets: self.targets,
            loss_mask,
            condition,
            epochs: self.timeline.into_epochs(),
            correct: Some(class),
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
    use crate::TaskError;

    #[test]
    fn what_is_not_labelled_is_fixation_and_noise_stays_on_its_channels() -> Result<(), TaskError> {
        let mut timeline = Timeline::new(100.0)?;
        let stimulus = timeline.push("stimulus", ("stimulus", 200.0))?;
        let decision = timeline.push("decision", ("decision", 100.0))?;
        let mut stage = Stage::new(timeline, 100.0, 3, 2);
        stage.pattern(stimulus.clone(), 1, [0.5, 0.25].into_iter());
        stage.noise(stimulus, 2..3, 1.0, &mut TrialRng::new(0, "test", 0, 0));
        let trial = stage.finish(decision, 1, Condition::new());
        assert_eq!(trial.targets, ndarray::array![[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]);
        assert_eq!(trial.inputs.column(1).to_vec(), [0.5, 0.5, 0.0]);
        assert!(trial.inputs[[0, 2]] != 0.25 && trial.inputs[[2, 2]] == 0.0);
        Ok(())
    }
}

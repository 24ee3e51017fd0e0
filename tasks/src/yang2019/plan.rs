//! From what a trial shows and asks for to its arrays: the same for all 20 tasks.

use std::ops::Range;

use ndarray::{Array2, ArrayView1, aview1, s};

use crate::{Condition, TaskError, Trial, TrialRng};

use super::layout::{INPUTS, OUTPUTS, RING, bump, nearest_output, rule_input};
use super::{Schedule, Yang2019};

/// The target of every output that is not active.
pub const BASELINE: f64 = 0.05;

/// The loss mask until the go signal and after the grace period, and how many times as much it is on fixation.
const MASK: [f32; 2] = [1.0, 5.0];
const MASK_FIXATION: f32 = 2.0;

/// What a trial shows and asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What is shown.
    pub stimuli: Vec<Stimulus>,
    /// Whether the fixation input stays on after the go signal.
    pub fixation_stays: bool,
    /// The angle of the response; without one, fixation is kept to the end.
    pub response: Option<f64>,
}

/// A stimulus on one of the rings.
#[derive(Clone, Debug, PartialEq)]
pub struct Stimulus {
    /// 0 or 1.
    pub modality: usize,
    /// rad
    pub angle: f64,
    /// Times the height of a bump.
    pub strength: f64,
    /// When it is shown.
    pub steps: Range<usize>,
}

impl Plan {
    /// The trial of the task `id`.
    pub fn trial(
        &self,
        settings: &Yang2019,
        id: &str,
        schedule: Schedule,
        condition: Condition,
        rng: &mut TrialRng,
    ) -> Result<Trial, TaskError> {
        let (n_steps, go, grace) = (schedule.n_steps(), schedule.go(), settings.grace_steps()?);
        let mut inputs = self.signals(id, n_steps, go);
        settings.noise().add(&mut inputs, rng);
        Ok(Trial {
            inputs,
            targets: self.targets(settings, n_steps, go),
            loss_mask: loss_mask((n_steps, OUTPUTS), go, [grace; 2], MASK, MASK_FIXATION),
            condition,
            epochs: schedule.into_epochs(),
            correct: Some(self.response.map_or(0, nearest_output)),
        })
    }

    /// The inputs without noise.
    fn signals(&self, id: &str, n_steps: usize, go: usize) -> Array2<f32> {
        let mut inputs = Array2::zeros((n_steps, INPUTS));
        let fixation_off = if self.fixation_stays { n_steps } else { go };
        inputs.slice_mut(s![..fixation_off, 0]).fill(1.0);
        if let Some(rule) = rule_input(id) {
            inputs.slice_mut(s![.., rule]).fill(1.0);
        }
        for stimulus in &self.stimuli {
            let shown = bump(stimulus.angle).map(|height| height * stimulus.strength as f32);
            add(&mut inputs, stimulus.steps.clone(), 1 + stimulus.modality.min(1) * RING, aview1(&shown));
        }
        inputs
    }

    fn targets(&self, settings: &Yang2019, n_steps: usize, go: usize) -> Array2<f32> {
        let mut targets = Array2::from_elem((n_steps, OUTPUTS), BASELINE as f32);
        let fixation_off = if self.response.is_none() { n_steps } else { go };
        targets.slice_mut(s![..fixation_off, 0]).fill(settings.fixation_target as f32);
        if let Some(angle) = self.response {
            add(&mut targets, go..n_steps, 1, aview1(&bump(angle)));
        }
        targets
    }
}

/// Adds a row of values to the channels from `first` on, at each of these steps.
fn add(array: &mut Array2<f32>, steps: Range<usize>, first: usize, values: ArrayView1<'_, f32>) {
    let mut place = array.slice_mut(s![steps, first..first + values.len()]);
    place += &values;
}

/// The loss mask (n_steps, outputs): nothing at the start for so many steps, the first weight until the go signal,
/// nothing in the grace period after it, then the second weight; `fixation` times as much on output 0.
pub(crate) fn loss_mask(
    (n_steps, n_outputs): (usize, usize),
    go: usize,
    [start, grace]: [usize; 2],
    weights: [f32; 2],
    fixation: f32,
) -> Array2<f32> {
    let mut loss_mask = Array2::zeros((n_steps, n_outputs));
    let graded = [start.min(go)..go, go.saturating_add(grace).min(n_steps)..n_steps];
    for (steps, weight) in graded.into_iter().zip(weights) {
        loss_mask.slice_mut(s![steps.clone(), ..]).fill(weight);
        loss_mask.slice_mut(s![steps, 0]).fill(fixation * weight);
    }
    loss_mask
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loss_mask_is_that_of_the_source() {
        let mask = loss_mask((40, OUTPUTS), 20, [5; 2], MASK, MASK_FIXATION);
        for (step, weight) in [(0, 0.0), (4, 0.0), (5, 1.0), (19, 1.0), (20, 0.0), (24, 0.0), (25, 5.0), (39, 5.0)] {
            assert_eq!((mask[[step, 0]], mask[[step, 1]], mask[[step, 32]]), (2.0 * weight, weight, weight), "{step}");
        }
    }

    #[test]
    fn a_grace_period_longer_than_what_it_belongs_to_leaves_nothing_of_it() {
        assert!(loss_mask((8, OUTPUTS), 3, [5; 2], MASK, MASK_FIXATION).iter().all(|&weight| weight == 0.0));
        assert_eq!(loss_mask((9, OUTPUTS), 3, [5; 2], MASK, MASK_FIXATION)[[8, 1]], 5.0);
    }

    #[test]
    fn stimuli_at_one_place_add_up() {
        let stimulus = |strength, steps| Stimulus { modality: 1, angle: 0.0, strength, steps };
        let plan =
            Plan { stimuli: vec![stimulus(1.0, 0..2), stimulus(0.5, 1..3)], fixation_stays: false, response: None };
        let inputs = plan.signals("yang2019/dm2", 4, 3);
        for (step, height) in [(0, 0.8), (1, 1.2), (2, 0.4), (3, 0.0)] {
            assert!((inputs[[step, 33]] - height).abs() < 1e-6, "{step}");
            assert_eq!((inputs[[step, 1]], inputs[[step, 72]]), (0.0, 1.0));
        }
    }
}

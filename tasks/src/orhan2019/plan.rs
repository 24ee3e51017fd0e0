//! From what a trial shows and asks for to its inputs, targets and loss mask.

use std::ops::Range;

use ndarray::{Array2, s};

use super::timing::Periods;
use super::{Spikes, Tuning};
use crate::{Condition, Trial, TrialRng};

/// What happens in the response.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Response {
    /// All channels fire spontaneously.
    Rest,
    /// They do, and those of one location (from 0) so many times as much as usual.
    Cue {
        /// The location.
        location: usize,
        /// How many times.
        times: f64,
    },
    /// The first location shows another stimulus.
    Probe(f64),
}

/// What a trial shows and asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The trial variables.
    pub condition: Condition,
    /// What each location shows during the stimulus.
    pub shown: Vec<f64>,
    /// What happens in the response.
    pub response: Response,
    /// The target of each output, at all times.
    pub targets: Vec<f64>,
    /// The right class, if the outputs are classes.
    pub correct: Option<usize>,
}

impl Plan {
    /// The spikes (n_steps, inputs) of locations with so many channels of this tuning.
    pub(super) fn inputs(
        &self,
        periods: &Periods,
        spikes: &Spikes,
        (tuning, n_channels): (Tuning, usize),
        rng: &mut TrialRng,
    ) -> Array2<f32> {
        let channels = |location: usize| -> Range<usize> { location * n_channels..(location + 1) * n_channels };
        let all = 0..n_channels * self.shown.len();
        let mut inputs = Array2::zeros((periods.n_steps(), all.len()));
        for (location, &stimulus) in self.shown.iter().enumerate() {
            spikes.show(&mut inputs, &periods.stimulus, channels(location), (tuning, stimulus), rng);
        }
        spikes.delay(&mut inputs, periods, rng);
        match self.response {
            Response::Rest => spikes.rest(&mut inputs, &periods.response, all, 1.0, rng),
            Response::Cue { location: cued, times } => {
                for location in 0..self.shown.len() {
                    let times = if location == cued { times } else { 1.0 };
                    spikes.rest(&mut inputs, &periods.response, channels(location), times, rng);
                }
            }
            Response::Probe(stimulus) => {
                spikes.show(&mut inputs, &periods.response, channels(0), (tuning, stimulus), rng);
            }
        }
        inputs
    }

    /// The trial with these inputs, of which the response is graded.
    pub(super) fn trial(self, periods: Periods, inputs: Array2<f32>) -> Trial {
        let shape = (periods.n_steps(), self.targets.len());
        let targets = Array2::from_shape_fn(shape, |(_, output)| self.targets[output] as f32);
        let mut loss_mask = Array2::zeros(shape);
        loss_mask.slice_mut(s![periods.response, ..]).fill(1.0);
        let (condition, epochs) = (self.condition, periods.timeline.into_epochs());
        Trial { inputs, targets, loss_mask, condition, epochs, correct: self.correct }
    }
}

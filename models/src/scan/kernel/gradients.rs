//! The gradients that a backward pass is given, and those that it finds.

use super::{dims::Dims, omega::Tally};

/// A gradient that arrives at the rates or states from elsewhere than the readout: (trials, steps, units), or (trials,
/// units) at the last step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extra<'a, T> {
    pub values: &'a [T],
    pub last_only: bool,
}

/// What is remembered of the activity.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Remembered<'a, T> {
    /// All that is needed.
    Whole {
        /// `r` (trials, steps, units)
        rates: &'a [T],
        /// What else the slopes need: in the rate form `f` of the total current; in the current and the blend form the
        /// states, or nothing where the rates determine the slopes.
        drive: &'a [T],
    },
    /// `x` and `r` of the steps before the [`Segments`](super::segments::Segments), which are computed again, and the
    /// tail.
    Anchors {
        /// (trials, anchors, units)
        states: &'a [T],
        /// (trials, anchors, units)
        rates: &'a [T],
        /// As of [`Whole`](Self::Whole), of the steps of the tail.
        tail_rates: &'a [T],
        tail_drive: &'a [T],
        /// Whether the slopes need more than the rates.
        needs_drive: bool,
    },
}

/// What a backward pass is given.
#[derive(Debug)]
pub(crate) struct Arriving<'a, T> {
    /// (trials, steps, outputs)
    pub logits: &'a [T],
    pub rates: Vec<Extra<'a, T>>,
    pub states: Vec<Extra<'a, T>>,
    pub activity: Remembered<'a, T>,
    /// (trials, steps, inputs)
    pub inputs: &'a [T],
}

/// Gradients that are computed only when asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub inputs: bool,
    pub start: bool,
    /// `alpha`, `leak` and the noise amplitude.
    pub tau: bool,
}

impl Wanted {
    /// Nothing but the gradients of the weights.
    pub const WEIGHTS: Self = Self { inputs: false, start: false, tau: false };
}

/// The gradient of everything that went in, shaped like it; empty if not wanted.
#[derive(Debug)]
pub(crate) struct Gradients<T> {
    pub w_rec: Vec<T>,
    pub w_in: Vec<T>,
    pub w_out: Vec<T>,
    pub b_rec: Vec<T>,
    pub b_out: Vec<T>,
    pub alpha: Vec<T>,
    pub leak: Vec<T>,
    pub recurrent_noise: Vec<T>,
    pub start_state: Vec<T>,
    pub start_rate: Vec<T>,
    pub inputs: Vec<T>,
    /// Omega, if it was asked for; its gradient is in that of the recurrent weights.
    pub omega: Tally,
}

/// The gradients that a pass finds trial by trial; an empty slice is not written.
#[derive(Default)]
pub(super) struct TrialGradients<'a, T> {
    /// (trials, steps, inputs)
    pub inputs: &'a mut [T],
    /// (trials, units), as are the following
    pub start_state: &'a mut [T],
    pub start_rate: &'a mut [T],
    pub alpha: &'a mut [T],
    pub leak: &'a mut [T],
    pub recurrent_noise: &'a mut [T],
    /// (trials)
    pub omega: &'a mut [Tally],
}

impl<'a, T> TrialGradients<'a, T> {
    /// Those of the first `count` trials, and of the others.
    pub fn split(self, dims: Dims, count: usize) -> (Self, Self) {
        let cut = |values: &'a mut [T], each: usize| {
            let at = (count * each).min(values.len());
            values.split_at_mut(at)
        };
        let (inputs, later_inputs) = cut(self.inputs, dims.steps * dims.inputs);
        let (start_state, later_start_state) = cut(self.start_state, dims.units);
        let (start_rate, later_start_rate) = cut(self.start_rate, dims.units);
        let (alpha, later_alpha) = cut(self.alpha, dims.units);
        let (leak, later_leak) = cut(self.leak, dims.units);
        let (recurrent_noise, later_recurrent_noise) = cut(self.recurrent_noise, dims.units);
        let (omega, later_omega) = self.omega.split_at_mut(count.min(self.omega.len()));
        (
            Self { inputs, start_state, start_rate, alpha, leak, recurrent_noise, omega },
            Self {
                inputs: later_inputs,
                start_state: later_start_state,
                start_rate: later_start_rate,
                alpha: later_alpha,
                leak: later_leak,
                recurrent_noise: later_recurrent_noise,
                omega: later_omega,
            },
        )
    }
}

//! Some trials on their way back through time, window after window of steps.
//!
//! What the weight gradients are made of is held for one window at a time, trial by trial and step by step, each row as
//! long as whole vectors:
//!
//! ```text
//! drive         g_t                    for the steps of the window and the one after it
//! presynaptic   [r_{t-1} | 1 | u_t]    for the same steps; where Omega is asked for, its own rows stand in their place
//! ```

mod activity;
mod omega;
mod slots;
mod step;

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use self::{activity::Activity, omega::Balance, slots::Slots};
use super::{
    buffer::Buffer,
    dims::{Dims, ROUND},
    element::Element,
    gradients::TrialGradients,
    noise_rows::NoiseRows,
    pass::BackwardPass,
    product::{Term, product},
    rows::store,
    weight_gradient::{Outer, Rows},
};
use crate::config::Form;

/// Trials that go back together.
pub(super) struct Block<'a, T> {
    pass: &'a BackwardPass<'a, T>,
    trials: Range<usize>,
    by_trial: TrialGradients<'a, T>,
    activity: Activity<'a, T>,
    drive: Slots<T>,
    presynaptic: Slots<T>,
    /// Gradients with respect to the rates, followed by what else the product leaves (trials, columns of the weights).
    arrived: Buffer<T>,
    /// Length of one of its rows.
    wide: usize,
    /// In the rate form the gradients with respect to the states (trials, padded units). In the other forms `drive` is
    /// what goes on to the step before: in the current form that is the same, in the blend form the gradients with
    /// respect to the arguments of `f`.
    state: Buffer<T>,
    /// Activity loaded from where it is found (trials, padded units).
    loaded: Buffer<T>,
    /// `f'` (trials, padded units).
    slope: Buffer<T>,
    /// Sums over the steps (trials, padded units); empty if not wanted.
    alpha: Buffer<T>,
    leak: Buffer<T>,
    recurrent_noise: Buffer<T>,
    /// Room to draw the noise again for these sums.
    noise: NoiseRows,
    balance: Option<Balance<'a, T>>,
}

impl<'a, T: Element> Block<'a, T> {
    /// `steps` is the length of the longest window; the gradients of these trials go to `by_trial`.
    pub fn new(
        pass: &'a BackwardPass<'a, T>,
        trials: Range<usize>,
        steps: usize,
        by_trial: TrialGradients<'a, T>,
    ) -> Self {
        let Dims { units, inputs, .. } = pass.dims;
        let (pool, width, columns) = (pass.pool, pass.dims.width(), (units + 1 + inputs).next_multiple_of(ROUND));
        let wide = pass.weights.zeros.len().next_multiple_of(ROUND).max(width);
        let slots = |length| Slots::new(pool, trials.len(), steps + 1, length);
        let size = trials.len() * width;
        let summed = if by_trial.leak.is_empty() { 0 } else { size };
        let mut presynaptic = slots(columns);
        for row in presynaptic.data.chunks_exact_mut(columns) {
            row[units] = T::one();
        }
        Self {
            drive: slots(width),
            presynaptic,
            arrived: pool.zeros(trials.len() * wide),
            wide,
            state: pool.zeros(if pass.equation.form == Form::Rate { size } else { 0 }),
            loaded: pool.zeros(size),
            slope: pool.zeros(size),
            alpha: pool.zeros(if pass.equation.form == Form::Rate { summed } else { 0 }),
            leak: pool.zeros(summed),
            recurrent_noise: pool.zeros(summed),
            noise: NoiseRows::new(summed),
            balance: Balance::new(pass, trials.len() * wide, || slots(columns)),
            activity: Activity::new(pass, trials.clone(), steps),
            pass,
            trials,
            by_trial,
        }
    }

    /// Goes back through a window that ends where the last one began.
    pub fn go_back(&mut self, window: Range<usize>) {
        self.activity.reach(self.pass, &window);
        Arch::new().dispatch(Retreat { block: self, window });
    }

    /// Goes from the first step to the start of the trials, and hands over the gradients.
    pub fn finish(&mut self) {
        Arch::new().dispatch(Arrival { block: self });
    }

    /// What is to be summed for the weights of the units: `g_t [r_{t-1} | 1 | u_t]^T` of a window.
    pub fn recurrent(&self, window: &Range<usize>) -> Outer<'_, T> {
        let right = self.balance.as_ref().map_or(&self.presynaptic, |balance| &balance.right);
        Outer { left: self.drive.rows(0, window.len()), right: right.rows(0, window.len()) }
    }

    /// The same for the readout: `dz_t [r_t | 1]^T`.
    pub fn readout(&self, window: &Range<usize>) -> Outer<'_, T> {
        let Dims { steps, outputs, .. } = self.pass.dims;
        let logits = &self.pass.arriving.logits[(self.trials.start * steps + window.start) * outputs..];
        let left = Rows {
            data: logits,
            groups: self.trials.len(),
            pitch: steps * outputs,
            rows: window.len(),
            stride: outputs,
        };
        Outer { left, right: self.presynaptic.rows(1, window.len()) }
    }
}

struct Retreat<'a, 'b, T> {
    block: &'a mut Block<'b, T>,
    window: Range<usize>,
}

impl<T: Element> WithSimd for Retreat<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { block, window } = self;
        block.slide(&window);
        for step in window.clone().rev() {
            let slot = step - window.start;
            block.arrive(simd, step, slot);
            // Else they are there from the step after it.
            if block.balance.is_none() || step + 1 == block.pass.dims.steps {
                block.slopes(step, slot + 1);
            }
            block.retreat(step, slot);
            if !block.leak.is_empty() {
                block.accumulate_tau(step, slot);
            }
            block.look_back(simd, step, slot);
        }
    }
}

struct Arrival<'a, 'b, T> {
    block: &'a mut Block<'b, T>,
}

impl<T: Element> WithSimd for Arrival<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Block { pass, trials, by_trial, drive, arrived, wide, state, alpha, leak, recurrent_noise, .. } =
            self.block;
        let Dims { steps, units, inputs, .. } = pass.dims;
        let width = pass.dims.width();
        if !by_trial.start_rate.is_empty() || !by_trial.inputs.is_empty() {
            let recurrent = Term { rows: &drive.data, stride: drive.pitch(), weights: &pass.weights.recurrent };
            product(
                simd,
                &[recurrent],
                trials.len(),
                &pass.weights.zeros,
                (0, pass.weights.recurrent.vectors),
                (arrived, *wide),
            );
        }
        if !by_trial.inputs.is_empty() {
            store(&arrived[units..], *wide, by_trial.inputs, steps * inputs, inputs);
        }
        if !by_trial.start_rate.is_empty() {
            store(arrived, *wide, by_trial.start_rate, units, units);
            for (index, start) in by_trial.start_state.chunks_exact_mut(units).enumerate() {
                let carried = if pass.equation.form == Form::Rate {
                    &state[index * width..]
                } else {
                    &drive.data[index * drive.pitch()..]
                };
                for ((start, carried), leak) in start.iter_mut().zip(carried).zip(&pass.weights.leak) {
                    *start = *leak * *carried;
                }
            }
        }
        for (sums, found) in [
            (alpha, &mut *by_trial.alpha),
            (leak, &mut *by_trial.leak),
            (recurrent_noise, &mut *by_trial.recurrent_noise),
        ] {
            store(sums, width, found, units, units);
        }
    }
}

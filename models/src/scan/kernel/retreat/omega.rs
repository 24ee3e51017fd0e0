//! What a way back finds beside the gradients of the loss, where [Omega](super::super::omega) is asked for: as soon as
//! the gradient of a step is there, what it sends to the step before is looked at.

use pulp::Simd;

use super::{
    super::{
        buffer::Buffer,
        element::Element,
        omega::{Counted, Retreated},
        pass::BackwardPass,
        product::{Term, product},
        rows::copy,
    },
    Block,
    slots::Slots,
};

/// Rows of some trials for Omega.
pub(super) struct Balance<'a, T> {
    counted: Counted<'a, T>,
    /// `W_rec^T D(alpha) g_{t+1}`, laid out as what arrives at the rates.
    pub through: Buffer<T>,
    /// `[r_{t-1} + weight k_{t-1} | 1 | u_t]`, or without anything but `weight k_{t-1}`.
    pub right: Slots<T>,
    /// `h_t` (units)
    h: Buffer<T>,
}

impl<'a, T: Element> Balance<'a, T> {
    /// `size` is that of what arrives, `right` the empty rows; nothing if Omega is not asked for.
    pub fn new(pass: &BackwardPass<'a, T>, size: usize, right: impl FnOnce() -> Slots<T>) -> Option<Self> {
        let zeros = |size| pass.pool.zeros(size);
        pass.omega.map(|counted| Self { counted, through: zeros(size), right: right(), h: zeros(pass.dims.units) })
    }
}

impl<T: Element> Block<'_, T> {
    /// Goes on from the gradient of a step, in `slot`, to what stands for the step before in the products of the
    /// weights. The step from the start of the trials is left out.
    #[inline(always)]
    pub(super) fn look_back<S: Simd>(&mut self, simd: S, step: usize, slot: usize) {
        let Some(balance) = &mut self.balance else { return };
        let (units, columns) = (self.pass.dims.units, self.presynaptic.length);
        for (right, rates) in balance.right.trials_mut(slot).zip(self.presynaptic.trials(slot)) {
            if balance.counted.alone {
                right[..units].fill(T::zero());
            } else {
                copy(&rates[..columns], &mut right[..columns]);
            }
        }
        if step == 0 {
            return;
        }
        let weights = self.pass.weights;
        let recurrent = Term {
            rows: &self.drive.data[slot * self.drive.length..],
            stride: self.drive.pitch(),
            weights: &weights.recurrent,
        };
        let columns = (0, weights.recurrent.vectors);
        product(simd, &[recurrent], self.trials.len(), &weights.zeros, columns, (&mut balance.through, self.wide));
        self.slopes(step - 1, slot);
        self.compare(step, slot);
    }

    /// The gradient of a step with what it sends to the step before.
    #[inline(always)]
    fn compare(&mut self, step: usize, slot: usize) {
        let Some(Balance { counted, through, right, h }) = &mut self.balance else { return };
        let (units, steps) = (self.pass.dims.units, self.pass.dims.steps);
        let rows = self.drive.trials(slot).zip(through.chunks_exact(self.wide));
        let rows = rows.zip(self.slope.chunks_exact(self.drive.length)).zip(right.trials_mut(slot));
        let tallies = self.by_trial.omega.iter_mut().zip(self.trials.clone());
        for ((((gradient, through), slope), right), (tally, trial)) in rows.zip(tallies) {
            if counted.valid[trial * steps + step] > T::zero() {
                let leak = &self.pass.weights.leak[..units];
                let (gradient, through, slope) = (&gradient[..units], &through[..units], &slope[..units]);
                counted.add(&Retreated { gradient, through, slope, leak }, h, &mut right[..units], tally);
            }
        }
    }
}

//! The rows of a window of steps, trial by trial.

use super::super::{
    buffer::{Buffer, Pool},
    element::Element,
    weight_gradient::Rows,
};

/// Rows of a window (trials, slots, length).
pub(super) struct Slots<T> {
    pub data: Buffer<T>,
    slots: usize,
    pub length: usize,
}

impl<T: Element> Slots<T> {
    /// Zeros.
    pub fn new(pool: &Pool<T>, trials: usize, slots: usize, length: usize) -> Self {
        Self { data: pool.zeros(trials * slots * length), slots, length }
    }

    /// Length of the rows of a trial.
    pub fn pitch(&self) -> usize {
        self.slots * self.length
    }

    /// The rows of each trial, from `slot` on.
    #[inline(always)]
    pub fn trials(&self, slot: usize) -> impl Iterator<Item = &[T]> {
        let from = slot * self.length;
        self.data.chunks_exact(self.pitch()).map(move |rows| &rows[from..])
    }

    #[inline(always)]
    pub fn trials_mut(&mut self, slot: usize) -> impl Iterator<Item = &mut [T]> {
        let (pitch, from) = (self.pitch(), slot * self.length);
        self.data.chunks_exact_mut(pitch).map(move |rows| &mut rows[from..])
    }

    /// The rows of `steps` slots of all trials from `slot` on.
    pub fn rows(&self, slot: usize, steps: usize) -> Rows<'_, T> {
        Rows {
            data: &self.data[slot * self.length..],
            groups: self.data.len() / self.pitch(),
            pitch: self.pitch(),
            rows: steps,
            stride: self.length,
        }
    }
}

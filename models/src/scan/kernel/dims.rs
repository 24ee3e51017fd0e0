//! Sizes of a pass, and how its trials are divided.

use std::ops::Range;

/// Rows in the kernel's own memory are padded to whole vectors of every processor.
pub(super) const ROUND: usize = 16;

/// Most trials that advance together: their rates stay in the cache while the weights stream by.
pub(super) const BLOCK: usize = 64;

/// Numbers of trials, steps, units, inputs and outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dims {
    pub trials: usize,
    pub steps: usize,
    pub units: usize,
    pub inputs: usize,
    /// 0 for a pass whose rates nothing reads out.
    pub outputs: usize,
}

impl Dims {
    /// Length of a padded row of units.
    pub fn width(&self) -> usize {
        self.units.next_multiple_of(ROUND)
    }

    /// Trials that each thread takes: whole trials, as evenly as can be.
    pub(super) fn share(&self) -> usize {
        self.trials.div_ceil(rayon::current_num_threads()).max(1)
    }

    /// A row of an array (trials, steps, units).
    #[inline(always)]
    pub(super) fn row<T>(self, values: &[T], trial: usize, step: usize) -> &[T] {
        &values[(trial * self.steps + step) * self.units..][..self.units]
    }
}

/// So many parts of `0..len`, as even as can be.
pub(super) fn parts(len: usize, parts: usize) -> impl Iterator<Item = Range<usize>> {
    (0..parts).map(move |part| part * len / parts..(part + 1) * len / parts)
}

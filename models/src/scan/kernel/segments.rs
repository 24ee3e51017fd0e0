//! The segments of steps that are computed again on the way back, where the activity is not kept.
//!
//! ```text
//! segment k    steps k L .. (k + 1) L       L = ceil(sqrt(T)), but no shorter than a window of the way back
//! anchor k     x and r of step k L - 1      for k >= 1; segment 0 begins with the start of the trials
//! tail         the last quarter of the segments, if they are not large: kept as it is
//! ```
//!
//! So `2 T / L` rows are kept for each trial, and about `L` more are there while it goes back, beside the tail: it saves
//! a quarter of the time that all this takes, for a memory that has a bound. Chen, Xu, Zhang &
//! Guestrin 2016, Training deep nets with sublinear memory cost, arXiv:1604.06174; Gruslys et al. 2016,
//! Memory-efficient backpropagation through time, arXiv:1606.03401.

use super::{dims::Dims, tree::longest_window_of};

/// Most numbers of an array of the tail: 64 MiB of f32.
const TAIL: usize = 1 << 24;

/// How the steps of a pass are divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segments {
    /// `L`
    pub length: usize,
    /// `T`
    steps: usize,
    /// Segments of the tail.
    kept: usize,
}

impl Segments {
    pub fn of(dims: Dims) -> Self {
        let length = ceil_sqrt(dims.steps).max(longest_window_of(dims));
        // Of a batch that fits into no memory, too, one may ask what it takes.
        let fitting = TAIL / dims.trials.saturating_mul(length).saturating_mul(dims.units).max(1);
        Self { length, steps: dims.steps, kept: (dims.steps.div_ceil(length) / 4).min(fitting) }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.steps.div_ceil(self.length)
    }

    /// The first step of the tail, and how many there are.
    pub fn tail(&self) -> (usize, usize) {
        let first = ((self.count() - self.kept) * self.length).min(self.steps);
        (first, self.steps - first)
    }

    /// Most rows (units) of each trial that are there at a time: the anchors, and rates and drive of the tail and of a
    /// segment with the step before it and those of a window after it.
    pub fn rows(&self) -> usize {
        2 * (self.anchors() + self.tail().1 + 1 + 2 * self.length)
    }

    /// How many of them begin with an anchor.
    pub fn anchors(&self) -> usize {
        self.count() - 1
    }

    /// The place of a step among the anchors, if it is one.
    #[inline(always)]
    pub fn anchor_at(&self, step: usize) -> Option<usize> {
        let next = step + 1;
        (next < self.steps && next.is_multiple_of(self.length)).then(|| next / self.length - 1)
    }
}

/// Most rows (units) of each trial that a pass holds which is computed again on its way back.
pub(crate) fn remat_rows(trials: usize, steps: usize, units: usize) -> usize {
    Segments::of(Dims { trials: trials.max(1), steps: steps.max(1), units, inputs: 0, outputs: 0 }).rows()
}

fn ceil_sqrt(number: usize) -> usize {
    let root = number.isqrt();
    root + usize::from(root * root < number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(trials: usize, steps: usize) -> Segments {
        Segments::of(Dims { trials, steps, units: 10, inputs: 1, outputs: 1 })
    }

    #[test]
    fn a_segment_is_as_long_as_the_root_of_the_steps_and_no_shorter_than_a_window() {
        assert_eq!([1, 2, 4, 5, 100_000].map(ceil_sqrt), [1, 2, 2, 3, 317]);
        assert_eq!(segments(8, 100_000).length, 317);
        // Windows of 32 steps of 8 trials, of 256 of a single one.
        assert_eq!((segments(8, 100).length, segments(1, 100).length), (32, 256));
    }

    #[test]
    fn the_tail_is_the_last_quarter_of_the_segments_unless_that_is_large() {
        assert_eq!(segments(8, 100).tail(), (96, 4)); // one of four
        assert_eq!(segments(8, 90).tail(), (90, 0)); // none of three
        assert_eq!(segments(8, 100_000).tail(), ((316 - 79) * 317, 100_000 - (316 - 79) * 317));
        let large = Segments::of(Dims { trials: 8, steps: 100_000, units: 1_000, inputs: 1, outputs: 1 });
        assert_eq!(large.tail().1 / large.length, TAIL / (8 * 1_000 * large.length) - 1); // and the shorter last one
    }

    #[test]
    fn anchors_are_the_steps_before_each_segment_but_the_first() {
        for steps in [1, 31, 32, 33, 64, 65, 100, 2_000, 2_049] {
            let found = segments(8, steps);
            let anchors: Vec<usize> = (0..steps).filter_map(|step| found.anchor_at(step).map(|_| step + 1)).collect();
            let begins: Vec<usize> = (0..steps).step_by(found.length).skip(1).collect();
            assert_eq!((anchors.len(), anchors), (found.anchors(), begins), "{steps}");
        }
    }
}
